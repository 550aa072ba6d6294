"""The writer's lock: one at a time, in and across processes, freed by death, and the error says who and what to do."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from newsindex.errors import IndexLockedError, IndexNotFoundError, StorageError
from newsindex.store.directory import DiskDirectory
from newsindex.store.lock import HOLDER_NAME, NAME, Holder, WriterLock

CHILD = """
import sys
from newsindex.store.lock import WriterLock
with WriterLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holding_child(place):
    command = [sys.executable, "-c", CHILD, str(place)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        try:
            assert child.stdout.readline() == b"held\n"
            yield child
        finally:
            child.kill()


def test_two_locks_in_one_process_exclude_each_other(tmp_path):
    first, second = WriterLock(tmp_path), WriterLock(tmp_path)
    first.acquire()
    for _ in range(2):
        with pytest.raises(IndexLockedError):
            second.acquire(timeout=0)
    first.release()
    second.acquire(timeout=0)
    with pytest.raises(IndexLockedError):
        first.acquire(timeout=0)
    second.release()


def test_one_lock_is_not_taken_twice(tmp_path):
    with WriterLock(tmp_path) as lock:
        with pytest.raises(IndexLockedError):
            lock.acquire(timeout=0)
        # And the failed attempt took nothing away from the first.
        with pytest.raises(IndexLockedError):
            WriterLock(tmp_path).acquire(timeout=0)
    WriterLock(tmp_path).acquire(timeout=0)


def test_two_paths_to_one_directory_are_one_lock(tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "index")
    with WriterLock(tmp_path / "index"), pytest.raises(IndexLockedError):
        WriterLock(tmp_path / "link").acquire(timeout=0)


def test_threads_exclude_each_other(tmp_path):
    inside, most, rounds = 0, 0, 0

    def work():
        nonlocal inside, most, rounds
        for _ in range(5):
            lock = WriterLock(tmp_path)
            lock.acquire(timeout=60)
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            rounds += 1
            inside -= 1
            lock.release()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, rounds) == (1, 15)


def test_another_thread_may_release(tmp_path):
    lock = WriterLock(tmp_path)
    lock.acquire()
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    WriterLock(tmp_path).acquire(timeout=0)


def test_a_waiting_writer_gets_the_lock_when_it_is_released(tmp_path):
    first, second = WriterLock(tmp_path), WriterLock(tmp_path)
    first.acquire()
    timer = threading.Timer(0.1, first.release)
    timer.start()
    second.acquire(timeout=60)
    timer.join()
    with pytest.raises(IndexLockedError):
        first.acquire(timeout=0)
    second.release()


def test_a_child_holds_it_and_the_error_says_so(tmp_path):
    with holding_child(tmp_path) as child:
        with pytest.raises(IndexLockedError) as caught:
            WriterLock(tmp_path).acquire(timeout=0.2)
        error = caught.value
        assert (error.holder, error.host, error.path) == (child.pid, os.uname().nodename, tmp_path)
        for part in (str(tmp_path), f"process {child.pid} on", "has held it for", "since 20", "within 0.2 s", "or end"):
            assert part in str(error)
        child.stdin.close()
        child.wait()
        assert not (tmp_path / HOLDER_NAME).exists()
        WriterLock(tmp_path).acquire(timeout=60)


def test_a_killed_holder_frees_it(tmp_path):
    with holding_child(tmp_path) as child:
        with pytest.raises(IndexLockedError):
            WriterLock(tmp_path).acquire(timeout=0)
        child.send_signal(signal.SIGKILL)
        child.wait()
        # What it left says that it holds the lock; that alone must not keep anybody out.
        assert json.loads((tmp_path / HOLDER_NAME).read_bytes())["pid"] == child.pid
        with WriterLock(tmp_path):
            assert json.loads((tmp_path / HOLDER_NAME).read_bytes())["pid"] == os.getpid()


def test_the_lock_file_is_left_alone(tmp_path):
    (tmp_path / NAME).write_bytes(b"a note of somebody")
    for _ in range(2):
        with WriterLock(tmp_path), pytest.raises(IndexLockedError):
            WriterLock(tmp_path).acquire(timeout=0)
    assert sorted(os.listdir(tmp_path)) == [NAME]


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 3000,
        b"x" * 10_000,
        b'{"pid": 1}',
        b'{"pid": "1", "host": "h", "since": "2025-03-02T10:00:00+00:00"}',
        b'{"pid": true, "host": "h", "since": "2025-03-02T10:00:00+00:00"}',
        b'{"pid": -1, "host": "h", "since": "2025-03-02T10:00:00+00:00"}',
        b'{"pid": 1, "host": "\\u001b[31m", "since": "2025-03-02T10:00:00+00:00"}',
        b'{"pid": 1, "host": "h", "since": "2025-03-02T10:00:00"}',
        b'{"pid": 1, "host": "h", "since": 7}',
        b'{"pid": 1, "host": 7, "since": "2025-03-02T10:00:00+00:00"}',
    ],
)
def test_an_unreadable_holder_spoils_only_the_message(tmp_path, data):
    with WriterLock(tmp_path):
        (tmp_path / HOLDER_NAME).unlink()
        if data is not None:
            (tmp_path / HOLDER_NAME).write_bytes(data)
        with pytest.raises(IndexLockedError, match="its process is unknown") as caught:
            WriterLock(tmp_path).acquire(timeout=0)
        assert (caught.value.holder, caught.value.host) == (None, None)


def test_a_holder_that_the_disk_refuses_to_read_spoils_only_the_message(tmp_path, failing):
    with WriterLock(tmp_path), pytest.raises(IndexLockedError, match="its process is unknown"):
        WriterLock(failing(DiskDirectory(tmp_path), 0)).acquire(timeout=0)


def test_how_long_it_is_held_is_readable():
    def message(since):
        return str(Holder.parse(json.dumps({"pid": 1, "host": "h", "since": since}).encode()))

    assert " h, since 2001-01-01T00:00:00+00:00" in message("2001-01-01T00:00:00+00:00")
    assert "for 0 s, since 9998" in message("9998-01-01T00:00:00+00:00")
    assert Holder.parse(Holder.me().encode()) == Holder.me() or Holder.me().pid == os.getpid()


def test_releasing_is_repeatable(tmp_path):
    lock = WriterLock(tmp_path)
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    with lock:
        lock.release()
    lock.acquire()
    with lock, pytest.raises(IndexLockedError):
        WriterLock(tmp_path).acquire(timeout=0)
    WriterLock(tmp_path).acquire(timeout=0)


def test_releasing_again_takes_nothing_from_the_next_holder(tmp_path):
    first = WriterLock(tmp_path)
    first.acquire()
    first.release()
    with WriterLock(tmp_path):
        first.release()
        with pytest.raises(IndexLockedError) as caught:
            first.acquire(timeout=0)
        assert caught.value.holder == os.getpid()


def test_an_exception_inside_frees_it(tmp_path):
    with pytest.raises(KeyError), WriterLock(tmp_path):
        raise KeyError
    WriterLock(tmp_path).acquire(timeout=0)


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan"), float("-inf")])
def test_timeouts_below_zero_are_refused(tmp_path, timeout):
    with pytest.raises(ValueError, match="timeout cannot be"):
        WriterLock(tmp_path).acquire(timeout=timeout)


def test_a_missing_directory_is_named_and_not_made(tmp_path):
    with pytest.raises(IndexNotFoundError, match="no such directory"):
        WriterLock(tmp_path / "missing").acquire(timeout=0)
    assert not (tmp_path / "missing").exists()


def test_a_read_only_directory_is_named(read_only):
    place, unprivileged = read_only
    for _ in range(2):
        with unprivileged(), pytest.raises(StorageError, match="give this user the right") as caught:
            WriterLock(place).acquire(timeout=0)
        assert str(place) in str(caught.value)
        # Once more with the lock file of an earlier writer in place.
        WriterLock(place).acquire(timeout=0)


def test_a_holder_that_cannot_be_noted_does_not_keep_the_lock(tmp_path):
    (tmp_path / f"{HOLDER_NAME}.tmp").mkdir()
    with pytest.raises(StorageError, match="move away the directory") as caught:
        WriterLock(tmp_path).acquire(timeout=0)
    (tmp_path / f"{HOLDER_NAME}.tmp").rmdir()
    WriterLock(tmp_path).acquire(timeout=0)
    assert caught.value.path == tmp_path / f"{HOLDER_NAME}.tmp"  # its traceback has all that would end with it


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_no_writer_out(tmp_path, failing, number):
    """It may be the one that makes room. Who had the lock before is not taken for it."""
    (tmp_path / HOLDER_NAME).write_bytes(Holder.me().encode())
    lock = WriterLock(failing(DiskDirectory(tmp_path), 0, 1, number))
    lock.acquire(timeout=0)
    with pytest.raises(IndexLockedError, match="its process is unknown"):
        WriterLock(tmp_path).acquire(timeout=0)
    lock.release()


def test_a_failing_disk_gives_the_lock_back(tmp_path, failing):
    def take_and_give_back(lock):
        lock.acquire(timeout=0)
        lock.release()

    errors = []  # kept, since their tracebacks have all that would let go of it when it ends
    for fails in range(100):
        directory = failing(DiskDirectory(tmp_path), fails, 1)
        lock = WriterLock(directory)
        try:
            take_and_give_back(lock)
        except StorageError as error:
            errors.append(error)
        WriterLock(tmp_path).acquire(timeout=0)
        if not directory.failed:
            break
    assert len(errors) == fails
    assert directory.calls == ["create", "file.write", "replace", "stamp", "stamp", "remove"]


def test_a_lock_whose_file_was_removed_says_so(tmp_path):
    with WriterLock(tmp_path) as lock:
        lock.verify()
        (tmp_path / NAME).unlink()
        for _ in range(2):
            with pytest.raises(
                StorageError, match=r"somebody has removed it while it was locked.*; close this one"
            ) as caught:
                lock.verify()
            assert caught.value.path == tmp_path / NAME
            (tmp_path / NAME).touch()


@pytest.mark.parametrize("replaced", [True, False])
def test_a_lock_whose_file_is_removed_while_it_is_taken_is_not_taken(tmp_path, monkeypatch, replaced):
    flock = fcntl.flock
    removals = iter((1, 2))

    def remove_first(descriptor, operation):
        if operation != fcntl.LOCK_UN and next(removals, None):
            (tmp_path / NAME).unlink()
            if replaced:
                (tmp_path / NAME).touch()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with pytest.raises(IndexLockedError):
        WriterLock(tmp_path).acquire(timeout=0)
    with WriterLock(tmp_path) as lock:
        lock.verify()
        with pytest.raises(IndexLockedError):
            WriterLock(tmp_path).acquire(timeout=0)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch, number):
    def unsupported(descriptor, operation):
        if operation != fcntl.LOCK_UN:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(StorageError, match="has no file locks"):
        WriterLock(tmp_path).acquire(timeout=0)


def test_an_interrupt_while_it_is_taken_frees_it(tmp_path, monkeypatch):
    lock = WriterLock(tmp_path)
    for place in ("flock", "fstat"):
        with monkeypatch.context() as patched:

            def interrupt(descriptor, operation=None, inner=fcntl.flock):
                if operation is not None:
                    inner(descriptor, operation)
                if operation != fcntl.LOCK_UN:
                    raise KeyboardInterrupt

            patched.setattr(fcntl if place == "flock" else os, place, interrupt)
            with pytest.raises(KeyboardInterrupt):
                lock.acquire(timeout=0)
        with WriterLock(tmp_path):
            pass


def test_a_lock_that_is_forgotten_is_free(tmp_path):
    WriterLock(tmp_path).acquire(timeout=0)
    WriterLock(tmp_path).acquire(timeout=0)


def test_no_link_leads_a_lock_out_of_the_directory(tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot lock"):
        WriterLock(tmp_path / "index").acquire(timeout=0)
    assert not (tmp_path / "elsewhere").exists()

"""Both implementations of `Directory` keep its promises; the one of the file system says what the system refuses."""

from __future__ import annotations

import errno
import gc
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from newsindex.errors import CorruptIndexError, IndexNotFoundError, StorageError
from newsindex.store.directory import _REMEDIES, DiskDirectory, new_file, storage_errors


def put(directory, name, data):
    with directory.create(name) as file:
        file.write(data)
        file.sync()


def test_what_is_written_is_read(directory):
    with directory.create("a.seg") as file:
        assert file.tell() == 0
        file.write(b"one")
        file.write(np.array([1, 2], "<u2"))
        file.write(memoryview(b"xyz")[1:])
        file.write(b"")
        file.write(np.array([], "<u8"))
        assert file.tell() == 9
        file.sync()
    directory.sync()
    expected = b"one\x01\x00\x02\x00yz"
    assert bytes(directory.map("a.seg")) == expected
    assert directory.read("a.seg", 9) == expected
    assert directory.size("a.seg") == 9
    assert directory.names() == ["a.seg"]


def test_what_is_released_is_read_again(directory):
    put(directory, "a.seg", b"bytes" * 10_000)
    view = directory.map("a.seg")
    array = np.frombuffer(view, "u1")
    before = array.tobytes()
    directory.release(view)
    assert array.tobytes() == before
    directory.remove("a.seg")
    directory.release(view)
    assert array.tobytes() == before
    put(directory, "empty", b"")
    directory.release(directory.map("empty"))


def mapped():
    """Bytes of files that are in the memory of this process."""
    status = Path("/proc/self/status")
    lines = [line for line in status.read_text().splitlines() if "RssFile" in line] if status.exists() else []
    if not lines:
        pytest.skip("the system does not tell")
    return 1024 * int(lines[0].split()[1])


def test_releasing_gives_the_memory_back(tmp_path):
    directory = DiskDirectory(tmp_path)
    size = 16 << 20
    put(directory, "a.seg", bytes(size))
    view = directory.map("a.seg")
    before = mapped()
    assert not np.frombuffer(view, "u1").any()
    assert mapped() - before > size // 2
    directory.release(view)
    assert mapped() - before < size // 2


def test_a_file_may_be_closed_twice(directory):
    file = directory.create("a.seg")
    file.close()
    file.close()


def test_views_are_read_only_and_outlive_the_file(directory):
    put(directory, "a.seg", b"bytes")
    view = directory.map("a.seg")
    array = np.frombuffer(view, "u1")
    assert view.readonly
    assert not array.flags.writeable
    directory.remove("a.seg")
    del view
    gc.collect()
    assert array.tobytes() == b"bytes"
    assert directory.names() == []


def test_an_empty_file_gives_an_empty_view(directory):
    put(directory, "empty", b"")
    assert len(directory.map("empty")) == 0
    assert directory.read("empty", 10) == b""


def test_reading_is_bounded(directory):
    put(directory, "a", b"12345")
    with pytest.raises(CorruptIndexError, match="at most 4 bytes, found 5"):
        directory.read("a", 4)


@pytest.mark.parametrize("method", ["map", "size", "remove"])
def test_a_missing_file_stays_file_not_found(directory, method):
    with pytest.raises(FileNotFoundError):
        getattr(directory, method)("missing")


def test_missing_files_elsewhere(directory):
    assert directory.stamp("missing") is None
    with pytest.raises(FileNotFoundError):
        directory.read("missing", 10)
    with pytest.raises(IndexNotFoundError, match="somebody has removed what was just written"):
        directory.replace("missing", "other")


def test_a_file_that_is_missing_when_it_was_just_written(directory):
    def write():
        with new_file(directory, "a.seg"):
            directory.remove("a.seg")
            directory.map("a.seg")

    with pytest.raises(IndexNotFoundError, match="somebody has removed what was just written"):
        write()


def test_a_missing_directory_is_named(tmp_path):
    directory = DiskDirectory(tmp_path / "c")
    for call in (directory.names, directory.sync, lambda: directory.create("a"), lambda: directory.create("a.tmp")):
        with pytest.raises(
            IndexNotFoundError, match=r"no such directory.* make an index with newsindex\.create"
        ) as caught:
            call()
        assert caught.value.path == tmp_path / "c"
    for call in (directory.map, directory.size, directory.remove, lambda name: directory.read(name, 10)):
        with pytest.raises(FileNotFoundError):
            call("a")
    assert directory.stamp("a") is None


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "a/b", "/etc/passwd", ".hidden", "a\0b", "ă", "a\n", "a" * 101]
)
def test_foreign_names_are_refused(directory, name):
    calls = (directory.create, directory.map, directory.size, directory.stamp, directory.remove)
    for call in calls:
        with pytest.raises(ValueError, match="no name of an index file"):
            call(name)
    for source, target in ((name, "a"), ("a", name)):
        with pytest.raises((ValueError, IndexNotFoundError)):
            directory.replace(source, target)
    with pytest.raises(ValueError, match="no name of an index file"):
        directory.read(name, 1)


def test_an_existing_file_is_not_overwritten(directory):
    put(directory, "a.seg", b"old")
    with pytest.raises(StorageError, match=r"a\.seg.*cannot create"):
        directory.create("a.seg")
    assert directory.read("a.seg", 10) == b"old"


def test_a_temporary_leftover_is_replaced(directory):
    put(directory, "a.tmp", b"a long leftover")
    put(directory, "a.tmp", b"new")
    assert directory.read("a.tmp", 100) == b"new"


def test_replace_takes_the_place_and_changes_the_stamp(directory):
    stamps = set()
    for number in range(50):
        put(directory, "m.tmp", f"{number:04}".encode())
        directory.replace("m.tmp", "m")
        stamps.add(directory.stamp("m"))
        assert directory.names() == ["m"]
    assert directory.read("m", 10) == b"0049"
    assert len(stamps) == 50
    assert directory.stamp("m") in stamps


def test_old_views_do_not_see_a_replacement(directory):
    put(directory, "a", b"old")
    view = directory.map("a")
    put(directory, "b.tmp", b"new")
    directory.replace("b.tmp", "a")
    assert bytes(view) == b"old"
    assert bytes(directory.map("a")) == b"new"


def test_short_writes_are_continued(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    directory = DiskDirectory(tmp_path)
    data = bytes(range(256))
    with directory.create("a") as file:
        file.write(data)
        assert file.tell() == 256
    assert directory.read("a", 256) == data


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    directory = DiskDirectory(tmp_path)
    with directory.create("a") as file:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StorageError, match=r"cannot write: No space.*free some space") as caught:
            file.write(b"1")
    assert caught.value.path == tmp_path / "a"
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


def test_a_failing_sync_is_not_swallowed(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    directory = DiskDirectory(tmp_path)
    with directory.create("a") as file:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match=r"cannot sync.*disk may be failing"):
            file.sync()
    with pytest.raises(StorageError, match="cannot sync"):
        directory.sync()


def test_syncing_reaches_the_system(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync

    def record(descriptor):
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    directory = DiskDirectory(tmp_path)
    put(directory, "a", b"1")
    directory.sync()
    assert synced == [False, True]


def test_a_read_only_directory_is_named(read_only):
    place, unprivileged = read_only
    directory = DiskDirectory(place)
    put(directory, "a", b"readable")
    put(directory, "b.tmp", b"1")
    with unprivileged():
        assert directory.read("a", 100) == b"readable"
        for call in (
            lambda: directory.create("c"),
            lambda: directory.remove("a"),
            lambda: directory.replace("b.tmp", "a"),
            lambda: DiskDirectory(place / "new", make=True),
        ):
            with pytest.raises(StorageError, match="give this user the right") as caught:
                call()
            assert isinstance(caught.value.__cause__, PermissionError)
            assert str(place) in str(caught.value)


def test_a_file_in_place_of_the_directory_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    directory = DiskDirectory(tmp_path / "file")
    for call in (directory.names, directory.sync, lambda: directory.map("a"), lambda: directory.stamp("a")):
        with pytest.raises(StorageError, match="pass the directory of an index, not a file"):
            call()


def test_what_is_no_regular_file_is_damage_and_not_a_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    directory = DiskDirectory(tmp_path)
    for name in ("pipe", "folder"):
        with pytest.raises(CorruptIndexError, match="not a regular file"):
            directory.map(name)
        with pytest.raises(CorruptIndexError, match="not a regular file"):
            directory.read(name, 10)


def test_make_makes_parents_and_takes_what_is_there(tmp_path):
    for _ in range(2):
        assert DiskDirectory(tmp_path / "a" / "b", make=True).names() == []
    DiskDirectory(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_no_descriptor_leaks(tmp_path):
    directory = DiskDirectory(tmp_path)
    put(directory, "a", b"1")
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no /proc here")
    gc.collect()
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        directory.map("a")
        directory.read("a", 10)
        directory.sync()
        with pytest.raises(CorruptIndexError):
            directory.read("a", 0)
    gc.collect()
    assert len(list(descriptors.iterdir())) == before


REMEDIES = {
    errno.EACCES: "give this user the right to it",
    errno.EPERM: "give this user the right to it",
    errno.EROFS: "mount the file system writable",
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some space or raise this user's quota",
    errno.EFBIG: "raise the limit on the size of a file",
    errno.EMFILE: "close indexes that are no longer used",
    errno.ENFILE: "close programs that hold many files open",
    errno.ENOMEM: "free some memory",
    errno.ENOTDIR: "pass the directory of an index",
    errno.EISDIR: "move away the directory",
    errno.EIO: "the disk may be failing",
    errno.EINTR: "try again",
    errno.EBUSY: "remove the cause",  # and all others
}


@pytest.mark.parametrize("number", REMEDIES, ids=errno.errorcode.get)
def test_every_refusal_has_its_remedy(number):
    with pytest.raises(StorageError) as caught, storage_errors("place", "write"):
        raise OSError(number, os.strerror(number))
    begin = f"place: cannot write: {os.strerror(number)}; {REMEDIES[number]}"
    assert str(caught.value).startswith(begin)
    assert REMEDIES.keys() - {errno.EBUSY} == _REMEDIES.keys()


def test_storage_errors_without_an_errno():
    with pytest.raises(StorageError, match="x: cannot read: odd; remove the cause"), storage_errors("x", "read"):
        raise OSError("odd")

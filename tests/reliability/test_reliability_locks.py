"""One writer: what others are told, what death and forks do to its lock, and threads that share it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import reliability_forks as forks
from reliability_child import FORKSERVER
from reliability_support import article, articles

import newsindex as ni
from newsindex.store.lock import HOLDER_NAME, WriterLock

THERE = 40  # articles in the index


@pytest.fixture
def ix(tmp_path: Path) -> ni.Index:
    index = ni.create(tmp_path / "index")
    index.add(articles(range(THERE)))
    return index


@contextmanager
def running(scenario: Callable[..., None], *arguments: object) -> Iterator[tuple[Connection, Any]]:
    """A process that runs a scenario, and its pipe; killed at the end of the block, where it has not ended."""
    ours, its = FORKSERVER.Pipe()
    place, *others = arguments
    process = FORKSERVER.Process(target=scenario, args=(str(place), its, *others))
    process.start()
    its.close()
    try:
        yield ours, process
    finally:
        ours.close()
        process.join(5)
        process.kill()
        process.join()


def hear(pipe: Connection) -> Any:
    assert pipe.poll(5 * forks.PATIENCE), "it hangs"
    return pipe.recv()


def locked_by(place: Path) -> int | None:
    """The process that holds the lock; None where nobody does."""
    try:
        with WriterLock(place) as lock:
            lock.release()
    except ni.IndexLockedError as error:
        return error.holder
    return None


# Two writers.


def test_a_second_index_object_is_told_who_writes(ix: ni.Index) -> None:
    other = ni.open(ix.path)
    with ix.writer(timeout=0) as w:
        w.add(article(100))
        for second in (ix, other):
            with pytest.raises(ni.IndexLockedError, match=f"within 0.05 s: process {os.getpid()} on") as caught:
                second.writer(timeout=0.05)
            error = caught.value
            assert (error.path, error.holder, error.host) == (ix.path, os.getpid(), os.uname().nodename)
        assert len(other) == THERE
        w.commit()
        assert len(other) == THERE + 1
    with other.writer(timeout=0) as w:
        assert w.delete("a100")
    assert len(ix) == THERE


def test_a_killed_holder_with_a_living_child_frees_it(ix: ni.Index) -> None:
    with running(forks.hold_with_a_child, ix.path, False) as (pipe, holder):
        child = hear(pipe)
        with pytest.raises(ni.IndexLockedError) as caught:
            ix.writer(timeout=0)
        assert caught.value.holder == holder.pid
        holder.kill()
        holder.join()
        os.kill(child, 0)  # it lives
        with ix.writer(timeout=0) as w:
            assert not w.delete("a100")
        assert ix.check().ok


def test_a_writer_that_closes_frees_it_whatever_its_children_do(ix: ni.Index) -> None:
    with running(forks.hold_with_a_child, ix.path, True) as (pipe, _):
        child = hear(pipe)
        assert hear(pipe) == "closed"
        os.kill(child, 0)  # it lives
        ix.writer(timeout=0).close()


# Forks.


def test_a_childs_copy_of_a_lock_gives_nothing_back(ix: ni.Index) -> None:
    with running(forks.fork_with_a_lock, ix.path) as (pipe, holder):
        assert hear(pipe) == ["given back", 0]
        with pytest.raises(ni.IndexLockedError) as caught:
            ix.writer(timeout=0)
        assert caught.value.holder == holder.pid
        pipe.send("go on")


def test_a_child_can_neither_write_nor_free_the_lock_nor_hang(ix: ni.Index) -> None:
    with running(forks.fork_while_writing, ix.path) as (pipe, holder):
        *refused, locked, count, code = hear(pipe)
        assert len(refused) == 5
        for said in refused:
            assert said.startswith(f"NewsIndexError: this writer belongs to process {holder.pid}, ")
        assert f"process {holder.pid} on" in locked
        assert (count, code) == (THERE + 10, 0)
        assert hear(pipe) == 7
        assert hear(pipe) == ["dropped", 0]
        assert hear(pipe) == "forked"
        with pytest.raises(ni.IndexLockedError) as caught:
            ix.writer(timeout=0)
        assert caught.value.holder == holder.pid
        assert (ix.path / HOLDER_NAME).exists()
        pipe.send("go on")
        assert hear(pipe) == THERE + 20
    assert sorted(one.id for one in ix) == sorted(f"a{n}" for n in (*range(THERE), *range(100, 120)))
    assert ix.check().ok
    ix.writer(timeout=0).close()


def test_a_writer_that_is_forked_in_the_midst_of_a_call_is_its_parents(ix: ni.Index) -> None:
    with running(forks.fork_amidst, ix.path) as (pipe, holder):
        for _ in range(2):
            assert hear(pipe).startswith(f"NewsIndexError: this writer belongs to process {holder.pid}, ")
        assert hear(pipe) == THERE
    assert ("a100" in ix, "a1" in ix) == (True, False)


@pytest.mark.parametrize(
    "name", ["newsindex.index.open_snapshot", "newsindex.snapshot.StoredArticles", "Stemmer.Stemmer"]
)
def test_a_child_searches_whatever_threads_were_at(ix: ni.Index, name: str) -> None:
    with running(forks.fork_while_stuck, ix.path, name) as (pipe, _):
        assert hear(pipe) == [True, 0]
        assert hear(pipe) is True


def test_a_child_reads_dates_and_tables_whatever_threads_were_at(ix: ni.Index) -> None:
    with running(forks.fork_while_locked, ix.path) as (pipe, _):
        assert hear(pipe) == [0, ["Pod nou"], 0]
        assert [hear(pipe), hear(pipe)] == [0, ["Pod nou"]], "nor is its parent kept from that"
        assert hear(pipe) == [True, True], "what threads held, they held to the end"


def test_children_search_while_their_parent_searches_and_writes(ix: ni.Index, long: bool) -> None:
    children = 100 if long else 5
    with running(forks.fork_while_searching, ix.path, children) as (pipe, _):
        assert hear(pipe) == [[True, 0]] * children
        assert hear(pipe) is True
    print(f"{children} children, 0 wrong, 0 hung")


def test_who_is_told_of_forks_is_not_kept_for_that(ix: ni.Index) -> None:
    writer = ix.writer(timeout=0)
    writer.close()
    ended = [weakref.ref(one) for one in (ni.open(ix.path), writer)]
    del writer
    gc.collect()
    assert [one() for one in ended] == [None, None]


# Threads.


def test_a_writer_at_work_refuses_other_threads_and_is_not_harmed(
    ix: ni.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsindex.writer import encode_article

    inside, go_on = threading.Event(), threading.Event()

    def slowly(one: ni.Article) -> object:
        inside.set()
        assert go_on.wait(60)
        return encode_article(one)

    with ix.writer(timeout=0) as w:
        monkeypatch.setattr("newsindex.writer.encode_article", slowly)
        thread = threading.Thread(target=w.add, args=(article(100),))
        thread.start()
        assert inside.wait(60)
        monkeypatch.undo()
        for call in (*forks.calls(w), w.close):
            assert "this writer is at work for another thread" in forks.refusal(call)
        go_on.set()
        thread.join()
        w.add(article(101))
    assert {one.id for one in ix} == {f"a{n}" for n in (*range(THERE), 100, 101)}
    assert ix.check().ok


def test_a_handler_of_signals_cannot_write_amidst_the_writers_work(
    ix: ni.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsindex.writer import encode_article

    said = []

    def interrupted(one: ni.Article) -> object:
        signal.raise_signal(signal.SIGUSR1)
        return encode_article(one)

    before = signal.signal(signal.SIGUSR1, lambda *_: said.extend(map(forks.refusal, forks.calls(w))))
    try:
        with ix.writer(timeout=0) as w, mock.patch("newsindex.writer.encode_article", interrupted):
            w.add(article(100))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(said) == 5
    assert all("what a signal has interrupted" in one for one in said)
    assert len(ix) == THERE + 1
    assert ix.check().ok


def test_threads_that_share_a_writer_and_ask_again_lose_nothing(ix: ni.Index, long: bool) -> None:
    share, refusals = (2000 if long else 60), 0
    failures: list[BaseException] = []

    def persist(call: Callable[..., object], *arguments: object) -> None:
        nonlocal refusals
        while True:
            try:
                call(*arguments)
            except ni.NewsIndexError as error:
                if "at work for another thread" not in str(error):
                    raise
                refusals += 1
                time.sleep(0.001)  # or it would leave the other little of the interpreter
            else:
                return

    def work(first: int) -> None:
        try:
            for number in range(first, first + share):
                persist(w.add, article(number))
                if number % 3 == 0:
                    persist(w.delete, f"a{number}")
                if number % 50 == 0:
                    persist(w.commit)
        except BaseException as error:  # a thread must not swallow it
            failures.append(error)

    firsts = range(10_000, 14_000, 1000) if not long else range(10_000, 50_000, 10_000)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        with mock.patch("newsindex.merging.FANOUT", 3), ix.writer(timeout=0, memory=450_000) as w:
            threads = [threading.Thread(target=work, args=(first,)) for first in firsts]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    expected = {one.id: one for first in firsts for one in articles(range(first, first + share)) if int(one.id[1:]) % 3}
    assert {one.id: one for one in ix if int(one.id[1:]) >= THERE} == expected
    assert ix.check().ok
    assert refusals
    print(f"{len(firsts) * share} articles by {len(firsts)} threads, {refusals} calls refused, 0 lost, 0 wrong")


def test_threads_of_a_writer_end_with_what_they_were_for(ix: ni.Index) -> None:
    def threads() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name.startswith("newsindex")]

    writers = [ix.writer(timeout=0)]  # which are kept, and their threads with them
    with mock.patch("newsindex.inverted.rows.BATCH", 1):
        for end in (writers[0].rollback, writers[0].commit, writers[0].close):
            for one in articles(range(100, 103)):
                writers[0].add(one)
            assert threads()
            end()
            assert threads() == []


def test_a_closed_writer_says_so(ix: ni.Index) -> None:
    w = ix.writer(timeout=0)
    w.close()
    w.close()
    for call in forks.calls(w):
        assert "this writer is closed; take a new one" in forks.refusal(call)
    assert locked_by(ix.path) is None

"""What processes do that fork, for `test_reliability_locks`: each runs in a clean process and says what came of it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pkgutil
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any
from unittest import mock

from reliability_support import article, articles, findings

import newsindex as ni
from newsindex.ingest import tables
from newsindex.merging import _merge as merge
from newsindex.query import romanian_calendar
from newsindex.store.lock import WriterLock
from newsindex.writer import Writer

FORK = multiprocessing.get_context("fork")
PATIENCE = 120  # seconds, after which a child hangs


def saying(target: Callable[..., None], *arguments: object) -> list[object]:
    """What a forked child says; at last its exit code, None where it hangs."""
    ours, its = FORK.Pipe(duplex=False)
    child = FORK.Process(target=target, args=(its, *arguments))
    child.start()
    its.close()
    said: list[object] = []
    while ours.poll(PATIENCE):
        try:
            said.append(ours.recv())
        except EOFError:
            break
    child.join(1)
    code = child.exitcode
    child.kill()
    child.join()
    return [*said, code]


def refusal(action: Callable[[], object]) -> str:
    try:
        action()
    except ni.NewsIndexError as error:
        return f"{type(error).__name__}: {error}"
    return "allowed"


def calls(w: Writer) -> list[Callable[[], object]]:
    """All that may be asked of a writer, but for closing it."""
    return [lambda: w.add(article(900)), lambda: w.delete("a1"), w.commit, w.rollback, w.optimize]


# A writer in a child.


def give_back(say: Connection, lock: WriterLock) -> None:
    lock.release()
    say.send("given back")


def fork_with_a_lock(place: str, pipe: Connection) -> None:
    with WriterLock(place) as lock:
        pipe.send(saying(give_back, lock))
        pipe.recv()


def use_its_writer(say: Connection, index: ni.Index, w: Writer) -> None:
    for call in calls(w):
        say.send(refusal(call))
    w.close()
    say.send(refusal(lambda: index.writer(timeout=0)))
    say.send(len(index))


def leave_the_block(w: Writer) -> int:
    """The exit code of a child that is forked within the block of a writer, and leaves it by an exception."""
    pid = os.fork()
    if not pid:
        try:
            with w:
                sys.exit(7)
        except SystemExit as error:
            os._exit(int(str(error.code)))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def drop_it(say: Connection, held: list[Writer]) -> None:
    held.clear()
    gc.collect()
    say.send("dropped")


def fork_while_writing(place: str, pipe: Connection) -> None:
    """Fork three children while a merge is under way and words are read by threads; then commit."""
    index = ni.open(place)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return merge(*arguments)

    with (
        mock.patch.multiple("newsindex.merging", FANOUT=2, _merge=slowly),
        mock.patch("newsindex.inverted.rows.BATCH", 1),
    ):
        w = index.writer(timeout=0)
        for one in articles(range(100, 110)):
            w.add(one)
        w.commit()
        assert begun.wait(PATIENCE)
        for one in articles(range(110, 120)):
            w.add(one)
        pipe.send(saying(use_its_writer, index, w))
        pipe.send(leave_the_block(w))
        held = [w]
        del w
        pipe.send(saying(drop_it, held))
        pipe.send("forked")
        assert pipe.recv() == "go on"
        go_on.set()
        held[0].commit()
        held[0].close()
    pipe.send(len(index))


def fork_amidst(place: str, pipe: Connection) -> None:
    """Fork in the midst of calls of a writer, as a handler of signals may; say what becomes of it in the child."""
    with ni.open(place).writer(timeout=0) as w:
        for name, call in (("encode_article", lambda: w.add(article(100))), ("is_id", lambda: w.delete("a1"))):
            pipe.send(_fork_in(f"newsindex.writer.{name}", call, w))
    pipe.send(len(ni.open(place)))


def _fork_in(name: str, call: Callable[[], object], w: Writer) -> str:
    original, pids = pkgutil.resolve_name(name), []
    end, begin = os.pipe()

    def forking(*arguments: Any) -> Any:
        pids.append(os.fork())
        return original(*arguments)

    with mock.patch(name, forking):
        call()
    if not pids[0]:
        os.write(begin, refusal(w.commit).encode())
        os._exit(0)
    os.close(begin)
    os.waitpid(pids[0], 0)
    with open(end, encoding="utf-8") as said:
        return said.read()


def wait_for(say: Connection, pipe: Connection) -> None:
    say.send(os.getpid())
    pipe.poll(None)


def hold_with_a_child(place: str, pipe: Connection, close: bool) -> None:
    """Hold the lock, and have a child that lives on until the pipe ends; let go of the lock, or wait to be killed."""
    ours, its = FORK.Pipe()
    w = ni.open(place).writer(timeout=0)
    w.add(article(100))
    child = FORK.Process(target=wait_for, args=(its, pipe))
    child.start()
    pipe.send(ours.recv())
    if close:
        w.close()
        pipe.send("closed")
    pipe.poll(None)


# An index in a child.


def ask(say: Connection, index: ni.Index, expected: object) -> None:
    say.send(findings(index) == expected)


def fork_while_stuck(place: str, pipe: Connection, name: str) -> None:
    """Fork while a thread that searches is in the midst of what `name` names, with whatever lock it holds there."""
    index = ni.open(place)
    expected = findings(ni.open(place))
    inside, go_on = threading.Event(), threading.Event()
    original = pkgutil.resolve_name(name)

    def slowly(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread() is thread:
            inside.set()
            assert go_on.wait(PATIENCE)
        return original(*arguments, **options)

    thread = threading.Thread(target=findings, args=(index,))
    ni.open(place).add([article(1)])  # so that a new generation is opened, which answers alike
    module, _, attribute = name.rpartition(".")
    with mock.patch.object(pkgutil.resolve_name(module), attribute, slowly):
        thread.start()
        assert inside.wait(PATIENCE)
        pipe.send(saying(ask, index, expected))
        go_on.set()
        thread.join()
    pipe.send(findings(index) == expected)


def read_dates_and_tables(say: Connection, index: ni.Index, table: str) -> None:
    say.send(index.count('data:"acum 3 luni"'))
    say.send([one.title for one in ni.read_articles(table)])


def fork_while_locked(place: str, pipe: Connection) -> None:
    """Fork while threads are at what only one may do at a time."""
    index, table = ni.open(place), os.path.join(place, "table.csv")
    with open(table, "w", encoding="utf-8") as file:
        file.write("title,body\nPod nou,E gata.\n")
    inside = threading.Barrier(3)
    held = []

    def work() -> None:
        inside.wait()
        time.sleep(0.2)
        held.append(True)

    both = (romanian_calendar._exclusive, tables._exclusive)
    threads = [threading.Thread(target=exclusive.run, args=(work,)) for exclusive in both]
    for thread in threads:
        thread.start()
    inside.wait()
    pipe.send(saying(read_dates_and_tables, index, table))
    for thread in threads:
        thread.join()
    read_dates_and_tables(pipe, index, table)
    pipe.send(held)


def fork_while_searching(place: str, pipe: Connection, children: int) -> None:
    """Fork one child after another while threads search and a writer, which is forked too, replaces and merges."""
    index = ni.open(place)
    expected = findings(index)
    done = threading.Event()

    def search(index: ni.Index) -> None:
        while not done.is_set():
            findings(index)

    def write() -> None:
        with mock.patch("newsindex.merging.FANOUT", 2), ni.open(place).writer() as w:
            while not done.is_set():
                for one in articles(range(4)):
                    w.add(one)
                w.commit()

    threads = [threading.Thread(target=search, args=(index,)) for _ in range(2)] + [threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    pipe.send([saying(ask, index, expected) for _ in range(children)])
    done.set()
    for thread in threads:
        thread.join()
    pipe.send(ni.open(place).check().ok)

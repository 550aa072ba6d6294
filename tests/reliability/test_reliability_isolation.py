"""Readers in threads and processes while a writer adds, replaces, deletes and merges: one answer, one generation."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from reliability_child import FORKSERVER
from reliability_generations import Reader, articles, read, read_on, union, write

import newsindex as ni

MEMORY = 203_000  # bytes: room for nine articles, so that a generation is written as several segments, and merged
SEED = int(os.environ.get("NEWSINDEX_SEED", "2025"))


@pytest.fixture(autouse=True)
def merging() -> Iterator[None]:
    """Many merges, and while one runs the same room for articles."""
    with mock.patch("newsindex.merging.FANOUT", 2), mock.patch("newsindex.writer._BESIDE", 1):
        yield


@pytest.fixture
def ix(tmp_path: Path) -> ni.Index:
    index = ni.create(tmp_path / "index")
    with index.writer() as w:
        write(w, 0)
    return index


def write_generations(place: Path, last: int) -> int:
    """Write generations 1 to `last`, by a writer for each seven; returns how many merges were begun."""
    from newsindex.merging import Merging

    with mock.patch.object(Merging, "begin", autospec=True, side_effect=Merging.begin) as begun:
        for first in range(1, last + 1, 7):
            with ni.open(place).writer(memory=MEMORY) as w:
                for generation in range(first, min(first + 7, last + 1)):
                    write(w, generation)
                if first % 2:
                    w.optimize()
        return int(begun.call_count)


def test_readers_see_one_generation_whole(ix: ni.Index, long: bool) -> None:
    last, threads_each, children = (1500, 2, 3) if long else (12, 1, 2)
    failures: list[BaseException] = []
    answers: list[tuple[int, set[int]]] = []
    done, results = FORKSERVER.Event(), FORKSERVER.SimpleQueue()

    def read_here(reader: Reader) -> None:
        try:
            answers.append(read_on(reader, done))
        except BaseException as error:  # whatever it is, a thread must not swallow it
            failures.append(error)

    processes = [FORKSERVER.Process(target=read, args=(str(ix.path), SEED + n, done, results)) for n in range(children)]
    # Some threads share an index object, some have one of their own.
    readers = [Reader(index, SEED + 100 + n) for n, index in enumerate((ix, ix, ni.open(ix.path)) * threads_each)]
    threads = [threading.Thread(target=read_here, args=(reader,)) for reader in readers]
    for reader in (*processes, *threads):
        reader.start()
    try:
        merges = write_generations(ix.path, last)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    told = [results.get() for _ in processes]
    for process in processes:
        process.join()
    assert failures == []
    assert [one for one in told if isinstance(one, str)] == []
    asked, seen = union([*answers, *told])
    assert {last} == {max(of_one) for _, of_one in (*answers, *told)}
    assert len(seen) > 3
    assert merges > last // 7
    assert {one.id: one for one in ix} == articles(last)
    assert ix.check().ok
    print(
        f"seed {SEED}: {asked} questions by {len(threads)} threads and {len(processes)} processes, {last} generations, "
        f"{len(seen)} of them seen, {merges} merges, 0 wrong"
    )


def test_what_is_held_answers_after_its_files_are_gone(ix: ni.Index, long: bool) -> None:
    """Results, their hits and an iteration, untouched until nothing of theirs is on the disk any more."""
    held = []
    for generation in range(0, 300 if long else 12, 3):
        res = ix.search("comună", limit=None)
        held.append((generation, res, iter(ix), ix.snapshot().manifest.files))
        with ix.writer(memory=MEMORY) as w:
            for following in range(generation + 1, generation + 4):
                write(w, following)
    ix.optimize()
    there = set(os.listdir(ix.path))
    for generation, res, iterator, files in held:
        assert files
        assert not files & there
        assert Reader(ix, 0).results(res, 0, None) == generation
        assert {one.id: one for one in iterator} == articles(generation)
    assert ix.check().ok
    print(f"{len(held)} results held, 0 wrong")

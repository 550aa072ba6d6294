"""Generations: what is held stays as it was, what is asked next is up to date, and no search sees half a commit."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import newsindex as ni
from newsindex.store.directory import DiskDirectory

BATCH = 20


def batch(number: int) -> list[ni.Article]:
    """The articles of a generation; each commit replaces all of them."""
    return [
        ni.Article(id=f"a{k}", title=f"Generația {number}", body="Știre comună.", extra={"generation": number})
        for k in range(BATCH)
    ]


@pytest.fixture
def ix(tmp_path: Path) -> ni.Index:
    index = ni.create(tmp_path / "index")
    index.add(batch(0))
    return index


def test_another_object_sees_the_next_commit(ix: ni.Index) -> None:
    other = ni.open(ix.path)
    for number in range(1, 30):
        ix.add(batch(number))
        assert other.search("comună", limit=1)[0].article.extra == {"generation": number}
        assert other.count(f"generation:{number}") == BATCH == len(other)
        ix, other = other, ix


CHILD = """
import sys, newsindex as ni
print(ni.open(sys.argv[1]).add([ni.Article(id="child", title="Din alt proces")]))
"""


def test_another_process_is_seen(ix: ni.Index, child_environment: dict[str, str]) -> None:
    assert ix.count("proces") == 0
    command = [sys.executable, "-c", CHILD, str(ix.path)]
    done = subprocess.run(command, env=child_environment, check=True, capture_output=True, timeout=60)
    assert done.stdout == b"1\n"
    assert [hit.id for hit in ix.search("proces")] == ["child"]


def test_an_index_made_anew_in_its_place_is_seen(ix: ni.Index) -> None:
    held = ix.search("comună")
    ix.path.rename(ix.path.with_name("old"))
    ni.create(ix.path).add([ni.Article(id="new", title="Alt index comun")])
    assert [hit.id for hit in ix.search("comun*")] == ["new"]
    assert held[0].article == batch(0)[int(held[0].id[1:])]


@pytest.mark.parametrize("touched", [True, False])
def test_results_held_across_commits_and_merges_still_read(ix: ni.Index, touched: bool) -> None:
    held = ix.search("comună", limit=None)
    articles = iter(ix)
    expected = batch(0)
    if touched:
        assert held[0].article in expected
        assert next(articles) in expected
    with mock.patch("newsindex.merging.FANOUT", 2):
        for number in range(1, 4):
            ix.add(batch(number))
    ix.optimize()
    with ix.writer() as w:
        for article in expected:
            assert w.delete(article.id)
    assert len(ix) == 0
    assert sorted(hit.id for hit in held) == sorted(article.id for article in expected)
    assert {hit.title for hit in held} == {"Generația 0"}
    assert {hit.article for hit in held} == set(expected)
    assert all("**comună**" in hit.snippet() for hit in held)
    assert {*articles} <= set(expected)


def test_threads_see_whole_generations_while_a_writer_commits(ix: ni.Index) -> None:
    last = 12
    failures: list[object] = []
    seen: set[int] = set()
    done = threading.Event()

    def read(index: ni.Index) -> None:
        try:
            newest = -1
            while newest < last:
                finished = done.is_set()
                results = index.search("comună", limit=None)
                numbers = {hit.article.extra["generation"] for hit in results}
                if len(results) != BATCH or len(numbers) != 1 or max(numbers) < newest:
                    failures.append((len(results), numbers, newest))
                    return
                newest = max(numbers)
                seen.add(newest)
                done.wait(0.003)  # or the readers would leave the writer little of the interpreter
                if finished and newest < last:
                    failures.append(f"{newest} after the last commit")
                    return
        except Exception as error:  # whatever it is, a thread must not swallow it
            failures.append(error)

    # One shares the writer's object, one has its own.
    threads = [threading.Thread(target=read, args=(index,)) for index in (ix, ni.open(ix.path))]
    for thread in threads:
        thread.start()
    with mock.patch("newsindex.merging.FANOUT", 3), ix.writer(memory=8_000) as w:
        for number in range(1, last + 1):
            for article in batch(number):
                w.add(article)
            w.commit()
    done.set()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []
    assert last in seen
    assert ix.check().ok


def test_checking_while_a_writer_commits_finds_no_damage(ix: ni.Index) -> None:
    reports: list[ni.Report] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            reports.append(ni.open(ix.path).check())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        with mock.patch("newsindex.merging.FANOUT", 2):
            for number in range(1, 12):
                ix.add(batch(number))
    finally:
        done.set()
        thread.join(timeout=120)
    assert reports
    assert [report for report in reports if not report.ok or report.articles != BATCH] == []


class RacingDirectory:
    """A directory where, between a reader's look at the manifest and at the files in it, others commit and sweep."""

    def __init__(self, place: Path) -> None:
        self.inner = DiskDirectory(place)
        self.races = [5, 6, 7]

    def __getattr__(self, name: str) -> Any:
        if name == "map" and self.races:
            number = self.races.pop()
            ni.open(self.inner.path).add(batch(number))
            ni.open(self.inner.path).optimize()
        return getattr(self.inner, name)


def test_a_reader_overtaken_by_writers_opens_the_newest_generation(ix: ni.Index) -> None:
    racing = RacingDirectory(ix.path)
    index = ni.Index(racing)
    assert racing.races == []
    assert index.count("generation:5") == BATCH == len(index)
    racing.races = [8]
    report = index.check()
    assert (report.ok, report.articles) == (True, BATCH)


def test_one_writer_after_another_from_many_threads(ix: ni.Index) -> None:
    numbers = itertools.count()

    def write() -> None:
        for _ in range(3):
            with ix.writer(timeout=60) as w:
                w.add(ni.Article(id=f"t{next(numbers)}", title="Din fire"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert ix.count("fire") == 12
    assert ix.check().ok

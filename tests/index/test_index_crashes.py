"""A disk that fails at any one call: the index is what it was or what it became, and the next writer works."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import newsindex as ni
from newsindex.store.directory import DiskDirectory

OLD = {
    article.id: article
    for article in (
        ni.Article(id=f"a{n}", title="Pod vechi", body=f"Lucrarea {n} e gata.", date=f"2024-01-{n + 1:02}")
        for n in range(6)
    )
}
FRESH = [ni.Article(id=f"a{n}", title="Pod nou", body="Lucrări noi.", source="Agerpres") for n in (2, 7, 8)]
NEW = {id_: article for id_, article in OLD.items() if id_ != "a0"} | {article.id: article for article in FRESH}


@pytest.fixture(autouse=True)
def merging() -> Iterator[None]:
    """So that the commit merges too."""
    with mock.patch.multiple("newsindex.merging", FANOUT=3):
        yield


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments."""
    ix = ni.create(tmp_path_factory.mktemp("crashes"))
    old = list(OLD.values())
    ix.add(old[:3])
    ix.add(old[3:])
    return ix.path


def change(ix: ni.Index) -> None:
    with ix.writer(timeout=5) as w:
        assert w.delete("a0")
        for article in FRESH:
            w.add(article)


def content(ix: ni.Index) -> dict[str, ni.Article]:
    found = {article.id: article for article in ix}
    assert {hit.id for hit in ix.search("pod", limit=None)} == found.keys()
    assert ix.count("vechi") + ix.count("nou") == len(ix) == len(found)
    return found


def failures(
    prepared: Path, place: Path, failing: Any, lasts: int | None, step: int = 1
) -> Iterator[tuple[ni.Index, Any]]:
    """Copies of the index, each with a call to make its directory fail: at once, a call later… until all pass."""
    for calls in range(0, 10_000, step):
        copy = place / str(calls)
        shutil.copytree(prepared, copy)
        directory = failing(DiskDirectory(copy), lasts=lasts)
        ix = ni.Index(directory)
        yield ix, partial(directory.fail_after, calls)
        assert directory.fails is not None
        if not directory.failed:
            return


def refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except ni.StorageError:
        return True
    return False


def test_the_change_is_what_it_should_be(prepared: Path, tmp_path: Path) -> None:
    ix = ni.open(shutil.copytree(prepared, tmp_path / "index"))
    assert content(ix) == OLD
    change(ix)
    assert content(ix) == NEW
    assert ix.stats().segments == 1


@pytest.mark.parametrize(("lasts", "step"), [(None, 1), (1, 4)])
def test_a_commit_that_fails_at_any_call(
    prepared: Path, tmp_path: Path, failing: Any, lasts: int | None, step: int
) -> None:
    outcomes = Counter[bool]()
    for ix, fail in failures(prepared, tmp_path, failing, lasts, step):
        fail()
        outcomes[refused(partial(change, ix))] += 1
        after = ni.open(ix.path)
        found = content(after)
        assert found in (OLD, NEW)
        assert after.check().ok
        with after.writer(timeout=0) as w:
            assert w.delete("a0") == (found == OLD)
            for article in FRESH:
                w.add(article)
        assert content(after) == NEW
        # What the failed one left was swept.
        assert {
            path.name for path in ix.path.iterdir() if path.suffix in (".seg", ".del")
        } == after.snapshot().manifest.files
    assert outcomes[True] > 10


def test_a_commit_may_be_tried_again(prepared: Path, tmp_path: Path, failing: Any) -> None:
    tried = 0
    for ix, fail in failures(prepared, tmp_path, failing, lasts=1, step=2):
        w = ix.writer(timeout=0)
        w.delete("a0")
        for article in FRESH:
            w.add(article)
        fail()
        if refused(w.commit):
            assert content(ni.open(ix.path)) in (OLD, NEW)
            w.commit()
            tried += 1
        assert content(ni.open(ix.path)) == NEW
        # What fails now is the merge, which the next writer begins again.
        refused(w.close)
        with ni.open(ix.path).writer(timeout=0):
            pass
        assert content(ni.open(ix.path)) == NEW
        assert ni.open(ix.path).check().ok
        assert ni.open(ix.path).stats().segments == 1
    assert tried > 10


@pytest.mark.parametrize("lasts", [None, 1])
def test_optimizing_that_fails_at_any_call(prepared: Path, tmp_path: Path, failing: Any, lasts: int | None) -> None:
    for ix, fail in failures(prepared, tmp_path, failing, lasts, step=2):
        fail()
        if not refused(ix.optimize):
            assert ni.open(ix.path).stats().segments == 1
        after = ni.open(ix.path)
        assert content(after) == OLD
        assert after.check().ok
        after.optimize()
        assert after.stats().segments == 1
        assert content(after) == OLD


def test_a_search_on_a_failing_disk_recovers(prepared: Path, tmp_path: Path, failing: Any) -> None:
    refusals = 0
    for ix, fail in failures(prepared, tmp_path, failing, lasts=1):
        change(ni.open(ix.path))
        fail()
        if refused(partial(content, ix)):
            refusals += 1
            assert content(ix) == NEW
    assert refusals

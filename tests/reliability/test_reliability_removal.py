"""An index that is removed while it is in use, or just its lock: its users are told so, and the process goes on."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from reliability_directory import FailingDirectory
from reliability_support import article, articles, findings

import newsindex as ni
from newsindex.store.directory import DiskDirectory
from newsindex.store.lock import NAME


class RemovedDirectory(FailingDirectory):
    """One that is removed from the disk just before call number `fails`."""

    def _refuses(self, name: str) -> bool:
        if super()._refuses(name):
            shutil.rmtree(self.path, ignore_errors=True)
        return False


def add(ix: ni.Index) -> None:
    with ix.writer(timeout=0) as w:
        w.delete("a0")
        for one in articles((2, 7, 8), version=1):
            w.add(one)


def spill(ix: ni.Index) -> None:
    with ix.writer(timeout=0, memory=1) as w:
        for one in articles(range(5, 10), version=1):
            w.add(one)


def undo(ix: ni.Index) -> None:
    with ix.writer(timeout=0, memory=1) as w:
        for one in articles(range(5), version=1):
            w.add(one)
        w.rollback()


def merge(ix: ni.Index) -> None:
    ix.optimize()


def ask(ix: ni.Index) -> None:
    findings(ix)
    ix.get("a1")
    ix.stats()
    ix.check()


def open_and_ask(ix: ni.Index) -> None:
    ask(ni.Index(ix._directory))


def make(ix: ni.Index) -> None:
    shutil.rmtree(ix.path)
    ix.path.mkdir()
    with mock.patch("newsindex.index.DiskDirectory", return_value=ix._directory):
        ni.create(ix.path)


@pytest.mark.parametrize(
    ("operation", "step"), [(add, 17), (spill, 71), (undo, 53), (merge, 17), (ask, 5), (open_and_ask, 5), (make, 1)]
)
def test_a_directory_that_is_removed_at_any_call(
    tmp_path: Path, long: bool, operation: Callable[[ni.Index], None], step: int
) -> None:
    made = ni.create(tmp_path / "made")
    made.add(articles(range(3)))
    made.add(articles(range(3, 6)))
    outcomes = Counter[str]()
    for calls in range(0, 10_000, 1 if long else step):
        place = Path(shutil.copytree(made.path, tmp_path / "index", dirs_exist_ok=True))
        directory = RemovedDirectory(DiskDirectory(place), lasts=1)
        ix = ni.Index(directory)
        directory.fail_after(calls)
        try:
            with mock.patch("newsindex.merging.FANOUT", 3):
                operation(ix)
        except ni.NewsIndexError as error:
            told = re.fullmatch(rf"{place}[^:]*: .*(remove|no such|no index|missing).*; .+", str(error))
            outcomes["told" if told else str(error)] += 1
        else:
            outcomes["tolerated"] += 1
        if not directory.failed:
            break
        # The process goes on, with a new index in that place too.
        shutil.rmtree(place, ignore_errors=True)
        ni.create(place).add(articles([40]))
        assert [one.id for one in ix] == ["a40"]
        shutil.rmtree(place)
    print(f"{operation.__name__}: {dict(outcomes)}, 0 other errors, 0 hung")
    assert outcomes.keys() <= {"told", "tolerated"}
    assert outcomes["told"]


def remove_the_lock(place: Path) -> ni.Index:
    (place / NAME).unlink()
    return ni.open(place)


def replace_the_lock(place: Path) -> ni.Index:
    (place / "other").write_bytes(b"")
    (place / "other").rename(place / NAME)
    return ni.open(place)


def remove_all(place: Path) -> ni.Index:
    shutil.rmtree(place)
    made = ni.create(place)
    made.add(articles(range(6)))
    return made


@pytest.mark.parametrize("memory", [1, 1 << 28])
@pytest.mark.parametrize("harm", [remove_the_lock, replace_the_lock, remove_all])
def test_a_writer_whose_lock_was_removed_harms_no_other(
    tmp_path: Path, harm: Callable[[Path], ni.Index], memory: int
) -> None:
    """Nothing keeps another one from locking a new file in that place, and writing."""
    ix = ni.create(tmp_path / "index")
    ix.add(articles(range(6)))
    first = ix.writer(timeout=0, memory=memory)
    first.add(article(50))
    first.delete("a0")
    with harm(ix.path).writer(timeout=0) as second:
        second.add(article(100))
        calls = [first.commit, first.optimize, first.rollback]
        for call in calls if memory > 1 else [*calls, lambda: first.add(article(51))]:
            with pytest.raises(
                ni.StorageError, match=r"somebody has removed it while it was locked.*; close this"
            ) as caught:
                call()
            assert caught.value.path == ix.path / NAME
        second.commit()
        second.add(article(101))
        first.close()
        with pytest.raises(ni.IndexLockedError) as locked:
            ix.writer(timeout=0)
        assert locked.value.holder == os.getpid()  # who that is, the first did not take away
    assert {one.id for one in ix} == {*(f"a{n}" for n in range(6)), "a100", "a101"}
    assert ix.check().ok
    with ix.writer(timeout=0) as w:
        assert w.delete("a100")


def test_a_merge_of_a_writer_whose_lock_was_removed_harms_no_other(tmp_path: Path) -> None:
    """Its sources have the names of what the other one writes, and are not removed."""
    ix = ni.create(tmp_path / "index")
    ix.add(articles(range(6)))
    with mock.patch("newsindex.merging.FANOUT", 2):
        first = ix.writer(timeout=0, memory=1)
        first.add(article(50))
        while not first._merging.done:
            time.sleep(0.01)
        [*_, name] = [segment.entry.name for segment in first._segments]
    with remove_the_lock(ix.path).writer(timeout=0, memory=1) as second:
        second.add(article(100))
        assert [segment.entry.name for segment in second._segments][-1] == name
        with pytest.raises(ni.StorageError, match="somebody has removed it"):
            first.commit()
        assert (ix.path / name).exists()
        first.close()
    assert {one.id for one in ix} == {*(f"a{n}" for n in range(6)), "a100"}
    assert ix.check().ok


def test_a_lock_that_others_only_look_at_stays_ones_own(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "index")
    with ix.writer(timeout=0) as w:
        w.add(article(1))
        (ix.path / NAME).touch()
        (ix.path / NAME).write_bytes(b"a note of somebody")
        with pytest.raises(ni.IndexLockedError):
            ix.writer(timeout=0)
    assert len(ix) == 1

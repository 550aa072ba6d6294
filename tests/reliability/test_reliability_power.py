"""Power is lost: whatever was not synced may be there, in part, as zeros or noise, or not at all.

A clone is made of what may be on the disk after each call. In each is a whole generation: the one that was acknowledged
last, or the one in flight.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from unittest import mock

import pytest
from reliability_directory import LOSSES, FailingDirectory, Loss, RecordingDirectory
from reliability_support import article, articles

import newsindex as ni
from newsindex.store.directory import DiskDirectory

Content = dict[str, ni.Article]


def expected(numbers: range, fresh: tuple[int, ...] = ()) -> Content:
    return {f"a{number}": article(number, int(number in fresh)) for number in {*numbers, *fresh}}


OLD = expected(range(6))
NEW = {name: one for name, one in expected(range(6), fresh=(2, 6, 7)).items() if name != "a0"}
LAST = NEW | expected(range(10, 12))


pytestmark = pytest.mark.usefixtures("early_merges")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, one with a tombstone that the next commit replaces."""
    ix = ni.create(tmp_path_factory.mktemp("power"))
    ix.add([*articles(range(3)), article(20)])
    with ix.writer() as w:
        w.delete("a20")
        for number in range(3, 6):
            w.add(article(number))
    return ix.path


def change(w: ni.Writer) -> None:
    """From `OLD` to `NEW`, also if it was done already."""
    w.delete("a0")
    for number in (2, 6, 7):
        w.add(article(number, 1))


def content(ix: ni.Index) -> Content:
    found = {one.id: one for one in ix}
    assert len(found) == len(ix) == ix.count("numărul")
    assert all(ix.get(name) == one for name, one in found.items())
    return found


def survives(place: Path, files: dict[str, bytes], allowed: list[Content | None]) -> None:
    """Assert that what is in these files is whole, and that the next writer makes of it what it likes."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, data in files.items():
        place.joinpath(name).write_bytes(data)
    if "manifest.json" in files:
        ix = ni.open(place)
        assert content(ix) in allowed
        assert ix.check().ok
    else:
        assert None in allowed
        ix = ni.create(place)
    with ix.writer(timeout=0) as w:
        change(w)
    left = {name for name in DiskDirectory(place).names() if name.endswith((".seg", ".del", ".tmp"))}
    assert left == ix.snapshot().manifest.files
    assert content(ix).items() >= NEW.items() - OLD.items()
    assert ix.check().ok


def recorded(prepared: Path, place: Path) -> tuple[RecordingDirectory, Callable[..., None]]:
    directory = RecordingDirectory(DiskDirectory(shutil.copytree(prepared, place)))
    return directory, lambda *allowed: directory.note("facts", list(allowed))


def lose_power(directory: RecordingDirectory, place: Path, every: int, losses: tuple[Loss, ...] = LOSSES) -> int:
    """Assert that every so many of the disks that a loss of power leaves survive it; how many these are."""
    chosen = list(islice(directory.clones(losses), 0, None, every))
    for allowed, files in chosen:
        survives(place, files, allowed)
    return len(chosen)


def test_making_an_index(tmp_path: Path, long: bool) -> None:
    made: list[RecordingDirectory] = []

    def make(path: Path, *, make: bool) -> RecordingDirectory:
        made.append(RecordingDirectory(DiskDirectory(path, make=make)))
        made[0].note("facts", [None, {}])
        return made[0]

    with mock.patch("newsindex.index.DiskDirectory", make):
        ni.create(tmp_path / "index")
    made[0].note("facts", [{}])
    clones = lose_power(made[0], tmp_path / "clone", 1)
    print(f"making an index: {clones} losses of power, 0 lost, 0 wrong")


def test_commits(prepared: Path, tmp_path: Path, long: bool) -> None:
    """Segments are written before the commit, and merged while it goes on and after it."""
    directory, allow = recorded(prepared, tmp_path / "index")
    allow(OLD)
    with ni.Index(directory).writer(memory=1) as w:
        allow(OLD, NEW)
        change(w)
        w.commit()
        allow(NEW)
        for number in (10, 11):
            w.add(article(number))
        allow(NEW, LAST)
        w.commit()
        allow(LAST)
        w.add(article(12))
        w.rollback()
    ni.Index(directory).optimize()
    clones = lose_power(directory, tmp_path / "clone", 1 if long else 331)
    print(f"commits: {clones} losses of power, 0 lost, 0 wrong")


def roll_back(ix: ni.Index, w: ni.Writer) -> None:
    w.rollback()


def close_and_write_again(ix: ni.Index, w: ni.Writer) -> None:
    w.close()
    ix.writer(timeout=0).close()


def commit_again(ix: ni.Index, w: ni.Writer) -> None:
    w.commit()


def failing_commit(
    prepared: Path, place: Path, fails: int | None, late: bool
) -> tuple[RecordingDirectory, FailingDirectory, ni.Index, ni.Writer]:
    """An index and its writer, whose commit failed at a call of which all that follows is noted."""
    directory, allow = recorded(prepared, place)
    failing = FailingDirectory(directory, lasts=1, late=late)
    ix = ni.Index(failing)
    w = ix.writer(timeout=0)
    change(w)
    failing.calls.clear()
    failing.fails = fails
    if fails is None:
        w.commit()
    else:
        with pytest.raises(ni.StorageError):
            w.commit()
    allow(OLD, NEW)
    return directory, failing, ix, w


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("after", [roll_back, close_and_write_again, commit_again])
def test_after_a_commit_that_failed(
    prepared: Path, tmp_path: Path, long: bool, after: Callable[[ni.Index, ni.Writer], None], late: bool
) -> None:
    """What follows a failed commit does not remove what power, when it is lost, brings back."""
    clones = 0
    losses = (Loss(0, b"", "all"), Loss(0, b"", "removals"))
    with mock.patch("newsindex.writer.choose_merge", return_value=set()):
        calls = failing_commit(prepared, tmp_path / "all pass", None, late)[1].calls
        last = len(calls) - calls[::-1].index("replace") - 1
        failures = range(len(calls)) if long else range(last, last + 2)
        for fails in failures:
            directory, _, ix, w = failing_commit(prepared, tmp_path / str(fails), fails, late)
            after(ix, w)
            w.close()
            clones += lose_power(directory, tmp_path / "clone", 1, LOSSES if long else losses)
    print(f"{after.__name__}: {len(failures)} failures, {clones} losses of power, 0 lost, 0 wrong")

"""A disk that fails at any one call: the index is what it was or what it became, and the next writer works.

Each operation is done again and again, on copies of one index, while the first call fails, the second… until none does:
once and from then on, before the call is done and after it, by different errors.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from reliability_change import FRESH, NEW, OLD, Content, alter, change, content, left
from reliability_directory import ERRORS, FailingDirectory, FailingSystem
from reliability_support import articles

import newsindex as ni
from newsindex.store.directory import DiskDirectory

# How long, by which error, and whether the call was done all the same.
MODES = [(lasts, error, late) for late, error, lasts in product((False, True), ERRORS, (None, 1))]

pytestmark = pytest.mark.usefixtures("early_merges")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ni.create(tmp_path_factory.mktemp("empty")).path


def spill(ix: ni.Index) -> None:
    """The change, in a segment for each article; some are merged before the commit."""
    change(ix, memory=1)


@contextmanager
def refusals(outcomes: Counter[str], number: int, place: Path) -> Iterator[None]:
    """Count whether the block is refused, and assert that it says where, why and what to do."""
    try:
        yield
    except ni.StorageError as error:
        refused = error
    else:
        outcomes["tolerated"] += 1
        return
    outcomes["refused"] += 1
    assert refused.path.is_relative_to(place)
    assert re.fullmatch(f"{refused.path}: cannot .*: {os.strerror(number)}; .*(disk|again).*", str(refused))
    assert isinstance(refused.__cause__, OSError)


def trials(
    prepared: Path, place: Path, long: bool, step: int, modes: list[Any] = MODES
) -> Iterator[tuple[FailingDirectory, Path]]:
    """Copies of an index that fail at their first call, a call later… until all pass.

    In a long run at each call in every mode, else at every so many, each in another mode.
    """
    for calls in range(0, 100_000, 1 if long else step):
        passed = True
        for mode in modes if long else [modes[calls // step % len(modes)]]:
            copy = place / "index"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(prepared, copy)
            directory = FailingDirectory(DiskDirectory(copy), calls, *mode)
            yield directory, copy
            passed = passed and not directory.failed
        if passed:
            return


def report(what: str, outcomes: Counter[str]) -> None:
    print(f"{what}: {outcomes['refused']} faults refused, {outcomes['tolerated']} tolerated, 0 lost, 0 wrong, 0 hung")
    assert outcomes["refused"] > 3
    assert outcomes["tolerated"]  # the last, that did not fail


def test_making_an_index(tmp_path: Path, long: bool) -> None:
    outcomes = Counter[str]()
    tmp_path.joinpath("nothing").mkdir()
    for directory, place in trials(tmp_path / "nothing", tmp_path, long, step=1):
        with (
            refusals(outcomes, directory.error, place),
            mock.patch("newsindex.index.DiskDirectory", lambda path, make, it=directory: it),
        ):
            ni.create(place)
        # It is there or it is not, and who tries again has it.
        if directory.failed and not place.joinpath("manifest.json").exists():
            with pytest.raises(ni.IndexNotFoundError):
                ni.open(place)
        assert content(ni.create(place, exist_ok=True)) == {}
    report("making an index", outcomes)


def undo(ix: ni.Index) -> None:
    with ix.writer(timeout=5, memory=1) as w:
        w.delete("a0")
        w.add(FRESH[0])
        w.rollback()


def merge(ix: ni.Index) -> None:
    ix.optimize()


@pytest.mark.parametrize(
    ("operation", "after", "step"),
    [(change, NEW, 23), (spill, NEW, 83), (merge, OLD, 19), (undo, OLD, 17)],
    ids=["commit", "spill", "optimize", "rollback"],
)
def test_an_operation_that_fails_at_any_call(
    prepared: Path, tmp_path: Path, long: bool, operation: Callable[[ni.Index], None], after: Content, step: int
) -> None:
    outcomes = Counter[str]()
    for directory, place in trials(prepared, tmp_path, long, step):
        before = outcomes["refused"]
        with refusals(outcomes, directory.error, place):
            operation(ni.Index(directory))
        ix = ni.open(place)
        found = content(ix)
        assert found == after or (outcomes["refused"] > before and found == OLD)
        assert ix.check().ok
        with ix.writer(timeout=0):
            assert left(ix) == ix.snapshot().manifest.files  # the rest was swept
        change(ix)
        assert content(ix) == NEW
    report(operation.__name__, outcomes)


def test_the_first_articles(empty: Path, tmp_path: Path, long: bool) -> None:
    outcomes = Counter[str]()
    for directory, place in trials(empty, tmp_path, long, step=13):
        with refusals(outcomes, directory.error, place):
            ni.Index(directory).add(OLD.values())
        ix = ni.open(place)
        assert content(ix) in ({}, OLD)
        assert ix.check().ok
        ix.add(OLD.values())
        assert content(ix) == OLD
    report("first articles", outcomes)


def again(w: ni.Writer) -> None:
    w.commit()


def back(w: ni.Writer) -> None:
    w.rollback()
    assert not w._pending()
    alter(w)
    w.commit()


@pytest.mark.parametrize("mend", [again, back])
def test_a_writer_that_failed_goes_on(
    prepared: Path, tmp_path: Path, long: bool, mend: Callable[[ni.Writer], None]
) -> None:
    """Its commit is tried again or rolled back, in the same writer; nothing partial lies in the way meanwhile."""
    outcomes = Counter[str]()
    for directory, place in trials(prepared, tmp_path, long, 37, [mode for mode in MODES if mode[0] == 1]):
        calls, directory.fails = directory.fails or 0, None
        ix = ni.Index(directory)
        with ix.writer(timeout=0, memory=1) as w:
            directory.fail_after(calls)
            with refusals(outcomes, directory.error, place):
                alter(w)
                w.commit()
            directory.recover()
            # What failed may have been an article's adding, which is for the caller to do again.
            alter(w)
            # It may be a merge that failed, of which the next commit tells when it is durable.
            with refusals(Counter(), directory.error, place):
                mend(w)
            assert content(ni.open(place)) == NEW
        assert content(ni.open(place)) == NEW
        assert ni.open(place).check().ok
        assert left(ix) == ni.open(place).snapshot().manifest.files
    report(mend.__name__, outcomes)


def test_a_rollback_that_fails_leaves_no_file_in_the_way(prepared: Path, tmp_path: Path, long: bool) -> None:
    """What it could not remove keeps its name, and what is written next has others."""
    outcomes = Counter[str]()
    for directory, place in trials(prepared, tmp_path, long, 1, [mode for mode in MODES if mode[0] == 1]):
        calls, directory.fails = directory.fails or 0, None
        ix = ni.Index(directory)
        with ix.writer(timeout=0, memory=1) as w:
            for one in FRESH[:2]:
                w.add(one)
            directory.fail_after(calls)
            with refusals(outcomes, directory.error, place):
                w.rollback()
            directory.recover()
            w.delete("a0")
            for one in FRESH:
                w.add(one)
        assert content(ix) == content(ni.open(place)) == NEW
        assert left(ix) == ni.open(place).snapshot().manifest.files
    report("a rollback", outcomes)


def test_what_could_not_be_written_takes_no_room(prepared: Path, tmp_path: Path) -> None:
    """A disk is full, and each try would leave a part of a file on it."""
    directory = FailingDirectory(DiskDirectory(shutil.copytree(prepared, tmp_path / "index")), error=errno.ENOSPC)
    ix = ni.Index(directory)
    files = left(ix)
    with ix.writer() as w:
        for one in FRESH:
            w.add(one)
        for _ in range(3):
            directory.fails, directory.lasts = len(directory.calls) + 5, 1
            with pytest.raises(ni.StorageError, match="free some space"):
                w.commit()
            assert left(ix) == files
    assert content(ix).keys() == OLD.keys() | {one.id for one in FRESH}


def test_reading(prepared: Path, tmp_path: Path, long: bool) -> None:
    outcomes = Counter[str]()
    for directory, place in trials(prepared, tmp_path, long, step=1, modes=MODES[:6]):
        with refusals(outcomes, directory.error, place):
            ix = ni.Index(directory)
            assert content(ix) == OLD
            assert ix.check().ok
            assert ix.stats().articles == len(OLD)
    report("reading", outcomes)


def test_a_search_recovers(prepared: Path, tmp_path: Path) -> None:
    """An index that could not open a new generation opens it when it can, and has lost nothing."""
    refused = Counter[str]()
    for directory, place in trials(prepared, tmp_path, long=False, step=1, modes=[(1, errno.EIO, False)]):
        calls, directory.fails = directory.fails or 0, None
        ix = ni.Index(directory)
        change(ni.open(place))
        directory.fail_after(calls)
        with refusals(refused, errno.EIO, place):
            content(ix)
        directory.recover()
        assert content(ix) == NEW
    assert refused["refused"] > 2


# Below the protocol.


def below(fault: Callable[..., Any]) -> Any:
    return mock.patch("newsindex.store.directory.os", FailingSystem(fault))


@pytest.mark.parametrize("error", ERRORS)
def test_any_call_of_the_system_that_fails(prepared: Path, tmp_path: Path, long: bool, error: int) -> None:
    outcomes = Counter[str]()
    for at in range(ERRORS.index(error), 100_000, 1 if long else 113):
        place = shutil.copytree(prepared, tmp_path / str(at))

        def fault(number: int, name: str, function: Callable[..., Any], given: tuple[Any, ...], at: int = at) -> Any:
            if number != at or name == "close":
                result = function(*given)
                if number != at:
                    return result
            raise OSError(error, os.strerror(error))

        with below(fault) as system, refusals(outcomes, error, place):
            change(ni.open(place))
        ix = ni.open(place)
        assert content(ix) in (OLD, NEW)
        assert ix.check().ok
        change(ix)
        assert content(ix) == NEW
        shutil.rmtree(place)
        if system.calls <= at:
            break
    report(os.strerror(error), outcomes)


@pytest.mark.parametrize("taken", [1, 7, 4096])
def test_writes_that_are_short(empty: Path, tmp_path: Path, taken: int) -> None:
    def short(number: int, name: str, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        return function(given[0], given[1][:taken]) if name == "write" else function(*given)

    place = shutil.copytree(empty, tmp_path / "index")
    with below(short):
        ni.open(place).add(articles(range(1 if taken == 1 else 6)))
    ix = ni.open(place)
    assert ix.check().ok
    assert content(ix).items() <= OLD.items()
    assert len(ix) == (1 if taken == 1 else 6)


def test_writes_that_take_nothing_are_refused(prepared: Path, tmp_path: Path) -> None:
    """And not tried for ever."""

    def none(number: int, name: str, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        return 0 if name == "write" else function(*given)

    place = shutil.copytree(prepared, tmp_path / "index")
    with below(none), pytest.raises(ni.StorageError, match="cannot write: the system took nothing of it"):
        change(ni.open(place))
    assert content(ni.open(place)) == OLD
    change(ni.open(place))
    assert content(ni.open(place)) == NEW


@pytest.mark.parametrize("fails", [0, 1])
def test_a_directory_that_could_not_be_synced_is_made_again(tmp_path: Path, fails: int) -> None:
    """Else who tries again would never sync it."""
    made = [tmp_path / "a", tmp_path / "a" / "b"]
    synced: list[Path] = []
    failed: list[Path] = []

    def fault(number: int, name: str, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        if name == "open" and (path := Path(given[0])) in (tmp_path, *made):
            if len(synced) == fails and not failed:
                failed.append(path)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            synced.append(path)
        return function(*given)

    with below(fault):
        with pytest.raises(ni.StorageError, match="cannot sync"):
            ni.create(made[-1])
        ni.create(made[-1])
    assert {tmp_path, *made} == set(synced)

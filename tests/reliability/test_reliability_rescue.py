"""A rescue takes the dead from tombstones that are damaged, too; one that fails leaves nothing, and can be tried again.

What it saves of a segment is in test_reliability_salvage, all kinds of damage in test_reliability_damage.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from reliability_directory import ERRORS, FailingDirectory
from reliability_support import articles

import newsindex as ni
from newsindex.check import check
from newsindex.remains import RemainingSegment
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.sections import PAGE


def flip(path: Path, at: int) -> bytes:
    """Flip a bit; what stood there before."""
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    return data


# Tombstones.


@pytest.fixture(scope="module")
def buried(tmp_path_factory: pytest.TempPathFactory) -> ni.Index:
    """One segment of 9,000 articles, of which every second is deleted: two pages of tombstones."""
    ix = ni.create(tmp_path_factory.mktemp("buried") / "archive")
    ix.add(ni.Article(id=str(number), date="2024-05-05") for number in range(9_000))
    with ix.writer() as w:
        for number in range(0, 9_000, 2):
            assert w.delete(str(number))
    return ix


def damaged(ix: ni.Index, place: Path, where: str, page: int) -> tuple[Path, set[str]]:
    """Copy an index and flip a bit of its tombstones; their file, and the ids of those on one of its pages."""
    shutil.copytree(ix.path, place)
    [path] = place.glob("*.del")
    reader, segment = SectionReader(DiskDirectory(place), path.name), ix.snapshot().segments[0].segment
    dead = reader.array("docs")
    assert PAGE // 4 < len(dead) < PAGE // 2
    starts = {"page": reader._sections["docs"].offset + page * PAGE + 100, "table": reader._table_start + 8 * page}
    there = {segment.id(doc) for doc in dead[page * PAGE // 4 : (page + 1) * PAGE // 4].tolist()}
    flip(path, starts.get(where, reader.size - 1))
    return path, there


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize(("where", "page"), [("page", 0), ("page", 1), ("table", 0), ("table", 1)])
def test_a_damaged_page_of_tombstones_brings_back_those_on_it_and_no_other(
    buried: ni.Index, tmp_path: Path, where: str, page: int, manifest: bool
) -> None:
    path, there = damaged(buried, tmp_path / "archive", where, page)
    alive = {one.id for one in buried}
    ix = ni.open(path.parent)
    for ask in (list[ni.Article], lambda ix: ix.count("*"), lambda ix: ix.get("0")):
        with pytest.raises(ni.CorruptIndexError) as caught:
            ask(ix)
        assert caught.value.path == path
    report = ix.check()
    errors = {(error.path, error.section) for error in report.errors}
    assert errors == {(path, "docs")} | ({(path, "table")} if where == "table" else set())
    assert any(f"checksum mismatch in 1 of 2 pages, the first is {page}" in str(error) for error in report.errors)
    if not manifest:
        (path.parent / "manifest.json").unlink()
        names = [error.path.name for error in check(DiskDirectory(path.parent)).errors]
        assert names == ["manifest.json", path.name]
    saved = ni.rescue(path.parent, tmp_path / "saved")
    rescued = ni.open(tmp_path / "saved")
    assert {one.id for one in rescued} == {hit.id for hit in rescued.search("*", limit=None)} == alive | there
    assert report.readable == saved.articles == len(alive) + len(there)
    assert (saved.ok, saved.lost, saved.doubtful) == (False, (), tuple(path.parent.glob("*.seg")))
    assert [error.path for error in saved.errors] == [path.with_name("manifest.json")] * (not manifest) + [path]


def test_two_damaged_pages_of_tombstones_are_told_of_once(buried: ni.Index, tmp_path: Path) -> None:
    path, _ = damaged(buried, tmp_path / "archive", "page", 0)
    flip(path, SectionReader(DiskDirectory(path.parent), path.name)._sections["docs"].offset + PAGE + 100)
    saved = ni.rescue(path.parent, tmp_path / "saved")
    assert ([error.path for error in saved.errors], saved.articles) == ([path], 9_000)


def test_tombstones_of_which_only_the_end_is_damaged_are_all_read(buried: ni.Index, tmp_path: Path) -> None:
    path, _ = damaged(buried, tmp_path / "archive", "end magic", 0)
    report = check(DiskDirectory(path.parent))
    assert [error.path for error in report.errors] == [path]
    saved = ni.rescue(path.parent, tmp_path / "saved")
    assert saved.ok
    assert report.readable == saved.articles == len(buried)
    assert {one.id for one in ni.open(tmp_path / "saved")} == {one.id for one in buried}


# Rescues that fail.


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """An index, in a directory of its own, and a place beside it for what is saved of it."""
    ix = ni.create(tmp_path / "place" / "archive")
    ix.add(articles(range(4)))
    ix.add(articles(range(2, 6), version=1))
    return ix.path, ix.path.with_name("saved")


def saves_all(archive: Path, target: Path) -> None:
    """What was tried in vain is tried again."""
    assert list(archive.parent.iterdir()) == [archive]
    saved = ni.rescue(archive, target)
    assert (saved.ok, saved.articles) == (True, 6)
    assert {one.id: one for one in ni.open(target)} == {one.id: one for one in ni.open(archive)}
    shutil.rmtree(target)


@contextmanager
def failing(name: str, *mode: Any) -> Iterator[list[FailingDirectory]]:
    """Directories of this name fail in the block; all that were used."""
    used: list[FailingDirectory] = []

    def disk(path: Path, *, make: bool = False) -> FailingDirectory:
        used.append(FailingDirectory(DiskDirectory(path, make=make), *(mode if path.name == name else ())))
        return used[-1]

    with mock.patch("newsindex.rescuing.DiskDirectory", disk), mock.patch("newsindex.index.DiskDirectory", disk):
        yield used


@pytest.mark.parametrize(("name", "step"), [("archive", 1), ("saved", 7), ("place", 1)])
def test_a_rescue_that_fails_at_any_call_leaves_nothing(
    small: tuple[Path, Path], long: bool, name: str, step: int
) -> None:
    """Be it that the archive cannot be read, or what is saved not written, as on a full disk."""
    outcomes = Counter[str]()
    modes = list(product((None, 1), ERRORS, (False, True)))
    for calls in range(0, 1000, 1 if long else step):
        failed = False
        for mode in modes if long else [modes[calls // step % len(modes)]]:
            with failing(name, calls, *mode) as used:
                try:
                    ni.rescue(*small)
                except ni.StorageError as error:
                    outcomes[f"refused in {name}" if name in error.path.parts else "wrong"] += 1
                else:
                    outcomes["tolerated"] += 1
                    shutil.rmtree(small[1])
            failed = failed or any(one.failed for one in used)
            saves_all(*small)
        if not failed:
            break
    assert outcomes["wrong"] == 0
    assert outcomes[f"refused in {name}"] >= (1 if name == "place" else 5)
    print(f"{dict(outcomes)}, 0 left behind, 0 lost")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_rescue_that_is_interrupted_leaves_nothing(small: tuple[Path, Path], error: type[BaseException]) -> None:
    whole = RemainingSegment.articles

    def some(segment: RemainingSegment) -> Iterator[Any]:
        yield next(whole(segment))
        raise error

    with mock.patch.object(RemainingSegment, "articles", some), pytest.raises(error):
        ni.rescue(*small)
    saves_all(*small)


@pytest.mark.parametrize("what", ["an index", "a file", "nothing in it", "a dangling link"])
def test_what_stands_at_the_target_is_left_alone(small: tuple[Path, Path], what: str) -> None:
    archive, target = small
    if what == "an index":
        ni.create(target).add(articles(range(10, 12)))
    elif what == "a file":
        target.write_bytes(b"a note")
    elif what == "nothing in it":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    with pytest.raises(ni.IndexExistsError, match="name a directory that is yet to be made") as caught:
        ni.rescue(archive, target)
    assert caught.value.path == target
    assert sorted(archive.parent.iterdir()) == [archive, target]
    if what == "an index":
        assert {one.id for one in ni.open(target)} == {"a10", "a11"}
    elif what == "a file":
        assert target.read_bytes() == b"a note"


def test_a_target_that_may_not_be_written(
    small: tuple[Path, Path], read_only: tuple[Path, Callable[[], AbstractContextManager[None]]]
) -> None:
    place, unprivileged = read_only
    archive = Path(shutil.copytree(small[0], place / "archive"))
    for target in (place / "saved", place / "some" / "saved", archive / "saved"):
        with unprivileged(), pytest.raises(ni.StorageError, match="give this user the right") as caught:
            ni.rescue(archive, target)
        assert caught.value.path.is_relative_to(place)
    assert list(place.iterdir()) == [archive]

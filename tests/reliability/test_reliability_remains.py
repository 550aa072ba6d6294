"""Of several versions of an article a rescue takes the newest, as far as what is left of an index can tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from reliability_support import articles

import newsindex as ni
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter

Content = dict[str, ni.Article]
FIRST, SECOND = articles(range(6)), articles(range(3), version=1)
NEWEST: Content = {one.id: one for one in [*FIRST, *SECOND]}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two segments: six articles, of which three are replaced by the second."""
    ix = ni.create(tmp_path / "archive")
    ix.add(FIRST)
    ix.add(SECOND)
    return ix.path


def named(place: Path, pattern: str) -> Path:
    [path] = place.glob(pattern)
    return path


def damage(place: Path, pattern: str, name: str) -> Path:
    """Flip a bit of each byte of a section."""
    path = named(place, pattern)
    section = SectionReader(DiskDirectory(place), path.name)._sections[name]
    data = bytearray(path.read_bytes())
    for at in range(section.offset, section.offset + section.length):
        data[at] ^= 4
    path.write_bytes(data)
    return path


def relist(place: Path, change: Callable[[Any], object]) -> None:
    """Write the manifest anew."""
    content = json.loads((place / manifests.NAME).read_bytes())["manifest"]
    change(content)
    (place / manifests.NAME).write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))


def rescued(place: Path) -> tuple[ni.Rescue, Content]:
    saved = ni.rescue(place, place.with_name("saved"))
    found = {one.id: one for one in ni.open(place.with_name("saved"))}
    assert saved.articles == len(found)
    return saved, found


def test_an_old_version_does_not_take_the_place_of_one_that_is_damaged(place: Path) -> None:
    tombstones = damage(place, "*.del", "docs")
    damage(place, "000002.seg", "articles.frames")
    saved, found = rescued(place)
    assert found == {one.id: one for one in FIRST[3:]}
    assert sorted(saved.lost) == ["a0", "a1", "a2"]
    assert (saved.doubtful, [error.path for error in saved.errors]) == ((place / "000001.seg",), [tombstones])


def test_an_old_version_that_is_damaged_is_no_loss(place: Path) -> None:
    damage(place, "*.del", "docs")
    damage(place, "000001.seg", "articles.frames")
    saved, found = rescued(place)
    assert found == {one.id: one for one in SECOND}
    assert sorted(saved.lost) == ["a3", "a4", "a5"]


def test_what_may_have_been_replaced_gives_way_to_what_was_not(place: Path) -> None:
    damage(place, "*.del", "docs")
    relist(place, lambda content: content["segments"].reverse())
    assert rescued(place)[1] == NEWEST


def test_newer_files_have_larger_numbers_and_not_later_names(place: Path) -> None:
    (place / manifests.NAME).unlink()
    named(place, "*.del").unlink()
    (place / "000001.seg").rename(place / "999999.seg")
    (place / "000002.seg").rename(place / "1000000.seg")
    saved, found = rescued(place)
    assert found == NEWEST
    assert [file.path.name for file in saved.files] == ["999999.seg", "1000000.seg"]


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_the_newest_tombstones_hold_all_that_those_before_do(place: Path, harm: str) -> None:
    older = shutil.copy(named(place, "*.del"), place.with_name("older"))
    before = named(place, "*.del")
    with mock.patch("newsindex.writer.choose_merge", return_value=set()), ni.open(place).writer() as w:
        assert w.delete("a5")
    assert named(place, "*.del") > before
    shutil.copy(older, before)
    (place / manifests.NAME).unlink()
    if harm == "damaged":
        data = bytearray(before.read_bytes())
        data[64] ^= 4
        before.write_bytes(data)
    else:
        before.unlink()
    saved, found = rescued(place)
    assert found == {name: one for name, one in NEWEST.items() if name != "a5"}
    assert saved.doubtful == ()


# Manifests of other days.


def test_an_old_manifest_that_misses_its_files_is_not_believed(place: Path) -> None:
    """Somebody has put it back; what it does not know of is newer than what it knows."""
    before = (place / manifests.NAME).read_bytes()
    ni.open(place).optimize()
    (place / manifests.NAME).write_bytes(before)
    saved, found = rescued(place)
    assert found == NEWEST
    assert [error.path for error in saved.errors] == [place / manifests.NAME]
    assert "it lists files that are gone, and there are newer ones" in str(saved.errors[0])


def test_what_was_not_committed_is_not_rescued_beside_a_manifest(place: Path) -> None:
    shutil.copy(place / "000002.seg", place / "000009.seg")
    saved, found = rescued(place)
    assert (saved.ok, found) == (True, NEWEST)
    assert [file.path.name for file in saved.files] == ["000001.seg", "000002.seg"]


def test_a_manifest_that_misses_a_file_is_believed_of_the_others(place: Path) -> None:
    (place / "000002.seg").unlink()
    saved, found = rescued(place)
    assert found == {one.id: one for one in FIRST[3:]}
    assert [error.path for error in saved.errors] == [place / "000002.seg"]


# Files that are not what they should be.


@pytest.mark.parametrize(("name", "left"), [("000001.seg", SECOND), ("000002.seg", FIRST[3:])])
def test_a_segment_of_another_index_is_not_rescued(place: Path, tmp_path: Path, name: str, left: Any) -> None:
    other = ni.create(tmp_path / "other")
    other.add(articles(range(20, 26)))
    shutil.copy(other.path / "000001.seg", place / name)
    saved, found = rescued(place)
    assert found == {one.id: one for one in left}
    assert "another file stands in its place" in str(saved.errors[0])


@pytest.mark.parametrize(
    ("docs", "dtype", "own", "dead"),
    [
        ([0, 99], "u4", True, 1),  # the others are of no article
        ([0], "u8", True, None),
        ([0], "u4", False, None),
        ([0, 1, 2], "u4", True, 3),
    ],
)
def test_forged_tombstones_bury_what_they_may(
    place: Path, docs: list[int], dtype: str, own: bool, dead: int | None
) -> None:
    path = named(place, "*.del")
    uid = SectionReader(DiskDirectory(place), path.name).uid
    path.unlink()
    with DiskDirectory(place).create(path.name) as file:
        sections = SectionWriter(file, "tombstones", uid if own else "0" * 32)
        sections.add("docs", np.array(docs, dtype))
        sections.finish({"segment": "000001.seg"})
    saved, found = rescued(place)
    assert found == NEWEST
    assert [error.path for error in saved.errors] == ([] if dead else [path])
    assert saved.files[0].readable == 6 - (dead or 0)

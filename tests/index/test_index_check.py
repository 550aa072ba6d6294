"""`check` on files whose checksums are right and which contradict themselves: searches do not look at all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from reliability_support import articles

import newsindex as ni
from newsindex.check import _check_files
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter

NAME = "000001.seg"
Arrays = dict[str, Any]


def rewritten(path: Path, change: Callable[[Arrays], None], name: str = NAME) -> None:
    """Write a file anew with other columns, as somebody would who knows the checksums; `meta` is its description."""
    directory = DiskDirectory(path)
    reader = SectionReader(directory, name)
    arrays: Arrays = {name: reader.array(name).copy() for name in reader.names()}
    arrays["meta"] = reader.meta
    change(arrays)
    meta = arrays.pop("meta")
    directory.remove(name)
    with directory.create(name) as file:
        writer = SectionWriter(file, reader.kind, reader.uid)
        for section, array in arrays.items():
            writer.add(section, array)
        writer.finish(meta)


def relisted(path: Path, change: Callable[[Any], None]) -> None:
    """Write the manifest anew."""
    content = json.loads((path / manifests.NAME).read_bytes())["manifest"]
    change(content)
    (path / manifests.NAME).write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))


def reverse_dates(arrays: Arrays) -> None:
    arrays["dates"][:] = arrays["dates"][::-1]


def cross_titles(arrays: Arrays) -> None:
    arrays["titles.starts"][1:3] = arrays["titles.starts"][2:0:-1]


def no_value(arrays: Arrays) -> None:
    arrays["values.0.numbers"][0] = 77


def no_number(arrays: Arrays) -> None:
    [rows] = [name for name in arrays if name.endswith(".rows")]
    arrays[rows.replace("rows", "numbers")][0] = 0


def same_value(arrays: Arrays) -> None:
    arrays["values.0.data"][4] = arrays["values.0.data"][9]


def another_id(arrays: Arrays) -> None:
    arrays["ids.docs"][:2] = arrays["ids.docs"][1::-1]


def longer(arrays: Arrays) -> None:
    arrays["words.title"][0] += 1


def exchanged_lengths(arrays: Arrays) -> None:
    arrays["words.body"][[0, 4]] = arrays["words.body"][[4, 0]]


def shorter(arrays: Arrays) -> None:
    arrays["words.body"][4] = 0


def another_title(arrays: Arrays) -> None:
    arrays["titles.data"][int(arrays["titles.starts"][2])] += 1


def another_checksum(arrays: Arrays) -> None:
    arrays["articles.checksums"][2] ^= 1


def fewer_checksums(arrays: Arrays) -> None:
    arrays["articles.checksums"] = arrays["articles.checksums"][:4]


def no_checksum(arrays: Arrays) -> None:
    arrays["articles.checksums"][2] = 0


def in_blocks(arrays: Arrays, section: str, word: bytes, at: int, bits: int) -> None:
    blocks = arrays[section]
    blocks[bytes(blocks).index(word) + at] ^= bits


def another_number(arrays: Arrays) -> None:
    in_blocks(arrays, "forms.blocks", b"ploi", 5, 3)  # behind the form and its term: form 1 of a term that has one


def another_owner(arrays: Arrays) -> None:
    in_blocks(arrays, "forms.blocks", b"ploi", 4, 1)


def unsorted_terms(arrays: Arrays) -> None:
    in_blocks(arrays, "terms.blocks", b"ploaie", 0, 0x60)


def no_text(arrays: Arrays) -> None:
    in_blocks(arrays, "terms.blocks", b"ploaie", 5, 0x80)


def unsorted_forms(arrays: Arrays) -> None:
    in_blocks(arrays, "forms.blocks", b"ploi", 0, 0x60)


def fields_apart(arrays: Arrays) -> None:
    arrays["meta"]["fields"][1]["terms"][0] += 1


def more_postings(arrays: Arrays) -> None:
    arrays["postings"] = np.append(arrays["postings"], np.zeros(8, "u1"))


def other_postings(arrays: Arrays) -> None:
    arrays["postings"][: len(arrays["postings"]) // 2] ^= 0x55


def other_frames(arrays: Arrays) -> None:
    arrays["articles.frames"][-1] ^= 0x55


@pytest.mark.parametrize(
    ("change", "section", "reason"),
    [
        (reverse_dates, "dates", "dates out of order"),
        (cross_titles, "titles", "strings that do not follow one another"),
        (no_value, "values of source", "numbers of values that are none of 2"),
        (no_number, "values of tags", "a value without a number, or listed twice"),
        (same_value, "values of source", "a value without a number, or listed twice"),
        (another_id, "ids.hashes", "an id that is not found where it is"),
        (longer, "words.title", "lengths that do not add up to the announced total"),
        (exchanged_lengths, "postings", "articles with more or fewer words than their lengths say"),
        (shorter, "postings", "is worth more in an article than its impact there"),
        (another_number, "forms", "forms that are not numbered within their terms"),
        (another_owner, "postings", "has other forms than the dictionary says"),
        (unsorted_terms, "terms", "entries of field 'text' out of order"),
        (no_text, "terms", "codec can't decode byte 0xe5"),
        (unsorted_forms, "forms", "entries of field 'text' out of order"),
        (fields_apart, "description", "does not follow the one before it"),
        (more_postings, "terms", "posting lists that do not fill their section"),
        (other_postings, "postings", "contradicts itself"),
        (other_frames, "articles.frames", "article 4: "),
        (another_title, "articles.checksums", "checksum mismatch of article 2"),
        (another_checksum, "articles.checksums", "checksum mismatch of article 2"),
        (fewer_checksums, "articles.checksums", "has 4 numbers where 5 are announced"),
        (no_checksum, None, None),  # as one has that an older newsindex wrote
        (lambda arrays: None, None, None),
    ],
)
def test_columns_that_contradict_themselves(
    tmp_path: Path, change: Callable[[Arrays], None], section: str | None, reason: str
) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(
        ni.Article(
            id=str(day),
            title=f"Ploi {day}",
            body="Plouă mult. " * (day - 1),
            date=f"2025-03-0{day}",
            source="Radio" if day == 1 else "Radia",
            tags=("a", "b"),
        )
        for day in range(1, 6)
    )
    rewritten(ix.path, change)
    report = ni.open(ix.path).check()
    if section is None:
        assert report.ok
        return
    told = [(error.section, str(error)) for error in report.errors]
    assert any(one[0] == section and reason in one[1] for one in told), told
    assert {error.path for error in report.errors} == {ix.path / NAME}


@pytest.mark.parametrize("docs", [[2, 1], [1, 1], [1, 12], [1, 2, 3]])
def test_tombstones_that_contradict_their_segment(tmp_path: Path, docs: list[int]) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(articles(range(12)))
    with ix.writer() as w:
        assert w.delete("a1")
        assert w.delete("a2")
    [path] = ix.path.glob("*.del")
    rewritten(ix.path, lambda arrays: arrays.update(docs=np.array(docs, "u4")), path.name)
    [error] = ni.open(ix.path).check().errors
    assert (error.path, error.section) == (path, "docs")
    assert "docids that are not of this segment" in str(error)


def test_an_article_that_lives_twice(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(articles(range(12)))
    ix.add(articles(range(3), version=1))

    def forget_tombstones(content: Any) -> None:
        content["segments"][0] |= {"deleted": 0, "tombstones": None, "tombstones_uid": None}

    relisted(ix.path, forget_tombstones)
    errors = ni.open(ix.path).check().errors
    assert {(error.path.name, error.section) for error in errors} == {("000002.seg", "ids")}
    told = sorted(re.findall("article 'a[0-9]' lives in 000001.seg too", "".join(map(str, errors))))
    assert told == [f"article 'a{number}' lives in 000001.seg too" for number in range(3)]


def test_a_file_of_another_size(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(articles(range(12)))
    size = (ix.path / NAME).stat().st_size
    relisted(ix.path, lambda content: content["segments"][0].update(size=size + 1))
    [error] = ni.open(ix.path).check().errors
    assert f"another size (expected {size + 1}, found {size})" in str(error)


def test_a_writer_that_never_rests_does_not_keep_a_check_from_its_end(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(articles(range(12)))
    seen: list[str] = []

    def written(directory: Any, entry: Any, opened: Any) -> Any:
        seen.append(entry.name)
        assert len(seen) < 10
        ni.open(ix.path).add(articles([20 + len(seen)]))
        return _check_files(directory, entry, opened)

    with mock.patch("newsindex.check._check_files", written):
        report = ix.check()
    assert (report.ok, report.articles, seen) == (True, 12, [NAME])


def test_a_generation_that_a_writer_sweeps_meanwhile_is_no_damage(tmp_path: Path) -> None:
    """The one that has taken its place is checked."""
    ix = ni.create(tmp_path / "archive")
    for first in (0, 12):
        ix.add(articles(range(first, first + 12)))
    seen: list[str] = []

    def swept(directory: Any, entry: Any, opened: Any) -> Any:
        if not seen:
            ni.open(ix.path).optimize()
        seen.append(entry.name)
        return _check_files(directory, entry, opened)

    with mock.patch("newsindex.check._check_files", swept):
        report = ix.check()
    assert (report.ok, report.segments, report.readable) == (True, 1, 24)
    assert seen == ["000001.seg", "000002.seg", "000003.seg"]

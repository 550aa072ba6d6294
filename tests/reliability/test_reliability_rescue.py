"""A rescue saves exactly the articles whose pages are intact; see test_reliability_damage for all kinds of damage."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import newsindex as ni
from newsindex.store.directory import DiskDirectory
from newsindex.store.sections import PAGE, SectionReader

COUNT = 1000


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> ni.Index:
    """One segment, merged of two, with a dictionary of each that is larger than a page."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghilmnoprstuvz", k=rng.randint(2, 9))) for _ in range(3000)]
    ix = ni.create(tmp_path_factory.mktemp("merged") / "archive")
    for half in range(2):
        ix.add(ni.Article(id=f"{half}-{n}", body=" ".join(rng.choices(words, k=160))) for n in range(COUNT))
    ix.optimize()
    return ix


def flip(path: Path, at: int) -> bytes:
    """Flip a bit; what stood there before."""
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
    return data


@pytest.mark.parametrize("page", [0, 3])
def test_a_damaged_page_costs_the_articles_on_it_and_no_other(merged: ni.Index, tmp_path: Path, page: int) -> None:
    [segment] = merged.path.glob("*.seg")
    reader = SectionReader(DiskDirectory(merged.path), segment.name)
    starts = reader.array("articles.starts").tolist()
    low, high = page * PAGE, (page + 1) * PAGE
    on_it = [doc for doc in range(2 * COUNT) if starts[doc] < high and starts[doc + 1] > low]
    there = {merged.snapshot().segments[0].segment.id(doc) for doc in on_it}
    whole = {one.id: one for one in merged}
    before = flip(segment, reader._sections["articles.frames"].offset + page * PAGE + 100)
    saved = ni.rescue(merged.path, tmp_path / "saved")
    report = merged.check()
    segment.write_bytes(before)
    assert 0 < len(there) < COUNT / 10
    assert set(saved.lost) == there
    assert not saved.ok
    assert (saved.errors, saved.doubtful) == ((), ())
    assert {one.id: one for one in ni.open(tmp_path / "saved")} == {
        k: one for k, one in whole.items() if k not in there
    }
    assert report.files == saved.files
    assert [(file.articles, file.readable) for file in report.files] == [(2 * COUNT, 2 * COUNT - len(there))]


def test_a_damaged_dictionary_costs_the_articles_compressed_with_it_and_no_other(
    merged: ni.Index, tmp_path: Path
) -> None:
    [segment] = merged.path.glob("*.seg")
    reader = SectionReader(DiskDirectory(merged.path), segment.name)
    bounds = reader.array("dictionaries.starts").tolist()
    assert len(bounds) == 3
    assert bounds[1] < (bounds[2] - 10) // PAGE * PAGE, "the last page is the second's alone"
    whole = {one.id: one for one in merged}
    before = flip(segment, reader._sections["dictionaries.data"].offset + bounds[2] - 10)
    saved = ni.rescue(merged.path, tmp_path / "saved")
    segment.write_bytes(before)
    found = {one.id: one for one in ni.open(tmp_path / "saved")}
    [half] = {name[0] for name in found}
    assert found == {name: one for name, one in whole.items() if name[0] == half}
    assert set(saved.lost) == whole.keys() - found.keys()

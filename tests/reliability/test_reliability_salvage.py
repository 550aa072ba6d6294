"""An article of a damaged segment is saved if its own bytes are as they were, whatever became of those around them."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import attrs
import numpy as np
import pytest
from reliability_damage import at_random
from reliability_support import articles

import newsindex as ni
from newsindex.check import check
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import PAGE

COUNT = 500  # of each half
NEWER = ("articles.checksums", "checkpoint")  # the sections that older indexes do not have


def built(place: Path) -> ni.Index:
    """One segment, merged of two, with a dictionary of each that is larger than a page."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghilmnoprstuvz", k=rng.randint(2, 9))) for _ in range(3000)]
    moment = datetime(2024, 5, 5, tzinfo=UTC)
    ix = ni.create(place)
    for half in range(2):
        ix.add(
            ni.Article(
                id=f"{half}-{number}",
                title=" ".join(rng.choices(words, k=8)),
                body=" ".join(rng.choices(words, k=320)),
                date=(moment + timedelta(minutes=rng.randint(0, 10**6))).astimezone(timezone(timedelta(hours=half))),
            )
            for number in range(COUNT)
        )
    ix.optimize()
    return ix


@attrs.frozen(eq=False)
class Segment:
    """The file of an index that is one, and which of its bytes are whose.

    Attributes:
        own: of each article the places of the bytes that are its own.
        shared: of each article those that it needs as others do: the dictionary that it is compressed with.
    """

    index: ni.Index
    path: Path
    data: bytes
    whole: dict[str, ni.Article]
    ids: list[str]
    reader: SectionReader
    own: list[set[tuple[int, int]]]
    shared: list[set[tuple[int, int]]]

    def start(self, name: str) -> int:
        """Where a section begins."""
        return self.reader._sections[name].offset


def segment_of(ix: ni.Index) -> Segment:
    [path] = ix.path.glob("*.seg")
    reader = SectionReader(DiskDirectory(ix.path), path.name)
    ids = [ix.snapshot().segments[0].segment.id(doc) for doc in range(2 * COUNT)]

    def rows(name: str) -> list[tuple[int, int]]:
        array, start = reader.array(name), reader._sections[name].offset
        return [(start + k * array.itemsize, start + (k + 1) * array.itemsize) for k in range(len(array))]

    def strings(data: str, starts: str) -> list[set[tuple[int, int]]]:
        bounds, base, places = reader.array(starts).tolist(), reader._sections[data].offset, rows(starts)
        return [{(base + bounds[k], base + bounds[k + 1]), *places[k : k + 2]} for k in range(len(bounds) - 1)]

    columns = [strings(f"{name}.data", f"{name}.starts") for name in ("ids", "titles")]
    columns += [strings("articles.frames", "articles.starts")]
    numbers = [rows(name) for name in ("dates", "offsets", "articles.dictionaries") if name in reader]
    own = [
        set().union(*(column[doc] for column in columns), {column[doc] for column in numbers})
        for doc in range(2 * COUNT)
    ]
    of = reader.array("articles.dictionaries").tolist()
    dictionaries = strings("dictionaries.data", "dictionaries.starts")
    return Segment(
        ix,
        path,
        path.read_bytes(),
        {one.id: one for one in ix},
        ids,
        reader,
        own,
        [dictionaries[of[doc]] for doc in range(2 * COUNT)],
    )


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    return segment_of(built(tmp_path_factory.mktemp("salvage") / "archive"))


@pytest.fixture(scope="module")
def older(segment: Segment, tmp_path_factory: pytest.TempPathFactory) -> Segment:
    """The same as it was written before articles had checksums."""
    place = shutil.copytree(segment.index.path, tmp_path_factory.mktemp("older") / "archive")
    directory = DiskDirectory(place)
    manifest = manifests.load(directory)
    [entry] = manifest.segments
    (place / entry.name).unlink()
    with directory.create(entry.name) as file:
        sections = SectionWriter(file, "segment", entry.uid)
        for name in segment.reader.names():
            if name not in NEWER:
                sections.add(name, segment.reader.array(name))
        size = sections.finish(segment.reader.meta)
    manifests.publish(directory, attrs.evolve(manifest, segments=(attrs.evolve(entry, size=size),)))
    return segment_of(ni.open(place))


def rescued(one: Segment, data: bytes, target: Path) -> tuple[ni.Rescue, set[str]]:
    """What a rescue says and saves where the file is `data`; all that is saved is as it was."""
    try:
        one.path.write_bytes(data)
        saved, report = ni.rescue(one.index.path, target), check(DiskDirectory(one.index.path))
    finally:
        one.path.write_bytes(one.data)
    found = {article.id: article for article in ni.open(target)}
    shutil.rmtree(target)
    assert all(one.whole[name] == article for name, article in found.items())
    assert saved.articles == len(found)
    assert not found.keys() & set(saved.lost)
    if not report.ok:
        assert report.files == saved.files
    return saved, set(found)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


def changed(one: Segment, data: bytes) -> list[tuple[int, int]]:
    """From where to where bytes differ from what they were, or are gone."""
    common = min(len(data), len(one.data))
    differs = np.frombuffer(data, "u1", common) != np.frombuffer(one.data, "u1", common)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], differs, [False]))))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return [*runs, (common, len(one.data))] if common < len(one.data) else runs


def touched(places: set[tuple[int, int]], runs: list[tuple[int, int]]) -> bool:
    return any(start < end and low < end and start < high for start, end in places for low, high in runs)


# An article has a checksum.


@pytest.mark.parametrize(
    "name", ["articles.frames", "articles.starts", "articles.dictionaries", "ids.data", "titles.data", "dates"]
)
def test_a_flipped_bit_costs_the_article_whose_it_is_and_no_other(segment: Segment, tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    size = segment.reader._sections[name].length
    for _ in range(3):
        at = segment.start(name) + rng.randrange(size)
        hit = {segment.ids[doc] for doc in range(2 * COUNT) if touched(segment.own[doc], [(at, at + 1)])}
        assert 1 <= len(hit) <= 2
        saved, found = rescued(segment, flipped(segment.data, at), tmp_path / "saved")
        assert found >= segment.whole.keys() - hit
        assert len(found) + len(saved.lost) >= len(segment.whole) - len(hit)
        assert not saved.ok or found == segment.whole.keys()
        if name != "articles.starts":  # there may be two ways to cut frames that both give the one
            assert found == segment.whole.keys() - hit


@pytest.mark.parametrize("name", ["articles.checksums", "checkpoint", "postings", "terms.blocks", "ids.hashes"])
def test_a_flipped_bit_in_what_no_article_needs_costs_none(segment: Segment, tmp_path: Path, name: str) -> None:
    at = segment.start(name) + random.Random(name).randrange(segment.reader._sections[name].length)
    saved, found = rescued(segment, flipped(segment.data, at), tmp_path / "saved")
    assert found == segment.whole.keys()
    assert (saved.ok, saved.lost) == (True, ())


@pytest.mark.parametrize("share", [1.3, 1, 0.999, 0.7, 0.01, 0])
def test_a_segment_that_was_cut_off_has_the_articles_before_the_cut(
    segment: Segment, tmp_path: Path, share: float
) -> None:
    frames, starts = segment.start("articles.frames"), segment.reader.array("articles.starts")
    stop = frames + int(share * int(starts[-1]))
    before = int(np.searchsorted(starts, stop - frames, "right")) - 1
    saved, found = rescued(segment, segment.data[:stop], tmp_path / "saved")
    assert found == set(segment.ids[:before])
    assert set(saved.lost) == set(segment.ids[before:])
    assert [(file.articles, file.readable) for file in saved.files] == [(2 * COUNT, before)]


def test_a_segment_of_one_commit_that_was_cut_off_behind_its_articles_has_them_all(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "archive")
    ix.add(articles(range(300)))
    [path] = ix.path.glob("*.seg")
    frames = SectionReader(DiskDirectory(ix.path), path.name)._sections["articles.frames"]
    assert frames.offset + frames.length < path.stat().st_size
    os.truncate(path, frames.offset + frames.length)
    assert ni.rescue(ix.path, tmp_path / "saved").ok
    assert {one.id: one for one in ni.open(tmp_path / "saved")} == {one.id: one for one in articles(range(300))}


def test_a_segment_that_was_cut_off_before_its_articles_has_none(segment: Segment, tmp_path: Path) -> None:
    saved, found = rescued(segment, segment.data[: segment.start("checkpoint")], tmp_path / "saved")
    assert (found, len(saved.errors)) == (set(), 1)
    assert [(file.articles, file.readable) for file in saved.files] == [(2 * COUNT, 0)]


@pytest.mark.parametrize("part", ["table", "footer", "trailer", "all"])
def test_a_damaged_end_costs_no_article(segment: Segment, tmp_path: Path, part: str) -> None:
    size, table, footer = len(segment.data), segment.reader._table_start, segment.reader._footer_start
    low, high = {
        "table": (table, footer),
        "footer": (footer, size - 48),
        "trailer": (size - 48, size),
        "all": (table, size),
    }[part]
    data = segment.data[:low] + bytes(high - low) + segment.data[high:]
    saved, found = rescued(segment, data, tmp_path / "saved")
    assert found == segment.whole.keys()
    assert (saved.ok, saved.lost) == (True, ())


def damages(one: Segment, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """One after another, and every third some at once."""
    rng = random.Random(seed)
    for number in range(count):
        data, names = one.data, []
        for _ in range(1 if number % 3 else rng.randint(2, 20)):
            name, changes = next(at_random({one.path.name: data}, rng))
            [after] = changes.values()
            assert after is not None
            if len(after) == len(data) or name.startswith("cut"):  # what moves takes the places of all behind it
                data, names = after, [*names, name]
        if names and len(data):
            yield "; ".join(names), data


def test_what_was_not_damaged_is_saved(segment: Segment, tmp_path: Path, long: bool) -> None:
    seed = int(os.environ.get("NEWSINDEX_SEED", random.randrange(10**6))) if long else 1
    count = saved_ones = lost = 0
    frames, checkpoint = segment.start("articles.frames"), segment.start("checkpoint")
    for name, data in damages(segment, seed, 1000 if long else 12):
        runs = changed(segment, data)
        found_by = ({(checkpoint, frames)}, {(segment.reader._table_start, len(segment.data))})
        if all(touched(places, runs) for places in found_by):
            continue  # neither the checkpoint nor the end of the file is as it was
        checksums = segment.start("articles.checksums")
        bare = {
            segment.ids[doc]
            for doc in range(2 * COUNT)
            if not touched(
                segment.own[doc] | segment.shared[doc] | {(checksums + 4 * doc, checksums + 4 * doc + 4)}, runs
            )
        }
        saved, found = rescued(segment, data, tmp_path / "saved")
        assert found >= bare, f"seed {seed}: {name}"
        assert bare or not saved.ok
        count, saved_ones, lost = count + 1, saved_ones + len(found), lost + len(segment.whole) - len(found)
    assert count > 5
    assert saved_ones > lost > 0
    print(f"seed {seed}: {count} damages, {saved_ones} articles saved, {lost} damaged, 0 lost that were not damaged")


# It has none: its pages must be sound.


@pytest.mark.parametrize("page", [0, 3])
def test_a_damaged_page_of_an_older_index_costs_the_articles_on_it_and_no_other(
    older: Segment, tmp_path: Path, page: int
) -> None:
    starts = older.reader.array("articles.starts").tolist()
    low, high = page * PAGE, (page + 1) * PAGE
    there = {older.ids[doc] for doc in range(2 * COUNT) if starts[doc] < high and starts[doc + 1] > low}
    at = older.start("articles.frames") + page * PAGE + 100
    saved, found = rescued(older, flipped(older.data, at), tmp_path / "saved")
    assert 0 < len(there) < COUNT / 10
    assert set(saved.lost) == there == older.whole.keys() - found
    assert (saved.ok, saved.errors, saved.doubtful) == (False, (), ())
    assert [(file.articles, file.readable) for file in saved.files] == [(2 * COUNT, 2 * COUNT - len(there))]


def test_a_damaged_dictionary_of_an_older_index_costs_the_articles_compressed_with_it_and_no_other(
    older: Segment, tmp_path: Path
) -> None:
    bounds = older.reader.array("dictionaries.starts").tolist()
    assert len(bounds) == 3
    assert bounds[1] < (bounds[2] - 10) // PAGE * PAGE, "the last page is the second's alone"
    at = older.start("dictionaries.data") + bounds[2] - 10
    saved, found = rescued(older, flipped(older.data, at), tmp_path / "saved")
    [half] = {name[0] for name in found}
    assert found == {name for name in older.whole if name[0] == half}
    assert set(saved.lost) == older.whole.keys() - found


@pytest.mark.parametrize("share", [0.99, 0.5, 0.1, 0.01])
def test_an_older_segment_without_its_end_is_lost_and_no_other(tmp_path: Path, older: Segment, share: float) -> None:
    saved, found = rescued(older, older.data[: int(share * len(older.data))], tmp_path / "saved")
    assert (found, [error.path for error in saved.errors]) == (set(), [older.path])
    assert [(file.path, file.articles, file.readable) for file in saved.files] == [(older.path, 2 * COUNT, 0)]


def test_an_older_index_is_sound_merges_and_gains_checksums_where_articles_are_added(
    older: Segment, tmp_path: Path
) -> None:
    ix = ni.open(shutil.copytree(older.index.path, tmp_path / "archive"))
    assert ix.check().ok
    ix.add(articles(range(200)))
    ix.optimize()
    assert ix.check().ok
    assert {one.id: one for one in ix} == older.whole | {one.id: one for one in articles(range(200))}
    opened = ix.snapshot().segments[0]
    docs = np.arange(opened.segment.articles, dtype=np.int32)
    known = {opened.segment.id(doc) for doc in np.flatnonzero(opened.articles.checksums_of(docs)).tolist()}
    assert known == {f"a{number}" for number in range(200)}

"""The article store: what goes in comes out, frames that lie are refused before they cost anything."""

from __future__ import annotations

import itertools
import random
import threading
import tracemalloc
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.store import articles
from newsindex.store.articles import MAX_ARTICLE_BYTES, ArticleReader, ArticleWriter

WORDS = ["ploaie", "tren", "concert", "muzeu", "fluviu", "podul", "stația", "orașul", "cercetători", "spectacol"]


class Compressed(NamedTuple):
    dictionary: bytes
    frames: bytes
    offsets: np.ndarray


def compress_articles(records: Sequence[bytes], threads: int = 2) -> Compressed:
    writer = ArticleWriter(records)
    frames = writer.frames(records, threads)
    assert len(frames) == len(records)
    return Compressed(writer.dictionary, b"".join(frames), np.cumsum([0, *map(len, frames)]).astype("<u8"))


def stories(count, seed=1):
    dice = random.Random(seed)
    return [
        f'{{"id": "{number}", "source": "Ziarul de probă", "body": "{" ".join(dice.choices(WORDS, k=60))}"}}'.encode()
        for number in range(count)
    ]


def decode_all(compressed):
    reader = ArticleReader([compressed.dictionary])
    bounds = compressed.offsets.tolist()
    view = memoryview(compressed.frames)
    return [reader.decode(view[start:stop]) for start, stop in itertools.pairwise(bounds)]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 2))
def test_round_trip_of_few(records, threads):
    assert decode_all(compress_articles(records, threads)) == records


@pytest.mark.parametrize("records", [[b""], [b"x", b""], [b"", b"x"], [b"x"] * 9 + [b""] * 9, [b"x" * 999, b"y"]])
def test_empty_records_are_not_lost_between_threads(records):
    for threads in (1, 2, 3):
        assert decode_all(compress_articles(records, threads)) == records


@pytest.mark.parametrize("threads", [1, 2])
def test_round_trip_of_many(threads):
    records = [*stories(1000), b"", b"x" * 1_000_000]
    compressed = compress_articles(records, threads)
    assert decode_all(compressed) == records
    assert compressed.dictionary
    assert compressed.offsets.dtype == "<u8"
    assert (compressed.offsets[0], compressed.offsets[-1]) == (0, len(compressed.frames))


def test_it_works_where_zstandard_has_no_threads(monkeypatch):
    monkeypatch.setattr(zstandard, "backend_features", set())
    records = stories(10)
    assert decode_all(compress_articles(records)) == records


def test_a_dictionary_is_made_only_where_it_pays():
    assert not compress_articles(stories(50)).dictionary
    assert not compress_articles([b"short"] * 200).dictionary
    for count in (400, 2000):
        compressed = compress_articles(stories(count))
        alone = sum(len(zstandard.ZstdCompressor(level=3).compress(record)) for record in stories(count))
        assert 0 < len(compressed.dictionary) <= sum(map(len, stories(count))) // 50
        assert len(compressed.frames) + len(compressed.dictionary) < alone


def test_records_that_cannot_train_are_stored_without():
    noise = random.Random(1).randbytes
    for records in (
        [b""] * 200 + [b"x" * 100_000],  # crashes zstd when it is trained on them
        [b""] * 190 + [noise(20_000) for _ in range(10)],
        [b"a" * 64] * 190 + [noise(60_000) for _ in range(10)],
        [b"a"] * 100_000,
        [noise(1000)] * 200,
        [noise(64) for _ in range(3000)],
    ):
        assert decode_all(compress_articles(records)) == records


def test_training_looks_at_a_bounded_sample(monkeypatch):
    seen = []
    train = zstandard.train_dictionary

    def record(size, samples, **options):
        seen.append((size, sum(map(len, samples)), max(map(len, samples))))
        return train(size, samples, **options)

    monkeypatch.setattr(zstandard, "train_dictionary", record)
    compress_articles([*stories(20_000), *[b"long story " * 100_000] * 3])
    [(size, total, longest)] = seen
    assert size <= 110 << 10
    assert 1 << 20 < total <= 4 << 20
    assert longest <= 64 << 10


def test_the_most_compressible_article_is_taken():
    for record in (b"a" * (8 << 20), b"ab" * (4 << 20), bytes(8 << 20)):
        assert decode_all(compress_articles([record])) == [record]


def test_an_article_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(articles, "MAX_ARTICLE_BYTES", 100)
    with pytest.raises(ValueError, match="record 1 has 101 bytes, more than 100"):
        compress_articles([b"", b"x" * 101])
    compressed = compress_articles([b"x" * 100])
    assert decode_all(compressed) == [b"x" * 100]
    monkeypatch.setattr(articles, "MAX_ARTICLE_BYTES", 99)
    with pytest.raises(ValueError, match="cannot hold an article of 100 bytes"):
        decode_all(compressed)


def claiming(size, body=b"\x01\x00\x00"):
    """A frame with one segment that says it holds `size` bytes; its only block is empty."""
    return b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little") + body


@pytest.mark.parametrize("size", [1 << 63, 1 << 40, MAX_ARTICLE_BYTES + 1, MAX_ARTICLE_BYTES, 100 << 20, 1])
def test_a_frame_that_claims_too_much_costs_nothing(size):
    reader = ArticleReader([b""])
    reader.decode(zstandard.compress(b"warm"))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"cannot hold|not the frame"):
            reader.decode(claiming(size))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("said", ["Allocation error : not enough memory", "could not initialize zstd thread pool"])
def test_want_of_memory_is_no_damage(said):
    class Short:
        def multi_compress_to_buffer(self, records, threads):
            raise zstandard.ZstdError(said)

        def decompress(self, *given):
            raise zstandard.ZstdError(f"decompression error: {said}")

    writer, reader = ArticleWriter([b"un articol"]), ArticleReader([b""])
    (frame,) = writer.frames([b"un articol"])
    writer._compressor = Short()
    with pytest.raises(MemoryError, match=said):
        writer.frames([b"un articol"])
    reader._local.known = {0: Short()}
    with pytest.raises(MemoryError if "memory" in said else ValueError, match=said):
        reader.decode(frame)


def test_a_frame_without_its_size_is_refused():
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"some text")
    with pytest.raises(ValueError, match="cannot hold"):
        ArticleReader([b""]).decode(unsized)


def test_what_is_no_frame_is_refused():
    frame = zstandard.compress(b"some text, some text, some text")
    reader = ArticleReader([b""])
    for damaged in (b"", b"junk", frame[:-1], frame + b"x", frame + frame, frame[:4], b"\x00" * 30):
        with pytest.raises(ValueError, match=r"frame"):
            reader.decode(damaged)
    assert reader.decode(frame) == b"some text, some text, some text"


def test_flipped_bits_give_an_error_or_an_article_of_the_same_length():
    [record] = stories(1)
    frame = compress_articles([record]).frames
    reader = ArticleReader([b""])
    refused = 0
    for position in range(len(frame)):
        for bit in range(8):
            data = bytearray(frame)
            data[position] ^= 1 << bit
            try:
                assert len(reader.decode(data)) <= 1 << 20
            except ValueError:
                refused += 1
    assert refused > 40


def test_dictionaries_are_told_apart():
    first, second = (compress_articles(stories(800, seed)) for seed in (1, 2))
    reader = ArticleReader([b"", first.dictionary, second.dictionary])
    frame = first.frames[: int(first.offsets[1])]
    assert reader.decode(frame, 1) == stories(1, 1)[0]
    for wrong in (0, 2, 3, -1, 1 << 70):
        with pytest.raises(ValueError, match=r"not the frame|no dictionary"):
            reader.decode(frame, wrong)


@pytest.mark.parametrize("junk", [b"x", b"junk" * 100, b"\x37\xa4\x30\xec" + b"\0" * 100])
def test_a_damaged_dictionary_is_refused(junk):
    with pytest.raises(ValueError, match=r"frame|dictionary"):
        ArticleReader([junk]).decode(zstandard.compress(b"some text"))


def test_threads_share_a_reader():
    records = stories(500)
    compressed = compress_articles(records)
    reader = ArticleReader([compressed.dictionary])
    bounds = compressed.offsets.tolist()
    results, start = [], threading.Barrier(4)

    def work(seed):
        start.wait()
        numbers = random.Random(seed).choices(range(500), k=500)
        frames = [compressed.frames[bounds[number] : bounds[number + 1]] for number in numbers]
        results.append([reader.decode(frame) for frame in frames] == [records[number] for number in numbers])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4

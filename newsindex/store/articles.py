"""The article store: each article one zstd frame, so that reading one decodes nothing else.

Articles of one archive resemble each other, so a dictionary trained on some of them and kept beside the frames does
for single articles what compressing many together would do. `newsindex.records` compresses with an
`ArticleWriter`, keeps the frames and the dictionary as sections, and decodes with an `ArticleReader`.

The constants come from 28,286 news articles (72.5 MB as JSON). Frames take 36.0 MB at level 3 without a dictionary;
with one of 110 KB they take 30.5 MB at level 1, 26.0 MB at level 3 in much the same time, and 25.0 MB at level 6 in
three times that. Sampling 2, 4, 8 or 11 MB changes this by 1 %. For fewer articles, a dictionary of 1/50 of their size
leaves the smallest sum of both, from a hundred articles up; the dictionary of another segment instead never does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import zstandard

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_ARTICLE_BYTES: Final = 256 << 20
LEVEL: Final = 3

Frame = bytes | memoryview

# A zstd block takes 4 bytes at least and gives 128 KiB at most: no honest frame claims more.
_MAX_RATIO: Final = (128 << 10) // 4

_MIN_RECORDS: Final = 100
_MIN_DICTIONARY: Final = 1 << 10
_MAX_DICTIONARY: Final = 110 << 10
_DICTIONARY_SHARE: Final = 50
_SAMPLE_BYTES: Final = 2 << 20
_MAX_SAMPLE: Final = 64 << 10
# zstd 1.5.7 crashes the process when the three quarters of the samples that it trains on are all empty. This keeps them
# longer than everything that it looks at, and what is shorter has nothing to teach.
_MIN_SAMPLE: Final = 64

_NO_MEMORY: Final = "not enough memory"  # what zstd says of allocations; the frame may be sound


class ArticleWriter:
    """Compresses the records of one segment.

    Args:
        sample: records to learn from: all, or some of them where the others cannot be held at once.
        share: how many times the sample all records are.

    Attributes:
        dictionary: for the `ArticleReader`; empty where there were too few records to pay for one.

    >>> records = [b"un articol", b"alt articol"]
    >>> writer = ArticleWriter(records)
    >>> [ArticleReader([writer.dictionary]).decode(frame) for frame in writer.frames(records)] == records
    True
    """

    def __init__(self, sample: Sequence[Frame], share: int = 1) -> None:
        self.dictionary = _train(sample, share)
        trained = zstandard.ZstdCompressionDict(self.dictionary) if self.dictionary else None
        if trained is not None:
            with _for_want_of_memory():
                trained.precompute_compress(level=LEVEL)
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=trained)

    def frames(self, records: Sequence[Frame], threads: int = 2) -> Sequence[Frame]:
        """The frame of each record.

        Raises:
            ValueError: a record is larger than MAX_ARTICLE_BYTES.
            MemoryError: there is none, or no room for a thread.
        """
        for number, record in enumerate(records):
            if len(record) > MAX_ARTICLE_BYTES:
                raise ValueError(
                    f"record {number} has {len(record)} bytes, more than {MAX_ARTICLE_BYTES}; split the article"
                )
        with _for_want_of_memory():
            return _compress(self._compressor, records, threads)


@contextmanager
def _for_want_of_memory() -> Iterator[None]:
    """Turn zstd's error into the only one that there can be: it compresses any bytes."""
    try:
        yield
    except zstandard.ZstdError as error:
        raise MemoryError(f"no memory to compress articles with: {error}") from error


def _compress(compressor: zstandard.ZstdCompressor, records: Sequence[Frame], threads: int) -> Sequence[Frame]:
    # zstandard shares the work out by bytes, and drops empty records that follow the last share.
    if not all(records) or "multi_compress_to_buffer" not in zstandard.backend_features:
        return [compressor.compress(record) for record in records]
    frames = compressor.multi_compress_to_buffer(list(records), threads=threads) if records else ()
    # zstandard's own type does not tell type checkers that it is a buffer.
    return [memoryview(cast("Buffer", frames[number])) for number in range(len(frames))]


def _train(records: Sequence[Frame], share: int) -> bytes:
    """A dictionary for `share` times these records, empty where none would pay."""
    total = sum(map(len, records))
    sample = _sample(records, step=-(-total // _SAMPLE_BYTES))
    size = min(_MAX_DICTIONARY, total * share // _DICTIONARY_SHARE, sum(map(len, sample)) // 8)
    if len(sample) < _MIN_RECORDS or size < _MIN_DICTIONARY:
        return b""
    try:
        # k and d fixed: searching for them takes five times as long and gains nothing.
        return zstandard.train_dictionary(size, sample, k=1024, d=8, f=18).as_bytes()
    except zstandard.ZstdError:
        # zstd's answer to records that it can learn nothing from; they compress without.
        return b""


def _sample(records: Sequence[Frame], step: int) -> list[bytes | bytearray | memoryview]:
    sample: list[bytes | bytearray | memoryview] = []
    left = _SAMPLE_BYTES
    for record in records[:: step or 1]:
        part = bytes(record[:_MAX_SAMPLE])
        left -= len(part)
        if left < 0:
            break
        if len(part) >= _MIN_SAMPLE:
            sample.append(part)
    return sample


class ArticleReader:
    """Decodes frames; as many threads as like may share it.

    Args:
        dictionaries: those of the `ArticleWriter`s, by the numbers that `decode` is called with; an empty one
            stands for none.
    """

    def __init__(self, dictionaries: Sequence[bytes]) -> None:
        self._dictionaries = [
            zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT) if data else None
            for data in dictionaries
        ]
        # A decompressor has one state and must not be used by two threads at once.
        self._local = threading.local()

    def decode(self, frame: Frame, dictionary: int = 0) -> bytes:
        """The record that `frame` was made of.

        Args:
            frame: the bytes of exactly one frame.
            dictionary: the number of the dictionary that it was made with.

        Raises:
            ValueError: the bytes are no frame, or one that claims an impossible size; nothing was allocated for it.
            MemoryError: there is none to decode it with.
        """
        try:
            size: int = zstandard.frame_content_size(frame)
            if not 0 <= size <= min(MAX_ARTICLE_BYTES, len(frame) * _MAX_RATIO):
                raise ValueError(f"a frame of {len(frame)} bytes cannot hold an article of {size} bytes")
            # The last two: no frames behind this one, nor anything else.
            record = self._decompressor(dictionary).decompress(frame, 0, False, False)
        except zstandard.ZstdError as error:
            if _NO_MEMORY in str(error):
                raise MemoryError(f"no memory to read an article with: {error}") from error
            raise ValueError(f"not the frame of an article: {error}") from error
        if len(record) != size:
            raise ValueError(f"an article of {size} bytes expected, found {len(record)}")
        return record

    def _decompressor(self, dictionary: int) -> zstandard.ZstdDecompressor:
        try:
            known: zstandard.ZstdDecompressor = self._local.known[dictionary]
        except (AttributeError, KeyError):
            if not 0 <= dictionary < len(self._dictionaries):
                raise ValueError(
                    f"no dictionary has the number {dictionary}; there are {len(self._dictionaries)}"
                ) from None
            known = zstandard.ZstdDecompressor(dict_data=self._dictionaries[dictionary])
            self._local.__dict__.setdefault("known", {})[dictionary] = known
        return known

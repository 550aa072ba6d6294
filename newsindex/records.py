"""Articles as they are stored in a segment: records to compressed frames, and back to `Article`.

A record holds what the columns of the segment do not have: one line of JSON, a line end, the body as it is (made by
`newsindex._encoder`, read by `newsindex._records`). A frame is a record compressed
with one of the dictionaries of the segment. The sections:

    articles.frames        bytes            the frames, in the order of docids
    articles.starts        uint [n + 1]     where each begins
    articles.dictionaries  uint8 [n]        the number of the dictionary of each
    dictionaries           strings          see newsindex.inverted.columns; an empty one stands for none
"""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from newsindex._records import Records
from newsindex.article import Article
from newsindex.errors import ArticleError, CorruptIndexError
from newsindex.forks import cached_property
from newsindex.inverted._columns import Numbers, Strings
from newsindex.inverted.columns import Packed, pack, picked, wide, write_strings
from newsindex.inverted.segment import Segment
from newsindex.store.articles import ArticleReader, ArticleWriter, Frame
from newsindex.store.sections import SectionReader, SectionWriter
from newsindex.threads import new_thread

_MAX_DICTIONARIES: Final = 16  # of one segment; a merge that would keep more compresses anew
_BATCH: Final = 1000  # records or frames that are handled at a time
_ROOM: Final = 4 << 20  # bytes of records that are kept, and compressed, together

_HUGE: Final[int | None] = getattr(mmap, "MADV_HUGEPAGE", None)  # not every system knows this


class StoredArticles:
    """Reads the stored articles of a segment."""

    def __init__(self, sections: SectionReader, segment: Segment, path: Path) -> None:
        self._sections = sections
        self._segment = segment
        self._path = path

    @cached_property
    def _frames(self) -> Strings:
        with self._segment.reading("articles"):
            return Strings(self._sections, "articles", self._segment.articles, data="frames")

    @cached_property
    def _numbers(self) -> Numbers:
        with self._segment.reading("articles.dictionaries"):
            return Numbers(self._sections, "articles.dictionaries", "u1", self._segment.articles)

    @cached_property
    def dictionaries(self) -> list[bytes]:
        """The dictionaries that frames were compressed with."""
        try:
            strings = Strings(self._sections, "dictionaries")
            return [strings.raw(number) for number in range(len(strings))]
        except ValueError as error:
            raise CorruptIndexError(self._path, "dictionaries", reason=str(error)) from error

    @cached_property
    def _records(self) -> Records:
        reader = ArticleReader(self.dictionaries)
        return Records(self._frames, self._numbers, self._segment.rows, reader.decode)

    def dictionaries_of(self, docs: NDArray[np.int32]) -> NDArray[np.int64]:
        """The numbers of the dictionaries of some articles' frames."""
        with self._segment.reading("articles.dictionaries"):
            numbers = self._numbers.take(docs)
            if numbers.max(initial=0) >= len(self.dictionaries):
                raise ValueError(f"dictionary {numbers.max()} of {len(self.dictionaries)}")
            return numbers

    def release(self) -> None:
        """Give back the memory of what was read so far, for who reads all of it; it may be read again."""
        self._sections.release()

    def frames(self, low: int, high: int) -> Packed:
        """The frames of articles `low` to `high` - 1."""
        with self._segment.reading("articles.frames"):
            return self._frames.cut(low, high)

    def record(self, doc: int) -> bytes:
        """The record of an article."""
        try:
            return self._records.record(doc)
        except (ValueError, IndexError) as error:
            raise self._damaged(doc, error) from error

    def body(self, doc: int) -> str:
        """The body of an article, without the rest of it."""
        try:
            return self._records.body(doc)
        except (ValueError, IndexError) as error:
            raise self._damaged(doc, error) from error

    def read(self, doc: int) -> Article:
        """An article, as it was added."""
        try:
            return self._records.article(doc)
        except (ValueError, IndexError, TypeError, StopIteration, RecursionError, ArticleError) as error:
            raise self._damaged(doc, error) from error

    def _damaged(self, doc: int, error: Exception) -> CorruptIndexError:
        return CorruptIndexError(self._path, "articles.frames", reason=f"article {doc}: {error}")


class _PackedRecords:
    """Some records in memory that goes back to the system as soon as they do.

    Where thousands of small objects lay the allocator keeps the holes, about as much as they all took.

    Args:
        room: bytes of memory, which are taken as they are written to.

    Raises:
        MemoryError: there is none.
    """

    def __init__(self, room: int) -> None:
        self._bounds = [0]
        try:
            # Private: shared memory takes twice as long to be had.
            self._memory = mmap.mmap(-1, room, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except OSError as error:
            raise MemoryError(f"no memory for {room} bytes of articles: {error}") from error
        if _HUGE is not None:
            with suppress(OSError):  # of systems that know huge pages but have none; they only save time
                self._memory.madvise(_HUGE)

    @property
    def room(self) -> int:
        """The bytes that there is room for still."""
        return len(self._memory) - self._bounds[-1]

    def append(self, record: bytes) -> None:
        """Keep one more, for which there is room."""
        self._memory.write(record)
        self._bounds.append(self._bounds[-1] + len(record))

    def views(self) -> list[memoryview]:
        """The records."""
        whole = memoryview(self._memory)
        return [whole[start:stop] for start, stop in pairwise(self._bounds)]


class BufferedRecords:
    """The records of buffered articles, by their numbers; when these are written, each gives way to its frame.

    Attributes:
        nbytes: bytes of all.
    """

    def __init__(self) -> None:
        self._packed: deque[_PackedRecords] = deque()  # those that have no frame yet
        self._frames: list[Frame] = []  # of those before
        self._writer: ArticleWriter | None = None
        self.nbytes = 0

    def make_room(self, size: int) -> None:
        """See to it that appending a record of so many bytes does not fail.

        Raises:
            MemoryError: there is none for it.
        """
        if not self._packed or self._packed[-1].room < size:
            self._packed.append(_PackedRecords(max(_ROOM, size)))

    def append(self, record: bytes) -> None:
        """Keep one more.

        Raises:
            MemoryError: there is none for it.
        """
        self.make_room(len(record))
        self._packed[-1].append(record)
        self.nbytes += len(record)

    @contextmanager
    def compressing(self) -> Iterator[None]:
        """Compress them on a thread of its own while the block does other work: zstd needs no GIL.

        The end of the block waits for the thread and raises what went wrong there. What was compressed stays so, and
        whoever tries again goes on from there.
        """
        with new_thread("zstd") as pool:
            made = pool.submit(self._compress)
            yield
            made.result()

    def _compress(self) -> None:
        if self._writer is None:
            self._writer = ArticleWriter([record for batch in self._packed for record in batch.views()])
        while self._packed:
            batch = self._packed[0].views()
            frames = self._writer.frames(batch, threads=1)
            self._frames += frames
            self._packed.popleft()
            self.nbytes -= sum(map(len, batch)) - sum(map(len, frames))

    def write(self, sections: SectionWriter, order: Sequence[int]) -> None:
        """Write them, compressed before, as the articles of a new segment: docid d has the record number `order[d]`."""
        if self._writer is None or self._packed:
            raise ValueError("records that are not compressed yet; let compressing() end first")
        batches = (
            [self._frames[number] for number in order[first : first + _BATCH]] for first in range(0, len(order), _BATCH)
        )
        _write_frames(sections, batches, np.zeros(len(order), np.uint8), [self._writer.dictionary])


def write_merged_articles(
    sections: SectionWriter, sources: Sequence[StoredArticles], which: NDArray[np.int32], docs: NDArray[np.int32]
) -> None:
    """Write the articles of a merged segment: docid d is article `docs[d]` of `sources[which[d]]`.

    Frames are copied together with their dictionaries as long as those are few. Where they are many, or some segments
    were too small to have any, records are compressed anew with one dictionary.
    """
    dictionaries = list(dict.fromkeys(data for source in sources for data in source.dictionaries))
    if b"" not in dictionaries and len(dictionaries) <= _MAX_DICTIONARIES:
        numbers = np.zeros(len(docs), np.uint8)
        for k, source in enumerate(sources):
            places = np.array([dictionaries.index(data) for data in source.dictionaries], np.uint8)
            numbers[which == k] = places[source.dictionaries_of(docs[which == k])]
        columns = [source.frames for source in sources]
        copied = (picked(columns, *some) for some in _batches(sources, which, docs))
        _write_packed(sections, copied, numbers, dictionaries)
        return
    step = 1 + len(docs) // _BATCH
    sample = [record for some in _batches(sources, which[::step], docs[::step]) for record in _records(sources, *some)]
    writer = ArticleWriter(sample, share=step)
    anew = (writer.frames(_records(sources, *some)) for some in _batches(sources, which, docs))
    _write_frames(sections, anew, np.zeros(len(docs), np.uint8), [writer.dictionary])


def _batches(
    sources: Sequence[StoredArticles], which: NDArray[np.int32], docs: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Both columns, some rows at a time; the memory that reading these took is given back between."""
    for first in range(0, len(docs), _BATCH):
        yield which[first : first + _BATCH], docs[first : first + _BATCH]
        for source in sources:
            source.release()


def _records(sources: Sequence[StoredArticles], which: NDArray[np.int32], docs: NDArray[np.int32]) -> list[Frame]:
    return [sources[k].record(doc) for k, doc in zip(which.tolist(), docs.tolist(), strict=True)]


def _write_frames(
    sections: SectionWriter,
    batches: Iterable[Sequence[Frame]],
    numbers: NDArray[np.uint8],
    dictionaries: Sequence[bytes],
) -> None:
    _write_packed(sections, map(pack, batches), numbers, dictionaries)


def _write_packed(
    sections: SectionWriter,
    batches: Iterable[Packed],
    numbers: NDArray[np.uint8],
    dictionaries: Sequence[bytes],
) -> None:
    lengths = [np.zeros(1, np.uint32)]  # MAX_ARTICLE_BYTES fits
    sections.open("articles.frames", "u1")
    for data, starts in batches:
        lengths.append(np.diff(starts).astype(np.uint32))
        sections.write(data)
    sections.close_section()
    sections.add("articles.starts", wide(np.cumsum(np.concatenate(lengths), dtype=np.uint64)))
    sections.add("articles.dictionaries", numbers)
    write_strings(sections, "dictionaries", *pack(dictionaries))

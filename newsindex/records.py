"""Articles as they are stored in a segment: records to compressed frames, and back to `Article`.

A record holds what the columns of the segment do not have: one line of JSON, a line end, the body as it is (made by
`newsindex._encoder`, read by `newsindex._records`). A frame is a record compressed with one of the dictionaries of the
segment. The sections:

    dictionaries           strings          see newsindex.inverted.columns; an empty one stands for none
    articles.starts        uint [n + 1]     where the frame of each article begins
    articles.dictionaries  uint8 [n]        the number of the dictionary of each
    articles.checksums     uint32 [n]       what tells each from one that was damaged; 0 where that is not known
    checkpoint             see newsindex.store.sections
    articles.frames        bytes            the frames, in the order of docids

They stand between the columns that show articles and the words that find them. The checksum of an article is that of
all that comes back of it, so one in a file that was damaged or cut off is intact or is not, whatever became of what is
around it. An index that newsindex made before the 23rd of November 2026 has neither checksums nor a checkpoint, and its
articles stand last.
"""

from __future__ import annotations

import mmap
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from newsindex._records import Records
from newsindex.article import Article
from newsindex.errors import ArticleError, CorruptIndexError
from newsindex.forks import cached_property
from newsindex.inverted._columns import Numbers, Strings
from newsindex.inverted._metadata import moment_of
from newsindex.inverted.columns import Packed, Sections, pack, picked, starts_of, wide, write_strings
from newsindex.inverted.merge import Spool
from newsindex.inverted.segment import Segment
from newsindex.store.articles import ArticleReader, ArticleWriter, Frame
from newsindex.store.section_writer import SectionWriter
from newsindex.threads import Task, Worker

FRAMES: Final = "articles.frames"

_MAX_DICTIONARIES: Final = 16  # of one segment; a merge that would keep more compresses anew
_BATCH: Final = 1000  # records or frames that are handled at a time
_ROOM: Final = 4 << 20  # bytes of records that are kept, and compressed, together

_HUGE: Final[int | None] = getattr(mmap, "MADV_HUGEPAGE", None)  # not every system knows this


def checksum_of(article: Article, record: bytes) -> int:
    """The checksum of an article, of which `record` is stored, and what it lacks apart from it: 32 bits, never 0.

    >>> checksum_of(Article(id="1", title="Ploi"), b"{}") == checksum_of(Article(id="1", title="Ploi!"), b"{}")
    False
    """
    date = None if article.date is None else moment_of(article.date)  # as it comes back: an offset has no microseconds
    apart = f"{article.id}\0{article.title}\0{date}"  # of which none has a NUL
    return xxh3_64_intdigest(record, xxh3_64_intdigest(apart.encode())) & 0xFFFF_FFFF or 1


class StoredArticles:
    """Reads the stored articles of a segment."""

    def __init__(self, sections: Sections, segment: Segment, path: Path) -> None:
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

    @cached_property
    def _starts(self) -> Numbers:
        with self._segment.reading("articles.starts"):
            return Numbers(self._sections, "articles.starts", count=self._segment.articles + 1)

    @cached_property
    def _checksums(self) -> Numbers | None:
        if "articles.checksums" not in self._sections:
            return None
        with self._segment.reading("articles.checksums"):
            return Numbers(self._sections, "articles.checksums", "u4", self._segment.articles)

    def checksums_of(self, docs: NDArray[np.int32]) -> NDArray[np.uint32]:
        """The checksums of some articles."""
        if self._checksums is None:
            return np.zeros(len(docs), np.uint32)
        with self._segment.reading("articles.checksums"):
            return self._checksums.take(docs).astype(np.uint32)

    def sizes_of(self, docs: NDArray[np.int32]) -> NDArray[np.int64]:
        """How many bytes the frames of some articles have."""
        with self._segment.reading("articles.starts"):
            return self._starts.take(docs + np.int32(1)) - self._starts.take(docs)

    def verify(self, doc: int) -> Article:
        """An article, as it was added by what its checksum says; one that has none is taken for damaged."""
        article = self.read(doc)
        expected = int(self.checksums_of(np.array([doc], np.int32))[0])
        found = checksum_of(article, self.record(doc))
        if expected != found:
            raise CorruptIndexError(
                self._path,
                "articles.checksums",
                reason=f"checksum mismatch of article {doc}",
                expected=f"{expected:08x}",
                found=f"{found:08x}",
            )
        return article

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
        self._checksums = array("I")
        self._writer: ArticleWriter | None = None
        self.nbytes = 0

    def make_room(self, size: int) -> None:
        """See to it that appending a record of so many bytes does not fail.

        Raises:
            MemoryError: there is none for it.
        """
        if not self._packed or self._packed[-1].room < size:
            self._packed.append(_PackedRecords(max(_ROOM, size)))

    def append(self, record: bytes, checksum: int) -> None:
        """Keep one more.

        Raises:
            MemoryError: there is none for it.
        """
        self.make_room(len(record))
        self._packed[-1].append(record)
        self._checksums.append(checksum)
        self.nbytes += len(record)

    @contextmanager
    def compressing(self) -> Iterator[None]:
        """Compress them on a thread of its own while the block does other work: zstd needs no GIL.

        The end of the block waits for the thread and raises what went wrong there. What was compressed stays so, and
        whoever tries again goes on from there.
        """
        with Worker("zstd") as worker:
            made = worker.begin(Task(self._compress))
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

    def write(self, sections: SectionWriter, order: NDArray[np.int32], description: dict[str, Any]) -> None:
        """Write them, compressed before, as the articles of a new segment: docid d has the record number `order[d]`.

        Args:
            description: of the segment.
        """
        if self._writer is None or self._packed:
            raise ValueError("records that are not compressed yet; let compressing() end first")
        frames = [self._frames[number] for number in order.tolist()]
        table = FrameTable(
            np.fromiter(map(len, frames), np.int64, len(frames)),
            np.zeros(len(frames), np.uint8),
            np.frombuffer(self._checksums, np.uint32)[order],
            [self._writer.dictionary],
        )
        batches = (pack(frames[first : first + _BATCH])[0] for first in range(0, len(frames), _BATCH))
        table.write(sections, batches, description)


@attrs.frozen(eq=False)
class FrameTable:
    """What is written of frames besides themselves.

    Attributes:
        sizes: of the frames, in bytes.
        numbers: of their dictionaries.
        checksums: of their articles.
        dictionaries: by these numbers.
    """

    sizes: NDArray[np.int64]
    numbers: NDArray[np.uint8]
    checksums: NDArray[np.uint32]
    dictionaries: Sequence[bytes]

    def write(self, sections: SectionWriter, frames: Iterable[Any], description: dict[str, Any]) -> None:
        """Write all sections; the bytes of all frames, in order, come in any parts."""
        write_strings(sections, "dictionaries", *pack(self.dictionaries))
        sections.add("articles.starts", wide(starts_of(self.sizes).astype(np.uint64)))
        sections.add("articles.dictionaries", self.numbers)
        sections.add("articles.checksums", self.checksums)
        sections.checkpoint(description)
        sections.open(FRAMES, "u1")
        for part in frames:
            sections.write(part)
        sections.close_section()


class ArticleMerger:
    """Merges stored articles: docid d of the merged segment is article `docs[d]` of `sources[which[d]]`.

    Frames are copied together with their dictionaries as long as those are few. Where they are many, or some segments
    were too small to have any, records are compressed anew with one dictionary.

    Args:
        spool: makes a place to keep frames in, for it is only known how long they are when all are compressed.
    """

    def __init__(
        self,
        sources: Sequence[StoredArticles],
        which: NDArray[np.int32],
        docs: NDArray[np.int32],
        spool: Callable[[], AbstractContextManager[Spool]],
    ) -> None:
        self._sources, self._which, self._docs, self._spool = sources, which, docs, spool
        self._dictionaries = list(dict.fromkeys(data for source in sources for data in source.dictionaries))

    def write(self, sections: SectionWriter, description: dict[str, Any]) -> None:
        """Write the articles of a segment of this description."""
        few = b"" not in self._dictionaries and len(self._dictionaries) <= _MAX_DICTIONARIES
        (self._copy if few else self._compress)(sections, description)

    def _copy(self, sections: SectionWriter, description: dict[str, Any]) -> None:
        numbers, sizes = np.zeros(len(self._docs), np.uint8), np.zeros(len(self._docs), np.int64)
        for k, source in enumerate(self._sources):
            places = np.array([self._dictionaries.index(data) for data in source.dictionaries], np.uint8)
            mine = self._which == k
            numbers[mine] = places[source.dictionaries_of(self._docs[mine])]
            sizes[mine] = source.sizes_of(self._docs[mine])
        columns = [source.frames for source in self._sources]
        copied = (picked(columns, *some)[0] for some in self._batches())
        FrameTable(sizes, numbers, self._checksums(), self._dictionaries).write(sections, copied, description)

    def _compress(self, sections: SectionWriter, description: dict[str, Any]) -> None:
        step = 1 + len(self._docs) // _BATCH
        sample = [record for some in self._batches(step) for record in self._records(*some)]
        writer = ArticleWriter(sample, share=step)
        sizes = [np.zeros(0, np.int64)]
        with self._spool() as spool:
            for some in self._batches():
                data, starts = pack(writer.frames(self._records(*some)))
                sizes.append(np.diff(starts).astype(np.int64))
                spool.write(data)
            numbers = np.zeros(len(self._docs), np.uint8)
            table = FrameTable(np.concatenate(sizes), numbers, self._checksums(), [writer.dictionary])
            table.write(sections, spool.chunks(), description)

    def _checksums(self) -> NDArray[np.uint32]:
        checksums = np.zeros(len(self._docs), np.uint32)
        for k, source in enumerate(self._sources):
            mine = self._which == k
            checksums[mine] = source.checksums_of(self._docs[mine])
        return checksums

    def _batches(self, step: int = 1) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Both columns, some rows at a time, of each `step` one; the memory that reading took is given back between."""
        for first in range(0, len(self._docs), _BATCH * step):
            rows = slice(first, first + _BATCH * step, step)
            yield self._which[rows], self._docs[rows]
            for source in self._sources:
                source.release()

    def _records(self, which: NDArray[np.int32], docs: NDArray[np.int32]) -> list[Frame]:
        return [self._sources[k].record(doc) for k, doc in zip(which.tolist(), docs.tolist(), strict=True)]

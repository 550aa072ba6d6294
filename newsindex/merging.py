"""Merging in the background: which segments are to become one, and the thread that makes it while articles are added.

`newsindex.writer` is the only caller. A merge reads segments that nobody changes, and writes one that nobody lists: it
needs nothing of the writer, and until the writer takes what came of it and commits, the index is what it was. What dies
meanwhile in the segments that it reads, the writer buries in the new one.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.errors import CorruptIndexError
from newsindex.inverted.merge import Merger
from newsindex.inverted.segment import LiveSegment
from newsindex.records import ArticleMerger
from newsindex.snapshot import OpenSegment
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory, OutputFile, new_file
from newsindex.store.lock import WriterLock
from newsindex.store.manifest import SegmentEntry
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import new_uid
from newsindex.threads import Task, Worker

if TYPE_CHECKING:
    from typing_extensions import Buffer

FANOUT: Final = 8  # as many segments of like size are merged into one
TIER_FLOOR: Final = 1 << 20  # bytes; smaller segments count as alike
FILES: Final = 2  # that a merge writes: the segment, and one that is gone when it ends


def choose_merge(entries: Collection[SegmentEntry]) -> set[SegmentEntry]:
    """The segments to merge next: as many as `FANOUT` of one tier of sizes, or one that is mostly deleted; else none.

    A tier is a power of `FANOUT` in size, counted without deleted articles. So an article is merged once per tier on
    its way up, and an index of n articles has about log n segments.
    """
    tiers: dict[int, set[SegmentEntry]] = {}
    for entry in entries:
        if entry.deleted * 2 > entry.articles:
            return {entry}
        size = entry.size * (entry.articles - entry.deleted) / max(entry.articles, 1)
        tier = int(math.log(max(size / TIER_FLOOR, 1), FANOUT))
        tiers.setdefault(tier, set()).add(entry)
        if len(tiers[tier]) >= FANOUT:
            return tiers[tier]
    return set()


@attrs.frozen(eq=False)
class Source:
    """A segment to be merged, and which of its articles were alive when the merge began; the others are left out."""

    segment: OpenSegment
    alive: NDArray[np.bool_]


@attrs.frozen(eq=False)
class Merged:
    """What came of a merge.

    Attributes:
        segment: the new one.
        sources: what it takes the place of.
        renumbered: for each of these the new docid of each article, -1 for those left out.
    """

    segment: OpenSegment
    sources: Sequence[Source]
    renumbered: Sequence[NDArray[np.int32]]


@attrs.frozen(eq=False)
class _Running:
    worker: Worker
    task: Task[Merged]
    stop: threading.Event
    names: frozenset[str]


class Merging:
    """One merge at a time, on a thread that ends with it. To be called by one thread, which holds the lock."""

    def __init__(self, directory: Directory, lock: WriterLock) -> None:
        self._directory = directory
        self._lock = lock
        self._running: _Running | None = None

    @property
    def begun(self) -> bool:
        """Whether a merge was begun whose end was not taken yet."""
        return self._running is not None

    @property
    def done(self) -> bool:
        """Whether there is one that has ended, well or not: `take` does not wait."""
        return self._running is not None and self._running.task.done

    @property
    def failed(self) -> bool:
        """Whether it has ended with an error, which `take` raises."""
        return self._running is not None and self._running.task.error is not None

    @property
    def names(self) -> frozenset[str]:
        """The files that the merge begun writes."""
        return self._running.names if self._running else frozenset()

    def begin(self, sources: Sequence[Source], number: int) -> None:
        """Begin to merge `sources`, older ones first. Numbers of files from `number` on, `FILES` of them, are its own.

        The merge before this one must have been taken or abandoned.
        """
        name, spool = (manifests.segment_name(number + k) for k in range(FILES))
        directory = _Stoppable(self._directory, self._lock, threading.Event())
        task = Task(_merge, directory, sources, name, spool)
        self._running = _Running(Worker("merge"), task, directory.stop, frozenset((name, spool)))
        try:
            self._running.worker.begin(task)
        except BaseException:
            self.abandon()  # for it may have begun
            raise

    def take(self) -> Merged:
        """Wait for the merge begun; what came of it.

        Raises:
            CorruptIndexError, StorageError, MemoryError: it failed. The segments are as they were, and may be merged
                again.
        """
        if self._running is None:
            raise ValueError("no merge was begun")
        # Whoever interrupts the waiting may take or abandon it still.
        task = self._running.task
        task.wait()
        self._end()
        return task.result()

    def abandon(self) -> None:
        """Have a merge that was begun, if any, stop, and wait for its thread. What it wrote is nobody's.

        Nor does it matter whether it had failed: the same merge will be begun again.
        """
        if self._running is not None:
            self._running.stop.set()
            self._end()

    def release(self) -> None:
        """Abandon the merge, and give back the lock when its thread has nothing more to write.

        That is the last thing which the thread does, so that it comes neither before nor never if the waiting for it is
        interrupted.
        """
        if self._running is None or self.done:
            self.abandon()
            self._lock.release()
        else:
            self._running.stop.set()
            last = self._running.worker.begin(Task(self._lock.release))
            self.abandon()
            last.result()

    def _end(self) -> None:
        if self._running is not None:
            self._running.worker.close()
            self._running = None


class _Abandoned(Exception):  # noqa: N818  nothing went wrong
    """Nobody wants the merge any more."""


class _Stoppable:
    """A directory in which files are written until that is to stop, by a thread that the lock has to outlive.

    A lock that nobody remembers is free, so the thread remembers it, even where its writer was forgotten.
    """

    def __init__(self, directory: Directory, lock: WriterLock, stop: threading.Event) -> None:
        self.inner = directory
        self.lock = lock
        self.stop = stop

    @contextmanager
    def create(self, name: str) -> Iterator[_StoppableFile]:
        """A new file, closed when the block ends and removed where it fails."""
        with new_file(self.inner, name) as file:
            yield _StoppableFile(file, self.stop)


class _StoppableFile:
    """A new file of a merge, whose writing raises `_Abandoned` once it is to stop."""

    def __init__(self, file: OutputFile, stop: threading.Event) -> None:
        self._file = file
        self._stop = stop
        self.tell, self.sync, self.close = file.tell, file.sync, file.close

    def write(self, data: Buffer) -> None:
        """Append all of `data`."""
        if self._stop.is_set():
            raise _Abandoned
        self._file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _merge(directory: _Stoppable, sources: Sequence[Source], name: str, spool_name: str) -> Merged:
    """Write the file `name`: the living articles of `sources`. All that the thread does."""
    give_back()
    spool = partial(_spool, directory, spool_name)
    merger = Merger([LiveSegment(source.segment.segment, np.flatnonzero(~source.alive)) for source in sources])

    def write(sections: SectionWriter) -> dict[str, Any]:
        merger.write_documents(sections)
        stored = ArticleMerger([source.segment.articles for source in sources], *merger.order, spool)
        stored.write(sections, merger.description)
        with spool() as positions:
            merger.write_words(sections, positions)
        return merger.description

    with directory.create(name) as file:
        entry = write_segment(file, name, write)
        segment = OpenSegment(directory.inner, entry)
    expected = sum(int(np.count_nonzero(source.alive)) for source in sources)
    if entry.articles != expected:
        # An error of ours; what is published stays as it is.
        raise CorruptIndexError(segment.path, reason="a merge lost articles", expected=expected, found=entry.articles)
    give_back()
    return Merged(segment, sources, merger.renumbered)


def write_segment(file: OutputFile, name: str, write: Callable[[SectionWriter], dict[str, Any]]) -> SegmentEntry:
    """Write the new file `name` as a segment: what `write` hands to its sections, described by what it returns."""
    uid = new_uid()
    sections = SectionWriter(file, "segment", uid)
    description = write(sections)
    return SegmentEntry(name, uid, sections.finish(description), description["articles"])


@contextmanager
def _spool(directory: _Stoppable, name: str) -> Iterator[_FileSpool]:
    with directory.create(name) as file:
        try:
            yield _FileSpool(directory.inner, name, file)
        finally:
            directory.inner.remove(name)


class _FileSpool:
    """Keeps chunks in a file of their own until they are read back."""

    def __init__(self, directory: Directory, name: str, file: OutputFile) -> None:
        self._directory = directory
        self._name = name
        self._file = file

    def write(self, chunk: Any) -> None:
        """Keep a chunk."""
        self._file.write(chunk)

    def chunks(self) -> Iterator[memoryview]:
        """What was written, in order."""
        data = self._directory.map(self._name)
        for start in range(0, len(data), 1 << 20):
            yield data[start : start + (1 << 20)]
            self._directory.release(data)


def give_back() -> None:
    """Have the allocator give the system what it keeps for later; most is in holes that the next buffer would not fit.

    Only glibc keeps so much, and has a function for it.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

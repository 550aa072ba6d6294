"""`Writer`: adds, replaces and deletes articles; what a commit does, step by step.

New articles are buffered and written as a segment at a commit, or before where they outgrow the memory budget. A new
version of an article hides the old one by a tombstone. Nothing that a manifest lists is ever changed: a commit writes
new files, and then the manifest that makes them the index. Small segments are merged after a commit, as a generation of
its own, so that a merge that fails costs nothing.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import attrs
import numpy as np

from newsindex._encoder import encode_article
from newsindex.analysis import Stemmer
from newsindex.article import Article
from newsindex.errors import ArticleError, CorruptIndexError, NewsIndexError
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.fields import MAX_EXTRA_FIELDS
from newsindex.inverted.merge import Merger
from newsindex.records import BufferedRecords, write_merged_articles
from newsindex.snapshot import OpenSegment, Snapshot, is_id
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory, OutputFile
from newsindex.store.lock import WriterLock
from newsindex.store.manifest import SegmentEntry
from newsindex.store.sections import SectionWriter, new_uid

FANOUT: Final = 8  # as many segments of like size are merged into one
TIER_FLOOR: Final = 1 << 20  # bytes; smaller segments count as alike


class Writer:
    """The one writer of an index, from `Index.writer()`. A context manager: commits on a clean exit, else rolls back.

    Not for several threads at once.
    """

    def __init__(
        self,
        directory: Directory,
        lock: WriterLock,
        snapshot: Callable[[], Snapshot],
        stemmer: Stemmer,
        memory: int,
    ) -> None:
        self._directory = directory
        self._lock = lock
        self._latest = snapshot
        self._stemmer = stemmer
        self._memory = memory
        self._open = True
        self._builder = SegmentBuilder(stemmer)
        self._reset()
        manifests.sweep(directory, self._manifest)

    def _reset(self) -> None:
        snapshot = self._latest()
        self._manifest = snapshot.manifest
        self._segments = list(snapshot.segments)
        self._next_file = snapshot.manifest.next_file
        self._fields = list(snapshot.manifest.fields)
        self._known_fields = set(self._fields)
        self._dead: dict[str, set[int]] = {}
        self._clear_buffer()

    def _clear_buffer(self) -> None:
        self._builder.close()
        self._builder = SegmentBuilder(self._stemmer)
        self._records = BufferedRecords()
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
            else:
                self.rollback()
        finally:
            self.close()

    def close(self) -> None:
        """Give up the lock. What was not committed is lost."""
        self._open = False
        try:
            self._builder.close()
        finally:
            self._lock.release()

    def _check_open(self) -> None:
        if not self._open:
            raise NewsIndexError("this writer is closed; take a new one from index.writer()")

    def add(self, article: Article) -> None:
        """Insert an article, or replace the one with the same id.

        Raises:
            ArticleError: it is no `Article`, or brings more than 256 distinct names of extra fields into the index.
            StorageError: the memory budget was reached and the segment could not be written.
        """
        self._check_open()
        if not isinstance(article, Article):
            raise ArticleError(f"an Article expected, found {type(article).__name__}; make one with newsindex.Article")
        record = encode_article(article)
        if not article.extra.keys() <= self._known_fields:
            self._note_fields(article)
        number = self._builder.add(article)
        before = self._numbers.get(article.id)
        if before is not None:
            self._builder.remove(before)
        self._numbers[article.id] = number
        self._records.append(record)
        if self._builder.memory + self._records.nbytes > self._memory:
            self._spill()
            _give_back()

    def _note_fields(self, article: Article) -> None:
        fresh = [name for name in article.extra if name not in self._fields]
        room = MAX_EXTRA_FIELDS - len(self._fields)
        if len(fresh) > room:
            raise ArticleError(
                f"article {article.id!r}, field {fresh[room]!r}: the index has {MAX_EXTRA_FIELDS} extra fields "
                "already; put the data under fewer names",
                article=article.id,
                field=fresh[room],
            )
        self._fields += fresh
        self._known_fields.update(fresh)

    def delete(self, article_id: str) -> bool:
        """Delete the article with this id; True if it was there."""
        self._check_open()
        if not is_id(article_id):
            return False
        number = self._numbers.pop(article_id, None)
        if number is not None:
            self._builder.remove(number)
        return self._bury([article_id]) > 0 or number is not None

    def _bury(self, ids: Sequence[str]) -> int:
        """Mark the articles with these ids in written segments as dead; returns how many lived."""
        count = 0
        for segment in self._segments:
            docs = segment.segment.find_many(ids)
            dead = self._dead.setdefault(segment.entry.name, set())
            alive = segment.live.alive
            fresh = [doc for doc in docs[docs >= 0].tolist() if alive[doc] and doc not in dead]
            dead.update(fresh)
            count += len(fresh)
        return count

    def commit(self) -> None:
        """Make everything added and deleted so far durable and visible. Without changes it does nothing.

        Raises:
            StorageError: the disk refuses. The index is as before or, where only the merging afterwards failed, has the
                commit in it. Nothing that was added is lost: the commit may be tried again.
        """
        self._check_open()
        self._spill()
        if self._publish():
            self._merge_tiers()

    def rollback(self) -> None:
        """Forget everything added and deleted since the last commit."""
        self._check_open()
        self._reset()
        manifests.sweep(self._directory, self._manifest)

    # Writing segments.

    def _spill(self) -> None:
        if not len(self._builder):
            # All that was buffered was deleted again.
            self._clear_buffer()
            return
        segment = self._write_segment(self._write_buffer)
        self._bury(list(self._numbers))
        self._segments.append(segment)
        self._clear_buffer()

    def _write_segment(self, write: Callable[[SectionWriter], dict[str, Any]]) -> OpenSegment:
        name, uid = manifests.segment_name(self._next_file), new_uid()
        self._next_file += 1
        with self._directory.create(name) as file:
            sections = SectionWriter(file, "segment", uid)
            description = write(sections)
            size = sections.finish(description)
        return OpenSegment(self._directory, SegmentEntry(name, uid, size, description["articles"]))

    def _write_buffer(self, sections: SectionWriter) -> dict[str, Any]:
        with self._records.compressing():
            description, order = self._builder.write(sections)
        self._records.write(sections, order)
        return description

    # Publishing.

    def _publish(self) -> bool:
        """Write tombstones and the manifest; False where nothing has changed."""
        segments = [buried for segment in self._segments if (buried := self._with_tombstones(segment)) is not None]
        entries = tuple(segment.entry for segment in segments)
        if entries == self._manifest.segments:
            return False
        self._directory.sync()
        manifest = attrs.evolve(
            self._manifest,
            generation=self._manifest.generation + 1,
            segments=entries,
            fields=tuple(self._fields),
            next_file=self._next_file,
        )
        manifests.publish(self._directory, manifest)
        self._manifest = manifest
        self._segments = segments
        self._dead = {}
        manifests.sweep(self._directory, manifest)
        return True

    def _with_tombstones(self, segment: OpenSegment) -> OpenSegment | None:
        """The segment with the tombstones of this commit; None where they leave nothing of it."""
        fresh = self._dead.get(segment.entry.name)
        if not fresh:
            return segment
        dead = np.union1d(segment.dead, np.fromiter(fresh, np.uint32, len(fresh))).astype("u4")
        if len(dead) == segment.entry.articles:
            return None
        name, uid = manifests.tombstones_name(segment.entry.name, self._next_file), new_uid()
        self._next_file += 1
        with self._directory.create(name) as file:
            sections = SectionWriter(file, "tombstones", uid)
            sections.add("docs", dead)
            sections.finish({"segment": segment.entry.name})
        entry = attrs.evolve(segment.entry, deleted=len(dead), tombstones=name, tombstones_uid=uid)
        return OpenSegment(self._directory, entry)

    # Merging.

    def optimize(self) -> None:
        """Merge all segments into one, without the articles that were deleted; commits what is pending first."""
        self._check_open()
        self.commit()
        if len(self._segments) > 1 or any(segment.entry.deleted for segment in self._segments):
            self._merge(self._segments)

    def _merge_tiers(self) -> None:
        while chosen := choose_merge([segment.entry for segment in self._segments]):
            self._merge([segment for segment in self._segments if segment.entry in chosen])

    def _merge(self, chosen: Sequence[OpenSegment]) -> None:
        """Replace some segments by one, and publish that."""
        _give_back()
        merged = self._write_segment(lambda sections: self._write_merged(sections, chosen))
        expected = sum(segment.entry.articles - segment.entry.deleted for segment in chosen)
        if merged.entry.articles != expected:
            # An error of ours; what is published stays as it is.
            raise CorruptIndexError(
                merged.path, reason="a merge lost articles", expected=expected, found=merged.entry.articles
            )
        place = self._segments.index(chosen[-1])
        after = [segment for segment in self._segments[place + 1 :] if segment not in chosen]
        self._segments = [segment for segment in self._segments[:place] if segment not in chosen] + [merged, *after]
        self._publish()

    def _write_merged(self, sections: SectionWriter, chosen: Sequence[OpenSegment]) -> dict[str, Any]:
        merger = Merger([segment.live for segment in chosen])
        with self._spool() as spool:
            description = merger.write(sections, spool)
        articles = [segment.articles for segment in chosen]
        write_merged_articles(sections, articles, *merger.order)
        return description

    @contextmanager
    def _spool(self) -> Iterator[FileSpool]:
        name = manifests.segment_name(self._next_file)
        self._next_file += 1
        file = self._directory.create(name)
        try:
            with file:
                yield FileSpool(self._directory, name, file)
        finally:
            self._directory.remove(name)


class FileSpool:
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


def _give_back() -> None:
    """Have the allocator give the system what it keeps for later; most is in holes that the next buffer would not fit.

    Only glibc keeps so much, and has a function for it.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


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

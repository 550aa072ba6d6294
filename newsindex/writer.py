"""`Writer`: adds, replaces and deletes articles; what a commit does, step by step.

New articles are buffered and written as a segment at a commit, or before where they outgrow the memory budget. A new
version of an article hides the old one by a tombstone. Nothing that a manifest lists is ever changed: a commit writes
new files, and then the manifest that makes them the index. Small segments are merged on a thread of its own while
articles are added (see `newsindex.merging`); what came of it is listed by the next commit, or by a generation of its
own when the writer closes, so that a merge that fails costs nothing.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex._encoder import encode_article
from newsindex.analysis import Stemmer
from newsindex.article import Article
from newsindex.errors import ArticleError, NewsIndexError
from newsindex.forks import tell
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.fields import MAX_EXTRA_FIELDS
from newsindex.merging import FILES, Merged, Merging, Source, choose_merge, give_back, write_segment
from newsindex.records import BufferedRecords, checksum_of
from newsindex.snapshot import OpenSegment, Snapshot, is_id
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory, new_file
from newsindex.store.lock import WriterLock
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import new_uid

# What a writer is, at the moment.
_READY: Final = "ready"
_WORKING: Final = "working"
_TORN: Final = "torn"  # it was interrupted in the midst of its work, and what it has buffered may not fit together
_CLOSED: Final = "closed"
_ELSEWHERE: Final = "elsewhere"  # in the process that forked this one

_BESIDE: Final = 0.5  # of the memory is the buffer's while a merge runs beside, which takes 70 MB for 200,000 articles

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Method = Callable[Concatenate["Writer", _P], _R]


def _alone(*, mending: bool = False) -> Callable[[_Method[_P, _R]], _Method[_P, _R]]:
    """Have a method of a writer keep all others out while it works. What is `mending` also works where it is torn."""

    def decorate(method: _Method[_P, _R]) -> _Method[_P, _R]:
        @functools.wraps(method)
        def work(self: Writer, /, *given: _P.args, **named: _P.kwargs) -> _R:
            # The interpreter changes threads, and is interrupted, where something is called or jumps back: not between
            # two of these lines. A lock would take longer than the rest of a small `add` does.
            if self._state is not _READY and not (mending and self._state is _TORN):
                raise self._refusal()
            self._state = _WORKING
            try:
                return method(self, *given, **named)
            except BaseException as error:
                # An interrupt may have come between any two lines; some end as a RuntimeError within Python's threads.
                if not isinstance(error, Exception) or isinstance(error.__context__, KeyboardInterrupt):
                    self._halfway = True
                raise
            finally:
                if self._state is _WORKING:  # not closed, nor in a child that was forked meanwhile
                    self._state = _TORN if self._halfway else _READY

        return work

    return decorate


class Writer:
    """The one writer of an index, from `Index.writer()`. A context manager: commits on a clean exit, else rolls back.

    For one thread at a time: a call while another one is at work raises `NewsIndexError` and changes nothing. After one
    that was interrupted, as by Ctrl-C, every call raises it but for `rollback` and `close`. A process that is forked
    meanwhile must take a writer of its own; in its copy of this one every call raises that too, but for `close`, which
    does nothing there.
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
        self._state = _READY
        self._pid = os.getpid()
        self._merging = Merging(directory, lock)
        self._builder = SegmentBuilder(stemmer)
        self._next_file = 0
        self._reset()
        manifests.sweep(directory, self._manifest)
        tell(self)

    def after_fork(self) -> None:
        """The copy in a forked child is of no use: the lock is the parent's, and so are the threads."""
        self._state = _ELSEWHERE

    def _reset(self) -> None:
        self._lock.verify()
        snapshot = self._latest()
        # A commit that failed or was killed in its last step has renamed the manifest and never synced that. What it
        # replaced must stay until it is: a loss of power could bring back the one before.
        self._directory.sync()
        self._manifest = snapshot.manifest
        self._segments = list(snapshot.segments)
        self._next_file = max(self._next_file, snapshot.manifest.next_file)  # names of what may not be swept stay taken
        self._fields = list(snapshot.manifest.fields)
        self._known_fields = set(self._fields)
        self._dead: dict[str, set[int]] = {}
        self._clear_buffer()

    def _clear_buffer(self) -> None:
        self._builder.close()
        self._builder = SegmentBuilder(self._stemmer)
        self._records = BufferedRecords()
        self._numbers: dict[str, int] = {}
        self._halfway = False  # whether these may not fit together

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
            elif self._state is not _ELSEWHERE:  # where nothing is to be rolled back, and the exception tells more
                self.rollback()
        finally:
            self.close()

    def close(self) -> None:
        """Give up the lock. What was not committed is lost; of what was, merges that are under way are ended first.

        Raises:
            CorruptIndexError, StorageError: a merge failed. What was committed is in the index.
        """
        if self._state not in (_CLOSED, _ELSEWHERE):
            self._close()

    @_alone(mending=True)
    def _close(self) -> None:
        with ExitStack() as stack:
            stack.callback(setattr, self, "_state", _CLOSED)
            stack.callback(self._merging.release)  # again, where the first time was interrupted
            stack.callback(self._merging.release)
            stack.callback(self._builder.close)
            if not self._halfway and not self._pending():
                self._settle()

    def _refusal(self) -> NewsIndexError:
        if self._state is _CLOSED:
            return NewsIndexError("this writer is closed; take a new one from index.writer()")
        if self._state is _ELSEWHERE:
            return NewsIndexError(
                f"this writer belongs to process {self._pid}, and this process is a fork of it; "
                "take a writer of its own from index.writer()"
            )
        if self._state is _TORN:
            return NewsIndexError(
                "this writer was interrupted in the midst of its work; call rollback(), then add and delete again what "
                "was not committed"
            )
        return NewsIndexError(
            "this writer is at work for another thread, or for what a signal has interrupted; "
            "let one thread write, or put a lock of yours around each call"
        )

    @_alone()
    def add(self, article: Article) -> None:
        """Insert an article, or replace the one with the same id.

        Raises:
            ArticleError: it is no `Article`, or brings more than 256 distinct names of extra fields into the index.
            StorageError: the memory budget was reached and the segment could not be written.
            MemoryError: there is none. Add it again; should the writer refuse to, `rollback` comes first.
        """
        if not isinstance(article, Article):
            raise ArticleError(f"an Article expected, found {type(article).__name__}; make one with newsindex.Article")
        record = encode_article(article)
        checksum = checksum_of(article, record)
        if not article.extra.keys() <= self._known_fields:
            self._note_fields(article)
        # First what may well fail, so that hardly anything can between the two.
        self._builder.make_room()
        self._records.make_room(len(record))
        try:
            self._buffer(article, record, checksum)
        except MemoryError:
            self._halfway = True
            raise
        if self._builder.memory + self._records.nbytes > self._room:
            self._spill()
            give_back()
            self._take_merged()
            self._merge_more()

    def _buffer(self, article: Article, record: bytes, checksum: int) -> None:
        number = self._builder.add(article)
        before = self._numbers.get(article.id)
        if before is not None:
            self._builder.remove(before)
        self._numbers[article.id] = number
        self._records.append(record, checksum)

    @property
    def _room(self) -> float:
        """What may be buffered; merges begin and end for the writer between two segments, so one has one room."""
        return _BESIDE * self._memory if self._merging.begun else self._memory

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

    @_alone()
    def delete(self, article_id: str) -> bool:
        """Delete the article with this id; True if it was there."""
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

    @_alone()
    def commit(self) -> None:
        """Make everything added and deleted so far durable and visible. Without changes it publishes nothing.

        Merges that are due go on in the background. What one has failed of since the last commit is raised by this one,
        when everything is durable; it is tried again with the next.

        Raises:
            StorageError: the disk refuses. The index is as before or, where only one of the last steps or a merge
                failed, has the commit in it. Nothing that was added is lost: the commit may be tried again.
            CorruptIndexError: a merge found a damaged segment. The index has the commit in it.
        """
        self._save()
        self._merge_more()

    def _save(self) -> None:
        self._spill()
        self._take_merged()
        self._publish()
        if self._merging.failed:
            self._merging.take()

    def _pending(self) -> bool:
        """Whether there is anything that was not committed."""
        listed = tuple(segment.entry for segment in self._segments) == self._manifest.segments
        return bool(self._numbers) or any(self._dead.values()) or not listed

    @_alone(mending=True)
    def rollback(self) -> None:
        """Forget everything added and deleted since the last commit. A merge under way is given up with it."""
        self._merging.abandon()
        self._reset()
        manifests.sweep(self._directory, self._manifest)

    # Writing segments.

    def _spill(self) -> None:
        if not len(self._builder):
            # All that was buffered was deleted again.
            self._clear_buffer()
            return
        self._lock.verify()
        name = manifests.segment_name(self._next_file)
        self._next_file += 1
        with new_file(self._directory, name) as file:
            segment = OpenSegment(self._directory, write_segment(file, name, self._write_buffer))
        self._bury(list(self._numbers))
        self._segments.append(segment)
        self._clear_buffer()

    def _write_buffer(self, sections: SectionWriter) -> dict[str, Any]:
        with self._records.compressing():
            inverted = self._builder.invert()
        # What stands in front is least likely to be cut off.
        inverted.write_documents(sections)
        self._records.write(sections, inverted.order, inverted.description)
        inverted.write_words(sections)
        return inverted.description

    # Publishing.

    def _publish(self) -> None:
        """Write tombstones and the manifest, where anything has changed."""
        self._lock.verify()
        segments = [buried for segment in self._segments if (buried := self._with_tombstones(segment)) is not None]
        entries = tuple(segment.entry for segment in segments)
        if entries == self._manifest.segments:
            return
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
        manifests.sweep(self._directory, manifest, self._merging.names)

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
        with new_file(self._directory, name) as file:
            sections = SectionWriter(file, "tombstones", uid)
            sections.add("docs", dead)
            sections.finish({"segment": segment.entry.name})
            entry = attrs.evolve(segment.entry, deleted=len(dead), tombstones=name, tombstones_uid=uid)
            return OpenSegment(self._directory, entry)

    # Merging.

    @_alone()
    def optimize(self) -> None:
        """Merge all segments into one, without the articles that were deleted; commits what is pending first."""
        self._save()
        self._merging.abandon()
        if len(self._segments) > 1 or any(segment.entry.deleted for segment in self._segments):
            self._begin_merge(self._segments)
            self._settle()

    def _merge_more(self) -> None:
        """Begin the next merge, unless one was begun that is not taken yet."""
        if not self._merging.begun:
            chosen = choose_merge([segment.entry for segment in self._segments])
            if chosen:
                self._begin_merge([segment for segment in self._segments if segment.entry in chosen])

    def _begin_merge(self, chosen: Sequence[OpenSegment]) -> None:
        # What was buried since the last commit is left out, too: what comes of the merge is listed by the next commit,
        # together with these tombstones, or never.
        sources = [Source(segment, self._alive(segment.entry.name)) for segment in chosen]
        number = self._next_file
        self._next_file += FILES
        self._merging.begin(sources, number)

    def _settle(self) -> None:
        """Wait for merges until none is due, and publish each."""
        while self._merging.begun:
            self._replace(self._merging.take())
            self._publish()
            self._merge_more()

    def _take_merged(self) -> None:
        """Put what came of a merge that has ended well in the place of its sources."""
        if self._merging.done and not self._merging.failed:
            self._replace(self._merging.take())

    def _replace(self, merged: Merged) -> None:
        """Put a merged segment in the place of its sources, and bury in it what died in these since the merge began."""
        dead: set[int] = set()
        for source, new in zip(merged.sources, merged.renumbered, strict=True):
            dead.update(new[source.alive & ~self._alive(source.segment.entry.name)].tolist())
        names = {source.segment.entry.name for source in merged.sources}
        kept: list[OpenSegment] = []
        place = 0
        for segment in self._segments:
            if segment.entry.name in names:
                place = len(kept)  # of the youngest
            else:
                kept.append(segment)
        name = merged.segment.entry.name
        buried = {name: docs for name, docs in self._dead.items() if name not in names}
        if len(dead) < merged.segment.entry.articles:
            kept.insert(place, merged.segment)
            buried[name] = dead
        self._segments, self._dead = kept, buried
        self._discard(names if name in buried else names | {name})

    def _discard(self, names: set[str]) -> None:
        """Remove those of our files that no generation lists: the disk need not hold all that is added twice."""
        self._lock.verify()
        # A commit that failed in its last step may have published what we do not know of.
        listed = self._manifest.files | manifests.load(self._directory).files
        for name in names - listed:
            with suppress(FileNotFoundError):  # swept, since nothing in it lived
                self._directory.remove(name)

    def _alive(self, name: str) -> NDArray[np.bool_]:
        """Which articles of a segment would live if all were committed now; none of one that is gone."""
        for segment in self._segments:
            if segment.entry.name == name:
                alive = segment.live.alive.copy()
                alive[list(self._dead.get(name, ()))] = False
                return alive
        return np.zeros(1, bool)  # as many as there are

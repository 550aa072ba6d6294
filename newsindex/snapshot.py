"""One generation of an index, open for reading: what every search, lookup and merge works on.

A `Snapshot` maps all files of its generation when it is made and keeps them mapped, so it answers alike for as long as
it is held, whatever writers do. `newsindex.index` makes them; hits hold on to theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from newsindex.article import Article
from newsindex.errors import CorruptIndexError
from newsindex.forks import cached_property
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.records import StoredArticles
from newsindex.searcher.ranking import Ranking
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory
from newsindex.store.manifest import Manifest, SegmentEntry
from newsindex.store.section_reader import SectionReader

if TYPE_CHECKING:
    from newsindex.searcher.page import Search

_KEPT_SEARCHES: Final = 512  # by each generation,
_KEPT_TERMS: Final = 100_000  # of their patterns, at 250 bytes, besides those of the last


class OpenSegment:
    """A segment of a snapshot: its file and that of its tombstones, mapped.

    Attributes:
        entry: what the manifest says of it.
        segment: the inverted index and the columns.
    """

    def __init__(self, directory: Directory, entry: SegmentEntry) -> None:
        self.entry = entry
        self.sections = SectionReader(directory, entry.name, kind="segment", uid=entry.uid)
        self.path = self.sections.path
        self.segment = Segment(self.sections, self.sections.meta, self.path)
        if self.segment.articles != entry.articles:
            raise CorruptIndexError(
                self.path, reason="another number of articles", expected=entry.articles, found=self.segment.articles
            )
        self.tombstones = (
            SectionReader(directory, entry.tombstones, kind="tombstones", uid=entry.tombstones_uid)
            if entry.tombstones
            else None
        )

    @property
    def size(self) -> int:
        """Of its files, in bytes; a writer may have removed them since they were opened."""
        return self.sections.size + (self.tombstones.size if self.tombstones else 0)

    @cached_property
    def dead(self) -> NDArray[np.uint32]:
        """The docids of deleted articles, ascending."""
        if self.tombstones is None:
            return np.zeros(0, np.uint32)
        dead = self.tombstones.array("docs", "u4")
        ascending = len(dead) == self.entry.deleted and not (dead[1:] <= dead[:-1]).any()
        if not ascending or (len(dead) and int(dead[-1]) >= self.segment.articles):
            raise CorruptIndexError(self.tombstones.path, "docs", reason="docids that are not of this segment")
        return dead

    @cached_property
    def live(self) -> LiveSegment:
        """The segment, and which of its articles are alive."""
        return LiveSegment(self.segment, self.dead)

    def find(self, article_id: str) -> int | None:
        """The docid of a live article."""
        doc = self.segment.find(article_id)
        return doc if doc is not None and self.live.alive[doc] else None

    @cached_property
    def articles(self) -> StoredArticles:
        """The stored articles, by docid."""
        return StoredArticles(self.sections, self.segment, self.path)


class Snapshot:
    """All segments of one generation, open.

    Attributes:
        manifest: what the generation consists of.
        segments: open, in the order of the manifest.
        searches: those that may be asked for again, for the index, which has `keep` keep them.
    """

    def __init__(self, directory: Directory, manifest: Manifest, kept: dict[SegmentEntry, OpenSegment]) -> None:
        self.manifest = manifest
        self.searches: dict[Any, Search] = {}
        self._kept_terms = 0
        self.segments = [kept.get(entry) or self._open(directory, entry) for entry in manifest.segments]

    @cached_property
    def live(self) -> list[LiveSegment]:
        """The segments, and which of their articles are alive."""
        return [segment.live for segment in self.segments]

    def keep(self, key: Any, search: Search, terms: int) -> None:
        """Keep a search, whose patterns mean so many terms, and of the others none where all are too many."""
        if len(self.searches) >= _KEPT_SEARCHES or self._kept_terms + terms > _KEPT_TERMS:
            self.searches.clear()
            self._kept_terms = 0
        self.searches[key] = search
        self._kept_terms += terms

    @cached_property
    def ranking(self) -> Ranking:
        """What articles of this generation are ranked by."""
        return Ranking(self.live)

    @staticmethod
    def _open(directory: Directory, entry: SegmentEntry) -> OpenSegment:
        return OpenSegment(directory, entry)

    def __len__(self) -> int:
        return sum(entry.articles - entry.deleted for entry in self.manifest.segments)

    def find(self, article_id: object) -> tuple[OpenSegment, int] | None:
        """Where a live article is, by its id; None where there is none, or the id can be none."""
        if not is_id(article_id):
            return None
        for segment in reversed(self.segments):
            doc = segment.find(article_id)
            if doc is not None:
                return segment, doc
        return None

    def articles(self) -> Iterator[Article]:
        """All live articles: segment after segment, each by date."""
        for segment in self.segments:
            for doc in np.flatnonzero(segment.live.alive).tolist():
                yield segment.articles.read(doc)


def is_id(value: object) -> TypeGuard[str]:
    """Whether `value` can be an article's id: no index holds what is no text, or does not encode to UTF-8."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False


def open_snapshot(directory: Directory, before: Snapshot | None = None) -> Snapshot:
    """Open the generation published last, keeping open what it shares with the one `before`.

    A writer may publish and sweep between the reading of the manifest and the opening of its files; then the newer
    generation is opened.

    Raises:
        IndexNotFoundError, IndexVersionError, CorruptIndexError, StorageError: it cannot be opened.
    """
    kept = {} if before is None else {segment.entry: segment for segment in before.segments}
    manifest = manifests.load(directory)
    while True:
        try:
            return Snapshot(directory, manifest, kept)
        except FileNotFoundError as error:
            newer = manifests.load(directory)
            # Not by number: a commit that failed in its last step and is tried again has the number of the first try.
            if newer == manifest:
                path = directory.path / (error.filename or "")
                raise CorruptIndexError(path, reason="the file is missing") from error
            manifest = newer

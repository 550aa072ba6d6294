"""What is left of a damaged index: `newsindex.check` counts it, `newsindex.rescuing` copies it.

An article is intact if its id, title, date and record agree with the checksum of the article, or lie on pages that
agree with theirs; nothing else of an index is needed, since a new one makes its words anew.

Where the manifest can be read it says which files are the index. Where it cannot, all segments are, by their numbers,
with all tombstones beside them: what a writer that died had not committed yet may then be among it. So it is where an
old manifest stands beside newer files. Where tombstones cannot be read, what they hid is back: an article too many is
better than one that is lost, and the files are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from newsindex.article import Article
from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.forks import cached_property
from newsindex.inverted._columns import Strings
from newsindex.inverted.segment import Segment
from newsindex.records import FRAMES, StoredArticles
from newsindex.results import FileReport
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory
from newsindex.store.manifest import Manifest, SegmentEntry
from newsindex.store.salvage import SalvagedSections
from newsindex.store.sections import PAGE

DAMAGE: Final = (CorruptIndexError, IndexVersionError)  # of a file; the others are looked at all the same


class Remains:
    """What is left of an index.

    Attributes:
        segments: in order of age, as far as that can be told.
        errors: what is damaged of what is needed to find all articles: manifest, tombstones, whole segments.

    Raises:
        IndexNotFoundError, IndexVersionError, StorageError: there is nothing that could be read.
    """

    def __init__(self, directory: Directory) -> None:
        entries: Sequence[SegmentEntry] | None = None
        damaged: list[CorruptIndexError] = []
        try:
            manifest = manifests.load(directory)
            _refuse_outdated(directory, manifest)
            entries = manifest.segments
        except CorruptIndexError as error:
            damaged.append(error)
        if entries is None:
            self.segments = [RemainingSegment(directory, name, None, dead) for name, dead in _files(directory)]
        else:
            self.segments = [RemainingSegment(directory, entry.name, entry) for entry in entries]
        foreign = [fault for segment in self.segments if (fault := segment.foreign) is not None]
        if foreign and len(foreign) == len(self.segments):
            raise foreign[0]
        self.errors = (*damaged, *(error for segment in self.segments for error in segment.errors))


def _refuse_outdated(directory: Directory, manifest: Manifest) -> None:
    """A manifest that misses files, and does not know of newer ones, is an old one that somebody put back."""
    names = set(filter(manifests.is_index_file, directory.names()))
    newer = any(number >= manifest.next_file for name in names for number in manifests.numbers(name))
    if newer and not manifest.files <= names:
        reason = "it lists files that are gone, and there are newer ones that it does not list"
        raise CorruptIndexError(directory.path / manifests.NAME, reason=reason)


def _files(directory: Directory) -> list[tuple[str, list[str]]]:
    """The segments that are there, and the tombstones of each, oldest first."""
    names = sorted(filter(manifests.is_index_file, directory.names()), key=manifests.numbers)
    segments = [name for name in names if name.endswith(".seg")]
    return [(name, [other for other in names if other.startswith(f"{name[:-4]}-")]) for name in segments]


class RemainingSegment:
    """A segment, as far as it can be read.

    Args:
        entry: what the manifest says of it; None where there is none.
        tombstones: the names of its tombstones, the oldest first, where there is no entry to tell.

    Attributes:
        path: of the segment.
        certain: whether it is known which of its articles were deleted or replaced.
        errors: why it cannot be read, and why its tombstones cannot.
    """

    def __init__(
        self, directory: Directory, name: str, entry: SegmentEntry | None, tombstones: Sequence[str] = ()
    ) -> None:
        if entry is not None and entry.tombstones is not None:
            tombstones = (entry.tombstones,)
        self.path = directory.path / name
        self.errors: list[CorruptIndexError | IndexVersionError] = []
        self.certain = True
        self._entry = entry
        self._segment: Segment | None = None
        try:
            sections = _open(directory, name, "segment", entry.uid if entry else None)
            self._segment = Segment(sections, sections.meta, self.path)
            self._stored = _Stored(sections, self._segment, self.path)
            bare = _Unverified(sections)
            self._bare = StoredArticles(bare, Segment(bare, sections.meta, self.path), self.path)
        except DAMAGE as error:
            self.errors.append(error)
            return
        self._alive = np.ones(self._segment.articles, bool)
        for other in tombstones:  # each holds all that those before it do
            self.certain = self._bury(directory, other)

    def _bury(self, directory: Directory, name: str) -> bool:
        """Mark the dead of a file of tombstones, as far as it can be read; whether it could be read whole."""
        uid = self._entry.tombstones_uid if self._entry else None
        try:
            sections = _open(directory, name, "tombstones", uid)
            docs, _ = sections.unverified("docs")
            if docs.dtype != np.uint32:
                raise CorruptIndexError(sections.path, "docs", reason=f"docids that are {docs.dtype}")
        except DAMAGE as error:
            self.errors.append(error)
            return False
        known = len(self.errors)
        for start in range(0, docs.nbytes, PAGE):
            stop = min(start + PAGE, docs.nbytes)
            try:
                sections.verify("docs", start, stop)
            except CorruptIndexError as error:
                self.errors[known:] = [error]
            else:
                dead = docs[start // 4 : stop // 4]
                self._alive[dead[dead < len(self._alive)]] = False
        return len(self.errors) == known

    @property
    def foreign(self) -> IndexVersionError | None:
        """What says that the segment is written in another format; None where it is not."""
        error = None if self._segment is not None else self.errors[0]
        return error if isinstance(error, IndexVersionError) else None

    def articles(self) -> Iterator[tuple[str | None, Article | None]]:
        """The id of each article that lives, and the article; None for what cannot be read."""
        if self._segment is not None:
            for doc in np.flatnonzero(self._alive).tolist():
                article = self._read(doc)
                article_id = article.id if article is not None else None
                if article is None:
                    with suppress(CorruptIndexError):  # then it is not known which one is lost
                        article_id = self._segment.id(doc)
                yield article_id, article

    def _read(self, doc: int) -> Article | None:
        """An article, if it is intact."""
        for read in (self._stored.read, self._bare.verify):
            try:
                return read(doc)
            except CorruptIndexError:
                pass  # by its pages, or by its checksum
        return None

    def count(self) -> FileReport:
        """How much of it can be read."""
        return self.report(sum(article is not None for _, article in self.articles()))

    def report(self, readable: int) -> FileReport:
        """How many articles should live in it, beside how many can be read."""
        if self._entry is not None:
            return FileReport(self.path, self._entry.articles - self._entry.deleted, readable)
        return FileReport(self.path, None if self._segment is None else int(self._alive.sum()), readable)


def _open(directory: Directory, name: str, kind: str, uid: str | None) -> SalvagedSections:
    try:
        return SalvagedSections(directory, name, kind=kind, uid=uid)
    except FileNotFoundError as error:
        raise CorruptIndexError(directory.path / name, reason="the file is missing") from error


class _Stored(StoredArticles):
    """The stored articles of which the dictionaries need not all be intact."""

    @cached_property
    def dictionaries(self) -> list[bytes]:
        """Those of the segment, none in the place of one that is damaged: each frame names the one that it needs."""
        with self._segment.reading("dictionaries"):
            strings = Strings(self._sections, "dictionaries")
        found = []
        for number in range(len(strings)):
            try:
                with self._segment.reading("dictionaries"):
                    found.append(strings.raw(number))
            except CorruptIndexError:
                found.append(b"")
        return found


class _Unverified:
    """The sections of a segment, whatever has become of them, and of the frames what is left behind a checkpoint."""

    def __init__(self, sections: SalvagedSections) -> None:
        self._sections = sections

    def __contains__(self, name: object) -> bool:
        return name in self._sections

    def raw(self, name: str) -> NDArray[np.uint8]:
        return self._sections.rest if name == FRAMES and name not in self._sections else self._sections.raw(name)

    def unverified(self, name: str) -> tuple[NDArray[Any], bytearray]:
        array = self.raw(name) if name == FRAMES else self._sections.unverified(name)[0]
        return array, bytearray(b"\1" * -(-array.nbytes // PAGE))

    def array(self, name: str) -> NDArray[Any]:
        return self.unverified(name)[0]

    def verify(self, name: str, start: int, stop: int) -> None:
        """All of it was, by what `unverified` says."""

    def release(self) -> None:
        self._sections.release()

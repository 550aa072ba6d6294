"""What an index answers with: hits and pages of them, explanations, reports and statistics.

Hits know where their article lies and read it when they are asked; they keep the generation of the index that they were
found in, so a later commit changes nothing about them. `Hit` itself is in `_hits.pyx`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import attrs

from newsindex._hits import Hit as Hit
from newsindex._hits import Hits
from newsindex.errors import CorruptIndexError, IndexVersionError


@attrs.define(eq=False, on_setattr=attrs.setters.frozen)  # as frozen as the others, and made three times as fast
class Results(Sequence[Hit]):
    """A page of hits, in order; a sequence.

    Each hit is made when it is looked at, so a page of all that an archive has costs little more than finding it.

    Attributes:
        total: how many articles match in all, exactly.
        hits: those of this page.
    """

    total: int
    hits: Hits

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...

    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]


@attrs.frozen
class Explanation:
    """Why an article is found, or not, and where its score comes from.

    Attributes:
        matches: whether this part of the query matches the article.
        score: what it contributes.
        description: what this part is.
        details: its parts.
    """

    matches: bool
    score: float
    description: str
    details: tuple[Explanation, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        yield f"{'  ' * depth}{self.score:.4f} {'' if self.matches else 'no match: '}{self.description}"
        for detail in self.details:
            yield from detail._lines(depth + 1)


@attrs.frozen
class FileReport:
    """How much of a file of articles can be read.

    Attributes:
        path: of the file.
        articles: how many live in it; None where that cannot be told.
        readable: how many of them can be read, and copied by `newsindex.rescue`.
    """

    path: Path
    articles: int | None
    readable: int


@attrs.frozen
class Report:
    """What `Index.check` found.

    Attributes:
        articles: live articles in the index.
        segments: segments checked.
        bytes: how much was read and verified.
        errors: what is damaged, or of another format than the rest, each with its path and section.
        files: how much can be read of each file of articles; of all that are there where no manifest lists them.
    """

    articles: int
    segments: int
    bytes: int
    errors: tuple[CorruptIndexError | IndexVersionError, ...]
    files: tuple[FileReport, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.errors

    @property
    def readable(self) -> int:
        """How many articles can be read."""
        return sum(file.readable for file in self.files)


@attrs.frozen
class Rescue:
    """What `rescue` has saved, and what it could not.

    Attributes:
        articles: articles in the new index.
        lost: ids of articles that could not be read. Articles whose ids could not either are missing in `files` only.
        files: how much could be read of each file of articles.
        doubtful: files of which it could not be read which of their articles were deleted or replaced: such articles
            may be in the new index.
        errors: files that could not be read: the manifest, tombstones, whole segments.
    """

    articles: int
    lost: tuple[str, ...]
    files: tuple[FileReport, ...]
    doubtful: tuple[Path, ...]
    errors: tuple[CorruptIndexError | IndexVersionError, ...]

    @property
    def ok(self) -> bool:
        """Whether it is certain that nothing is lost."""
        return not self.errors and not self.lost and all(file.articles == file.readable for file in self.files)


@attrs.frozen
class Stats:
    """Facts about an index.

    Attributes:
        articles: live ones.
        deleted: deleted or replaced ones that still take space until their segment is merged.
        segments: how many files of articles there are.
        bytes: size on disk of all files of this generation.
        generation: how often the index was changed.
        terms: distinct terms, added over segments and fields.
        words: words of titles and bodies, deleted articles included.
        undated: live articles without a date.
        first, last: dates of the oldest and the newest live article that has one, as days in Europe/Bucharest.
        fields: names of the extra fields.
        analyzer: what made the terms, with its version.
    """

    articles: int
    deleted: int
    segments: int
    bytes: int
    generation: int
    terms: int
    words: int
    undated: int
    first: dt.date | None
    last: dt.date | None
    fields: tuple[str, ...]
    analyzer: str

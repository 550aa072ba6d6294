"""How well an article answers: BM25F over title and body, and factors for closeness in time.

BM25F as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6: the
frequencies of a word in title and body are divided by the length of each, weighted and added before they saturate, so
that a word in both does not count as two.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.article import micros
from newsindex.errors import QueryError
from newsindex.inverted.build import UNDATED
from newsindex.inverted.fields import BODY, TEXT, TITLE
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import Pattern, Phrase, Word
from newsindex.searcher._kernels import bm25f
from newsindex.searcher.terms import (
    Counts,
    Docs,
    document_frequency,
    leaf_frequencies,
    spellings,
)

K1: Final = 0.9  # saturation of word frequency
B_BODY: Final = 0.75  # how much the length of a body counts
B_TITLE: Final = 0.5  # titles differ less in length, and a longer one is no worse
TITLE_WEIGHT: Final = 4.0  # a word in the title counts as much as this many in the body
# What a word counts again where it is spelled as it was asked for:
ALIKE: Final = 0.25  # but for diacritics that were left out
TYPED: Final = 0.05  # besides, if it is spelled just so
MAX_BONUS: Final = ALIKE + TYPED

_DAY: Final = 86_400_000_000
_SPAN: Final = re.compile(r"\s*(\d{1,5})\s*([dwmy])\s*")
_DAYS: Final = {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}


class Ranking:
    """Statistics of the whole index, by which leaves of a plan are scored in each segment alike."""

    def __init__(self, segments: Sequence[LiveSegment]) -> None:
        self._segments = [live.segment for live in segments]
        self.articles = sum(segment.articles for segment in self._segments)
        self._title_average = self._average("title")
        self._body_average = self._average("body")
        self._weights: dict[tuple[str, Pattern], float] = {}

    def _average(self, part: str) -> float:
        words = sum(segment.words[part] for segment in self._segments)
        return words / self.articles if words else 1.0

    def df(self, field: str, pattern: Pattern) -> int:
        """In about how many articles of the index a pattern occurs."""
        name = TEXT if field == BODY else field
        return sum(document_frequency(segment, name, pattern) for segment in self._segments)

    def idf(self, field: str, pattern: Pattern) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)): never negative, as in Lucene."""
        key = (field, pattern)
        if key not in self._weights:
            df = min(self.df(field, pattern), self.articles)
            self._weights[key] = math.log1p((self.articles - df + 0.5) / (df + 0.5))
        return self._weights[key]

    def weight(self, leaf: Word | Phrase) -> float:
        """What a leaf is worth at most: the idf of its words, times its boost."""
        patterns = (leaf.pattern,) if isinstance(leaf, Word) else leaf.patterns
        return leaf.boost * sum(self.idf(leaf.field, pattern) for pattern in patterns)

    def score(
        self, segment: Segment, leaf: Word | Phrase, docs: Docs, counts: Counts, titles: Counts | None = None
    ) -> NDArray[np.float64]:
        """The score of a leaf in the articles `docs`, given how often it occurs in each, and in its title if known."""
        weight = self.weight(leaf)
        if leaf.field not in (TEXT, TITLE, BODY):
            # Names and other metadata are short, so only frequency counts.
            return weight * (K1 + 1) * counts / (K1 + counts)
        title_docs, title_counts = self._titles(segment, leaf, docs, counts) if titles is None else (docs, titles)
        return self._bm25f(segment, docs, counts, title_docs, title_counts, weight)

    def bonus(self, segment: Segment, leaf: Word | Phrase, docs: Docs) -> NDArray[np.float64]:
        """What the spelling of a leaf adds to its score in the articles `docs`: at most MAX_BONUS times that score."""
        scores = np.zeros(len(docs))
        for counts, titles, share in spellings(segment, leaf, docs, ALIKE, TYPED):
            scores += share * self._bm25f(segment, docs, counts, docs, titles, self.weight(leaf))
        return scores

    def _bm25f(
        self, segment: Segment, docs: Docs, counts: Counts, title_docs: Docs, title_counts: Counts, weight: float
    ) -> NDArray[np.float64]:
        return bm25f(
            docs,
            counts,
            title_docs,
            title_counts,
            segment.body_words,
            segment.title_words,
            self._body_average,
            self._title_average,
            B_BODY,
            B_TITLE,
            TITLE_WEIGHT,
            K1,
            weight,
        )

    @staticmethod
    def _titles(segment: Segment, leaf: Word | Phrase, docs: Docs, counts: Counts) -> tuple[Docs, Counts]:
        """The articles that have a leaf in their titles, and how often, given those where it occurs at all."""
        if leaf.field == TITLE:
            return docs, counts
        if leaf.field == BODY or not len(docs):
            return docs[:0], counts[:0]
        in_title = Word(TITLE, leaf.pattern) if isinstance(leaf, Word) else Phrase(TITLE, leaf.patterns, leaf.slop)
        return leaf_frequencies(segment, in_title, int(docs[0]), int(docs[-1]) + 1)


@attrs.frozen
class Closeness:
    """A factor between 1 and 2 by which articles near a moment rank higher.

    It is 1 + 2 ** (-distance / half_life): 2 at the moment itself, 1.5 a half-life away from it, on either side, and 1
    for undated articles. So closeness reorders answers of like relevance and never drowns a much better one.

    Attributes:
        moment: microseconds since 1970 UTC.
        half_life: microseconds.
    """

    moment: int
    half_life: float

    def factors(self, dates: NDArray[np.int64]) -> NDArray[np.float64]:
        """The factor for each of some articles' dates."""
        distances = np.abs(dates.astype(np.float64) - float(self.moment))
        factors = 1.0 + np.exp2(-distances / self.half_life)
        return np.where(dates == UNDATED, 1.0, factors)


def half_life(text: str) -> float:
    """The microseconds that a time span means: a number with d, w, m or y.

    Raises:
        QueryError: it is no such span, or it is 0.

    >>> half_life("30d") == 30 * 24 * 3600 * 1_000_000
    True
    """
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise QueryError(
            f"{text!r} is no half-life", query=str(text), hint="write a number with d, w, m or y, such as 30d"
        )
    return int(match[1]) * _DAYS[match[2]] * _DAY


def closeness(recency: str | None, near: Any, now: dt.datetime) -> Closeness | None:
    """The factor that `search(recency=, near=)` asks for; None where it asks for none.

    A date means the middle of what it covers: of a day its noon. Without `recency`, `near` has a half-life of 30 days.

    Raises:
        QueryError: either cannot be understood.
    """
    if recency is None and near is None:
        return None
    span = half_life("30d" if recency is None else recency)
    if near is None:
        return Closeness(micros(now), span)
    from newsindex.query.dates import bounds

    day = bounds(near, near, now)
    if day.since is None or day.until is None:
        raise QueryError(f"{near!r} is no date to be near to", hint="write it as 2025-08-15")
    return Closeness((day.since + day.until) // 2, span)

"""How well an article answers: BM25F over title and body (`newsindex.inverted.impacts`), and closeness in time."""

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
from newsindex.forks import cached_property
from newsindex.inverted import impacts
from newsindex.inverted._words import Meant
from newsindex.inverted.columns import UNDATED
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.lexer import shown
from newsindex.query.nodes import Pattern, Phrase, Stem, Word
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf, Scale, leaf_of, leaves_of
from newsindex.searcher._top import Ground
from newsindex.searcher.terms import document_frequency, phrase_words_everywhere, resolve_everywhere

# What a word counts again where it is spelled as it was asked for:
ALIKE_SHARE: Final = 0.25  # but for diacritics that were left out
TYPED_SHARE: Final = 0.05  # besides, if it is spelled just so

_MAX_WEIGHTS: Final = 20_000  # that are kept

_DAY: Final = 86_400_000_000
_SPAN: Final = re.compile(r"\s*(\d{1,5})\s*([dwmy])\s*")
_DAYS: Final = {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}


class Ranking:
    """Statistics of one generation of an index, by which leaves of a plan are scored in each segment alike."""

    def __init__(self, segments: Sequence[LiveSegment]) -> None:
        self._live = segments
        self._segments = [live.segment for live in segments]
        self.articles = sum(segment.articles for segment in self._segments)
        self._title_average = self._average("title")
        self._body_average = self._average("body")
        self._weights: dict[tuple[str, Pattern], float] = {}
        self._scales: dict[Segment, Scale] = {}
        self._slacks: dict[Segment, float] = {}

    def _average(self, part: str) -> float:
        return impacts.average(sum(segment.words[part] for segment in self._segments), self.articles)

    def df(self, field: str, pattern: Pattern) -> int:
        """In about how many articles of the index a pattern occurs."""
        return document_frequency(self._segments, resolve_everywhere(self._segments, field, pattern))

    def _idf_of(self, df: int) -> float:
        df = min(df, self.articles)
        return math.log1p((self.articles - df + 0.5) / (df + 0.5))

    def idf(self, field: str, pattern: Pattern) -> float:
        """ln(1 + (N - df + 0.5) / (df + 0.5)): never negative, as in Lucene."""
        key = (field, pattern)
        weight = self._weights.get(key)
        if weight is None:
            weight = self._idf_of(self.df(field, pattern))
            if len(self._weights) >= _MAX_WEIGHTS:
                self._weights.clear()
            self._weights[key] = weight
        return weight

    def weight(self, leaf: Word | Phrase) -> float:
        """What a leaf is worth at most, but for its spelling: the idf of its words, times its boost."""
        if isinstance(leaf, Word):
            idf = self.idf(leaf.field, leaf.pattern)
        else:
            idf = sum([self.idf(leaf.field, pattern) for pattern in leaf.patterns])
        return (impacts.K1 + 1) * leaf.boost * idf

    def scale(self, segment: Segment) -> Scale:
        """By what frequencies in a segment are measured."""
        scale = self._scales.get(segment)
        if scale is None:
            scale = self._scales[segment] = Scale(
                segment.title_words,
                segment.body_words,
                self._title_average,
                self._body_average,
                ALIKE_SHARE,
                TYPED_SHARE,
            )
        return scale

    def slack(self, segment: Segment) -> float:
        """By what impacts of a segment may fall short because its average lengths are not those of the index."""
        slack = self._slacks.get(segment)
        if slack is None:
            title = impacts.average(segment.words["title"], segment.articles)
            body = impacts.average(segment.words["body"], segment.articles)
            slack = self._slacks[segment] = max(1.0, self._title_average / title, self._body_average / body)
        return slack

    @cached_property
    def grounds(self) -> list[Ground]:
        """The segments, as `best_words` takes them."""
        found = []
        for live in self._live:
            segment = live.segment
            alive = live.alive.view(np.uint8) if live.live < segment.articles else None
            found.append(Ground(segment, self.scale(segment), alive))
        return found

    def leaves(self, word: Word) -> list[Leaf]:
        """A word in each segment: `make_leaf` for all."""
        meant = resolve_everywhere(self._segments, word.field, word.pattern)
        # `weight`, of what is at hand: looking it all up again takes as long.
        weight = (impacts.K1 + 1) * word.boost * self._idf_of(document_frequency(self._segments, meant))
        most = type(word.pattern) is Stem
        return leaves_of(word.field, weight, meant, most, ALIKE_SHARE, TYPED_SHARE, self._slack_of_each)

    def phrase(self, phrase: Phrase) -> tuple[list[list[Terms]], float]:
        """The words of a phrase in each segment, none where one of them does not occur; and its `weight`."""
        found = [resolve_everywhere(self._segments, phrase.field, pattern) for pattern in phrase.patterns]
        idf = sum([self._idf_of(document_frequency(self._segments, meant)) for meant in found])
        return phrase_words_everywhere(phrase, found), (impacts.K1 + 1) * phrase.boost * idf

    @cached_property
    def _slack_of_each(self) -> list[float]:
        return [self.slack(segment) for segment in self._segments]


def make_leaf(ranking: Ranking | None, segment: Segment, word: Word, meant: Meant) -> Leaf:
    """A word in a segment, to be found and, with a ranking, to be scored."""
    weight, slack = (0.0, 1.0) if ranking is None else (ranking.weight(word), ranking.slack(segment))
    most = type(word.pattern) is Stem
    return leaf_of(word.field, weight, meant, most, ALIKE_SHARE, TYPED_SHARE, slack)


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
        raise QueryError(f"{shown(text)} is no half-life", hint="write a number with d, w, m or y, such as 30d")
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
        raise QueryError(f"{shown(near)} is no date to be near to", hint="write it as 2025-08-15")
    return Closeness((day.since + day.until) // 2, span)

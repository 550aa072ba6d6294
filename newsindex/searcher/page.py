"""A plan made ready for the segments of one generation, and what it finds there: a page of hits, or all of them.

Order of equals: the newer article first, and of articles with one date the one added later. Undated articles come last
under any order by date.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final, Literal, NamedTuple

import attrs
import numpy as np

from newsindex.inverted.columns import UNDATED
from newsindex.inverted.fields import BODY
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import And, Dates, Derived, Or, Phrase, Plan, Stem, Word
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf
from newsindex.searcher._top import Best, best_phrase, best_words
from newsindex.searcher.executor import Executor, Scores, is_scored
from newsindex.searcher.ranking import Closeness, Ranking
from newsindex.searcher.snippets import Highlighter
from newsindex.searcher.terms import Docs

_WHOLE: Final = (Stem, Derived)  # patterns that mean all forms of terms

Spans = list[tuple[int, int]] | None
Found = tuple[float, int, int, int]  # one hit: score, date, number of its segment, docid. They sort by relevance


@attrs.define(eq=False)
class Page:
    """Some hits in order, out of `total`."""

    total: int
    found: list[Found]


class _Words(NamedTuple):
    """Nothing but words, to be found in all segments by one call.

    Attributes:
        leaves: each in every segment.
        every: whether all are needed, not any of them.
        spans: the docids of each segment that dates leave; None for all.
    """

    leaves: list[list[Leaf]]
    every: bool
    spans: Spans


class _Run(NamedTuple):
    """A phrase, to be found in all segments by one call.

    Attributes:
        words: in every segment; none where one of them does not occur.
        weight: what it is worth at most.
        spans: as of `_Words`.
    """

    phrase: Phrase
    words: list[list[Terms]]
    weight: float
    spans: Spans


class Search:
    """A plan on some segments. It keeps what it learns of its words, for the next page; threads may share it.

    Attributes:
        plan: see below.
        highlighter: makes the snippets of what is found.

    Args:
        segments: of one generation.
        plan: what to look for, widened (see `newsindex.searcher.widening`).
        ranking: that of the same segments.
    """

    # Each search makes one and the latest are kept: attributes of their own would be one more thing to collect.
    __slots__ = (
        "_articles",
        "_known_executors",
        "_known_way",
        "_ranking",
        "_scored",
        "_segments",
        "highlighter",
        "plan",
    )

    def __init__(self, segments: Sequence[LiveSegment], plan: Plan, ranking: Ranking) -> None:
        self.plan = plan
        self.highlighter = Highlighter(plan)
        self._segments = segments
        self._ranking = ranking
        self._scored = is_scored(plan)
        self._articles = ranking.articles
        self._known_executors: list[Executor] | None = None
        self._known_way: _Words | _Run | Literal["unknown"] | None = "unknown"

    @property
    def _executors(self) -> list[Executor]:
        if self._known_executors is None:
            self._known_executors = [Executor(live, self._ranking) for live in self._segments]
        return self._known_executors

    @property
    def _way(self) -> _Words | _Run | None:
        """How the best are found by one call; None of a plan that has to be run segment by segment."""
        if self._known_way == "unknown":
            core, spans = self._core()
            self._known_way = self._run(core, spans) if isinstance(core, Phrase) else self._words(core, spans)
        return self._known_way

    def _core(self) -> tuple[Plan, Spans]:
        """The plan without its dates, and the docids that these leave."""
        children = self.plan.children if isinstance(self.plan, And) else ()
        dates = [child for child in children if isinstance(child, Dates)]
        if not dates or len(dates) == len(children):
            return self.plan, None
        rest = tuple([child for child in children if not isinstance(child, Dates)])
        return rest[0] if len(rest) == 1 else And(rest), [_span(live.segment, dates) for live in self._segments]

    def _words(self, core: Plan, spans: Spans) -> _Words | None:
        """The way of a plan that is a word, or nothing but words which are found without a second look."""
        words = core.children if isinstance(core, And | Or) else (core,)
        alone = isinstance(core, Word)
        if not words or not all(type(word) is Word and word.field != BODY for word in words):
            return None
        if not alone and not all(type(word.pattern) in _WHOLE for word in words if isinstance(word, Word)):
            return None
        found = [self._ranking.leaves(word) for word in words if isinstance(word, Word)]
        if not alone and any(leaf.partial for leaves in found for leaf in leaves):
            return None
        return _Words(found, isinstance(core, And), spans)

    def _run(self, core: Phrase, spans: Spans) -> _Run | None:
        return None if core.field == BODY else _Run(core, *self._ranking.phrase(core), spans)

    def matches(self) -> list[Docs]:
        """The live articles of each segment that match."""
        return [executor.live_matches(self.plan).docs for executor in self._executors]

    def count(self) -> int:
        """How many articles match."""
        return sum(executor.count(self.plan) for executor in self._executors)

    def page(
        self,
        limit: int | None = 10,
        offset: int = 0,
        sort: str = "relevance",
        closeness: Closeness | None = None,
    ) -> Page:
        """Hits `offset` to `offset + limit` of the order `sort`: relevance, newest or oldest; without a limit all."""
        limit = self._articles if limit is None else limit
        if sort == "newest" or (sort == "relevance" and not self._scored and closeness is None):
            return self._latest(offset, limit, closeness)
        if sort == "oldest":
            return self._oldest(offset, limit, closeness)
        if closeness is None:
            return self._best(offset, limit)
        docs = self.matches()
        found = [one for number, some in enumerate(docs) for one in self._found(number, some, closeness)]
        found.sort(reverse=True)
        return Page(len(found), found[offset : offset + limit])

    def _best(self, offset: int, limit: int) -> Page:
        best = Best(min(offset + limit, self._articles) if limit else 0)
        way, grounds = self._way, self._ranking.grounds
        if way is None:
            total = sum([executor.top(self.plan, best, number) for number, executor in enumerate(self._executors)])
        elif isinstance(way, _Words):
            total = best_words(best, grounds, way.leaves, way.every, way.spans)
        else:
            phrase = way.phrase
            total = best_phrase(best, grounds, way.words, phrase.field, way.weight, phrase.slop, way.spans)
        return Page(total, best.take()[offset:])

    def _latest(self, offset: int, limit: int, closeness: Closeness | None) -> Page:
        """The newest articles first; which is also the order of articles that are all worth the same."""
        total, wanted = 0, min(offset + limit, self._articles)
        found: list[Found] = []
        for number, executor in enumerate(self._executors):
            size, docs = executor.latest(self.plan, wanted)
            total += size
            found += self._found(number, docs, closeness)
        found.sort(key=_by_date, reverse=True)
        return Page(total, found[offset:wanted])

    def _oldest(self, offset: int, limit: int, closeness: Closeness | None) -> Page:
        docs = self.matches()
        found: list[Found] = []
        for number, some in enumerate(docs):
            # Docids ascend by date, but undated articles, which come last here, have the first ones.
            dated = int(np.searchsorted(some, self._segments[number].segment.interval(None, None)[0]))
            first = np.concatenate((some[dated:], some[:dated]))[: offset + limit]
            found += self._found(number, np.sort(first), closeness)
        found.sort(key=_by_age)
        return Page(sum(map(len, docs)), found[offset : offset + limit])

    def _found(self, number: int, docs: Docs, closeness: Closeness | None) -> list[Found]:
        """Some matches of a segment, scored."""
        # What only filters asked for is all equally relevant.
        scores = self._executors[number].score(self.plan, docs) if self._scored else np.ones(len(docs))
        if closeness is not None:
            scores = scores * closeness.factors(self._segments[number].segment.dates_of(docs))
        return self._rows(number, docs, scores)

    def _rows(self, number: int, docs: Docs, scores: Scores) -> list[Found]:
        dates = self._segments[number].segment.dates_of(docs)
        return [*zip(scores.tolist(), dates.tolist(), repeat(number), docs.tolist())]


def _span(segment: Segment, dates: Sequence[Dates]) -> tuple[int, int]:
    """The docids that all of some intervals of dates leave: the first, and the one behind the last."""
    spans = [segment.interval(one.since, one.until) for one in dates]
    return max([low for low, _ in spans]), min([high for _, high in spans])


def _by_date(one: Found) -> tuple[int, int, int]:
    return one[1:]


def _by_age(one: Found) -> tuple[bool, int, int, int]:
    return one[1] == UNDATED, *one[1:]

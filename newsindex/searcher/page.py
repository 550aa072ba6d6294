"""A plan made ready for the segments of one generation, and what it finds there: a page of hits, or all of them.

Order of equals: the newer article first, and of articles with one date the one added later. Undated articles come last
under any order by date.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal, NamedTuple

import attrs
import numpy as np

from newsindex._found import Found
from newsindex.inverted.fields import BODY
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import And, Dates, Derived, Or, Phrase, Plan, Stem, Word
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf, PlanScorer
from newsindex.searcher._top import Best, best_phrase, best_words, choose
from newsindex.searcher.executor import Executor, Memo, Scores, is_scored
from newsindex.searcher.ranking import Closeness, Ranking
from newsindex.searcher.snippets import Highlighter
from newsindex.searcher.terms import Docs

_WHOLE: Final = (Stem, Derived)  # patterns that mean all forms of terms

_MARGIN: Final = 1 + 1e-6  # of what is rounded to a float

Spans = list[tuple[int, int]] | None


@attrs.define(eq=False)
class Page:
    """Some hits in order, out of `total`."""

    total: int
    found: Found


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
        "_known_finders",
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
        self._known_finders: list[Executor] | None = None
        self._known_way: _Words | _Run | Literal["unknown"] | None = "unknown"

    @property
    def _executors(self) -> list[Executor]:
        if self._known_executors is None:
            self._known_executors = [Executor(live, self._ranking) for live in self._segments]
        return self._known_executors

    @property
    def _finders(self) -> list[Executor]:
        """Those that only tell what matches, which often takes less."""
        if self._known_finders is None:
            self._known_finders = [Executor(live, None) for live in self._segments]
        return self._known_finders

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
        return [finder.live_matches(self.plan).docs for finder in self._finders]

    def count(self) -> int:
        """How many articles match."""
        return sum(finder.count(self.plan) for finder in self._finders)

    def page(
        self,
        limit: int | None = 10,
        offset: int = 0,
        sort: str = "relevance",
        closeness: Closeness | None = None,
    ) -> Page:
        """Hits `offset` to `offset + limit` of the order `sort`: relevance, newest or oldest; without a limit all."""
        limit = self._articles if limit is None else min(limit, self._articles)
        offset = min(offset, self._articles)
        if sort == "newest" or (sort == "relevance" and not self._scored and closeness is None):
            return self._latest(offset, limit, closeness)
        if sort == "oldest":
            return self._oldest(offset, limit, closeness)
        if closeness is None:
            return self._best(offset, limit)
        return self._nearest(offset, limit, closeness)

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
        return Page(total, best.take().cut(offset, self._articles))

    def _nearest(self, offset: int, limit: int, closeness: Closeness) -> Page:
        """The best where closeness counts: by bounds that it raises as it raises scores, few of which are asked for."""
        best, total = Best(min(offset + limit, self._articles) if limit else 0), 0
        for number, executor in enumerate(self._executors):
            segment = self._segments[number].segment
            memo: Memo = {}
            docs, bounds = executor.live_matches(self.plan, memo)
            total += len(docs)
            if bounds is None or not self._scored:
                bounds = np.full(len(docs), 0 if self._scored else 1, np.float32)
            raised = (bounds * closeness.factors(segment.dates_of(docs)) * _MARGIN).astype(np.float32)
            scorer = PlanScorer(partial(self._scores, number, closeness, memo))
            with segment.reading_postings():
                choose(best, number, segment.dates, docs, raised, 0.0, scorer)
        return Page(total, best.take().cut(offset, self._articles))

    def _latest(self, offset: int, limit: int, closeness: Closeness | None) -> Page:
        """The newest articles first; which is also the order of articles that are all worth the same."""
        total, wanted, found = 0, min(offset + limit, self._articles), Found()
        for number, finder in enumerate(self._finders):
            size, docs = finder.latest(self.plan, wanted)
            total += size
            self._add(found, number, docs, closeness)
        found.sort("newest")
        return Page(total, found.cut(offset, wanted))

    def _oldest(self, offset: int, limit: int, closeness: Closeness | None) -> Page:
        total, found = 0, Found()
        for number, docs in enumerate(self.matches()):
            total += len(docs)
            # Docids ascend by date, but undated articles, which come last here, have the first ones.
            dated = int(np.searchsorted(docs, self._segments[number].segment.interval(None, None)[0]))
            first = np.concatenate((docs[dated:], docs[:dated]))[: offset + limit]
            self._add(found, number, np.sort(first), closeness)
        found.sort("oldest")
        return Page(total, found.cut(offset, offset + limit))

    def _add(self, found: Found, number: int, docs: Docs, closeness: Closeness | None) -> None:
        """Add some matches of a segment, scored."""
        scores = self._scores(number, closeness, None, docs)
        found.add(number, docs, scores, self._segments[number].segment.dates_of(docs))

    def _scores(self, number: int, closeness: Closeness | None, memo: Memo, docs: Docs) -> Scores:
        """What some matches of a segment are worth; `memo` is that of the `run` that found them."""
        # What only filters asked for is all equally relevant.
        scores = self._executors[number].score(self.plan, docs, memo) if self._scored else np.ones(len(docs))
        if closeness is None:
            return scores
        return scores * closeness.factors(self._segments[number].segment.dates_of(docs))


def _span(segment: Segment, dates: Sequence[Dates]) -> tuple[int, int]:
    """The docids that all of some intervals of dates leave: the first, and the one behind the last."""
    spans = [segment.interval(one.since, one.until) for one in dates]
    return max([low for low, _ in spans]), min([high for _, high in spans])

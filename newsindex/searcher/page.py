"""A plan made ready for the segments of one generation, and what it finds there: a page of hits, or all of them.

Order of equals: the newer article first, and of articles with one date the one added later. Undated articles come last
under any order by date.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import repeat

import attrs
import numpy as np

from newsindex.inverted.columns import UNDATED
from newsindex.inverted.fields import BODY
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import And, Dates, Or, Phrase, Plan, Stem, Word
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf
from newsindex.searcher._top import Best, best_phrase, best_words
from newsindex.searcher.executor import Executor, Scores, is_scored
from newsindex.searcher.ranking import Closeness, Ranking
from newsindex.searcher.snippets import Highlighter
from newsindex.searcher.terms import Docs, phrase_words_everywhere

Found = tuple[float, int, int, int]  # one hit: score, date, number of its segment, docid. They sort by relevance


@attrs.define(eq=False)
class Page:
    """Some hits in order, out of `total`."""

    total: int
    found: list[Found]


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

    def __init__(self, segments: Sequence[LiveSegment], plan: Plan, ranking: Ranking) -> None:
        self.plan = plan
        self.highlighter = Highlighter(plan)
        self._segments = segments
        self._ranking = ranking
        self._scored = is_scored(plan)
        self._articles = ranking.articles

    @cached_property
    def _executors(self) -> list[Executor]:
        return [Executor(live, self._ranking) for live in self._segments]

    @cached_property
    def _core(self) -> tuple[Plan, list[tuple[int, int]] | None]:
        """The plan without its dates, and the docids in each segment that these leave; None for all."""
        children = self.plan.children if isinstance(self.plan, And) else ()
        dates = [child for child in children if isinstance(child, Dates)]
        rest = tuple([child for child in children if not isinstance(child, Dates)])
        if not dates or not rest:
            return self.plan, None
        return rest[0] if len(rest) == 1 else And(rest), [_span(live.segment, dates) for live in self._segments]

    @cached_property
    def _leaves(self) -> list[list[Leaf]] | None:
        """Each word in every segment, where the core is a word or nothing but words found without a second look."""
        core, _ = self._core
        if isinstance(core, Word):
            return None if core.field == BODY else [self._ranking.leaves(core)]
        words = core.children if isinstance(core, And | Or) else ()
        if not all(type(word) is Word and type(word.pattern) is Stem and word.field != BODY for word in words):
            return None
        found = [self._ranking.leaves(word) for word in words if isinstance(word, Word)]
        return None if any(leaf.wide or leaf.partial for leaves in found for leaf in leaves) else found or None

    @cached_property
    def _phrase(self) -> list[list[Terms]] | None:
        """The words of a phrase in every segment, where the core is one that is found without a second look."""
        core, _ = self._core
        if not isinstance(core, Phrase) or core.field == BODY:
            return None
        return phrase_words_everywhere([live.segment for live in self._segments], core)

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
        core, spans = self._core
        if self._leaves is not None:
            total = best_words(best, self._ranking.grounds, self._leaves, isinstance(core, And), spans)
        elif isinstance(core, Phrase) and self._phrase is not None:
            weight = self._ranking.weight(core)
            total = best_phrase(best, self._ranking.grounds, self._phrase, core.field, weight, core.slop, spans)
        else:
            total = sum([executor.top(self.plan, best, number) for number, executor in enumerate(self._executors)])
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

"""Running a plan on one segment: which docids match, and their scores.

A plan is evaluated from its leaves up over ascending arrays of docids. Every evaluation is given an interval of docids
and looks at nothing outside it: dates are such intervals, because articles are numbered by date, so a conjunction
takes them first and its other parts never read a posting beyond them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import clean
from newsindex.inverted.fields import BODY, TEXT
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import (
    And,
    Dates,
    Everything,
    Maybe,
    Not,
    Nothing,
    OneOf,
    Or,
    Phrase,
    Plan,
    Unscored,
    Word,
)
from newsindex.searcher._kernels import intersect, subtract, unite
from newsindex.searcher.ranking import MAX_BONUS, Ranking
from newsindex.searcher.terms import Counts, Docs, document_frequency, is_spelled, leaf_frequencies, text_phrase


class Evidence(NamedTuple):
    """How often a leaf occurs in each of some articles, and in their titles where that is known: what scores it."""

    leaf: Word | Phrase
    counts: Counts
    titles: Counts | None

    def take(self, places: NDArray[np.int64]) -> Evidence:
        """That of the articles at `places`."""
        return Evidence(self.leaf, self.counts[places], None if self.titles is None else self.titles[places])


class Matches(NamedTuple):
    """Ascending docids, the score of each (None where nothing was scored), and evidence that is not scored yet."""

    docs: Docs
    scores: NDArray[np.float64] | None = None
    evidence: tuple[Evidence, ...] = ()

    def take(self, places: NDArray[np.int64]) -> Matches:
        """Those at `places`, which ascend."""
        if len(places) == len(self.docs):
            return self
        scores = None if self.scores is None else self.scores[places]
        return Matches(self.docs[places], scores, tuple(one.take(places) for one in self.evidence))

    def plus(self, scores: NDArray[np.float64] | None, evidence: tuple[Evidence, ...] = ()) -> Matches:
        """The same articles with `scores` and `evidence` added."""
        if scores is None or self.scores is None:
            return Matches(self.docs, self.scores if scores is None else scores, self.evidence + evidence)
        return Matches(self.docs, self.scores + scores, self.evidence + evidence)

    def scored(self) -> NDArray[np.float64]:
        """The scores, 0 where nothing was scored."""
        return np.zeros(len(self.docs)) if self.scores is None else self.scores


def _range(low: int, high: int) -> Matches:
    return Matches(np.arange(low, high, dtype=np.int32))


def _union(a: Matches, b: Matches) -> Matches:
    docs, scores = unite(a.docs, a.scored(), b.docs, b.scored())
    return Matches(docs, None if a.scores is None and b.scores is None else scores)


def most_bonus(plan: Plan) -> float:
    """What share of its score the spelling of words may add to a match at most."""
    if isinstance(plan, Word | Phrase):
        return MAX_BONUS if is_spelled(plan) else 0.0
    if isinstance(plan, And | Or):
        return max(map(most_bonus, plan.children), default=0.0)
    return max(most_bonus(plan.required), most_bonus(plan.optional)) if isinstance(plan, Maybe) else 0.0


class Executor:
    """Runs plans on one segment.

    Args:
        segment: where to look.
        ranking: how to score; None where only the articles are wanted.
    """

    def __init__(self, segment: Segment, ranking: Ranking | None) -> None:
        self._segment = segment
        self._ranking = ranking

    def run(self, plan: Plan, low: int = 0, high: int | None = None) -> Matches:
        """The matches of `plan` among the docids `low` to `high` - 1 (None: to the end), scored."""
        matches = self._run(plan, low, self._segment.articles if high is None else high)
        if self._ranking is None:
            return matches
        for leaf, counts, titles in matches.evidence:
            matches = matches.plus(self._ranking.score(self._segment, leaf, matches.docs, counts, titles))
        return Matches(matches.docs, matches.scores)

    def bonus(self, plan: Plan, docs: Docs) -> NDArray[np.float64]:
        """What is to be added to the scores of some matches of `plan` for words spelled as they were asked for.

        It is at most MAX_BONUS times the score. Finding it takes longer than the score itself, so it is left to the
        caller to choose the matches for which it matters.
        """
        scores = np.zeros(len(docs))
        if self._ranking is None or not len(docs):
            return scores
        if isinstance(plan, Word | Phrase):
            return self._ranking.bonus(self._segment, plan, docs)
        if isinstance(plan, And):
            return sum((self.bonus(child, docs) for child in plan.children), scores)
        if isinstance(plan, Or | Maybe):
            for child in plan.children if isinstance(plan, Or) else (plan.required, plan.optional):
                if isinstance(child, Word | Phrase):
                    scores += self.bonus(child, docs)
                else:
                    found = self._run(child, int(docs[0]), int(docs[-1]) + 1).docs
                    places, _ = intersect(docs, found)
                    scores[places] += self.bonus(child, docs[places])
        return scores

    def _run(self, plan: Plan, low: int, high: int) -> Matches:
        """The matches, whose evidence waits: a conjunction scores only what has all its parts."""
        if isinstance(plan, Word | Phrase):
            return self._leaf(plan, low, high)
        if isinstance(plan, Dates):
            since, until = self._segment.interval(plan.since, plan.until)
            return _range(max(low, since), max(low, since, min(high, until)))
        if isinstance(plan, OneOf):
            return self._one_of(plan, low, high)
        if isinstance(plan, Everything):
            return _range(low, high)
        if isinstance(plan, Nothing):
            return _range(low, low)
        return self._combination(plan, low, high)

    def _combination(self, plan: And | Or | Not | Maybe | Unscored, low: int, high: int) -> Matches:
        if isinstance(plan, And):
            return self._and(plan, low, high)
        if isinstance(plan, Or):
            matches = _range(low, low)
            for child in plan.children:
                matches = _union(matches, self.run(child, low, high))
            return matches
        if isinstance(plan, Not):
            everything = _range(low, high)
            return everything.take(subtract(everything.docs, self.run(plan.child, low, high).docs))
        if isinstance(plan, Maybe):
            return self._maybe(plan, low, high)
        docs = Executor(self._segment, None).run(plan.child, low, high).docs
        return Matches(docs, np.full(len(docs), plan.score) if self._ranking else None)

    def _leaf(self, leaf: Word | Phrase, low: int, high: int) -> Matches:
        titles = None
        if isinstance(leaf, Phrase) and leaf.field == TEXT:
            docs, counts, titles = text_phrase(self._segment, leaf, low, high)
        else:
            docs, counts = leaf_frequencies(self._segment, leaf, low, high)
        return Matches(docs, None, (Evidence(leaf, counts, titles),))

    def _one_of(self, plan: OneOf, low: int, high: int) -> Matches:
        column = self._segment.values.get(plan.field)
        if column is None:
            return _range(low, low)
        with self._segment.reading(f"values of {plan.field}"):
            return Matches(column.docs((clean(value).strip() for value in plan.values), low, high))

    def _and(self, plan: And, low: int, high: int) -> Matches:
        """Dates first, as they bound the others; then what must match; what must not is taken off last."""
        for child in plan.children:
            if isinstance(child, Dates):
                since, until = self._segment.interval(child.since, child.until)
                low, high = max(low, since), min(high, until)
        if low >= high:
            return _range(low, low)
        matches: Matches | None = None
        for child in sorted(plan.children, key=self._rarity):
            if isinstance(child, Dates | Not):
                continue
            found = self._run(child, low, high)
            if matches is not None:
                in_matches, in_found = intersect(matches.docs, found.docs)
                found = found.take(in_found)
                matches = matches.take(in_matches).plus(found.scores, found.evidence)
            else:
                matches = found
            if not len(matches.docs):
                return _range(low, low)
            low, high = int(matches.docs[0]), int(matches.docs[-1]) + 1
        if matches is None:
            matches = _range(low, high)
        for child in plan.children:
            if isinstance(child, Not):
                matches = matches.take(subtract(matches.docs, self._run(child.child, low, high).docs))
        return matches

    def _rarity(self, plan: Plan) -> int:
        """In at most how many articles of the segment a word or phrase occurs; other parts come after them."""
        if not isinstance(plan, Word | Phrase):
            return self._segment.articles + 1
        field = TEXT if plan.field == BODY else plan.field
        patterns = (plan.pattern,) if isinstance(plan, Word) else plan.patterns
        return min(document_frequency(self._segment, field, pattern) for pattern in patterns)

    def _maybe(self, plan: Maybe, low: int, high: int) -> Matches:
        required = self.run(plan.required, low, high)
        optional = self.run(plan.optional, low, high)
        if optional.scores is None:
            return required
        places, found = intersect(required.docs, optional.docs)
        extra = np.zeros(len(required.docs))
        extra[places] = optional.scores[found]
        return required.plus(extra)

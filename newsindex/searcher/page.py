"""The page of hits: the best of all segments, in order, and how many match in all.

Order of equals: the newer article first, and of articles with one date the one added later. Undated articles come last
under any order by date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Final, NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.inverted.build import UNDATED
from newsindex.inverted.segment import LiveSegment
from newsindex.query.nodes import Plan
from newsindex.searcher._kernels import best as best_places
from newsindex.searcher.executor import Executor, Matches, most_bonus
from newsindex.searcher.ranking import Closeness, Ranking

Docs = NDArray[np.int32]
Scores = NDArray[np.float64]
_FEW: Final = 100  # more matches than are wanted are scored to learn which others need be


class Found(NamedTuple):
    """One hit: docid `doc` of segment number `segment`."""

    segment: int
    doc: int
    score: float
    date: int


@attrs.frozen
class Page:
    """Some hits in order, out of `total`."""

    total: int
    found: list[Found]


def matches(segments: Sequence[LiveSegment], plan: Plan, ranking: Ranking | None = None) -> list[Matches]:
    """The live articles of each segment that match."""
    results = []
    for live in segments:
        found = Executor(live.segment, ranking).run(plan)
        if live.live < live.segment.articles:
            found = found.take(np.flatnonzero(live.alive[found.docs]))
        results.append(found)
    return results


def count(segments: Sequence[LiveSegment], plan: Plan) -> int:
    """How many articles match."""
    return sum(len(found.docs) for found in matches(segments, plan))


def search(
    segments: Sequence[LiveSegment],
    plan: Plan,
    *,
    limit: int | None,
    offset: int,
    sort: str,
    closeness: Closeness | None,
) -> Page:
    """Run a plan and keep hits `offset` to `offset + limit` of the order `sort`: relevance, newest or oldest."""
    ranking = Ranking(segments)
    results = matches(segments, plan, ranking)
    total = sum(len(found.docs) for found in results)
    wanted = total if limit is None else min(offset + limit, total)
    pool = _Pool(segments, results, plan, ranking, closeness)
    if sort != "relevance":
        best = pool.take(lambda docs, dates, scores: np.sort(_in_order(sort, docs, dates, wanted)), wanted)
    else:
        best = _most_relevant(pool, wanted)
    best.sort(key=_ORDERS[sort], reverse=sort != "oldest")
    return Page(total, best[offset:wanted])


class _Pool:
    """All matches of a search, with their scores but for what spelling adds to them."""

    def __init__(
        self,
        segments: Sequence[LiveSegment],
        results: Sequence[Matches],
        plan: Plan,
        ranking: Ranking,
        closeness: Closeness | None,
    ) -> None:
        self._segments = [live.segment for live in segments]
        self._results = results
        self._plan = plan
        self._ranking = ranking
        self._closeness = closeness
        self.most_bonus = most_bonus(plan)
        # What only filters asked for is all equally relevant.
        self.scores = [np.ones(len(found.docs)) if found.scores is None else found.scores for found in results]
        if closeness is not None:
            self.scores = [
                scores * closeness.factors(segment.dates[found.docs])
                for segment, found, scores in zip(self._segments, results, self.scores, strict=True)
            ]

    def take(self, choose: Callable[[Docs, NDArray[np.int64], Scores], NDArray[np.intp]], wanted: int) -> list[Found]:
        """The best `wanted` of each segment's matches, out of those at the places that `choose` gives.

        It is asked with (docs, dates of the segment, scores); what it chooses is finally scored.
        """
        found: list[Found] = []
        for number, (segment, result) in enumerate(zip(self._segments, self._results, strict=True)):
            places = choose(result.docs, segment.dates, self.scores[number])
            docs = result.docs[places]
            bonus = Executor(segment, self._ranking).bonus(self._plan, docs)
            if self._closeness is not None:
                bonus = bonus * self._closeness.factors(segment.dates[docs])
            scores = self.scores[number][places] + bonus
            best = best_places(scores, wanted)
            docs, scores = docs[best], scores[best]
            found += map(Found, repeat(number), docs.tolist(), scores.tolist(), segment.dates[docs].tolist())
        return found


def _most_relevant(pool: _Pool, wanted: int) -> list[Found]:
    """At least the first `wanted` matches by their final scores.

    The bonus of a match is a bounded share of its score, so that only a match with enough of a score can rise that far.
    How much is enough is known from the final scores of the best few.
    """
    every = np.concatenate([np.zeros(0), *pool.scores])
    if not wanted:
        return []
    few = wanted if pool.most_bonus == 0 else min(_FEW + wanted, len(every))
    enough = float(np.partition(every, -few)[-few])
    best = pool.take(lambda docs, dates, scores: (scores >= enough).nonzero()[0], wanted)
    least = sorted(one.score for one in best)[-wanted] / (1 + pool.most_bonus)
    if pool.most_bonus == 0 or few == len(every) or least >= enough:
        return best
    # A hair less, as sums of the same numbers in another order may differ by as much.
    return pool.take(lambda docs, dates, scores: (scores >= least * (1 - 1e-9)).nonzero()[0], wanted)


_ORDERS = {
    "relevance": lambda one: (one.score, one.date, one.segment, one.doc),
    "newest": lambda one: (one.date, one.segment, one.doc),
    "oldest": lambda one: (one.date == UNDATED, one.date, one.segment, one.doc),
}


def _in_order(sort: str, docs: NDArray[np.int32], dates: NDArray[np.int64], wanted: int) -> NDArray[np.intp]:
    """The places of the first `wanted` matches of a segment by date. Docids ascend by date."""
    if sort == "newest":
        return np.arange(max(len(docs) - wanted, 0), len(docs))
    undated = int(np.searchsorted(docs, np.searchsorted(dates, UNDATED, side="right")))
    return np.concatenate((np.arange(undated, len(docs)), np.arange(undated)))[:wanted]

"""The page of hits: the best of all segments, in order, and how many match in all.

Order of equals: the newer article first, and of articles with one date the one added later. Undated articles come last
under any order by date.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.inverted.build import UNDATED
from newsindex.inverted.segment import LiveSegment
from newsindex.query.nodes import Plan
from newsindex.searcher._kernels import best as best_places
from newsindex.searcher.executor import Executor, Matches
from newsindex.searcher.ranking import Closeness, Ranking


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
    best: list[Found] = []
    for number, (live, found) in enumerate(zip(segments, results, strict=True)):
        scores = _scores(live, found, closeness)
        dates = live.segment.dates
        places = _best(sort, found.docs, scores, dates, wanted)
        docs = found.docs[places]
        best += map(Found, repeat(number), docs.tolist(), scores[places].tolist(), dates[docs].tolist())
    best.sort(key=_ORDERS[sort], reverse=sort != "oldest")
    return Page(total, best[offset:wanted])


_ORDERS = {
    "relevance": lambda one: (one.score, one.date, one.segment, one.doc),
    "newest": lambda one: (one.date, one.segment, one.doc),
    "oldest": lambda one: (one.date == UNDATED, one.date, one.segment, one.doc),
}


def _scores(live: LiveSegment, found: Matches, closeness: Closeness | None) -> NDArray[np.float64]:
    # What only filters asked for is all equally relevant.
    scores = np.ones(len(found.docs)) if found.scores is None else found.scores
    return scores if closeness is None else scores * closeness.factors(live.segment.dates[found.docs])


def _best(
    sort: str, docs: NDArray[np.int32], scores: NDArray[np.float64], dates: NDArray[np.int64], wanted: int
) -> NDArray[np.intp]:
    """The places of the first `wanted` matches of a segment, in any order. Docids ascend by date."""
    if sort == "newest":
        return np.arange(max(len(docs) - wanted, 0), len(docs))
    if sort == "oldest":
        undated = int(np.searchsorted(docs, np.searchsorted(dates, UNDATED, side="right")))
        return np.concatenate((np.arange(undated, len(docs)), np.arange(undated)))[:wanted]
    return best_places(scores, wanted)

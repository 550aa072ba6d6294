"""The suite `query`: each class of queries, from the string to ten hits read."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from benchmarks.engines import OURS, Row, Searcher
from benchmarks.figures import Ratio, in_turns, percentile, ratio
from benchmarks.queries import CLASSES, Drawer, Query


@attrs.frozen
class EngineTimes:
    """One engine's times in one class, in microseconds.

    Attributes:
        median_us, p99_us: over all rounds.
        ratio: the rounds' medians in units of newsindex's; None for newsindex itself, or where that did not run.
        rounds_us: the median of each round.
    """

    median_us: float
    p99_us: float
    ratio: Ratio | None
    rounds_us: list[float]


@attrs.frozen
class Disagreement:
    """A query of which the engines count different numbers of hits."""

    query: str
    hits: dict[str, int]


@attrs.frozen
class ClassResult:
    """One class of queries.

    Attributes:
        queries: how many different ones were timed; 0 where the articles have none of this class.
        hits: the median number of articles that match, by the count of the first engine.
        engines: the times.
        disagreements: all queries of the class on which the engines do not agree.
    """

    queries: int
    hits: float
    engines: dict[str, EngineTimes]
    disagreements: list[Disagreement]


def measure(
    drawer: Drawer, searchers: Mapping[str, Searcher], rounds: int, per_round: int, say: Callable[[str], None]
) -> dict[str, ClassResult]:
    """Run all classes on open indexes of the articles that the drawer knows.

    Args:
        rounds: how often the engines take turns.
        per_round: queries in a round, and as many before the first one to warm up.
    """
    gc.collect()
    gc.freeze()  # what is here already shall not slow down the engine that makes the collector run
    results = {}
    for kind in CLASSES:
        say(f"queries: {kind}")
        results[kind] = _measure_class(drawer.draw(kind, (rounds + 1) * per_round), searchers, rounds, per_round)
    gc.unfreeze()
    return results


def _measure_class(queries: list[Query], searchers: Mapping[str, Searcher], rounds: int, per_round: int) -> ClassResult:
    if not queries:
        return ClassResult(0, 0.0, {}, [])
    # Where the articles have too few different ones, the rounds begin again from the first.
    batches = [[queries[(r * per_round + i) % len(queries)] for i in range(per_round)] for r in range(rounds + 1)]
    warm_up, timed = batches[-1], batches[:-1]
    for searcher in searchers.values():
        _times(searcher, warm_up)
    times: dict[str, list[list[float]]] = {name: [] for name in searchers}
    for number, name in in_turns(list(searchers), rounds):
        times[name].append(_times(searchers[name], timed[number]))
    asked = list(dict.fromkeys(query for batch in timed for query in batch))
    counts = [{name: searcher.count(query) for name, searcher in searchers.items()} for query in asked]
    medians = {name: [statistics.median(batch) for batch in batches] for name, batches in times.items()}
    return ClassResult(
        queries=len(asked),
        hits=statistics.median(next(iter(hits.values())) for hits in counts),
        engines={name: _summary(name, times[name], medians) for name in searchers},
        disagreements=[
            Disagreement(str(query), hits)
            for query, hits in zip(asked, counts, strict=True)
            if len(set(hits.values())) > 1
        ],
    )


def _times(searcher: Searcher, queries: Sequence[Query]) -> list[float]:
    """Microseconds for each query."""
    tasks = [searcher.task(query) for query in queries]
    return [_time(task) for task in tasks]


def _time(task: Callable[[], list[Row]]) -> float:
    begin = time.perf_counter_ns()
    task()
    return (time.perf_counter_ns() - begin) / 1_000


def _summary(name: str, batches: list[list[float]], medians: dict[str, list[float]]) -> EngineTimes:
    values = [value for batch in batches for value in batch]
    return EngineTimes(
        median_us=statistics.median(values),
        p99_us=percentile(values, 0.99),
        ratio=ratio(medians[name], medians[OURS]) if OURS in medians and name != OURS else None,
        rounds_us=medians[name],
    )

"""The suite `query`: each class of queries, from the string to ten hits read."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from benchmarks.engines import OURS, CannotError, Row, Searcher, TimedRows
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
        hits: the median number of articles that match, by the count of the first engine; 0 where none counts.
        engines: the times.
        disagreements: all queries of the class on which the engines do not agree.
        cannot: why engines that are not among `engines` have nothing for this class.
    """

    queries: int
    hits: float
    engines: dict[str, EngineTimes]
    disagreements: list[Disagreement]
    cannot: dict[str, str] = attrs.Factory(dict)


def measure(
    drawer: Drawer, searchers: Mapping[str, Searcher], rounds: int, per_round: int, say: Callable[[str], None]
) -> dict[str, ClassResult]:
    """Run all classes on open indexes of the articles that the drawer knows.

    Args:
        rounds: how often the engines take turns.
        per_round: queries in a round, and as many before the first one to warm up.
    """
    batches = {kind: _batches(drawer.draw(kind, (rounds + 1) * per_round), rounds, per_round) for kind in CLASSES}
    gc.collect()
    gc.freeze()  # what is here already shall not slow down the engine that makes the collector run
    for name, searcher in searchers.items():
        seconds = getattr(searcher, "warm_up_seconds", 0.0)
        if seconds:
            say(f"queries: warming up {name}")
            _warm_up(searcher, [queries for queries, *_ in batches.values()], seconds)
    results = {}
    for kind in CLASSES:
        say(f"queries: {kind}")
        results[kind] = _measure_class(*batches[kind], searchers=searchers)
    gc.unfreeze()
    return results


def _batches(queries: list[Query], rounds: int, per_round: int) -> list[list[Query]]:
    """The queries to warm up with, then those of each round; from the first again where there are too few."""
    batches = [
        [queries[(r * per_round + i) % len(queries)] for i in range(per_round)] for r in range(rounds + 1) if queries
    ]
    return batches[-1:] + batches[:-1] if batches else [[]]


def _warm_up(searcher: Searcher, classes: list[list[Query]], seconds: float) -> None:
    able = [queries for queries in classes if answering(queries, {"": searcher})[0]]
    end = time.perf_counter() + seconds
    while able and time.perf_counter() < end:
        for queries in able:
            _times(searcher, queries)


def _measure_class(warm_up: list[Query], *timed: list[Query], searchers: Mapping[str, Searcher]) -> ClassResult:
    able, cannot = answering(warm_up, searchers)
    if not warm_up or not able:
        return ClassResult(0, 0.0, {}, [], cannot)
    for searcher in able.values():
        _times(searcher, warm_up)
    rounds = len(timed)
    times: dict[str, list[list[float]]] = {name: [] for name in able}
    for number, name in in_turns(list(able), rounds):
        times[name].append(_times(able[name], timed[number]))
    asked = list(dict.fromkeys(query for batch in timed for query in batch))
    counts = [_counts(query, able) for query in asked]
    medians = {name: [statistics.median(batch) for batch in batches] for name, batches in times.items()}
    return ClassResult(
        queries=len(asked),
        hits=statistics.median(next(iter(hits.values()), 0) for hits in counts),
        engines={name: _summary(name, times[name], medians) for name in able},
        disagreements=[
            Disagreement(str(query), hits)
            for query, hits in zip(asked, counts, strict=True)
            if len(set(hits.values())) > 1
        ],
        cannot=cannot,
    )


def _counts(query: Query, searchers: Mapping[str, Searcher]) -> dict[str, int]:
    counts = {name: searcher.count(query) for name, searcher in searchers.items()}
    return {name: count for name, count in counts.items() if count is not None}


def answering(queries: list[Query], searchers: Mapping[str, Searcher]) -> tuple[dict[str, Searcher], dict[str, str]]:
    """The engines that have something for these queries, and why the others have not."""
    able, cannot = {}, {}
    for name, searcher in searchers.items():
        try:
            for query in queries:
                searcher.task(query)
        except CannotError as error:
            cannot[name] = str(error)
        else:
            able[name] = searcher
    return able, cannot


def _times(searcher: Searcher, queries: Sequence[Query]) -> list[float]:
    """Microseconds for each query."""
    tasks = [searcher.task(query) for query in queries]
    return [_time(task) for task in tasks]


def _time(task: Callable[[], list[Row]]) -> float:
    begin = time.perf_counter_ns()
    rows = task()
    wall = (time.perf_counter_ns() - begin) / 1_000
    return rows.microseconds if isinstance(rows, TimedRows) else wall


def _summary(name: str, batches: list[list[float]], medians: dict[str, list[float]]) -> EngineTimes:
    values = [value for batch in batches for value in batch]
    return EngineTimes(
        median_us=statistics.median(values),
        p99_us=percentile(values, 0.99),
        ratio=ratio(medians[name], medians[OURS]) if OURS in medians and name != OURS else None,
        rounds_us=medians[name],
    )

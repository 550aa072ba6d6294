"""The suite of threads: what a second thread adds to the searches that one process answers.

Part of `query`. In each round one thread answers the same queries of a class twice, then two threads once each, and the
gain is the first time in units of the second: 2 where the threads do not hinder each other, 1 where one waits while the
other works, less where they fight. A batch is repeated until it lasts, so that starting a thread does not count.
Only engines whose open index threads may share take part: their searchers say so (`benchmarks.engines.Searcher`).
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import attrs

from benchmarks.engines import Searcher
from benchmarks.figures import Ratio, in_turns
from benchmarks.queries import CLASSES, Drawer
from benchmarks.querying import answering

THREADS: Final = 2
_LASTING: Final = 0.02  # seconds that a thread is kept busy, at least

Task = Callable[[], Any]


@attrs.frozen
class ThreadsResult:
    """One engine's throughput with two threads in units of its throughput with one.

    Attributes:
        gain: the rounds' geometric means over the classes of queries.
        classes: the median of the rounds in each class.
    """

    gain: Ratio
    classes: dict[str, float]


def measure(
    drawer: Drawer, searchers: Mapping[str, Searcher], rounds: int, queries: int, say: Callable[[str], None]
) -> dict[str, ThreadsResult]:
    """Let one thread and two answer some queries of each class, with each open index that threads may share."""
    shared = {name: searcher for name, searcher in searchers.items() if getattr(searcher, "shared", False)}
    gains: dict[str, dict[str, list[float]]] = {name: {} for name in shared}
    with ThreadPoolExecutor(THREADS) as pool:
        for kind in CLASSES:
            say(f"threads: {kind}")
            batch = drawer.draw(kind, queries)
            some = answering(batch, shared)[0] if batch else {}
            tasks = {name: _lasting([one.task(query) for query in batch]) for name, one in some.items()}
            for _, name in in_turns(list(tasks), rounds):
                gains[name].setdefault(kind, []).append(_gain(pool, tasks[name]))
    return {name: _result(list(found.values()), list(found)) for name, found in gains.items() if found}


def _lasting(tasks: Sequence[Task]) -> list[Task]:
    """The tasks, as often as it takes; they have been run once, which warms them up."""
    _run(tasks)
    return [*tasks] * max(1, math.ceil(_LASTING / _seconds(lambda: _run(tasks))))


def _gain(pool: ThreadPoolExecutor, tasks: Sequence[Task]) -> float:
    def alone() -> None:
        for _ in range(THREADS):
            pool.submit(_run, tasks).result()

    def together() -> None:
        for each in [pool.submit(_run, tasks) for _ in range(THREADS)]:
            each.result()

    return _seconds(alone) / _seconds(together)


def _run(tasks: Sequence[Task]) -> None:
    for task in tasks:
        task()


def _seconds(work: Task) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _result(gains: Sequence[Sequence[float]], classes: Sequence[str]) -> ThreadsResult:
    """Of the rounds of each class.

    >>> _result([[1.0, 2.0], [1.0, 0.5]], ["common term", "rare term"])
    ThreadsResult(gain=Ratio(median=1.0, low=1.0, high=1.0), classes={'common term': 1.5, 'rare term': 0.75})
    """
    means = [statistics.geometric_mean(one) for one in zip(*gains, strict=True)]
    medians = dict(zip(classes, map(statistics.median, gains), strict=True))
    return ThreadsResult(Ratio(statistics.median(means), min(means), max(means)), medians)

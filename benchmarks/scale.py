"""The suite `scale`: indexing and queries at sizes that grow threefold, to see what costs more in a larger archive.

At every size the same queries are asked, drawn from the smallest one: generated articles are the beginning of more, so
their words, phrases and months are in all. (Of a file the smaller ones are evenly spaced articles.) Each turn on each
size is a process of its own, `python -m benchmarks.scale`: a query that one index has answered would find its parsed
form cached in the next. Sizes take turns, as engines do within them, because the machine's speed changes.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks import children, corpus, indexing, querying
from benchmarks.engines import OURS, Engine, load
from benchmarks.figures import in_turns, ratio
from benchmarks.indexing import IndexResult
from benchmarks.queries import Drawer
from benchmarks.querying import EngineTimes

ENGINES: Final = (OURS, "tantivy")  # unless others are asked for: the fastest ones, so that large sizes end
_SMALLEST: Final = 100
_DECADES: Final = 100  # from the smallest to the largest size
TURNS: Final = 3
Job = Mapping[str, Any]


@attrs.frozen
class CostResult:
    """One class of queries at one size.

    Attributes:
        queries: how many different ones were timed.
        hits: the median number of articles that match.
        disagreements: on how many queries the engines count different numbers of hits. Queries that mean the same to
            all are chosen by the words of the smallest size; a larger one may have words that are spelled alike.
        engines: the times; medians over the turns.
    """

    queries: int
    hits: float
    disagreements: int
    engines: dict[str, EngineTimes]


@attrs.frozen
class SizeResult:
    """Everything at one size.

    Attributes:
        index: one build with each engine.
        query: by class of queries; without those that the smallest size has none of.
    """

    articles: int
    megabytes: float
    index: dict[str, IndexResult]
    query: dict[str, CostResult]


def sizes(largest: int) -> list[int]:
    """Numbers of articles that grow about threefold up to the largest, from its hundredth part on.

    >>> sizes(1_000_000)
    [10000, 30000, 100000, 300000, 1000000]
    >>> sizes(2_500)
    [100, 300, 1000, 2500]
    """
    ladder = [digit * 10**power for power in range(len(str(largest))) for digit in (1, 3)]
    return [size for size in ladder if max(_SMALLEST, largest // _DECADES) <= size < largest] + [largest]


def measure(
    path: Path | None,
    largest: corpus.Corpus,
    engines: Sequence[Engine],
    per_turn: int,
    folder: Path,
    say: Callable[[str], None],
) -> list[SizeResult]:
    """Build at each size, then ask in turns.

    Args:
        path: what the largest corpus was chosen from, or None where it was generated.
        per_turn: queries of each class that each of `TURNS` turns asks.

    Raises:
        RuntimeError: a child process failed.
    """
    builds, indexes, chosen = [], [], []
    for size in sizes(largest.articles):
        place = folder / str(size)
        place.mkdir()
        say(f"scale: preparing {size:,} articles")
        one = largest if size == largest.articles else corpus.prepare(path, size, largest.seed, place)
        built, where = indexing.measure(one, engines, 1, place, partial(_prefixed, say, f"{size:,} articles: "))
        chosen.append(one)
        builds.append(built)
        indexes.append(where)
    turns: list[list[dict[str, Any]]] = [[] for _ in chosen]
    for turn, rank in in_turns(range(len(chosen)), TURNS):
        say(f"scale: queries, turn {turn + 1} of {TURNS}, {chosen[rank].articles:,} articles")
        job: Job = {
            "articles": str(chosen[0].file),
            "seed": largest.seed + turn,
            "queries": per_turn,
            "indexes": {name: str(directory) for name, directory in indexes[rank].items()},
        }
        turns[rank].append(children.run("-m", "benchmarks.scale", json.dumps(job)))
    return [
        SizeResult(one.articles, one.megabytes, built, _merged(found))
        for one, built, found in zip(chosen, builds, turns, strict=True)
    ]


def _prefixed(say: Callable[[str], None], prefix: str, text: str) -> None:
    say(prefix + text)


def _merged(turns: Sequence[dict[str, Any]]) -> dict[str, CostResult]:
    return {kind: _cost([turn[kind] for turn in turns]) for kind in turns[0] if all(t[kind]["engines"] for t in turns)}


def _cost(turns: Sequence[dict[str, Any]]) -> CostResult:
    """One class; of each engine the rounds of all turns."""
    names = [name for name in turns[0]["engines"] if all(name in turn["engines"] for turn in turns)]
    times = {name: [turn["engines"][name] for turn in turns] for name in names}
    rounds = {name: [us for one in times[name] for us in one["rounds_us"]] for name in names}
    return CostResult(
        queries=sum(turn["queries"] for turn in turns),
        hits=statistics.median(turn["hits"] for turn in turns),
        disagreements=sum(len(turn["disagreements"]) for turn in turns),
        engines={
            name: EngineTimes(
                median_us=statistics.median(rounds[name]),
                p99_us=statistics.median(one["p99_us"] for one in times[name]),
                ratio=ratio(rounds[name], rounds[OURS]) if OURS in rounds and name != OURS else None,
                rounds_us=rounds[name],
            )
            for name in names
        },
    )


def _ask(job: Job) -> dict[str, Any]:
    """One turn, in the child."""
    drawer = Drawer(corpus.stream(Path(job["articles"])), job["seed"])
    searchers = {name: load(name).open(Path(directory)) for name, directory in job["indexes"].items()}
    found = querying.measure(drawer, searchers, 1, job["queries"], lambda _: None)
    for searcher in searchers.values():
        searcher.close()
    return {kind: attrs.asdict(result) for kind, result in found.items()}


if __name__ == "__main__":
    print(json.dumps(_ask(json.loads(sys.argv[1]))))

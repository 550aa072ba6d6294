"""The suite `startup`: what a script pays before its first answer, in fresh processes, its files in the page cache.

Each sample is a new Python that imports the engine's package, opens the index and runs one search to the rows of ten
hits. newsindex runs through its public API alone, so that what it loads late is paid for here. Peers run through their
adapters, which are loaded, with whatever those import, before the clock goes on: that favours them.

The engines take turns, sample by sample, since a machine's speed may change within seconds. pyperf is made for fresh
processes, but runs all those of one command in a row and times whole processes, the bare interpreter included.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks import children
from benchmarks.engines import OURS, PAGE, Engine
from benchmarks.figures import Ratio, in_turns, ratio
from benchmarks.queries import Drawer, Query

# What a script imports to search with a peer; an engine that is not here has no Python package to import.
PACKAGES: Final = {
    OURS: "newsindex",
    "whoosh": "whoosh.qparser",
    "tantivy": "tantivy",
    "sqlite": "sqlite3",
    "bm25s": "bm25s",
    "xapian": "xapian",
}
_KIND: Final = "common term"

_OURS: Final = f"""
import time
begin = time.perf_counter()
import newsindex
imported = time.perf_counter()
import json, sys
word, directory = sys.argv[1:]
again = time.perf_counter()
index = newsindex.open(directory)
opened = time.perf_counter()
rows = [(hit.id, hit.title, hit.date, hit.source, hit.score) for hit in index.search(word, limit={PAGE})]
done = time.perf_counter()
print(json.dumps([imported - begin, opened - again, done - opened, len(rows)]))
"""

_PEER: Final = """
import sys, time
name, package, word, directory = sys.argv[1:]
from importlib import import_module
begin = time.perf_counter()
import_module(package)
imported = time.perf_counter()
import json
from pathlib import Path
from benchmarks.engines import load
from benchmarks.queries import Query
engine = load(name)
again = time.perf_counter()
searcher = engine.open(Path(directory))
opened = time.perf_counter()
rows = searcher.task(Query((word,)))()
done = time.perf_counter()
print(json.dumps([imported - begin, opened - again, done - opened, len(rows)]))
"""


@attrs.frozen
class Spread:
    """Milliseconds: the median of the samples and the extremes."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of seconds."""
        return cls(*(1_000 * value for value in (statistics.median(values), min(values), max(values))))


@attrs.frozen
class StartupResult:
    """What one engine takes.

    Attributes:
        importing, opening, first: the package, the index, the first search.
        total: all three.
        ratio: the samples' totals in units of newsindex's; None for newsindex itself, or where that did not run.
        rounds_ms: the total of each sample.
    """

    importing: Spread
    opening: Spread
    first: Spread
    total: Spread
    ratio: Ratio | None
    rounds_ms: list[float]


def measure(
    drawer: Drawer,
    engines: Sequence[Engine],
    indexes: Mapping[str, Path],
    samples: int,
    say: Callable[[str], None],
) -> dict[str, StartupResult]:
    """Start processes in turns, each with one common word of the articles; the first of each engine is not counted.

    Raises:
        RuntimeError: an engine failed, or found nothing.
    """
    queries = drawer.draw(_KIND, samples + 1)
    names = [engine.name for engine in engines if _importable(engine.name)]
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for number, name in in_turns(names, samples + 1 if queries else 0):
        say(f"startup, sample {number} of {samples}: {name}")
        found[name].append(_sample(name, queries[number % len(queries)], indexes[name]))
    found = {name: rows[1:] for name, rows in found.items() if rows}
    totals = {name: [sum(row) for row in rows] for name, rows in found.items()}
    return {name: _summary(name, rows, totals) for name, rows in found.items()}


def _importable(name: str) -> bool:
    return name in PACKAGES and find_spec(PACKAGES[name].split(".")[0]) is not None


def _sample(name: str, query: Query, index: Path) -> list[float]:
    [word] = query.words
    code = ["-c", _OURS] if name == OURS else ["-c", _PEER, name, PACKAGES[name]]
    answer: list[Any] = children.run(*code, word, str(index))
    *seconds, hits = answer
    if not hits:
        raise RuntimeError(f"{name} found nothing for {word!r}, a word that many articles have; check its adapter")
    return seconds


def _summary(name: str, rows: list[list[float]], totals: Mapping[str, list[float]]) -> StartupResult:
    importing, opening, first = (Spread.of(column) for column in zip(*rows, strict=True))
    return StartupResult(
        importing=importing,
        opening=opening,
        first=first,
        total=Spread.of(totals[name]),
        ratio=ratio(totals[name], totals[OURS]) if OURS in totals and name != OURS else None,
        rounds_ms=[1_000 * total for total in totals[name]],
    )

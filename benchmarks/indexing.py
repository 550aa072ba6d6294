"""The suite `index`: all articles into an empty directory, once per round and engine."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from benchmarks import build
from benchmarks.build import Build
from benchmarks.corpus import Corpus
from benchmarks.engines import OURS, Engine
from benchmarks.figures import Ratio, in_turns, ratio


@attrs.frozen
class IndexResult:
    """One engine's builds.

    Attributes:
        seconds, peak_mb, growth_mb, disk_mb: medians over the rounds; see `Build`.
        articles_per_second, megabytes_per_second: at the median time.
        ratio: its time in units of newsindex's; None for newsindex itself, or where that did not run.
        rounds: each build.
    """

    seconds: float
    articles_per_second: float
    megabytes_per_second: float
    peak_mb: float
    growth_mb: float
    disk_mb: float
    ratio: Ratio | None
    rounds: list[Build]


def measure(
    corpus: Corpus, engines: Sequence[Engine], rounds: int, folder: Path, say: Callable[[str], None]
) -> tuple[dict[str, IndexResult], dict[str, Path]]:
    """Build in turns; returns the results and the last index of each engine."""
    builds: dict[str, list[Build]] = {engine.name: [] for engine in engines}
    last: dict[str, Path] = {}
    for number, engine in in_turns(engines, rounds):
        say(f"indexing, round {number + 1} of {rounds}: {engine.name}")
        if engine.name in last:
            shutil.rmtree(last[engine.name])  # a few indexes of a million articles would fill a disk
        last[engine.name] = folder / f"{engine.name}-{number}"
        builds[engine.name].append(build.run(engine.name, corpus, last[engine.name]))
    ours = [one.seconds for one in builds.get(OURS, [])]
    return {name: _summary(name, corpus, rounds, ours) for name, rounds in builds.items()}, last


def _summary(name: str, corpus: Corpus, rounds: list[Build], ours: list[float]) -> IndexResult:
    seconds = statistics.median(one.seconds for one in rounds)
    return IndexResult(
        seconds=seconds,
        articles_per_second=corpus.articles / seconds,
        megabytes_per_second=corpus.megabytes / seconds,
        peak_mb=statistics.median(one.peak_mb for one in rounds),
        growth_mb=statistics.median(one.growth_mb for one in rounds),
        disk_mb=statistics.median(one.disk_mb for one in rounds),
        ratio=ratio([one.seconds for one in rounds], ours) if ours and name != OURS else None,
        rounds=rounds,
    )

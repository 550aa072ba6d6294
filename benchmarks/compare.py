"""Runs beside each other: is newsindex slower than it was?

Machines differ and one machine differs from hour to hour, so what is compared is newsindex's time in units of the peers
that both runs have in the same version, round by round, as a geometric mean over those peers. Without such a peer times
are compared as they are, where both runs name the same machine and Python. Only figures of the same articles meet.

A change counts if it is larger than `FLOOR` and than four standard errors of the difference, which the spread of the
rounds tells: among dozens of figures, one that were out of bounds by chance would make every run a failure. More rounds
find smaller changes. The mean over all classes of queries swings less and has a lower floor, so a loss that is small
but everywhere is found there. pyperf's comparison, a t-test of times, knows no peers.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks.engines import OURS

FLOOR: Final = 0.10  # the least change of one figure that counts
MEAN_FLOOR: Final = 0.05  # of the mean over all classes of queries
SIZE_FLOOR: Final = 0.02  # of the index's size, which has no noise
MEMORY_FLOOR: Final = 0.15
_ERRORS: Final = 4
_OF_MEDIAN: Final = 1.2533  # its standard error in units of that of the mean
_MEAN: Final = "mean of query classes"


@attrs.frozen
class Figure:
    """What one run says about one thing.

    Attributes:
        unit: of the values.
        of: the articles that it was measured on, in words; only equal ones are comparable.
        rounds: the values by engine.
        floor: the least change that counts.
        group: what it is a part of, for a mean; "" for none.
        absolute: whether the value means the same on any machine, so that no peer is needed.
    """

    unit: str
    of: str
    rounds: Mapping[str, Sequence[float]]
    floor: float = FLOOR
    group: str = ""
    absolute: bool = False

    def shown(self) -> str:
        """newsindex's median."""
        value = statistics.median(self.rounds[OURS])
        return f"{value:,.4g} {self.unit}" if value < 1_000 else f"{value:,.0f} {self.unit}"


@attrs.frozen
class Run:
    """A run as it was written.

    Attributes:
        name: of its file, without the suffix.
        machine: the facts about it.
        versions: of the engines.
        figures: by what they tell of.
    """

    name: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    figures: Mapping[str, Figure]


@attrs.frozen
class Verdict:
    """One figure of two runs.

    Attributes:
        change: of newsindex's figure: 0.25 is a quarter more (slower, larger), -0.2 a fifth less.
        noise: the change that it would have to exceed.
        beside: the peers that it was measured by; none for absolute figures.
    """

    change: float
    noise: float
    beside: tuple[str, ...]

    @property
    def word(self) -> str:
        """Either "worse", "better" or "same"."""
        if abs(math.log1p(self.change)) <= math.log1p(self.noise):
            return "same"
        return "worse" if self.change > 0 else "better"


@attrs.frozen
class Comparison:
    """The later of two runs against the earlier one.

    Attributes:
        verdicts: by figure.
        left_out: the figures of either run that were not compared, and why.
    """

    verdicts: dict[str, Verdict]
    left_out: dict[str, str]

    @property
    def worse(self) -> list[str]:
        """The figures that got worse by more than the noise."""
        return [name for name, verdict in self.verdicts.items() if verdict.word == "worse"]


def read(file: Path) -> Run:
    """A run that `--json` wrote.

    Raises:
        ValueError: the file cannot be read, or is no run of a suite that measures speed.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        versions = {name: str(told["version"]) for name, told in values["engines"].items()}
        run = Run(file.stem, dict(values["machine"]), versions, dict(_figures(values)))
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}; pass a file that --json wrote") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{file}: not a run ({type(error).__name__}: {error}); pass what `index`, `query`, `scale`, `startup` or "
            "`all` wrote with --json"
        ) from error
    if not run.figures:
        raise ValueError(f"{file}: {OURS} was not measured in it; pass a run that has it")
    return run


def _figures(values: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    corpus = values["corpus"]
    of = _articles(corpus, corpus)
    found = [*_indexing("", of, values.get("index") or {}), *_queries("", of, values.get("query") or {})]
    for size in values.get("scale") or ():
        of, where = _articles(corpus, size), f"{size['articles']:,} articles: "
        found += [*_indexing(where, of, size["index"]), *_queries(where, of, size["query"])]
    if values.get("startup"):
        of = _articles(corpus, corpus)
        found.append(("startup", Figure("ms", of, _rounds(values["startup"], "rounds_ms"))))
    return ((name, figure) for name, figure in found if figure.rounds.get(OURS))


def _articles(corpus: Mapping[str, Any], size: Mapping[str, Any]) -> str:
    return f"{size['articles']:,} articles ({corpus['origin']}, seed {corpus['seed']}, {size['megabytes']:.1f} MB)"


def _indexing(where: str, of: str, index: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for name, unit, key, floor in (
        ("indexing", "s", "seconds", FLOOR),
        ("index size", "MB", "disk_mb", SIZE_FLOOR),
        ("memory of indexing", "MB", "peak_mb", MEMORY_FLOOR),
    ):
        rounds = {engine: [_number(build[key]) for build in one["rounds"]] for engine, one in index.items()}
        yield where + name, Figure(unit, of, rounds, floor, absolute=unit == "MB")


def _queries(where: str, of: str, query: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for kind, one in query.items():
        yield where + kind, Figure("µs", of, _rounds(one["engines"], "rounds_us"), group=where + _MEAN)


def _rounds(engines: Mapping[str, Any], key: str) -> dict[str, list[float]]:
    return {name: [_number(value) for value in one[key]] for name, one in engines.items()}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{value!r} where a positive number belongs")
    return float(value)


def compare(old: Run, new: Run) -> Comparison:
    """What changed from one run to the other."""
    verdicts: dict[str, Verdict] = {}
    left_out: dict[str, str] = {}
    groups: dict[str, list[tuple[_Logarithms, _Logarithms]]] = {}
    for name in {**old.figures, **new.figures}:
        if name not in old.figures or name not in new.figures:
            left_out[name] = f"only in {old.name if name in old.figures else new.name}"
            continue
        before, after = old.figures[name], new.figures[name]
        beside = _beside(old, new, before, after)
        if isinstance(beside, str):
            left_out[name] = beside
            continue
        values = _logarithms(before, beside), _logarithms(after, beside)
        verdicts[name] = _verdict(*values, after.floor, beside)
        if after.group:
            groups.setdefault(after.group, []).append(values)
    for name, parts in groups.items():
        means = [[statistics.fmean(row) for row in zip(*side, strict=False)] for side in zip(*parts, strict=True)]
        verdicts[name] = _verdict(means[0], means[1], MEAN_FLOOR, ())
    return Comparison(verdicts, left_out)


_Logarithms = list[float]  # of a figure, one for each round


def _beside(old: Run, new: Run, before: Figure, after: Figure) -> tuple[str, ...] | str:
    """The peers to compare by, or why there is nothing to compare."""
    if before.of != after.of:
        return f"different articles: {before.of} and {after.of}"
    if before.absolute:
        return ()
    if min(len(before.rounds[OURS]), len(after.rounds[OURS])) < 2:
        return "one round only, so its noise is not known"
    both = [name for name in before.rounds if name in after.rounds and name != OURS]
    beside = tuple(name for name in both if old.versions.get(name) == new.versions.get(name))
    if not beside and old.machine != new.machine:
        return "no peer of one version in both runs, and the machines or Pythons differ"
    return beside


def _logarithms(figure: Figure, beside: Sequence[str]) -> _Logarithms:
    """Of newsindex's figure, in units of the peers' geometric mean in the same round."""
    ours, *peers = (list(map(math.log, figure.rounds[name])) for name in (OURS, *beside))
    if not peers:
        return ours
    return [value - statistics.fmean(row) for value, row in zip(ours, zip(*peers, strict=True), strict=True)]


def _verdict(before: _Logarithms, after: _Logarithms, floor: float, beside: tuple[str, ...]) -> Verdict:
    change = statistics.median(after) - statistics.median(before)
    error = math.hypot(_error(before), _error(after))
    return Verdict(math.expm1(change), max(floor, math.expm1(_ERRORS * error)), beside)


def _error(values: _Logarithms) -> float:
    """The standard error of the median; 0 for a single value, of which only absolute figures have one."""
    return _OF_MEDIAN * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0

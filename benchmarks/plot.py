"""The pictures of the README, made of the runs in `benchmarks/history`: `speed.svg` and `scale.svg`.

`speed.svg` tells how many times as fast as each peer newsindex was at each release, since ratios outlive machines;
`scale.svg` what the newest run of `scale` says about cost over corpus size.
"""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.engines import NAMES, OURS
from benchmarks.svg import Panel, page

HISTORY: Final = Path(__file__).parent / "history"
_NAME: Final = re.compile(r"(\d+(?:\.\d+)*)(\w*)(-scale)?\.json")
_UNITS: Final = ("", "k", "M")


def plot(folder: Path) -> list[Path]:
    """Draw what the folder has runs for; returns the files written.

    Raises:
        ValueError: there is no run in the folder, or one that cannot be read.
    """
    releases, scales = _runs(folder, ""), _runs(folder, "-scale")
    if not releases and not scales:
        raise ValueError(f"{folder}: no run in it; write one there with --json, as benchmarks/__init__.py tells")
    written = []
    for name, draw, runs in (("speed", _speed, releases), ("scale", _scale, dict(list(scales.items())[-1:]))):
        if runs:
            try:
                text = draw(runs)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise ValueError(
                    f"{folder}: a run for {name}.svg has not what --json writes ({type(error).__name__}: {error}); "
                    "write it anew"
                ) from error
            written.append(folder / f"{name}.svg")
            written[-1].write_text(text, encoding="utf-8")
    return written


def _runs(folder: Path, suffix: str) -> dict[str, dict[str, Any]]:
    """Runs by version, the oldest version first."""
    found = []
    for file in folder.glob("*.json"):
        match = _NAME.fullmatch(file.name)
        if match is not None and (match[3] or "") == suffix:
            # 1.0rc1 comes before 1.0.
            order = ([int(part) for part in match[1].split(".")], not match[2], match[2])
            found.append((order, match[1] + match[2], file))
    try:
        return {version: json.loads(file.read_text(encoding="utf-8")) for _, version, file in sorted(found)}
    except ValueError as error:
        raise ValueError(f"{folder}: a run there is no JSON ({error}); write it anew with --json") from error


def _speed(runs: Mapping[str, dict[str, Any]]) -> str:
    indexing: dict[str, list[tuple[float, float]]] = {}
    queries: dict[str, list[tuple[float, float]]] = {}
    for place, run in enumerate(runs.values()):
        for name in NAMES:
            built = (run.get("index") or {}).get(name) or {}
            if built.get("ratio"):
                indexing.setdefault(name, []).append((place, built["ratio"]["median"]))
            asked = [one["engines"][name] for one in (run.get("query") or {}).values() if name in one["engines"]]
            ratios = [one["ratio"]["median"] for one in asked if one["ratio"]]
            if ratios:
                queries.setdefault(name, []).append((place, statistics.geometric_mean(ratios)))
    ticks = [(float(place), version) for place, version in enumerate(runs)]
    panels = [Panel("indexing", indexing, ticks), Panel("queries, geometric mean", queries, ticks)]
    return page(f"{OURS} by release: how many times as fast as …", NAMES, panels, 2)


def _scale(runs: Mapping[str, dict[str, Any]]) -> str:
    [(version, run)] = runs.items()
    sizes = run["scale"]
    ticks = [(math.log(size["articles"]), _short(size["articles"])) for size in sizes]
    names = [name for name in NAMES if name in sizes[0]["index"]]

    def panel(title: str, value: Any) -> Panel:
        lines = {name: [(x, value(size, name)) for (x, _), size in zip(ticks, sizes, strict=True)] for name in names}
        drawn = {name: [point for point in line if point[1] is not None] for name, line in lines.items()}
        return Panel(title, drawn, ticks)

    def query(kind: str) -> Any:
        return lambda size, name: size["query"].get(kind, {"engines": {}})["engines"].get(name, {}).get("median_us")

    panels = [
        panel("indexing, MB/s", lambda size, name: size["index"][name]["megabytes_per_second"]),
        panel("peak memory of indexing, MB", lambda size, name: size["index"][name]["peak_mb"]),
        panel("index, bytes per byte of text", lambda size, name: size["index"][name]["disk_mb"] / size["megabytes"]),
    ]
    panels += [panel(f"{kind}, µs", query(kind)) for kind in sizes[0]["query"]]
    return page(f"{OURS} {version}: cost over the number of articles", NAMES, panels, 4)


def _short(count: int) -> str:
    """
    >>> _short(10_000), _short(1_000_000), _short(28_286)
    ('10k', '1M', '28.3k')
    """
    power = min((len(str(count)) - 1) // 3, len(_UNITS) - 1)
    return f"{count / 1_000**power:.3g}{_UNITS[power]}"

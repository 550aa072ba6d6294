"""What a run tells: tables for people, JSON for later comparison."""

from __future__ import annotations

import datetime as dt
import json
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.compare import Comparison, Run
from benchmarks.corpus import Corpus
from benchmarks.engines import OURS, Engine
from benchmarks.figures import Ratio
from benchmarks.indexing import IndexResult
from benchmarks.querying import ClassResult, EngineTimes
from benchmarks.scale import SizeResult
from benchmarks.startup import Spread, StartupResult
from benchmarks.threads import THREADS, ThreadsResult

FORMAT = 1
_SHOWN_DISAGREEMENTS = 10


@attrs.define
class Report:
    """A whole run. What was not asked for is None.

    Attributes:
        engines: version and `given` of each engine that ran.
        skipped: why others did not.
    """

    corpus: Corpus
    engines: dict[str, dict[str, str]]
    skipped: dict[str, str]
    index: dict[str, IndexResult] | None = None
    query: dict[str, ClassResult] | None = None
    threads: dict[str, ThreadsResult] | None = None
    startup: dict[str, StartupResult] | None = None
    scale: list[SizeResult] | None = None

    @classmethod
    def of(cls, corpus: Corpus, engines: list[Engine], skipped: dict[str, str]) -> Report:
        """An empty report."""
        told = {engine.name: {"version": engine.version, "given": engine.given} for engine in engines}
        return cls(corpus, told, skipped)

    def write(self, file: Path) -> None:
        """Write everything as JSON."""
        write_json(self, file)

    def show(self, console: Console) -> None:
        """Print the tables."""
        show_head(console, self.corpus)
        for name, told in self.engines.items():
            console.print(f"{name} {told['version']}: {told['given']}", style="dim")
        for name, reason in self.skipped.items():
            console.print(f"{name} skipped: {reason}", style="yellow")
        console.print()
        if self.index is not None:
            console.print(_index_table(self.index))
        if self.query is not None:
            _show_queries(console, self.query, list(self.engines))
        if self.threads:
            console.print(_threads_table(self.threads))
        if self.startup is not None:
            console.print(_startup_table(self.startup))
        if self.scale is not None:
            _show_scale(console, self.scale, list(self.engines))


def write_json(report: attrs.AttrsInstance, file: Path) -> None:
    """Write a report, under the date and the facts about the machine, as JSON."""
    values: dict[str, Any] = attrs.asdict(report, filter=lambda field, _: field.name != "file")
    head = {"format": FORMAT, "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    text = json.dumps(_rounded({**head, "machine": machine.facts(), **values}), ensure_ascii=False, indent=1)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    """The same with numbers to six digits: more of them are noise, and `benchmarks/history` shall stay small."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else value
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def show_head(console: Console, corpus: Corpus) -> None:
    """Print what was measured, and where."""
    facts = machine.facts()
    console.print(
        f"{corpus.articles:,} articles ({corpus.origin}), {corpus.megabytes:.1f} MB of text; "
        f"{facts['python']}, {facts['cpus']} CPUs ({facts['cpu'] or 'model unknown'})"
    )


def _times(ratio: Ratio | None) -> str:
    return "" if ratio is None else f"{ratio.median:.1f}x ({ratio.low:.1f}–{ratio.high:.1f})"


def table_of(title: str, first: str) -> Table:
    """An empty table whose first column has the names of the rows."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    return table


def _index_table(results: Mapping[str, IndexResult]) -> Table:
    table = table_of("Indexing", "engine")
    for column in ("seconds", "articles/s", "MB/s", "peak MB", "growth MB", "index MB", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, one in results.items():
        table.add_row(
            name,
            f"{one.seconds:.2f}",
            f"{one.articles_per_second:,.0f}",
            f"{one.megabytes_per_second:.2f}",
            f"{one.peak_mb:.0f}",
            f"{one.growth_mb:.0f}",
            f"{one.disk_mb:.2f}",
            _times(one.ratio),
        )
    return table


def _table(title: str, first: str, columns: list[str]) -> Table:
    table = table_of(title, first)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _show_queries(console: Console, results: Mapping[str, ClassResult], engines: list[str]) -> None:
    ran = {kind: one for kind, one in results.items() if one.engines}
    peers = [name for name in engines if name != OURS and OURS in engines]
    console.print(_times_table(ran, engines))
    if peers and ran:
        console.print(_ratio_table(ran, peers))
    for kind, one in results.items():
        if not one.engines:
            console.print(f"{kind}: the articles have no such thing")
        for name, reason in one.cannot.items():
            console.print(f"{kind}: {name} left out: {reason}", style="dim")
    _show_disagreements(console, results)


def _times_table(ran: Mapping[str, ClassResult], engines: list[str]) -> Table:
    """Median and 99th percentile; below, the mean of the classes that all engines have."""
    table = _table("Queries, string to ten hits: µs, median / 99th percentile", "class", ["hits", *engines])
    for kind, one in ran.items():
        cells = [_cell(one.engines.get(name)) for name in engines]
        table.add_row(kind, f"{one.hits:,.0f}", *cells)
    common = [one.engines for one in ran.values() if set(one.engines) >= set(engines)]
    if common:
        table.add_section()
        medians = {name: [one[name].median_us for one in common] for name in engines}
        means = [f"{statistics.geometric_mean(medians[name]):,.0f}" for name in engines]
        table.add_row("geometric mean", "", *means)
        table.add_row("one of each class", "", *(f"{sum(medians[name]):,.0f}" for name in engines))
    return table


def _cell(times: EngineTimes | None) -> str:
    return "–" if times is None else f"{times.median_us:,.0f} / {times.p99_us:,.0f}"


def _ratio_table(ran: Mapping[str, ClassResult], peers: list[str]) -> Table:
    """Each peer by itself; below, its mean over the classes that it has, and its time for one query of each of them."""
    table = _table(f"Queries: time in units of {OURS}'s", "class", peers)
    for kind, one in ran.items():
        table.add_row(kind, *(_times(one.engines[name].ratio) if name in one.engines else "–" for name in peers))
    table.add_section()
    means, sums = [], []
    for name in peers:
        able = [one.engines for one in ran.values() if name in one.engines]
        ratios = [one[name].ratio for one in able]
        means.append(f"{statistics.geometric_mean(r.median for r in ratios if r):.1f}x" if any(ratios) else "")
        theirs, ours = (sum(one[engine].median_us for one in able) for engine in (name, OURS))
        sums.append(f"{theirs / ours:.1f}x" if able else "")
    table.add_row("geometric mean", *means)
    table.add_row("one of each class", *sums)
    return table


def _startup_table(results: Mapping[str, StartupResult]) -> Table:
    title = "Startup: ms in a fresh process, median (lowest–highest)"
    table = _table(title, "engine", ["import", "open", "first query", "together", "ratio"])
    for name, one in results.items():
        spreads = (one.importing, one.opening, one.first, one.total)
        table.add_row(name, *map(_spread, spreads), _times(one.ratio))
    return table


def _threads_table(results: Mapping[str, ThreadsResult]) -> Table:
    title = f"Throughput of {THREADS} threads in units of one's: mean of the classes, and the least and most of them"
    table = _table(title, "engine", ["gain", "least", "most"])
    for name, one in results.items():
        least, most = (of(one.classes, key=one.classes.__getitem__) for of in (min, max))
        ends = [f"{one.classes[kind]:.2f}x {kind}" for kind in (least, most)]
        table.add_row(name, f"{one.gain.median:.2f}x ({one.gain.low:.2f}–{one.gain.high:.2f})", *ends)
    return table


def _spread(spread: Spread) -> str:
    return f"{spread.median:.1f} ({spread.low:.1f}–{spread.high:.1f})"


def _show_scale(console: Console, results: list[SizeResult], engines: list[str]) -> None:
    """A table for indexing, and one for each engine's queries."""
    title = "Indexing: MB/s, peak MB, index MB"
    table = _table(title, "articles", [f"{name} {what}" for name in engines for what in ("MB/s", "peak", "index")])
    for one in results:
        cells = [
            cell
            for name in engines
            for built in [one.index[name]]
            for cell in (f"{built.megabytes_per_second:.1f}", f"{built.peak_mb:,.0f}", f"{built.disk_mb:,.1f}")
        ]
        table.add_row(f"{one.articles:,}", *cells)
    console.print(table)
    for name in engines:
        columns = [f"{one.articles:,}" for one in results] + ["last / first"]
        table = _table(f"Queries with {name}: median µs (its ratio to {OURS}'s) over articles", "class", columns)
        for kind in results[0].query:
            times = [one.query[kind].engines.get(name) if kind in one.query else None for one in results]
            growth = f"{times[-1].median_us / times[0].median_us:.1f}x" if times[0] and times[-1] else ""
            table.add_row(kind, *map(_cost, times), growth)
        console.print(table)
    costs = [cost for one in results for cost in one.query.values()]
    different, queries = sum(cost.disagreements for cost in costs), sum(cost.queries for cost in costs)
    told = f"The engines count different hits for {different:,} of {queries:,} queries"
    console.print(
        f"{told}, which were chosen by the words of the smallest size.", style="yellow" if different else "dim"
    )


def _cost(times: EngineTimes | None) -> str:
    if times is None:
        return "–"
    return f"{times.median_us:,.0f}" + (f" ({times.ratio.median:.1f}x)" if times.ratio else "")


def show_comparison(console: Console, runs: list[Run], comparison: Comparison) -> None:
    """Print runs beside each other, and the verdict on the last against the one before it."""
    *_, old, new = runs
    columns = [run.name for run in runs]
    table = _table(f"{OURS}: {new.name} against {old.name}", "figure", [*columns, "change", "noise", "", "beside"])
    for name, verdict in comparison.verdicts.items():
        shown = [run.figures[name].shown() if name in run.figures else "" for run in runs]
        style = {"worse": "bold red", "better": "green"}.get(verdict.word)
        told = f"{verdict.change:+.1%}", f"±{verdict.noise:.0%}", verdict.word
        table.add_row(name, *shown, *told, ", ".join(verdict.beside), style=style)
    console.print(table)
    console.print(
        "change: of the time in units of the geometric mean of the peers named beside, or where none are, of the "
        "figure itself (of a mean: of its parts); more is worse.",
        style="dim",
    )
    for name, reason in comparison.left_out.items():
        console.print(f"not compared: {name}: {reason}", style="yellow", markup=False)
    worse = comparison.worse
    console.print(
        f"{len(comparison.verdicts)} figures compared, {len(comparison.left_out)} not; "
        + (f"worse: {', '.join(worse)}" if worse else "none is worse by more than the noise")
    )


def _show_disagreements(console: Console, results: Mapping[str, ClassResult]) -> None:
    found = [(kind, one) for kind, result in results.items() for one in result.disagreements]
    console.print(f"ratio: time in units of {OURS}'s, median of the rounds (lowest–highest).", style="dim")
    queries = sum(result.queries for result in results.values())
    if not found:
        console.print(f"All engines count the same hits for each of {queries:,} queries.")
        return
    console.print(f"The engines count different hits for {len(found):,} of {queries:,} queries:", style="bold red")
    for kind, one in found[:_SHOWN_DISAGREEMENTS]:
        console.print(f"  {kind}: {one.query}: {one.hits}", markup=False)

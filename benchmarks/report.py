"""What a run tells: tables for people, JSON for later comparison."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.corpus import Corpus
from benchmarks.engines import OURS, Engine
from benchmarks.figures import Ratio
from benchmarks.indexing import IndexResult
from benchmarks.querying import ClassResult

FORMAT = 1
_SHOWN_DISAGREEMENTS = 10


@attrs.define
class Report:
    """A whole run. `index` and `query` are None where they were not asked for.

    Attributes:
        engines: version and `given` of each engine that ran.
        skipped: why others did not.
    """

    corpus: Corpus
    engines: dict[str, dict[str, str]]
    skipped: dict[str, str]
    index: dict[str, IndexResult] | None = None
    query: dict[str, ClassResult] | None = None

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
            console.print(_query_table(self.query, list(self.engines)))
            _show_disagreements(console, self.query)


def write_json(report: attrs.AttrsInstance, file: Path) -> None:
    """Write a report, under the date and the facts about the machine, as JSON."""
    values: dict[str, Any] = attrs.asdict(report, filter=lambda field, _: field.name != "file")
    head = {"format": FORMAT, "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    text = json.dumps({**head, "machine": machine.facts(), **values}, ensure_ascii=False, indent=1)
    file.write_text(text + "\n", encoding="utf-8")


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


def _query_table(results: Mapping[str, ClassResult], engines: list[str]) -> Table:
    table = table_of("Queries, from the string to ten hits: microseconds, median and 99th percentile", "class")
    columns = ["hits"]
    for name in engines:
        columns += [name, "p99"] if name == OURS or OURS not in engines else [name, "p99", "ratio"]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for kind, one in results.items():
        if not one.queries:
            table.add_row(kind, "none")  # these articles have no such thing
            continue
        row = [kind, f"{one.hits:,.0f}"]
        for name in engines:
            times = one.engines[name]
            row += [f"{times.median_us:,.0f}", f"{times.p99_us:,.0f}"]
            if times.ratio is not None:
                row.append(_times(times.ratio))
        table.add_row(*row)
    table.add_section()
    table.add_row(*_means(results, engines))
    table.add_row(*_sums(results, engines))
    return table


def _means(results: Mapping[str, ClassResult], engines: list[str]) -> list[str]:
    """The row of geometric means over all classes."""
    ran = [one.engines for one in results.values() if one.queries]
    row = ["geometric mean", ""]
    for name in engines:
        row += [f"{statistics.geometric_mean(one[name].median_us for one in ran):,.0f}", ""] if ran else ["", ""]
        ratios = [one[name].ratio for one in ran]
        if name != OURS and OURS in engines:
            row.append(f"{statistics.geometric_mean(r.median for r in ratios if r):.1f}x" if ran else "")
    return row


def _sums(results: Mapping[str, ClassResult], engines: list[str]) -> list[str]:
    """The row of one query of each class after another, each at its median: what a mixed load takes."""
    ran = [one.engines for one in results.values() if one.queries]
    sums = {name: sum(one[name].median_us for one in ran) for name in engines}
    row = ["one of each class", ""]
    for name in engines:
        row += [f"{sums[name]:,.0f}", ""]
        if name != OURS and OURS in engines:
            row.append(f"{sums[name] / sums[OURS]:.1f}x" if ran else "")
    return row


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

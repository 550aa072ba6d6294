"""The command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import build, corpus, indexing, querying
from benchmarks.engines import NAMES, load_all
from benchmarks.queries import Drawer
from benchmarks.relevance import measures, suite
from benchmarks.report import Report
from newsindex import NewsIndexError

_HELP = """Measure newsindex beside its peers on the same articles: indexing, queries, or (without COMMAND) both.
With the command `relevance`: how well it finds what was meant.

\b
  python -m benchmarks                                    3,000 generated articles
  python -m benchmarks --corpus news.jsonl.gz             3,000 real ones, evenly spaced over the file
  python -m benchmarks --corpus news.jsonl.gz --articles 0 --json run.json
  python -m benchmarks query --articles 10000 --seed 2
  python -m benchmarks relevance                          generated word forms and articles

Commands but `relevance` take the same options: `python -m benchmarks all --help`. With 3,000 articles a run takes
minutes, most of them Whoosh's. All engines index the same terms and answer the same queries, in turns; ratios say more
than times. The methods are described in `benchmarks/__init__.py` and `benchmarks/relevance/__init__.py`.
"""


class _AllByDefault(click.Group):
    """A group whose command may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["all", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_AllByDefault, help=_HELP)
def main() -> None:
    pass


def _command(name: str, summary: str, suites: tuple[str, ...]) -> None:
    options: list[Callable[[Any], Any]] = [
        click.option("--corpus", "path", type=click.Path(path_type=Path), help="Real articles; otherwise generated."),
        click.option("--articles", default=3_000, show_default=True, type=click.IntRange(0), help="0 for all."),
        click.option("--seed", default=1, show_default=True, type=int, help="Of generated articles and of queries."),
        click.option("--engine", "names", multiple=True, type=click.Choice(NAMES), help="Only these; may be repeated."),
        click.option("--json", "output", type=click.Path(path_type=Path), help="Write everything to this file too."),
    ]
    if "index" in suites:
        options.append(click.option("--builds", default=3, show_default=True, type=click.IntRange(1), help="Rounds."))
    if "query" in suites:
        options += [
            click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Rounds of queries."),
            click.option(
                "--queries", default=30, show_default=True, type=click.IntRange(1), help="Per class and round."
            ),
        ]

    def callback(**given: Any) -> None:
        _run(suites, **given)

    for option in reversed(options):
        callback = option(callback)
    main.command(name, help=summary)(callback)


_command("all", "Indexing and queries.", ("index", "query"))
_command("index", "Indexing: time, memory, size on disk.", ("index",))
_command("query", "Queries of each class, from the string to ten hits.", ("query",))


def _run(
    suites: tuple[str, ...],
    path: Path | None,
    articles: int,
    seed: int,
    names: tuple[str, ...],
    output: Path | None,
    builds: int = 1,
    rounds: int = 0,
    queries: int = 0,
) -> None:
    console, errors = _consoles()
    engines, skipped = load_all([name for name in NAMES if not names or name in names])
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as place, errors.status("preparing") as status:
        folder = Path(place)
        with _told():
            chosen = corpus.prepare(path, articles, seed, folder)
        report = Report.of(chosen, engines, skipped)
        if "index" in suites:
            report.index, indexes = indexing.measure(chosen, engines, builds, folder, status.update)
        else:
            indexes = {engine.name: folder / engine.name for engine in engines}
            for name, directory in indexes.items():
                status.update(f"building an index with {name}")
                build.run(name, chosen, directory)
        if "query" in suites:
            status.update("drawing queries")
            drawer = Drawer(chosen.read(), seed)
            searchers = {engine.name: engine.open(indexes[engine.name]) for engine in engines}
            report.query = querying.measure(drawer, searchers, rounds, queries, status.update)
            for searcher in searchers.values():
                searcher.close()
    report.show(console)
    if output is not None:
        report.write(output)


def _consoles() -> tuple[Console, Console]:
    console = Console()
    console.width = max(console.width, 100)  # narrower, the tables would lose figures
    return console, Console(stderr=True)


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the files or packages that a run needs ends it with a message."""
    try:
        yield
    except (NewsIndexError, ValueError, measures.MissingPackageError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--corpus", "path", type=click.Path(path_type=Path), help="Real articles; otherwise generated.")
@click.option("--articles", default=0, type=click.IntRange(0), help="0, the default, for all, or 3,000 generated ones.")
@click.option(
    "--related", type=click.Path(path_type=Path), help="Folder of queries.jsonl.gz and qrels.tsv.gz for --corpus."
)
@click.option(
    "--lemmas",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Lines of form, lemma and word class, separated by tabs; otherwise generated. May be repeated.",
)
@click.option("--forms", default=8_000, show_default=True, type=click.IntRange(0), help="Of each list; 0 for all.")
@click.option("--questions", default=1_000, show_default=True, type=click.IntRange(0), help="Of each task; 0 for all.")
@click.option("--seed", default=1, show_default=True, type=int, help="Of generated articles and of all samples.")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write everything to this file too.")
def relevance(
    path: Path | None,
    articles: int,
    related: Path | None,
    lemmas: tuple[Path, ...],
    forms: int,
    questions: int,
    seed: int,
    output: Path | None,
) -> None:
    """How well newsindex finds what was meant, beside no stemming and plain Snowball stems.

    Which forms of a word are joined, and whether articles are found by titles, with and without diacritics. Needs the
    package ir-measures: pip install 'newsindex[benchmarks]'.
    """
    if related is not None and path is None:
        raise click.UsageError("--related links articles of a file: name it with --corpus")
    console, errors = _consoles()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as place, errors.status("preparing") as status:
        with _told():
            measures.package()  # what is missing shall be said before the work, not after it
            words = suite.choose_lists(lemmas, forms, seed)
            chosen = corpus.prepare(path, articles, seed, Path(place))
            tasks, notes = suite.choose_tasks(chosen, related, questions, generated=path is None)
        report = suite.measure(chosen, words, tasks, notes, status.update)
    report.show(console)
    if output is not None:
        report.write(output)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

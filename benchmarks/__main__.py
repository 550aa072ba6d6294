"""The command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import build, compare, corpus, indexing, plot, querying, scale, startup, threads
from benchmarks.engines import NAMES, Engine, load_all
from benchmarks.queries import Drawer
from benchmarks.relevance import measures, suite
from benchmarks.report import Report, show_comparison
from newsindex import NewsIndexError

_HELP = """Measure newsindex beside its peers on the same articles: indexing, queries and startup, or one of them.
`scale` does so at growing sizes, `relevance` tells how well newsindex finds what was meant, `compare` and `plot` read
what earlier runs wrote.

\b
  python -m benchmarks                                    3,000 generated articles
  python -m benchmarks --corpus news.jsonl.gz             3,000 real ones, evenly spaced over the file
  python -m benchmarks --corpus news.jsonl.gz --articles 0 --json run.json
  python -m benchmarks query --articles 10000 --seed 2
  python -m benchmarks scale --articles 1000000           newsindex and tantivy, takes an hour
  python -m benchmarks relevance                          generated word forms and articles
  python -m benchmarks compare old.json new.json          exit code 1 if newsindex got slower

The commands that measure speed take much the same options: `python -m benchmarks all --help`. With 3,000 articles a run
takes minutes, most of them Whoosh's. All engines index the same terms and answer the same queries, in turns; ratios say
more than times. The methods are described in `benchmarks/__init__.py` and `benchmarks/relevance/__init__.py`.
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


def _option(*names: str, **settings: Any) -> Callable[[Any], Any]:
    return click.option(*names, **{"show_default": "default" in settings, **settings})


_AT_LEAST_ONE = click.IntRange(1)
_PATH = click.Path(path_type=Path)
_BUILDS = _option("--builds", default=3, type=_AT_LEAST_ONE, help="Rounds of indexing.")
_ROUNDS = _option("--rounds", default=7, type=_AT_LEAST_ONE, help="Rounds of queries.")
_QUERIES = _option("--queries", default=30, type=_AT_LEAST_ONE, help="Per class and round.")
_SAMPLES = _option("--samples", default=10, type=_AT_LEAST_ONE, help="Fresh processes per engine.")


def _command(
    name: str, summary: str, suites: tuple[str, ...], *options: Callable[[Any], Any], few: int = 3_000
) -> None:
    """Add a command that measures speed."""

    def callback(**given: Any) -> None:
        _run(suites, **given)

    common = (
        _option("--corpus", "path", type=_PATH, help="Real articles; otherwise generated."),
        _option("--articles", default=few, type=click.IntRange(0), help="0 for all."),
        _option("--seed", default=1, type=int, help="Of generated articles and of queries."),
        _option("--engine", "names", multiple=True, type=click.Choice(NAMES), help="Only these; may be repeated."),
        _option("--json", "output", type=_PATH, help="Write everything to this file too."),
    )
    for option in reversed((*common, *options)):
        callback = option(callback)
    main.command(name, help=summary)(callback)


_everything = ("index", "query", "startup")
_command("all", "Indexing, queries and startup.", _everything, _BUILDS, _ROUNDS, _QUERIES, _SAMPLES)
_command("index", "Indexing: time, memory, size on disk.", ("index",), _BUILDS)
_command("query", "Queries of each class, from the string to ten hits.", ("query",), _ROUNDS, _QUERIES)
_command("startup", "Import, opening and the first query, in fresh processes.", ("startup",), _SAMPLES)
_command(
    "scale",
    "Indexing and queries at sizes up to --articles; newsindex and tantivy, unless --engine says more.",
    ("scale",),
    _QUERIES,
    few=100_000,
)


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
    samples: int = 0,
) -> None:
    console, errors = _consoles()
    usual = scale.ENGINES if "scale" in suites else NAMES
    engines, skipped = load_all([name for name in NAMES if name in (names or usual)])
    console.width = max(console.width, 120, 30 + 24 * len(engines))
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as place, errors.status("preparing") as status:
        folder, say = Path(place), status.update
        with _told():
            chosen = corpus.prepare(path, articles, seed, folder)
        report = Report.of(chosen, engines, skipped)
        if "scale" in suites:
            report.scale = scale.measure(path, chosen, engines, queries, folder, say)
        else:
            if "index" in suites:
                report.index, indexes = indexing.measure(chosen, engines, builds, folder, say)
            else:
                indexes = _indexes(engines, chosen, folder, say)
            if suites != ("index",):
                say("drawing queries")
                drawer = Drawer(corpus.stream(chosen.file), seed)
            if "query" in suites:
                searchers = {engine.name: engine.open(indexes[engine.name]) for engine in engines}
                report.query = querying.measure(drawer, searchers, rounds, queries, say)
                report.threads = threads.measure(drawer, searchers, rounds, queries, say)
                for searcher in searchers.values():
                    searcher.close()
            if "startup" in suites:
                report.startup = startup.measure(drawer, engines, indexes, samples, say)
    report.show(console)
    if output is not None:
        report.write(output)


def _indexes(
    engines: Sequence[Engine], chosen: corpus.Corpus, folder: Path, say: Callable[[str], None]
) -> dict[str, Path]:
    for engine in engines:
        say(f"building an index with {engine.name}")
        build.run(engine.name, chosen, folder / engine.name)
    return {engine.name: folder / engine.name for engine in engines}


@main.command(name="compare")
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.pass_context
def compare_command(context: click.Context, files: tuple[Path, ...]) -> None:
    """Runs beside each other: FILES that --json wrote, in order of time.

    The last one is judged against the one before it. Exit code 1: newsindex got worse by more than the noise.
    """
    if len(files) < 2:
        raise click.UsageError("two files at least: the earlier run, then the later one")
    with _told():
        runs = [compare.read(file) for file in files]
    comparison = compare.compare(*runs[-2:])
    console, _ = _consoles()
    console.width = max(console.width, 80 + 20 * len(runs))
    show_comparison(console, runs, comparison)
    if not comparison.verdicts:
        raise click.ClickException("the runs have no figure that can be compared; measure the same articles")
    if comparison.worse:
        context.exit(1)


@main.command(name="plot")
@click.argument("folder", default=plot.HISTORY, type=_PATH)
def plot_command(folder: Path) -> None:
    """Draw speed.svg and scale.svg from the runs in FOLDER: benchmarks/history, if left out."""
    with _told():
        for file in plot.plot(folder):
            click.echo(f"written: {file}")


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

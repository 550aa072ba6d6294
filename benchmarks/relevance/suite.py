"""The whole run: the lists and tasks chosen, each way measured on all of them, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from rich.console import Console

from benchmarks.corpus import Corpus
from benchmarks.engines.newsindex_engine import ENGINE
from benchmarks.generator import stories
from benchmarks.relevance import joining, lists, retrieval
from benchmarks.relevance.joining import ALL, JoiningResult
from benchmarks.relevance.lists import CLASSES, FormList
from benchmarks.relevance.measures import RankQuality
from benchmarks.relevance.retrieval import AS_WRITTEN, FOLDED, RetrievalResult, Task
from benchmarks.relevance.variants import Variant, variants
from benchmarks.report import show_head, table_of, write_json
from newsindex import Article

_PACKAGES = ("pystemmer", "ir-measures")


@attrs.define
class RelevanceReport:
    """What a run found.

    Attributes:
        versions: of the packages that the figures depend on.
        ways: what each way to treat words does, by its name.
        notes: what was left out, and why.
    """

    corpus: Corpus
    versions: dict[str, str]
    ways: dict[str, str]
    notes: list[str]
    joining: list[JoiningResult]
    retrieval: list[RetrievalResult]

    def write(self, file: Path) -> None:
        """Write everything as JSON."""
        write_json(self, file)

    def show(self, console: Console) -> None:
        """Print the tables."""
        show_head(console, self.corpus)
        console.print(", ".join(f"{name} {number}" for name, number in self.versions.items()), style="dim")
        for name, told in self.ways.items():
            console.print(f"{name}: {told}", style="dim")
        for note in self.notes:
            console.print(note, style="yellow", markup=False)
        console.print()
        for words in self.joining:
            _show_joining(console, words)
        if self.retrieval:
            _show_retrieval(console, self.retrieval)


def choose_lists(paths: Sequence[Path], count: int, seed: int) -> list[FormList]:
    """The lists in these files, or the generated one; of each about `count` forms, or all where it is 0.

    Raises:
        ValueError: a file cannot be read; the message names it.
    """
    found = [lists.read(path) for path in paths] or [lists.generated()]
    return [words.sample(count, seed) for words in found]


def choose_tasks(corpus: Corpus, related: Path | None, count: int, *, generated: bool) -> tuple[list[Task], list[str]]:
    """The tasks that the articles allow, with at most `count` questions each, or all where it is 0; and notes.

    Args:
        related: the folder of the links between the articles, where there is one.
        generated: whether the articles are: then their stories are known.

    Raises:
        ValueError: a file in `related` cannot be read, or does not belong to the articles.
    """
    articles = corpus.read()
    tasks, notes = [retrieval.known_items(articles)], []
    if related is not None:
        tasks.append(retrieval.read_related(related, articles))
    elif generated:
        tasks.append(retrieval.related_by_story(articles, stories(corpus.articles, corpus.seed)))
    else:
        notes.append("Related articles left out: name the folder of their links with --related.")
    notes += [f"{task.name} left out: none of these articles will do." for task in tasks if not task.questions]
    return [task.sample(count, corpus.seed) for task in tasks if task.questions], notes


def measure(
    corpus: Corpus, words: Sequence[FormList], tasks: Sequence[Task], notes: list[str], say: Callable[[str], None]
) -> RelevanceReport:
    """Measure all ways on these lists and tasks; indexes are made beside the corpus and removed.

    Raises:
        NewsIndexError: an index cannot be made or searched.
    """
    ways = variants()
    report = RelevanceReport(
        corpus,
        {"newsindex": ENGINE.version, **{package: version(package) for package in _PACKAGES}},
        {way.name: way.told for way in ways},
        notes,
        [JoiningResult(one.name, len(one.lemmas), len(joining.right_pairs(one))) for one in words],
        [RetrievalResult(task.name, len(task.questions)) for task in tasks],
    )
    articles = corpus.read()
    for way in ways:
        with TemporaryDirectory(dir=corpus.file.parent) as place:
            _measure_way(report, way, words, tasks, articles, Path(place), say)
    return report


def _measure_way(
    report: RelevanceReport,
    way: Variant,
    words: Sequence[FormList],
    tasks: Sequence[Task],
    articles: Sequence[Article],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    for number, (one, joined) in enumerate(zip(words, report.joining, strict=True)):
        say(f"{way.name}: joining the forms of {one.name}")
        joined.variants[way.name] = joining.measure(one, way, folder / f"forms-{number}")
    say(f"{way.name}: finding articles")
    found = retrieval.measure(tasks, articles, way, folder)
    for result, quality in zip(report.retrieval, found, strict=True):
        result.variants[way.name] = quality


def _show_joining(console: Console, words: JoiningResult) -> None:
    title = f"Joining the {words.forms:,} forms of {words.words}, {words.pairs:,} pairs of which share a lemma"
    table = table_of(title, "way")
    for column in ("precision", "recall", "F1", *(f"F1 {name}" for name in CLASSES.values())):
        table.add_column(column, justify="right", no_wrap=True)
    for name, groups in words.variants.items():
        whole = groups.get(ALL)
        row = ["–"] * 3 if whole is None else [_figure(one) for one in (whole.precision, whole.recall, whole.f1)]
        row += [_figure(groups[kind].f1 if kind in groups else None) for kind in CLASSES]
        table.add_row(name, *row)
    console.print(table)


def _show_retrieval(console: Console, results: Sequence[RetrievalResult]) -> None:
    for result in results:
        table = table_of(f"Finding articles: {result.task}, {result.questions:,} questions", "way")
        for spelling in (AS_WRITTEN, FOLDED):
            for measure in ("MRR@10", "recall@10"):
                table.add_column(f"{measure}\n{spelling}", justify="right", no_wrap=True)
        for name, spellings in result.variants.items():
            table.add_row(name, *(cell for one in (AS_WRITTEN, FOLDED) for cell in _cells(spellings[one])))
        console.print(table)


def _cells(quality: RankQuality) -> tuple[str, str]:
    return _figure(quality.mrr), _figure(quality.recall)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

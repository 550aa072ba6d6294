"""Whether an article is found by its title, and what belongs to it too: known-item search and related articles."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

import newsindex as ni
from benchmarks.relevance import measures
from benchmarks.relevance.measures import CUT, RankQuality
from benchmarks.relevance.variants import Variant
from newsindex.analysis import clean, fold, tokenize

AS_WRITTEN: Final = "as written"
FOLDED: Final = "without diacritics"
_MIN_BODY: Final = 400  # characters: shorter bodies need not hold what the title speaks of
_MIN_TITLE: Final = 3  # words
_QUERIES: Final = "queries.jsonl.gz"
_LINKS: Final = "qrels.tsv.gz"


@attrs.frozen
class Task:
    """Questions, and the articles that answer them.

    Attributes:
        name: shown in the table.
        questions: by id.
        right: the ids of the articles that answer each question.
        known_item: bodies alone are searched, for the article whose title the question is. Otherwise titles too, and
            the article with the question's own id is no answer.
    """

    name: str
    questions: dict[str, str]
    right: dict[str, list[str]]
    known_item: bool

    def sample(self, count: int, seed: int) -> Task:
        """At most `count` of the questions, drawn by `seed`; all where it is 0."""
        chosen = sorted(self.questions)
        if 0 < count < len(chosen):
            chosen = random.Random(seed).sample(chosen, count)
        return Task(
            self.name,
            {one: self.questions[one] for one in chosen},
            {one: self.right[one] for one in chosen},
            self.known_item,
        )


@attrs.frozen
class RetrievalResult:
    """How well one task is done.

    Attributes:
        task: its name.
        questions: how many.
        variants: by name of the way, the quality with the questions as written and without diacritics.
    """

    task: str
    questions: int
    variants: dict[str, dict[str, RankQuality]] = attrs.field(factory=dict)


def known_items(articles: Sequence[ni.Article]) -> Task:
    """A question for each article with a title of its own, of three words or more, and a body that is not too short."""
    titles = Counter(article.title for article in articles)
    questions = {
        article.id: article.title
        for article in articles
        if titles[article.title] == 1
        and len(article.body) >= _MIN_BODY
        and len(list(tokenize(article.title))) >= _MIN_TITLE
    }
    return Task("title to body", questions, {one: [one] for one in questions}, known_item=True)


def related_by_story(articles: Sequence[ni.Article], stories: Mapping[str, int]) -> Task:
    """For generated articles: the titles of all whose story has others, which are the right ones."""
    members = defaultdict(list)
    for article in articles:
        members[stories[article.id]].append(article.id)
    right = {one: [other for other in ids if other != one] for ids in members.values() for one in ids if len(ids) > 1}
    return Task("related", {article.id: article.title for article in articles if article.id in right}, right, False)


def read_related(folder: Path, articles: Sequence[ni.Article]) -> Task:
    """The questions in queries.jsonl.gz (qid, text) and links in qrels.tsv.gz (question, article, grade) of a folder.

    Links to articles that are not among `articles` are left out, and questions without a link left.

    Raises:
        ValueError: a file cannot be read, or a line of it, or no link leads to one of the articles.
    """
    ids = {article.id for article in articles}
    texts = {question: text for question, text in map(_question, _lines(folder / _QUERIES)) if list(tokenize(text))}
    right = defaultdict(list)
    for place, line in _lines(folder / _LINKS):
        columns = line.split("\t")
        if len(columns) < 2:
            raise ValueError(f"{place}: question id and article id expected, separated by a tab")
        question, article = columns[:2]
        if article in ids and article != question and question in texts:
            right[question].append(article)
    if not right:
        raise ValueError(f"{folder / _LINKS}: no link leads to one of these articles; pass their file with --corpus")
    return Task("related", {one: texts[one] for one in right}, dict(right), known_item=False)


def _question(row: tuple[str, str]) -> tuple[str, str]:
    place, line = row
    try:
        values: Any = json.loads(line)
        question, text = values["qid"], values["text"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{place}: a JSON object with qid and text expected") from error
    if not isinstance(question, str) or not isinstance(text, str):
        raise ValueError(f"{place}: qid and text must be texts")
    return question, text


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of a compressed file that are not empty, and where each stands."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path}, line {number}", line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"{path}: {reason}; --related takes a folder with {_QUERIES} and {_LINKS}, compressed UTF-8 text"
        ) from error


def measure(
    tasks: Sequence[Task], articles: Sequence[ni.Article], variant: Variant, folder: Path
) -> list[dict[str, RankQuality]]:
    """How well one way does each task, with questions as written and without diacritics; indexes are made in `folder`.

    Raises:
        StorageError: there is no room for them.
    """
    indexed = [ni.Article(one.id, variant.text(one.title), variant.text(one.body)) for one in articles]
    found = []
    for number, task in enumerate(tasks):
        index = ni.create(folder / str(number))
        index.add(attrs.evolve(one, title="") if task.known_item else one for one in indexed)
        folded = {one: fold(clean(text)) for one, text in task.questions.items()}
        found.append(
            {
                spelling: measures.of_rankings(task.right, _rankings(index, task, variant, questions))
                for spelling, questions in ((AS_WRITTEN, task.questions), (FOLDED, folded))
            }
        )
    return found


def _rankings(index: ni.Index, task: Task, variant: Variant, questions: Mapping[str, str]) -> dict[str, list[str]]:
    rankings = {}
    for one, text in questions.items():
        # One more than counts, since an article answers its own title.
        hits = index.search(variant.question(text), limit=CUT + 1, match="any")
        rankings[one] = [hit.id for hit in hits if task.known_item or hit.id != one][:CUT]
    return rankings

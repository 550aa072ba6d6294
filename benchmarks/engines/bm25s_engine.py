"""bm25s: scores of all words in all articles, computed beforehand, over newsindex's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import bm25s
import numpy as np
from bm25s.selection import topk
from numpy.typing import NDArray

from benchmarks.engines import PAGE, CannotError, Engine, Row, Searcher
from benchmarks.engines.analysis import ALSO, Analyzed, analyzed, in_terms
from benchmarks.queries import Query
from newsindex import Article


class Bm25s:
    """The adapter."""

    name = "bm25s"
    version = version("bm25s")
    given = (
        "Ranks by any of some words, and that is all: no AND, phrases, fields, filters, dates, beginnings or snippets. "
        "Indexes title and body as one text without positions, in memory; then saves it and the articles, without a "
        "sync, to files that are mapped. It is spared the analysis: articles and queries come as terms."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterator[Analyzed]:
        """See `Engine`."""
        return analyzed(articles)

    def build(self, articles: Iterable[Any], directory: Path) -> None:
        """See `Engine`."""
        words, stored = [], []
        for one in analyzed(articles):
            words.append(f"{one.title} {one.body}".replace(ALSO, " ").split())
            date = one.article.date
            stored.append(
                {
                    "id": one.article.id,
                    "title": one.article.title,
                    "date": date and date.isoformat(),
                    "source": one.article.source,
                    "body": one.article.body,
                }
            )
        retriever = bm25s.BM25()
        retriever.index(words, show_progress=False)
        retriever.save(directory, corpus=stored, show_progress=False)

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(bm25s.BM25.load(directory, load_corpus=True, mmap=True))


class _Searcher:
    def __init__(self, retriever: bm25s.BM25) -> None:
        self._retriever = retriever

    def _scores(self, query: Query) -> Callable[[], NDArray[np.float32]]:
        alone = len(query.words) == 1 and query.shape == "all"
        plain = query.field is None and query.since is None and query.source is None and query.sort == "relevance"
        if not plain or not (alone or query.shape in ("any", "question")):
            raise CannotError("it only ranks by any of some words")
        if query.fetch == "snippets":
            raise CannotError("it makes no snippets")
        text, scores = " ".join(in_terms(query).words), self._retriever.get_scores
        return lambda: scores(text.split())

    def task(self, query: Query) -> Callable[[], list[Row]]:
        score, corpus, whole = self._scores(query), self._retriever.corpus, query.fetch == "articles"

        def run() -> list[Row]:
            scores = score()
            np.count_nonzero(scores)
            rows = []
            for value, number in zip(*topk(scores, k=min(PAGE, len(scores)), backend="numpy"), strict=True):
                if value > 0:
                    one = corpus[int(number)]
                    row = one["id"], one["title"], one["date"], one["source"], float(value)
                    rows.append((*row, one["body"]) if whole else row)
            return rows

        return run

    def count(self, query: Query) -> int:
        return int(np.count_nonzero(self._scores(query)()))

    def close(self) -> None:
        pass  # it has no such thing


ENGINE: Final[Engine] = Bm25s()

"""newsindex, through its public API alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import newsindex as ni
from benchmarks.engines import OURS, PAGE, Engine, Row, Searcher
from benchmarks.queries import Query


def _version() -> str:
    try:
        return version("newsindex")
    except PackageNotFoundError:
        return "from a checkout"


class Newsindex:
    """The adapter."""

    name = OURS
    version = _version()
    given = (
        "Indexes and stores whole articles: also author, section, tags, address and extra fields, and which inflected "
        "form stands where. Every commit is synced to disk. Each search counts all hits. Writer's memory: the default."
    )

    def build(self, articles: Sequence[ni.Article], directory: Path) -> None:
        """See `Engine`."""
        ni.create(directory).add(articles)

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(ni.open(directory))


class _Searcher:
    def __init__(self, index: ni.Index) -> None:
        self._index = index

    @staticmethod
    def _call(query: Query) -> tuple[str, dict[str, Any]]:
        text = query.text()
        if query.month:
            text += f" data:{query.month:%Y-%m}"
        return text, {"filters": {"source": query.source}} if query.source is not None else {}

    def task(self, query: Query) -> Callable[[], list[Row]]:
        search = self._index.search
        text, options = self._call(query)

        def run() -> list[Row]:
            hits = search(text, limit=PAGE, **options)
            return [(hit.id, hit.title, hit.date, hit.source, hit.score) for hit in hits]

        return run

    def count(self, query: Query) -> int:
        text, options = self._call(query)
        return self._index.search(text, limit=PAGE, **options).total

    def close(self) -> None:
        pass  # an Index holds no more than mapped files, which go with it


ENGINE: Final[Engine] = Newsindex()

"""newsindex, through its public API alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import newsindex as ni
from benchmarks.engines import OURS, PAGE, SNIPPET, Engine, Row, Searcher
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

    def prepare(self, articles: Iterable[ni.Article]) -> Iterable[ni.Article]:
        """See `Engine`."""
        ni.create  # noqa: B018  it loads what builds an index, as importing the other engines does: before the clock runs
        return articles

    def build(self, articles: Iterable[ni.Article], directory: Path) -> None:
        """See `Engine`."""
        ni.create(directory).add(articles)

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(ni.open(directory))


class _Searcher:
    shared = True

    def __init__(self, index: ni.Index) -> None:
        self._index = index

    def _search(self, query: Query) -> Callable[[], ni.Results]:
        text, options = query.text(), dict[str, Any](limit=PAGE, sort=query.sort)
        if query.shape == "question":
            options["match"] = "any"
        if query.since is not None:
            options |= {"since": query.since, "until": query.until}
        if query.source is not None:
            options["filters"] = {"source": query.source}
        return lambda: self._index.search(text, **options)

    def task(self, query: Query) -> Callable[[], list[Row]]:
        search, more = self._search(query), _MORE[query.fetch]
        return lambda: [(hit.id, hit.title, hit.date, hit.source, hit.score, *more(hit)) for hit in search()]

    def count(self, query: Query) -> int:
        return self._search(query)().total

    def close(self) -> None:
        pass  # an Index holds no more than mapped files, which go with it


_MORE: Final[dict[str, Callable[[ni.results.Hit], Row]]] = {
    "rows": lambda hit: (),
    "snippets": lambda hit: (hit.snippet(SNIPPET),),
    "articles": lambda hit: (hit.article.body,),
}

ENGINE: Final[Engine] = Newsindex()

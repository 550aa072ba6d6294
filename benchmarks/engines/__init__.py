"""One small adapter for each engine, and what an adapter has to offer: `Engine` and `Searcher`.

An adapter does its engine's work the way its manual says, at its faster settings where there is a choice, and states in
`given` what differs from the others. An engine whose package is missing is named and skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from benchmarks.queries import Query
from newsindex import Article

Row = tuple[str, str, dt.date | None, str | None, float]  # id, title, date, source and score of a hit

OURS: Final = "newsindex"
NAMES: Final = (OURS, "whoosh")
PAGE: Final = 10


class Searcher(Protocol):
    """An open index."""

    def task(self, query: Query) -> Callable[[], list[Row]]:
        """What is timed: from the query string, which is made here, to the rows of the first ten hits."""
        ...

    def count(self, query: Query) -> int:
        """How many articles match."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class Engine(Protocol):
    """A search engine.

    Attributes:
        name: one of `NAMES`.
        version: of its package.
        given: what it does and does not do here.
    """

    name: str
    version: str
    given: str

    def build(self, articles: Sequence[Article], directory: Path) -> None:
        """Index the articles, whose ids are distinct, into an empty directory and commit."""
        ...

    def open(self, directory: Path) -> Searcher:
        """Open what `build` made."""
        ...


def load(name: str) -> Engine:
    """The engine of this name.

    Raises:
        ImportError: its package is not installed.
        ValueError: there is no such engine.
    """
    if name not in NAMES:
        raise ValueError(f"no engine is called {name!r}; there are {', '.join(NAMES)}")
    engine: Engine = import_module(f"benchmarks.engines.{name}_engine").ENGINE
    return engine


def load_all(names: Sequence[str]) -> tuple[list[Engine], dict[str, str]]:
    """The engines that are installed, and why each of the others is skipped."""
    engines, skipped = [], {}
    for name in names:
        try:
            engines.append(load(name))
        except ImportError as error:
            skipped[name] = str(error)
    return engines, skipped

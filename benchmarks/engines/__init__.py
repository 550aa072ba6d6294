"""One small adapter for each engine, and what an adapter has to offer: `Engine` and `Searcher`.

An adapter does its engine's work the way its manual says, at its faster settings where there is a choice, and states in
`given` what differs from the others. An engine whose package is missing is named and skipped.

newsindex and Whoosh analyse the articles themselves. The others are given newsindex's terms as text, made beforehand
(`benchmarks.engines.analysis`). All queries but newsindex's and Whoosh's are in terms, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from benchmarks.queries import Query
from newsindex import Article

Row = tuple[Any, ...]  # id, title, date, source and score of a hit, then what the query fetches beyond them

OURS: Final = "newsindex"
NAMES: Final = (OURS, "whoosh", "tantivy", "sqlite", "bm25s", "xapian", "lucene")
PAGE: Final = 10
SNIPPET: Final = 200  # characters


class CannotError(Exception):
    """An engine has nothing for queries of this class; the message says what it lacks."""


class TimedRows(list[Row]):
    """Rows of an engine that runs elsewhere and timed itself.

    Attributes:
        microseconds: from the query string to the rows, by its own clock.
    """

    def __init__(self, rows: Iterable[Row], microseconds: float) -> None:
        super().__init__(rows)
        self.microseconds = microseconds


class Searcher(Protocol):
    """An open index.

    An engine whose code is compiled while it runs has an attribute `warm_up_seconds` too: for so long it is given
    queries of all classes before any is timed. One that threads may share has `shared = True`.
    """

    def task(self, query: Query) -> Callable[[], list[Row]]:
        """What is timed: from the query string, which is made here, to the rows of the first ten hits and their total.

        Raises:
            CannotError: the engine cannot answer queries of this class.
        """
        ...

    def count(self, query: Query) -> int | None:
        """How many articles match; None for queries of which the engine is known to miss some."""
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

    def prepare(self, articles: Iterable[Article]) -> Iterable[Any]:
        """What `build` wants, made of the articles outside of the timing: they themselves, or their terms too."""
        ...

    def build(self, articles: Iterable[Any], directory: Path) -> float | None:
        """Index what `prepare` made of articles, whose ids are distinct, into an empty directory and commit.

        It takes the articles themselves, too, but then preparing them is timed. Returns the seconds that it took, if
        the engine runs elsewhere and timed itself.
        """
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
    """The engines that are installed, and why each of the others is skipped and what to do about it."""
    engines, skipped = [], {}
    for name in names:
        try:
            engines.append(load(name))
        except ModuleNotFoundError as error:
            skipped[name] = f"{error}; install it with pip install 'newsindex[benchmarks]'"
        except ImportError as error:
            skipped[name] = str(error)
    return engines, skipped

"""SQLite FTS5, through Python's own sqlite3: a contentless table over newsindex's terms beside one of articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from benchmarks.engines import PAGE, CannotError, Engine, Row, Searcher
from benchmarks.engines.analysis import ALSO, Analyzed, analyzed, in_terms, interval
from benchmarks.queries import Query
from newsindex import Article
from newsindex.article import micros

_FILE: Final = "articles.db"
_CACHE_MB: Final = 256
_TABLES: Final = """
    CREATE TABLE articles (
        number INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, published TEXT, source TEXT, body TEXT, date INTEGER
    );
    CREATE INDEX by_date ON articles (date);
    CREATE VIRTUAL TABLE words USING fts5 (
        title, body, title_also, body_also, content='', detail=full, tokenize="ascii tokenchars '_'"
    );
"""


class Sqlite:
    """The adapter."""

    name = "sqlite"
    version = sqlite3.sqlite_version
    given = (
        "FTS5 with title and body as two columns, positions and no content; a table with id, title, date, source and "
        f"body, indexed by id and date. {_CACHE_MB} MB of cache; one commit, which is synced. It is spared the "
        "analysis: articles and queries come as terms. It cannot have two words in one place: further readings of a "
        "word are columns of their own, so that it misses a phrase in an article that has it by such a reading only, "
        "and hits of phrases are not compared. Each search counts all hits by a second statement."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterator[Analyzed]:
        """See `Engine`."""
        return analyzed(articles)

    def build(self, articles: Iterable[Any], directory: Path) -> None:
        """See `Engine`."""
        with closing(_connect(directory)) as connection:
            connection.executescript(_TABLES)
            connection.execute("BEGIN")
            for number, one in enumerate(analyzed(articles)):
                article, date = one.article, one.article.date
                connection.execute(
                    "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        number,
                        article.id,
                        article.title,
                        date and date.isoformat(),
                        article.source,
                        article.body,
                        None if date is None else micros(date),
                    ),
                )
                columns = *_columns(one.title), *_columns(one.body)
                connection.execute(
                    "INSERT INTO words (rowid, title, title_also, body, body_also) VALUES (?, ?, ?, ?, ?)",
                    (number, *columns),
                )
            connection.execute("COMMIT")

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(_connect(directory))


def _connect(directory: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(directory / _FILE, isolation_level=None)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_MB << 10}")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _columns(terms: str) -> tuple[str, str]:
    """The first reading of each word, and the further ones."""
    if ALSO not in terms:
        return terms, ""
    words = [word.split(ALSO) for word in terms.split(" ")]
    return " ".join(first for first, *_ in words), " ".join(other for _, *others in words for other in others)


class _Searcher:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def task(self, query: Query) -> Callable[[], list[Row]]:
        if query.fetch == "snippets":
            raise CannotError("its full-text table has no text to cut snippets from")
        columns = "articles.id, articles.title, published, source, "
        columns += "0.0" if query.shape == "dates" else "rank"
        columns += ", articles.body" if query.fetch == "articles" else ""
        order = "date DESC" if query.sort == "newest" else "rank"
        where, values = _where(query)
        page = f"SELECT {columns} {where} ORDER BY {order} LIMIT {PAGE}"
        execute, count = self._connection.execute, f"SELECT count(*) {where}"

        def run() -> list[Row]:
            execute(count, values).fetchone()
            return execute(page, values).fetchall()

        return run

    def count(self, query: Query) -> int | None:
        if query.shape == "phrase":
            return None
        where, values = _where(query)
        [count] = self._connection.execute(f"SELECT count(*) {where}", values).fetchone()
        return int(count)

    def close(self) -> None:
        self._connection.close()


def _where(query: Query) -> tuple[str, list[Any]]:
    """From which tables and under which conditions a query selects, and the values in the conditions."""
    if query.shape in ("fuzzy", "exact"):
        raise CannotError("it has no fuzzy words" if query.shape == "fuzzy" else "its index holds terms, not forms")
    conditions, values = [], list[Any]()
    if query.shape != "dates":
        conditions.append("words MATCH ?")
        values.append(_match(in_terms(query)))
    if (moments := interval(query)) is not None:
        conditions.append("date >= ? AND date < ?")
        values += moments
    if query.source is not None:
        conditions.append("source = ?")
        values.append(query.source)
    tables = "articles" if query.shape == "dates" else "words JOIN articles ON number = words.rowid"
    return f"FROM {tables} WHERE {' AND '.join(conditions)}", values


def _match(query: Query) -> str:
    if query.slop:
        return f"NEAR({' '.join(query.words)}, {query.slop})"
    if query.field:
        return "{title title_also}: " + " ".join(query.words)
    return query.text()


ENGINE: Final[Engine] = Sqlite()

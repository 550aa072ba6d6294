"""Lucene, in a Java process of its own that times itself: its index, its query parser, newsindex's terms."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.engines import PAGE, CannotError, Engine, Row, Searcher, TimedRows
from benchmarks.engines.analysis import GAP, Analyzed, analyzed, in_terms, interval
from benchmarks.engines.lucene import command, java_version, lucene_version
from benchmarks.queries import Query
from newsindex import Article
from newsindex.article import micros

_MEMORY_MB: Final = 256  # as much as a newsindex writer has by default
_HEAP_MB: Final = 2_048
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

command(_HEAP_MB)  # so that what is missing is known when the engine is loaded


class Lucene:
    """The adapter."""

    name = "lucene"
    version = f"{lucene_version()} (Java {java_version()})"
    given = (
        "Indexes title and body as one field, the title as another, source and date (points and values); stores them "
        f"and the body. Two threads, {_MEMORY_MB} MB for the writer, a heap of {_HEAP_MB} MB; the commit is synced, "
        "merges are waited for. It is spared the analysis: articles and queries come as terms. It times itself within "
        "its process, once it is warm, without reading the articles to index; the memory shown is not its own. It does "
        "not look for older versions of an article and leaves the other fields out. Each search counts all hits. "
        "Snippets mark only words that equal their term, since it cannot call newsindex's analysis."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterator[Analyzed]:
        """See `Engine`."""
        return analyzed(articles)

    def build(self, articles: Iterable[Any], directory: Path) -> float:
        """See `Engine`."""
        child = _Child("build", directory, _MEMORY_MB, GAP)
        for one in analyzed(articles):
            child.write(_fields(one))
        return float(child.close())

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(_Child("search", directory, PAGE))


def _fields(one: Analyzed) -> list[str]:
    article, date = one.article, one.article.date
    dates = ("", "") if date is None else (date.isoformat(), str(micros(date)))
    return [article.id, article.title, *dates, article.source or "", article.body, one.title, one.body]


class _Child:
    """The Java process, and the lines that go in and come out."""

    def __init__(self, *arguments: object) -> None:
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- open as long as the process runs
        self._process = subprocess.Popen(
            [*command(_HEAP_MB), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            encoding="utf-8",
        )

    def write(self, fields: Sequence[str]) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("\t".join(field.translate(_ESCAPES) for field in fields) + "\n")
        except BrokenPipeError as error:
            raise self._failure() from error

    def read(self) -> list[str]:
        """The fields of the next line.

        Raises:
            RuntimeError: the process failed; what it wrote to standard error is the message.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise self._failure()
        return [_unescaped(field) for field in line.rstrip("\n").split("\t")]

    def _failure(self) -> RuntimeError:
        self._process.kill()
        self._process.wait()
        with self._complaints as complaints:
            complaints.seek(0)
            return RuntimeError(f"Lucene failed:\n{complaints.read().decode(errors='replace')}")

    def close(self) -> str:
        """Let it end, and return what it wrote last."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise self._failure()
        self._complaints.close()
        return output


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    for escape, letter in (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r")):
        parts = [part.replace(escape, letter) for part in parts]
    return "\\".join(parts)


class _Searcher:
    warm_up_seconds = 10.0  # for Java's compiler

    def __init__(self, child: _Child) -> None:
        self._child = child

    @staticmethod
    def _line(query: Query) -> list[str]:
        if query.shape == "exact":
            raise CannotError("its index holds terms, not forms")
        since, until = interval(query) or ("", "")
        text = "" if query.shape == "dates" else in_terms(query).text()
        return [query.fetch, text, str(since), str(until), query.source or "", query.sort]

    def task(self, query: Query) -> Callable[[], list[Row]]:
        line, child, width = self._line(query), self._child, 5 + (query.fetch != "rows")

        def run() -> list[Row]:
            child.write(line)
            nanos, count = map(int, child.read())
            rows = (child.read() for _ in range(count))
            return TimedRows(
                [
                    (i, title, date, source or None, float(score), more)[:width]
                    for i, title, date, source, score, more in rows
                ],
                nanos / 1_000,
            )

        return run

    def count(self, query: Query) -> int:
        self._child.write(["count", *self._line(query)[1:]])
        [count] = self._child.read()
        return int(count)

    def close(self) -> None:
        self._child.close()


ENGINE: Final[Engine] = Lucene()

"""Whoosh: its own index on disk and its own query parser, with newsindex's analyzer in the schema.

It indexes each word under the same readings; in a query it reads a word in one way only, so the queries are of such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from whoosh import index, versionstring
from whoosh.analysis import Analyzer
from whoosh.fields import ID, NUMERIC, STORED, TEXT, Schema
from whoosh.qparser import FuzzyTermPlugin, QueryParser

from benchmarks.engines import PAGE, SNIPPET, CannotError, Engine, Row, Searcher
from benchmarks.engines.analysis import in_terms, interval
from benchmarks.queries import Query
from newsindex import Article, RomanianAnalyzer
from newsindex.analysis import is_bare
from newsindex.article import micros

_MEMORY_MB: Final = 256  # as much as a newsindex writer has by default
_SEPARATOR: Final = "\x1e"
_GAP: Final = 1_000  # positions between title and body, so that no phrase reaches across


class Parts(Analyzer):  # type: ignore[misc]  # Whoosh has no types
    """Analyzes the first `count` parts of a title and a body that `_SEPARATOR` joins, with a gap of positions between.

    Both always are in the value: they say together whether the article lacks diacritics, so that its words have several
    readings, in its title too.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.words = RomanianAnalyzer()

    def __call__(self, value: str, start_pos: int = 0, **options: Any) -> Iterator[Any]:
        """Yield the tokens, as Whoosh wants them."""
        position, bare = start_pos, is_bare(value)
        for part in value.split(_SEPARATOR, 1)[: self.count]:
            for token in self.words(part, start_pos=position, bare=bare, **options):
                yield token
                if options.get("positions"):
                    position = token.pos
            position += _GAP


def _schema() -> Schema:
    return Schema(
        id=ID(stored=True, unique=True),
        text=TEXT(analyzer=Parts(2), phrase=True, stored=False),
        title=TEXT(analyzer=Parts(1), phrase=True, stored=True),
        source=ID(stored=True),
        date=NUMERIC(int, bits=64, shift_step=8, sortable=True),
        published=STORED(),
        body=STORED(),
    )


class Whoosh:
    """The adapter."""

    name = "whoosh"
    version = versionstring()
    given = (
        "Indexes title and body as one field, the title as another, source and date; stores them and the body. One "
        f"process, {_MEMORY_MB} MB for the writer. It does not sync to disk, does not look for older versions of an "
        "article (add_document) and leaves the other fields out. Dates are indexed as integers, for which its query "
        "parser is faster: a month is a range of them, a source one more term. Each search is run a second time, "
        "without scores, to count all hits. Questions are given as the terms that newsindex looks for."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterable[Article]:
        """See `Engine`."""
        return articles

    def build(self, articles: Iterable[Article], directory: Path) -> None:
        """See `Engine`."""
        writer = index.create_in(directory, _schema()).writer(procs=1, limitmb=_MEMORY_MB)
        for article in articles:
            text = article.title.replace(_SEPARATOR, " ") + _SEPARATOR + article.body
            # A field without a value is left out: Whoosh takes None for that.
            writer.add_document(
                id=article.id,
                text=text,
                title=text,
                _stored_title=article.title,
                source=article.source,
                date=None if article.date is None else micros(article.date),
                body=article.body,
                published=article.date,
            )
        writer.commit()

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(index.open_dir(directory))


class _Searcher:
    def __init__(self, opened: Any) -> None:
        self._index = opened
        self._searcher = opened.searcher()
        self._parser = QueryParser("text", opened.schema)
        self._parser.add_plugin(FuzzyTermPlugin())
        # Terms of a question, which the analyzer would take for words.
        self._of_terms = QueryParser("text", None)

    def _parse(self, query: Query) -> Callable[[], Any]:
        if query.shape == "exact":
            raise CannotError("its index holds terms, not forms")
        if query.shape == "question":
            text, parse = _text(in_terms(query)).replace("_", "-"), self._of_terms.parse
        else:
            text, parse = _text(query), self._parser.parse
        return lambda: parse(text)

    def _count(self, parsed: Any) -> int:
        # What a search counts is not all: it skips what cannot be on the page.
        return sum(1 for _ in self._searcher.docs_for_query(parsed))

    def task(self, query: Query) -> Callable[[], list[Row]]:
        parse, more, search, count = self._parse(query), _MORE[query.fetch], self._searcher.search, self._count
        options = {"sortedby": "date", "reverse": True} if query.sort == "newest" else {}

        def run() -> list[Row]:
            parsed = parse()
            count(parsed)
            return [
                (hit["id"], hit["title"], hit.get("published"), hit.get("source"), hit.score, *more(hit))
                for hit in search(parsed, limit=PAGE, **options)
            ]

        return run

    def count(self, query: Query) -> int:
        return self._count(self._parse(query)())

    def close(self) -> None:
        self._searcher.close()
        self._index.close()


def _text(query: Query) -> str:
    parts = [] if query.shape == "dates" else [query.text(slop_of_neighbours=1)]
    if (moments := interval(query)) is not None:
        since, until = moments
        parts.append(f"date:[{since} TO {until - 1}]")
    if query.source is not None:
        parts.append(f"source:'{query.source}'")
    return " ".join(parts)


def _snippet(hit: Any) -> Row:
    hit.results.fragmenter.maxchars = SNIPPET
    return (hit.highlights("text", text=hit["body"], top=1),)


_MORE: Final[dict[str, Callable[[Any], Row]]] = {
    "rows": lambda hit: (),
    "snippets": _snippet,
    "articles": lambda hit: (hit["body"],),
}

ENGINE: Final[Engine] = Whoosh()

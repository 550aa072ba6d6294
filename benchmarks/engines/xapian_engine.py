"""Xapian, through its Python bindings: its own database on disk and its own query parser, over newsindex's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

try:
    import xapian
except ImportError as error:
    raise ImportError(
        "Xapian's Python bindings are no package of PyPI: install python3-xapian from Debian or Ubuntu, or xapian from "
        "conda-forge, into the Python that runs the benchmarks"
    ) from error

from benchmarks.engines import PAGE, SNIPPET, CannotError, Engine, Row, Searcher
from benchmarks.engines.analysis import ALSO, GAP, Analyzed, analyzed, in_terms, interval
from benchmarks.queries import Query
from newsindex import Article
from newsindex.article import micros

_TITLE: Final = "S"  # prefixes of terms, by Xapian's convention
_SOURCE: Final = "XSOURCE:"
_ID: Final = "Q"
_DATE: Final = 0  # number of the value
_SEPARATOR: Final = "\x1e"
_LONGEST: Final = 245  # bytes of a term


class Xapian:
    """The adapter."""

    name = "xapian"
    version = xapian.version_string()
    given = (
        "Indexes title and body as one field, the title as another, source and date (as a value); stores them and the "
        "body. One process; the commit is synced. It is spared the analysis: articles and queries come as terms. It "
        "does not look for older versions of an article and leaves the other fields out. Each search counts all hits. "
        "Snippets mark only words that equal their term, since it cannot call newsindex's analysis."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterator[Analyzed]:
        """See `Engine`."""
        return analyzed(articles)

    def build(self, articles: Iterable[Any], directory: Path) -> None:
        """See `Engine`."""
        database = xapian.WritableDatabase(str(directory), xapian.DB_CREATE)
        generator = xapian.TermGenerator()
        for one in analyzed(articles):
            database.add_document(_document(one, generator))
        database.commit()
        database.close()

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(xapian.Database(str(directory)))


def _document(one: Analyzed, generator: Any) -> Any:
    article, document = one.article, xapian.Document()
    generator.set_document(document)
    generator.set_termpos(0)
    _index(one.title, generator, "")
    generator.increase_termpos(GAP)
    _index(one.body, generator, "")
    generator.set_termpos(0)
    _index(one.title, generator, _TITLE)
    document.add_boolean_term((_ID + article.id)[:_LONGEST])
    if article.source is not None:
        document.add_boolean_term((_SOURCE + article.source)[:_LONGEST])
    if article.date is not None:
        document.add_value(_DATE, xapian.sortable_serialise(micros(article.date)))
    date = "" if article.date is None else article.date.isoformat()
    stored = article.id, article.title.replace(_SEPARATOR, " "), date, article.source or "", article.body
    document.set_data(_SEPARATOR.join(stored))
    return document


def _index(terms: str, generator: Any, prefix: str) -> None:
    """Add terms to the generator's document, one position each; those of one word in one place."""
    if ALSO not in terms:
        generator.index_text(terms, 1, prefix)
        return
    document, position = generator.get_document(), generator.get_termpos()
    for word in terms.split(" "):
        position += 1
        for term in word.split(ALSO):
            document.add_posting(prefix + term, position)
    generator.set_termpos(position)


class _Searcher:
    def __init__(self, database: Any) -> None:
        self._database = database
        self._all = database.get_doccount()
        self._parser = xapian.QueryParser()
        self._parser.set_database(database)
        self._parser.set_default_op(xapian.Query.OP_AND)
        self._parser.add_prefix("title", _TITLE)
        self._parser.set_max_expansion(0)

    def _search(self, query: Query) -> Callable[[], Any]:
        if query.shape in ("fuzzy", "exact"):
            raise CannotError("it has no fuzzy words" if query.shape == "fuzzy" else "its index holds terms, not forms")
        query, moments, kind = in_terms(query), interval(query), xapian.Query
        text, flags = query.text(), xapian.QueryParser.FLAG_DEFAULT | xapian.QueryParser.FLAG_WILDCARD
        enquire = xapian.Enquire(self._database)
        if query.sort == "newest":
            enquire.set_sort_by_value(_DATE, True)

        def run() -> Any:
            if query.slop:
                parsed = kind(kind.OP_PHRASE, list(query.words), query.slop + len(query.words))
            else:
                parsed = kind("") if query.shape == "dates" else self._parser.parse_query(text, flags)
            if query.source is not None:
                parsed = kind(kind.OP_FILTER, parsed, kind((_SOURCE + query.source)[:_LONGEST]))
            if moments is not None:
                since, until = (xapian.sortable_serialise(at) for at in (moments[0], moments[1] - 1))
                parsed = kind(kind.OP_FILTER, parsed, kind(kind.OP_VALUE_RANGE, _DATE, since, until))
            enquire.set_query(parsed)
            return enquire.get_mset(0, PAGE, self._all)  # looks at all hits, so that their number is exact

        return run

    def task(self, query: Query) -> Callable[[], list[Row]]:
        search, more = self._search(query), _MORE[query.fetch]

        def run() -> list[Row]:
            found = search()
            rows = []
            for match in found:
                article_id, title, date, source, body = match.document.get_data().split(b"\x1e", 4)
                row = article_id.decode(), title.decode(), date.decode(), source.decode() or None, match.weight
                rows.append((*row, *more(found, body)))
            return rows

        return run

    def count(self, query: Query) -> int:
        return int(self._search(query)().get_matches_estimated())

    def close(self) -> None:
        self._database.close()


_MORE: Final[dict[str, Callable[[Any, bytes], Row]]] = {
    "rows": lambda found, body: (),
    "snippets": lambda found, body: (found.snippet(body, SNIPPET).decode(),),
    "articles": lambda found, body: (body.decode(),),
}

ENGINE: Final[Engine] = Xapian()

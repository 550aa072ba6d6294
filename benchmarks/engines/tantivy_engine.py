"""tantivy, through tantivy-py: its own index on disk and its own query parser, over newsindex's terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import attrs
import tantivy

from benchmarks.engines import PAGE, SNIPPET, CannotError, Engine, Row, Searcher
from benchmarks.engines.analysis import ALSO, GAP, analyzed, in_terms, interval
from benchmarks.queries import Query
from newsindex import Article
from newsindex.article import micros

_THREADS: Final = 2
_MEMORY: Final = 256 << 20  # as much as a newsindex writer has by default
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_Text = str | tantivy.PreTokenizedString


@attrs.frozen
class _Prepared:
    article: Article
    title: _Text
    body: _Text


class Tantivy:
    """The adapter."""

    name = "tantivy"
    version = version("tantivy")
    given = (
        "Indexes title and body as one field, the title as another, source and date (fast field); stores them and the "
        f"body. Two threads, {_MEMORY >> 20} MB for the writer; the commit is synced, merges are waited for. It is "
        "spared the analysis: articles and queries come as terms, those with words of several readings as its own "
        "tokens. It does not look for older versions of an article and leaves the other fields out. Each search counts "
        "all hits. Snippets mark only words that equal their term, since it cannot call newsindex's analysis."
    )

    def prepare(self, articles: Iterable[Article]) -> Iterator[Any]:
        """See `Engine`."""
        return (_Prepared(one.article, _text(one.title), _text(one.body)) for one in analyzed(articles))

    def build(self, articles: Iterable[Any], directory: Path) -> None:
        """See `Engine`."""
        writer = tantivy.Index(_schema(), path=str(directory)).writer(_MEMORY, num_threads=_THREADS)
        for one in _prepared(articles):
            writer.add_document(_document(one))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, directory: Path) -> Searcher:
        """See `Engine`."""
        return _Searcher(tantivy.Index.open(str(directory)))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="whitespace")
    builder.add_text_field("title", tokenizer_name="whitespace")
    builder.add_text_field("source", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_date_field("date", stored=True, indexed=True, fast=True)
    # Text that is stored and not indexed has to be bytes.
    builder.add_bytes_field("headline", stored=True)
    builder.add_bytes_field("body", stored=True)
    return builder.build()


def _text(terms: str) -> _Text:
    """What tantivy splits at blanks by itself, or where that is not enough its own tokens."""
    if ALSO not in terms:
        return terms
    tokens = [
        tantivy.Token(term, position, 0, 0)
        for position, word in enumerate(terms.split(" "))
        for term in word.split(ALSO)
    ]
    return tantivy.PreTokenizedString("", tokens)


def _prepared(articles: Iterable[Any]) -> Iterator[_Prepared]:
    for one in articles:
        yield one if isinstance(one, _Prepared) else next(iter(ENGINE.prepare([one])))


def _document(one: _Prepared) -> tantivy.Document:
    article, document = one.article, tantivy.Document()
    document.add_text("id", article.id)
    _add(document, "text", one.title)
    for _ in range(GAP - 1):
        document.add_text("text", "")  # each value is a position away from the one before
    _add(document, "text", one.body)
    _add(document, "title", one.title)
    document.add_bytes("headline", article.title.encode())
    document.add_bytes("body", article.body.encode())
    if article.source is not None:
        document.add_text("source", article.source)
    if article.date is not None:
        document.add_date("date", _moment(micros(article.date)))
    return document


def _add(document: tantivy.Document, field: str, text: _Text) -> None:
    if isinstance(text, str):
        document.add_text(field, text)
    else:
        document.add_pre_tokenized_text(field, text)


def _moment(at: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=at)


class _Searcher:
    shared = True

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._searcher = index.searcher()

    def _search(self, query: Query) -> Callable[[], tuple[tantivy.Query, Any]]:
        if query.shape == "exact":
            raise CannotError("its index holds terms, not forms")
        text, parsing = _spelled(query)
        order: dict[str, Any] = {"order_by_field": "date"} if query.sort == "newest" else {}
        parse, search = self._index.parse_query, self._searcher.search

        def run() -> tuple[tantivy.Query, Any]:
            parsed = parse(text, ["text"], conjunction_by_default=True, **parsing)
            return parsed, search(parsed, PAGE, **order)  # which counts all hits, too

        return run

    def task(self, query: Query) -> Callable[[], list[Row]]:
        search, more, load = self._search(query), getattr(self, f"_{query.fetch}"), self._searcher.doc

        def run() -> list[Row]:
            parsed, found = search()
            rows = []
            read = more(parsed)
            for score, address in found.hits:
                get: Callable[[str], Any] = load(address).get_first
                rows.append((get("id"), get("headline").decode(), get("date"), get("source"), score, *read(get)))
            return rows

        return run

    def _rows(self, parsed: tantivy.Query) -> Callable[[Any], Row]:
        return lambda get: ()

    def _articles(self, parsed: tantivy.Query) -> Callable[[Any], Row]:
        return lambda get: (get("body").decode(),)

    def _snippets(self, parsed: tantivy.Query) -> Callable[[Any], Row]:
        generator = tantivy.SnippetGenerator.create(self._searcher, parsed, self._index.schema, "text")
        generator.set_max_num_chars(SNIPPET)
        make = generator.snippet_from_doc
        return lambda get: (make(tantivy.Document(text=get("body").decode())).to_html(),)

    def count(self, query: Query) -> int:
        _, found = self._search(query)()
        count: int = found.count
        return count

    def close(self) -> None:
        pass  # it has no such thing


def _spelled(query: Query) -> tuple[str, dict[str, Any]]:
    """A query for tantivy's parser, and options of the parser."""
    query = in_terms(query)
    if query.shape in ("prefix", "fuzzy"):
        # Its own syntax has no prefixes of less than two words, and no similar words.
        [text], prefix = query.words, query.shape == "prefix"
        return text, {"fuzzy_fields": {"text": (prefix, 0 if prefix else 1, True)}}
    parts = [] if query.shape == "dates" else [query.text()]
    if (moments := interval(query)) is not None:
        since, until = (_moment(at).strftime("%Y-%m-%dT%H:%M:%SZ") for at in moments)
        parts.append(f"date:[{since} TO {until}}}")
    if query.source is not None:
        parts.append(f'source:"{query.source}"')
    return " ".join(parts), {}


ENGINE: Final[Engine] = Tantivy()

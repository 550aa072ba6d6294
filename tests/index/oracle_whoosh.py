"""The same articles in a real Whoosh index: the oracle that the index is compared with.

Whoosh has a field for each way that a query can look at a text: title and body together (with the gap between them),
either of them alone, each as stems, as folded forms and as exact forms. A bare article is indexed under all readings of
its words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from whoosh import fields, query
from whoosh.analysis import Analyzer, IDAnalyzer, Token
from whoosh.filedb.filestore import RamStorage

import newsindex as ni
from newsindex.analysis import clean, fold, is_bare, tokenize
from newsindex.article import micros

PARTS = ("text", "title", "body")
STEMS, FOLDED, EXACT = "stems", "folded", "exact"
REGION = "region"  # an extra field
PROSE = (*PARTS, REGION)  # what is read in all ways
NAMES = ("source", "author", "section", "tags")  # folded, not stemmed
_GAP = 1000  # larger than any slop
_BREAK = "\0"  # between the parts of a value; no article holds it
_BARE = "\1"  # begins a value of an article without diacritics


class Exact(Analyzer):
    """Forms as the tokenizer gives them."""

    def __call__(self, value: str, **options: Any) -> Iterator[Token]:
        token = Token(**options)
        for position, (form, _, _) in enumerate(tokenize(value)):
            token.text, token.pos, token.boost, token.stopped = form, position, 1.0, False
            yield token


class Parted(Analyzer):
    """Another analyzer over each part of a value, with a gap between the parts."""

    def __init__(self, inner: Analyzer) -> None:
        self.inner = inner

    def __call__(self, value: str, **options: Any) -> Iterator[Token]:
        start = 0
        for part in value.split(_BREAK):
            for token in self.inner(part, **options):
                last = token.pos
                token.pos += start
                yield token
                token.pos = last
            start += len(tokenize(part)) + _GAP


class Stems(Analyzer):
    """All readings of the words of an article, whichever of its values they stand in."""

    def __init__(self) -> None:
        self.words = Parted(ni.RomanianAnalyzer())

    def __call__(self, value: str, **options: Any) -> Iterator[Token]:
        yield from self.words(value.removeprefix(_BARE), bare=value.startswith(_BARE), **options)


class Whole(Analyzer):
    """Each part of a value as one token."""

    def __call__(self, value: str, **options: Any) -> Iterator[Token]:
        for part in value.split(_BREAK):
            yield from IDAnalyzer()(cleaned(part), **options)


def cleaned(value: str) -> str:
    """A whole value as filters compare it."""
    return clean(value).strip()


def field(part: str, kind: str) -> str:
    """Whoosh's field for a part of the article and a way to read it."""
    return f"{part}_{kind}"


def _schema() -> fields.Schema:
    folded = ni.RomanianAnalyzer(stem=False)
    schema = fields.Schema(id=fields.ID(stored=True, unique=True), date=fields.NUMERIC(int, bits=64, signed=True))
    for part in PROSE:
        for kind, analyzer in {STEMS: Stems(), FOLDED: Parted(folded), EXACT: Parted(Exact())}.items():
            schema.add(field(part, kind), fields.TEXT(analyzer))
    for name in NAMES:
        schema.add(field(name, STEMS), fields.TEXT(Parted(folded)))
    for name in (*NAMES, REGION):
        schema.add(field(name, "whole"), fields.TEXT(Whole(), phrase=False))
    return schema


def _document(article: ni.Article) -> dict[str, Any]:
    values: dict[str, Any] = {"id": article.id}
    texts = {"text": article.title + _BREAK + article.body, "title": article.title, "body": article.body}
    if region := article.extra.get(REGION):
        texts[REGION] = values[field(REGION, "whole")] = region
    mark = _BARE if is_bare(article.title) and is_bare(article.body) else ""
    for part, text in texts.items():
        values |= {field(part, FOLDED): text, field(part, EXACT): text, field(part, STEMS): mark + text}
    metadata = {name: getattr(article, name) for name in NAMES}
    metadata["tags"] = _BREAK.join(article.tags) or None
    for name, value in metadata.items():
        if value:
            values |= {field(name, STEMS): value, field(name, "whole"): value}
    if article.date is not None:
        values["date"] = micros(article.date)
    return values


class Oracle:
    """A Whoosh index of articles in memory.

    Attributes:
        vocabulary: the words of each part in each kind.
        spellings: of each part the forms by their folded spelling.
    """

    def __init__(self, articles: Iterable[ni.Article]) -> None:
        index = RamStorage().create_index(_schema())
        with index.writer() as writer:
            for article in articles:
                writer.add_document(**_document(article))
        self._searcher = index.searcher()
        self.vocabulary = {
            (part, kind): sorted(text.decode() for text in index.reader().lexicon(field(part, kind)))
            for part in PROSE
            for kind in (STEMS, FOLDED, EXACT)
        }
        self.spellings: dict[str, dict[str, list[str]]] = {part: defaultdict(list) for part in PROSE}
        for part in PROSE:
            for form in self.vocabulary[part, EXACT]:
                self.spellings[part][fold(form)].append(form)

    def ids(self, tree: query.Query) -> set[str]:
        """The ids of the articles that match; with no limit, since Whoosh's limited searches miss some."""
        return {hit["id"] for hit in self._searcher.search(tree, limit=None)}

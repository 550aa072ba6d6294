"""Fuzzers: bytes, texts and queries that nobody wrote, for all that reads them. They are answered, or refused by name.

What kernels promise is tested beside them, with twins; here each is only asked not to fall over, with more examples
than any other test has, and through the layers above it. A read past an end mostly goes unnoticed, so the run that
tells most is `python tests/reliability/sanitize.py` (which see).
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import attrs
import lexer_twin
import numpy as np
import pytest
from hypothesis import strategies as st
from inverted_hostile import ARTICLES, EXPANSION, TRUE, merge, read_everything
from inverted_twins import MemorySections, write_merged
from reliability_fuzz import Edit, Sealed, damage, edited, fuzz, sections_apart
from reliability_support import QUERIES

import newsindex as ni
from newsindex._encoder import encode_article
from newsindex._records import article_of
from newsindex.analysis import FormTable, clean, dot_groups, fold, tokenize
from newsindex.check import check
from newsindex.errors import ArticleError, CorruptIndexError, QueryError
from newsindex.inverted import _patterns
from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._dictionary_writer import DictionaryWriter
from newsindex.inverted._dictionary_writer import merge as merge_dictionaries
from newsindex.inverted._metadata import RowNumbers, add_metadata
from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted._postings import PostingList
from newsindex.inverted.columns import pack
from newsindex.inverted.impacts import Lengths
from newsindex.query._lexer import scan
from newsindex.query.language import parse
from newsindex.query.plan import plan
from newsindex.searcher._snippets import densest, folded_forms, line
from newsindex.store.directory import MemoryDirectory

# ------------------------------------------------------------------------------------------------ segment files


def use(directory: MemoryDirectory) -> int:
    """Ask an index all that can be asked, and merge it; how much of that was refused."""
    refused = 0
    try:
        archive = ni.Index(directory)
    except CorruptIndexError:
        return 1
    calls: list[Any] = [lambda q=query, o=options: shown(archive.search(q, **o)) for query, options in QUERIES]
    calls += [
        lambda: [archive.get(f"a{number}") for number in (0, 3, 77, 149)],
        lambda: list(archive),
        lambda: archive.timeline("numărul", by="month"),
        lambda: archive.facets("numărul", "tags"),
        lambda: archive.explain("guvernul bugetul", "a7"),
        lambda: write_merged(archive.snapshot().live, MemorySections()),
    ]
    for call in calls:
        try:
            call()
        except QueryError:
            pass  # an id that is not found, or a timeline that is too long
        except CorruptIndexError as error:
            refused += bool(error.path)
    report = check(directory)
    assert not refused or not report.ok
    return refused


def shown(results: ni.Results) -> list[object]:
    return [(hit.id, hit.title, hit.date, hit.source, hit.snippet()) for hit in results]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return Sealed(tmp_path_factory.mktemp("sealed") / "archive")


def test_segments_of_nonsense_with_right_checksums(sealed: Sealed, monkeypatch: pytest.MonkeyPatch, long: bool) -> None:
    sections_apart(monkeypatch)
    assert use(sealed.with_section("", [])) == 0
    refused = []

    def attempt(change: tuple[str, list[Edit]]) -> None:
        refused.append(use(sealed.with_section(*change)) > 0)

    fuzz(st.tuples(st.sampled_from(sealed.names), damage), attempt, 30_000 if long else 60)
    assert any(refused)
    assert not all(refused)


# ------------------------------------------------------------------------------------------------ kernels

_SIZES = st.integers(0, 3) | st.sampled_from([127, 128, 2**14, 2**21]) | st.integers(0, 2**28)
_ARTICLES = 1 << 16
_LENGTHS = Lengths(np.full(_ARTICLES, 5, np.uint32), np.arange(_ARTICLES, dtype=np.uint32))


@st.composite
def postings(draw: st.DrawFn) -> list[tuple[int, list[tuple[int, int]]]]:
    """[(docid, [(position, form)])], as far apart as they can be."""
    found, doc = [], -1
    for gap in draw(st.lists(st.integers(0, 5) | st.integers(0, 300), min_size=1, max_size=200)):
        doc += 1 + gap
        position, places = -1, []
        for step in draw(st.lists(_SIZES, min_size=1, max_size=4)):
            position += 1 + step
            places.append((position, draw(_SIZES)))
        found.append((doc, places))
    return [row for row in found if row[0] < _ARTICLES]


def test_what_the_codec_writes_it_reads(long: bool) -> None:
    """Numbers as wide as they get: the tests beside the codec take those that news have."""

    def there_and_back(rows: list[tuple[int, list[tuple[int, int]]]]) -> None:
        sections = bytearray(), bytearray()
        writer = PostingWriter(sections[0].extend, sections[1].extend, _LENGTHS)
        writer.field("text")
        begin = writer.begin(2**29)
        every = [(doc, *place) for doc, places in rows for place in places]
        writer.add(*(np.array(column, np.int32) for column in zip(*every, strict=True)))
        writer.end()
        writer.finish()
        data, spread = (np.frombuffer(bytes(section), np.uint8) for section in sections)
        plist = PostingList(Pages(data), Pages(spread), begin, len(data) - 8, _ARTICLES)
        docs, counts = plist.docs()
        starts, positions, forms = plist.occurrences(docs)
        assert list(zip(docs.tolist(), counts.tolist(), strict=True)) == [(doc, len(one)) for doc, one in rows]
        assert list(zip(positions.tolist(), forms.tolist(), strict=True)) == [
            place for _, places in rows for place in places
        ]
        assert starts[-1] == len(every)

    fuzz(postings(), there_and_back, 20_000 if long else 60)


def test_lists_of_nonsense(long: bool) -> None:
    offsets, true, true_positions = TRUE
    bounds = [*offsets, len(true) - 8]
    outcomes = {"read": 0, "refused": 0}

    def attempt(change: tuple[list[Edit], list[Edit], int, int]) -> None:
        of_postings, of_positions, which, articles = change
        data = edited(np.frombuffer(bytes(true), np.uint8), of_postings)
        places = edited(np.frombuffer(bytes(true_positions), np.uint8), of_positions)
        for read in (
            lambda: read_everything(data, places, bounds[which], bounds[which + 1], articles),
            lambda: merge(data, places, np.array(bounds, np.uint64)),
        ):
            try:
                found = read()
            except ValueError:
                outcomes["refused"] += 1
            else:
                outcomes["read"] += 1
                assert len(found) <= EXPANSION * (len(data) + len(places))

    which = st.integers(0, len(offsets) - 1)
    some = st.sampled_from([ARTICLES, ARTICLES, 100, 2**31 - 1])
    fuzz(st.tuples(damage, st.just([]) | damage, which, some), attempt, 40_000 if long else 60)
    assert min(outcomes.values()) > 10


FINDERS = [
    _patterns.Finder(prefix=b"a"),
    _patterns.Wildcards(np.array([ord(c) for c in "*a?*"], np.uint32)),
    _patterns.Edits(np.array([ord(c) for c in "tarii"], np.uint32), 2),
    _patterns.Edits(np.array([ord(c) for c in "a" * 40], np.uint32), 4, prefix=b"a"),
]


def test_dictionaries_of_nonsense(long: bool) -> None:
    forms = sorted({f"{'tai'[k % 3] * (k % 19)}r{k}".encode() for k in range(90)} | {b"tari\0\xc8\x9bari", b"a" * 2048})
    outcomes = {"read": 0, "refused": 0}
    true = {}
    for of_forms in (True, False):
        writer = DictionaryWriter(of_forms)
        bounds = np.arange(len(forms) + 1, dtype=np.int64)
        writer.add(*pack(forms), bounds[:-1], bounds[1:] if not of_forms else bounds[:-1])
        true[of_forms] = writer.finish()

    def attempt(change: tuple[bool, list[Edit], list[Edit], bytes]) -> None:
        of_forms, of_blocks, of_offsets, key = change
        blocks, offsets = map(edited, true[of_forms], (of_blocks, of_offsets))
        count, pages = len(forms), (Pages(blocks), Pages(offsets.view(np.uint8)))

        def read(ask: Any) -> None:
            try:
                ask(Dictionary(*pages, count, count, of_forms))
                outcomes["read"] += 1
            except ValueError:
                outcomes["refused"] += 1

        for ask in (
            lambda one: [one.entry(at) for at in range(count)],
            lambda one: [one.find(0, count, wanted) for wanted in (key, *forms[::17])],
            lambda one: one.lower_bound(5, count - 5, key),
            lambda one: (one.payloads(0, count), one.unsorted(0, count)),
            lambda one: [finder.find_in(one, 3, count) for finder in FINDERS],
            lambda one: merge_dictionaries([(one, 0, count), (one, 7, 40)]),
        ):
            read(ask)

    keys = st.binary(max_size=40) | st.sampled_from([b"a" * 2048, b"a" * 2049, b"tari\0\xc8\x9bari"])
    fuzz(st.tuples(st.booleans(), damage, st.just([]) | damage, keys), attempt, 40_000 if long else 100)
    assert min(outcomes.values()) > 10


# ------------------------------------------------------------------------------------------------ texts

# Of all planes, lone surrogates too; and what the tokenizer looks at twice, in every order.
_PARTS = [
    *"aA1ș.,'-’/_ \n\0\u00ad\u0307\u0326\u0327\u0302\u0301\u200b\u200d\ufe0f\u20e3İßﬁ가ᄀ𝐚😀\ud800\udc00\U0010ffff",
    "10.000",
    "S.U.A",
]
texts = st.lists(st.text(st.characters(), max_size=8) | st.sampled_from(_PARTS), max_size=30).map("".join)


def test_any_text_is_read(long: bool) -> None:
    table = FormTable()
    rows = st.lists(st.lists(st.integers(0, 40), max_size=5), max_size=3)

    def read(example: tuple[str, list[list[int]], int, int]) -> None:
        text, wanted, run, chars = example
        tokens = tokenize(text)
        assert all(0 <= start < end <= len(text) for _, start, end in tokens)
        assert [start for _, start, _ in tokens] == sorted(start for _, start, _ in tokens)
        assert len(table.scan(text)) == len(tokens)
        assert tokenize(clean(text)) or not tokens
        assert len(dot_groups(text)) == len(text)
        assert len(fold(text)) <= len(text)
        data, starts = folded_forms(text)
        assert len(starts) == len(tokens) + 1
        assert starts[-1] == len(data)
        start, end, spans, _ = densest(text, wanted, run, chars)
        assert 0 <= start <= end <= len(text)
        assert all(0 <= low < high <= len(text) for low, high in spans)
        shown = line(text, start, end, chars, spans, "<<", ">>")
        assert shown.count("<<") >= shown.count(">>") - text.count(">>")

    fuzz(st.tuples(texts, rows, st.integers(0, 60), st.integers(1, 60)), read, 40_000 if long else 250)


_PIECES = [
    *'()"„”«»[]{}^~*?+-=:,\\<> ',
    "titlu:",
    "sursa:",
    "data:",
    "2025-08",
    " TO ",
    " LA ",
    " SAU ",
    " NU ",
    "x*",
    "guvern~2",
]
queries = st.lists(st.sampled_from(_PIECES) | st.text(st.characters(), max_size=4), max_size=25).map("".join)


def test_any_query_is_understood_or_refused(long: bool) -> None:
    def outcome(make: Any) -> tuple[Any, int | None]:
        try:
            return make(), None
        except QueryError as error:
            return str(error), error.position

    def read(query: str) -> None:
        own, twin = (
            outcome(lambda cut=cut: [(one.kind, one.start, one.end, one.text, one.parts) for one in cut(query)])
            for cut in (scan, lexer_twin.scan)
        )
        assert own == twin
        for match in ("all", "any"):
            _, position = outcome(lambda match=match: plan(parse(query, match), query=query))
            assert position is None or 0 <= position <= len(query)

    fuzz(queries | texts, read, 40_000 if long else 150)


# ------------------------------------------------------------------------------------------------ articles

jsonish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["source", "author", "section", "tags", "url", "extra", "id", "title", "other"])
headers = st.dictionaries(names, jsonish | st.just("a") | st.just(["a", "b"]), max_size=4)


def test_any_record_is_an_article_or_refused(long: bool) -> None:
    """What is restored without being validated must be what validating it gives."""
    outcomes = {"read": 0, "refused": 0}

    def attempt(example: tuple[dict[str, Any], bool, bytes, list[Edit]]) -> None:
        header, escaped, body, edits = example
        with suppress(UnicodeEncodeError):
            data = json.dumps(header, ensure_ascii=escaped).encode() + b"\n" + body
            for record in (data, edited(np.frombuffer(data, np.uint8), edits).tobytes()):
                try:
                    found = article_of(record, "1", "titlu", None)
                except (ValueError, TypeError, StopIteration, RecursionError, ArticleError):
                    outcomes["refused"] += 1
                else:
                    outcomes["read"] += 1
                    again = ni.Article(**{field.name: getattr(found, field.name) for field in attrs.fields(ni.Article)})
                    assert (again, repr(again)) == (found, repr(found))
                    assert article_of(encode_article(found), "1", "titlu", None) == found

    bodies = st.binary(max_size=30) | st.text(max_size=30).map(str.encode)
    fuzz(st.tuples(headers, st.booleans(), bodies, damage), attempt, 40_000 if long else 250)
    assert min(outcomes.values()) > 50


def test_any_metadata_are_buffered(long: bool) -> None:
    clean_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)

    def add(extra: dict[str, Any]) -> None:
        try:
            one = ni.Article(id="1", extra=extra, source=next(iter(extra), None))
        except ArticleError:
            return
        fields: dict[str, RowNumbers] = {}
        for number in range(2):
            assert add_metadata(fields, number, one, lambda _: RowNumbers()) >= 0
        for rows in fields.values():
            owners, which = rows.given()
            assert owners.tolist() == [0, 1]
            assert which.tolist() == [0, 0]
            assert len(rows.distinct()) == 1

    fuzz(st.dictionaries(clean_texts, jsonish, max_size=4), add, 20_000 if long else 100)

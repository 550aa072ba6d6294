"""Bytes that nobody wrote: whatever a file says, the readers answer or refuse, in bounded memory, and never crash.

A crash would end pytest itself, which is the signal that these tests are for. Posting lists have a module of their own.
"""

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import (
    MemorySections,
    build,
    encode_dictionary,
    encode_list,
    living,
    random_article,
    random_lengths,
    write_merged,
)

from newsindex.article import Article
from newsindex.errors import CorruptIndexError
from newsindex.inverted._columns import Strings
from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._dictionary_writer import DictionaryWriter
from newsindex.inverted._pages import Pages
from newsindex.inverted._patterns import Finder
from newsindex.inverted._words import Words
from newsindex.inverted.columns import Values, pack
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import And, Form, Fuzzy, OneOf, Or, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher.aggregate import facets, timeline
from newsindex.searcher.page import Search
from newsindex.searcher.ranking import Ranking

# ------------------------------------------------------------------------------------------------ columns

garbage = st.sampled_from(["u1", "u2", "u4", "u8", "i4", "i8", "f4", "f8"]).flatmap(
    lambda dtype: st.binary(max_size=48).map(
        lambda data: np.frombuffer(data[: len(data) // np.dtype(dtype).itemsize * np.dtype(dtype).itemsize], dtype)
    )
)
near = st.lists(st.integers(0, 5), max_size=5).flatmap(
    lambda numbers: st.sampled_from(["u1", "u4", "u8", "i8", "f4"]).map(lambda dtype: np.array(numbers, dtype))
)


@settings(max_examples=500)
@given(garbage | near, garbage | near, garbage | near, st.none() | garbage | near, st.integers(0, 4))
def test_garbage_columns_are_read_or_refused(data, starts, numbers, rows, articles):
    sections = MemorySections()
    for name, array in (("v.data", data), ("v.starts", starts), ("v.numbers", numbers), ("v.rows", rows)):
        if array is not None:
            sections.add(name, array)
    try:
        strings = Strings(sections, "v")
        column = Values(sections, "v", articles)
    except ValueError:
        return
    for number in range(-1, len(strings) + 1):
        with suppress(ValueError, IndexError):
            assert strings.raw(number) in bytes(data)
    for doc in range(-1, articles + 1):
        with suppress(ValueError, IndexError):
            assert column.first(doc) is None or column.first(doc).encode() in bytes(data)
    try:
        assert bytes(strings.data) == bytes(data)
        column.numbers, column.rows  # noqa: B018 -- they are checked when they are asked for
    except ValueError:
        return
    assert sum(len(strings.raw(number)) for number in range(len(strings))) == len(data)
    every = np.arange(articles, dtype=np.int32)
    try:
        names = set(strings)
    except UnicodeDecodeError:
        return
    assert sum(column.counts(every).values()) == sum(map(len, map(column.row, range(articles)))) or rows is not None
    assert set(column.docs(names).tolist()) <= set(every.tolist())


# ------------------------------------------------------------------------------------------------ whole segments


def use(segment):
    """All that a search, a look-up or a merge asks of a segment."""
    patterns = [Stem("guvern"), Form("țară"), Prefix("p"), Wildcard("*"), Fuzzy("buget", 2)]
    words = [Word(field, pattern) for field in ("text", "body", "source") for pattern in patterns]
    phrases = [Phrase("text", (Prefix(""), pattern), 3) for pattern in patterns]
    plan = Or((*words, *phrases, OneOf("source", ("Radio Delta",)), OneOf("tags", ("meteo",))))
    every = [np.arange(segment.articles, dtype=np.int32)]

    def search(plan):
        return Search([live], plan, Ranking([live]))

    calls = [
        lambda: search(plan).page(5),
        lambda: search(Or(tuple(words[:5]))).page(5),
        lambda: [search(word).page(5) for word in words[::4]],
        lambda: [search(And((word, words[2]))).page(5) for word in words[1::4]],
        lambda: search(words[2]).page(None, 0, "oldest"),
        lambda: facets([live], every, "source", 5),
        lambda: facets([live], every, "tags", 5),
        lambda: timeline([live], every, "year"),
        lambda: [segment.id(doc) for doc in range(segment.articles)],
        lambda: [(segment.title(doc), segment.rows.source(doc)) for doc in range(segment.articles)],
        lambda: [segment.date(doc) for doc in range(segment.articles)],
        lambda: segment.dates_of(every[0]),
        lambda: [segment.value(field, 0) for field in segment.fields],
        lambda: segment.find_many(["a1", "a2", "zz"]),
        lambda: [segment.find(name) for name in ("a1", "a2", "zz")],
        lambda: write_merged([living(segment, [0]), living(PARTNER)], MemorySections()),
    ]
    live = living(segment)
    refused = 0
    for call in calls:
        try:
            call()
        except CorruptIndexError:
            refused += 1
    return refused


def pieces(count, seed):
    rng = random.Random(seed)
    return build([random_article(rng, number) for number in range(count)])


PARTNER = pieces(20, 1)
TARGET = pieces(150, 2)


def replaced(name, array):
    sections = MemorySections()
    sections.arrays = {**TARGET._sections.arrays, name: array}
    sections.arrays = {key: value for key, value in sections.arrays.items() if value is not None}
    return sections


def description(**changes):
    fields = [
        {
            "name": name,
            "terms": [bounds.first_term, bounds.end_term],
            "forms": [bounds.first_form, bounds.end_form],
        }
        for name, bounds in TARGET.fields.items()
    ]
    return {"articles": TARGET.articles, "words": TARGET.words, "fields": fields, **changes}


def test_an_undamaged_segment_refuses_nothing():
    assert use(Segment(replaced("more", np.zeros(1)), description(), Path("whole"))) == 0


@pytest.mark.parametrize("name", sorted(name for name, array in TARGET._sections.arrays.items() if len(array)))
def test_a_section_of_garbage_gives_corrupt_index_errors_and_nothing_else(name):
    """Checksums cannot help against a section that was written so: every reader has to look."""
    whole = TARGET._sections.arrays[name]
    rng = random.Random(name)
    top = np.iinfo(whole.dtype).max
    candidates = [None, whole[:0], whole[:-1], whole[::-1].copy(), np.full_like(whole, top), np.zeros_like(whole)]
    candidates += [whole.astype(dtype) for dtype in ("f8", "i8", "u8")]
    candidates += [np.concatenate((whole, whole[-1:])), np.full(len(whole), -1.5), np.full(len(whole), np.nan)]
    for _ in range(12):
        array = whole.copy()
        for _ in range(rng.randint(1, 5)):
            array[rng.randrange(len(array))] = (
                rng.choice([0, 1, 255, top // 2, top, rng.randint(0, min(top, 300))]) & top
            )
        candidates.append(array)
    refused = 0
    with np.errstate(invalid="ignore"):
        for array in candidates:
            array = array if array is None or array.dtype.kind != "f" else np.ascontiguousarray(array)
            try:
                refused += use(Segment(with_missing(replaced(name, array)), description(), Path(name)))
            except CorruptIndexError:
                refused += 1
    assert refused


def with_missing(sections):
    """As a file does it: a section that is missing is a CorruptIndexError."""

    class Missing(dict):
        def __missing__(self, key):
            raise CorruptIndexError("memory", key, reason="section is missing")

    sections.arrays = Missing(sections.arrays)
    return sections


@pytest.mark.parametrize(
    "changes",
    [
        {"articles": -1},
        {"articles": 2**61},
        {"articles": 149},
        {"articles": 150.0},
        {"articles": True},
        {"words": {"title": 1}},
        {"words": None},
        {"fields": 7},
        {"fields": [7]},
        {"fields": [{}]},
        {"fields": [{"name": "text", "terms": [0, 1], "forms": [0]}]},
        {"fields": [{"name": [], "terms": [0, 1], "forms": [0, 1]}]},
        {"fields": [{"name": 1, "terms": [0, 1], "forms": [0, 1]}]},
        {"fields": [{"name": "a", "terms": [0, 1], "forms": [0, 1]}] * 2},
    ],
)
def test_a_description_of_nonsense_is_refused(changes):
    with pytest.raises(CorruptIndexError):
        Segment(replaced("more", np.zeros(1)), description(**changes), Path("nonsense"))


@pytest.mark.parametrize("terms", [[0, 10**9], [10, 3], [10**9, 10**9 + 1], [0, 0], [1, 30], [0, 3]])
@pytest.mark.parametrize("kind", ["terms", "forms"])
def test_fields_that_claim_other_entries_are_refused_where_it_shows(terms, kind):
    whole = description()["fields"]
    fields = [{**field, kind: terms} for field in whole]
    assert use(Segment(replaced("more", np.zeros(1)), description(fields=fields), Path("fields")))


def test_merging_lists_that_overlap_is_refused():
    """Else a small file could keep a merge busy for days."""
    words = " ".join(f"cuvant{number}" for number in range(40))
    segment = build([Article(id=str(number), body=words) for number in range(129)])
    sections = segment._sections
    first = segment.fields["text"].first_term
    start, end = segment.terms.payload(first)
    one = bytes(sections.arrays["postings"][start:end])
    count = len(segment.terms)
    sections.arrays["postings"] = np.frombuffer(one * count + bytes(8), np.uint8)
    bounds = np.arange(count + 1) * len(one)
    writer = DictionaryWriter(of_forms=False)
    writer.add(*pack([segment.terms.entry(at) for at in range(count)]), bounds[:-1], bounds[1:])
    sections.arrays["terms.blocks"], sections.arrays["terms.offsets"] = writer.finish()
    del sections.arrays["positions"]
    sections.arrays["positions"] = np.frombuffer(b"\x01\x00" + bytes(600), np.uint8)
    again = Segment(
        sections,
        {
            "articles": 129,
            "words": segment.words,
            "fields": [
                {"name": n, "terms": [b.first_term, b.end_term], "forms": [b.first_form, b.end_form]}
                for n, b in segment.fields.items()
            ],
        },
        Path("overlap"),
    )
    with pytest.raises(CorruptIndexError):
        write_merged([living(again)], MemorySections())


# ---------------------------------------------------------------------------------- small files, large claims


def words_of(texts, payloads, lists):
    """The words of a field that has so many terms of one occurrence, and the forms `texts` with these payloads."""
    one, _ = encode_list({0: [(0, 0)]}, len(texts), random_lengths(0, 1), "source")
    bounds = [(len(one) * at, len(one) * (at + 1)) for at in range(lists)]
    dictionaries = []
    for of_forms, entries, pairs in ((False, [b"t%06d" % at for at in range(lists)], bounds), (True, texts, payloads)):
        blocks, offsets = encode_dictionary(entries, pairs, of_forms)
        pages = Pages(np.frombuffer(blocks, np.uint8)), Pages(np.array(offsets, "u4"))
        dictionaries.append(Dictionary(*pages, len(entries), len(one) * lists if not of_forms else lists, of_forms))
    postings = np.frombuffer(one * lists + bytes(8), np.uint8)
    return Words(*dictionaries, (0, lists, 0, len(texts)), Pages(postings), Pages(np.zeros(8, np.uint8)), 1)


def test_terms_that_each_claim_all_forms_are_refused():
    """Else the marks of what a pattern means would take the square of a dictionary's size."""
    count = 300
    texts = [b"a%06d" % at for at in range(count)]
    honest = words_of(texts, [(0, at) for at in range(count)], 1)
    assert len(honest.expand(Finder(prefix=b"a0000")).marks[0]) == 100
    claiming = words_of(texts, [(at, count - 1) for at in range(count)], count)
    assert len(claiming.expand(Finder(prefix=texts[7]))) == 1
    with pytest.raises(ValueError, match="terms with more forms than the 300 that there are"):
        claiming.expand(Finder(prefix=b"a"))


@pytest.mark.parametrize("count", [2**63 - 1, 2**63 - 31, 2**60, 97, -1])
def test_a_dictionary_that_claims_more_than_its_offsets_is_refused(count):
    with pytest.raises(ValueError, match="entries with 12 bytes of offsets"):
        Dictionary(Pages(np.zeros(9, np.uint8)), Pages(np.zeros(3, "u4")), count, 9, True)

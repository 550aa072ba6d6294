"""The posting codec, byte for byte against a slow twin, and what it reads back."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import PADDING, columns, encode_list, random_list

from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted._postings import PostingList, list_sizes, read_terms

ARTICLES = 9000

lists = st.builds(
    random_list,
    seed=st.integers(0, 2**32),
    size=st.sampled_from([1, 2, 127, 128, 129, 255, 256, 257, 385, 3000]),
    articles=st.sampled_from([3000, ARTICLES]),
    forms=st.sampled_from([1, 2, 3, 300]),
    longest=st.sampled_from([1, 2, 40, 5000, 2**31 - 1]),
    most=st.sampled_from([1, 3, 20]),
)


def written(write):
    """The sections that `write(writer)` makes, as arrays."""
    sections = bytearray(), bytearray()
    writer = PostingWriter(lambda chunk: sections[0].extend(chunk), lambda chunk: sections[1].extend(chunk))
    result = write(writer)
    writer.finish()
    return result, *(np.frombuffer(bytes(section), np.uint8) for section in sections)


def write_whole(terms, forms):
    """All terms by `add_terms`: (offsets, postings, positions)."""
    parts = [columns(term) for term in terms]
    starts = np.cumsum([0, *(len(part[0]) for part in parts)])
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return written(lambda writer: writer.add_terms(starts, *joined, np.array(forms, np.int32)).tolist())


def ignore(start, stop):
    assert start <= stop
    return stop


def open_list(postings, positions, start, stop, articles=ARTICLES):
    return PostingList(postings, positions, start, stop, articles, ignore, ignore)


@settings(max_examples=150)
@given(st.lists(st.tuples(lists, st.just(300)), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_writer_writes_what_the_format_says(pairs, rng):
    terms, forms = [term for term, _ in pairs], [count for _, count in pairs]
    expected_postings, expected_positions, expected_offsets = b"", b"", []
    for term, count in pairs:
        expected_offsets.append(len(expected_postings))
        data, places = encode_list(term, count, len(expected_positions))
        expected_postings += data
        expected_positions += places
    offsets, postings, positions = write_whole(terms, forms)
    assert offsets == expected_offsets
    assert postings.tobytes() == expected_postings + PADDING
    assert positions.tobytes() == expected_positions + PADDING

    def in_portions(writer):
        found = []
        for term, count in pairs:
            found.append(writer.begin(count))
            rows = columns(term)
            cuts = sorted(rng.randrange(len(rows[0]) + 1) for _ in range(4))
            for low, high in zip([0, *cuts], [*cuts, len(rows[0])], strict=True):
                writer.add(*(np.ascontiguousarray(column[low:high]) for column in rows))
            assert writer.end() == len(term)
        return found

    again, *sections = written(in_portions)
    assert again == offsets
    assert [section.tobytes() for section in sections] == [postings.tobytes(), positions.tobytes()]


@settings(max_examples=150)
@given(lists, st.data())
def test_docs_are_read_back_in_any_interval(term, data):
    _, postings, positions = write_whole([term], [300])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    assert (plist.df, plist.forms) == (len(term), 300)
    bounds = st.sampled_from([0, 1, *term, *(doc + 1 for doc in term), ARTICLES, 2**31 - 1])
    for low, high in [(0, 2**31 - 1), (data.draw(bounds), data.draw(bounds))]:
        docs, counts = plist.docs(low, high)
        wanted = [doc for doc in term if low <= doc < high]
        assert docs.dtype == counts.dtype == np.int32
        assert docs.tolist() == wanted
        assert counts.tolist() == [len(term[doc]) for doc in wanted]


@settings(max_examples=150)
@given(lists, st.integers(0, 2**32), st.sampled_from([0, 1, 5, 300, ARTICLES]))
def test_occurrences_are_read_back_of_any_articles(term, seed, count):
    _, postings, positions = write_whole([term], [300])
    rng = random.Random(seed)
    wanted = sorted({*rng.sample(range(ARTICLES), count), *rng.sample(sorted(term), rng.randrange(len(term)) // 2)})
    plist = open_list(postings, positions, 0, len(postings) - 8)
    for _ in range(2):  # a list may be asked again
        starts, places, forms = plist.occurrences(np.array(wanted, np.int32))
        rows = [term.get(doc, []) for doc in wanted]
        assert starts.tolist() == np.cumsum([0, *map(len, rows)]).tolist()
        pairs = list(zip(places.tolist(), forms.tolist(), strict=True))
        assert pairs == [pair for row in rows for pair in row]


@settings(max_examples=150)
@given(lists, st.integers(0, 2**32), st.sampled_from([0, 5, ARTICLES]), st.sets(st.integers(0, 299), max_size=40))
def test_occurrences_of_some_forms_are_read_and_counted(term, seed, count, alike):
    _, postings, positions = write_whole([term], [300])
    rng = random.Random(seed)
    alike |= {form for row in term.values() for _, form in row if rng.random() < 0.3}
    typed = {form for form in alike if rng.random() < 0.5}
    wanted = sorted({*rng.sample(range(ARTICLES), count), *rng.sample(sorted(term), rng.randrange(len(term)) // 2)})
    docs, chosen, marked = np.array(wanted, np.int32), np.array([*alike], np.int64), np.array([*typed], np.int64)
    plist = open_list(postings, positions, 0, len(postings) - 8)
    rows = [[(place, form) for place, form in term.get(doc, []) if form in alike] for doc in wanted]
    starts, places, forms = plist.occurrences(docs, chosen=chosen)
    assert starts.tolist() == np.cumsum([0, *map(len, rows)]).tolist()
    assert places.tolist() == [place for row in rows for place, _ in row]
    assert not len(forms)
    counts, marks = plist.tally(docs, chosen, marked)
    assert counts.dtype == marks.dtype == np.int32
    assert counts.tolist() == [len(row) for row in rows]
    assert marks.tolist() == [sum(form in typed for _, form in row) for row in rows]


def test_forms_that_cannot_be_are_refused():
    _, postings, positions = write_whole([{3: [(0, 1)]}], [300])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    docs, none = np.array([3], np.int32), np.zeros(0, np.int64)
    for alike, typed in (([-1], []), ([1], [2]), ([1], [-1])):
        with pytest.raises(ValueError, match=r"numbered -1|marked and not chosen"):
            plist.tally(docs, np.array(alike, np.int64), np.array(typed, np.int64))
    assert [counts.tolist() for counts in plist.tally(docs, none, none)] == [[0], [0]]


@settings(max_examples=100)
@given(st.lists(lists, min_size=1, max_size=4), st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]))
def test_read_terms_gives_all_that_lives_under_new_numbers(terms, seed, dead):
    offsets, postings, positions = write_whole(terms, [300] * len(terms))
    rng = random.Random(seed)
    renumbered = np.array([-1 if rng.random() < dead else rng.randrange(2**31) for _ in range(ARTICLES)], np.int32)
    starts = np.array([*offsets, len(postings) - 8], np.uint64)
    found = read_terms(postings, positions, starts, renumbered, ignore, ignore)
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        (number, renumbered[doc], *pair)
        for number, term in enumerate(terms)
        for doc, pairs in term.items()
        if renumbered[doc] >= 0
        for pair in pairs
    ]


@settings(max_examples=50)
@given(st.lists(lists, min_size=1, max_size=4))
def test_list_sizes_count_the_occurrences_too(terms):
    offsets, postings, positions = write_whole(terms, [300] * len(terms))
    starts = np.array([*offsets, len(postings) - 8], np.uint64)
    sizes = list_sizes(postings, positions, starts, ARTICLES, ignore, ignore)
    expected, before = [], 0
    for term in terms:
        data, places = encode_list(term, 300, before)
        expected.append(len(data) + len(places))
        before += len(places)
    assert sizes.tolist() == expected


def test_many_lists_pass_the_sink_in_several_chunks():
    docs = np.repeat(np.arange(ARTICLES, dtype=np.int32), 100)
    places = np.tile(np.arange(0, 30_000, 300, dtype=np.int32), ARTICLES)
    chunks = []
    writer = PostingWriter(lambda chunk: None, lambda chunk: chunks.append(len(chunk)))
    for _ in range(3):
        writer.begin(1)
        writer.add(docs, places, np.zeros_like(docs))
        assert writer.end() == ARTICLES
    writer.finish()
    starts = np.arange(4) * len(docs)
    joined = [np.tile(column, 3) for column in (docs, places, np.zeros_like(docs))]
    offsets, postings, positions = written(
        lambda writer: writer.add_terms(starts, *joined, np.ones(3, np.int32)).tolist()
    )
    assert len(chunks) > 1
    assert sum(chunks) == len(positions)
    last = open_list(postings, positions, offsets[-1], len(postings) - 8)
    assert last.docs()[0].tolist() == list(range(ARTICLES))
    assert np.array_equal(last.occurrences(np.arange(ARTICLES, dtype=np.int32))[1], places)


def test_the_bytes_of_a_short_list():
    """Three articles, two forms: everything in one place."""
    term = {2: [(5, 0), (6, 1)], 3: [(0, 0)], 9: [(130, 1), (131, 0), (135, 0)]}
    _, postings, positions = write_whole([term], [2])
    assert postings.tobytes() == bytes(
        [
            3,  # df
            2,  # forms
            3,  # docs block: bits of a docid delta
            2,  # bits of a count
            0b01_000_010, 0b1,  # deltas 2, 0, 5, the first in the lowest bits: 101 000 010
            0b10_00_01,  # counts less one: 1, 0, 2
            8,  # occurrences block: bits of a position delta
            1,  # bits of a form number
            5, 0, 0, 130, 0, 3,  # 5, then 6-5-1; 0; 130, then 131-130-1, 135-131-1
            0b001010,  # form numbers 0, 1, 0, 1, 0, 0
            *PADDING,
        ]
    )  # fmt: skip
    assert positions.tobytes() == PADDING


def test_the_bytes_of_a_list_of_two_blocks():
    """Articles 0 to 127 and 130, once at position 3 each and in form 0, after a list that left 3 bytes of positions."""
    term = {doc: [(3, 0)] for doc in [*range(128), 130]}
    before = {doc: [(0, 0)] for doc in range(129)}
    offsets, postings, positions = write_whole([before, term], [1, 1])
    assert postings[offsets[1] :].tobytes() == bytes(
        [
            129, 1,  # df 129, in seven bits each: 1 and 1
            1,  # forms
            21,  # the occurrences begin at byte 21 of the positions, behind those of the list before
            37,  # and take 37 bytes: 34 and 3
            127, 0, 0, 0,  # block 0: last docid
            0, 0, 0, 0,  # where its docs begin
            0, 0, 0, 0,  # where its occurrences begin
            130, 0, 0, 0,  # block 1
            2, 0, 0, 0,
            34, 0, 0, 0,
            5, 0, 0, 0,  # bytes of docs
            0, 0,  # docs of block 0: deltas and counts are all zero and take no bits
            2, 0,  # docs of block 1: two bits
            2,  # 130 - 127 - 1
            *PADDING,
        ]
    )  # fmt: skip
    assert positions.tobytes() == bytes(
        [
            1, 0, *[0] * 16,  # the list before: even a delta of zero takes a bit, 128 of them
            1, 0, 0,
            2, 0, *[0b11_11_11_11] * 32,  # two bits a position, no form bits
            2, 0, 3,
            *PADDING,
        ]
    )  # fmt: skip


def test_the_writer_refuses_columns_of_different_length():
    docs = np.arange(3, dtype=np.int32)
    writer = PostingWriter(lambda chunk: None, lambda chunk: None)
    writer.begin(1)
    with pytest.raises(ValueError, match="columns of 3, 2 and 3 rows"):
        writer.add(docs, docs[:2], docs)
    one = np.ones(1, np.int32)
    with pytest.raises(ValueError, match="term 0 from 0 to 4 of 3"):
        writer.add_terms(np.array([0, 4]), docs, docs, docs, one)
    with pytest.raises(ValueError, match="columns of 1, 2 and 1 rows"):
        writer.add_terms(np.array([0, 3]), docs, docs, docs, np.ones(2, np.int32))

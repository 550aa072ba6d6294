"""The posting codec, byte for byte against a slow twin, and what it reads back."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import PADDING, columns, encode_list, impact, numbers, random_lengths, random_list

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted._postings import PostingList
from newsindex.inverted.impacts import Lengths

ARTICLES = 9000
LENGTHS = random_lengths(0, ARTICLES)

lists = st.builds(
    random_list,
    seed=st.integers(0, 2**32),
    size=st.sampled_from([1, 2, 127, 128, 129, 255, 256, 257, 385, 3000]),
    articles=st.sampled_from([3000, ARTICLES]),
    forms=st.sampled_from([1, 2, 3, 300]),
    longest=st.sampled_from([1, 2, 40, 5000, 2**31 - 1]),
    most=st.sampled_from([1, 3, 20]),
)


def written(write, lengths=LENGTHS):
    """The sections that `write(writer)` makes, as arrays."""
    sections = bytearray(), bytearray()
    writer = PostingWriter(lambda chunk: sections[0].extend(chunk), lambda chunk: sections[1].extend(chunk), lengths)
    result = write(writer)
    writer.finish()
    return result, *(np.frombuffer(bytes(section), np.uint8) for section in sections)


def write_whole(terms, forms, lengths=LENGTHS, field="source"):
    """All terms by `add_terms`: (offsets, postings, positions)."""
    parts = [columns(term) for term in terms]
    starts = np.cumsum([0, *(len(part[0]) for part in parts)])
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]

    def write(writer):
        writer.field(field)
        return writer.add_terms(starts, *joined, np.array(forms, np.int32)).tolist()

    return written(write, lengths)


def open_list(postings, positions, start, stop, articles=ARTICLES):
    return PostingList(Pages(postings), Pages(positions), start, stop, articles)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(lists, st.just(300)), min_size=1, max_size=3),
    st.sampled_from(["text", "title", "source"]),
    st.integers(0, 9),
    st.randoms(use_true_random=False),
)
def test_the_writer_writes_what_the_format_says(pairs, field, seed, rng):
    terms, forms = [term for term, _ in pairs], [count for _, count in pairs]
    lengths = random_lengths(seed, ARTICLES)
    expected_postings, expected_positions, expected_offsets = b"", b"", []
    for term, count in pairs:
        expected_offsets.append(len(expected_postings))
        data, places = encode_list(term, count, lengths, field, len(expected_positions))
        expected_postings += data
        expected_positions += places
    offsets, postings, positions = write_whole(terms, forms, lengths, field)
    assert offsets == expected_offsets
    assert postings.tobytes() == expected_postings + PADDING
    assert positions.tobytes() == expected_positions + PADDING

    def in_portions(writer):
        found = []
        writer.field(field)
        for term, count in pairs:
            found.append(writer.begin(count))
            rows = columns(term)
            cuts = sorted(rng.randrange(len(rows[0]) + 1) for _ in range(4))
            for low, high in zip([0, *cuts], [*cuts, len(rows[0])], strict=True):
                writer.add(*(np.ascontiguousarray(column[low:high]) for column in rows))
            assert writer.end() == len(term)
        return found

    again, *sections = written(in_portions, lengths)
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


def marks_of(numbers, marks, rest):
    """The marks of forms by their numbers."""
    return [marks[number] if number < len(marks) else rest for number in numbers]


marked = st.lists(st.integers(0, 7), max_size=3) | st.lists(st.integers(0, 7), min_size=290, max_size=310)


@settings(max_examples=80)
@given(lists, st.integers(0, 2**32), st.sampled_from([0, 5, ARTICLES]), marked, st.integers(0, 7), st.booleans())
def test_occurrences_of_some_forms_are_read_and_counted(term, seed, count, marks, rest, limited):
    _, postings, positions = write_whole([term], [300])
    rng = random.Random(seed)
    wanted = sorted({*rng.sample(range(ARTICLES), count), *rng.sample(sorted(term), rng.randrange(len(term)) // 2)})
    docs = np.array(wanted, np.int32)
    plist = open_list(postings, positions, 0, len(postings) - 8)
    rows = []
    for doc in wanted:
        pairs = term.get(doc, [])
        every = zip(pairs, marks_of([form for _, form in pairs], marks, rest), strict=True)
        rows.append([(place, mark) for (place, _), mark in every])
    starts, places, found = plist.occurrences(docs, np.array(marks, np.uint8), rest)
    kept = [[pair for pair in row if pair[1]] for row in rows]
    assert starts.tolist() == np.cumsum([0, *map(len, kept)]).tolist()
    assert list(zip(places.tolist(), found.tolist(), strict=True)) == [pair for row in kept for pair in row]
    longest = max(place for row in term.values() for place, _ in row) + 2
    limits = np.array([rng.choice([0, 1, rng.randrange(longest), longest]) for _ in range(ARTICLES)], np.uint32)
    tally = plist.tally(docs, numbers(limits) if limited else None, np.array(marks, np.uint8), rest)
    assert tally.dtype == np.int32
    in_title = limits[docs].tolist() if limited else [0] * len(docs)
    assert tally.tolist() == [tallied(row, limit) for row, limit in zip(rows, in_title, strict=True)]
    plain = [[(place, CHOSEN) for place, _ in row] for row in rows]
    assert plist.tally(docs).tolist() == [tallied(row, 0) for row in plain]


def tallied(row, limit):
    """The six sums of [(position, marks)] in one article."""
    sums = []
    for mark in (CHOSEN, ALIKE, TYPED):
        places = [place for place, marks in row if marks & mark]
        sums += [len(places), sum(place < limit for place in places)]
    return sums


@settings(max_examples=80)
@given(lists, st.integers(0, 2**32), st.sampled_from([0, 1, 5, ARTICLES]))
def test_a_form_is_alive_in_articles_that_are(term, seed, count):
    _, postings, positions = write_whole([term], [300])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    rng = random.Random(seed)
    living = {*rng.sample(range(ARTICLES), count), *rng.sample(sorted(term), min(count, 1))}
    alive = np.zeros(ARTICLES, np.uint8)
    alive[list(living)] = 1
    forms = {form for doc, pairs in term.items() if doc in living for _, form in pairs}
    for form in {*forms, *range(4), 300}:
        assert plist.is_alive(alive, form) == (form in forms)
    with pytest.raises(ValueError, match=f"{ARTICLES - 1} bytes for {ARTICLES} articles"):
        plist.is_alive(alive[1:], 0)


def test_limits_that_are_not_those_of_all_articles_are_refused():
    _, postings, positions = write_whole([{3: [(0, 1)]}], [300])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    docs = np.array([3], np.int32)
    for count in (0, 4, ARTICLES + 1):
        with pytest.raises(ValueError, match=f"{count} limits for {ARTICLES} articles"):
            plist.tally(docs, numbers(np.zeros(count, np.uint32)))
    no_marks = np.zeros(0, np.uint8)
    assert plist.tally(docs, None, no_marks, 0).tolist() == [[0] * 6]
    assert plist.occurrences(docs, no_marks, 0)[1].tolist() == []


@settings(max_examples=100)
@given(lists, st.sampled_from(["text", "title", "source"]), st.integers(0, 9))
def test_impacts_bound_what_a_term_is_worth(term, field, seed):
    """They are the shares of BM25F in whole steps, no more than one step and a hair too high, and never too low."""
    lengths = random_lengths(seed, ARTICLES)
    _, postings, positions = write_whole([term], [300], lengths, field)
    found = open_list(postings, positions, 0, len(postings) - 8).impacts()
    assert found.dtype == np.uint8
    assert found.tolist() == [impact(pairs, doc, field, lengths) for doc, pairs in term.items()]
    title, body = lengths.title.astype(float), lengths.body.astype(float)
    for (doc, pairs), steps in zip(term.items(), found.tolist(), strict=True):
        titles = sum(place < title[doc] for place, _ in pairs) if field == "text" else len(pairs)
        shares = 4 * titles / (0.5 + 0.5 * title[doc] / (title.mean() or 1))
        if field == "text":
            shares += (len(pairs) - titles) / (0.25 + 0.75 * body[doc] / (body.mean() or 1))
        elif field == "source":
            shares = len(pairs)
        exact = 255 * shares / (0.9 + shares)
        assert exact <= steps <= exact + 1.001


def test_many_lists_pass_the_sink_in_several_chunks():
    docs = np.repeat(np.arange(ARTICLES, dtype=np.int32), 100)
    places = np.tile(np.arange(0, 30_000, 300, dtype=np.int32), ARTICLES)
    chunks = []
    writer = PostingWriter(lambda chunk: None, lambda chunk: chunks.append(len(chunk)), LENGTHS)
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
            176, 135, 197,  # impacts: 255 * 2 / 2.9 is 175.9, of one occurrence 134.2, of three 196.2
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
            135, 135,  # the highest impact of each block
            *[135] * 129,  # impacts
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
    writer = PostingWriter(lambda chunk: None, lambda chunk: None, LENGTHS)
    writer.begin(1)
    with pytest.raises(ValueError, match="columns of 3, 2 and 3 rows"):
        writer.add(docs, docs[:2], docs)
    one = np.ones(1, np.int32)
    with pytest.raises(ValueError, match="term 0 from 0 to 4 of 3"):
        writer.add_terms(np.array([0, 4]), docs, docs, docs, one)
    with pytest.raises(ValueError, match="columns of 1, 2 and 1 rows"):
        writer.add_terms(np.array([0, 3]), docs, docs, docs, np.ones(2, np.int32))


@pytest.mark.parametrize("docs", [[-1], [3], [2, 1], [2**31 - 1]])
def test_the_writer_refuses_articles_that_have_no_length_or_are_out_of_order(docs):
    """It looks up the length of each, so a docid that is none would be read beyond them."""
    lengths = Lengths(np.ones(3, np.uint32), np.ones(3, np.uint32))
    zeros, rows = np.zeros(len(docs), np.int32), np.array(docs, np.int32)
    writer = PostingWriter(lambda chunk: None, lambda chunk: None, lengths)
    writer.begin(1)
    with pytest.raises(ValueError, match=r"docid -?\d+ after -?\d+, of 3"):
        writer.add(rows, zeros, zeros)
    writer = PostingWriter(lambda chunk: None, lambda chunk: None, lengths)
    with pytest.raises(ValueError, match=r"docid -?\d+ after -?\d+, of 3"):
        writer.add_terms(np.array([0, len(docs)]), rows, zeros, zeros, np.ones(1, np.int32))


def test_the_writer_refuses_titles_that_are_not_as_many_as_bodies():
    with pytest.raises(ValueError, match="columns of 3, 3 and 2 rows"):
        PostingWriter(print, print, Lengths(np.ones(3, np.uint32), np.ones(2, np.uint32)))


def test_a_list_whose_highest_impacts_are_not_those_of_its_blocks_is_found_out():
    term = {doc: [(place, 0) for place in range(1 + doc % 5)] for doc in range(0, 600, 2)}
    _, postings, positions = write_whole([term], [1])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    plist.check(np.zeros(ARTICLES, np.int64))
    impacts = plist.impacts().tobytes()
    at = postings.tobytes().rindex(impacts)  # the highest of each block stand right before them
    for place in range(at - 3, at):
        damaged = postings.copy()
        damaged[place] += 1
        with pytest.raises(ValueError, match="highest impact"):
            open_list(damaged, positions, 0, len(postings) - 8).check(np.zeros(ARTICLES, np.int64))


@pytest.mark.parametrize("size", [1, 5, 128, 129, 300, 1000])
def test_the_last_articles_of_a_list(size):
    docs = sorted(random.Random(size).sample(range(3 * size), size))
    _, postings, positions = write_whole([{doc: [(doc % 7, 0)] for doc in docs}], [1])
    plist = open_list(postings, positions, 0, len(postings) - 8)
    for wanted in (0, 1, 2, 127, 128, 129, size - 1, size, size + 1, 10**9):
        assert plist.last(wanted).tolist() == docs[max(size - wanted, 0) :]
    assert plist.last(-1).tolist() == []

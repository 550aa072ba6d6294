"""Posting lists that nobody wrote: whatever their bytes say, they are read or refused, in bounded memory.

Both sections are held where reading past their ends is a crash, which would end pytest itself: that is the signal that
these tests are for. The rest of a segment is in test_inverted_hostile.
"""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_hostile import ARTICLES, EXPANSION, TRUE, damaged, fenced, merge, read_everything
from inverted_twins import varint

from newsindex.inverted._pages import Pages
from newsindex.inverted._postings import PostingList
from newsindex.searcher._phrases import Terms, find_phrase


@pytest.mark.parametrize("chapter", range(8))
def test_damaged_lists_are_read_or_refused(chapter):
    """Each of some thousand damages of postings, positions or both."""
    offsets, true_postings, true_positions = TRUE
    rng = random.Random(chapter)
    read = refused = 0
    for _ in range(600):
        which = rng.randrange(3)
        postings = damaged(rng, true_postings) if which != 1 else bytes(true_postings)
        positions = damaged(rng, true_positions) if which != 0 else bytes(true_positions)
        postings, positions = fenced(postings, positions)
        bounds = [*offsets, len(true_postings) - 8]
        for start, stop in itertools.pairwise(bounds):
            try:
                read_everything(postings, positions, start, stop, rng.choice([ARTICLES, ARTICLES, 100, 2**31 - 1]))
                read += 1
            except ValueError:
                refused += 1
        starts = np.array(bounds, np.uint64)
        try:
            merged = merge(postings, positions, starts)
        except ValueError:
            continue
        # What is said of an article is bounded by what is read of it, so a merge cannot make much of little.
        assert len(merged) <= EXPANSION * (len(postings) + len(positions))
    assert read > 100
    assert refused > 100


LONG = 5  # of the lists of TRUE: 300 articles in three blocks


def parts_of_the_long_list():
    """Where its header, table, maxima, impacts and blocks begin, and where it ends."""
    offsets, postings, _ = TRUE
    at = offsets[LONG]
    for _ in range(4):
        while postings[at] >= 128:
            at += 1
        at += 1
    return offsets[LONG], at, at + 3 * 12 + 4, at + 3 * 13 + 4, at + 3 * 13 + 4 + 300, len(postings) - 8


def damages(first, end):
    """The true postings with one byte from `first` to `end` - 1 changed in all ways that matter."""
    for at in range(first, end):
        byte = TRUE[1][at]
        for value in {0, 1, 2, 31, 32, 33, 127, 128, 255, byte ^ 1, byte ^ 128, (byte + 1) % 256} - {byte}:
            yield TRUE[1][:at] + bytes([value]) + TRUE[1][at + 1 :]


def test_headers_and_tables_are_read_or_refused_whichever_byte_is_wrong():
    header, table, maxima, *_, end = parts_of_the_long_list()
    docs = read_everything(*fenced(*TRUE[1:]), header, end, ARTICLES).tolist()
    assert len(docs) == 300
    refused = {"header": 0, "table": 0}
    for name, first, stop in (("header", header, table), ("table", table, maxima)):
        for postings in damages(first, stop):
            try:
                found = read_everything(*fenced(postings, TRUE[2]), header, end, ARTICLES).tolist()
            except ValueError:
                refused[name] += 1
                continue
            # A list that says that it is shorter is another list; a table says where things are, and not what.
            assert name == "header" or found == docs
    assert refused["header"] > 20
    assert refused["table"] > 200


def test_maxima_and_impacts_change_what_articles_are_worth_and_never_which_there_are():
    header, _, maxima, impacts, blocks, end = parts_of_the_long_list()
    docs = read_everything(*fenced(*TRUE[1:]), header, end, ARTICLES).tolist()
    for first, stop in ((maxima, impacts), (impacts, impacts + 3), (blocks - 3, blocks)):
        for postings in damages(first, stop):
            assert read_everything(*fenced(postings, TRUE[2]), header, end, ARTICLES).tolist() == docs


@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_lists_whose_bounds_are_all_alike_are_read(value):
    header, _, maxima, _, blocks, end = parts_of_the_long_list()
    postings = TRUE[1][:maxima] + bytes([value]) * (blocks - maxima) + TRUE[1][blocks:]
    assert len(read_everything(*fenced(postings, TRUE[2]), header, end, ARTICLES)) == 300


@settings(max_examples=500)
@given(st.binary(max_size=80), st.binary(max_size=80), st.integers(-5, 80), st.integers(-5, 80))
def test_garbage_is_read_or_refused(postings, positions, start, stop):
    try:
        read_everything(*fenced(postings, positions), start, stop, 300)
    except ValueError:
        return


@given(st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_garbage_offsets_are_refused(starts):
    _, postings, positions = TRUE
    try:
        merge(*fenced(postings, positions), np.array([*starts, 2**64 - 1], np.uint64))
    except ValueError:
        return
    assert not starts


def one_list(*parts, positions=b""):
    data = b"".join(part if isinstance(part, bytes) else bytes([part]) for part in parts)
    return (*fenced(data + bytes(8), positions + bytes(8)), 0, len(data))


def u32(*numbers):
    return b"".join(number.to_bytes(4, "little") for number in numbers)


TABLE = u32(127, 0, 0, 199, 2, 20, 4)  # of two blocks with 4 bytes of docs; maxima, impacts and these take 206 bytes


@pytest.mark.parametrize(
    ("reason", "parts", "positions"),
    [
        ("2147483648 occurrences announced", [1, 1, 9, 0, 32, u32(2**31 - 1), 1, 0, 0], b""),
        ("occurrences announced in 3 bytes", [1, 1, 9, 0, 32, u32(2**32 - 1), 1, 0, 0], b""),
        ("25 occurrences announced in 3 bytes", [1, 1, 9, 0, 5, 24, 1, 0, 0], b""),
        ("impossible bit widths", [1, 1, 9, 0, 3, 7, 0, 0, 0], b""),
        ("impossible bit widths", [1, 1, 9, 33, 0, bytes(9)], b""),
        ("without an occurrence", [1, 1, 9, 0, 0, 1, 0], b""),
        ("form number 1 of a term with 1", [1, 1, 9, 0, 0, 1, 1, 0, 1], b""),
        ("impossible position", [1, 1, 9, 0, 0, 32, 0, u32(2**31)], b""),
        ("0 articles", [0, 1, 0, 0, 1, 0, 0], b""),
        ("301 articles", [varint(301), 1, 0, 0, 1, 0, 0], b""),
        ("0 forms", [1, 0, 9, 0, 0, 1, 0, 0], b""),
        ("without an end", [1, b"\xff" * 20], b""),
        ("impacts outside", [5, 1, 9, 9, 9, 9], b""),
        ("impossible bit widths", [3, 1, 9, 9, 9], b""),
        ("docs block longer", [1, 1, 9, 8, 0], b""),
        ("docs block longer", [1, 1, 9, 0, 8], b""),
        ("block table outside", [varint(200), 1, 0, 6, u32(1, 2)], bytes(6)),
        ("block table outside", [varint(200), 1, 0, 6, u32(127, 0, 0, 199, 2, 3, 4), bytes(201)], bytes(6)),
        ("occurrences outside", [varint(200), 1, varint(2**62), 6, TABLE, bytes(206)], bytes(6)),
        ("do not fill", [varint(200), 1, 0, 40, u32(127, 0, 0, 199, 2, 20, 5), bytes(206)], bytes(40)),
        ("not those of their block", [varint(200), 1, 0, 40, u32(127, 0, 0, 198, 2, 20, 4), bytes(206)], bytes(40)),
        ("docs block outside", [varint(200), 1, 0, 40, u32(127, 0, 0, 199, 0, 20, 4), bytes(206)], bytes(40)),
        ("occurrences block outside", [varint(200), 1, 0, 40, u32(127, 0, 0, 199, 2, 41, 4), bytes(206)], bytes(40)),
        ("not those of their block", [1, 1, 9, 32, 0, u32(300), 1, 0, 0], b""),
    ],
)
def test_contradictions_are_named(reason, parts, positions):
    postings, places, start, stop = one_list(*parts, positions=positions)

    def read():
        plist = PostingList(Pages(postings), Pages(places), start, stop, 300)
        plist.occurrences(plist.docs()[0])

    with pytest.raises(ValueError, match=reason):
        read()


def test_blocks_cannot_share_their_occurrences():
    """Else a file could make a reader allocate as many times its size as it has blocks."""
    table = u32(127, 0, 0, 255, 2, 40, 383, 4, 0, 511, 6, 40, 8)
    postings, positions, start, stop = one_list(
        varint(512), 1, 0, 80, table, bytes(4 + 512 + 8), positions=bytes([1, 0]) + bytes(78)
    )
    plist = PostingList(Pages(postings), Pages(positions), start, stop, 600)
    assert len(plist.occurrences(np.array([5, 7], np.int32))[1]) == 2
    with pytest.raises(ValueError, match="occurrences block"):
        plist.occurrences(np.array([5, 200], np.int32))

    def phrase(docs):
        word = Terms((plist,), (np.zeros(0, np.uint8),), (1,), True)
        return find_phrase([word], 0, 600, 0, True, None, docs)

    assert len(phrase(np.array([5, 7], np.int32))[0]) == 2
    for read in (plist.occurrences, plist.tally, phrase):
        with pytest.raises(ValueError, match="occurrences blocks that overlap"):
            read(np.array([5, 300], np.int32))

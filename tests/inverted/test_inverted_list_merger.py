"""Merging posting lists, against a slow twin that decodes all of them and writes what comes out."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import columns, encode_list, random_lengths, random_list

from newsindex.inverted._list_merger import ListMerger, Lists
from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter

TERMS = 5
ARTICLES = 1500  # of each source
FORMS = 4


def sections_of(terms, lengths):
    """(offsets, postings, positions) of some lists, and the end of the last."""
    sections = bytearray(), bytearray()
    writer = PostingWriter(sections[0].extend, sections[1].extend, lengths)
    offsets = []
    for term in terms:
        offsets.append(writer.begin(FORMS))
        writer.add(*columns(term))
        writer.end()
    writer.finish()
    data, places = (np.frombuffer(bytes(section), np.uint8) for section in sections)
    return np.array([*offsets, len(data) - 8], np.uint64), data, places


class Source:
    """Lists of some of the merged terms, the new docids of its articles, and the new numbers of its forms."""

    def __init__(self, rng, renumbered):
        self.terms = sorted(rng.sample(range(TERMS), rng.randint(1, TERMS)))
        self.lists = [
            random_list(
                rng.randrange(2**32), rng.choice([1, 5, 128, 129, 700]), ARTICLES, FORMS, 300, rng.choice([1, 9])
            )
            for _ in self.terms
        ]
        self.renumbered = renumbered
        self.numbers = [rng.sample(range(FORMS), FORMS) for _ in self.terms]
        self.written = sections_of(self.lists, random_lengths(1, ARTICLES))

    def opened(self, **changes):
        starts, postings, positions = self.written
        arguments = {
            "postings": Pages(postings),
            "positions": Pages(positions),
            "starts": starts,
            "renumbered": np.array(self.renumbered, np.int32),
            "terms": np.array(self.terms, np.int32),
            "bases": np.arange(0, FORMS * len(self.terms) + 1, FORMS, dtype=np.int32),
            "numbers": np.array(self.numbers, np.int32).ravel(),
        }
        return Lists(**(arguments | changes))


def sources_of(rng, count, dead):
    """Sources whose articles got new numbers as a merger gives them: in order within each, some left out."""
    owners = [k for k in range(count) for _ in range(ARTICLES)]
    rng.shuffle(owners)
    numbers = [[] for _ in range(count)]
    new = 0
    for owner in owners:
        gone = rng.random() < dead
        numbers[owner].append(-1 if gone else new)
        new += not gone
    return [Source(rng, of_one) for of_one in numbers], new


def twin(sources):
    """Each merged term: docid -> [(position, form), ...]."""
    merged = [{} for _ in range(TERMS)]
    for source in sources:
        for term, pairs, numbers in zip(source.terms, source.lists, source.numbers, strict=True):
            for doc, places in pairs.items():
                if source.renumbered[doc] >= 0:
                    merged[term][source.renumbered[doc]] = [(place, numbers[form]) for place, form in places]
    return [dict(sorted(term.items())) for term in merged]


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(1, 9),
    st.sampled_from([0.0, 0.4, 0.999, 1.0]),
    st.sampled_from(["text", "title", "source"]),
)
def test_merged_lists_are_those_of_all_that_lives(seed, count, dead, field):
    rng = random.Random(seed)
    sources, articles = sources_of(rng, count, dead)
    lengths = random_lengths(seed % 10, articles)
    sections = bytearray(), bytearray()
    writer = PostingWriter(sections[0].extend, sections[1].extend, lengths)
    writer.field(field)
    merger = ListMerger([source.opened() for source in sources])
    kept, offsets = merger.write(writer, np.full(TERMS, FORMS, np.int32))
    writer.finish()
    expected_postings, expected_positions, expected_offsets = b"", b"", []
    terms = twin(sources)
    for term in filter(None, terms):
        expected_offsets.append(len(expected_postings))
        data, places = encode_list(term, FORMS, lengths, field, len(expected_positions))
        expected_postings += data
        expected_positions += places
    assert kept.tolist() == [bool(term) for term in terms]
    assert offsets.tolist() == expected_offsets
    assert sections[0] == expected_postings + bytes(8)
    assert sections[1] == expected_positions + bytes(8)


def write(lists):
    made = bytearray()
    writer = PostingWriter(made.extend, made.extend, random_lengths(0, 2 * ARTICLES))
    merger = ListMerger(lists)
    return merger, lambda: merger.write(writer, np.full(TERMS, FORMS, np.int32))


@pytest.mark.parametrize("place", [0, 1])
def test_whose_fault_it_was_is_known(place):
    good, bad = sources_of(random.Random(4), 2, 0.0)[0]
    postings = bytearray(bad.written[1])
    postings[0] = 0  # a list of no articles
    lists = [good.opened()]
    lists.insert(place, bad.opened(postings=Pages(np.frombuffer(bytes(postings), np.uint8))))
    merger, run = write(lists)
    with pytest.raises(ValueError, match="a list of 0 articles"):
        run()
    assert merger.source == place


def test_articles_that_do_not_ascend_under_their_new_numbers_are_refused():
    (source,), _ = sources_of(random.Random(5), 1, 0.0)
    backwards = np.array(source.renumbered[::-1], np.int32)
    with pytest.raises(ValueError, match=r"docid \d+ after \d+"):
        write([source.opened(renumbered=backwards)])[1]()


def test_forms_that_the_term_does_not_have_are_refused():
    (source,), _ = sources_of(random.Random(6), 1, 0.0)
    fewer = np.arange(len(source.terms) + 1, dtype=np.int32)
    with pytest.raises(ValueError, match="in a form that its term does not have"):
        write([source.opened(bases=fewer, numbers=fewer)])[1]()


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": np.zeros(1, np.uint64)},
        {"bases": np.zeros(1, np.int32)},
        {"numbers": np.zeros(0, np.int32)},
    ],
)
def test_arguments_that_do_not_fit_are_refused(changes):
    (source,), _ = sources_of(random.Random(7), 1, 0.0)
    with pytest.raises(ValueError, match=r"lists with|forms 0 to"):
        source.opened(**changes)

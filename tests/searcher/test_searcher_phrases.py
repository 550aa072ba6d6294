"""The kernel of phrases against a slow twin: in lists of one block and of many, and of words that are several terms."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searcher_twins import numbers, posting_list

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.inverted.impacts import Lengths
from newsindex.searcher._phrases import Terms, find_phrase

ARTICLES = 700
FORMS = 5
KINDS = [0, CHOSEN, CHOSEN | ALIKE, CHOSEN | ALIKE | TYPED]
LENGTHS = Lengths(np.full(ARTICLES, 4, np.uint32), np.full(ARTICLES, 30, np.uint32))


def random_term(rng):
    """({docid: [(position, form number)]}, marks of the first forms, those of the rest)."""
    docs = rng.sample(range(ARTICLES), rng.choice([1, 20, 127, 128, 300, 600, ARTICLES]))
    places = {doc: sorted(rng.sample(range(12), rng.choice([1, 1, 2, 4, 9]))) for doc in docs}
    found = {doc: [(place, rng.randrange(FORMS)) for place in row] for doc, row in places.items()}
    if rng.random() < 0.4:
        return found, [], rng.choice(KINDS[1:])
    return found, rng.choices(KINDS, k=rng.randint(1, FORMS)), rng.choice(KINDS)


def place_marks(word, doc):
    """{position: marks} of a word, of any of its terms, that is spelled or not, in an article."""
    terms, spelled = word
    places = {}
    for found, marks, rest in terms:
        for place, form in found.get(doc, []):
            flags = marks[form] if form < len(marks) else rest
            if flags:
                places[place] = places.get(place, 0) | (flags if spelled else CHOSEN | ALIKE | TYPED)
    return places


def shortest_runs(rows, slop, limit):
    """Of each place of the first word, whether any choice of later places keeps within the slop; and those before."""
    found = []
    for first in rows[0]:
        runs = (run for run in itertools.product(*rows[1:]) if all(a < b for a, b in itertools.pairwise((first, *run))))
        if any(((first, *run)[-1] - first - (len(rows) - 1)) <= slop for run in runs):
            found.append(first)
    return [len(found), sum(first < limit for first in found)]


def slow_sums(words, doc, slop, spelling, limit):
    rows = [place_marks(word, doc) for word in words]
    counted = [CHOSEN, ALIKE, TYPED] if spelling and any(spelled for _, spelled in words) else [CHOSEN]
    sums = []
    for mark in counted:
        sums += shortest_runs([[place for place, flags in row.items() if flags & mark] for row in rows], slop, limit)
    return (sums + [0] * 6)[:6]


def terms_of(word):
    terms, spelled = word
    lists = tuple(posting_list(found, LENGTHS, forms=FORMS) for found, _, _ in terms)
    marks = tuple(np.array(marks, np.uint8) for _, marks, _ in terms)
    return Terms(lists, marks, tuple(rest for _, _, rest in terms), spelled)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.sampled_from([0, 0, 1, 4, 2**40]), st.booleans(), st.booleans())
@example(1, 2, 0, True, True)
def test_phrases(seed, count, slop, spelling, limited):
    rng = random.Random(seed)
    words = [([random_term(rng) for _ in range(rng.choice([1, 1, 2, 5]))], rng.random() < 0.6) for _ in range(count)]
    low, high = sorted(rng.choices([0, 1, 128, 350, 699, ARTICLES], k=2))
    among = sorted(rng.sample(range(ARTICLES), rng.choice([0, 5, 400]))) if rng.random() < 0.5 else None
    limits = np.array(rng.choices(range(13), k=ARTICLES), np.uint32)
    wanted = None if among is None else np.array(among, np.int32)
    asked = [*map(terms_of, words)], low, high, slop, spelling, numbers(limits) if limited else None, wanted
    docs, sums = find_phrase(*asked)
    assert (docs.dtype, sums.dtype) == (np.int32, np.int32)
    expected = {}
    for doc in set(range(low, high)) & set(range(ARTICLES) if among is None else among):
        row = slow_sums(words, doc, slop, spelling, limits[doc] if limited else 0)
        if row[0]:
            expected[doc] = row
    assert dict(zip(docs.tolist(), sums.tolist(), strict=True)) == expected
    assert docs.tolist() == sorted(expected)
    once, some = find_phrase(*asked, once=True)
    assert once.tolist() == docs.tolist()
    assert ((some[:, 0] == 1) & (sums[:, 0] >= 1)).all()


@pytest.mark.parametrize("count", [30, 90])
def test_very_many_places_in_one_article(count):
    rng = random.Random(count)
    places = [sorted(rng.sample(range(3 * count), count)) for _ in range(5)]
    terms = [({7: [(place, place % FORMS) for place in row]}, [CHOSEN, 0, CHOSEN | ALIKE], CHOSEN) for row in places]
    words = [(terms[:3], True), (terms[3:], False)]
    docs, sums = find_phrase([*map(terms_of, words)], 0, ARTICLES, 1, True)
    assert docs.tolist() == [7]
    assert sums[0].tolist() == slow_sums(words, 7, 1, True, 0)


def test_no_words_are_nowhere():
    docs, sums = find_phrase([], 0, ARTICLES, 0, True)
    assert (docs.shape, sums.shape) == ((0,), (0, 6))


def test_what_does_not_fit_together_is_refused():
    word = terms_of(([({3: [(1, 0)], 5: [(1, 0)]}, [], CHOSEN)], True))
    assert find_phrase([word], 0, ARTICLES, 0, True)[0].tolist() == [3, 5]
    with pytest.raises(ValueError, match="a list at least"):
        Terms((), (), (), True)
    with pytest.raises(ValueError, match="marks for each"):
        Terms((posting_list({1: [(1, 0)]}, LENGTHS),), (), (CHOSEN,), True)
    for low, high in ((-1, 5), (0, 3)):
        with pytest.raises(ValueError, match="articles"):
            find_phrase([word], low, high, 0, True, numbers(np.zeros(2, np.uint32)))

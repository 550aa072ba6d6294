"""Exact scores against the formula in plain Python, and the bounds of them that posting lists carry."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import numbers, posting_list

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.inverted.impacts import Lengths
from newsindex.searcher._collect import all_of, any_of
from newsindex.searcher._scoring import Leaf, Scale, WordScorer, score, score_tally
from newsindex.searcher._top import Best, best_of, choose
from newsindex.searcher._union import united

ARTICLES = 700
FORMS = 6
FIELDS = ["text", "title", "body", "source"]


def random_lengths(seed):
    rng = random.Random(seed)
    longest, titles = rng.choice([(30, 6), (300, 12), (3, 1), (40, 0), (0, 0)])
    return Lengths(*(np.array([rng.randint(0, n) for _ in range(ARTICLES)], np.uint32) for n in (titles, longest)))


def random_occurrences(seed, lengths, field):
    """{docid: [(position, form number)]} such as `lengths` allow, but for some that they do not."""
    rng = random.Random(seed)
    found = {}
    for doc in sorted(rng.sample(range(ARTICLES), rng.choice([1, 30, 129, 400]))):
        room = int(lengths.title[doc] + (0 if field == "title" else lengths.body[doc])) + 1
        places = sorted(rng.sample(range(room), min(room, rng.randint(1, 9))))
        found[doc] = [(place, rng.randrange(FORMS)) for place in places]
    return found


def impact(field, title, body, titles, bodies, means):
    """The share of BM25F of something that occurs so often in title and body, which have so many words."""
    in_title = 4 * titles / (0.5 + 0.5 * title / means[0])
    in_body = bodies / (0.25 + 0.75 * body / means[1])
    shares = {"text": in_title + in_body, "title": in_title, "body": in_body}.get(field, titles + bodies)
    return shares / (0.9 + shares)


def value(field, doc, rows, lengths, means):
    """What the occurrences [(position, marks)] of one article are worth."""
    total = 0.0
    for mark, share in ((CHOSEN, 1.0), (ALIKE, 0.25), (TYPED, 0.05)):
        places = [place for place, marks in rows if marks & mark]
        titles = sum(place < lengths.title[doc] for place in places) if field in ("text", "body") else 0
        titles = len(places) if field == "title" else titles
        total += share * impact(
            field, int(lengths.title[doc]), int(lengths.body[doc]), titles, len(places) - titles, means
        )
    return total


def scale_of(lengths, means):
    return Scale(numbers(lengths.title), numbers(lengths.body), *means, 0.25, 0.05)


def own_means(lengths):
    return [float(words.mean()) or 1.0 for words in (lengths.title, lengths.body)]


marks_of_forms = st.tuples(
    st.lists(st.sampled_from([0, CHOSEN, CHOSEN | ALIKE, CHOSEN | ALIKE | TYPED]), max_size=FORMS),
    st.sampled_from([0, CHOSEN, CHOSEN | ALIKE, CHOSEN | ALIKE | TYPED]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 9),
    st.sampled_from(FIELDS),
    st.lists(st.tuples(st.integers(0, 99), marks_of_forms), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from([0.3, 1.0, 2.5]),
    st.sampled_from([0.2, 1.0, 4.0]),
    st.sampled_from([0.3, 1.0, 3.0]),
    st.integers(0, 2**32),
)
def test_scores_are_those_of_the_formula_and_bounds_bound_them(
    seed, field, terms, most, weight, title_factor, body_factor, picks
):
    """Whatever the averages of the index are, compared with those of the segment that impacts were made with."""
    lengths = random_lengths(seed)
    means = [mean * more for mean, more in zip(own_means(lengths), (title_factor, body_factor), strict=True)]
    indexed = "text" if field == "body" else field
    rows = [random_occurrences(number, lengths, indexed) for number, _ in terms]
    lists = tuple(posting_list(row, lengths, indexed, FORMS) for row in rows)
    marks = tuple(bytes(some) for _, (some, _) in terms)
    rests = tuple(rest for _, (_, rest) in terms)
    slack = max(1.0, title_factor, body_factor)
    leaf = Leaf(field, weight, lists, marks, rests, most, 0.3, slack)
    _, docs, bounds, _ = all_of([leaf.group], 0, ARTICLES)
    scores = score([leaf], scale_of(lengths, means), docs)
    for doc, found in zip(docs.tolist(), scores.tolist(), strict=True):
        by_term = []
        for row, some, rest in zip(rows, marks, rests, strict=True):
            flags = [*some, *[rest] * FORMS]
            by_term.append([(place, flags[form]) for place, form in row.get(doc, [])])
        if most:
            expected = max(value(field, doc, one, lengths, means) for one in by_term)
        else:
            expected = value(field, doc, [pair for one in by_term for pair in one], lengths, means)
        assert found == pytest.approx(weight * expected)
    assert (scores <= bounds).all()
    _, _, added, _ = any_of([leaf.group], 0, ARTICLES)
    assert (scores <= added).all()
    if len(lists) == 1:
        assert (scores <= best_of(leaf.group, 0, ARTICLES, 0)[2]).all()
    if all(not rest & CHOSEN or all(mark & CHOSEN for mark in some) for _, (some, rest) in terms):
        # Forms that are left out of those that are meant come with `rests` that leave out the others too.
        check_united(field, leaf, lengths, scores, docs)
    some = np.array(sorted(random.Random(picks).sample(range(ARTICLES), 60)), np.int32)
    whole = dict(zip(docs.tolist(), scores.tolist(), strict=True))
    again = score([leaf], scale_of(lengths, means), some)
    assert again.tolist() == [whole.get(doc, 0.0) for doc in some.tolist()]
    twice = score([leaf, leaf], scale_of(lengths, means), some)
    assert twice.tolist() == (again + again).tolist()


def check_united(field, leaf, lengths, scores, docs):
    """`united` finds just the articles that have the word, here or in a part, and bounds their scores too."""
    titles = numbers(lengths.title) if field == "body" else None
    exact = [doc for doc, score in zip(docs.tolist(), scores.tolist(), strict=True) if score > 0]
    total, found, bounds = united(leaf, 0, ARTICLES, titles)
    assert total == len(exact)
    assert found.tolist() == exact
    assert (scores[scores > 0] <= bounds).all()
    for low, high in ((0, 0), (7, ARTICLES // 2), (ARTICLES // 3, ARTICLES + 9)):
        assert united(leaf, low, high, titles)[1].tolist() == [doc for doc in exact if low <= doc < high]
    alive = np.random.default_rng(len(exact)).integers(0, 2, ARTICLES, np.uint8)
    living, floor = [doc for doc in exact if alive[doc]], float(np.median(bounds)) if len(bounds) else 1.0
    total, best, worths = united(leaf, 0, ARTICLES, titles, alive, floor)
    assert total == len(living)
    worth = dict(zip(exact, bounds.tolist(), strict=True))
    assert best.tolist() == [doc for doc in living if worth[doc] >= floor * (1 - 1e-6)]
    assert worths.tolist() == [worth[doc] for doc in best.tolist()]


def test_bounds_of_many_terms_are_closer_than_the_sum_of_their_bounds():
    lengths = random_lengths(1)
    lists = tuple(posting_list(random_occurrences(k, lengths, "text"), lengths, "text", FORMS) for k in range(8))
    leaf = Leaf("text", 1.0, lists, (b"",) * 8, (CHOSEN,) * 8, False, 0.0, 1.0)
    assert leaf.wide
    _, docs, bounds = united(leaf, 0, ARTICLES)
    _, also, sums, _ = any_of([leaf.group], 0, ARTICLES)
    scores = score([leaf], scale_of(lengths, own_means(lengths)), docs)
    assert also.tolist() == docs.tolist()
    assert (bounds <= sums * (1 + 1e-6)).all()
    assert 2 * (bounds - scores).mean() < (sums - scores).mean()


def test_united_in_bodies_needs_to_know_where_these_begin():
    lengths = random_lengths(0)
    plist = posting_list({1: [(0, 0)]}, lengths, "text", FORMS)
    leaf = Leaf("body", 1.0, (plist,), (b"",), (CHOSEN,), False, 0.0, 1.0)
    for titles in (None, numbers(lengths.title[1:])):
        with pytest.raises(ValueError, match="the length of each title"):
            united(leaf, 0, ARTICLES, titles)
    with pytest.raises(ValueError, match=f"a flag expected for each of {ARTICLES} articles, not 1"):
        united(leaf, 0, ARTICLES, numbers(lengths.title), np.ones(1, np.uint8))


def test_bounds_are_close_where_the_averages_are_those_of_the_segment():
    """Else searches would look at more articles than they need: not a step of 1/255 and a hair too high."""
    lengths = random_lengths(1)
    for field in ("text", "title", "source"):
        plist = posting_list(random_occurrences(5, lengths, field), lengths, field, FORMS)
        leaf = Leaf(field, 1.0, (plist,), (b"",), (CHOSEN,), True, 0.0, 1.0)
        _, docs, bounds, _ = all_of([leaf.group], 0, ARTICLES)
        gaps = bounds - score([leaf], scale_of(lengths, own_means(lengths)), docs)
        assert gaps.min() >= 0
        assert gaps.max() < 1 / 255 + 1e-4


def test_a_leaf_says_whether_only_some_of_its_forms_are_meant():
    plist = posting_list({1: [(0, 0)]}, random_lengths(0), "text", FORMS)
    none = b""
    for field, rests, expected in (
        ("text", (CHOSEN, CHOSEN | ALIKE), False),
        ("title", (CHOSEN, CHOSEN), False),
        ("text", (CHOSEN, 0), True),
        ("text", (ALIKE, CHOSEN), True),
        ("body", (CHOSEN, CHOSEN), True),
    ):
        assert bool(Leaf(field, 1.0, (plist, plist), (none, none), rests, True, 0.0, 1.0).partial) == expected


@settings(max_examples=200)
@given(
    st.sampled_from(FIELDS),
    st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), max_size=9),
    st.integers(0, 9),
    st.floats(0.1, 50),
    st.floats(0.1, 500),
    st.floats(0, 9),
)
def test_tallies_are_scored_by_the_formula(field, rows, seed, title, body, weight):
    lengths, means = random_lengths(seed), (title, body)
    tally = np.array(rows, np.int32).reshape(-1, 6)
    tally[:, 1::2] = np.minimum(tally[:, 1::2], tally[:, ::2])  # no more are in the title than there are
    docs = np.arange(0, 7 * len(rows), 7, dtype=np.int32)
    expected = []
    for doc, (count, titles, alike, alike_titles, typed, typed_titles) in zip(
        docs.tolist(), tally.tolist(), strict=True
    ):
        total = 0.0
        for share, n, in_title in ((1, count, titles), (0.25, alike, alike_titles), (0.05, typed, typed_titles)):
            in_title = n if field == "title" else in_title
            parts = int(lengths.title[doc]), int(lengths.body[doc]), in_title, n - in_title
            total += share * impact(field, *parts, means) if count else 0
        expected.append(weight * total)
    scores, bounds = score_tally(field, weight, scale_of(lengths, means), docs, tally)
    assert scores == pytest.approx(expected)
    assert bounds.dtype == np.float32
    assert (scores <= np.maximum(bounds, 1e-30)).all()
    assert bounds == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("docs", [[-1], [ARTICLES], [3, 3], [4, 3], [2**31 - 1]])
def test_docids_without_a_length_or_out_of_order_are_refused(docs):
    lengths = random_lengths(0)
    scale, asked = scale_of(lengths, (1, 1)), np.array(docs, np.int32)
    plist = posting_list({1: [(0, 0)]}, lengths, "text", FORMS)
    leaf = Leaf("text", 1.0, (plist,), (b"",), (CHOSEN,), True, 0.0, 1.0)
    for call in (
        lambda: score([leaf], scale, asked),
        lambda: score_tally("text", 1.0, scale, asked, np.ones((len(docs), 6), np.int32)),
    ):
        with pytest.raises(ValueError, match=r"docid -?\d+ after -?\d+, of 700"):
            call()


@pytest.mark.parametrize("shape", [(0, 6), (2, 6), (1, 5), (1, 7)])
def test_tallies_of_another_shape_are_refused(shape):
    scale = scale_of(random_lengths(0), (1, 1))
    with pytest.raises(ValueError, match="six sums"):
        score_tally("text", 1.0, scale, np.zeros(1, np.int32), np.zeros(shape, np.int32))


def test_what_a_leaf_or_a_scale_is_made_of_has_to_agree():
    ones, two = np.ones(1, np.uint32), np.ones(2, np.uint32)
    with pytest.raises(ValueError, match="as many titles as bodies"):
        Scale(numbers(ones), numbers(two), 1.0, 1.0, 0.25, 0.05)
    plist = posting_list({1: [(0, 0)]}, random_lengths(0), "text", FORMS)
    for marks, rests in (((), (1,)), ((b"",), ()), ((b"",) * 2, (1, 1))):
        with pytest.raises(ValueError, match="marks for each list"):
            Leaf("text", 1.0, (plist,), marks, rests, True, 0.0, 1.0)


def test_what_is_scored_already_is_added():
    lengths = random_lengths(3)
    plist = posting_list(random_occurrences(5, lengths, "text"), lengths, "text", FORMS)
    leaf = Leaf("text", 1.0, (plist,), (b"",), (CHOSEN,), True, 0.0, 1.0)
    scale, dates = scale_of(lengths, own_means(lengths)), numbers(np.arange(ARTICLES))
    docs = np.arange(0, ARTICLES, 3, dtype=np.int32)
    known = [(docs[::2].copy(), 0.1 * docs[::2]), (docs[:0], np.zeros(0)), (docs, np.full(len(docs), 2.0))]
    best = Best(len(docs))
    choose(best, 0, dates, docs, np.ones(len(docs), np.float32), 0.0, WordScorer([leaf], scale, known))
    expected = score([leaf], scale, docs) + [2.0 + (0.1 * doc if doc % 6 == 0 else 0.0) for doc in docs.tolist()]
    assert {doc: one for one, _, _, doc in best.take()} == pytest.approx(
        dict(zip(docs.tolist(), expected.tolist(), strict=True))
    )
    with pytest.raises(ValueError, match=f"1 scores for {len(docs)} articles"):
        choose(best, 0, dates, docs, np.ones(len(docs), np.float32), 0.0, WordScorer([], scale, [(docs, np.ones(1))]))


def test_threads_score_the_same_leaf_together():
    lengths = random_lengths(4)
    plist = posting_list(random_occurrences(4, lengths, "text"), lengths, "text", FORMS)
    leaf = Leaf("text", 1.0, (plist, plist), (b"", bytes([CHOSEN])), (CHOSEN, 0), True, 0.0, 1.0)
    _, docs, _, _ = all_of([leaf.group], 0, ARTICLES)
    scale = scale_of(lengths, own_means(lengths))
    expected = score([leaf], scale, docs).tolist()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: score([leaf], scale, docs).tolist(), range(200)))
    assert found == [expected] * 200

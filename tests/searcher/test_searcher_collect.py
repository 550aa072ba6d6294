"""The loops over posting lists, and the choice of the best, against slow twins.

Bounds are compared as numbers of single precision, added up in the order in which the kernels add them.
"""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import numbers, posting_list

from newsindex.inverted._values import Choice, Numbered
from newsindex.inverted.impacts import Lengths
from newsindex.searcher._collect import Group, all_of, any_of
from newsindex.searcher._listed import listed
from newsindex.searcher._scoring import PlanScorer
from newsindex.searcher._top import FEW, Best, best_of, choose

ARTICLES = 20_000  # more than two windows of the loop that adds bounds up
SIZES = [1, 2, 127, 128, 129, 400, 2500, 2500, 9000, ARTICLES]
SMALLEST = np.float32(1e-30)  # what matches is worth something


def make_list(number, size):
    """A list, and the impact of each article by docid, 0 of those that are not in it."""
    rng = random.Random(number)
    first = rng.choice([0, 0, 8000, 15_000]) if size <= 2500 else 0  # some stand close together
    docs = sorted(rng.sample(range(first, ARTICLES), size))
    plist = posting_list({doc: [(k, 0) for k in range(rng.randint(1, 9))] for doc in docs}, LENGTHS, "source", 1)
    impacts = np.zeros(ARTICLES, np.int64)
    impacts[docs] = plist.impacts()
    return impacts, plist


LENGTHS = Lengths(np.zeros(ARTICLES, np.uint32), np.zeros(ARTICLES, np.uint32))
LISTS = [make_list(number, size) for number, size in enumerate(SIZES)]


class Twin:
    """A group, the articles in it (a flag for each docid), and what each of these is worth."""

    def __init__(self, group, present, bounds):
        self.group = group
        self.present = present
        self.bounds = bounds


def group_of_lists(numbers, weight, slack, most):
    worth = [np.float32(max(weight * (1 + 1e-5) * slack * k / 255, SMALLEST)) for k in range(256)]
    bounds, present = np.zeros(ARTICLES, np.float32), np.zeros(ARTICLES, bool)
    for number in numbers:
        impacts = LISTS[number][0]
        one = np.where(impacts, np.array(worth)[impacts], np.float32(0))
        bounds = np.maximum(bounds, one) if most else bounds + one
        present |= impacts > 0
    bounds = np.minimum(bounds, worth[255]) if len(numbers) > 1 else bounds
    return Twin(Group(tuple(LISTS[number][1] for number in numbers), weight, slack, most), present, bounds)


def group_of_docids(seed, size, bounded):
    rng = random.Random(seed)
    docs = np.array(sorted(rng.sample(range(ARTICLES), size)), np.int32)
    bounds, present = np.zeros(ARTICLES, np.float32), np.zeros(ARTICLES, bool)
    present[docs] = True
    if bounded:
        bounds[docs] = [rng.choice([0, 0.5, rng.random()]) for _ in range(size)]
    return Twin(Group(docs=docs, bounds=bounds[docs] if bounded else None), present, bounds)


list_numbers = st.lists(st.integers(0, len(LISTS) - 1), min_size=1, max_size=4, unique=True)
groups_of_lists = st.builds(
    group_of_lists,
    list_numbers,
    st.sampled_from([0.0, 0.7, 3.0]),
    st.sampled_from([1.0, 1.7]),
    st.booleans(),
)
groups = groups_of_lists | st.builds(
    group_of_docids, st.integers(0, 99), st.sampled_from([0, 1, 50, 4000]), st.booleans()
)
some_groups = st.lists(groups, min_size=1, max_size=4)
edges = st.sampled_from([0, 1, 63, 64, 8191, 8192, 8193, 15_000, 16_384, 19_999, ARTICLES]) | st.integers(0, ARTICLES)
intervals = st.just((0, ARTICLES)) | st.tuples(edges, edges)


def flags(seed):
    rng = np.random.default_rng(seed)
    return (rng.random(ARTICLES) < 0.6).astype(np.uint8)


flagged = st.none() | st.builds(flags, st.integers(0, 9))
keeps = st.sampled_from([0, 1, 10, 300, 30_000])
shares = st.sampled_from([0.0, 0.5, 0.75, 1.0])
cutoffs = st.sampled_from([0.0, 1e-9, 0.3, 1.2, 2.9, 50.0])


# ------------------------------------------------------------------------------------------------ all_of


def in_all(twins, low, high, alive=None):
    """What the articles of all groups are worth, by docid, -1 of others."""
    sums = np.sum([twin.bounds for twin in twins], axis=0, dtype=float)
    present = np.all([twin.present for twin in twins], axis=0)
    everywhere = np.arange(ARTICLES)
    present &= (everywhere >= low) & (everywhere < high)
    return np.where(present if alive is None else present & (alive != 0), sums, -1)


@settings(max_examples=200, deadline=None)
@given(some_groups, intervals, flagged)
def test_all_of_finds_all(twins, interval, alive):
    total, docs, bounds, cutoff = all_of([twin.group for twin in twins], *interval, alive)
    expected = in_all(twins, *interval, alive)
    assert (docs.dtype, bounds.dtype) == (np.int32, np.float32)
    assert docs.tolist() == np.flatnonzero(expected >= 0).tolist()
    assert (total, cutoff) == (len(docs), 0)
    assert bounds.tolist() == pytest.approx(expected[docs].tolist(), rel=1e-6, abs=1e-28)


@settings(max_examples=300, deadline=None)
@given(some_groups, intervals, flagged, keeps, shares, cutoffs)
def test_all_of_keeps_what_may_be_among_the_best(twins, interval, alive, keep, share, cutoff):
    total, docs, bounds, limit = all_of([twin.group for twin in twins], *interval, alive, keep, share, cutoff)
    expected = in_all(twins, *interval, alive)
    assert total == np.count_nonzero(expected >= 0), "all are counted, whatever they are worth"
    assert bounds.tolist() == pytest.approx(expected[docs].tolist(), rel=1e-6, abs=1e-28)
    assert (bounds >= limit).all()
    ranked = sorted(expected[expected >= 0].tolist(), reverse=True)
    enough = max(cutoff, ranked[keep - 1] * share if 0 < keep <= len(ranked) else 0)
    assert limit <= enough * (1 + 1e-6) + 1e-28, "what is worth nothing counts as next to nothing"
    assert {*np.flatnonzero((expected >= 0) & (expected >= limit * (1 + 1e-6))).tolist()} <= {*docs.tolist()}


# ------------------------------------------------------------------------------------------------ listed


VALUES = 4
NUMBERS = np.random.default_rng(5).integers(0, VALUES + 1, ARTICLES)
COLUMNS = [Numbered(NUMBERS.astype(dtype), None, VALUES) for dtype in (np.uint8, np.uint16, np.uint32)]
choices = st.tuples(
    st.sampled_from(COLUMNS), st.lists(st.integers(1, VALUES), unique=True, min_size=1, max_size=VALUES)
)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, len(LISTS) - 1),
    st.sampled_from([0.0, 0.7]),
    intervals,
    st.lists(choices, min_size=1, max_size=3),
)
def test_listed(number, weight, interval, asked):
    twin = group_of_lists([number], weight, 1.7, True)
    docs, bounds = listed(twin.group, *interval, [Choice(column, wanted) for column, wanted in asked])
    assert (docs.dtype, bounds.dtype) == (np.int32, np.float32)
    passed = np.all([np.isin(NUMBERS, wanted) for _, wanted in asked], axis=0)
    low, high = interval
    assert docs.tolist() == [doc for doc in np.flatnonzero(twin.present & passed).tolist() if low <= doc < high]
    assert bounds.tolist() == twin.bounds[docs].tolist()


def test_listed_refuses_other_groups_and_columns():
    choice = Choice(COLUMNS[0], [1])
    for some in ([], [0, 1]):
        with pytest.raises(ValueError, match="where one is expected"):
            listed(group_of_lists(some, 1.0, 1.0, True).group, 0, ARTICLES, [choice])
    alone = group_of_lists([1], 1.0, 1.0, True).group
    with pytest.raises(ValueError, match="a choice at least"):
        listed(alone, 0, ARTICLES, [])
    short = Choice(Numbered(NUMBERS[:-1].astype(np.uint8), None, VALUES), [1])
    for some in ([short], [choice, short]):
        with pytest.raises(ValueError, match=f"{ARTICLES} articles where the values of {ARTICLES - 1}"):
            listed(alone, 0, ARTICLES, some)


# ------------------------------------------------------------------------------------------------ any_of


def added_up(twins, low, high, alive=None):
    """What all articles of some group are worth, by docid, 0 of others."""
    sums = np.zeros(ARTICLES, np.float32)
    for twin in twins:
        sums[twin.present] += np.maximum(twin.bounds, SMALLEST)[twin.present]
    everywhere = np.arange(ARTICLES)
    outside = (everywhere < low) | (everywhere >= high)
    sums[outside if alive is None else outside | (alive == 0)] = 0
    return sums


@settings(max_examples=200, deadline=None)
@given(some_groups, intervals, flagged)
def test_any_of_finds_all(twins, interval, alive):
    total, docs, bounds, cutoff = any_of([twin.group for twin in twins], *interval, alive)
    expected = added_up(twins, *interval, alive)
    assert docs.tolist() == np.flatnonzero(expected).tolist()
    assert total == len(docs)
    assert bounds.tolist() == expected[docs].tolist()
    assert cutoff == 0


@settings(max_examples=300, deadline=None)
@given(some_groups, intervals, flagged, keeps, shares, cutoffs)
def test_any_of_keeps_what_may_be_among_the_best(twins, interval, alive, keep, share, cutoff):
    found = any_of([twin.group for twin in twins], *interval, alive, keep, share, cutoff)
    expected = added_up(twins, *interval, alive)
    assert found[0] == np.count_nonzero(expected), "all are counted, whatever they are worth"
    ranked = sorted(expected[expected > 0].tolist(), reverse=True)
    limit = np.float32(cutoff)
    if keep and len(ranked) >= keep and ranked[keep - 1] >= limit:
        limit = max(limit, np.float32(ranked[keep - 1]) * np.float32(share))
    assert found[3] == limit
    kept = np.flatnonzero((expected > 0) & (expected >= limit))
    assert found[1].tolist() == kept.tolist()
    assert found[2].tolist() == expected[kept].tolist()


def test_any_of_refuses_articles_that_have_no_flag():
    group = LISTS[3][1]
    for low, high in ((-1, 5), (0, 6)):
        with pytest.raises(ValueError, match="articles"):
            any_of([Group((group,), 1.0)], low, high, np.ones(5, np.uint8))


def test_docids_before_the_interval_are_passed_over():
    one, other = (Group(docs=np.array(docs, np.int32)) for docs in ([5, 6], [1, 2, 5, 9]))
    assert any_of([one, other], 5, 9)[1].tolist() == [5, 6]
    assert all_of([one, other], 2, 9)[1].tolist() == [5]


def test_groups_of_docids_need_a_bound_for_each():
    with pytest.raises(ValueError, match="as many bounds"):
        Group(docs=np.array([1, 2], np.int32), bounds=np.zeros(1, np.float32))


# ------------------------------------------------------------------------------------------------ best_of


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(LISTS) - 1),
    intervals,
    st.sampled_from([0, 1, 10, 34, 1000, 30_000]),
    st.sampled_from([0.0, 0.5, 0.69, 1.0, 5.0]),
    st.sampled_from([0.7, 0.7, 1e-30, 0.0]),
    st.sampled_from([1.0, 1.7]),
)
def test_best_of_keeps_what_may_be_among_the_best(number, interval, keep, cutoff, weight, slack):
    """Like `any_of`, but it looks at the highest impacts of blocks, so what it keeps may be somewhat more.

    Of those that are worth the limit none is left out, also where no weight makes all impacts worth the same.
    """
    twin = group_of_lists([number], weight, slack, True)
    total, docs, bounds, limit = best_of(twin.group, *interval, keep, cutoff)
    expected = added_up([twin], *interval)
    assert total == np.count_nonzero(expected)
    assert bounds.tolist() == expected[docs].tolist()
    ranked = sorted(expected[expected > 0].tolist(), reverse=True)
    enough = max(cutoff, ranked[keep - 1] if 0 < keep <= len(ranked) else 0)
    assert {*docs.tolist()} >= {*np.flatnonzero((expected > 0) & (expected >= enough)).tolist()}
    if cutoff <= weight:
        assert docs.tolist() == np.flatnonzero((expected > 0) & (expected >= limit)).tolist()
    else:
        assert bounds.min(initial=np.inf) >= limit  # more than any article is worth: some of the best, or none
    if cutoff == 0:
        assert len(docs) >= (min(keep, total) if keep else total)


def test_best_of_leaves_out_nearly_all_of_a_long_list():
    twin = group_of_lists([len(LISTS) - 1], 1.0, 1.0, True)
    total, docs, _, _ = best_of(twin.group, 0, ARTICLES, 30)
    assert total == ARTICLES
    assert 30 <= len(docs) < ARTICLES / 4


@pytest.mark.parametrize("lists", [(), (LISTS[0][1], LISTS[1][1])])
def test_best_of_is_for_one_list(lists):
    with pytest.raises(ValueError, match="lists where one is expected"):
        best_of(Group(lists, 1.0), 0, 10, 5)


# ------------------------------------------------------------------------------------------------ choose

rounded = st.floats(0, 3).map(lambda value: round(value, 1))  # so that many are equal


@settings(max_examples=500)
@given(
    st.lists(
        st.lists(st.tuples(rounded | st.floats(0, 3), st.floats(1, 2), st.integers(0, 3)), max_size=120), max_size=3
    ),
    st.integers(0, 70),
    st.sampled_from([0.0, 0.5, 1.3, 4.0]),
)
def test_choose_finds_the_best_of_all(segments, wanted, cutoff):
    """Segment by segment; of articles of one score the newer, then that of the later segment, then the later docid."""
    best, expected = Best(wanted), []
    for number, rows in enumerate(segments):
        truth, dates = (
            np.array([score for score, _, _ in rows]),
            np.array(sorted(date for _, _, date in rows), np.int64),
        )
        bounds = np.array([score * more * (1 + 1e-5) for score, more, _ in rows]).astype(np.float32)
        every = np.arange(len(rows), dtype=np.int32)
        asked = []

        def score(docs, truth=truth, asked=asked):
            assert (np.diff(docs) > 0).all()
            asked.extend(docs.tolist())
            return truth[docs]

        def collect(least, every=every, bounds=bounds):
            assert least < cutoff
            return every[bounds >= np.float32(least)], bounds[bounds >= np.float32(least)]

        known = bounds >= np.float32(cutoff)
        choose(best, number, numbers(dates), every[known], bounds[known], cutoff, PlanScorer(score), collect)
        assert len({*asked}) == len(asked), "nothing is scored twice"
        expected += zip(truth.tolist(), dates.tolist(), [number] * len(rows), every.tolist(), strict=True)
    expected.sort(reverse=True)
    assert best.floor == (expected[wanted - 1][0] if 0 < wanted <= len(expected) else 0)
    assert [*best.take()] == expected[:wanted]
    assert [*best.take()] == []


def test_choose_scores_few_where_bounds_are_close():
    rng = np.random.default_rng(0)
    truth = rng.random(10_000)
    asked = []

    def score(docs):
        asked.append(len(docs))
        return truth[docs]

    best, docs = Best(10), np.arange(10_000, dtype=np.int32)
    choose(best, 0, numbers(np.zeros(10_000, np.int64)), docs, truth.astype(np.float32), 0.0, PlanScorer(score))
    assert [doc for *_, doc in best.take()] == np.argsort(truth)[-10:][::-1].tolist()
    assert sum(asked) <= 10 + FEW


def test_choose_refuses_what_does_not_fit_together():
    dates, docs, bounds = numbers(np.zeros(5, np.int64)), np.array([1, 4], np.int32), np.ones(2, np.float32)
    scorer = PlanScorer(lambda docs: np.ones(len(docs)))
    choose(Best(1), 0, dates, docs, bounds, 0.0, scorer)
    for wrong, message in (
        ((numbers(np.zeros(4, np.int64)), docs, bounds), "docid 4 after 1, of 4"),
        ((dates, docs[::-1].copy(), bounds), "docid 1 after 4"),
        ((dates, np.array([-1, 4], np.int32), bounds), "docid -1 after -1, of"),
        ((dates, docs, bounds[:1]), "1 bounds for 2 articles"),
    ):
        with pytest.raises(ValueError, match=message):
            choose(Best(1), 0, *wrong, 0.0, scorer)
    with pytest.raises(ValueError, match="3 scores for 2"):
        choose(Best(1), 0, dates, docs, bounds, 0.0, PlanScorer(lambda docs: np.ones(3)))
    with pytest.raises(ValueError, match="the best -1"):
        Best(-1)

"""The inner loops of a search against slow twins."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.searcher._kernels import intersect, phrases, subtract

few = st.sets(st.integers(0, 30)).map(sorted)
many = st.builds(range, st.integers(0, 500), st.integers(0, 3000), st.integers(1, 7)).map(list)
docids = few | many | st.sets(st.integers(0, 2**31 - 1), max_size=20).map(sorted)


def column(numbers, dtype=np.int32):
    return np.array(numbers, dtype)


@settings(max_examples=300)
@given(docids, docids)
@example([], [1])
@example([2**31 - 1], [0, 2**31 - 1])
def test_intersect(a, b):
    in_a, in_b = intersect(column(a), column(b))
    both = sorted({*a} & {*b})
    assert [a[place] for place in in_a] == both
    assert [b[place] for place in in_b] == both


@settings(max_examples=300)
@given(docids, docids)
def test_subtract(a, b):
    assert [a[place] for place in subtract(column(a), column(b))] == sorted({*a} - {*b})


def shortest_runs(rows, slop, limit):
    """Of each place of the first word, whether any choice of later places keeps within the slop; and those before."""
    found = []
    for first in rows[0]:
        runs = (run for run in itertools.product(*rows[1:]) if all(a < b for a, b in itertools.pairwise((first, *run))))
        if any(((first, *run)[-1] - first - (len(rows) - 1)) <= slop for run in runs):
            found.append(first)
    return [len(found), sum(first < limit for first in found)]


places = st.dictionaries(st.integers(0, 12), st.integers(0, 7), max_size=4).map(lambda row: sorted(row.items()))


def laid_out(rows):
    """The rows [(position, marks)] of one word in each article, as the kernel takes them."""
    edges = np.cumsum([0, *map(len, rows)])
    positions, marks = ([pair[k] for row in rows for pair in row] for k in (0, 1))
    return edges[:-1].copy(), edges[1:].copy(), column(positions), column(marks, np.uint8)


@settings(max_examples=400)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.integers(0, 7), st.booleans(), st.data())
def test_phrases(count, docs, slop, marks, limited, data):
    """What is alike or typed is chosen too, so where nothing is chosen the others need not be looked for."""
    rows = [[data.draw(places) for _ in range(docs)] for _ in range(count)]
    rows = [[[(place, flags | CHOSEN if flags else 0) for place, flags in row] for row in word] for word in rows]
    limits = [data.draw(st.integers(0, 14)) for _ in range(docs)]
    found = phrases(list(map(laid_out, rows)), docs, slop, marks, column(limits, np.uint32) if limited else None)
    assert found.dtype == np.int32
    for doc in range(docs):
        sums = []
        for mark in (CHOSEN, ALIKE, TYPED):
            of_mark = [[place for place, flags in word[doc] if flags & mark] for word in rows]
            counted = shortest_runs(of_mark, slop, limits[doc] if limited else 0)
            # Other marks are asked for with CHOSEN only: without it nothing is known to be worth a look.
            sums += counted if marks & mark and (marks & CHOSEN or mark == CHOSEN) else [0, 0]
        assert found[doc].tolist() == sums


def test_phrases_of_nothing():
    assert phrases([], 3, 0, CHOSEN).tolist() == [[0] * 6] * 3
    empty = np.zeros(0, np.int64)
    assert phrases([(empty, empty, column([]), column([], np.uint8))], 0, 0, CHOSEN).shape == (0, 6)


@pytest.mark.parametrize(
    ("begins", "ends", "reason"),
    [
        ([0], [3], "outside"),
        ([-1], [1], "outside"),
        ([2], [1], "outside"),
        ([5], [3], "outside"),
        ([0, 0], [0, 0], "rows"),
    ],
)
def test_phrases_refuses_rows_that_are_not_there(begins, ends, reason):
    with pytest.raises(ValueError, match=reason):
        phrases([(column(begins, np.int64), column(ends, np.int64), column([1, 2]), column([1, 1], np.uint8))], 1, 0, 1)


def test_phrases_refuses_marks_and_limits_that_are_too_few():
    begins, ends = column([0], np.int64), column([2], np.int64)
    with pytest.raises(ValueError, match="marks for each position"):
        phrases([(begins, ends, column([1, 2]), column([1], np.uint8))], 1, 0, 1)
    for limits in ([], [1, 2]):
        with pytest.raises(ValueError, match="as many limits"):
            phrases([(begins, ends, column([1, 2]), column([1, 1], np.uint8))], 1, 0, 1, column(limits, np.uint32))

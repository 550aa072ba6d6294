"""The inner loops of a search against slow twins."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsindex.searcher._kernels import best, bm25f, intersect, phrases, subtract, unite

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


@settings(max_examples=300)
@given(docids, docids, st.randoms(use_true_random=False))
def test_unite(a, b, rng):
    a_scores, b_scores = ({doc: rng.random() for doc in docs} for docs in (a, b))
    docs, scores = unite(
        column(a), column(list(a_scores.values()), float), column(b), column(list(b_scores.values()), float)
    )
    assert docs.dtype == np.int32
    assert docs.tolist() == sorted({*a, *b})
    assert scores.tolist() == [a_scores.get(doc, 0) + b_scores.get(doc, 0) for doc in docs.tolist()]


def test_unite_refuses_scores_that_are_too_few():
    with pytest.raises(ValueError, match="as many scores"):
        unite(column([1, 2]), np.zeros(1), column([]), np.zeros(0))


def shortest_runs(rows, slop):
    """Of each place of the first word, whether any choice of later places keeps within the slop."""
    found = 0
    for first in rows[0]:
        runs = (run for run in itertools.product(*rows[1:]) if all(a < b for a, b in itertools.pairwise((first, *run))))
        found += any(((first, *run)[-1] - first - (len(rows) - 1)) <= slop for run in runs)
    return found


@settings(max_examples=300)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.data())
def test_phrases(count, docs, slop, data):
    rows = [[data.draw(st.sets(st.integers(0, 12), max_size=4).map(sorted)) for _ in range(docs)] for _ in range(count)]
    words = []
    for word in rows:
        edges = np.cumsum([0, *map(len, word)])
        words.append((edges[:-1].copy(), edges[1:].copy(), column([place for row in word for place in row])))
    found = phrases(words, docs, slop)
    assert found.tolist() == [shortest_runs([word[doc] for word in rows], slop) for doc in range(docs)]


def test_phrases_of_nothing():
    assert phrases([], 3, 0).tolist() == [0, 0, 0]
    empty = np.zeros(0, np.int64)
    assert phrases([(empty, empty, column([]))], 0, 0).tolist() == []


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
        phrases([(column(begins, np.int64), column(ends, np.int64), column([1, 2]))], 1, 0)


ROW = st.tuples(st.integers(0, 50), st.integers(0, 5), st.integers(0, 900), st.integers(1, 30)).filter(
    lambda row: any(row[:2])
)


@given(st.lists(ROW, max_size=9), st.floats(0.1, 500), st.floats(0.1, 50), st.floats(0, 0.99), st.floats(0, 0.99))
def test_bm25f_adds_the_shares_of_body_and_title_before_they_saturate(rows, body, title, body_b, title_b):
    docs = np.arange(len(rows), dtype=np.int32)
    counts = column([row[0] + row[1] for row in rows])
    titled = [i for i, row in enumerate(rows) if row[1]]
    lengths = column([row[2] for row in rows], np.uint32), column([row[3] for row in rows], np.uint32)
    title_counts = column([rows[i][1] for i in titled])
    scores = bm25f(
        docs, counts, docs[titled], title_counts, *lengths, body, title, body_b, title_b, 2.5, 1.2, 3.0
    )  # fmt: skip
    expected = []
    for in_body, in_title, body_words, title_words in rows:
        shares = in_body / (1 - body_b + body_b * body_words / body)
        shares += 2.5 * in_title / (1 - title_b + title_b * title_words / title)
        expected.append(3.0 * 2.2 * shares / (1.2 + shares))
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize("docs", [[-1], [1], [0, 7]])
def test_bm25f_refuses_docids_that_have_no_length(docs):
    ones, lengths = column([1] * len(docs)), column([10], np.uint32)
    with pytest.raises(ValueError, match="docids"):
        bm25f(column(docs), ones, column([]), column([]), lengths, lengths, 10.0, 5.0, 0.7, 0.5, 2.5, 1.2, 1.0)
    with pytest.raises(ValueError, match="as many counts"):
        bm25f(column([0]), column([1, 2]), column([]), column([]), lengths, lengths, 10.0, 5.0, 0.7, 0.5, 2.5, 1.2, 1.0)


@settings(max_examples=300)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(-1, 2), max_size=60), st.integers(-1, 70))
def test_best_keeps_the_highest_and_of_equals_the_last(scores, wanted):
    order = sorted(range(len(scores)), key=lambda place: (scores[place], place), reverse=True)
    assert sorted(best(column(scores, float), wanted)) == sorted(order[: max(wanted, 0)])

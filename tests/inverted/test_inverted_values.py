"""Values of many articles at once, against slow twins."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.inverted._values import Choice, Numbered

VALUES = 5
TYPES = ["u1", "u2", "u4", "u8"]

singles = st.lists(st.integers(0, VALUES).map(lambda number: [number] if number else []), max_size=30)
several = st.lists(st.lists(st.integers(1, VALUES), max_size=3), max_size=30)
columns = st.tuples(singles, st.just(False)) | st.tuples(several, st.just(True))
chosen = st.lists(st.integers(1, VALUES), unique=True, max_size=VALUES)


def numbered(articles, in_rows, numbers, rows):
    """A column of what each article has, in types for the numbers and for the rows."""
    if not in_rows:
        return Numbered(np.array([(*own, 0)[0] for own in articles], numbers), None, VALUES)
    starts = np.cumsum([0, *map(len, articles)])
    return Numbered(np.array([*chain.from_iterable(articles)], numbers), starts.astype(rows), VALUES)


@given(columns, st.sampled_from(TYPES), st.sampled_from(TYPES), chosen, st.data())
def test_a_choice_keeps_who_has_one_of_its_values(column, numbers, rows, wanted, data):
    articles, in_rows = column
    choice = Choice(numbered(articles, in_rows, numbers, rows), wanted)
    docs = sorted(data.draw(st.sets(st.integers(0, len(articles) - 1)))) if articles else []
    kept = [doc for doc in docs if {*articles[doc]} & {*wanted}]
    asked = np.array(docs, np.int32)
    found, bounds = choice.keep(asked)
    assert (found.tolist(), found.dtype, bounds) == (kept, np.int32, None)
    found, bounds = choice.keep(asked, asked.astype(np.float32) / 2)
    assert (found.tolist(), bounds.tolist()) == (kept, [doc / 2 for doc in kept])
    assert bounds.dtype == np.float32


@given(columns, st.sampled_from(TYPES), st.sampled_from(TYPES), st.data())
def test_counts_are_those_of_the_articles(column, numbers, rows, data):
    articles, in_rows = column
    docs = sorted(data.draw(st.sets(st.integers(0, len(articles) - 1)))) if articles else []
    counts = numbered(articles, in_rows, numbers, rows).counts(np.array(docs, np.int32))
    expected = Counter(number for doc in docs for number in articles[doc])
    assert counts.tolist() == [expected[number] for number in range(VALUES + 1)]


@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=9),
    st.lists(st.integers(0, 12) | st.integers(0, 2**64 - 1), min_size=1, max_size=6),
    chosen,
)
def test_rows_and_numbers_of_nonsense_lead_nowhere_else(numbers, rows, wanted):
    column = Numbered(np.array(numbers, np.uint64), np.array(rows, np.uint64), VALUES)
    docs = np.arange(len(rows) - 1, dtype=np.int32)
    own = [numbers[rows[doc] : rows[doc + 1]] for doc in docs]
    kept, _ = Choice(column, wanted).keep(docs)
    assert kept.tolist() == [doc for doc in docs if {*own[doc]} & {*wanted}]
    known = Counter(number for numbers in own for number in numbers if 0 < number <= VALUES)
    assert column.counts(docs).tolist() == [known[number] for number in range(VALUES + 1)]


@pytest.mark.parametrize("docs", [[-1], [0, 3]])
def test_docids_of_no_article_are_refused(docs):
    column = Numbered(np.array([1, 2, 3], np.uint8), None, VALUES)
    with pytest.raises(ValueError, match=f"docid {docs[-1]} of 3"):
        column.counts(np.array(docs, np.int32))
    with pytest.raises(ValueError, match=f"docid {docs[-1]} of 3"):
        Choice(column, [1]).keep(np.array(docs, np.int32))


def test_what_does_not_fit_together_is_refused():
    column = Numbered(np.array([1, 2, 3], np.uint8), None, VALUES)
    for wanted in ([0], [VALUES + 1], [1, VALUES + 1]):
        with pytest.raises(ValueError, match=f"value {wanted[-1]} of {VALUES}"):
            Choice(column, wanted)
    with pytest.raises(ValueError, match="1 bounds of 2 articles"):
        Choice(column, [1]).keep(np.arange(2, dtype=np.int32), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="numbers of int64"):
        Numbered(np.array([1]), None, VALUES)
    with pytest.raises(ValueError, match="rows of no article"):
        Numbered(np.array([1], np.uint8), np.array([], np.uint8), VALUES)

"""What a search found, in each order and in parts, against sorting tuples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex._found import Found
from newsindex.inverted.columns import UNDATED

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([UNDATED, -5, 0, 3, 2**62]), st.integers(0, 3)),
    max_size=40,
)


def found_of(rows):
    """Rows of (score, date, segment), each the next docid of its segment, added segment by segment."""
    found, expected = Found(), []
    for segment in range(4):
        own = [(score, date, segment, doc) for doc, (score, date, _) in enumerate(r for r in rows if r[2] == segment)]
        scores, dates, _, docs = zip(*own, strict=True) if own else ((), (), (), ())
        found.add(segment, np.array(docs, np.int32), np.array(scores, np.float64), np.array(dates, np.int64))
        expected += own
    return found, expected


@given(ROWS, st.integers(0, 50), st.integers(0, 50))
def test_orders_and_parts(rows, start, stop):
    found, expected = found_of(rows)
    assert [*found] == expected
    for order, key, reverse in (
        ("relevance", None, True),
        ("newest", lambda one: one[1:], True),
        ("oldest", lambda one: (one[1] == UNDATED, *one[1:]), False),
    ):
        found.sort(order)
        expected.sort(key=key, reverse=reverse)
        assert [*found] == expected
        assert [*found.cut(start, stop)] == expected[start:stop]
        assert len(found.cut(start, stop)) == len(expected[start:stop])


def test_very_many():
    rng = np.random.default_rng(4)
    rows = [*zip(rng.random(50_000).tolist(), rng.integers(0, 99, 50_000).tolist(), [1] * 50_000, strict=True)]
    found, expected = found_of(rows)
    found.sort("relevance")
    assert [*found] == sorted(expected, reverse=True)


def test_what_does_not_fit_together_is_refused():
    found = Found()
    two, three = np.zeros(2), np.zeros(3)
    for scores, dates in ((two, three), (three, two)):
        with pytest.raises(ValueError, match=r"scores and . dates of 2 articles"):
            found.add(0, np.zeros(2, np.int32), scores, dates.astype(np.int64))
    assert [*found] == []
    for index in (0, -1):
        with pytest.raises(IndexError):
            found[index]

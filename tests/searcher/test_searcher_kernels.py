"""The inner loops of a search against slow twins."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsindex.searcher._kernels import intersect, subtract

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

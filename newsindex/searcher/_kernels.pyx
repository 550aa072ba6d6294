# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sets of articles as ascending arrays of docids: what two have in common, what one has alone.

Called by `newsindex.searcher` only. Docids come from the posting-list reader, which has checked that they ascend.
"""

from libc.stdint cimport int32_t, int64_t

import numpy as np


def intersect(const int32_t[::1] a, const int32_t[::1] b):
    """Where `a` and `b` agree: (places in a, places in b), int64 each."""
    cdef Py_ssize_t i = 0, j = 0, n = 0, a_size = a.shape[0], b_size = b.shape[0]
    found = np.empty((2, min(a_size, b_size)), np.int64)
    cdef int64_t[:, ::1] out = found
    with nogil:
        while i < a_size and j < b_size:
            if a[i] == b[j]:
                out[0, n] = i
                out[1, n] = j
                n += 1
                i += 1
                j += 1
            elif a[i] < b[j]:
                i = gallop(&a[0], a_size, i, b[j])
            else:
                j = gallop(&b[0], b_size, j, a[i])
    return found[0, :n], found[1, :n]


def subtract(const int32_t[::1] a, const int32_t[::1] b):
    """The places in `a` whose docid is not in `b` (int64)."""
    cdef Py_ssize_t i, j = 0, n = 0, b_size = b.shape[0]
    found = np.empty(a.shape[0], np.int64)
    cdef int64_t[::1] out = found
    with nogil:
        for i in range(a.shape[0]):
            if j < b_size:
                j = gallop(&b[0], b_size, j, a[i])
            if j >= b_size or b[j] != a[i]:
                out[n] = i
                n += 1
    return found[:n]

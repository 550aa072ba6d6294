# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The inner loops of a search, over ascending arrays of docids. Called by `newsindex.searcher` only.

Docids come from the posting-list reader, which has checked that they ascend and lie inside the segment; arrays that
are indexed by docid are as long as the segment. Lengths that have to agree are checked here.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc

import numpy as np


cdef Py_ssize_t gallop(const int32_t *docs, Py_ssize_t size, Py_ssize_t at, int32_t doc) noexcept nogil:
    """The first place from `at` whose docid is at least `doc`: doubling steps, then bisection."""
    cdef Py_ssize_t step = 1, low = at, high, middle
    if at >= size or docs[at] >= doc:
        return at
    while low + step < size and docs[low + step] < doc:
        low += step
        step *= 2
    high = min(low + step, size)
    while low + 1 < high:
        middle = (low + high) // 2
        if docs[middle] < doc:
            low = middle
        else:
            high = middle
    return high


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


cdef struct Word:
    const int64_t *begins
    const int64_t *ends
    const int32_t *positions
    const uint8_t *marks


cdef int count_phrases(Word *words, int64_t *cursors, Py_ssize_t count, Py_ssize_t doc, int32_t slop, uint8_t mark,
                       int64_t limit, int32_t *sums) noexcept nogil:
    """Add to two sums how often the words, all with a mark, follow one another with up to `slop` others between.

    The second sum is of those that begin before `limit`. From each place of the first word the others are taken at
    their next place, which gives the shortest such run. Cursors only move forward, because the next places never move
    back.
    """
    cdef Py_ssize_t w
    cdef int64_t first
    cdef int32_t position
    for w in range(count):
        cursors[w] = words[w].begins[doc]
    for first in range(words[0].begins[doc], words[0].ends[doc]):
        if not words[0].marks[first] & mark:
            continue
        position = words[0].positions[first]
        for w in range(1, count):
            while cursors[w] < words[w].ends[doc] and (
                    words[w].positions[cursors[w]] <= position or not words[w].marks[cursors[w]] & mark):
                cursors[w] += 1
            if cursors[w] == words[w].ends[doc]:
                return 0
            position = words[w].positions[cursors[w]]
        if position - words[0].positions[first] - (count - 1) <= slop:
            sums[0] += 1
            sums[1] += words[0].positions[first] < limit
    return 0


def phrases(list words, Py_ssize_t docs, int32_t slop, int marks, const uint32_t[::1] limits=None):
    """How often a phrase occurs in each of `docs` articles: int32 [docs, 6], in the columns of `PostingList.tally`.

    `words` holds, in the order of the phrase, (begins, ends, positions, marks): where the occurrences of the word in
    each article begin and end in arrays of positions and of their marks (int64, int64, int32, uint8). A phrase has the
    marks that all its words have; those in `marks` are counted, bit by bit.
    """
    cdef Py_ssize_t w, doc, bit, count = len(words)
    cdef const int64_t[::1] begins, ends
    cdef const int32_t[::1] positions
    cdef const uint8_t[::1] flags
    counts = np.zeros((docs, 6), np.int32)
    cdef int32_t[:, ::1] out = counts
    cdef Word *rows = <Word *>malloc(max(count, 1) * sizeof(Word))
    cdef int64_t *cursors = <int64_t *>malloc(max(count, 1) * sizeof(int64_t))
    if rows == NULL or cursors == NULL:
        free(rows)
        free(cursors)
        raise MemoryError("no memory for a phrase")
    try:
        for w, (begins, ends, positions, flags) in enumerate(words):
            if begins.shape[0] != docs or ends.shape[0] != docs:
                raise ValueError("as many rows of positions as articles expected")
            if flags.shape[0] != positions.shape[0]:
                raise ValueError("marks for each position expected")
            for doc in range(docs):
                if begins[doc] < 0 or ends[doc] < begins[doc] or ends[doc] > positions.shape[0]:
                    raise ValueError("a row outside its positions")
            rows[w].begins = &begins[0] if docs else NULL
            rows[w].ends = &ends[0] if docs else NULL
            rows[w].positions = &positions[0] if positions.shape[0] else NULL
            rows[w].marks = &flags[0] if flags.shape[0] else NULL
        if limits is not None and limits.shape[0] != docs:
            raise ValueError("as many limits as articles expected")
        for doc in range(docs if count else 0):
            for bit in range(3):
                # What is not even chosen is not spelled as asked for either.
                if marks >> bit & 1 and (bit == 0 or out[doc, 0]):
                    count_phrases(rows, cursors, count, doc, slop, 1 << bit,
                                  limits[doc] if limits is not None else 0, &out[doc, 2 * bit])
    finally:
        free(rows)
        free(cursors)
    return counts

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The articles of one posting list that pass some filters: `listed`.

Of a word with a filter nearly all postings fail it, so each is tested as it is decoded and only what passes is written
down. Called by `newsindex.searcher.executor` only.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, List, decode_docs, first_block
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._postings cimport PostingList
from newsindex.inverted._values cimport Choice, Test, has_one
from newsindex.searcher._collect cimport Group


cdef inline Py_ssize_t pick(const Test *test, const uint32_t *docs, Py_ssize_t count, uint8_t *places) noexcept nogil:
    """The places of the articles in a block that pass a test; returns how many do."""
    cdef Py_ssize_t i, n = 0
    cdef const uint8_t *numbers = test.column.numbers
    cdef uint64_t only = test.only
    if only and test.column.width == 1 and test.column.rows == NULL:  # one of few values, as nearly all filters
        for i in range(count):
            places[n] = <uint8_t>i
            n += numbers[docs[i]] == only
        return n
    for i in range(count):
        places[n] = <uint8_t>i
        n += has_one(test, docs[i])
    return n


cdef Py_ssize_t list_all(const List *one, int64_t low, int64_t high, const Test *test, const float *worth, int32_t *docs,
                         float *bounds) except -1 nogil:
    """Put down the articles from `low` to `high` - 1 of a list that pass a test; returns how many they are."""
    cdef Py_ssize_t n = 0, block = first_block(one, low, 0) if low < high else one.block_count, count, passed, i
    cdef int64_t doc
    cdef uint32_t[BLOCK] decoded
    cdef uint8_t[BLOCK] places
    cdef const uint8_t *impacts
    while block < one.block_count:
        count = decode_docs(one, block, decoded)
        impacts = one.data + one.impacts + block * BLOCK
        passed = pick(test, decoded, count, places)
        for i in range(passed):
            doc = decoded[places[i]]
            if low <= doc < high:
                docs[n], bounds[n] = <int32_t>doc, worth[impacts[places[i]]]
                n += 1
        if <int64_t>decoded[count - 1] + 1 >= high:
            break
        block += 1
    return n


def listed(Group group not None, int64_t low, int64_t high, list choices not None):
    """The articles from `low` to `high` - 1 that a group of one list has and that pass all `choices`.

    Returns the docids (int32), and what each is worth at most (float32).
    """
    cdef Py_ssize_t n, room
    cdef PostingList plist
    cdef Choice choice, first
    if group.count != 1:
        raise ValueError(f"{group.count} lists where one is expected")
    if not choices:
        raise ValueError("a choice at least expected")
    plist = group.lists[0]
    cdef const List *one = &plist.list
    for choice in choices:
        choice.cover(one.articles)
    first = choices[0]
    low, high = max(low, 0), min(high, one.articles)
    room = max(min(one.df, high - low), 0)
    found, worths = np.empty(room + 1, np.int32), np.empty(room + 1, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = worths
    if room:
        plist.verify_docs(low, high)
    if room < LONG:
        n = list_all(one, low, high, &first.test, group.worth, &docs[0], &bounds[0])
    else:
        with nogil:
            n = list_all(one, low, high, &first.test, group.worth, &docs[0], &bounds[0])
    found, worths = found[:n], worths[:n]
    for choice in choices[1:]:
        found, worths = choice.keep(found, worths)
    return found, worths

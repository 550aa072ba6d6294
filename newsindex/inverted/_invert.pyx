# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From articles as rows of word forms to occurrences ordered by term: a counting sort.

Only `newsindex.inverted.build` calls it, with arrays that it made itself.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t

import numpy as np

cdef enum:
    _GAP = 128

GAP = _GAP  # positions left free between title and body and between two tags, so that no phrase spans them
GAP_TOKEN = -1


cdef struct Row:
    int32_t token
    int32_t first  # of its readings
    int32_t end


cdef inline void read(Row* row, const int32_t* firsts, bint bare, const uint8_t* always) noexcept nogil:
    """Which readings, besides its own, a token has in an article."""
    row.first = row.end = 0
    if firsts != NULL and firsts[row.token] != firsts[row.token + 1] and (bare or always[row.token]):
        row.first, row.end = firsts[row.token], firsts[row.token + 1]


def invert(const int32_t[::1] tokens, const int64_t[::1] starts, const int32_t[::1] order,
           const int32_t[::1] form_terms, const int32_t[::1] form_numbers, Py_ssize_t terms,
           const int32_t[::1] readings=None, const uint8_t[::1] always=None, const uint8_t[::1] bare=None):
    """Order the occurrences of a field by (term, docid, position).

    `tokens[starts[a]:starts[a + 1]]` are the form ids of article a, GAP_TOKEN for a gap; docid d is article
    `order[d]`. Form f is form number `form_numbers[f]` of term `form_terms[f]`.

    A form may be read as others too: f as the forms from `readings[f]` up to `readings[f + 1]`, in every article if
    `always[f]`, else in articles a where `bare[a]`. It occurs as each of these in the same place.

    Returns (term starts int64, docids int32, positions int32, form numbers int32).
    """
    cdef Py_ssize_t d, i, k, slot, count = order.shape[0], total = 0
    cdef int32_t position, form
    cdef bint is_bare
    cdef Row row
    cdef const int32_t* firsts = NULL
    cdef const uint8_t* anywhere = NULL
    if readings is not None:
        firsts = &readings[0]
        anywhere = &always[0] if always.shape[0] else NULL
    term_starts = np.zeros(terms + 2, np.int64)
    cdef int64_t[::1] slots = term_starts
    with nogil:
        # Counts go two places up, so that after the second pass slot t + 1 has moved to where t + 1 begins.
        for d in range(count):
            is_bare = firsts != NULL and bare[order[d]]
            for i in range(starts[order[d]], starts[order[d] + 1]):
                row.token = tokens[i]
                if row.token < 0:
                    continue
                read(&row, firsts, is_bare, anywhere)
                slots[form_terms[row.token] + 2] += 1
                for form in range(row.first, row.end):
                    slots[form_terms[form] + 2] += 1
                total += 1 + row.end - row.first
        for i in range(2, terms + 2):
            slots[i] += slots[i - 1]
    found_docs = np.empty(total, np.int32)
    found_positions = np.empty(total, np.int32)
    found_numbers = np.empty(total, np.int32)
    cdef int32_t[::1] docs = found_docs, positions = found_positions, numbers = found_numbers
    with nogil:
        for d in range(count):
            position = 0
            is_bare = firsts != NULL and bare[order[d]]
            for i in range(starts[order[d]], starts[order[d] + 1]):
                row.token = tokens[i]
                if row.token < 0:
                    position += _GAP
                    continue
                read(&row, firsts, is_bare, anywhere)
                form = row.token
                k = row.first
                while True:
                    slot = slots[form_terms[form] + 1]
                    slots[form_terms[form] + 1] += 1
                    docs[slot] = <int32_t>d
                    positions[slot] = position
                    numbers[slot] = form_numbers[form]
                    if k >= row.end:
                        break
                    form = <int32_t>k
                    k += 1
                position += 1
    return term_starts[:terms + 1], found_docs, found_positions, found_numbers

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From articles as rows of word forms to occurrences ordered by term: a counting sort.

Only `newsindex.inverted.build` calls it, with arrays that it made itself.
"""

from libc.stdint cimport int32_t, int64_t

import numpy as np

cdef enum:
    _GAP = 128

GAP = _GAP  # positions left free between title and body and between two tags, so that no phrase spans them
GAP_TOKEN = -1


def invert(const int32_t[::1] tokens, const int64_t[::1] starts, const int32_t[::1] order,
           const int32_t[::1] form_terms, const int32_t[::1] form_numbers, Py_ssize_t terms):
    """Order the occurrences of a field by (term, docid, position).

    `tokens[starts[a]:starts[a + 1]]` are the form ids of article a, GAP_TOKEN for a gap; docid d is article
    `order[d]`. Form f is form number `form_numbers[f]` of term `form_terms[f]`.

    Returns (term starts int64, docids int32, positions int32, form numbers int32).
    """
    cdef Py_ssize_t d, i, slot, count = order.shape[0], total = 0
    cdef int32_t token, position
    term_starts = np.zeros(terms + 2, np.int64)
    cdef int64_t[::1] slots = term_starts
    with nogil:
        # Counts go two places up, so that after the second pass slot t + 1 has moved to where t + 1 begins.
        for d in range(count):
            for i in range(starts[order[d]], starts[order[d] + 1]):
                if tokens[i] >= 0:
                    slots[form_terms[tokens[i]] + 2] += 1
                    total += 1
        for i in range(2, terms + 2):
            slots[i] += slots[i - 1]
    found_docs = np.empty(total, np.int32)
    found_positions = np.empty(total, np.int32)
    found_numbers = np.empty(total, np.int32)
    cdef int32_t[::1] docs = found_docs, positions = found_positions, numbers = found_numbers
    with nogil:
        for d in range(count):
            position = 0
            for i in range(starts[order[d]], starts[order[d] + 1]):
                token = tokens[i]
                if token < 0:
                    position += _GAP
                    continue
                slot = slots[form_terms[token] + 1]
                slots[form_terms[token] + 1] += 1
                docs[slot] = <int32_t>d
                positions[slot] = position
                numbers[slot] = form_numbers[token]
                position += 1
    return term_starts[:terms + 1], found_docs, found_positions, found_numbers

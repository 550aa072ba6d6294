# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From articles as rows of word forms to occurrences ordered by term: a counting sort.

Only `newsindex.inverted.build` calls it, with arrays that it made itself. In all of them the row of article a is
`tokens[begins[a]:ends[a]]`, form numbers and GAP_TOKEN for a gap, and docid d is article `order[d]`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

import numpy as np

cdef enum:
    _GAP = 128

GAP = _GAP  # positions left free between title and body and between two tags, so that no phrase spans them
GAP_TOKEN = -1


cdef enum:
    _READ = 0x80000000  # flags, beside its term, a form that may be read as others
    _ELSEWHERE = 0x7FFFFFFF  # a term that is not among those at hand
    _SIFTED = 512  # tokens that are looked at together


cdef struct Occurrence:
    int32_t doc
    int32_t position
    int32_t number  # of the form


cdef struct Out:
    int64_t* slots  # where the next occurrence of each term goes
    Occurrence* occurrences  # side by side, since each goes to a place of its own and is a miss of the cache


cdef inline void place(const Out* out, uint32_t term, int32_t doc, int32_t position, int32_t number) noexcept nogil:
    cdef int64_t slot = out.slots[term]
    out.slots[term] = slot + 1
    out.occurrences[slot] = Occurrence(doc, position, number)


def count(const int32_t[::1] tokens, const int64_t[::1] begins, const int64_t[::1] ends, const int32_t[::1] order,
          const uint8_t[::1] bare, Py_ssize_t forms):
    """How often each form occurs, and how often in articles a where `bare[a]` (int32 both)."""
    cdef Py_ssize_t d, i
    cdef int32_t article
    cdef int32_t* row
    counts = np.zeros((2, forms), np.int32)
    if not forms:
        return counts[0], counts[1]
    cdef int32_t[:, ::1] found = counts
    with nogil:
        for d in range(order.shape[0]):
            article = order[d]
            row = &found[bare[article] != 0, 0]
            for i in range(begins[article], ends[article]):
                if tokens[i] >= 0:
                    row[tokens[i]] += 1
    counts[0] += counts[1]
    return counts[0], counts[1]


cdef Py_ssize_t sift(const int32_t* tokens, Py_ssize_t* at, Py_ssize_t end, const uint32_t* here, uint32_t terms,
                     int32_t* position, int32_t* found, int32_t* places) noexcept nogil:
    """Take the tokens from `at` on that are of the terms at hand, or may be read so, with their positions; how many.

    Looks at no more than _SIFTED and moves `at` and `position` on. To decide by arithmetic costs a fraction of a branch
    that goes one way or the other without a rule.
    """
    cdef Py_ssize_t i = at[0], kept = 0
    cdef int32_t place = position[0], token
    cdef uint32_t term
    end = min(end, i + _SIFTED)
    while i < end:
        token = tokens[i]
        i += 1
        if token < 0:
            place += _GAP
            continue
        term = here[token]
        found[kept] = token
        places[kept] = place
        kept += (term < terms) | (term >> 31)
        place += 1
    at[0] = i
    position[0] = place
    return kept


def invert(const int32_t[::1] tokens, const int64_t[::1] begins, const int64_t[::1] ends, const int32_t[::1] order,
           const int32_t[::1] form_terms, const int32_t[::1] form_numbers, const int64_t[::1] sizes, int32_t first, int32_t[:, ::1] room,
           const int32_t[::1] readings=None, const uint8_t[::1] always=None, const uint8_t[::1] bare=None):
    """Order the occurrences of some terms of a field by (term, docid, position): of the terms from number `first` on.

    Form f is form number `form_numbers[f]` of term `form_terms[f]`; term `first + t` has `sizes[t]` occurrences,
    readings included, which the caller has counted.

    A form may be read as others too: f as the forms from `readings[f]` up to `readings[f + 1]`, in every article if
    `always[f]`, else in articles a where `bare[a]`. It occurs as each of these in the same place.

    Returns the starts of these terms (int64) and how many occurrences there are; these are then in the first rows of
    `room`, which must have enough: docid, position, form number.
    """
    cdef Py_ssize_t d, i, j, k, kept, forms = form_terms.shape[0]
    cdef int32_t position, token, article
    cdef int32_t[_SIFTED] found, places
    cdef uint32_t term, terms = <uint32_t>sizes.shape[0]
    cdef bint is_bare
    term_starts = np.zeros(terms + 1, np.int64)
    np.cumsum(sizes, out=term_starts[1:])
    cdef Py_ssize_t total = term_starts[terms]
    if room.shape[1] != 3 or total > room.shape[0]:
        raise ValueError(f"room for {room.shape[0]} occurrences where there are {total}")
    if not total:
        return term_starts, 0
    cdef int64_t[::1] slots = term_starts[:terms].copy()
    cdef Out out = Out(&slots[0], <Occurrence*>&room[0, 0])
    terms_here = np.empty(forms, np.uint32)
    cdef uint32_t[::1] here = terms_here
    with nogil:
        for i in range(forms):
            term = <uint32_t>(form_terms[i] - first)
            here[i] = term if term < terms else _ELSEWHERE
        if readings is not None:
            for i in range(readings.shape[0] - 1):
                if readings[i] != readings[i + 1]:
                    here[i] |= _READ
        for d in range(order.shape[0]):
            position = 0
            article = order[d]
            is_bare = bare is not None and bare[article]
            i = begins[article]
            while i < ends[article]:
                kept = sift(&tokens[0], &i, ends[article], &here[0], terms, &position, found, places)
                for j in range(kept):
                    token = found[j]
                    term = here[token]
                    if term < terms:
                        place(&out, term, <int32_t>d, places[j], form_numbers[token])
                        continue
                    term &= ~<uint32_t>_READ
                    if term < terms:
                        place(&out, term, <int32_t>d, places[j], form_numbers[token])
                    if is_bare or always[token]:
                        for k in range(readings[token], readings[token + 1]):
                            if here[k] < terms:
                                place(&out, here[k], <int32_t>d, places[j], form_numbers[k])
    return term_starts, total

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From articles as rows of word forms to occurrences ordered by term: a counting sort.

Only `newsindex.inverted.build` calls it, with arrays that it made itself. In all of them the row of article a is
`tokens[begins[a]:ends[a]]`, form numbers and GAP_TOKEN for a gap, and docid d is article `order[d]`.

All occurrences of a field would not fit into memory, so its terms are sorted in portions, and every portion is looked
for in all tokens. Hence the marks: a byte for each token that says of which portion it is. Eight of them are compared
in one step, and those of other portions, nearly all, are not looked at one by one.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

import numpy as np

cdef extern from *:
    void __builtin_prefetch(const void* place) noexcept nogil
    int ctz "__builtin_ctzll"(unsigned long long bits) noexcept nogil

cdef enum:
    _GAP = 128

GAP = _GAP  # positions left free between title and body and between two tags, so that no phrase spans them
GAP_TOKEN = -1

cdef enum:
    _PORTIONS = 254  # from here on portions share their marks by turns
    _IN_GAP = 254    # the mark of a gap, and of nothing else
    _ANY = 255       # of a token that may be read as terms of several portions
    _SIFTED = 512    # marks that are looked at together

cdef uint64_t ONES = 0x0101010101010101, LOW = 0x7F7F7F7F7F7F7F7F


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


cdef inline uint64_t hits(const uint8_t* marks, Py_ssize_t left, uint64_t wanted) noexcept nogil:
    """The highest bit of each of the next eight marks that is wanted, a gap or any; of no more than `left` marks."""
    cdef uint64_t eight = 0, others, found
    if left >= 8:
        memcpy(&eight, marks, 8)
    else:
        memcpy(&eight, marks, left)
    others = eight ^ wanted
    found = ((others & LOW) + LOW) | others  # the bit is set where the byte is not zero
    others = ~(eight | ONES)  # zero where it is a gap or any
    found &= ((others & LOW) + LOW) | others
    found = ~(found | LOW)
    return found if left >= 8 else found & ((<uint64_t>1 << 8 * left) - 1)


cdef class Inverter:
    """Orders the occurrences of a field by (term, docid, position), some terms at a time.

    Form f is form number `form_numbers[f]` of term `form_terms[f]`. A form may be read as others too: f as the forms
    from `readings[f]` up to `readings[f + 1]`, in every article if `always[f]`, else in articles a where `bare[a]`. It
    occurs as each of these in the same place.

    Args:
        portion_ends: the terms of portion p are those below `portion_ends[p]` that are of none before.
    """

    cdef const int32_t[::1] tokens, order, terms, numbers, readings
    cdef const int64_t[::1] begins, ends, portions
    cdef const uint8_t[::1] always, bare
    cdef uint8_t[::1] marks
    cdef bint is_read

    def __init__(self, const int32_t[::1] tokens, const int64_t[::1] begins, const int64_t[::1] ends,
                 const int32_t[::1] order, const int32_t[::1] form_terms, const int32_t[::1] form_numbers,
                 const int64_t[::1] portion_ends, const int32_t[::1] readings=None, const uint8_t[::1] always=None,
                 const uint8_t[::1] bare=None):
        self.tokens, self.begins, self.ends, self.order = tokens, begins, ends, order
        self.terms, self.numbers, self.portions = form_terms, form_numbers, portion_ends
        self.is_read = readings is not None
        self.readings, self.always, self.bare = readings, always, bare
        self.marks = np.empty(self.size(), np.uint8)
        self.mark()

    cdef inline bint is_bare(self, int32_t article) noexcept nogil:
        return self.is_read and self.bare[article] != 0

    cdef Py_ssize_t size(self):
        """How many tokens all articles have, those that they share counted for each."""
        cdef Py_ssize_t d, size = 0
        for d in range(self.order.shape[0]):
            size += self.ends[self.order[d]] - self.begins[self.order[d]]
        return size

    cdef int mark(self) except -1:
        """Mark the tokens of all articles, in the order of docids."""
        cdef Py_ssize_t d, i, f, at = 0, forms = self.terms.shape[0]
        cdef const uint8_t* row
        if not forms:
            return 0
        # The marks of forms: in articles that are not bare, and in those that are.
        of_forms = np.searchsorted(self.portions, np.asarray(self.terms), side="right") % _PORTIONS
        by_form = np.stack((of_forms, of_forms)).astype(np.uint8)
        cdef uint8_t[:, ::1] marked = by_form
        cdef int32_t article
        if self.is_read:
            for f in range(self.readings.shape[0] - 1):
                if self.readings[f] != self.readings[f + 1]:
                    marked[1, f] = _ANY
                    if self.always[f]:
                        marked[0, f] = _ANY
        with nogil:
            for d in range(self.order.shape[0]):
                article = self.order[d]
                row = &marked[self.is_bare(article), 0]
                for i in range(self.begins[article], self.ends[article]):
                    self.marks[at] = row[self.tokens[i]] if self.tokens[i] >= 0 else _IN_GAP
                    at += 1
        return 0

    def invert(self, Py_ssize_t portion, const int64_t[::1] sizes, int32_t first, int32_t[:, ::1] room):
        """Order the occurrences of the terms of a portion: term `first + t` has `sizes[t]`, which the caller has counted.

        Returns the starts of these terms (int64) and how many occurrences there are, those as other readings included;
        they are then in the first rows of `room`, which must have enough: docid, position, form number.
        """
        cdef Py_ssize_t d, total, at = 0
        cdef uint32_t terms = <uint32_t>sizes.shape[0]
        term_starts = np.zeros(terms + 1, np.int64)
        np.cumsum(sizes, out=term_starts[1:])
        total = term_starts[terms]
        if room.shape[1] != 3 or total > room.shape[0]:
            raise ValueError(f"room for {room.shape[0]} occurrences where there are {total}")
        if not total:
            return term_starts, 0
        cdef int64_t[::1] slots = term_starts[:terms].copy()
        cdef Out out = Out(&slots[0], <Occurrence*>&room[0, 0])
        with nogil:
            for d in range(self.order.shape[0]):
                at = self.invert_article(<int32_t>d, at, ONES * <uint64_t>(portion % _PORTIONS), <uint32_t>first, terms, &out)
        return term_starts, total

    cdef Py_ssize_t invert_article(self, int32_t doc, Py_ssize_t at, uint64_t wanted, uint32_t first, uint32_t terms,
                                   const Out* out) noexcept nogil:
        """Do so for an article whose marks begin at `at`; returns where they end."""
        cdef int32_t article = self.order[doc], token, k
        cdef Py_ssize_t i, j, count, shift = -at, end = at + self.ends[article] - self.begins[article]
        cdef const int32_t* tokens = &self.tokens[0] + self.begins[article] - at
        cdef bint is_bare = self.is_bare(article)
        cdef uint32_t term
        cdef Py_ssize_t[_SIFTED] found
        while at < end:
            count = self.sift(&at, end, wanted, tokens, found)
            for j in range(count):
                i = found[j]
                token = tokens[i]
                if token < 0:
                    shift += _GAP - 1
                    continue
                term = <uint32_t>self.terms[token] - first
                if term < terms:
                    place(out, term, doc, <int32_t>(i + shift), self.numbers[token])
                if self.marks[i] == _ANY and (is_bare or self.always[token]):
                    for k in range(self.readings[token], self.readings[token + 1]):
                        term = <uint32_t>self.terms[k] - first
                        if term < terms:
                            place(out, term, doc, <int32_t>(i + shift), self.numbers[k])
        return end

    cdef inline Py_ssize_t sift(self, Py_ssize_t* at, Py_ssize_t end, uint64_t wanted, const int32_t* tokens,
                                Py_ssize_t* found) noexcept nogil:
        """Where the wanted marks are from `at` on, which moves on by _SIFTED at most; how many there are.

        The tokens of these are far apart, so they are asked for before they are needed.
        """
        cdef Py_ssize_t i = at[0], count = 0
        cdef const uint8_t* marks = &self.marks[0]
        cdef uint64_t bits
        end = min(end, i + _SIFTED)
        while i < end:
            bits = hits(marks + i, end - i, wanted)
            while bits:
                found[count] = i + (ctz(bits) >> 3)
                __builtin_prefetch(tokens + found[count])
                count += 1
                bits &= bits - 1
            i += 8
        at[0] = end
        return count

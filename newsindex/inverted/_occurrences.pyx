# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Occurrences`: reads the blocks in which the occurrences of a posting list stand; see `_postings`, its only caller.

It gathers positions and form numbers of articles one after another, or the marks that forms were given, or counts these.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._blocks cimport peek
from newsindex.inverted._buffers cimport Buffer, reserve


cdef enum:
    CHOSEN_MARK = 1  # what is meant, and of that what is spelled as it was asked for: but for diacritics, and just so
    ALIKE_MARK = 2
    TYPED_MARK = 4

CHOSEN, ALIKE, TYPED = CHOSEN_MARK, ALIKE_MARK, TYPED_MARK


cdef inline int outside(uint32_t form, uint64_t forms) except -1 nogil:
    with gil:
        raise ValueError(f"form number {form} of a term with {forms}")


cdef inline uint8_t marks_of(Occurrences self, Py_ssize_t k) except? 0xFF nogil:
    """The marks of the form of an occurrence."""
    cdef uint32_t form = peek(self.rows.forms, k, self.rows.form_width)
    if form >= self.rows.form_count:
        outside(form, self.rows.form_count)
    return self.marks[form] if form < self.known else self.rest


cdef class Occurrences:
    """Gathers the positions and form numbers of chosen articles out of occurrence blocks."""

    def __dealloc__(self):
        free(self.gathered_positions.data)
        free(self.gathered_forms.data)
        free(self.gathered_marks.data)

    cdef void begin(self, const uint8_t *marks, Py_ssize_t known, uint8_t rest) noexcept nogil:
        """Go on with another list, and tell its forms apart: those below `known` have these marks, others `rest`."""
        self.read = 0
        self.marking = True
        self.uniform = known == 0
        self.marks, self.known, self.rest = marks, known, rest

    cdef int tally(self, Py_ssize_t first, Py_ssize_t count, int64_t limit, int32_t *sums) except -1 nogil:
        """Add to six sums how many of some occurrences of one article there are: chosen, alike and typed ones.

        After each of these the number of those whose position is below `limit`.
        """
        cdef Py_ssize_t k
        cdef int64_t position = 0
        cdef uint8_t marks = self.rest if self.marking else CHOSEN_MARK
        cdef int32_t inside = limit > 0
        for k in range(first, first + count):
            if inside:
                position += peek(self.rows.positions, k, self.rows.delta_width) + (k > first)
                inside = position < limit
            if self.marking and not self.uniform:
                marks = marks_of(self, k)
            sums[0] += marks & 1
            sums[1] += (marks & 1) & inside
            sums[2] += (marks >> 1) & 1
            sums[3] += (marks >> 1) & inside
            sums[4] += (marks >> 2) & 1
            sums[5] += (marks >> 2) & inside
        return 0

    cdef bint chosen(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil:
        """Whether one of some occurrences is in a form that is meant."""
        cdef Py_ssize_t k
        for k in range(first, first + count):
            if (self.rest if self.uniform else marks_of(self, k)) & CHOSEN_MARK:
                return True
        return False

    cdef int64_t copy(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil:
        """Gather some occurrences of one article; returns how many: of those told apart only what has a mark."""
        cdef Py_ssize_t k
        cdef int64_t position = 0
        cdef int32_t *positions
        reserve(&self.gathered_positions, 4 * count)
        positions = <int32_t *>(self.gathered_positions.data + self.gathered_positions.size)
        for k in range(count):
            position += peek(self.rows.positions, first + k, self.rows.delta_width) + (k > 0)
            positions[k] = <int32_t>position
        if position > 0x7FFFFFFF:
            with gil:
                raise ValueError(f"an impossible position {position}")
        if self.marking:
            count = self.keep_marked(first, count, positions)
        else:
            self.copy_forms(first, count)
        self.gathered_positions.size += 4 * count
        return count

    cdef Py_ssize_t keep_marked(self, Py_ssize_t first, Py_ssize_t count, int32_t *positions) except -1 nogil:
        """Gather the marks of some occurrences, and drop the positions of those that have none."""
        cdef Py_ssize_t k, found = 0
        cdef uint8_t *marks
        reserve(&self.gathered_marks, count)
        marks = self.gathered_marks.data + self.gathered_marks.size
        for k in range(count):
            marks[found] = self.rest if self.uniform else marks_of(self, first + k)
            positions[found] = positions[k]
            found += marks[found] != 0
        self.gathered_marks.size += found
        return found

    cdef int copy_forms(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil:
        cdef Py_ssize_t k
        cdef uint32_t form, highest = 0
        cdef int32_t *forms
        reserve(&self.gathered_forms, 4 * count)
        forms = <int32_t *>(self.gathered_forms.data + self.gathered_forms.size)
        for k in range(count):
            form = peek(self.rows.forms, first + k, self.rows.form_width)
            highest = max(highest, form)
            forms[k] = <int32_t>form
        if highest >= self.rows.form_count:
            outside(highest, self.rows.form_count)
        self.gathered_forms.size += 4 * count
        return 0

    cdef void clear(self) noexcept:
        self.gathered_positions.size = self.gathered_forms.size = self.gathered_marks.size = 0

    cdef object positions(self):
        return gathered(&self.gathered_positions)

    cdef object forms(self):
        return gathered(&self.gathered_forms)

    cdef object marked(self):
        return gathered(&self.gathered_marks, np.uint8)


cdef object gathered(Buffer *buffer, kind=np.int32):
    found = np.empty(buffer.size, np.uint8)
    cdef uint8_t[::1] out = found
    if buffer.size:
        memcpy(&out[0], buffer.data, buffer.size)
    return found.view(kind)

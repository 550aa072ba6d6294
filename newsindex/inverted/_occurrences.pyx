# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Occurrences`: reads the blocks in which the occurrences of a posting list stand; see `_postings`, its only caller.

It gathers positions and form numbers of articles one after another, or only those in certain forms, or counts these.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._buffers cimport Buffer, reserve


cdef inline uint8_t marked(Occurrences self, Py_ssize_t k) except? 0xFF:
    """Whether the form of an occurrence is chosen, and how."""
    cdef uint32_t form = peek(&self.data[self.at + self.row], k, self.form_width)
    if form >= <uint64_t>self.form_count:
        raise ValueError(f"form number {form} of a term with {self.form_count}")
    return self.chosen[form] if form < self.chosen.shape[0] else 0


cdef class Occurrences:
    """Gathers the positions and form numbers of chosen articles out of occurrence blocks."""

    def __dealloc__(self):
        free(self.gathered_positions.data)
        free(self.gathered_forms.data)

    cdef int open(self, const uint8_t[::1] data, Py_ssize_t at, Py_ssize_t stop, Py_ssize_t count,
                  Py_ssize_t form_count) except -1:
        if at + 2 > stop or not 1 <= data[at] <= 32 or data[at + 1] > 32:
            raise ValueError("impossible bit widths")
        self.form_count = form_count
        self.data = data
        self.at = at + 2
        self.delta_width = data[at]
        self.form_width = data[at + 1]
        self.row = (count * self.delta_width + 7) // 8
        if self.at + self.row + (count * self.form_width + 7) // 8 > stop:
            raise ValueError("an occurrences block longer than its bytes")
        return 0

    cdef int choose(self, const int64_t[::1] forms, const int64_t[::1] marked=None) except -1:
        """Take only what is in some forms, of which those `marked` are counted apart; all numbers are at least 0."""
        cdef int64_t highest = -1
        cdef Py_ssize_t i
        cdef uint8_t[::1] mask
        for i in range(forms.shape[0]):
            if forms[i] < 0:
                raise ValueError(f"a form numbered {forms[i]}")
            highest = max(highest, forms[i])
        self.chosen = mask = bytearray(highest + 1)
        for i in range(forms.shape[0]):
            mask[forms[i]] = 1
        for i in range(0 if marked is None else marked.shape[0]):
            if not 0 <= marked[i] <= highest:
                raise ValueError(f"form {marked[i]} is marked and not chosen")
            mask[marked[i]] = 2
        self.choosing = True
        return 0

    cdef int64_t take(self, Py_ssize_t first, Py_ssize_t count) except -1:
        """Gather some occurrences, or only count them; returns how many, of those marked 2 in the upper half too."""
        if self.counting:
            return self.count(first, count)
        return self.copy(first, count)

    cdef int64_t count(self, Py_ssize_t first, Py_ssize_t count) except -1:
        cdef Py_ssize_t k
        cdef int64_t found = 0
        cdef uint8_t mark
        for k in range(first, first + count):
            mark = marked(self, k)
            if mark:
                found += 1 if mark == 1 else (<int64_t>1 << 32) + 1
        return found

    cdef int64_t copy(self, Py_ssize_t first, Py_ssize_t count) except -1:
        cdef Py_ssize_t k, found = 0
        cdef int64_t position = 0
        cdef int32_t *positions
        reserve(&self.gathered_positions, 4 * count)
        positions = <int32_t *>(self.gathered_positions.data + self.gathered_positions.size)
        for k in range(count):
            position += peek(&self.data[self.at], first + k, self.delta_width) + (k > 0)
            positions[found] = <int32_t>position
            found += not self.choosing or marked(self, first + k) != 0
        if position > 0x7FFFFFFF:
            raise ValueError(f"an impossible position {position}")
        self.gathered_positions.size += 4 * found
        if not self.bare:
            self.copy_forms(first, count)
        return found

    cdef int copy_forms(self, Py_ssize_t first, Py_ssize_t count) except -1:
        cdef Py_ssize_t k
        cdef uint32_t form, highest = 0
        cdef int32_t *forms
        reserve(&self.gathered_forms, 4 * count)
        forms = <int32_t *>(self.gathered_forms.data + self.gathered_forms.size)
        for k in range(count):
            form = peek(&self.data[self.at + self.row], first + k, self.form_width)
            highest = max(highest, form)
            forms[k] = <int32_t>form
        if highest >= <uint64_t>self.form_count:
            raise ValueError(f"form number {highest} of a term with {self.form_count}")
        self.gathered_forms.size += 4 * count
        return 0

    cdef void clear(self) noexcept:
        self.gathered_positions.size = self.gathered_forms.size = 0

    cdef object positions(self):
        return gathered(&self.gathered_positions)

    cdef object forms(self):
        return gathered(&self.gathered_forms)


cdef object gathered(Buffer *buffer):
    array = np.empty(buffer.size // 4, np.int32)
    cdef int32_t[::1] out = array
    if buffer.size:
        memcpy(&out[0], buffer.data, buffer.size)
    return array

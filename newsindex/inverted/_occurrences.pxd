# cython: language_level=3
"""What the reader of posting lists uses of `_occurrences`."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from newsindex.inverted._buffers cimport Buffer


cdef inline uint32_t peek(const uint8_t *data, Py_ssize_t index, int width) noexcept nogil:
    """The number at `index` of a packed row; the row is followed by at least 8 readable bytes."""
    cdef uint64_t word
    cdef Py_ssize_t bit = index * width
    memcpy(&word, data + (bit >> 3), 8)
    return <uint32_t>((word >> (bit & 7)) & ((<uint64_t>1 << width) - 1))


cdef object gathered(Buffer *buffer, kind=*)


@cython.final
cdef class Occurrences:
    cdef const uint8_t[::1] data
    cdef Py_ssize_t at, row
    cdef Py_ssize_t read  # how far into the occurrences of a list blocks were opened
    cdef int delta_width, form_width
    cdef Py_ssize_t form_count
    cdef bint marking  # forms are told apart by their marks, not by their numbers
    cdef bint uniform  # all forms have the same marks
    cdef const uint8_t[::1] marks  # by form number
    cdef uint8_t rest  # the marks of forms beyond
    cdef Buffer gathered_positions, gathered_forms, gathered_marks

    cdef int open(self, const uint8_t[::1] data, Py_ssize_t at, Py_ssize_t stop, Py_ssize_t count,
                  Py_ssize_t form_count) except -1
    cdef void mark(self, const uint8_t[::1] marks, uint8_t rest) noexcept
    cdef int64_t copy(self, Py_ssize_t first, Py_ssize_t count) except -1
    cdef int copy_forms(self, Py_ssize_t first, Py_ssize_t count) except -1
    cdef Py_ssize_t keep_marked(self, Py_ssize_t first, Py_ssize_t count, int32_t *positions) except -1
    cdef int tally(self, Py_ssize_t first, Py_ssize_t count, int64_t limit, int32_t *sums) except -1
    cdef void clear(self) noexcept
    cdef object positions(self)
    cdef object forms(self)
    cdef object marked(self)

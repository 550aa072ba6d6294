# cython: language_level=3
"""What the reader of posting lists uses of `_occurrences`."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t

from newsindex.inverted._blocks cimport Rows
from newsindex.inverted._buffers cimport Buffer


cdef object gathered(Buffer *buffer, kind=*)


@cython.final
cdef class Occurrences:
    cdef Rows rows
    cdef Py_ssize_t read  # how far into the occurrences of a list blocks were opened
    cdef bint marking  # forms are told apart by their marks, not by their numbers
    cdef bint uniform  # all forms have the same marks
    cdef const uint8_t *marks  # by form number; whoever gave them keeps them alive
    cdef Py_ssize_t known  # how many these are
    cdef uint8_t rest  # the marks of forms beyond
    cdef Buffer gathered_positions, gathered_forms, gathered_marks

    cdef void begin(self, const uint8_t *marks, Py_ssize_t known, uint8_t rest) noexcept nogil
    cdef bint chosen(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil
    cdef int64_t copy(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil
    cdef int copy_forms(self, Py_ssize_t first, Py_ssize_t count) except -1 nogil
    cdef Py_ssize_t keep_marked(self, Py_ssize_t first, Py_ssize_t count, int32_t *positions) except -1 nogil
    cdef int tally(self, Py_ssize_t first, Py_ssize_t count, int64_t limit, int32_t *sums) except -1 nogil
    cdef void clear(self) noexcept
    cdef object positions(self)
    cdef object forms(self)
    cdef object marked(self)

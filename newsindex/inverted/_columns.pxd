# cython: language_level=3
"""Columns that are read one article at a time; `_columns.pyx` explains. For other kernels that do so."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from newsindex.inverted._pages cimport PAGE_BITS, Pages


cdef class Numbers:
    cdef Pages pages
    cdef const uint8_t *data      # that of `pages`,
    cdef const uint8_t *verified  # and which of them were verified
    cdef int width
    cdef bint is_signed
    cdef readonly Py_ssize_t count
    cdef object sections
    cdef str name

    cdef int fetch(self, Py_ssize_t index) except -1 nogil


cdef inline int64_t value_at(Numbers column, Py_ssize_t index) except? -1 nogil:
    """Number `index` of a column, verified; one from 2^63 up is negative."""
    cdef size_t at = <size_t>index * column.width
    if index < 0 or index >= column.count or not column.verified[at >> PAGE_BITS]:
        column.fetch(index)
    return load(column.data + at, column.width, column.is_signed)


cdef inline int64_t load(const uint8_t *at, int width, bint is_signed) noexcept nogil:
    # Little endian, as the file. Copies of a length that is known cost an instruction.
    cdef uint32_t half = 0
    cdef uint16_t quarter = 0
    cdef int64_t whole = 0
    if width == 4:
        memcpy(&half, at, 4)
        return <int32_t>half if is_signed else <int64_t>half
    if width == 8:
        memcpy(&whole, at, 8)
        return whole
    if width == 2:
        memcpy(&quarter, at, 2)
        return <int16_t>quarter if is_signed else <int64_t>quarter
    return <int8_t>at[0] if is_signed else <int64_t>at[0]


cdef class Strings:
    cdef Pages bytes
    cdef Numbers bounds
    cdef object sections
    cdef object array
    cdef str name
    cdef str data_name
    cdef object whole

    cdef int find(self, Py_ssize_t index, Py_ssize_t* start, Py_ssize_t* size) except -1
    cdef str get(self, Py_ssize_t index)
    cpdef bytes raw(self, Py_ssize_t index)


cdef class Rows:
    cdef Strings ids
    cdef Strings titles
    cdef Numbers dates
    cdef Numbers offsets
    cdef Numbers source_numbers
    cdef Strings source_values
    cdef object damaged

    cpdef str id(self, Py_ssize_t doc)
    cpdef str title(self, Py_ssize_t doc)
    cpdef object date(self, Py_ssize_t doc)
    cpdef object source(self, Py_ssize_t doc)

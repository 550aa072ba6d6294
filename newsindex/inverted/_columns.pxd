# cython: language_level=3
"""Columns that are read one article at a time; `_columns.pyx` explains. For other kernels that do so."""

from libc.stdint cimport int64_t

from newsindex.inverted._pages cimport Pages


cdef class Numbers:
    cdef Pages pages
    cdef int width
    cdef bint is_signed
    cdef Py_ssize_t count

    cdef int64_t get(self, Py_ssize_t index) except? -1


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

# cython: language_level=3
"""What the kernels of the searcher use of `_postings`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from newsindex.inverted._blocks cimport List
from newsindex.inverted._columns cimport Numbers
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._pages cimport Pages


cdef class PostingList:
    cdef List list
    cdef Pages postings, positions
    cdef Py_ssize_t start
    cdef readonly Py_ssize_t df
    cdef readonly Py_ssize_t forms

    cdef int _open(self, Pages postings, Pages positions, Py_ssize_t start, Py_ssize_t stop,
                   Py_ssize_t articles) except -1
    cdef int _attach(self, Pages postings, Pages positions, Py_ssize_t articles) except -1
    cdef int _turn_to(self, Py_ssize_t start, Py_ssize_t stop) except -1 nogil
    cdef int _lay_out_blocks(self, Py_ssize_t at) except -1 nogil
    cdef Py_ssize_t _varint(self, Py_ssize_t at, uint64_t *value) except -1 nogil
    cdef int verify_docs(self, int64_t low, int64_t high) except -1 nogil
    cdef Py_ssize_t _decode(self, Py_ssize_t block, uint32_t *docs, uint32_t *counts, Py_ssize_t *after) except -1
    cdef bint _meets(self, const int32_t *wanted, Py_ssize_t n) except -1 nogil
    cdef int _visit(self, const int32_t *wanted, Py_ssize_t n, Occurrences occurrences, int64_t *sizes, int32_t *sums,
                    Numbers limits) except -1 nogil
    cdef int _check_maximum(self, Py_ssize_t block, Py_ssize_t count) except -1
    cdef int _open_occurrences(self, Occurrences occurrences, Py_ssize_t block, Py_ssize_t count,
                               Py_ssize_t after) except -1 nogil

# cython: language_level=3
"""What `_top` uses of `_scoring`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from newsindex.searcher._collect cimport Group


cdef class Scale:
    cdef readonly object title_words, body_words
    cdef const uint32_t[::1] titles, bodies
    cdef double title_average, body_average, alike, typed


cdef class Leaf:
    cdef readonly Group group
    cdef readonly double weight
    cdef readonly bint partial  # not all of its postings are meant
    cdef tuple lists, marks, rests
    cdef int where
    cdef bint most


cdef int add_scores(list leaves, Scale scale, const int32_t[::1] docs, double[::1] scores) except -1

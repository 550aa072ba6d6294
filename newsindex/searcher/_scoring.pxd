# cython: language_level=3
"""What `_top` and `_union` use of `_scoring`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from newsindex.inverted._occurrences cimport Occurrences
from newsindex.searcher._collect cimport Group


cdef class Scale:
    cdef readonly object title_words, body_words
    cdef const uint32_t[::1] titles, bodies
    cdef double title_average, body_average, alike, typed


cdef class Leaf:
    cdef readonly Group group
    cdef readonly double weight
    cdef readonly bint partial  # not all of its postings are meant
    cdef readonly bint wide  # see there
    cdef tuple lists, marks
    cdef uint8_t *taken  # of each list the marks of the forms beyond
    cdef int where
    cdef bint most
    cdef readonly bint of_body  # looked for in bodies, by the lists of all of the text

    cdef bint whole(self, Py_ssize_t k) noexcept nogil
    cdef Occurrences marked(self, Py_ssize_t k)


cdef class Scorer:
    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1


cdef class WordScorer(Scorer):
    cdef list leaves
    cdef Scale scale


cdef class PlanScorer(Scorer):
    cdef object call

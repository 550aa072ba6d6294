# cython: language_level=3
"""What `_top` and `_union` use of `_scoring`."""

from libc.stdint cimport int32_t, uint8_t

from newsindex.inverted._columns cimport Numbers
from newsindex.searcher._collect cimport Group


cdef enum:
    IN_TEXT
    IN_TITLE
    IN_BODY
    ELSEWHERE


cdef class Scale:
    cdef readonly Numbers titles, bodies
    cdef double title_average, body_average, alike, typed


cdef struct Term:
    # Of a leaf, which keeps alive what this points to: a posting list, and marks of the forms below `known`, and beyond.
    void *plist
    const uint8_t *marks
    Py_ssize_t known
    uint8_t rest


cdef class Leaf:
    cdef readonly Group group
    cdef readonly double weight
    cdef readonly double bonus  # by what share it is worth more where it is spelled as it was asked for
    cdef readonly bint partial  # not all of its postings are meant
    cdef readonly bint wide  # see there
    cdef tuple lists, marks
    cdef Term *terms
    cdef Py_ssize_t count
    cdef int where
    cdef bint most
    cdef readonly bint of_body  # looked for in bodies, by the lists of all of the text

    cdef bint whole(self, Py_ssize_t k) noexcept nogil


cdef class Scorer:
    cdef Py_ssize_t sift(self, int32_t *docs, float *bounds, Py_ssize_t n, float least) except -1
    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1


cdef class WordScorer(Scorer):
    cdef list leaves, known
    cdef Scale scale


cdef class PlanScorer(Scorer):
    cdef object call


cdef int place(str field)
cdef double worth(int where, Scale scale, int32_t doc, const int32_t *sums) except? -1 nogil

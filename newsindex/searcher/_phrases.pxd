# cython: language_level=3
"""What `_top` uses of `_phrases`: `go`, and the walk in which it leaves what it found."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from newsindex.inverted._buffers cimport Buffer
from newsindex.inverted._columns cimport Numbers
from newsindex.searcher._scoring cimport Scale
from newsindex.searcher._tracks cimport Track, Word


cdef class Terms:
    cdef tuple lists, marks, rests
    cdef Py_ssize_t count
    cdef bint spelled
    cdef readonly int64_t size


cdef class Walk:
    cdef Word *words
    cdef Word **rarest      # the same words
    cdef Track *tracks
    cdef Track **heaps
    cdef Py_ssize_t count
    cdef int64_t slop
    cdef bint spelling      # whether more than CHOSEN is counted
    cdef bint once          # that an article has the phrase is all that is asked
    cdef bint simple        # each word has one term
    cdef int64_t rarest_size
    cdef Numbers limits     # as in `find_phrase`
    cdef Buffer docs, sums  # int32: the articles that were found, and six of each
    cdef Scale scale        # where spelling does not matter in articles that are worth less than `enough` by all else;
    cdef int field          # or None
    cdef double weight, enough

    cdef tuple found(self)
    cdef int walk(self, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1 nogil
    cdef int64_t meet(self, int64_t doc) except -1 nogil
    cdef int walk_blocks(self, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1 nogil
    cdef Py_ssize_t keep_near(self, Py_ssize_t w, const uint32_t *docs, uint8_t *kept, Py_ssize_t count) except -1 nogil
    cdef int count_in(self, int64_t doc) except -1 nogil
    cdef bint is_enough(self, int32_t doc, const int32_t *sums) except? -1 nogil
    cdef int count_spelled(self, int64_t doc, int64_t limit, int32_t *sums) except -1 nogil


cdef int go(Walk walk, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1

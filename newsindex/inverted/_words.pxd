# cython: language_level=3
"""What `_scoring` and `_phrases` use of `_words`."""

from libc.stdint cimport uint8_t

from newsindex.inverted._postings cimport PostingList


cdef class Alternative:
    cdef readonly PostingList postings
    cdef readonly bytes marks
    cdef readonly uint8_t rest
    cdef readonly int every

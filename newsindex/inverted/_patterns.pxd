# cython: language_level=3
"""What `_words` uses of `_patterns`: a finder, and what it finds."""

from libc.stdint cimport int64_t

from newsindex.inverted._dictionary cimport Cursor, Dictionary


cdef struct Owned:
    # A form: its term, which of its forms it is, and its number in the dictionary.
    int64_t term, number, index


cdef class Found:
    cdef Owned *owned
    cdef Py_ssize_t count, room
    cdef int64_t effort, most

    cdef int put(self, int64_t term, int64_t number, int64_t index) except -1 nogil
    cdef int add(self, const Cursor *cursor) except -1 nogil
    cdef int grow(self) except -1 nogil
    cdef int spend(self, int64_t effort) except -1 nogil
    cdef list listed(self)


cdef class Finder:
    cdef bytes prefix

    cdef int find(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1
    cdef int narrow(self, Dictionary forms, Py_ssize_t *low, Py_ssize_t *high) except -1

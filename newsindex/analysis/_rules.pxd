# cython: language_level=3

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    LONGER = 256  # more than the bytes by which a lemma may be longer than its word

cdef class Rules:
    cdef const uint8_t[::1] data
    cdef Py_ssize_t size

    cdef const uint8_t *at(self, Py_ssize_t place, Py_ssize_t count) except NULL nogil
    cdef uint32_t link(self, Py_ssize_t place) except? 0 nogil
    cdef Py_ssize_t find(self, const uint8_t *word, Py_ssize_t size) except -1 nogil
    cdef Py_ssize_t lemma_of(self, const uint8_t *word, Py_ssize_t size, uint8_t *out) except -1 nogil

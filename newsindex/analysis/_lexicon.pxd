# cython: language_level=3

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum:
    LONGEST = 1024  # bytes of a form that is looked for; no word of a dictionary comes near

cdef class Lexicon:
    cdef const uint8_t[::1] file
    cdef const uint8_t* forms
    cdef readonly Py_ssize_t classes_size
    cdef const uint16_t[::1] folds
    cdef const uint8_t* names
    cdef const uint32_t* form_starts
    cdef const uint32_t* name_starts
    cdef const uint32_t* classes
    cdef readonly Py_ssize_t size
    cdef readonly str identity
    cdef readonly str source

    cdef int compare(self, Py_ssize_t i, const uint8_t* key, Py_ssize_t size) noexcept nogil
    cdef Py_ssize_t seek(self, Py_ssize_t low, const uint8_t* key, Py_ssize_t size) noexcept nogil
    cdef Py_ssize_t halve(self, Py_ssize_t low, Py_ssize_t high, const uint8_t* key, Py_ssize_t size) noexcept nogil
    cdef Py_ssize_t group_end(self, Py_ssize_t i, const uint8_t* folded, Py_ssize_t size) noexcept nogil
    cdef Py_ssize_t around(self, Py_ssize_t i, const uint8_t* key, Py_ssize_t size) noexcept nogil
    cdef Py_ssize_t place_of(self, const uint8_t* form, Py_ssize_t size, Py_ssize_t near) noexcept nogil

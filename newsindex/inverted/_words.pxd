# cython: language_level=3
"""What `_scoring` uses of `_words`."""


cdef class Meant:
    cdef readonly tuple lists, marks, rests
    cdef readonly int every
    cdef readonly Py_ssize_t df
    cdef readonly long long effort

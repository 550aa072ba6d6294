# cython: language_level=3
"""What `newsindex._hits` and `newsindex.searcher._top` use of `_found`: places, their order, and many of them."""

from libc.stdint cimport int32_t, int64_t


cdef struct Place:
    double score
    int64_t date
    int32_t segment
    int32_t doc


cdef inline bint precedes(const Place *one, const Place *other) noexcept nogil:
    """The order of hits: by score, of equals the newer article first, and of these the one added later."""
    if one.score != other.score:
        return one.score > other.score
    return is_newer(one, other)


cdef inline bint is_newer(const Place *one, const Place *other) noexcept nogil:
    if one.date != other.date:
        return one.date > other.date
    if one.segment != other.segment:
        return one.segment > other.segment
    return one.doc > other.doc


cdef class Found:
    cdef Place *places
    cdef Py_ssize_t size

    cdef int put(self, const Place *places, Py_ssize_t count) except -1
    cdef int grow(self, Py_ssize_t room) except -1

# cython: language_level=3
"""What the kernels use of `_pages`: `touch`, which costs a few instructions where bytes were verified before."""

from libc.stdint cimport uint8_t

cdef enum:
    PAGE_BITS = 14  # of the size of a page


cdef class Pages:
    cdef const uint8_t[::1] view
    cdef const uint8_t *data
    cdef Py_ssize_t size
    cdef uint8_t[::1] verified
    cdef uint8_t *pages
    cdef object verify
    cdef readonly object array

    cdef int fetch(self, Py_ssize_t start, Py_ssize_t stop) except -1


cdef inline int touch(Pages one, Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
    """Before the bytes from `start` to `stop` are read: see that they are there, and verify those that never were."""
    cdef Py_ssize_t page
    if start < 0 or start > stop or stop > one.size:
        with gil:
            raise ValueError(f"bytes {start} to {stop} of a section of {one.size}")
    for page in range(start >> PAGE_BITS, (stop + (1 << PAGE_BITS) - 1) >> PAGE_BITS):
        if not one.pages[page]:
            with gil:
                one.fetch(start, stop)
            return 0
    return 0

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Pages`: the bytes of a section, each page of which is verified before it is first read.

Dictionaries and posting lists read a few bytes here and there, so asking whether these are verified has to cost next to
nothing. `newsindex.inverted.segment` makes one of each section that is read so; the kernels call `touch`.
"""

from libc.stdint cimport uint8_t

from functools import partial

import numpy as np


cdef class Pages:
    """Some bytes, verified page by page.

    Args:
        array: the bytes, or numbers that are made of them.
        verified: one byte a page of 16 KiB, not 0 where it is verified; shared with whoever else reads the section.
        verify: called with a range of bytes that is to be verified; it sets `verified`, or raises.

    Without the last two the bytes are ours, and taken as they are. A range outside of them is a ValueError.
    """

    def __init__(self, array, uint8_t[::1] verified=None, verify=None):
        cdef const uint8_t[::1] data = array.view(np.uint8)
        cdef Py_ssize_t count = (data.shape[0] + (1 << PAGE_BITS) - 1) >> PAGE_BITS
        if verified is None:
            verified = bytearray(b"\1" * count)
        if verified.shape[0] != count:
            raise ValueError(f"{verified.shape[0]} pages of {data.shape[0]} bytes")
        self.array, self.view = array, data
        self.data = &data[0] if data.shape[0] else NULL
        self.size = data.shape[0]
        self.verified = verified
        self.pages = &verified[0] if count else NULL
        self.verify = verify

    def __len__(self):
        return self.size

    cdef int fetch(self, Py_ssize_t start, Py_ssize_t stop) except -1:
        self.verify(start, stop)
        return 0


def pages_of(sections, str name):
    """A section, to be read so (see `newsindex.inverted.columns.Sections`)."""
    array, verified = sections.unverified(name)
    return Pages(array, verified, partial(sections.verify, name))

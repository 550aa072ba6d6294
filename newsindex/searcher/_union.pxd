# cython: language_level=3
"""What `_top` uses of `_union`."""

from libc.stdint cimport int64_t, uint8_t

from newsindex.inverted._columns cimport Numbers
from newsindex.searcher._collect cimport Chosen
from newsindex.searcher._scoring cimport Leaf


cdef Chosen collect_union(Leaf leaf, int64_t low, int64_t high, Numbers titles, const uint8_t *alive,
                          double floor)

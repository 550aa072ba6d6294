# cython: language_level=3
"""What the merging of posting lists uses of `_posting_writer`."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from newsindex.inverted._blocks cimport BLOCK, Rows
from newsindex.inverted._buffers cimport Buffer

cdef enum:
    FLUSH = 1 << 20  # bytes gathered before a sink is called


cdef struct Columns:
    # Pointers, since a memory view is some hundred bytes, which every function would be handed anew.
    const uint8_t *docs
    const uint8_t *positions
    const uint8_t *forms
    Py_ssize_t[3] steps  # bytes from one row to the next


@cython.final
cdef class PostingWriter:
    cdef object postings_sink, positions_sink
    cdef const uint32_t[::1] title_words
    cdef const float[::1] title_norms, body_norms
    cdef int where
    cdef Buffer postings, positions, blocks, table, first, maxima, impacts
    cdef Buffer deltas, numbers  # uint32 each: the occurrences of the block at hand
    cdef uint32_t[BLOCK] docs
    cdef uint32_t[BLOCK] counts
    cdef uint32_t[BLOCK] titles   # how many of the occurrences are in the title
    cdef Py_ssize_t held           # articles in the block at hand
    cdef Py_ssize_t df, written_blocks
    cdef int64_t last_doc, block_base
    cdef int32_t last_position
    cdef uint32_t forms
    cdef uint64_t postings_done, positions_done, term_positions
    cdef uint32_t delta_bits, number_bits

    cdef int _begin(self, Py_ssize_t forms) except -1 nogil
    cdef int _new_block(self) noexcept nogil
    cdef int _add(self, const Columns *rows, Py_ssize_t start, Py_ssize_t stop) except -1 nogil
    cdef int _new_posting(self, int32_t doc) except -1 nogil
    cdef int _add_places(self, const Columns *rows, Py_ssize_t start, Py_ssize_t stop) except -1 nogil
    cdef int copy(self, int32_t doc, const Rows *rows, Py_ssize_t first, Py_ssize_t count, const int32_t *forms,
                  Py_ssize_t known) except -1 nogil
    cdef uint8_t _impact(self, Py_ssize_t i) noexcept nogil
    cdef int _write_impacts(self) except -1 nogil
    cdef int _write_block(self, bint last) except -1 nogil
    cdef int _end(self) except -1 nogil
    cdef int _flush(self, bint all) except -1

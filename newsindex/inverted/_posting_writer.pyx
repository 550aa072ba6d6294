# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Writing posting lists in the encoding that is described, and read, in `newsindex.inverted._postings`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, Rows, fault, peek
from newsindex.inverted._buffers cimport Buffer, put_bytes, reserve

from newsindex.inverted import impacts
from newsindex.inverted.fields import TEXT, TITLE

cdef enum:
    IN_TEXT  # the field whose positions begin with those of the title
    IN_TITLE
    ELSEWHERE

cdef double K1 = impacts.K1, TITLE_WEIGHT = impacts.TITLE_WEIGHT
cdef double STEPS = impacts.STEPS * (1 + 1e-6)  # a hair more, for norms that were rounded down


cdef int put_varint(Buffer *buffer, uint64_t value) except -1 nogil:
    reserve(buffer, 10)
    while value >= 128:
        buffer.data[buffer.size] = <uint8_t>(value | 128)
        buffer.size += 1
        value >>= 7
    buffer.data[buffer.size] = <uint8_t>value
    buffer.size += 1
    return 0


cdef int put_u32(Buffer *buffer, uint64_t value) except -1 nogil:
    cdef uint32_t small = <uint32_t>value
    if value >> 32:
        with gil:
            raise OverflowError("a posting list exceeds 4 GiB; use more segments")
    return put_bytes(buffer, &small, 4)


cdef int width_of(uint32_t bits) noexcept nogil:
    cdef int width = 0
    while bits:
        width += 1
        bits >>= 1
    return width


cdef int pack(Buffer *buffer, const uint32_t *values, Py_ssize_t count, int width) except -1 nogil:
    cdef uint64_t pending = 0
    cdef int filled = 0
    cdef Py_ssize_t i
    cdef uint8_t *out
    reserve(buffer, (count * width + 7) // 8 + 8)
    out = buffer.data + buffer.size
    for i in range(count):
        pending |= <uint64_t>values[i] << filled
        filled += width
        if filled >= 32:
            memcpy(out, &pending, 4)
            out += 4
            pending >>= 32
            filled -= 32
    while filled > 0:
        out[0] = <uint8_t>pending
        out += 1
        pending >>= 8
        filled -= 8
    buffer.size = out - buffer.data
    return 0


cdef int check_lengths(Py_ssize_t a, Py_ssize_t b, Py_ssize_t c) except -1:
    if not a == b == c:
        raise ValueError(f"columns of {a}, {b} and {c} rows where all should be as long")
    return 0


cdef inline int32_t entry(const uint8_t *column, Py_ssize_t step, Py_ssize_t row) noexcept nogil:
    return (<const int32_t *>(column + step * row))[0]


cdef Columns columns_of(const int32_t[:] docs, const int32_t[:] positions, const int32_t[:] forms) except *:
    """The columns of some occurrences; they are valid as long as the views are."""
    check_lengths(docs.shape[0], positions.shape[0], forms.shape[0])
    if not docs.shape[0]:
        return Columns(NULL, NULL, NULL, (0, 0, 0))
    return Columns(
        <const uint8_t *>&docs[0], <const uint8_t *>&positions[0], <const uint8_t *>&forms[0],
        (docs.strides[0], positions.strides[0], forms.strides[0]),
    )


cdef class PostingWriter:
    """Encodes posting lists, term after term, into two sinks: callables that take a bytes-like chunk.

    Memory is bounded by one block and the docs blocks of the term at hand, so that a merge may hand over a
    long list in parts. `lengths` are those of the articles, and `field` says of which field the terms that follow are.
    """

    def __cinit__(self, postings_sink, positions_sink, lengths):
        self.postings_sink = postings_sink
        self.positions_sink = positions_sink
        self.title_words = lengths.title
        self.title_norms = lengths.title_norms
        self.body_norms = lengths.body_norms
        check_lengths(self.title_words.shape[0], self.title_norms.shape[0], self.body_norms.shape[0])
        self.where = ELSEWHERE

    def field(self, str name):
        """The terms that follow are of this field, which decides what their impacts are."""
        self.where = IN_TEXT if name == TEXT else IN_TITLE if name == TITLE else ELSEWHERE

    def __dealloc__(self):
        free(self.postings.data)
        free(self.positions.data)
        free(self.blocks.data)
        free(self.table.data)
        free(self.first.data)
        free(self.maxima.data)
        free(self.impacts.data)
        free(self.deltas.data)
        free(self.numbers.data)

    def begin(self, Py_ssize_t forms):
        """Begin a term that occurs in `forms` surface forms; returns the offset of its list."""
        self._begin(forms)
        return self.postings_done + self.postings.size

    cdef int _begin(self, Py_ssize_t forms) except -1 nogil:
        self.blocks.size = self.table.size = self.first.size = self.maxima.size = self.impacts.size = 0
        self.df = self.written_blocks = self.held = 0
        self.last_doc = self.block_base = -1
        self.forms = <uint32_t>forms
        self.term_positions = self.positions_done + self.positions.size
        self._new_block()
        return 0

    cdef int _new_block(self) noexcept nogil:
        self.deltas.size = self.numbers.size = 0
        self.held = 0
        self.delta_bits = self.number_bits = 0
        return 0

    def add(self, const int32_t[:] docs, const int32_t[:] positions, const int32_t[:] forms):
        """Add occurrences of the term begun, in the order of (docid, position)."""
        cdef Columns rows = columns_of(docs, positions, forms)
        cdef Py_ssize_t count = docs.shape[0]
        with nogil:
            self._add(&rows, 0, count)
        self._flush(False)

    cdef int _add(self, const Columns *rows, Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
        cdef Py_ssize_t end
        cdef int32_t doc
        while start < stop:
            doc = entry(rows.docs, rows.steps[0], start)
            end = start + 1
            while end < stop and entry(rows.docs, rows.steps[0], end) == doc:
                end += 1
            if doc != self.last_doc or doc < 0:
                self._new_posting(doc)
            self._add_places(rows, start, end)
            start = end
        return 0

    cdef int _new_posting(self, int32_t doc) except -1 nogil:
        if self.held == BLOCK:
            self._write_block(False)
        if not self.last_doc < doc < self.title_words.shape[0]:
            with gil:
                raise ValueError(f"docid {doc} after {self.last_doc}, of {self.title_words.shape[0]}")
        self.docs[self.held] = doc
        self.counts[self.held] = <uint32_t>-1  # one less than occurrences
        self.titles[self.held] = 0
        self.held += 1
        self.last_doc = doc
        self.last_position = -1
        return 0

    cdef int _add_places(self, const Columns *rows, Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
        """Add occurrences in the article at hand."""
        cdef Py_ssize_t i, count = stop - start
        # Variables of its own: for all the compiler knows, a byte that is written may be part of `self`.
        cdef int32_t before = self.last_position, position
        cdef uint32_t title_words = self.title_words[self.last_doc], in_title = 0, delta_bits = 0, number_bits = 0
        reserve(&self.deltas, 4 * count)
        reserve(&self.numbers, 4 * count)
        cdef uint32_t *deltas = <uint32_t *>(self.deltas.data + self.deltas.size)
        cdef uint32_t *numbers = <uint32_t *>(self.numbers.data + self.numbers.size)
        for i in range(count):
            position = entry(rows.positions, rows.steps[1], start + i)
            deltas[i] = position - before - 1
            numbers[i] = entry(rows.forms, rows.steps[2], start + i)
            before = position
            delta_bits |= deltas[i]
            number_bits |= numbers[i]
            in_title += <uint32_t>before < title_words
        self.deltas.size += 4 * count
        self.numbers.size += 4 * count
        self.last_position = before
        self.delta_bits |= delta_bits
        self.number_bits |= number_bits
        self.counts[self.held - 1] += <uint32_t>count
        self.titles[self.held - 1] += in_title
        return 0

    cdef int copy(self, int32_t doc, const Rows *rows, Py_ssize_t first, Py_ssize_t count, const int32_t *forms,
                  Py_ssize_t known) except -1 nogil:
        """Add the article `doc` with `count` occurrences from the `first` of another list's block on.

        What is form x in that list is `forms[x]` in this one; these are `known`.
        """
        cdef Py_ssize_t k
        cdef int64_t position = -1
        cdef uint32_t in_title = 0, delta_bits = 0, number_bits = 0, form, title_words
        self._new_posting(doc)
        title_words = self.title_words[doc] if self.where == IN_TEXT else 0  # else nobody asks
        reserve(&self.deltas, 4 * count)
        reserve(&self.numbers, 4 * count)
        cdef uint32_t *deltas = <uint32_t *>(self.deltas.data + self.deltas.size)
        cdef uint32_t *numbers = <uint32_t *>(self.numbers.data + self.numbers.size)
        for k in range(count):
            deltas[k] = peek(rows.positions, first + k, rows.delta_width)
            position += 1 + <int64_t>deltas[k]
            in_title += position < title_words
            form = peek(rows.forms, first + k, rows.form_width)
            if form >= known:
                return fault("an occurrence in a form that its term does not have")
            numbers[k] = forms[form]
            delta_bits |= deltas[k]
            number_bits |= numbers[k]
        if position > 0x7FFFFFFF:
            return fault("an impossible position")
        self.deltas.size += 4 * count
        self.numbers.size += 4 * count
        self.delta_bits |= delta_bits
        self.number_bits |= number_bits
        self.counts[self.held - 1] += <uint32_t>count
        self.titles[self.held - 1] += in_title
        return 0

    cdef uint8_t _impact(self, Py_ssize_t i) noexcept nogil:
        """The impact of posting `i` of the block at hand, rounded up; `newsindex.inverted.impacts` has the formula."""
        cdef uint32_t doc = self.docs[i], count = self.counts[i] + 1, title = self.titles[i]
        cdef double shares = count
        if self.where == IN_TEXT:
            shares = (count - title) * self.body_norms[doc] + TITLE_WEIGHT * title * self.title_norms[doc]
        elif self.where == IN_TITLE:
            shares = TITLE_WEIGHT * count * self.title_norms[doc]
        shares = STEPS * shares / (K1 + shares)
        count = <uint32_t>min(shares, 255.0)
        return <uint8_t>(count + (count < shares and count < 255))

    cdef int _write_impacts(self) except -1 nogil:
        cdef uint8_t[BLOCK] impacts
        cdef uint8_t highest = 0
        cdef Py_ssize_t i
        for i in range(self.held):
            impacts[i] = self._impact(i)
            highest = max(highest, impacts[i])
        put_bytes(&self.maxima, &highest, 1)
        return put_bytes(&self.impacts, impacts, self.held)

    cdef int _write_block(self, bint last) except -1 nogil:
        """Encode the block at hand. Only a list of one block keeps its occurrences beside its docs."""
        cdef uint32_t bits = 0, count_bits = 0, doc
        cdef Py_ssize_t i
        cdef Py_ssize_t docs_offset = self.blocks.size
        cdef uint64_t occurrences_offset
        cdef Buffer *out
        cdef uint8_t[2] widths
        self._write_impacts()
        for i in range(self.held):
            doc = self.docs[i]
            self.docs[i] = <uint32_t>(doc - self.block_base - 1)
            self.block_base = doc
            bits |= self.docs[i]
            count_bits |= self.counts[i]
        widths[0] = width_of(bits)
        widths[1] = width_of(count_bits)
        put_bytes(&self.blocks, widths, 2)
        pack(&self.blocks, self.docs, self.held, widths[0])
        pack(&self.blocks, self.counts, self.held, widths[1])
        out = &self.first if last and self.written_blocks == 0 else &self.positions
        occurrences_offset = self.positions_done + self.positions.size - self.term_positions
        widths[0] = max(width_of(self.delta_bits), 1)
        widths[1] = width_of(self.number_bits)
        put_bytes(out, widths, 2)
        pack(out, <uint32_t *>self.deltas.data, self.deltas.size // 4, widths[0])
        pack(out, <uint32_t *>self.numbers.data, self.numbers.size // 4, widths[1])
        put_u32(&self.table, <uint64_t>self.block_base)
        put_u32(&self.table, docs_offset)
        put_u32(&self.table, occurrences_offset)
        self.df += self.held
        self.written_blocks += 1
        self._new_block()
        return 0

    def end(self):
        """End the term begun; returns in how many articles it occurs."""
        self._end()
        self._flush(False)
        return self.df

    cdef int _end(self) except -1 nogil:
        if self.held:
            self._write_block(True)
        put_varint(&self.postings, self.df)
        put_varint(&self.postings, self.forms)
        if self.written_blocks > 1:
            put_varint(&self.postings, self.term_positions)
            put_varint(&self.postings, self.positions_done + self.positions.size - self.term_positions)
            put_bytes(&self.postings, self.table.data, self.table.size)
            put_u32(&self.postings, self.blocks.size)
            put_bytes(&self.postings, self.maxima.data, self.maxima.size)
            put_bytes(&self.postings, self.impacts.data, self.impacts.size)
            put_bytes(&self.postings, self.blocks.data, self.blocks.size)
        elif self.written_blocks:
            put_bytes(&self.postings, self.impacts.data, self.impacts.size)
            put_bytes(&self.postings, self.blocks.data, self.blocks.size)
            put_bytes(&self.postings, self.first.data, self.first.size)
        return 0

    def add_terms(self, const int64_t[::1] starts, const int32_t[:] docs, const int32_t[:] positions,
                  const int32_t[:] forms, const int32_t[::1] form_counts):
        """Encode whole terms: term t has the occurrences `starts[t]` to `starts[t + 1]`, and `form_counts[t]` forms.

        Returns the offset of each list (uint64). Holds the GIL only while it calls a sink.
        """
        cdef Py_ssize_t t, count = starts.shape[0] - 1
        offsets = np.empty(count, np.uint64)
        cdef uint64_t[::1] out = offsets
        cdef Columns rows = columns_of(docs, positions, forms)
        check_lengths(count, form_counts.shape[0], count)
        for t in range(count):
            if not 0 <= starts[t] <= starts[t + 1] <= docs.shape[0]:
                raise ValueError(f"term {t} from {starts[t]} to {starts[t + 1]} of {docs.shape[0]} occurrences")
        with nogil:
            for t in range(count):
                self._begin(form_counts[t])
                out[t] = self.postings_done + self.postings.size
                self._add(&rows, starts[t], starts[t + 1])
                self._end()
                if self.postings.size >= FLUSH or self.positions.size >= FLUSH:
                    with gil:
                        self._flush(False)
        return offsets

    cdef int _flush(self, bint all) except -1:
        if self.postings.size >= FLUSH or (all and self.postings.size):
            self.postings_sink((<uint8_t[:self.postings.size]>self.postings.data))
            self.postings_done += self.postings.size
            self.postings.size = 0
        if self.positions.size >= FLUSH or (all and self.positions.size):
            self.positions_sink((<uint8_t[:self.positions.size]>self.positions.data))
            self.positions_done += self.positions.size
            self.positions.size = 0
        return 0

    def finish(self):
        """Pad both sections and hand over what is left."""
        cdef uint64_t zero = 0
        put_bytes(&self.postings, &zero, 8)
        put_bytes(&self.positions, &zero, 8)
        self._flush(True)

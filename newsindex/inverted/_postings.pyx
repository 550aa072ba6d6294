# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Posting lists as bytes: the one place that knows their encoding, writer and reader side by side.

A posting list belongs to one term of one field and says in which articles the term occurs, how often, at
which token positions, and in which of its surface forms. Articles stand in blocks of `BLOCK`::

    list    varint df, varint forms
            df <= BLOCK:  docs block, occurrences block            (one read gets a rare term whole)
            df >  BLOCK:  varint offset of its occurrences in the positions section, varint their length,
                          one table row a block (u32 last docid, u32 docs offset, u32 occurrences offset),
                          u32 length of the docs blocks, docs blocks
    docs    u8 width, u8 width, docid deltas - 1 (the first from the last docid of the block before),
            occurrences per article - 1
    occurr. u8 width, u8 width, position deltas (first of an article: the position; later: delta - 1),
            form numbers

Numbers in a block are packed at `width` bits, least significant bit first, each row padded to whole bytes. All
integers are little endian. Both sections end in `PADDING` zero bytes, so that the unpacker may load 8 bytes at
a time. The reader trusts nothing: every offset, width and docid is checked against the bounds of its section
and the number of articles before it is used, and a fault is a ValueError that the caller turns into a
CorruptIndexError.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

import numpy as np

cdef enum:
    _BLOCK = 128

BLOCK = _BLOCK
PADDING = 8
cdef Py_ssize_t FLUSH = 1 << 20  # bytes gathered before a sink is called


cdef struct Buffer:
    uint8_t *data
    Py_ssize_t size
    Py_ssize_t room


cdef int reserve(Buffer *buffer, Py_ssize_t more) except -1 nogil:
    cdef Py_ssize_t room = buffer.room
    cdef uint8_t *data
    if buffer.size + more <= room:
        return 0
    room = max(2 * room, buffer.size + more, 4096)
    data = <uint8_t *>realloc(buffer.data, room)
    if data == NULL:
        with gil:
            raise MemoryError(f"no memory for {room} bytes of posting lists")
    buffer.data = data
    buffer.room = room
    return 0


cdef int put_bytes(Buffer *buffer, const void *data, Py_ssize_t size) except -1 nogil:
    reserve(buffer, size)
    if size:
        memcpy(buffer.data + buffer.size, data, size)
    buffer.size += size
    return 0


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
        while filled >= 8:
            out[0] = <uint8_t>pending
            out += 1
            pending >>= 8
            filled -= 8
    if filled:
        out[0] = <uint8_t>pending
        out += 1
    buffer.size = out - buffer.data
    return 0


cdef inline uint32_t peek(const uint8_t *data, Py_ssize_t index, int width) noexcept nogil:
    """The number at `index` of a packed row; the row is followed by at least 8 readable bytes."""
    cdef uint64_t word
    cdef Py_ssize_t bit = index * width
    memcpy(&word, data + (bit >> 3), 8)
    return <uint32_t>((word >> (bit & 7)) & ((<uint64_t>1 << width) - 1))


cdef class PostingWriter:
    """Encodes posting lists, term after term, into two sinks: callables that take a bytes-like chunk.

    Memory is bounded by one block and the docs blocks of the term at hand, so that a merge may hand over a
    long list in parts.
    """

    cdef object postings_sink, positions_sink
    cdef Buffer postings, positions, blocks, table, first
    cdef Buffer deltas, numbers  # uint32 each: the occurrences of the block at hand
    cdef uint32_t[_BLOCK] docs
    cdef uint32_t[_BLOCK] counts
    cdef Py_ssize_t held           # articles in the block at hand
    cdef Py_ssize_t df, written_blocks
    cdef int64_t last_doc, block_base
    cdef int32_t last_position
    cdef uint32_t forms
    cdef uint64_t postings_done, positions_done, term_positions
    cdef uint32_t delta_bits, number_bits

    def __cinit__(self, postings_sink, positions_sink):
        self.postings_sink = postings_sink
        self.positions_sink = positions_sink

    def __dealloc__(self):
        free(self.postings.data)
        free(self.positions.data)
        free(self.blocks.data)
        free(self.table.data)
        free(self.first.data)
        free(self.deltas.data)
        free(self.numbers.data)

    def begin(self, Py_ssize_t forms):
        """Begin a term that occurs in `forms` surface forms; returns the offset of its list."""
        self._begin(forms)
        return self.postings_done + self.postings.size

    cdef int _begin(self, Py_ssize_t forms) except -1 nogil:
        self.blocks.size = self.table.size = self.first.size = 0
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

    def add(self, const int32_t[::1] docs, const int32_t[::1] positions, const int32_t[::1] forms):
        """Add occurrences of the term begun, in the order of (docid, position)."""
        with nogil:
            self._add(docs, positions, forms, 0, docs.shape[0])
        self._flush(False)

    cdef int _add(self, const int32_t[::1] docs, const int32_t[::1] positions, const int32_t[::1] forms,
                  Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
        cdef Py_ssize_t i
        cdef uint32_t delta, number
        for i in range(start, stop):
            if docs[i] != self.last_doc:
                if self.held == _BLOCK:
                    self._write_block(False)
                self.docs[self.held] = docs[i]
                self.counts[self.held] = 0
                self.held += 1
                self.last_doc = docs[i]
                delta = positions[i]
            else:
                self.counts[self.held - 1] += 1
                delta = positions[i] - self.last_position - 1
            self.last_position = positions[i]
            number = forms[i]
            self.delta_bits |= delta
            self.number_bits |= number
            put_bytes(&self.deltas, &delta, 4)
            put_bytes(&self.numbers, &number, 4)
        return 0

    cdef int _write_block(self, bint last) except -1 nogil:
        """Encode the block at hand. Only a list of one block keeps its occurrences beside its docs."""
        cdef uint32_t bits = 0, count_bits = 0, doc
        cdef Py_ssize_t i
        cdef Py_ssize_t docs_offset = self.blocks.size
        cdef uint64_t occurrences_offset
        cdef Buffer *out
        cdef uint8_t[2] widths
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
        widths[0] = width_of(self.delta_bits)
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
            put_bytes(&self.postings, self.blocks.data, self.blocks.size)
        elif self.written_blocks:
            put_bytes(&self.postings, self.blocks.data, self.blocks.size)
            put_bytes(&self.postings, self.first.data, self.first.size)
        return 0

    def add_terms(self, const int64_t[::1] starts, const int32_t[::1] docs, const int32_t[::1] positions,
                  const int32_t[::1] forms, const int32_t[::1] form_counts):
        """Encode whole terms: term t has the occurrences `starts[t]` to `starts[t + 1]`, and `form_counts[t]` forms.

        Returns the offset of each list (uint64).
        """
        cdef Py_ssize_t t, count = starts.shape[0] - 1
        offsets = np.empty(count, np.uint64)
        cdef uint64_t[::1] out = offsets
        for t in range(count):
            self._begin(form_counts[t])
            out[t] = self.postings_done + self.postings.size
            self._add(docs, positions, forms, starts[t], starts[t + 1])
            self._end()
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


cdef class PostingList:
    """One posting list, decoded on demand.

    `postings` and `positions` are the two sections as uint8 arrays, `start` and `stop` the bounds of this list in
    the first. `verify_postings(start, stop)` and `verify_positions(start, stop)` are called before those bytes are
    read. `articles` is the number of articles in the segment.

    Raises ValueError wherever the bytes contradict each other.
    """

    cdef const uint8_t[::1] data, occ
    cdef object verify_postings, verify_positions
    cdef Py_ssize_t start, stop, table, blocks, blocks_size, block_count
    cdef uint64_t occ_start, occ_size
    cdef int64_t articles
    cdef readonly Py_ssize_t df
    cdef readonly Py_ssize_t forms

    def __init__(self, postings, positions, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t articles,
                 verify_postings, verify_positions):
        cdef Py_ssize_t at
        cdef uint64_t value
        self.data = postings
        self.occ = positions
        self.verify_postings = verify_postings
        self.verify_positions = verify_positions
        self.articles = articles
        if start < 0 or stop > self.data.shape[0] - 8 or start >= stop:
            raise ValueError(f"a list from {start} to {stop} is outside its section of {self.data.shape[0]} bytes")
        self.start = start
        self.stop = stop
        verify_postings(start, min(stop, start + 64))
        at = start
        at = self._varint(at, &value)
        if value < 1 or value > <uint64_t>articles:
            raise ValueError(f"a list of {value} articles in a segment of {articles}")
        self.df = <Py_ssize_t>value
        at = self._varint(at, &value)
        if value < 1 or value > 0x7FFFFFFF:
            raise ValueError(f"a term with {value} forms")
        self.forms = <Py_ssize_t>value
        self.block_count = (self.df + _BLOCK - 1) // _BLOCK
        self.occ_start = self.occ_size = 0
        if self.block_count == 1:
            self.blocks = at
            verify_postings(start, stop)
            return
        at = self._varint(at, &self.occ_start)
        at = self._varint(at, &self.occ_size)
        if self.occ_size > <uint64_t>self.occ.shape[0] or self.occ_start + self.occ_size + 8 > <uint64_t>self.occ.shape[0]:
            raise ValueError("occurrences outside their section")
        self.table = at
        self.blocks = at + 12 * self.block_count + 4
        if self.blocks > stop:
            raise ValueError("a block table outside its list")
        verify_postings(start, self.blocks)
        self.blocks_size = self._u32(self.blocks - 4)
        if self.blocks + self.blocks_size != stop:
            raise ValueError("blocks that do not fill their list")

    cdef Py_ssize_t _varint(self, Py_ssize_t at, uint64_t *value) except -1:
        cdef int shift = 0
        value[0] = 0
        while at < self.stop and shift < 63:
            value[0] |= <uint64_t>(self.data[at] & 127) << shift
            at += 1
            if self.data[at - 1] < 128:
                return at
            shift += 7
        raise ValueError("a number without an end")

    cdef inline Py_ssize_t _u32(self, Py_ssize_t at) noexcept nogil:
        cdef uint32_t value
        memcpy(&value, &self.data[at], 4)
        return value

    cdef inline int64_t _last(self, Py_ssize_t block) noexcept nogil:
        """The last docid of a block; -1 before the first. Only for lists with a table."""
        return self._u32(self.table + 12 * block) if block >= 0 else -1

    cdef Py_ssize_t _first_block(self, int64_t doc) noexcept nogil:
        """The first block whose last docid is at least `doc`."""
        cdef Py_ssize_t low = 0, high = self.block_count, middle
        while low < high:
            middle = (low + high) // 2
            if self._last(middle) < doc:
                low = middle + 1
            else:
                high = middle
        return low

    cdef Py_ssize_t _docs_bounds(self, Py_ssize_t block, Py_ssize_t *stop) except -1:
        """Where the docs part of a block begins and its list of docs blocks ends."""
        cdef Py_ssize_t begin, end
        if self.block_count == 1:
            stop[0] = self.stop
            return self.blocks
        begin = self._u32(self.table + 12 * block + 4)
        end = self._u32(self.table + 12 * block + 16) if block + 1 < self.block_count else self.blocks_size
        if begin >= end or end > self.blocks_size:
            raise ValueError("a docs block outside its list")
        stop[0] = self.blocks + end
        return self.blocks + begin

    cdef Py_ssize_t _decode_docs(self, Py_ssize_t block, uint32_t *docs, uint32_t *counts,
                                 Py_ssize_t *after) except -1:
        """Decode one docs block; returns the number of articles in it, and where it ends in `after`."""
        cdef Py_ssize_t count = min(<Py_ssize_t>_BLOCK, self.df - block * _BLOCK)
        cdef Py_ssize_t stop, at = self._docs_bounds(block, &stop), i, row, total
        cdef int width = self.data[at], count_width
        cdef int64_t doc, last
        if at + 2 > stop or width > 32 or self.data[at + 1] > 32:
            raise ValueError("impossible bit widths")
        count_width = self.data[at + 1]
        row = (count * width + 7) // 8
        total = 2 + row + (count * count_width + 7) // 8
        if at + total > stop:
            raise ValueError("a docs block longer than its bytes")
        doc = self._last(block - 1) if self.block_count > 1 else -1
        for i in range(count):
            doc += 1 + <int64_t>peek(&self.data[at + 2], i, width)
            docs[i] = <uint32_t>doc
            counts[i] = 1 + peek(&self.data[at + 2 + row], i, count_width)
        last = self._last(block) if self.block_count > 1 else doc
        if doc != last or doc >= self.articles:
            raise ValueError(f"docid {doc} of {self.articles} where {last} was announced")
        after[0] = at + total
        return count

    def docs(self, int64_t low=0, int64_t high=0x7FFFFFFF):
        """(docids, occurrences in each), both int32, for docids from `low` to `high` - 1."""
        cdef Py_ssize_t first = 0, last = self.block_count - 1, block, n = 0, count, i, after
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        if self.block_count > 1:
            first = self._first_block(low)
            last = min(last, self._first_block(high - 1))
            if first <= last:
                self._verify_docs(first, last)
        room = max(last - first + 1, 0) * _BLOCK
        found = np.empty((2, room), np.int32)
        cdef int32_t[:, ::1] out = found
        for block in range(first, last + 1):
            count = self._decode_docs(block, docs, counts, &after)
            for i in range(count):
                if low <= docs[i] < high:
                    out[0, n] = <int32_t>docs[i]
                    out[1, n] = <int32_t>counts[i]
                    n += 1
        return found[0, :n], found[1, :n]

    cdef int _verify_docs(self, Py_ssize_t first, Py_ssize_t last) except -1:
        cdef Py_ssize_t stop, begin = self._docs_bounds(first, &stop)
        self._docs_bounds(last, &stop)
        self.verify_postings(begin, stop)
        return 0

    def occurrences(self, const int32_t[::1] wanted):
        """The occurrences in the articles `wanted`, ascending docids; articles without the term have none.

        Returns (starts, positions, forms): those of `wanted[i]` stand from `starts[i]` (int64) to `starts[i + 1]` in
        the other two (int32).
        """
        cdef Py_ssize_t n = wanted.shape[0], i = 0, j, k, block = -1, next_block, count = 0, after, total = 0
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        cdef Py_ssize_t[_BLOCK + 1] before
        cdef Occurrences occurrences = Occurrences()
        found_starts = np.zeros(n + 1, np.int64)
        cdef int64_t[::1] starts = found_starts
        j = 0
        while i < n:
            if block < 0 or (j >= count and block + 1 < self.block_count) or (
                    self.block_count > 1 and wanted[i] > self._last(block)):
                next_block = self._first_block(wanted[i]) if self.block_count > 1 else 0
                if next_block >= self.block_count or next_block == block:
                    break
                block = next_block
                if self.block_count > 1:
                    self._verify_docs(block, block)
                count = self._decode_docs(block, docs, counts, &after)
                before[0] = 0
                for k in range(count):
                    before[k + 1] = before[k] + counts[k]
                self._open_occurrences(occurrences, block, before[count], after)
                j = 0
            while j < count and <int64_t>docs[j] < wanted[i]:
                j += 1
            if j < count and <int64_t>docs[j] == wanted[i]:
                occurrences.copy(before[j], counts[j])
                total += counts[j]
            i += 1
            starts[i] = total
        for k in range(i, n):
            starts[k + 1] = total
        return found_starts, occurrences.positions(), occurrences.forms()

    cdef int _open_occurrences(self, Occurrences occurrences, Py_ssize_t block, Py_ssize_t count,
                               Py_ssize_t after) except -1:
        cdef uint64_t begin, end
        if self.block_count == 1:
            occurrences.open(self.data, after, self.stop, count)
            return 0
        begin = self._u32(self.table + 12 * block + 8)
        end = self._u32(self.table + 12 * block + 20) if block + 1 < self.block_count else self.occ_size
        if begin >= end or end > self.occ_size:
            raise ValueError("an occurrences block outside its list")
        self.verify_positions(self.occ_start + begin, self.occ_start + end)
        occurrences.open(self.occ, self.occ_start + begin, self.occ_start + end, count)
        return 0


cdef class Occurrences:
    """Gathers the positions and form numbers of chosen articles out of occurrence blocks."""

    cdef const uint8_t[::1] data
    cdef Py_ssize_t at, row
    cdef int delta_width, form_width
    cdef Buffer gathered_positions, gathered_forms

    def __dealloc__(self):
        free(self.gathered_positions.data)
        free(self.gathered_forms.data)

    cdef int open(self, const uint8_t[::1] data, Py_ssize_t at, Py_ssize_t stop, Py_ssize_t count) except -1:
        if at + 2 > stop or data[at] > 32 or data[at + 1] > 32:
            raise ValueError("impossible bit widths")
        self.data = data
        self.at = at + 2
        self.delta_width = data[at]
        self.form_width = data[at + 1]
        self.row = (count * self.delta_width + 7) // 8
        if self.at + self.row + (count * self.form_width + 7) // 8 > stop:
            raise ValueError("an occurrences block longer than its bytes")
        return 0

    cdef int copy(self, Py_ssize_t first, Py_ssize_t count) except -1:
        cdef Py_ssize_t k
        cdef int64_t position = 0
        cdef int32_t *positions
        cdef int32_t *forms
        reserve(&self.gathered_positions, 4 * count)
        reserve(&self.gathered_forms, 4 * count)
        positions = <int32_t *>(self.gathered_positions.data + self.gathered_positions.size)
        forms = <int32_t *>(self.gathered_forms.data + self.gathered_forms.size)
        for k in range(count):
            position += peek(&self.data[self.at], first + k, self.delta_width) + (k > 0)
            positions[k] = <int32_t>position
            forms[k] = <int32_t>peek(&self.data[self.at + self.row], first + k, self.form_width)
        if position > 0x7FFFFFFF:
            raise ValueError(f"an impossible position {position}")
        self.gathered_positions.size += 4 * count
        self.gathered_forms.size += 4 * count
        return 0

    cdef object positions(self):
        return gathered(&self.gathered_positions)

    cdef object forms(self):
        return gathered(&self.gathered_forms)


def list_sizes(postings, positions, const uint64_t[::1] starts, Py_ssize_t articles, verify_postings, verify_positions):
    """How many bytes each of several lists takes, its occurrences included (int64); see `read_terms`."""
    cdef Py_ssize_t t
    cdef PostingList plist
    found = np.empty(starts.shape[0] - 1, np.int64)
    cdef int64_t[::1] out = found
    for t in range(starts.shape[0] - 1):
        plist = PostingList(postings, positions, starts[t], starts[t + 1], articles, verify_postings, verify_positions)
        out[t] = plist.stop - plist.start + <int64_t>plist.occ_size
    return found


def read_terms(postings, positions, const uint64_t[::1] starts, const int32_t[::1] renumbered,
               verify_postings, verify_positions):
    """Every occurrence of several terms, for merging: term t has the list from `starts[t]` to `starts[t + 1]`.

    Docid d becomes `renumbered[d]`; where that is negative the article is left out.

    Returns (terms, docids, positions, forms), int32 each, ordered by term, old docid and position.
    """
    cdef Py_ssize_t t, block, count, after, i, k
    cdef uint32_t[_BLOCK] docs
    cdef uint32_t[_BLOCK] counts
    cdef Py_ssize_t first
    cdef int32_t pair[2]
    cdef PostingList plist
    cdef Occurrences occurrences = Occurrences()
    cdef Columns columns = Columns()
    for t in range(starts.shape[0] - 1):
        plist = PostingList(postings, positions, starts[t], starts[t + 1], renumbered.shape[0],
                            verify_postings, verify_positions)
        if plist.block_count > 1:
            plist._verify_docs(0, plist.block_count - 1)
        for block in range(plist.block_count):
            count = plist._decode_docs(block, docs, counts, &after)
            first = 0
            for i in range(count):
                first += counts[i]
            plist._open_occurrences(occurrences, block, first, after)
            first = 0
            for i in range(count):
                if renumbered[docs[i]] >= 0:
                    occurrences.copy(first, counts[i])
                    for k in range(counts[i]):
                        pair[0] = <int32_t>t
                        pair[1] = renumbered[docs[i]]
                        put_bytes(&columns.terms, &pair[0], 4)
                        put_bytes(&columns.docs, &pair[1], 4)
                first += counts[i]
    return gathered(&columns.terms), gathered(&columns.docs), occurrences.positions(), occurrences.forms()


cdef class Columns:
    """Owns two growing columns, so that they are freed whatever happens."""

    cdef Buffer terms, docs

    def __dealloc__(self):
        free(self.terms.data)
        free(self.docs.data)


cdef object gathered(Buffer *buffer):
    array = np.empty(buffer.size // 4, np.int32)
    cdef int32_t[::1] out = array
    if buffer.size:
        memcpy(&out[0], buffer.data, buffer.size)
    return array

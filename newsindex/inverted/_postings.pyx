# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Posting lists as bytes: their encoding, and its reader; the writer is `_posting_writer`.

A posting list belongs to one term of one field and says in which articles the term occurs, how often, at
which token positions, and in which of its surface forms. Articles stand in blocks of `BLOCK`::

    list    varint df, varint forms
            df <= BLOCK:  docs block, occurrences block            (one read gets a rare term whole)
            df >  BLOCK:  varint offset of its occurrences in the positions section, varint their length,
                          one table row a block (u32 last docid, u32 docs offset, u32 occurrences offset),
                          u32 length of the docs blocks, docs blocks
    docs    u8 width, u8 width, docid deltas - 1 (the first from the last docid of the block before),
            occurrences per article - 1
    occurr. u8 width (at least 1), u8 width, position deltas (first of an article: the position; later:
            delta - 1), form numbers

Numbers in a block are packed at `width` bits, least significant bit first, each row padded to whole bytes. So an
occurrence takes a bit at least, and the bytes of a block bound what decoding it can allocate. All integers are little
endian. Both sections end in `PADDING` zero bytes, so that the unpacker may load 8 bytes at
a time. The occurrences are read by `_occurrences`. The readers trust nothing: every offset, width and docid is checked against the bounds of its section
and the number of articles before it is used, and a fault is a ValueError that the caller turns into a
CorruptIndexError.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._buffers cimport Buffer, put_bytes
from newsindex.inverted._occurrences cimport Occurrences, gathered, peek

cdef enum:
    _BLOCK = 128
    MOST_OCCURRENCES = 0x7FFFFFFF  # in a block; what the reader hands out counts them in int32

BLOCK = _BLOCK
PADDING = 8


cdef class PostingList:
    """One posting list, decoded on demand.

    `postings` and `positions` are the two sections as uint8 arrays, `start` and `stop` the bounds of this list in
    the first. `verify_postings(start, stop)` and `verify_positions(start, stop)` are called before those bytes are
    read, and return how far the section is verified from `start` on. `articles` is the number of articles in the segment.

    Raises ValueError wherever the bytes contradict each other. Nothing in it changes, so threads may share one.
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
        if self.occ_size > <uint64_t>self.occ.shape[0] or (
                self.occ_start + self.occ_size + 8 > <uint64_t>self.occ.shape[0]):
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

    cdef int _occurrences_bounds(self, Py_ssize_t block, Py_ssize_t after, Py_ssize_t *begin,
                                 Py_ssize_t *end) except -1:
        """Where the occurrences of a block begin and end, in the list or in the positions; its docs end at `after`."""
        begin[0] = after
        end[0] = self.stop
        if self.block_count > 1:
            begin[0] = self._u32(self.table + 12 * block + 8)
            end[0] = self._u32(self.table + 12 * block + 20) if block + 1 < self.block_count else self.occ_size
            if end[0] > <Py_ssize_t>self.occ_size:
                raise ValueError("an occurrences block outside its list")
        if begin[0] + 2 >= end[0]:
            raise ValueError("an occurrences block without an occurrence")
        return 0

    cdef Py_ssize_t _decode_docs(self, Py_ssize_t block, uint32_t *docs, uint32_t *counts,
                                 Py_ssize_t *after) except -1:
        """Decode one docs block; returns the number of articles in it, and where it ends in `after`.

        What it announces is bounded by the bits that there are for occurrences.
        """
        cdef Py_ssize_t count = min(<Py_ssize_t>_BLOCK, self.df - block * _BLOCK)
        cdef Py_ssize_t stop, at = self._docs_bounds(block, &stop), i, row, total
        cdef Py_ssize_t begin, end, occurrences = 0
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
        if count_width == 0:
            occurrences = count
            for i in range(count):
                counts[i] = 1
        else:
            for i in range(count):
                counts[i] = 1 + peek(&self.data[at + 2 + row], i, count_width)
                # Not the sum of `counts`, which wrap where 2 ** 32 is announced.
                occurrences += 1 + <Py_ssize_t>(counts[i] - 1)
        last = self._last(block) if self.block_count > 1 else doc
        if doc != last or doc >= self.articles:
            raise ValueError(f"docid {doc} of {self.articles} where {last} was announced")
        after[0] = at + total
        self._occurrences_bounds(block, at + total, &begin, &end)
        if occurrences > min(8 * (end - begin), <Py_ssize_t>MOST_OCCURRENCES):
            raise ValueError(f"{occurrences} occurrences announced in {end - begin} bytes")
        return count

    def docs(self, int64_t low=0, int64_t high=0x7FFFFFFF):
        """(docids, occurrences in each), both int32, for docids from `low` to `high` - 1."""
        cdef Py_ssize_t first = 0, last = self.block_count - 1, block, n = 0, count, i, after, verified = 0
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        if self.block_count > 1:
            first = self._first_block(low)
            last = min(last, self._first_block(high - 1))
            if first <= last:
                self._verify_docs(first, last, &verified)
        room = max(last - first + 1, 0) * _BLOCK
        found = np.empty((2, room), np.int32)
        cdef int32_t[:, ::1] out = found
        for block in range(first, last + 1):
            count = self._decode_docs(block, docs, counts, &after)
            if low <= docs[0] and docs[count - 1] < high:
                memcpy(&out[0, n], docs, count * 4)
                memcpy(&out[1, n], counts, count * 4)
                n += count
                continue
            for i in range(count):
                if low <= docs[i] < high:
                    out[0, n] = <int32_t>docs[i]
                    out[1, n] = <int32_t>counts[i]
                    n += 1
        return found[0, :n], found[1, :n]

    cdef int _verify_docs(self, Py_ssize_t first, Py_ssize_t last, Py_ssize_t *verified) except -1:
        """Verify some docs blocks, unless a call for earlier ones reached to `verified` already."""
        cdef Py_ssize_t stop, begin = self._docs_bounds(first, &stop)
        self._docs_bounds(last, &stop)
        if stop > verified[0]:
            verified[0] = self.verify_postings(begin, stop)
        return 0

    def occurrences(self, const int32_t[::1] wanted, bint forms=True, const int64_t[::1] chosen=None):
        """The occurrences in the articles `wanted`, ascending docids; articles without the term have none.

        Returns (starts, positions, forms): those of `wanted[i]` stand from `starts[i]` (int64) to `starts[i + 1]` in
        the other two (int32). Without `forms` the last is empty. With `chosen`, some form numbers, only the positions
        of occurrences in these forms are gathered.
        """
        cdef Occurrences occurrences = Occurrences()
        occurrences.bare = not forms or chosen is not None
        if chosen is not None:
            occurrences.choose(chosen)
        found = np.zeros(wanted.shape[0] + 1, np.int64)
        cdef int64_t[::1] starts = found
        self._visit(wanted, occurrences, starts[1:])
        np.cumsum(found, out=found)
        return found, occurrences.positions(), occurrences.forms()

    def tally(self, const int32_t[::1] wanted, const int64_t[::1] alike, const int64_t[::1] typed):
        """How many occurrences in each of `wanted`, ascending docids, are in these form numbers: (alike, typed), int32.

        All that are `typed` are `alike` too.
        """
        cdef Occurrences occurrences = Occurrences()
        cdef Py_ssize_t i
        occurrences.counting = True
        occurrences.choose(alike, typed)
        sums = np.zeros(wanted.shape[0], np.int64)
        counts = np.empty((2, wanted.shape[0]), np.int32)
        cdef int64_t[::1] both = sums
        cdef int32_t[:, ::1] out = counts
        self._visit(wanted, occurrences, both)
        for i in range(wanted.shape[0]):
            out[0, i] = both[i] & 0xFFFFFFFF
            out[1, i] = both[i] >> 32
        return counts[0], counts[1]

    cdef int _visit(self, const int32_t[::1] wanted, Occurrences occurrences, int64_t[::1] sums) except -1:
        """Take the occurrences in `wanted`, ascending docids; `sums[i]` of them are in `wanted[i]`."""
        cdef Py_ssize_t n = wanted.shape[0], i = 0, j = 0, k, block = -1, next_block, count = 0, after, verified = 0
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        cdef Py_ssize_t[_BLOCK + 1] before
        while i < n:
            if block < 0 or (j >= count and block + 1 < self.block_count) or (
                    self.block_count > 1 and wanted[i] > self._last(block)):
                next_block = self._first_block(wanted[i]) if self.block_count > 1 else 0
                if next_block >= self.block_count or next_block == block:
                    break
                block = next_block
                if self.block_count > 1:
                    self._verify_docs(block, block, &verified)
                count = self._decode_docs(block, docs, counts, &after)
                before[0] = 0
                for k in range(count):
                    before[k + 1] = before[k] + counts[k]
                self._open_occurrences(occurrences, block, before[count], after)
                j = 0
            while j < count and <int64_t>docs[j] < wanted[i]:
                j += 1
            if j < count and <int64_t>docs[j] == wanted[i]:
                sums[i] = occurrences.take(before[j], counts[j])
            i += 1
        return 0

    def check(self, int64_t[::1] words):
        """Decode the whole list, and add to `words` how often the term occurs in each article."""
        cdef Py_ssize_t block, count, after, i, total, verified = 0
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        cdef Occurrences occurrences = Occurrences()
        if words.shape[0] != self.articles:
            raise ValueError(f"{words.shape[0]} counts for {self.articles} articles")
        if self.block_count > 1:
            self._verify_docs(0, self.block_count - 1, &verified)
        for block in range(self.block_count):
            count = self._decode_docs(block, docs, counts, &after)
            total = 0
            for i in range(count):
                total += counts[i]
            self._open_occurrences(occurrences, block, total, after)
            total = 0
            for i in range(count):
                occurrences.copy(total, counts[i])
                total += counts[i]
                words[docs[i]] += counts[i]
            occurrences.clear()

    cdef int _open_occurrences(self, Occurrences occurrences, Py_ssize_t block, Py_ssize_t count,
                               Py_ssize_t after) except -1:
        cdef Py_ssize_t begin, end
        self._occurrences_bounds(block, after, &begin, &end)
        if self.block_count == 1:
            occurrences.open(self.data, begin, end, count, self.forms)
            return 0
        # Blocks are read in their order, so two that share bytes would multiply what a file can make us allocate.
        if begin < occurrences.read:
            raise ValueError("occurrences blocks that overlap")
        occurrences.read = end
        if <Py_ssize_t>self.occ_start + end > occurrences.verified:
            occurrences.verified = self.verify_positions(self.occ_start + begin, self.occ_start + end)
        occurrences.open(self.occ, self.occ_start + begin, self.occ_start + end, count, self.forms)
        return 0


def list_sizes(postings, positions, const uint64_t[::1] starts, Py_ssize_t articles, verify_postings, verify_positions):
    """How many bytes each of several lists takes, its occurrences included (int64); see `read_terms`."""
    cdef Py_ssize_t t
    cdef PostingList plist
    found = np.empty(starts.shape[0] - 1, np.int64)
    cdef int64_t[::1] out = found
    for t in range(starts.shape[0] - 1):
        plist = PostingList(postings, positions, <Py_ssize_t>starts[t], <Py_ssize_t>starts[t + 1], articles,
                            verify_postings, verify_positions)
        out[t] = plist.stop - plist.start + <int64_t>plist.occ_size
    return found


def read_terms(postings, positions, const uint64_t[::1] starts, const int32_t[::1] renumbered,
               verify_postings, verify_positions):
    """Every occurrence of several terms, for merging: term t has the list from `starts[t]` to `starts[t + 1]`.

    Docid d becomes `renumbered[d]`; where that is negative the article is left out.

    Returns (terms, docids, positions, forms), int32 each, ordered by term, old docid and position.
    """
    cdef Py_ssize_t t, block, count, after, i, k, verified
    cdef uint32_t[_BLOCK] docs
    cdef uint32_t[_BLOCK] counts
    cdef Py_ssize_t first
    cdef int32_t pair[2]
    cdef PostingList plist
    cdef Occurrences occurrences = Occurrences()
    cdef Columns columns = Columns()
    for t in range(starts.shape[0] - 1):
        plist = PostingList(postings, positions, <Py_ssize_t>starts[t], <Py_ssize_t>starts[t + 1],
                            renumbered.shape[0], verify_postings, verify_positions)
        if plist.block_count > 1:
            verified = 0
            plist._verify_docs(0, plist.block_count - 1, &verified)
        occurrences.read = occurrences.verified = 0
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

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Posting lists as bytes: their encoding, and its reader; the writer is `_posting_writer`.

A posting list belongs to one term of one field and says in which articles the term occurs, how often, at
which token positions, and in which of its surface forms. Articles stand in blocks of `BLOCK`::

    list    varint df, varint forms
            df <= BLOCK:  impacts, docs block, occurrences block   (one read gets a rare term whole)
            df >  BLOCK:  varint offset of its occurrences in the positions section, varint their length,
                          one table row a block (u32 last docid, u32 docs offset, u32 occurrences offset),
                          u32 length of the docs blocks, u8 highest impact a block, impacts, docs blocks
    impacts u8 an article: a bound of what the term is worth there (see newsindex.inverted.impacts)
    docs    u8 width, u8 width, docid deltas - 1 (the first from the last docid of the block before),
            occurrences per article - 1
    occurr. u8 width (at least 1), u8 width, position deltas (first of an article: the position; later:
            delta - 1), form numbers

Numbers in a block are packed at `width` bits, least significant bit first, each row padded to whole bytes. So an
occurrence takes a bit at least, and the bytes of a block bound what decoding it can allocate. All integers are little
endian. Both sections end in `PADDING` zero bytes, so that the unpacker may load 8 bytes at
a time. Docs blocks are decoded by `_blocks`, occurrences by `_occurrences`. The readers trust nothing: every offset, width and docid is checked against the bounds of its section
and the number of articles before it is used, and a fault is a ValueError that the caller turns into a
CorruptIndexError.
"""

from cython cimport no_gc
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._blocks cimport BLOCK as _BLOCK
from newsindex.inverted._blocks cimport (
    List,
    MOST_OCCURRENCES,
    decode_docs,
    decode_ends,
    docs_bounds,
    fault,
    first_block,
    forward,
    last_doc,
    occurrences_bounds,
    open_rows,
    peek,
    u32,
)
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._pages cimport Pages, touch

cdef enum:
    MOST_HEADER = 40  # bytes of the four varints that a list begins with

BLOCK = _BLOCK
PADDING = 8


@no_gc  # as the nodes of plans, which say why
cdef class PostingList:
    """One posting list, decoded on demand.

    `postings` and `positions` are the two sections, `start` and `stop` the bounds of this list in the first, `articles`
    is the number of articles in the segment.

    Raises ValueError wherever the bytes contradict each other. Nothing in it changes, so threads may share one.
    """

    def __init__(self, Pages postings not None, Pages positions not None, Py_ssize_t start, Py_ssize_t stop,
                 Py_ssize_t articles):
        self._open(postings, positions, start, stop, articles)

    cdef int _open(self, Pages postings, Pages positions, Py_ssize_t start, Py_ssize_t stop,
                   Py_ssize_t articles) except -1:
        self._attach(postings, positions, articles)
        return self._turn_to(start, stop)

    cdef int _attach(self, Pages postings, Pages positions, Py_ssize_t articles) except -1:
        """Take the sections in which lists are to be read."""
        self.postings, self.positions = postings, positions
        self.list.data = postings.data
        self.list.articles = articles
        return 0

    cdef int _turn_to(self, Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
        """Become the list from `start` to `stop`. Whoever merges lists reads them all by one object."""
        cdef uint64_t value
        if start < 0 or stop > self.postings.size - 8 or start >= stop:
            with gil:
                raise ValueError(
                    f"a list from {start} to {stop} is outside its section of {self.postings.size} bytes"
                )
        self.start = start
        self.list.stop = stop
        self.list.positions_size = 0
        touch(self.postings, start, min(stop, start + MOST_HEADER))
        start = self._varint(start, &value)
        if value < 1 or value > <uint64_t>self.list.articles:
            with gil:
                raise ValueError(f"a list of {value} articles in a segment of {self.list.articles}")
        self.df = self.list.df = <Py_ssize_t>value
        start = self._varint(start, &value)
        if value < 1 or value > 0x7FFFFFFF:
            with gil:
                raise ValueError(f"a term with {value} forms")
        self.forms = self.list.forms = <Py_ssize_t>value
        self.list.block_count = (self.df + _BLOCK - 1) // _BLOCK
        if self.list.block_count > 1:
            return self._lay_out_blocks(start)
        self.list.impacts = start
        self.list.blocks = start + self.df
        if self.list.blocks > stop:
            fault("impacts outside their list")
        return touch(self.postings, self.start, stop)

    cdef int _lay_out_blocks(self, Py_ssize_t at) except -1 nogil:
        """Find the parts of a list of several blocks from `at`, where its header goes on."""
        cdef Py_ssize_t count = self.list.block_count
        cdef uint64_t start, size
        at = self._varint(at, &start)
        at = self._varint(at, &size)
        if size > <uint64_t>self.positions.size or start + size + 8 > <uint64_t>self.positions.size:
            fault("occurrences outside their section")
        self.list.positions = self.positions.data
        self.list.positions_start, self.list.positions_size = <Py_ssize_t>start, <Py_ssize_t>size
        self.list.table = at
        self.list.maxima = at + 12 * count + 4
        self.list.impacts = self.list.maxima + count
        self.list.blocks = self.list.impacts + self.df
        if self.list.blocks > self.list.stop:
            fault("a block table outside its list")
        touch(self.postings, self.start, self.list.blocks)
        self.list.blocks_size = u32(&self.list, self.list.maxima - 4)
        if self.list.blocks + self.list.blocks_size != self.list.stop:
            fault("blocks that do not fill their list")
        return 0

    cdef Py_ssize_t _varint(self, Py_ssize_t at, uint64_t *value) except -1 nogil:
        cdef int shift = 0
        value[0] = 0
        while at < self.list.stop and shift < 63:
            value[0] |= <uint64_t>(self.list.data[at] & 127) << shift
            at += 1
            if self.list.data[at - 1] < 128:
                return at
            shift += 7
        return fault("a number without an end")

    cdef int verify_docs(self, int64_t low, int64_t high) except -1 nogil:
        """Verify the docs blocks that may hold docids from `low` to `high` - 1."""
        cdef Py_ssize_t last = self.list.block_count - 1, first, begin, end, stop
        if self.list.block_count == 1:
            return 0  # as it was made
        first = first_block(&self.list, low, 0)
        last = min(last, first_block(&self.list, high - 1, first))
        if first > last:
            return 0
        begin = docs_bounds(&self.list, first, &stop)
        docs_bounds(&self.list, last, &end)
        return touch(self.postings, begin, end)

    cdef Py_ssize_t _decode(self, Py_ssize_t block, uint32_t *docs, uint32_t *counts, Py_ssize_t *after) except -1:
        """Decode one docs block; returns the number of articles in it, and where it ends in `after`.

        What it announces is bounded by the bits that there are for occurrences.
        """
        cdef Py_ssize_t count = decode_docs(&self.list, block, docs), i, begin, end
        cdef int64_t occurrences = decode_ends(&self.list, block, counts, after)
        occurrences_bounds(&self.list, block, after[0], &begin, &end)
        if occurrences > min(8 * (end - begin), <Py_ssize_t>MOST_OCCURRENCES):
            raise ValueError(f"{occurrences} occurrences announced in {end - begin} bytes")
        for i in range(count - 1, 0, -1):
            counts[i] -= counts[i - 1]
        return count

    def docs(self, int64_t low=0, int64_t high=0x7FFFFFFF):
        """(docids, occurrences in each), both int32, for docids from `low` to `high` - 1."""
        cdef Py_ssize_t first, last, block, n = 0, count, i, after
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        self.verify_docs(low, high)
        first = first_block(&self.list, low, 0)
        last = min(self.list.block_count - 1, first_block(&self.list, high - 1, first))
        found = np.empty((2, max(last - first + 1, 0) * _BLOCK), np.int32)
        cdef int32_t[:, ::1] out = found
        for block in range(first, last + 1):
            count = self._decode(block, docs, counts, &after)
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

    def last(self, Py_ssize_t wanted):
        """The docids (int32) of the last `wanted` articles of the list, or of all where it has no more."""
        cdef Py_ssize_t first = max(self.df - max(wanted, 0), 0), block, begin, count, n = 0
        cdef uint32_t[_BLOCK] docs
        found = np.empty(self.df - first, np.int32)
        cdef int32_t[::1] out = found
        if n == out.shape[0]:
            return found
        self.verify_docs(last_doc(&self.list, first // _BLOCK - 1) + 1 if self.list.block_count > 1 else 0,
                         self.list.articles)
        for block in range(first // _BLOCK, self.list.block_count):
            count = decode_docs(&self.list, block, docs)
            begin = max(first - block * _BLOCK, 0)
            memcpy(&out[n], docs + begin, (count - begin) * sizeof(int32_t))
            n += count - begin
        return found

    def impacts(self):
        """The impact of each article of the list (uint8)."""
        return np.array(self.postings.view[self.list.impacts:self.list.impacts + self.df])

    def occurrences(self, const int32_t[::1] wanted, const uint8_t[::1] marks=None, uint8_t rest=0):
        """The occurrences in the articles `wanted`, ascending docids; articles without the term have none.

        Returns (starts, positions, forms): those of `wanted[i]` stand from `starts[i]` (int64) to `starts[i + 1]` in
        the other two (int32). With `marks`, those of each form, and `rest`, those of the forms beyond, the marks of
        each occurrence (uint8) take the place of its form, and those that have none are left out.
        """
        cdef Occurrences occurrences = Occurrences()
        if marks is not None:
            occurrences.begin(&marks[0] if marks.shape[0] else NULL, marks.shape[0], rest)
        found = np.zeros(wanted.shape[0] + 1, np.int64)
        cdef int64_t[::1] starts = found
        if wanted.shape[0]:
            self._visit(&wanted[0], wanted.shape[0], occurrences, &starts[1], NULL, None)
        np.cumsum(found, out=found)
        return found, occurrences.positions(), occurrences.forms() if marks is None else occurrences.marked()

    def places(self, int32_t doc, bytes marks not None, uint8_t rest, int64_t base, int64_t words):
        """The positions that `occurrences` finds in one article, of those from `base` to `base + words` - 1: a list.

        They are counted from `base`.
        """
        cdef Occurrences occurrences = Occurrences()
        cdef Py_ssize_t k
        occurrences.begin(<const uint8_t *>PyBytes_AS_STRING(marks), len(marks), rest)
        self._visit(&doc, 1, occurrences, NULL, NULL, None)
        cdef const int32_t *found = <const int32_t *>occurrences.gathered_positions.data
        return [found[k] - base for k in range(occurrences.gathered_positions.size // 4)
                if base <= found[k] < base + words]

    def tally(self, const int32_t[::1] wanted, Numbers limits=None, const uint8_t[::1] marks=None, uint8_t rest=1):
        """How often the term occurs in each of `wanted`, ascending docids: int32 [articles, 6].

        The columns: occurrences in forms that are CHOSEN, of these before the position `limits[docid]`; then the same
        two for forms that are ALIKE, and for forms that are TYPED. `marks` and `rest` are as in `occurrences`; without
        them all forms are chosen and none is marked otherwise.
        """
        cdef Occurrences occurrences = Occurrences()
        if limits is not None and limits.count != self.list.articles:
            raise ValueError(f"{limits.count} limits for {self.list.articles} articles")
        if marks is not None:
            occurrences.begin(&marks[0] if marks.shape[0] else NULL, marks.shape[0], rest)
        counts = np.zeros((wanted.shape[0], 6), np.int32)
        cdef int32_t[:, ::1] sums = counts
        if wanted.shape[0]:
            self._visit(&wanted[0], wanted.shape[0], occurrences, NULL, &sums[0, 0], limits)
        return counts

    def is_alive(self, const uint8_t[::1] alive, uint32_t form):
        """Whether the term occurs in this form in an article that is `alive`, of which each article has a byte."""
        cdef Py_ssize_t block, count, i, k, begin, after
        cdef int64_t total
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] ends
        cdef Occurrences occurrences = Occurrences()
        if alive.shape[0] != self.list.articles:
            raise ValueError(f"{alive.shape[0]} bytes for {self.list.articles} articles")
        for block in range(self.list.block_count):
            begin = docs_bounds(&self.list, block, &after)
            touch(self.postings, begin, after)
            count = decode_docs(&self.list, block, docs)
            total = decode_ends(&self.list, block, ends, &after)
            self._open_occurrences(occurrences, block, total, after)
            k = 0
            for i in range(count):
                while k < <Py_ssize_t>ends[i]:
                    if alive[docs[i]] and peek(occurrences.rows.forms, k, occurrences.rows.form_width) == form:
                        return True
                    k += 1
        return False

    cdef bint _meets(self, const int32_t *wanted, Py_ssize_t n) except -1 nogil:
        """Whether the list may have one of `wanted`, n ascending docids; of a short list, whether it has."""
        cdef uint32_t[_BLOCK] docs
        cdef Py_ssize_t count, i = 0, j = 0
        if self.list.block_count > 1:
            return True
        count = decode_docs(&self.list, 0, docs)
        while i < n and j < count:
            if <int64_t>docs[j] == wanted[i]:
                return True
            if <int64_t>docs[j] < wanted[i]:
                j += 1
            else:
                i += 1
        return False

    cdef int _visit(self, const int32_t *wanted, Py_ssize_t n, Occurrences occurrences, int64_t *sizes, int32_t *sums,
                    Numbers limits) except -1 nogil:
        """Gather the occurrences in `wanted`, n ascending docids, `sizes[i]` in `wanted[i]`; or tally six `sums` each."""
        cdef Py_ssize_t i, j = 0, block = -1, opened = -1, count = 0, before, after
        cdef int64_t found, limit
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] ends
        self.verify_docs(wanted[0], <int64_t>wanted[n - 1] + 1)
        for i in range(n):
            if block < 0 or <int64_t>docs[count - 1] < wanted[i]:
                block = first_block(&self.list, wanted[i], block + 1)
                if block >= self.list.block_count:
                    break
                count = decode_docs(&self.list, block, docs)
                j = 0
            if <int64_t>docs[count - 1] < wanted[i]:
                break
            j = forward(docs, j, count, <uint32_t>wanted[i])
            if <int64_t>docs[j] != wanted[i]:
                continue
            if opened != block:
                self._open_occurrences(occurrences, block, decode_ends(&self.list, block, ends, &after), after)
                opened = block
            before = ends[j - 1] if j else 0
            if sums != NULL:
                limit = value_at(limits, wanted[i]) if limits is not None else 0
                occurrences.tally(before, ends[j] - before, limit, sums + 6 * i)
            else:
                found = occurrences.copy(before, ends[j] - before)
                if sizes != NULL:
                    sizes[i] = found
        return 0

    def check(self, int64_t[::1] words):
        """Decode the whole list, and add to `words` how often the term occurs in each article."""
        cdef Py_ssize_t block, count, after, i, total
        cdef uint32_t[_BLOCK] docs
        cdef uint32_t[_BLOCK] counts
        cdef Occurrences occurrences = Occurrences()
        if words.shape[0] != self.list.articles:
            raise ValueError(f"{words.shape[0]} counts for {self.list.articles} articles")
        self.verify_docs(0, self.list.articles)
        for block in range(self.list.block_count):
            count = self._decode(block, docs, counts, &after)
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
            self._check_maximum(block, count)

    cdef int _check_maximum(self, Py_ssize_t block, Py_ssize_t count) except -1:
        cdef Py_ssize_t i
        cdef uint8_t highest = 0
        for i in range(self.list.impacts + block * _BLOCK, self.list.impacts + block * _BLOCK + count):
            highest = max(highest, self.list.data[i])
        if self.list.block_count > 1 and self.list.data[self.list.maxima + block] != highest:
            raise ValueError(f"a block whose highest impact is {highest}, not {self.list.data[self.list.maxima + block]}")
        return 0

    cdef int _open_occurrences(self, Occurrences occurrences, Py_ssize_t block, Py_ssize_t count,
                               Py_ssize_t after) except -1 nogil:
        cdef Py_ssize_t begin, end
        cdef const uint8_t *section = occurrences_bounds(&self.list, block, after, &begin, &end)
        if self.list.block_count > 1:
            # Blocks are read in their order, so two that share bytes would multiply what a file can make us allocate.
            if begin < occurrences.read:
                fault("occurrences blocks that overlap")
            occurrences.read = end
            touch(self.positions, begin, end)
        open_rows(&occurrences.rows, section, begin, end, count, self.list.forms)
        return 0

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Merging posting lists: those of one term, from several segments, pass article by article into one of a new segment.

Nothing is sorted and hardly anything decoded: docids ascend in each list and do so under their new numbers, and an
occurrence keeps its place. A block of each list is held at a time, so memory does not grow with them. Only
`newsindex.inverted.merge` calls this; without the GIL, but where a page is verified for the first time or a sink is
called. What a file says is checked as it is read, and a fault is a ValueError.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, END, decode_docs, decode_ends, docs_bounds, fault, occurrences_bounds
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._pages cimport PAGE_BITS, Pages, touch
from newsindex.inverted._posting_writer cimport FLUSH, PostingWriter
from newsindex.inverted._postings cimport PostingList

cdef Py_ssize_t AHEAD = 1 << 20  # bytes that are verified at a time: whoever adds articles meanwhile has the GIL


cdef int touch_ahead(Pages one, Py_ssize_t start, Py_ssize_t stop) except -1 nogil:
    """`touch`, and where it has something to verify, what follows it too: all of that is read next."""
    if 0 <= start < stop <= one.size and not (one.pages[start >> PAGE_BITS] and one.pages[(stop - 1) >> PAGE_BITS]):
        touch(one, start, min(one.size, max(stop, start + AHEAD)))
    return touch(one, start, stop)


@cython.final
cdef class Lists:
    """The posting lists of one field of one segment, to be read once from front to back.

    Args:
        postings, positions: the sections.
        starts: where each list begins, and where the last ends.
        renumbered: the new docid of each article, -1 for those that are left out. The others ascend.
        terms: which term of the merged field each list is of, ascending.
        bases, numbers: form x of list i becomes form `numbers[bases[i] + x]` of the merged term; `bases` has one more.
    """

    cdef PostingList plist
    cdef Occurrences occurrences
    cdef const uint64_t[::1] starts
    cdef const int32_t[::1] renumbered, terms, bases, all_numbers
    cdef const int32_t *numbers   # of the forms of the list at hand, and how many these are
    cdef Py_ssize_t known
    cdef Py_ssize_t next          # the list that is read next
    cdef Py_ssize_t left          # bytes that lists may still take: none is read twice
    cdef Py_ssize_t block, at, count
    cdef uint32_t[BLOCK] docs
    cdef uint32_t[BLOCK] ends

    def __cinit__(self, Pages postings not None, Pages positions not None, const uint64_t[::1] starts,
                  const int32_t[::1] renumbered, const int32_t[::1] terms, const int32_t[::1] bases,
                  const int32_t[::1] numbers):
        cdef Py_ssize_t i, count = terms.shape[0]
        if starts.shape[0] != count + 1 or bases.shape[0] != count + 1:
            raise ValueError(f"{count} lists with {starts.shape[0]} bounds and {bases.shape[0]} of forms")
        for i in range(count):
            if not 0 <= bases[i] < bases[i + 1] <= numbers.shape[0]:
                raise ValueError(f"forms {bases[i]} to {bases[i + 1]} of {numbers.shape[0]}")
        self.plist = PostingList.__new__(PostingList)
        self.plist._attach(postings, positions, renumbered.shape[0])
        self.occurrences = Occurrences()
        self.starts, self.renumbered, self.terms = starts, renumbered, terms
        self.bases, self.all_numbers = bases, numbers
        self.left = len(postings) + len(positions)

    cdef int64_t begin(self, int32_t term) except -2 nogil:
        """Begin the list of this term; returns its first article as `advance` does, END where there is no such list."""
        cdef Py_ssize_t i = self.next
        if i >= self.terms.shape[0] or self.terms[i] != term:
            return END
        self.next += 1
        if self.starts[i] < <uint64_t>self.plist.postings.size:
            touch_ahead(self.plist.postings, self.starts[i], self.starts[i] + 1)
        self.plist._turn_to(<Py_ssize_t>self.starts[i], <Py_ssize_t>self.starts[i + 1])
        self.left -= self.plist.list.stop - self.plist.start + self.plist.list.positions_size
        if self.left < 0:
            fault("lists that overlap")
        self.numbers = &self.all_numbers[self.bases[i]]
        self.known = self.bases[i + 1] - self.bases[i]
        self.occurrences.read = 0
        self.block = -1
        self.at = self.count = 0
        return self.advance()

    cdef int64_t advance(self) except -2 nogil:
        """Go on to the next article of the list that is not left out; its new docid, END where there is none."""
        cdef int32_t doc
        while True:
            self.at += 1
            if self.at >= self.count:
                if self.block + 1 >= self.plist.list.block_count:
                    return END
                self.open_block(self.block + 1)
            doc = self.renumbered[self.docs[self.at]]
            if doc >= 0:
                return doc

    cdef int open_block(self, Py_ssize_t block) except -1 nogil:
        cdef Py_ssize_t end, after, begin = docs_bounds(&self.plist.list, block, &after)
        cdef int64_t total
        touch_ahead(self.plist.postings, begin, after)
        self.block, self.at = block, 0
        self.count = decode_docs(&self.plist.list, block, self.docs)
        total = decode_ends(&self.plist.list, block, self.ends, &after)
        if self.plist.list.block_count > 1:
            occurrences_bounds(&self.plist.list, block, after, &begin, &end)
            touch_ahead(self.plist.positions, begin, end)
        return self.plist._open_occurrences(self.occurrences, block, total, after)

    cdef int copy(self, PostingWriter writer, int32_t doc) except -1 nogil:
        """Write the article at hand under its new number."""
        cdef Py_ssize_t first = self.ends[self.at - 1] if self.at else 0
        return writer.copy(doc, &self.occurrences.rows, first, self.ends[self.at] - first, self.numbers, self.known)


@cython.final
cdef class ListMerger:
    """Merges the lists of a field.

    Args:
        sources: the `Lists` of each segment that has the field.

    Attributes:
        source: the number of the one that was read last; where a ValueError was raised, it is damaged.
    """

    cdef list sources
    cdef void **lists
    cdef uint64_t *heap  # next docid of each list of the term at hand, above the number of its source; least first
    cdef readonly Py_ssize_t source

    def __cinit__(self, list sources):
        cdef Py_ssize_t k, count = len(sources)
        cdef Lists one
        self.sources = sources  # keeps them alive
        self.lists = <void **>malloc(max(count, 1) * sizeof(void *))
        self.heap = <uint64_t *>malloc(max(count, 1) * sizeof(uint64_t))
        if self.lists == NULL or self.heap == NULL:
            raise MemoryError(f"no memory to merge {count} segments")
        for k, one in enumerate(sources):
            self.lists[k] = <void *>one

    def __dealloc__(self):
        free(self.lists)
        free(self.heap)

    def write(self, PostingWriter writer not None, const int32_t[::1] form_counts):
        """Write the lists of all terms, of which term t has `form_counts[t]` forms.

        Returns (kept, offsets): whether each term has an article left (bool), and where the lists of these begin
        (uint64).
        """
        cdef Py_ssize_t t, size, n = 0, count = len(self.sources)
        kept = np.zeros(form_counts.shape[0], bool)
        offsets = np.empty(form_counts.shape[0], np.uint64)
        cdef unsigned char[::1] found = kept.view(np.uint8)
        cdef uint64_t[::1] out = offsets
        with nogil:
            for t in range(form_counts.shape[0]):
                size = self.begin(<int32_t>t, count)
                if size:
                    found[t] = True
                    writer._begin(form_counts[t])
                    out[n] = writer.postings_done + writer.postings.size
                    n += 1
                    self.merge(writer, size)
                    writer._end()
                if writer.postings.size >= FLUSH:
                    with gil:
                        writer._flush(False)
        return kept, offsets[:n].copy()

    cdef Py_ssize_t begin(self, int32_t term, Py_ssize_t count) except -1 nogil:
        """Begin all lists of a term; returns how many have articles."""
        cdef Py_ssize_t k, size = 0
        cdef int64_t doc
        for k in range(count):
            self.source = k
            doc = (<Lists>self.lists[k]).begin(term)
            if doc != END:
                self.heap[size] = <uint64_t>doc << 32 | <uint64_t>k
                size += 1
        for k in range(size // 2 - 1, -1, -1):
            sink(self.heap, k, size)
        return size

    cdef int merge(self, PostingWriter writer, Py_ssize_t size) except -1 nogil:
        """Write the articles of the lists begun, in the order of their new docids."""
        cdef int64_t doc
        while size:
            self.source = <uint32_t>self.heap[0]
            (<Lists>self.lists[self.source]).copy(writer, <int32_t>(self.heap[0] >> 32))
            doc = (<Lists>self.lists[self.source]).advance()
            if doc == END:
                size -= 1
                self.heap[0] = self.heap[size]
            else:
                self.heap[0] = <uint64_t>doc << 32 | <uint64_t>self.source
            sink(self.heap, 0, size)
            if writer.positions.size >= FLUSH:
                with gil:
                    writer._flush(False)
        return 0


cdef void sink(uint64_t *heap, Py_ssize_t at, Py_ssize_t size) noexcept nogil:
    """Let a number sink to where none above it is larger."""
    cdef uint64_t number = heap[at]
    cdef Py_ssize_t below = 2 * at + 1
    while below < size:
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if number <= heap[below]:
            break
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    heap[at] = number

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best articles: those of one posting list by its bounds, `best_of`, and those of any by their scores, `choose`.

Bounds decide what is scored. First what promises most; what the last of the best of that is worth, all else has to
promise, or it cannot be among the best. So the result is that of scoring everything.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, END, Cursor, List, decode_docs, rewind, seek
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._collect cimport Group, Heap, offer
from newsindex.searcher._scoring cimport Scorer

FEW = 24  # more articles than are wanted are scored to learn which others need be
cdef double HAIR = 1 - 1e-6  # scores are compared as floats here, which round them


cdef struct Place:
    double score
    int64_t date
    int32_t segment
    int32_t doc


cdef inline bint precedes(const Place *one, const Place *other) noexcept nogil:
    """The order of hits: by score, of equals the newer article first, and of these the one added later."""
    if one.score != other.score:
        return one.score > other.score
    if one.date != other.date:
        return one.date > other.date
    if one.segment != other.segment:
        return one.segment > other.segment
    return one.doc > other.doc


cdef class Best:
    """The best articles of some segments so far, `wanted` of them at most."""

    cdef Place *places  # a heap, the last of the best at its root
    cdef Py_ssize_t size
    cdef readonly Py_ssize_t wanted

    def __cinit__(self, Py_ssize_t wanted):
        if wanted < 0:
            raise ValueError(f"the best {wanted} articles")
        self.wanted = wanted
        self.places = <Place *>malloc(max(wanted, 1) * sizeof(Place))
        if self.places == NULL:
            raise MemoryError(f"no memory for the best {wanted} articles")

    def __dealloc__(self):
        free(self.places)

    @property
    def floor(self):
        """What an article has to be worth to be among them; 0 as long as there are fewer than wanted."""
        return self.places[0].score if self.wanted and self.size == self.wanted else 0.0

    cdef void offer(self, Place place) noexcept:
        cdef Py_ssize_t at
        if self.size < self.wanted:
            at = self.size
            self.size += 1
            while at and precedes(&self.places[(at - 1) // 2], &place):
                self.places[at] = self.places[(at - 1) // 2]
                at = (at - 1) // 2
            self.places[at] = place
        elif self.size and precedes(&place, &self.places[0]):
            self.sink(place)

    cdef void sink(self, Place place) noexcept:
        """Put a place where the root was."""
        cdef Py_ssize_t at = 0, child
        while True:
            child = 2 * at + 1
            if child >= self.size:
                break
            if child + 1 < self.size and precedes(&self.places[child], &self.places[child + 1]):
                child += 1
            if not precedes(&place, &self.places[child]):
                break
            self.places[at] = self.places[child]
            at = child
        self.places[at] = place

    def take(self):
        """All of them, the best first, as (score, date, segment, docid); none are left."""
        cdef Place place
        found = []
        while self.size:
            place = self.places[0]
            found.append((place.score, place.date, place.segment, place.doc))
            self.size -= 1
            self.sink(self.places[self.size])
        found.reverse()
        return found


def choose(Best best, int32_t segment, const int64_t[::1] dates, const int32_t[::1] docs, const float[::1] bounds,
           float cutoff, Scorer scorer, collect=None):
    """Offer those of `docs`, articles of a segment that are worth `bounds` at most, which may be among the best.

    The best are then as if all had been offered. `scorer` is asked for ascending docids. Where articles below `cutoff`
    exist too and turn out to be needed, `collect` is called with a lower one, and returns docs and bounds again.
    """
    cdef float enough, least
    if best.wanted == 0:
        return
    enough, least = max(highest(bounds, best.wanted + FEW), cutoff), <float>(HAIR * best.floor)
    offer_between(best, segment, dates, docs, bounds, max(enough, least), INFINITY, scorer)
    least = <float>(HAIR * best.floor)
    if least < cutoff:
        docs, bounds = collect(least)
    if least < enough:
        offer_between(best, segment, dates, docs, bounds, least, enough, scorer)


cdef int offer_between(Best best, int32_t segment, const int64_t[::1] dates, const int32_t[::1] docs,
                       const float[::1] bounds, float least, float below, Scorer scorer) except -1:
    """Score and offer those of `docs` that are worth `least` or more, and less than `below`."""
    cdef Py_ssize_t i, n = 0, doubtful = below < INFINITY
    cdef Chosen chosen = Chosen(docs.shape[0])
    if bounds.shape[0] != docs.shape[0]:
        raise ValueError(f"{bounds.shape[0]} bounds for {docs.shape[0]} articles")
    for i in range(docs.shape[0]):
        chosen.docs[n], chosen.bounds[n] = docs[i], bounds[i]
        n += least <= bounds[i] < below
    if n == 0:
        return 0
    if chosen.docs[0] < 0 or chosen.docs[n - 1] >= dates.shape[0]:
        raise ValueError(f"docids from {chosen.docs[0]} to {chosen.docs[n - 1]} of {dates.shape[0]}")
    for i in range(1, n):
        if chosen.docs[i] <= chosen.docs[i - 1]:
            raise ValueError(f"docid {chosen.docs[i]} after {chosen.docs[i - 1]}")
    if doubtful and n > FEW:
        n = scorer.sift(chosen.docs, chosen.bounds, n, least)
    scorer.score(chosen.docs, n, chosen.scores)
    for i in range(n):
        best.offer(Place(chosen.scores[i], dates[chosen.docs[i]], segment, chosen.docs[i]))
    return 0


cdef class Chosen:
    """Memory for some docids, their bounds and their scores."""

    cdef int32_t *docs
    cdef float *bounds
    cdef double *scores

    def __cinit__(self, Py_ssize_t room):
        self.bounds = <float *>malloc((room + 1) * sizeof(float))
        self.docs = <int32_t *>malloc((room + 1) * sizeof(int32_t))
        self.scores = <double *>malloc((room + 1) * sizeof(double))
        if self.docs == NULL or self.bounds == NULL or self.scores == NULL:
            raise MemoryError(f"no memory to choose from {room} articles")

    def __dealloc__(self):
        free(self.docs)
        free(self.bounds)
        free(self.scores)


cdef float highest(const float[::1] values, Py_ssize_t count) except? -1:
    """The least of the highest `count` of some values; 0 where there are no more of them."""
    cdef Py_ssize_t i
    cdef Heap heap
    cdef float found
    if count <= 0 or values.shape[0] <= count:
        return 0
    heap.values = <float *>malloc(count * sizeof(float))
    if heap.values == NULL:
        raise MemoryError(f"no memory for the best {count} articles")
    heap.size, heap.room = 0, count
    for i in range(values.shape[0]):
        offer(&heap, values[i])
    found = heap.values[0]
    free(heap.values)
    return found


def best_of(Group group, int64_t low, int64_t high, Py_ssize_t keep, float cutoff=0):
    """`any_of` for a group of one list whose articles are all alive: reads few of its docids.

    Those worth `cutoff`, or, where `keep` is not 0, what the best `keep` are worth at least, whichever is more, are returned.
    """
    cdef PostingList plist
    cdef Py_ssize_t begin, end
    cdef int least
    if group.count != 1:
        raise ValueError(f"{group.count} lists where one is expected")
    plist = group.lists[0]
    plist.verify_docs(low, high + 1)
    cdef const List *one = &plist.list
    cdef Cursor cursor
    rewind(&cursor, one)
    if low >= high or seek(&cursor, low) >= high:
        return 0, np.empty(0, np.int32), np.empty(0, np.float32), 0.0
    begin = cursor.block * BLOCK + cursor.at
    end = one.df if high >= one.articles or seek(&cursor, high) == END else cursor.block * BLOCK + cursor.at
    least = limit(one, begin, end, keep) if keep else 1
    while least < 255 and group.worth[least] < cutoff:
        least += 1
    while least > 1 and group.worth[least - 1] == group.worth[least]:
        least -= 1  # what is worth as much belongs to it; of a word without weight all is
    found = np.empty(end - begin, np.int32)
    sums = np.empty(end - begin, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = sums
    cdef Py_ssize_t n
    if end - begin < LONG:
        n = worth_least(one, begin, end, least, group.worth, &docs[0], &bounds[0])
    else:
        with nogil:
            n = worth_least(one, begin, end, least, group.worth, &docs[0], &bounds[0])
    return end - begin, found[:n], sums[:n], group.worth[least] if least > 1 else 0.0


cdef Py_ssize_t worth_least(const List *one, Py_ssize_t begin, Py_ssize_t end, int least, const float *worth,
                            int32_t *docs, float *bounds) except -1 nogil:
    """Put down those of the postings from `begin` to `end` - 1 whose impact is `least` or more; returns how many are."""
    cdef Py_ssize_t n = 0, block, i, count, base
    cdef const uint8_t *impacts
    cdef uint32_t[BLOCK] decoded
    for block in range(begin // BLOCK, (end - 1) // BLOCK + 1):
        if one.block_count > 1 and one.data[one.maxima + block] < least:
            continue
        base = block * BLOCK
        impacts = one.data + one.impacts + base
        count = decode_docs(one, block, decoded)
        for i in range(max(begin - base, 0), min(end - base, count)):
            if impacts[i] >= least:
                docs[n] = <int32_t>decoded[i]
                bounds[n] = worth[impacts[i]]
                n += 1
    return n


cdef int limit(const List *one, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t keep) noexcept nogil:
    """An impact that at least `keep` of the postings from `begin` to `end` - 1 have; 1 where there are fewer."""
    cdef Py_ssize_t i, first = (begin + BLOCK - 1) // BLOCK, last = end // BLOCK, seen = 0
    cdef Py_ssize_t[256] counts
    cdef const uint8_t *impacts
    cdef int least
    memset(counts, 0, sizeof(counts))
    if last - first >= 4 * keep:
        # As many blocks have a posting with their highest impact.
        impacts = one.data + one.maxima
        begin, end = first, last
    else:
        impacts = one.data + one.impacts
    for i in range(begin, end):
        counts[impacts[i]] += 1
    for least in range(255, 1, -1):
        seen += counts[least]
        if seen >= keep:
            return least
    return 1

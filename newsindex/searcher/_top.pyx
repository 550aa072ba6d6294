# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best articles: those of one posting list by its bounds, `best_of`, and those of any by their scores, `choose`.

Bounds decide what is scored. First what promises most; what the last of the best of that is worth, all else has to
promise, or it cannot be among the best. So the result is that of scoring everything.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, END, Cursor, List, decode_docs, rewind, seek
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._collect cimport Group, Heap, offer

FEW = 24  # more articles than are wanted are scored to learn which others need be
cdef double HAIR = 1 - 1e-6  # scores are compared as floats here, which round them


def choose(docs, bounds, float cutoff, Py_ssize_t wanted, double floor, score, collect):
    """The best of `docs`, which are worth `bounds` at most: (docids, scores).

    At least the first `wanted` of them by score, and all that are as good as the last of these; those that are worth
    less than `floor` may be left out. `score` is called with ascending docids. Where articles below `cutoff` exist too
    and turn out to be needed, `collect` is called with a lower one, and returns docs and bounds again.
    """
    cdef float enough = max(highest(bounds, wanted + FEW), cutoff)
    cdef float least = <float>(HAIR * floor)
    chosen = between(docs, bounds, max(enough, least), np.inf)
    scores = score(chosen)
    least = max(least, <float>(HAIR * highest(scores.astype(np.float32), wanted)))
    if least < cutoff:
        docs, bounds = collect(least)
    if least < enough:
        others = between(docs, bounds, least, enough)
        if len(others):
            chosen, scores = np.concatenate((chosen, others)), np.concatenate((scores, score(others)))
            least = max(least, <float>(HAIR * highest(scores.astype(np.float32), wanted)))
    if len(chosen) > wanted:
        best = scores >= least
        chosen, scores = chosen[best], scores[best]
    return chosen, scores


cdef object between(const int32_t[::1] docs, const float[::1] bounds, float least, float below):
    """Those of `docs` that are worth `least` or more, and less than `below`."""
    cdef Py_ssize_t i, n = 0
    found = np.empty(docs.shape[0], np.int32)
    cdef int32_t[::1] out = found
    for i in range(docs.shape[0]):
        if least <= bounds[i] < below:
            out[n] = docs[i]
            n += 1
    return found[:n]


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
    with nogil:
        least = limit(one, begin, end, keep) if keep else 1
        while least < 255 and group.worth[least] < cutoff:
            least += 1
        while least > 1 and group.worth[least - 1] == group.worth[least]:
            least -= 1  # what is worth as much belongs to it; of a word without weight all is
    found = np.empty(end - begin, np.int32)
    sums = np.empty(end - begin, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = sums
    cdef Py_ssize_t n = 0, block, i, count, base
    cdef const uint8_t *impacts
    cdef uint32_t[BLOCK] decoded
    with nogil:
        for block in range(begin // BLOCK, (end - 1) // BLOCK + 1):
            if one.block_count > 1 and one.data[one.maxima + block] < least:
                continue
            base = block * BLOCK
            impacts = one.data + one.impacts + base
            count = decode_docs(one, block, decoded)
            for i in range(max(begin - base, 0), min(end - base, count)):
                if impacts[i] >= least:
                    docs[n] = <int32_t>decoded[i]
                    bounds[n] = group.worth[impacts[i]]
                    n += 1
    return end - begin, found[:n], sums[:n], group.worth[least] if least > 1 else 0.0


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

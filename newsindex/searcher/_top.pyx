# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best of some articles, exactly, of which bounds are known: `choose`.

Bounds decide what is scored. First what promises most; what the last of the best of that is worth, all else has to
promise, or it cannot be among the best. So the result is that of scoring everything.
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc

import numpy as np

from newsindex.searcher._collect cimport Heap, offer

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

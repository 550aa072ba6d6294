# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The inner loops of a search, over ascending arrays of docids. Called by `newsindex.searcher` only.

Docids come from the posting-list reader, which has checked that they ascend and lie inside the segment; arrays that
are indexed by docid are as long as the segment. Lengths that have to agree are checked here.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free, malloc

import numpy as np


cdef Py_ssize_t gallop(const int32_t *docs, Py_ssize_t size, Py_ssize_t at, int32_t doc) noexcept nogil:
    """The first place from `at` whose docid is at least `doc`: doubling steps, then bisection."""
    cdef Py_ssize_t step = 1, low = at, high, middle
    if at >= size or docs[at] >= doc:
        return at
    while low + step < size and docs[low + step] < doc:
        low += step
        step *= 2
    high = min(low + step, size)
    while low + 1 < high:
        middle = (low + high) // 2
        if docs[middle] < doc:
            low = middle
        else:
            high = middle
    return high


def intersect(const int32_t[::1] a, const int32_t[::1] b):
    """Where `a` and `b` agree: (places in a, places in b), int64 each."""
    cdef Py_ssize_t i = 0, j = 0, n = 0, a_size = a.shape[0], b_size = b.shape[0]
    found = np.empty((2, min(a_size, b_size)), np.int64)
    cdef int64_t[:, ::1] out = found
    with nogil:
        while i < a_size and j < b_size:
            if a[i] == b[j]:
                out[0, n] = i
                out[1, n] = j
                n += 1
                i += 1
                j += 1
            elif a[i] < b[j]:
                i = gallop(&a[0], a_size, i, b[j])
            else:
                j = gallop(&b[0], b_size, j, a[i])
    return found[0, :n], found[1, :n]


def subtract(const int32_t[::1] a, const int32_t[::1] b):
    """The places in `a` whose docid is not in `b` (int64)."""
    cdef Py_ssize_t i, j = 0, n = 0, b_size = b.shape[0]
    found = np.empty(a.shape[0], np.int64)
    cdef int64_t[::1] out = found
    with nogil:
        for i in range(a.shape[0]):
            if j < b_size:
                j = gallop(&b[0], b_size, j, a[i])
            if j >= b_size or b[j] != a[i]:
                out[n] = i
                n += 1
    return found[:n]


def unite(const int32_t[::1] a, const double[::1] a_scores, const int32_t[::1] b, const double[::1] b_scores):
    """The docids in `a` or `b`, with the sum of their scores."""
    cdef Py_ssize_t i = 0, j = 0, n = 0, a_size = a.shape[0], b_size = b.shape[0]
    if a_scores.shape[0] != a_size or b_scores.shape[0] != b_size:
        raise ValueError("as many scores as docids expected")
    found = np.empty(a_size + b_size, np.int32)
    sums = np.empty(a_size + b_size, np.float64)
    cdef int32_t[::1] docs = found
    cdef double[::1] scores = sums
    with nogil:
        while i < a_size or j < b_size:
            if j >= b_size or (i < a_size and a[i] < b[j]):
                docs[n] = a[i]
                scores[n] = a_scores[i]
                i += 1
            elif i >= a_size or b[j] < a[i]:
                docs[n] = b[j]
                scores[n] = b_scores[j]
                j += 1
            else:
                docs[n] = a[i]
                scores[n] = a_scores[i] + b_scores[j]
                i += 1
                j += 1
            n += 1
    return found[:n], sums[:n]


cdef int64_t NONE = 1 << 40  # a limit beyond all positions


cdef struct Word:
    const int64_t *begins
    const int64_t *ends
    const int32_t *positions


cdef int32_t count_phrases(Word *words, int64_t *cursors, Py_ssize_t count, Py_ssize_t doc, int32_t slop,
                           int64_t limit) noexcept nogil:
    """How often the words follow one another in an article, from before `limit`, `slop` words between them in all.

    From each place of the first word the others are taken at their next place, which gives the shortest such run.
    Cursors only move forward, because the next places never move back.
    """
    cdef Py_ssize_t w
    cdef int64_t first
    cdef int32_t found = 0, position
    for w in range(count):
        cursors[w] = words[w].begins[doc]
    for first in range(words[0].begins[doc], words[0].ends[doc]):
        position = words[0].positions[first]
        if position >= limit:
            return found
        for w in range(1, count):
            while cursors[w] < words[w].ends[doc] and words[w].positions[cursors[w]] <= position:
                cursors[w] += 1
            if cursors[w] == words[w].ends[doc]:
                return found
            position = words[w].positions[cursors[w]]
        if position - words[0].positions[first] - (count - 1) <= slop:
            found += 1
    return found


def phrases(list words, Py_ssize_t docs, int32_t slop, const uint32_t[::1] limits=None):
    """How often a phrase occurs in each of `docs` articles (int32); with `limits`, begins at a position before its own.

    `words` holds, in the order of the phrase, (begins, ends, positions): where the positions of the word in each article
    begin and end in an array of positions (int64, int64, int32).
    """
    cdef Py_ssize_t w, doc, count = len(words)
    cdef const int64_t[::1] begins, ends
    cdef const int32_t[::1] positions
    counts = np.zeros(docs, np.int32)
    cdef int32_t[::1] out = counts
    cdef Word *rows = <Word *>malloc(max(count, 1) * sizeof(Word))
    cdef int64_t *cursors = <int64_t *>malloc(max(count, 1) * sizeof(int64_t))
    if rows == NULL or cursors == NULL:
        free(rows)
        free(cursors)
        raise MemoryError("no memory for a phrase")
    try:
        for w, (begins, ends, positions) in enumerate(words):
            if begins.shape[0] != docs or ends.shape[0] != docs:
                raise ValueError("as many rows of positions as articles expected")
            for doc in range(docs):
                if begins[doc] < 0 or ends[doc] < begins[doc] or ends[doc] > positions.shape[0]:
                    raise ValueError("a row outside its positions")
            rows[w].begins = &begins[0] if docs else NULL
            rows[w].ends = &ends[0] if docs else NULL
            rows[w].positions = &positions[0] if positions.shape[0] else NULL
        if limits is not None and limits.shape[0] != docs:
            raise ValueError("as many limits as articles expected")
        if count:
            for doc in range(docs):
                out[doc] = count_phrases(rows, cursors, count, doc, slop, limits[doc] if limits is not None else NONE)
    finally:
        free(rows)
        free(cursors)
    return counts


def bm25f(const int32_t[::1] docs, const int32_t[::1] counts, const int32_t[::1] title_docs,
          const int32_t[::1] title_counts, const uint32_t[::1] body_words, const uint32_t[::1] title_words,
          double body_average, double title_average, double body_b, double title_b, double title_weight,
          double k1, double weight):
    """The BM25F scores (float64) of something that occurs `counts` times in title and body of each of `docs`.

    Of these times, `title_counts` are in the titles of `title_docs`; articles that are in `docs` alone have none.
    A share is count / (1 - b + b * words / average), that of the title times its weight; the score is
    weight * (k1 + 1) * shares / (k1 + shares).
    """
    cdef Py_ssize_t i, j = 0, n = docs.shape[0], titles = title_docs.shape[0]
    cdef int32_t body, title
    cdef double shares
    if counts.shape[0] != n or title_counts.shape[0] != titles:
        raise ValueError("as many counts as docids expected")
    if n and (docs[0] < 0 or docs[n - 1] >= body_words.shape[0] or docs[n - 1] >= title_words.shape[0]):
        raise ValueError(f"docids {docs[0]} to {docs[n - 1]} of {body_words.shape[0]}")
    scores = np.empty(n, np.float64)
    cdef double[::1] out = scores
    with nogil:
        for i in range(n):
            while j < titles and title_docs[j] < docs[i]:
                j += 1
            title = title_counts[j] if j < titles and title_docs[j] == docs[i] else 0
            body = counts[i] - title
            shares = 0
            if body > 0:
                shares += body / (1 - body_b + body_b * body_words[docs[i]] / body_average)
            if title > 0:
                shares += title_weight * title / (1 - title_b + title_b * title_words[docs[i]] / title_average)
            out[i] = weight * (k1 + 1) * shares / (k1 + shares)
    return scores


def best(const double[::1] scores, Py_ssize_t wanted):
    """The places of the `wanted` highest scores (int64), in no order; of equal scores the later places."""
    cdef Py_ssize_t i, n = scores.shape[0], size = min(wanted, n), at, child
    found = np.empty(max(size, 0), np.int64)
    cdef int64_t[::1] heap = found  # the lowest kept is at the root
    if size <= 0:
        return found
    with nogil:
        for i in range(n):
            if i < size:
                at = i
                # Up from the end: a later place beats an earlier one of its score, so equals stay below.
                while at and scores[i] < scores[heap[(at - 1) // 2]]:
                    heap[at] = heap[(at - 1) // 2]
                    at = (at - 1) // 2
                heap[at] = i
            elif scores[i] >= scores[heap[0]]:
                at = 0
                while True:
                    child = 2 * at + 1
                    if child >= size:
                        break
                    if child + 1 < size and lower(scores, heap[child + 1], heap[child]):
                        child += 1
                    if not lower(scores, heap[child], i):
                        break
                    heap[at] = heap[child]
                    at = child
                heap[at] = i
    return found


cdef inline bint lower(const double[::1] scores, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return scores[a] < scores[b] or (scores[a] == scores[b] and a < b)

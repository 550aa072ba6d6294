# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Exact scores: BM25F of given articles, from how often and in which forms words occur in them.

The formula is that of `newsindex.inverted.impacts`, in which an occurrence that is spelled as it was asked for counts again by
a share. Called by `newsindex.searcher` only.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

import numpy as np

from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._collect cimport Group

from newsindex.inverted import impacts
from newsindex.inverted.fields import BODY, TEXT, TITLE

cdef enum:
    IN_TEXT
    IN_TITLE
    IN_BODY
    ELSEWHERE

cdef enum:
    TOGETHER = 4  # lists that are walked side by side

cdef double K1 = impacts.K1, TITLE_WEIGHT = impacts.TITLE_WEIGHT, B_BODY = impacts.B_BODY, B_TITLE = impacts.B_TITLE


cdef class Scale:
    """By what frequencies are measured in one segment: lengths of its articles, averages of the index, spelling's shares."""

    def __cinit__(self, title_words, body_words, double title_average, double body_average, double alike, double typed):
        self.title_words, self.body_words = title_words, body_words
        self.titles, self.bodies = title_words, body_words
        self.title_average, self.body_average = title_average, body_average
        self.alike, self.typed = alike, typed
        if self.titles.shape[0] != self.bodies.shape[0]:
            raise ValueError("as many titles as bodies expected")


cdef int place(str field):
    return IN_TEXT if field == TEXT else IN_TITLE if field == TITLE else IN_BODY if field == BODY else ELSEWHERE


cdef class Leaf:
    """A word of a plan in one segment.

    Args:
        field: where it is looked for.
        weight: what it is worth, times the BM25F of an article.
        lists, marks, rests: its terms, and for each the marks of its forms (see `PostingList.tally`).
        most: whether the term counts that is worth most in an article; else the occurrences of all add up.
        slack: see `Group`.

    Attributes:
        group: the articles that have one of its terms.
        wide: whether these are so many that they are better found by `newsindex.searcher._union`.
        partial: whether some of these do not have the word: not in that field, or not in a form that is meant.
    """

    def __cinit__(self, str field, double weight, tuple lists, tuple marks, tuple rests, bint most, double most_bonus,
                  double slack):
        cdef Py_ssize_t k
        if not len(lists) == len(marks) == len(rests):
            raise ValueError("marks for each list expected")
        self.taken = <uint8_t *>malloc(max(len(lists), 1))
        if self.taken == NULL:
            raise MemoryError("no memory for the terms of a word")
        for k in range(len(lists)):
            self.taken[k] = rests[k]
        self.where = place(field)
        self.weight = weight
        self.lists, self.marks = lists, marks
        self.most = most
        self.of_body = self.where == IN_BODY
        self.partial = self.of_body or any([not rest & 1 for rest in rests])
        self.group = Group(lists, weight * (1 + most_bonus), slack, most)
        # Walking a few lists side by side is faster, unless forms have to be looked at.
        self.wide = len(lists) > TOGETHER or (len(lists) > 1 and not most and self.partial)

    cdef bint whole(self, Py_ssize_t k) noexcept nogil:
        """Whether all postings of a term have the word."""
        return not self.of_body and self.taken[k] & 1

    cdef Occurrences marked(self, Py_ssize_t k):
        """What reads the occurrences of a term, and tells its forms apart."""
        cdef const uint8_t[::1] marks = self.marks[k]
        cdef Occurrences occurrences = Occurrences()
        occurrences.mark(marks, self.taken[k])
        return occurrences

    def __dealloc__(self):
        free(self.taken)


cdef inline double impact(int where, double title, double body, int32_t count, int32_t titles) noexcept nogil:
    """What something is worth that occurs `count` times in an article, `titles` of these in its title."""
    cdef double shares
    if where == IN_TEXT:
        shares = (count - titles) * body + titles * title
    elif where == IN_BODY:
        shares = (count - titles) * body
    elif where == IN_TITLE:
        shares = count * title
    else:
        shares = count
    return shares / (K1 + shares)


cdef inline double worth(int where, Scale scale, uint32_t doc, const int32_t *sums) noexcept nogil:
    """BM25F of an article, given the six sums of a tally."""
    cdef double body, title, value
    if sums[0] == 0:
        return 0
    body = 1 / (1 - B_BODY + B_BODY * scale.bodies[doc] / scale.body_average)
    title = TITLE_WEIGHT / (1 - B_TITLE + B_TITLE * scale.titles[doc] / scale.title_average)
    value = impact(where, title, body, sums[0], sums[1])
    if sums[2]:
        value += scale.alike * impact(where, title, body, sums[2], sums[3])
    if sums[4]:
        value += scale.typed * impact(where, title, body, sums[4], sums[5])
    return value


cdef int check_docs(Scale scale, const int32_t[::1] docs) except -1:
    cdef Py_ssize_t i
    cdef int64_t before = -1
    for i in range(docs.shape[0]):
        if docs[i] <= before or docs[i] >= scale.titles.shape[0]:
            raise ValueError(f"docid {docs[i]} after {before}, of {scale.titles.shape[0]}")
        before = docs[i]
    return 0


cdef class Tallies:
    """Memory for the six sums of some articles, and what the best term of a word is worth in each."""

    cdef int32_t *sums
    cdef double *best

    def __cinit__(self, Py_ssize_t docs):
        self.sums = <int32_t *>malloc(max(docs, 1) * 6 * sizeof(int32_t))
        self.best = <double *>malloc(max(docs, 1) * sizeof(double))
        if self.sums == NULL or self.best == NULL:
            raise MemoryError(f"no memory to score {docs} articles")

    def __dealloc__(self):
        free(self.sums)
        free(self.best)


cdef int add_scores(list leaves, Scale scale, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
    """Add to `scores` what some leaves are worth in each of n `docs`, which ascend and are the segment's."""
    cdef Py_ssize_t i, k
    cdef Leaf leaf
    cdef PostingList plist
    cdef const uint32_t *limits
    cdef Tallies tallies = Tallies(n)
    cdef int32_t *sums = tallies.sums
    cdef double *best = tallies.best
    if n == 0:
        return 0
    for leaf in leaves:
        limits = &scale.titles[0] if leaf.where == IN_TEXT or leaf.where == IN_BODY else NULL
        memset(best, 0, n * sizeof(double))
        memset(sums, 0, n * 6 * sizeof(int32_t))
        for k, plist in enumerate(leaf.lists):
            if not plist._meets(docs, n):
                continue
            plist._visit(docs, n, leaf.marked(k), NULL, sums, limits)
            if leaf.most:
                for i in range(n):
                    best[i] = max(best[i], worth(leaf.where, scale, docs[i], sums + 6 * i))
                memset(sums, 0, n * 6 * sizeof(int32_t))
        for i in range(n):
            scores[i] += leaf.weight * (best[i] if leaf.most else worth(leaf.where, scale, docs[i], sums + 6 * i))
    return 0


cdef class Scorer:
    """What makes exact scores for `newsindex.searcher._top`."""

    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
        raise NotImplementedError


cdef class WordScorer(Scorer):
    """Of some words together; nothing where they do not occur."""

    def __cinit__(self, list leaves, Scale scale):
        self.leaves, self.scale = leaves, scale

    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
        memset(scores, 0, n * sizeof(double))
        return add_scores(self.leaves, self.scale, docs, n, scores)


cdef class PlanScorer(Scorer):
    """Of anything: `call` takes ascending docids (int32) and returns the score of each (float64)."""

    def __cinit__(self, call):
        self.call = call

    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
        asked = np.empty(n, np.int32)
        cdef int32_t[::1] into = asked
        memcpy(&into[0], docs, n * sizeof(int32_t))
        cdef const double[::1] found = self.call(asked)
        if found.shape[0] != n:
            raise ValueError(f"{found.shape[0]} scores for {n} articles")
        memcpy(scores, &found[0], n * sizeof(double))
        return 0


def score(list leaves, Scale scale, const int32_t[::1] docs):
    """What some leaves together are worth in each of `docs`, which ascend (float64); nothing where they do not occur."""
    scores = np.zeros(docs.shape[0])
    cdef double[::1] out = scores
    check_docs(scale, docs)
    if docs.shape[0]:
        add_scores(leaves, scale, &docs[0], docs.shape[0], &out[0])
    return scores


def score_tally(str field, double weight, Scale scale, const int32_t[::1] docs, const int32_t[:, ::1] tally):
    """What something is worth in each of `docs` (float64) that has been tallied there (see `PostingList.tally`)."""
    cdef Py_ssize_t i
    cdef int where = place(field)
    if tally.shape[0] != docs.shape[0] or tally.shape[1] != 6:
        raise ValueError("a tally of six sums expected for each docid")
    check_docs(scale, docs)
    scores = np.zeros(docs.shape[0])
    cdef double[::1] out = scores
    for i in range(docs.shape[0]):
        out[i] = weight * worth(where, scale, docs[i], &tally[i, 0])
    return scores

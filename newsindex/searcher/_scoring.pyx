# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Exact scores: BM25F of given articles, from how often and in which forms words occur in them.

The formula is that of `newsindex.inverted.impacts`, in which an occurrence that is spelled as it was asked for counts again by
a share. Called by `newsindex.searcher` only.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

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
        partial: whether some of these do not have the word: not in that field, or not in a form that is meant.
    """

    def __cinit__(self, str field, double weight, tuple lists, tuple marks, tuple rests, bint most, double most_bonus,
                  double slack):
        if not len(lists) == len(marks) == len(rests):
            raise ValueError("marks for each list expected")
        self.where = place(field)
        self.weight = weight
        self.lists, self.marks, self.rests = lists, marks, rests
        self.most = most
        self.partial = self.where == IN_BODY or any([not rest & 1 for rest in rests])
        self.group = Group(lists, weight * (1 + most_bonus), slack, most)


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


cdef int add_scores(list leaves, Scale scale, const int32_t[::1] docs, double[::1] scores) except -1:
    """Add to `scores` what some leaves are worth in each of `docs`, which ascend."""
    cdef Py_ssize_t i, k, n = docs.shape[0]
    cdef Leaf leaf
    cdef PostingList plist
    cdef Occurrences occurrences
    cdef const uint8_t[::1] marks
    cdef int32_t[:, ::1] sums = np.zeros((n, 6), np.int32)
    cdef double[::1] best = np.zeros(n)
    cdef bint limited
    check_docs(scale, docs)
    for leaf in leaves:
        limited = leaf.where == IN_TEXT or leaf.where == IN_BODY
        best[:] = 0
        sums[:] = 0
        for k, plist in enumerate(leaf.lists):
            occurrences = Occurrences()
            marks = leaf.marks[k]
            occurrences.mark(marks, leaf.rests[k])
            if leaf.most and k:
                sums[:] = 0
            plist._visit(docs, occurrences, None, sums, scale.titles if limited else None)
            if leaf.most:
                for i in range(n):
                    best[i] = max(best[i], worth(leaf.where, scale, docs[i], &sums[i, 0]))
        for i in range(n):
            scores[i] += leaf.weight * (best[i] if leaf.most else worth(leaf.where, scale, docs[i], &sums[i, 0]))
    return 0


def score(list leaves, Scale scale, docs):
    """What some leaves together are worth in each of `docs`, which ascend (float64); nothing where they do not occur."""
    scores = np.zeros(len(docs))
    add_scores(leaves, scale, docs, scores)
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

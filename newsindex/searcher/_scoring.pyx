# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Exact scores: BM25F of given articles, from how often and in which forms words occur in them.

The formula is that of `newsindex.inverted.impacts`, in which an occurrence that is spelled as it was asked for counts again by
a share. The GIL is released while a batch of articles is scored. Called by `newsindex.searcher` only.
"""

from cython cimport no_gc
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

import numpy as np

from newsindex.inverted._blocks cimport (
    BLOCK,
    Rows,
    decode_docs,
    decode_ends,
    first_block,
    forward,
    occurrences_bounds,
    open_rows,
    peek,
)
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._gil cimport LONG, SCORED
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._pages cimport touch
from newsindex.inverted._postings cimport PostingList
from newsindex.inverted._words cimport Meant
from newsindex.searcher._collect cimport Group
from newsindex.searcher._kernels cimport gallop

from newsindex.inverted import impacts
from newsindex.inverted.fields import BODY, TEXT, TITLE

cdef extern from *:
    int ctz "__builtin_ctzll"(unsigned long long bits) noexcept nogil

cdef enum:
    CHOSEN = 1  # as in `_occurrences`
    ALIKE = 2
    TYPED = 4
    FORMS = 64  # of a term whose spelling is looked at; of those beyond, which are rare, the most is thought

cdef enum:
    SOUGHT = 4  # forms that are looked for at once

cdef enum:
    TOGETHER = 4  # lists that are walked side by side

cdef double K1 = impacts.K1, TITLE_WEIGHT = impacts.TITLE_WEIGHT, B_BODY = impacts.B_BODY, B_TITLE = impacts.B_TITLE
cdef double MARGIN = 1 + 1e-5  # of floats that bound doubles


cdef class Scale:
    """By what frequencies are measured in one segment: lengths of its articles, averages of the index, spelling's shares."""

    def __cinit__(self, Numbers titles not None, Numbers bodies not None, double title_average, double body_average,
                  double alike, double typed):
        self.titles, self.bodies = titles, bodies
        self.title_average, self.body_average = title_average, body_average
        self.alike, self.typed = alike, typed
        if titles.count != bodies.count:
            raise ValueError("as many titles as bodies expected")


cdef int place(str field):
    return IN_TEXT if field == TEXT else IN_TITLE if field == TITLE else IN_BODY if field == BODY else ELSEWHERE


cdef inline const uint8_t *marks_in(bytes marks) except NULL:
    return <const uint8_t *>PyBytes_AS_STRING(marks)


@no_gc  # as the nodes of plans, which say why
cdef class Leaf:
    """A word of a plan in one segment.

    Args:
        field: where it is looked for.
        weight: what it is worth, times the BM25F of an article.
        lists, marks, rests: its terms, and for each the marks (bytes) of its forms (see `PostingList.tally`).
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
        cdef PostingList plist
        if not len(lists) == len(marks) == len(rests):
            raise ValueError("marks for each list expected")
        self.count = len(lists)
        self.terms = <Term *>malloc(max(self.count, 1) * sizeof(Term))
        if self.terms == NULL:
            raise MemoryError(f"no memory for the {self.count} terms of a word")
        self.where = place(field)
        self.weight = weight
        self.lists, self.marks = lists, marks
        self.most = most
        self.bonus = most_bonus
        self.partial = self.of_body = self.where == IN_BODY
        for k, plist in enumerate(lists):
            self.terms[k] = Term(<void *>plist, marks_in(marks[k]), len(marks[k]), rests[k])
            self.partial = self.partial or not self.terms[k].rest & CHOSEN
        self.group = Group(lists, weight * (1 + most_bonus), slack, most)
        # Walking a few lists side by side is faster, unless forms have to be looked at.
        self.wide = self.count > TOGETHER or (self.count > 1 and not most and self.partial)

    cdef bint whole(self, Py_ssize_t k) noexcept nogil:
        """Whether all postings of a term have the word."""
        return not self.of_body and self.terms[k].rest & CHOSEN

    def __dealloc__(self):
        free(self.terms)


def leaf_of(str field, double weight, Meant meant not None, bint most, double alike, double typed, double slack):
    """The `Leaf` of what a pattern means. The spellings that its forms have count again by the shares `alike`, `typed`."""
    bonus = (alike if meant.every & ALIKE else 0.0) + (typed if meant.every & TYPED else 0.0)
    return Leaf(field, weight, meant.lists, meant.marks, meant.rests, most, bonus, slack)


def leaves_of(str field, double weight, list meant not None, bint most, double alike, double typed, list slacks not None):
    """`leaf_of` in several segments: what a pattern means in each, and the slack of each, are given."""
    return [leaf_of(field, weight, one, most, alike, typed, slack) for one, slack in zip(meant, slacks, strict=True)]


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


cdef double worth(int where, Scale scale, int32_t doc, const int32_t *sums) except? -1 nogil:
    """BM25F of an article, given the six sums of a tally."""
    cdef double body, title, value
    if sums[0] == 0:
        return 0
    body = 1 / (1 - B_BODY + B_BODY * value_at(scale.bodies, doc) / scale.body_average)
    title = TITLE_WEIGHT / (1 - B_TITLE + B_TITLE * value_at(scale.titles, doc) / scale.title_average)
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
        if docs[i] <= before or docs[i] >= scale.titles.count:
            raise ValueError(f"docid {docs[i]} after {before}, of {scale.titles.count}")
        before = docs[i]
    return 0


cdef class Tallies:
    """Memory for the six sums of some articles, and what the best term of a word is worth in each; and for some leaves."""

    cdef int32_t *sums
    cdef double *best
    cdef void **leaves

    def __cinit__(self, Py_ssize_t docs, Py_ssize_t leaves):
        self.sums = <int32_t *>malloc(max(docs, 1) * 6 * sizeof(int32_t))
        self.best = <double *>malloc(max(docs, 1) * sizeof(double))
        self.leaves = <void **>malloc(max(leaves, 1) * sizeof(void *))
        if self.sums == NULL or self.best == NULL or self.leaves == NULL:
            raise MemoryError(f"no memory to score {docs} articles")

    def __dealloc__(self):
        free(self.sums)
        free(self.best)
        free(self.leaves)


cdef int add_scores(list leaves, Scale scale, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
    """Add to `scores` what some leaves are worth in each of n `docs`, which ascend and are the segment's."""
    cdef Py_ssize_t i, count = len(leaves)
    cdef Leaf leaf
    cdef Tallies tallies = Tallies(n, count)
    cdef Occurrences occurrences = Occurrences()
    if n == 0:
        return 0
    for i, leaf in enumerate(leaves):
        tallies.leaves[i] = <void *>leaf
    if n * count * SCORED < LONG:
        return add_leaves(count, scale, docs, n, scores, tallies, occurrences)
    # Without the GIL nothing is counted: `leaves` keeps the leaves alive, and these their lists.
    with nogil:
        add_leaves(count, scale, docs, n, scores, tallies, occurrences)
    return 0


cdef int add_leaves(Py_ssize_t count, Scale scale, const int32_t *docs, Py_ssize_t n, double *scores, Tallies tallies,
                    Occurrences occurrences) except -1 nogil:
    cdef Py_ssize_t i
    for i in range(count):
        add_leaf(<Leaf>tallies.leaves[i], scale, docs, n, scores, tallies, occurrences)
    return 0


cdef int add_leaf(Leaf leaf, Scale scale, const int32_t *docs, Py_ssize_t n, double *scores, Tallies tallies,
                  Occurrences occurrences) except -1 nogil:
    """Add to `scores` what one leaf is worth."""
    cdef Py_ssize_t i, k
    cdef Term *term
    cdef int32_t *sums = tallies.sums
    cdef double *best = tallies.best
    memset(best, 0, n * sizeof(double))
    memset(sums, 0, n * 6 * sizeof(int32_t))
    for k in range(leaf.count):
        term = &leaf.terms[k]
        if not (<PostingList>term.plist)._meets(docs, n):
            continue
        occurrences.begin(term.marks, term.known, term.rest)
        if leaf.where == IN_TEXT or leaf.where == IN_BODY:
            (<PostingList>term.plist)._visit(docs, n, occurrences, NULL, sums, scale.titles)
        else:
            (<PostingList>term.plist)._visit(docs, n, occurrences, NULL, sums, None)
        if leaf.most:
            for i in range(n):
                best[i] = max(best[i], worth(leaf.where, scale, docs[i], sums + 6 * i))
            memset(sums, 0, n * 6 * sizeof(int32_t))
    for i in range(n):
        scores[i] += leaf.weight * (best[i] if leaf.most else worth(leaf.where, scale, docs[i], sums + 6 * i))
    return 0


cdef int deduct_bonus(Leaf leaf, const int32_t *docs, Py_ssize_t n, float *bounds) except -1:
    """Lower the bounds of those of n `docs` that have a word of one term, but not in a form spelled as it was asked for."""
    cdef PostingList plist = leaf.lists[0]
    cdef const Term *term = &leaf.terms[0]
    cdef Py_ssize_t i, k, at = 0, block = -1, count = 0, after, begin, end
    cdef int64_t total
    cdef uint32_t[BLOCK] found
    cdef uint32_t[BLOCK] ends
    cdef uint64_t alike = 0
    cdef uint32_t form
    cdef bint unlike = False  # whether no occurrence of the block is spelled so
    cdef Rows rows
    cdef const uint8_t *section
    cdef const uint8_t *impacts
    cdef double share = leaf.bonus / (1 + leaf.bonus)
    for k in range(FORMS):
        if (term.marks[k] if k < term.known else term.rest) & ALIKE:
            alike |= <uint64_t>1 << k
    plist.verify_docs(docs[0], <int64_t>docs[n - 1] + 1)
    for i in range(n):
        if block < 0 or <int64_t>found[count - 1] < docs[i]:
            block = first_block(&plist.list, docs[i], block + 1)
            if block >= plist.list.block_count:
                break
            count = decode_docs(&plist.list, block, found)
            total = decode_ends(&plist.list, block, ends, &after)
            section = occurrences_bounds(&plist.list, block, after, &begin, &end)
            if plist.list.block_count > 1:
                touch(plist.positions, begin, end)
            open_rows(&rows, section, begin, end, total, plist.list.forms)
            unlike = not may_have(&rows, total, alike)
            impacts = plist.list.data + plist.list.impacts + block * BLOCK
            at = 0
        if <int64_t>found[count - 1] < docs[i]:
            break
        at = forward(found, at, count, <uint32_t>docs[i])
        if <int64_t>found[at] != docs[i]:
            continue
        for k in range(ends[at - 1] if at else 0, 0 if unlike else ends[at]):
            form = peek(rows.forms, k, rows.form_width)
            if form >= FORMS or alike >> form & 1:
                break
        else:
            bounds[i] -= <float>(share * leaf.group.worth[impacts[at]])
    return 0


cdef bint may_have(const Rows *rows, Py_ssize_t total, uint64_t forms) noexcept nogil:
    """Whether any of the `total` occurrences of a block may be in one of some forms, the bits of a set, or beyond these.

    Most words are spelled in one or two of very many forms: these are compared with as many occurrences as a load has.
    """
    cdef int width = rows.form_width, each = 56 // width if width else 0, count = 0, i
    cdef uint64_t word, other, ones = 0, tops, beyond, met = 0
    cdef uint64_t[SOUGHT] sought
    cdef Py_ssize_t k = 0
    if width < 6:
        forms &= (<uint64_t>1 << (1 << width)) - 1
    if width == 0 or width > 16:
        return width > 16 or forms != 0
    for i in range(each):
        ones |= <uint64_t>1 << (i * width)
    tops, beyond = ones << (width - 1), ones * (((<uint64_t>1 << width) - 1) & ~<uint64_t>(FORMS - 1))
    while forms:
        if count == SOUGHT:
            return True
        sought[count] = ones * <uint64_t>ctz(forms)
        count += 1
        forms &= forms - 1
    while k < total and not met and (count or beyond):
        memcpy(&word, rows.forms + (k * width >> 3), 8)
        word >>= k * width & 7
        met = word & beyond
        for i in range(count):
            other = word ^ sought[i]
            met |= (other - ones) & ~other & tops  # a number that is the same leaves 0, from which 1 is borrowed
        k += each
    return met != 0


cdef class Scorer:
    """What makes exact scores for `newsindex.searcher._top`."""

    cdef Py_ssize_t sift(self, int32_t *docs, float *bounds, Py_ssize_t n, float least) except -1:
        """Keep those of n articles that may be worth `least`, by a closer look, but not as close as scoring them."""
        return n

    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
        raise NotImplementedError


cdef class WordScorer(Scorer):
    """Of some words together; nothing where they do not occur.

    What is scored already is added: `known` are pairs of docids, ascending, and the score of each.
    """

    def __cinit__(self, list leaves, Scale scale not None, list known not None=[]):
        self.leaves, self.scale, self.known = leaves, scale, known

    cdef Py_ssize_t sift(self, int32_t *docs, float *bounds, Py_ssize_t n, float least) except -1:
        # A bound counts each word as if it were spelled as it was asked for, wherever it occurs.
        cdef Py_ssize_t i, kept
        cdef Leaf leaf
        for leaf in self.leaves:
            if n == 0:
                break
            if leaf.bonus == 0 or leaf.count != 1 or leaf.terms[0].known == 0:
                continue
            deduct_bonus(leaf, docs, n, bounds)
            kept = 0
            for i in range(n):
                docs[kept], bounds[kept] = docs[i], bounds[i]
                kept += bounds[i] >= least
            n = kept
        return n

    cdef int score(self, const int32_t *docs, Py_ssize_t n, double *scores) except -1:
        memset(scores, 0, n * sizeof(double))
        if self.leaves:
            add_scores(self.leaves, self.scale, docs, n, scores)
        for known_docs, known_scores in self.known:
            add_known(known_docs, known_scores, docs, n, scores)
        return 0


cdef int add_known(const int32_t[::1] known, const double[::1] worths, const int32_t *docs, Py_ssize_t n,
                   double *scores) except -1:
    cdef Py_ssize_t i, at = 0, size = known.shape[0]
    if worths.shape[0] != size:
        raise ValueError(f"{worths.shape[0]} scores for {size} articles")
    for i in range(n if size else 0):
        at = gallop(&known[0], size, at, docs[i])
        if at < size and known[at] == docs[i]:
            scores[i] += worths[at]
    return 0


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
    """What something is worth in each of `docs` that has been tallied there (see `PostingList.tally`).

    Returns the scores (float64), and bounds of them (float32).
    """
    cdef Py_ssize_t i
    cdef int where = place(field)
    if tally.shape[0] != docs.shape[0] or tally.shape[1] != 6:
        raise ValueError("a tally of six sums expected for each docid")
    check_docs(scale, docs)
    scores, bounds = np.empty(docs.shape[0]), np.empty(docs.shape[0], np.float32)
    cdef double[::1] out = scores
    cdef float[::1] most = bounds
    for i in range(docs.shape[0]):
        out[i] = weight * worth(where, scale, docs[i], &tally[i, 0])
        most[i] = <float>(MARGIN * out[i])
    return scores, bounds

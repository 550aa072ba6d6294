# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The articles that have a word of many terms, such as a prefix: `united`.

Walking thousands of posting lists side by side costs more than reading each of them once, so that is what is done here,
list by list. How often an article has terms that are meant, in all, is bounded by the impacts of each, and bounded so
closely that few articles have to be scored. Called by `newsindex.searcher.executor` only.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, List, decode_docs, decode_ends, first_block
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._scoring cimport Leaf, Term

from newsindex.inverted import impacts

cdef enum:
    CHUNK = 8  # articles that are looked at one by one if any was met
    STEPS = 255

cdef double K1 = impacts.K1, MOST_SHARES = 1e9  # of the highest impact, which bounds any: all but all that there is
cdef double LEAST = 1e-30  # as in `_collect`


cdef class Sums:
    """What a word's terms add up to in each of some articles, 0 where it was not met, and where it was met at all."""

    cdef int64_t low, high
    cdef double *shares
    cdef uint8_t *touched
    cdef double[STEPS + 1] worth  # the frequency, measured as it is scored, that an impact stands for at most
    cdef bint most

    def __cinit__(self, int64_t low, int64_t high, bint most):
        cdef int i
        self.low, self.high, self.most = low, high, most
        self.shares = <double *>calloc(high - low, sizeof(double))
        self.touched = <uint8_t *>calloc((high - low) // CHUNK + 1, 1)
        if self.shares == NULL or self.touched == NULL:
            raise MemoryError(f"no memory for a word in {high - low} articles")
        for i in range(STEPS):
            self.worth[i] = max(K1 * i / (STEPS - i), LEAST)
        self.worth[STEPS] = MOST_SHARES

    def __dealloc__(self):
        free(self.shares)
        free(self.touched)

    cdef inline void add(self, int64_t doc, uint8_t impact) noexcept nogil:
        cdef Py_ssize_t at = doc - self.low
        cdef double one = self.worth[impact]
        self.shares[at] = max(self.shares[at], one) if self.most else self.shares[at] + one
        self.touched[at // CHUNK] = 1


cdef int add_list(Sums sums, const List *one) except -1 nogil:
    """Add the articles of a list all of whose postings are meant."""
    cdef uint32_t[BLOCK] docs
    cdef const uint8_t *impacts
    cdef Py_ssize_t block = first_block(one, sums.low, 0), count, i
    while block < one.block_count:
        count = decode_docs(one, block, docs)
        impacts = one.data + one.impacts + block * BLOCK
        for i in range(count):
            if sums.low <= docs[i] < sums.high:
                sums.add(docs[i], impacts[i])
        if docs[count - 1] + 1 >= sums.high:
            break
        block += 1
    return 0


cdef int add_some(Sums sums, const Term *term, Occurrences occurrences, const uint32_t *titles) except -1 nogil:
    """Add those articles of a list that have one of the forms that are meant, of a body outside of the title."""
    cdef const List *one = &(<PostingList>term.plist).list
    cdef uint32_t[BLOCK] docs
    cdef uint32_t[BLOCK] ends
    cdef int32_t[6] counts
    cdef const uint8_t *impacts
    cdef Py_ssize_t block = first_block(one, sums.low, 0), count, i, after
    cdef uint32_t before
    cdef bint present
    occurrences.begin(term.marks, term.known, term.rest)
    while block < one.block_count:
        count = decode_docs(one, block, docs)
        impacts = one.data + one.impacts + block * BLOCK
        (<PostingList>term.plist)._open_occurrences(occurrences, block, decode_ends(one, block, ends, &after), after)
        for i in range(count):
            if not sums.low <= docs[i] < sums.high:
                continue
            before = ends[i - 1] if i else 0
            if titles != NULL:
                memset(counts, 0, sizeof(counts))
                occurrences.tally(before, ends[i] - before, titles[docs[i]], counts)
                present = counts[0] > counts[1]
            else:
                present = occurrences.chosen(before, ends[i] - before)
            if present:
                sums.add(docs[i], impacts[i])
        if docs[count - 1] + 1 >= sums.high:
            break
        block += 1
    return 0


def united(Leaf leaf not None, int64_t low, int64_t high, const uint32_t[::1] title_words=None):
    """The articles from `low` to `high` - 1 that have a word, and what each is worth at most: (int32, float32).

    `title_words` is how long titles are; it is asked for where the word is looked for in bodies.
    """
    cdef PostingList plist
    cdef Occurrences occurrences = Occurrences()
    cdef const uint32_t *titles = NULL
    cdef Py_ssize_t articles = 0
    for plist in leaf.lists:
        articles = plist.list.articles
        plist.verify_docs(low, high)
    low, high = max(low, 0), min(high, articles)
    if low >= high:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    if leaf.of_body:
        if title_words is None or title_words.shape[0] != articles:
            raise ValueError("the length of each title expected")
        titles = &title_words[0]
    cdef Sums sums = Sums(low, high, leaf.most)
    cdef Py_ssize_t n, room = min(leaf.group.size, high - low) + 1
    found, worths = np.empty(room, np.int32), np.empty(room, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = worths
    if leaf.group.size < LONG:
        n = unite(leaf, sums, occurrences, titles, &docs[0], &bounds[0])
    else:
        with nogil:
            n = unite(leaf, sums, occurrences, titles, &docs[0], &bounds[0])
    return found[:n], worths[:n]


cdef Py_ssize_t unite(Leaf leaf, Sums sums, Occurrences occurrences, const uint32_t *titles, int32_t *docs,
                      float *bounds) except -1 nogil:
    """Add the lists up, and put down what was met; returns how many articles were."""
    cdef Py_ssize_t k
    for k in range(leaf.group.count):
        if leaf.whole(k):
            add_list(sums, leaf.group.raw[k])
        else:
            add_some(sums, &leaf.terms[k], occurrences, titles)
    return gather(sums, leaf.group.worth[STEPS], docs, bounds)


cdef Py_ssize_t gather(Sums sums, double weight, int32_t *docs, float *bounds) noexcept nogil:
    cdef Py_ssize_t n = 0, chunk, at, size = sums.high - sums.low
    cdef double shares
    for chunk in range(size // CHUNK + 1):
        if not sums.touched[chunk]:
            continue
        for at in range(chunk * CHUNK, min((chunk + 1) * CHUNK, size)):
            shares = sums.shares[at]
            docs[n] = <int32_t>(sums.low + at)
            bounds[n] = <float>max(weight * (shares / (K1 + shares)), LEAST)
            n += shares > 0
    return n

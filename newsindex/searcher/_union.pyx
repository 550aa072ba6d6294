# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The articles that have a word of many terms, such as a prefix: `united`.

Walking thousands of posting lists side by side costs more than reading each of them once, so that is what is done here,
list by list. How often an article has terms that are meant, in all, is bounded by the impacts of each, and bounded so
closely that few articles have to be scored. Called by `newsindex.searcher.executor` only.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, List, decode_docs, decode_ends, first_block
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._scoring cimport Leaf, Term

from newsindex.inverted import impacts

cdef enum:
    CHUNK = 8  # articles that are looked at one by one if any was met
    SPAN = CHUNK * 8  # articles of which one look tells that none was met
    STEPS = 255
    MOST_SPARE = 1 << 21  # articles of which memory is kept for the next word
    SPARES = 2  # how often, as threads search at once

cdef double K1 = impacts.K1, MOST_SHARES = 1e9  # of the highest impact, which bounds any: all but all that there is
cdef double LEAST = 1e-30  # as in `_collect`
cdef double ROUNDING = 1e-7  # of a sum of floats, for each that is added
cdef double HAIR = 1 - 1e-6  # as in `_top`
cdef list spare = []


cdef class Sums:
    """What a word's terms add up to in each of some articles, 0 where it was not met, and where it was met at all.

    All are 0 between uses: memory that was just cleared or fetched costs more than what most words do with it.
    """

    cdef Py_ssize_t room
    cdef int64_t low, high
    cdef float *shares
    cdef uint8_t *touched
    cdef float[STEPS + 1] worth  # the frequency, measured as it is scored, that an impact stands for at most
    cdef bint most

    def __cinit__(self, Py_ssize_t room):
        cdef int i
        self.room = room
        self.shares = <float *>calloc(room // SPAN + 1, SPAN * sizeof(float))
        self.touched = <uint8_t *>calloc(room // SPAN + 1, SPAN // CHUNK)
        if self.shares == NULL or self.touched == NULL:
            raise MemoryError(f"no memory for a word in {room} articles")
        for i in range(STEPS):
            self.worth[i] = <float>max(K1 * i / (STEPS - i), LEAST)
        self.worth[STEPS] = <float>MOST_SHARES

    def __dealloc__(self):
        free(self.shares)
        free(self.touched)

    cdef inline void add(self, int64_t doc, uint8_t impact) noexcept nogil:
        cdef Py_ssize_t at = doc - self.low
        cdef float one = self.worth[impact]
        self.shares[at] = max(self.shares[at], one) if self.most else self.shares[at] + one
        self.touched[at // CHUNK] = 1

    cdef void add_all(self, const uint32_t *docs, const uint8_t *impacts, Py_ssize_t count) noexcept nogil:
        """Add articles all of which are among those from `low` to `high` - 1."""
        cdef float *shares = self.shares - self.low
        cdef uint8_t *touched = self.touched
        cdef Py_ssize_t i
        if self.most:
            for i in range(count):
                shares[docs[i]] = max(shares[docs[i]], self.worth[impacts[i]])
                touched[(docs[i] - self.low) // CHUNK] = 1
            return
        for i in range(count):
            shares[docs[i]] += self.worth[impacts[i]]
            touched[(docs[i] - self.low) // CHUNK] = 1


cdef Sums sums_for(int64_t low, int64_t high, bint most):
    """Sums of no word so far."""
    cdef Sums sums = spare.pop() if spare else None
    if sums is None or sums.room < high - low:
        sums = Sums(high - low)
    sums.low, sums.high, sums.most = low, high, most
    return sums


cdef int add_list(Sums sums, const List *one) except -1 nogil:
    """Add the articles of a list all of whose postings are meant."""
    cdef uint32_t[BLOCK] docs
    cdef const uint8_t *impacts
    cdef Py_ssize_t block = first_block(one, sums.low, 0), count, i
    while block < one.block_count:
        count = decode_docs(one, block, docs)
        impacts = one.data + one.impacts + block * BLOCK
        if sums.low <= docs[0] and docs[count - 1] < sums.high:
            sums.add_all(docs, impacts, count)
        else:
            for i in range(count):
                if sums.low <= docs[i] < sums.high:
                    sums.add(docs[i], impacts[i])
        if docs[count - 1] + 1 >= sums.high:
            break
        block += 1
    return 0


cdef int add_some(Sums sums, const Term *term, Occurrences occurrences, Numbers titles) except -1 nogil:
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
            if titles is not None:
                memset(counts, 0, sizeof(counts))
                occurrences.tally(before, ends[i] - before, value_at(titles, docs[i]), counts)
                present = counts[0] > counts[1]
            else:
                present = occurrences.chosen(before, ends[i] - before)
            if present:
                sums.add(docs[i], impacts[i])
        if docs[count - 1] + 1 >= sums.high:
            break
        block += 1
    return 0


def united(Leaf leaf not None, int64_t low, int64_t high, Numbers title_words=None,
           const uint8_t[::1] alive=None, double floor=0):
    """The articles from `low` to `high` - 1 that have a word: (their number, docids int32, bounds float32).

    `title_words` is how long titles are; it is asked for where the word is looked for in bodies. With `alive`, a flag
    for each docid, the others are left out. Only the docids are returned of those that may be worth `floor`.
    """
    cdef PostingList plist
    cdef Occurrences occurrences = Occurrences()
    cdef Py_ssize_t articles = 0
    for plist in leaf.lists:
        articles = plist.list.articles
        plist.verify_docs(low, high)
    low, high = max(low, 0), min(high, articles)
    if low >= high:
        return 0, np.empty(0, np.int32), np.empty(0, np.float32)
    if leaf.of_body:
        if title_words is None or title_words.count != articles:
            raise ValueError("the length of each title expected")
    if alive is not None and alive.shape[0] != articles:
        raise ValueError(f"a flag expected for each of {articles} articles, not {alive.shape[0]}")
    cdef Sums sums = sums_for(low, high, leaf.most)
    cdef Py_ssize_t total, n, room = min(leaf.group.size, high - low) + 1
    found, worths = np.empty(room, np.int32), np.empty(room, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = worths
    cdef const uint8_t *flags = &alive[low] if alive is not None else NULL
    cdef float least = <float>(HAIR * floor)
    if leaf.group.size < LONG:
        n = unite(leaf, sums, occurrences, title_words, flags, least, &docs[0], &bounds[0], &total)
    else:
        with nogil:
            n = unite(leaf, sums, occurrences, title_words, flags, least, &docs[0], &bounds[0], &total)
    if sums.room <= MOST_SPARE and len(spare) < SPARES:
        spare.append(sums)
    return total, found[:n], worths[:n]


cdef Py_ssize_t unite(Leaf leaf, Sums sums, Occurrences occurrences, Numbers titles, const uint8_t *alive,
                      float floor, int32_t *docs, float *bounds, Py_ssize_t *total) except -1 nogil:
    """Add the lists up and put down what is worth enough; returns how many articles are. The sums are 0 again."""
    cdef Py_ssize_t k, i, n = 0
    cdef double weight = leaf.group.worth[STEPS], rounding = 1 + ROUNDING * leaf.group.count, shares
    for k in range(leaf.group.count):
        if leaf.whole(k):
            add_list(sums, leaf.group.raw[k])
        else:
            add_some(sums, &leaf.terms[k], occurrences, titles)
    total[0] = take(sums, alive, docs, bounds)
    for i in range(total[0]):
        shares = rounding * bounds[i]
        docs[n], bounds[n] = docs[i], <float>max(weight * (shares / (K1 + shares)), LEAST)
        n += bounds[n] >= floor
    return n


cdef Py_ssize_t take(Sums sums, const uint8_t *alive, int32_t *docs, float *shares) noexcept nogil:
    """Note the articles that were met, but those that are not `alive`, and their shares; returns how many they are."""
    cdef Py_ssize_t n = 0, span, chunk, at
    cdef int64_t low = sums.low
    cdef uint64_t met
    cdef float *own = sums.shares
    for span in range((sums.high - low) // SPAN + 1):
        memcpy(&met, sums.touched + span * (SPAN // CHUNK), sizeof(met))
        if met == 0:
            continue
        for chunk in range(span * (SPAN // CHUNK), (span + 1) * (SPAN // CHUNK)):
            if not sums.touched[chunk]:
                continue
            at = chunk * CHUNK
            if alive != NULL:
                drop_dead(own + at, alive + at, min(<Py_ssize_t>CHUNK, sums.high - low - at))
            for at in range(at, at + CHUNK):
                docs[n], shares[n] = <int32_t>(low + at), own[at]
                n += own[at] > 0  # few are, but which cannot be foreseen: that is cheaper than a branch
            memset(own + chunk * CHUNK, 0, CHUNK * sizeof(float))
        memset(sums.touched + span * (SPAN // CHUNK), 0, sizeof(met))
    return n


cdef inline void drop_dead(float *shares, const uint8_t *alive, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        shares[i] *= alive[i] != 0

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The articles that have a word of many terms, such as a prefix: `united`.

Walking thousands of posting lists side by side costs more than reading each of them once, so that is what is done here,
list by list. How often an article has terms that are meant, in all, is bounded by the impacts of each, and bounded so
closely that few articles have to be scored. Called by `newsindex.searcher.executor`, and by `_top` for a word alone.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from newsindex.inverted._blocks cimport BLOCK, List, decode_docs, decode_ends, first_block
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._occurrences cimport Occurrences
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._collect cimport Choice, Chosen
from newsindex.searcher._scoring cimport Leaf, Term

from newsindex.inverted import impacts

cdef extern from *:
    int ctz "__builtin_ctzll"(unsigned long long bits) noexcept nogil

cdef enum:
    SPAN = 64  # articles of which one look tells which were met
    STEPS = 255
    MANY = 256  # lists after which a look tells whether any article is left to be met
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
    cdef uint64_t *met  # a bit an article
    cdef float[STEPS + 1] worth  # the frequency, measured as it is scored, that an impact stands for at most
    cdef bint most, light  # light: only which articles are met is asked for, so none has to be met twice

    def __cinit__(self, Py_ssize_t room):
        cdef int i
        self.room = room
        self.shares = <float *>calloc(room // SPAN + 1, SPAN * sizeof(float))
        self.met = <uint64_t *>calloc(room // SPAN + 1, sizeof(uint64_t))
        if self.shares == NULL or self.met == NULL:
            raise MemoryError(f"no memory for a word in {room} articles")
        for i in range(STEPS):
            self.worth[i] = <float>max(K1 * i / (STEPS - i), LEAST)
        self.worth[STEPS] = <float>MOST_SHARES

    def __dealloc__(self):
        free(self.shares)
        free(self.met)

    cdef inline void add(self, int64_t doc, uint8_t impact) noexcept nogil:
        cdef Py_ssize_t at = doc - self.low
        cdef float one = self.worth[impact]
        self.shares[at] = max(self.shares[at], one) if self.most else self.shares[at] + one
        self.met[at // SPAN] |= <uint64_t>1 << (at % SPAN)

    cdef inline bint has(self, int64_t doc) noexcept nogil:
        cdef Py_ssize_t at = doc - self.low
        return self.met[at // SPAN] >> (at % SPAN) & 1

    cdef bint wants(self, const uint32_t *docs, Py_ssize_t count) noexcept nogil:
        """Whether any of these articles has to be looked at."""
        cdef Py_ssize_t i
        for i in range(count):
            if self.low <= docs[i] < self.high and not (self.light and self.has(docs[i])):
                return True
        return False

    cdef bint full(self) noexcept nogil:
        """Whether every article is met."""
        cdef Py_ssize_t span, count = self.high - self.low
        for span in range(count // SPAN):
            if ~self.met[span]:
                return False
        return self.met[count // SPAN] == (<uint64_t>1 << (count % SPAN)) - 1

    cdef void add_all(self, const uint32_t *docs, const uint8_t *impacts, Py_ssize_t count) noexcept nogil:
        """Add articles all of which are among those from `low` to `high` - 1."""
        cdef Py_ssize_t i
        cdef uint32_t at, low = <uint32_t>self.low
        cdef float *shares = self.shares
        cdef uint64_t *met = self.met
        if self.most:
            for i in range(count):
                self.add(docs[i], impacts[i])
            return
        for i in range(count):
            at = docs[i] - low
            shares[at] += self.worth[impacts[i]]
            met[at // SPAN] |= <uint64_t>1 << (at % SPAN)


cdef Sums sums_for(int64_t low, int64_t high, bint most, bint light):
    """Sums of no word so far."""
    cdef Sums sums = spare.pop() if spare else None
    if sums is None or sums.room < high - low:
        sums = Sums(high - low)
    sums.low, sums.high, sums.most, sums.light = low, high, most, light
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
    cdef Py_ssize_t block = first_block(one, sums.low, 0), count
    occurrences.begin(term.marks, term.known, term.rest)
    while block < one.block_count:
        count = decode_docs(one, block, docs)
        if sums.wants(docs, count):
            add_block(sums, term, occurrences, titles, block, docs, count)
        if docs[count - 1] + 1 >= sums.high:
            break
        block += 1
    return 0


cdef int add_block(Sums sums, const Term *term, Occurrences occurrences, Numbers titles, Py_ssize_t block,
                   const uint32_t *docs, Py_ssize_t count) except -1 nogil:
    """`add_some` of one block."""
    cdef const List *one = &(<PostingList>term.plist).list
    cdef const uint8_t *impacts = one.data + one.impacts + block * BLOCK
    cdef uint32_t[BLOCK] ends
    cdef int32_t[6] counts
    cdef Py_ssize_t i, after
    cdef uint32_t before
    cdef bint present
    (<PostingList>term.plist)._open_occurrences(occurrences, block, decode_ends(one, block, ends, &after), after)
    for i in range(count):
        if not sums.low <= docs[i] < sums.high or (sums.light and sums.has(docs[i])):
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
    return 0


def united(Leaf leaf not None, int64_t low, int64_t high, Numbers title_words=None,
           const uint8_t[::1] alive=None, double floor=0):
    """The articles from `low` to `high` - 1 that have a word: (their number, docids int32, bounds float32).

    `title_words` is how long titles are; it is asked for where the word is looked for in bodies. With `alive`, a flag
    for each docid, the others are left out. Only the docids are returned of those that may be worth `floor`.
    """
    cdef Py_ssize_t articles = (<PostingList>leaf.lists[0]).list.articles if leaf.count else 0
    if leaf.of_body and articles and (title_words is None or title_words.count != articles):
        raise ValueError("the length of each title expected")
    if alive is not None and articles and alive.shape[0] != articles:
        raise ValueError(f"a flag expected for each of {articles} articles, not {alive.shape[0]}")
    cdef const uint8_t *flags = &alive[0] if alive is not None and articles else NULL
    total, docs, bounds, _ = collect_union(leaf, low, high, title_words if leaf.of_body else None, flags,
                                            floor).taken()
    return total, docs, bounds


cdef Chosen collect_union(Leaf leaf, int64_t low, int64_t high, Numbers titles, const uint8_t *alive,
                          double floor):
    """`united`, with as many lengths of titles, where the word is looked for in bodies, and as many flags as articles."""
    cdef PostingList plist
    cdef Py_ssize_t articles = 0
    for plist in leaf.lists:
        articles = plist.list.articles
        plist.verify_docs(low, high)
    low, high = max(low, 0), min(high, articles)
    if low >= high:
        return Chosen(0)
    cdef Occurrences occurrences = Occurrences()
    cdef Sums sums = sums_for(low, high, leaf.most, leaf.weight == 0)
    cdef Chosen chosen = Chosen(min(leaf.group.size, high - low))
    cdef const uint8_t *flags = alive + low if alive != NULL else NULL
    if leaf.group.size < LONG:
        unite(leaf, sums, occurrences, titles, flags, <float>(HAIR * floor), &chosen.choice)
    else:
        with nogil:
            unite(leaf, sums, occurrences, titles, flags, <float>(HAIR * floor), &chosen.choice)
    if sums.room <= MOST_SPARE and len(spare) < SPARES:
        spare.append(sums)
    return chosen


cdef int unite(Leaf leaf, Sums sums, Occurrences occurrences, Numbers titles, const uint8_t *alive, float floor,
               Choice *choice) except -1 nogil:
    """Add the lists up and put down what is worth enough. The sums are 0 again."""
    cdef Py_ssize_t k
    cdef bint whole
    for whole in range(1, -1, -1):  # parts of lists last, as what was met already may not have to be looked at
        for k in range(leaf.group.count):
            if sums.light and k % MANY == 0 and sums.full():
                break
            if leaf.whole(k) != whole:
                continue
            if whole:
                add_list(sums, leaf.group.raw[k])
            else:
                add_some(sums, &leaf.terms[k], occurrences, titles)
    take(sums, alive, leaf.group.worth[STEPS], 1 + ROUNDING * leaf.group.count, floor, choice)
    return 0


cdef void take(Sums sums, const uint8_t *alive, double weight, double rounding, float floor, Choice *choice) noexcept nogil:
    """Count the articles that were met, but those that are not `alive`, and put down those that may be worth `floor`."""
    cdef Py_ssize_t n = 0, total = 0, span, at
    cdef uint64_t met
    cdef double shares, enough = shares_for(weight, floor)
    for span in range((sums.high - sums.low) // SPAN + 1):
        met = sums.met[span]
        sums.met[span] = 0
        while met:
            at = span * SPAN + ctz(met)
            met &= met - 1
            shares = rounding * sums.shares[at]
            sums.shares[at] = 0
            if alive != NULL and not alive[at]:
                continue
            total += 1
            if shares >= enough:
                choice.docs[n] = <int32_t>(sums.low + at)
                choice.bounds[n] = <float>max(weight * (shares / (K1 + shares)), LEAST)
                n += choice.bounds[n] >= floor
    choice.total, choice.size = total, n


cdef inline double shares_for(double weight, double floor) noexcept nogil:
    """What is worth less than `floor` for certain has less than so many shares: seen without a division."""
    floor *= HAIR
    if floor <= LEAST:
        return 0
    return HAIR * K1 * floor / (weight - floor) if floor < weight else INFINITY

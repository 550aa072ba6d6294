# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Phrases: in which articles some words follow one another, and how often, in one walk through their posting lists.

Called by `newsindex.searcher.terms`. Words are taken rarest first, and of each no more is read than has to be: the list
of the next word only where articles have those before, and where all words stand only in articles that have all. Words of
one term, as nearly all are, are looked for in a block of articles at a time, and that two of them are near each other is
seen in their positions as they are packed; only then what their forms are is read.
"""

from cython cimport no_gc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._blocks cimport ABSENT, BLOCK, END, Cursor, forward, locate, rewind, seek
from newsindex.inverted._buffers cimport Buffer, put_bytes
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._gil cimport LONG, SCORED
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._kernels cimport gallop
from newsindex.searcher._scoring cimport worth
from newsindex.searcher._tracks cimport (
    ALIKE,
    CHOSEN,
    TYPED,
    Track,
    Word,
    count_runs,
    is_near,
    may_be_near,
    read_word,
)

cdef double MARGIN = 1 + 1e-9  # of a sum that is rounded


@no_gc  # as the nodes of plans, which say why
cdef class Terms:
    """The terms that a word of a phrase may be, in one segment.

    Args:
        lists, marks, rests: their posting lists, and for each the marks of its forms (see `PostingList.tally`). What is
            TYPED is ALIKE too, and what is ALIKE is CHOSEN.
        spelled: whether the word asks for a spelling; else what is chosen has all marks.

    Attributes:
        size: in how many articles it occurs at most.
    """

    def __cinit__(self, tuple lists, tuple marks, tuple rests, bint spelled):
        cdef PostingList plist
        if not lists or not len(lists) == len(marks) == len(rests):
            raise ValueError("a list at least, and marks for each, expected")
        self.lists, self.marks, self.rests = lists, tuple([bytes(one) for one in marks]), rests
        self.count = len(lists)
        self.spelled = spelled
        for plist in lists:
            self.size += plist.df


# Walking.


cdef inline int64_t move(Word *word, int64_t doc) except -1 nogil:
    """The first article from `doc` on that has one of the terms of a word, END where there is none."""
    cdef Track *first = word.heap[0]
    cdef Cursor *cursor = &first.cursor
    if first.doc >= doc:
        return first.doc
    if word.count > 1 or cursor.count == 0 or cursor.docs[cursor.count - 1] < doc:
        return move_far(word, doc)
    cursor.at = forward(cursor.docs, cursor.at, cursor.count, <uint32_t>doc)
    first.doc, first.at = cursor.docs[cursor.at], cursor.at
    return first.doc


cdef int64_t move_far(Word *word, int64_t doc) except -1 nogil:
    """`move` where another block has to be decoded, or there are several terms."""
    cdef Track *first = word.heap[0]
    while first.doc < doc:
        first.doc = seek(&first.cursor, doc)
        first.at_block, first.at = first.cursor.block, first.cursor.at
        if word.count > 1:
            sink(word.heap, word.count)
            first = word.heap[0]
    return first.doc


cdef void sink(Track **heap, Py_ssize_t count) noexcept nogil:
    """Put the first track of a heap, which has moved on, where it belongs."""
    cdef Track *moved = heap[0]
    cdef Py_ssize_t at = 0, child = 1
    while child < count:
        if child + 1 < count and heap[child + 1].doc < heap[child].doc:
            child += 1
        if heap[child].doc >= moved.doc:
            break
        heap[at] = heap[child]
        at, child = child, 2 * child + 1
    heap[at] = moved


cdef class Walk:
    """A walk through the articles that may have a phrase, and what was found; owns all memory that this takes."""

    def __cinit__(self, list words, int64_t low, int64_t high, int64_t slop, bint spelling, Numbers limits,
                  bint once=False):
        cdef Terms terms
        cdef Py_ssize_t w, k, tracks = 0
        cdef Word *word
        self.count, self.slop, self.limits, self.once = len(words), slop, limits, once
        for terms in words:
            tracks += terms.count
            self.spelling |= spelling and terms.spelled
        self.words = <Word *>calloc(max(self.count, 1), sizeof(Word))
        self.rarest = <Word **>malloc(max(self.count, 1) * sizeof(Word *))
        self.tracks = <Track *>malloc(max(tracks, 1) * sizeof(Track))
        self.heaps = <Track **>malloc(max(tracks, 1) * sizeof(Track *))
        self.simple = tracks == self.count
        if self.words == NULL or self.rarest == NULL or self.tracks == NULL or self.heaps == NULL:
            raise MemoryError("no memory to walk through posting lists")
        tracks = 0
        for w, terms in enumerate(words):
            word = &self.words[w]
            word.heap, word.count, word.index = self.heaps + tracks, terms.count, w
            for k in range(terms.count):
                word.heap[k] = &self.tracks[tracks + k]
                begin(word.heap[k], terms, k, low, high)
                word.vague |= self.spelling and terms.spelled and word.heap[k].chosen and word.heap[k].marked > 0
            tracks += terms.count
        for w, terms in enumerate(words):
            k = w
            while k and (<Terms>words[self.rarest[k - 1].index]).size > terms.size:
                self.rarest[k] = self.rarest[k - 1]
                k -= 1
            self.rarest[k] = &self.words[w]
        self.rarest_size = (<Terms>words[self.rarest[0].index]).size

    def __dealloc__(self):
        cdef Py_ssize_t w
        for w in range(self.count if self.words != NULL else 0):
            free(self.words[w].row.data)
        free(self.words)
        free(self.rarest)
        free(self.tracks)
        free(self.heaps)
        free(self.docs.data)
        free(self.sums.data)

    cdef tuple found(self):
        """The articles that were found, and their sums."""
        cdef Py_ssize_t count = self.docs.size // sizeof(int32_t)
        docs, sums = np.empty(count, np.int32), np.empty((count, 6), np.int32)
        cdef int32_t[::1] docs_out
        cdef int32_t[:, ::1] sums_out
        if count:
            docs_out, sums_out = docs, sums
            memcpy(&docs_out[0], self.docs.data, self.docs.size)
            memcpy(&sums_out[0, 0], self.sums.data, self.sums.size)
        return docs, sums

    cdef int walk(self, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1 nogil:
        """Find the articles from `low` to `high` - 1, or those of them in `docs` if not NULL, that have the phrase."""
        cdef int64_t doc = low, met
        cdef Py_ssize_t at = 0
        if self.simple:
            return self.walk_blocks(low, high, docs, size)
        while True:
            if docs != NULL:
                at = gallop(docs, size, at, doc)
                doc = docs[at] if at < size else END
            else:
                doc = move(self.rarest[0], doc)
            if doc >= high:
                return 0
            met = self.meet(doc)
            if met == doc:
                self.count_in(doc)
                met += 1
            doc = met

    cdef int64_t meet(self, int64_t doc) except -1 nogil:
        """Go on to an article; returns it if it has all words, else where these may be next, as far as is known."""
        cdef int64_t next_doc
        cdef Py_ssize_t w
        for w in range(self.count):
            next_doc = move(self.rarest[w], doc)
            if next_doc != doc:
                return next_doc
        return doc

    cdef int walk_blocks(self, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1 nogil:
        """Find the articles that have words of one term each, by blocks of the first, or of some `docs` if not NULL."""
        cdef uint32_t[BLOCK] some
        cdef uint8_t[BLOCK] kept
        cdef Py_ssize_t n, w, k, at = 0
        while low < high:
            if docs != NULL:
                at = gallop(docs, size, at, low)
                n = min(size - at, <Py_ssize_t>BLOCK)
                if n > 0:
                    memcpy(some, docs + at, n * sizeof(uint32_t))
            else:
                n = next_docs(self.rarest[0], low, some)
            while n > 0 and some[n - 1] >= high:
                n -= 1
            if n <= 0:
                return 0
            low = <int64_t>some[n - 1] + 1
            for k in range(n):
                kept[k] = <uint8_t>k
            for w in range(docs == NULL, self.count):
                n = keep_found(self.rarest[w], some, kept, n)
                if 0 < w < self.count - 1:
                    n = self.keep_near(w, some, kept, n)
            for k in range(n):
                for w in range(self.count):
                    stand(&self.words[w], some[kept[k]], kept[k])
                self.count_in(some[kept[k]])
        return 0

    cdef Py_ssize_t keep_near(self, Py_ssize_t w, const uint32_t *docs, uint8_t *kept, Py_ssize_t count) except -1 nogil:
        """Keep those articles in which a word may be near the rarest one, before others are looked for in them."""
        cdef Py_ssize_t k, n = 0
        for k in range(count):
            stand(self.rarest[0], docs[kept[k]], kept[k])
            stand(self.rarest[w], docs[kept[k]], kept[k])
            kept[n] = kept[k]
            n += may_be_near(self.rarest[0], self.rarest[w], self.slop)
        return n

    cdef int count_in(self, int64_t doc) except -1 nogil:
        """Count the phrase in an article that has all of its words."""
        cdef int32_t[6] sums
        cdef int32_t found = <int32_t>doc
        cdef int64_t limit
        cdef Py_ssize_t w
        for w in range(max(self.count - 1, <Py_ssize_t>1), self.count if self.simple else 0):  # the others are
            if not may_be_near(self.rarest[0], self.rarest[w], self.slop):
                return 0
        for w in range(self.count):
            read_word(self.rarest[w], doc, False)
            if w and self.count > 2 and not is_near(self.rarest[0], self.rarest[w], self.slop):
                return 0
        for w in range(6):
            sums[w] = 0
        limit = value_at(self.limits, doc) if self.limits is not None else 0
        count_runs(self.words, self.count, self.slop, CHOSEN, limit, self.once, sums)
        if sums[0]:
            if self.spelling and self.is_enough(found, sums):
                self.count_spelled(doc, limit, sums)
            put_bytes(&self.docs, &found, sizeof(int32_t))
            put_bytes(&self.sums, sums, sizeof(sums))
        return 0

    cdef bint is_enough(self, int32_t doc, const int32_t *sums) except? -1 nogil:
        """Whether an article that has the phrase may be worth enough, if all of it should be spelled as asked for."""
        if self.scale is None or self.enough == 0:
            return True
        return MARGIN * (1 + self.scale.alike + self.scale.typed) * self.weight * worth(self.field, self.scale, doc, sums) \
            >= self.enough

    cdef int count_spelled(self, int64_t doc, int64_t limit, int32_t *sums) except -1 nogil:
        """Count also those that are spelled as was asked for. What is not even chosen is not."""
        cdef Py_ssize_t w
        for w in range(self.count):
            if self.words[w].vague:
                read_word(&self.words[w], doc, True)
        count_runs(self.words, self.count, self.slop, ALIKE, limit, False, sums + 2)
        if sums[2]:
            count_runs(self.words, self.count, self.slop, TYPED, limit, False, sums + 4)
        return 0


cdef Py_ssize_t next_docs(Word *word, int64_t low, uint32_t *docs) except -1 nogil:
    """Take the next articles of a word of one term from `low` on; returns how many they are."""
    cdef Cursor *cursor = &word.heap[0].cursor
    cdef Py_ssize_t i, n
    if seek(cursor, low) == END:
        return 0
    n = cursor.count - cursor.at
    memcpy(docs, cursor.docs + cursor.at, n * sizeof(uint32_t))
    for i in range(n):
        word.found.blocks[i] = <int32_t>cursor.block
        word.found.places[i] = <uint8_t>(cursor.at + i)
    return n


cdef Py_ssize_t keep_found(Word *word, const uint32_t *docs, uint8_t *kept, Py_ssize_t count) except -1 nogil:
    """Keep those articles that are in the list of a word of one term; returns how many they are."""
    cdef Py_ssize_t k, n = 0
    locate(&word.heap[0].cursor, docs, kept, count, &word.found)
    for k in range(count):
        kept[n] = kept[k]
        n += word.found.places[kept[k]] != ABSENT
    return n


cdef inline void stand(Word *word, int64_t doc, Py_ssize_t k) noexcept nogil:
    """Put the track of a word of one term where an article was found."""
    cdef Track *track = word.heap[0]
    track.doc, track.at_block, track.at = doc, word.found.blocks[k], word.found.places[k]


cdef int begin(Track *track, Terms terms, Py_ssize_t k, int64_t low, int64_t high) except -1:
    """Put a track before the articles from `low` to `high` - 1 of one of some terms."""
    cdef PostingList plist = terms.lists[k]
    cdef bytes marks = terms.marks[k]
    cdef Py_ssize_t form
    plist.verify_docs(low, high)
    rewind(&track.cursor, &plist.list)
    track.doc = track.block = -1
    track.plist = <void *>plist
    track.marked, track.rest = len(marks), terms.rests[k]
    track.marks = <const uint8_t *>marks  # which `terms` keep alive
    track.spelled, track.chosen = terms.spelled, track.rest & CHOSEN
    for form in range(track.marked):
        track.chosen &= track.marks[form] & CHOSEN
    track.read = track.verified = 0
    track.furthest = -1
    return 0


def find_phrase(list words, int64_t low, int64_t high, int64_t slop, bint spelling, Numbers limits=None,
                const int32_t[::1] docs=None, bint once=False):
    """The articles from `low` to `high` - 1, or those of them in `docs`, ascending, that have a phrase.

    Returns (docids, sums), int32 [articles] and [articles, 6], these in the columns of `PostingList.tally`. `words` are
    the `Terms` of its words, one after another; up to `slop` other words may stand between them. A phrase has the marks
    that all its words have; only CHOSEN is counted unless `spelling`, and where no word asks for a spelling. `limits`
    are as in `PostingList.tally`. If `once`, all that the sums say is that they are not 0.
    """
    cdef Py_ssize_t size = docs.shape[0] if docs is not None else 0
    if low < 0 or (limits is not None and high > limits.count):
        raise ValueError(f"articles {low} to {high} of {limits.count if limits is not None else '?'}")
    if not words or (docs is not None and size == 0):
        return np.empty(0, np.int32), np.empty((0, 6), np.int32)
    cdef Walk walk = Walk(words, low, high, slop, spelling, limits, once)
    go(walk, low, high, &docs[0] if size else NULL, size)
    return walk.found()


cdef int go(Walk walk, int64_t low, int64_t high, const int32_t *docs, Py_ssize_t size) except -1:
    """Walk through some articles behind those before; all of them if `docs` is NULL."""
    if min(walk.rarest_size, size if docs != NULL else high - low) * SCORED < LONG:
        return walk.walk(low, high, docs, size)
    with nogil:
        return walk.walk(low, high, docs, size)

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Phrases: in which articles some words follow one another, and how often, in one walk through their posting lists.

Called by `newsindex.searcher.terms`. Words are taken rarest first, article by article, and of each no more is read than
has to be: the lists of the next word only where the article has those before, near enough to each other; the forms of
occurrences only where the phrase was found. The GIL is released meanwhile.
"""

from cython cimport no_gc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort
from libc.string cimport memcpy

import numpy as np

from newsindex.inverted._blocks cimport (
    BLOCK,
    Cursor,
    END,
    Rows,
    decode_ends,
    fault,
    forward,
    occurrences_bounds,
    open_rows,
    peek,
    rewind,
    seek,
)
from newsindex.inverted._buffers cimport Buffer, put_bytes, reserve
from newsindex.inverted._gil cimport LONG, SCORED
from newsindex.inverted._pages cimport PAGE_BITS, touch
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._kernels cimport gallop

cdef enum:
    CHOSEN = 1  # as in `_occurrences`
    ALIKE = 2
    TYPED = 4
    ALL_MARKS = 7


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

    cdef tuple lists, marks, rests
    cdef Py_ssize_t count
    cdef bint spelled
    cdef readonly int64_t size

    def __cinit__(self, tuple lists, tuple marks, tuple rests, bint spelled):
        cdef PostingList plist
        if not lists or not len(lists) == len(marks) == len(rests):
            raise ValueError("a list at least, and marks for each, expected")
        self.lists, self.marks, self.rests = lists, tuple([bytes(one) for one in marks]), rests
        self.count = len(lists)
        self.spelled = spelled
        for plist in lists:
            self.size += plist.df


cdef struct Track:
    # A walk through the list of one term.
    Cursor cursor
    int64_t doc             # where it stands
    void *plist             # a PostingList, which `Terms` keep alive
    const uint8_t *marks    # by form number, `rest` beyond; see `Terms`
    Py_ssize_t marked
    uint8_t rest
    bint spelled
    bint chosen             # all forms are
    Py_ssize_t block        # whose occurrences are open; -1 before the first
    uint32_t[BLOCK] ends    # where in it those of each article end
    Rows rows
    Py_ssize_t read         # as in Occurrences
    Py_ssize_t verified     # so far the positions are, from there on


cdef struct Word:
    # Its tracks, as a heap by where they stand, and where it occurs in an article: position * 256 + marks, ascending.
    Track **heap
    Py_ssize_t count
    Py_ssize_t index        # in the phrase
    bint vague              # marks take another look
    Buffer row
    Py_ssize_t at


cdef inline Py_ssize_t size_of(const Word *word) noexcept nogil:
    return word.row.size // 8


cdef inline int64_t position(const Word *word, Py_ssize_t k) noexcept nogil:
    return <int64_t>((<const uint64_t *>word.row.data)[k] >> 8)


cdef inline bint has(const Word *word, Py_ssize_t k, int mark) noexcept nogil:
    return (<const uint64_t *>word.row.data)[k] & <uint64_t>mark != 0


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
    first.doc = cursor.docs[cursor.at]
    return first.doc


cdef int64_t move_far(Word *word, int64_t doc) except -1 nogil:
    """`move` where another block has to be decoded, or there are several terms."""
    cdef Track *first = word.heap[0]
    while first.doc < doc:
        first.doc = seek(&first.cursor, doc)
        if word.count > 1:
            sink(word.heap, word.count)
            first = word.heap[0]
    return first.doc


cdef inline int64_t last_decoded(const Word *word) noexcept nogil:
    """Up to where the articles of a word are known; to go through these one by one is faster than to jump."""
    cdef const Cursor *cursor = &word.heap[0].cursor
    return cursor.docs[cursor.count - 1] if cursor.count else -1


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


# Reading where words stand.


cdef int open_block(Track *track) except -1 nogil:
    """Open the occurrences of the block where a track stands."""
    cdef Py_ssize_t block = track.cursor.block, after, begin, end
    cdef int64_t count = decode_ends(track.cursor.list, block, track.ends, &after)
    cdef const uint8_t *section = occurrences_bounds(track.cursor.list, block, after, &begin, &end)
    if track.cursor.list.block_count > 1:
        # As in PostingList, which says why.
        if begin < track.read:
            fault("occurrences blocks that overlap")
        track.read = end
        if end > track.verified:
            touch((<PostingList>track.plist).positions, begin, end)
            track.verified = (end + (1 << PAGE_BITS) - 1) >> PAGE_BITS << PAGE_BITS
    open_rows(&track.rows, section, begin, end, count, track.cursor.list.forms)
    track.block = block
    return 0


cdef int read_track(Track *track, Buffer *row, bint exactly) except -1 nogil:
    """Add to a row where a term stands in the article that its track is at.

    Unless `exactly`, of what is chosen in any form the marks are only those that all forms have.
    """
    cdef Py_ssize_t at = track.cursor.at, k, first, size
    cdef int64_t place = -1
    cdef uint64_t *spots
    cdef uint64_t marks = marked(track, track.rest)
    if track.block != track.cursor.block:
        open_block(track)
    first = track.ends[at - 1] if at else 0
    size = track.ends[at] - first
    reserve(row, 8 * size)
    spots = <uint64_t *>(row.data + row.size)
    for k in range(size):
        place += 1 + <int64_t>peek(track.rows.positions, first + k, track.rows.delta_width)
        spots[k] = <uint64_t>place << 8 | marks
    if place > 0x7FFFFFFF:
        with gil:
            raise ValueError(f"an impossible position {place}")
    if not track.chosen or (exactly and track.marked):
        size = mark_spots(track, spots, first, size)
    row.size += 8 * size
    return 0


cdef inline uint64_t marked(const Track *track, uint8_t marks) noexcept nogil:
    return marks if track.spelled or not marks & CHOSEN else ALL_MARKS


cdef Py_ssize_t mark_spots(const Track *track, uint64_t *spots, Py_ssize_t first, Py_ssize_t size) except -1 nogil:
    """Mark occurrences by their forms, and drop those that are not chosen; returns how many are."""
    cdef Py_ssize_t k, n = 0
    cdef uint32_t form
    for k in range(size):
        form = peek(track.rows.forms, first + k, track.rows.form_width)
        if form >= track.rows.form_count:
            with gil:
                raise ValueError(f"form number {form} of a term with {track.rows.form_count}")
        spots[n] = spots[k] >> 8 << 8 | marked(track, track.marks[form] if form < track.marked else track.rest)
        n += spots[n] & CHOSEN
    return n


cdef int read_tracks(Word *word, Py_ssize_t node, int64_t doc, bint exactly) except -1 nogil:
    """`read_track` of those terms of a word, from a node of their heap on, that the article `doc` has."""
    if node >= word.count or word.heap[node].doc != doc:
        return 0
    read_track(word.heap[node], &word.row, exactly)
    if word.count > 1:
        read_tracks(word, 2 * node + 1, doc, exactly)
        read_tracks(word, 2 * node + 2, doc, exactly)
    return 0


cdef int read_word(Word *word, int64_t doc, bint exactly) except -1 nogil:
    """Read where a word stands in an article that it is at."""
    word.row.size = 0
    read_tracks(word, 0, doc, exactly)
    if word.count > 1:
        unite(&word.row)
    return 0


cdef int by_place(const void *a, const void *b) noexcept nogil:
    cdef uint64_t x = (<const uint64_t *>a)[0], y = (<const uint64_t *>b)[0]
    return (x > y) - (x < y)


cdef void unite(Buffer *row) noexcept nogil:
    """Sort a row; what may be read as several terms occurs as all of them in one place."""
    cdef uint64_t *spots = <uint64_t *>row.data
    cdef Py_ssize_t size = row.size // 8, k, n = 0
    for k in range(1, size):
        if spots[k] >> 8 <= spots[k - 1] >> 8:
            qsort(spots, size, 8, by_place)
            break
    for k in range(size):
        if n and spots[n - 1] >> 8 == spots[k] >> 8:
            spots[n - 1] |= spots[k]
        else:
            spots[n] = spots[k]
            n += 1
    row.size = 8 * n


# Counting.


cdef bint is_near(const Word *a, const Word *b, int64_t slop) noexcept nogil:
    """Whether two words occur as far from each other as they may in a phrase."""
    cdef Py_ssize_t i, k = 0
    cdef int64_t least
    if a.index > b.index:
        a, b = b, a
    for i in range(size_of(a)):
        least = position(a, i) + b.index - a.index
        while k < size_of(b) and position(b, k) < least:
            k += 1
        if k == size_of(b):
            return False
        if position(b, k) <= least + slop:
            return True
    return False


cdef int count_runs(Word *words, Py_ssize_t count, int64_t slop, int mark, int64_t limit, int32_t *sums) noexcept nogil:
    """Add to two sums how often the words, all with a mark, follow one another with up to `slop` others between.

    The second sum is of those that begin before `limit`. From each place of the first word the others are taken at
    their next place, which gives the shortest such run. What was passed is not looked at again, because the next places
    never move back.
    """
    cdef Py_ssize_t w, first
    cdef int64_t last
    cdef Word *word
    for w in range(1, count):
        words[w].at = 0
    for first in range(size_of(words)):
        if not has(words, first, mark):
            continue
        last = position(words, first)
        for w in range(1, count):
            word = &words[w]
            while word.at < size_of(word) and (position(word, word.at) <= last or not has(word, word.at, mark)):
                word.at += 1
            if word.at == size_of(word):
                return 0
            last = position(word, word.at)
        if last - position(words, first) - (count - 1) <= slop:
            sums[0] += 1
            sums[1] += position(words, first) < limit
    return 0


cdef class Walk:
    """A walk through the articles that may have a phrase, and what was found; owns all memory that this takes."""

    cdef Word *words
    cdef Word **rarest      # the same words
    cdef Track *tracks
    cdef Track **heaps
    cdef Py_ssize_t count
    cdef int64_t slop
    cdef bint spelling      # whether more than CHOSEN is counted
    cdef Buffer docs, sums

    def __cinit__(self, list words, int64_t low, int64_t high, int64_t slop, bint spelling):
        cdef Terms terms
        cdef Py_ssize_t w, k, tracks = 0
        cdef Word *word
        self.count, self.slop = len(words), slop
        for terms in words:
            tracks += terms.count
            self.spelling |= spelling and terms.spelled
        self.words = <Word *>calloc(max(self.count, 1), sizeof(Word))
        self.rarest = <Word **>malloc(max(self.count, 1) * sizeof(Word *))
        self.tracks = <Track *>malloc(max(tracks, 1) * sizeof(Track))
        self.heaps = <Track **>malloc(max(tracks, 1) * sizeof(Track *))
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

    cdef int count_all(self, int64_t low, int64_t high, const uint32_t *limits, const int32_t *docs,
                       Py_ssize_t size) except -1 nogil:
        """Count the phrase in the articles from `low` to `high` - 1, or those of them in `docs`."""
        cdef int64_t doc = low
        cdef Py_ssize_t at = 0
        while self.count and doc < high:
            if docs != NULL:
                at = gallop(docs, size, at, doc) if size else 0
                if at == size or docs[at] >= high:
                    break
                doc = docs[at]
            else:
                doc = move(self.rarest[0], doc)
                if doc >= high:
                    break
            doc = self.count_in(doc, limits[doc] if limits != NULL else 0)
        return 0

    cdef int64_t count_in(self, int64_t doc, int64_t limit) except -1 nogil:
        """Count the phrase in an article, if it is there; returns where it may be next, as far as is known."""
        cdef int32_t[6] sums
        cdef int32_t found = <int32_t>doc
        cdef int64_t next_doc
        cdef Py_ssize_t w
        for w in range(self.count):
            next_doc = move(self.rarest[w], doc)
            if next_doc != doc:
                return next_doc if next_doc > last_decoded(self.rarest[0]) else doc + 1
            if w == 0 and self.count > 1:
                continue  # most articles have no other word
            if w == 1:
                read_word(self.rarest[0], doc, False)
            read_word(self.rarest[w], doc, False)
            if w and self.count > 2 and not is_near(self.rarest[0], self.rarest[w], self.slop):
                return doc + 1
        for w in range(6):
            sums[w] = 0
        count_runs(self.words, self.count, self.slop, CHOSEN, limit, sums)
        if sums[0]:
            if self.spelling:
                self.count_spelled(doc, limit, sums)
            put_bytes(&self.docs, &found, sizeof(int32_t))
            put_bytes(&self.sums, sums, sizeof(sums))
        return doc + 1

    cdef int count_spelled(self, int64_t doc, int64_t limit, int32_t *sums) except -1 nogil:
        """Count also those that are spelled as was asked for. What is not even chosen is not."""
        cdef Py_ssize_t w
        for w in range(self.count):
            if self.words[w].vague:
                read_word(&self.words[w], doc, True)
        count_runs(self.words, self.count, self.slop, ALIKE, limit, sums + 2)
        if sums[2]:
            count_runs(self.words, self.count, self.slop, TYPED, limit, sums + 4)
        return 0


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
    return 0


def find_phrase(list words, int64_t low, int64_t high, int64_t slop, bint spelling,
                const uint32_t[::1] limits=None, const int32_t[::1] docs=None):
    """The articles from `low` to `high` - 1, or those of them in `docs`, ascending, that have a phrase.

    Returns (docids, sums), int32 [articles] and [articles, 6], these in the columns of `PostingList.tally`. `words` are
    the `Terms` of its words, one after another; up to `slop` other words may stand between them. A phrase has the marks
    that all its words have; only CHOSEN is counted unless `spelling`, and where no word asks for a spelling. `limits`
    are as in `PostingList.tally`.
    """
    cdef bint limited = limits is not None
    if low < 0 or (limited and high > limits.shape[0]):
        raise ValueError(f"articles {low} to {high} of {limits.shape[0] if limited else '?'}")
    cdef Walk walk = Walk(words, low, high, slop, spelling)
    cdef const uint32_t *titles = &limits[0] if limited else NULL
    cdef const int32_t *among = &docs[0] if docs is not None else NULL
    cdef Py_ssize_t size = docs.shape[0] if docs is not None else 0
    cdef int64_t work = min([(<Terms>terms).size for terms in words] + [high - low]) * SCORED
    if work < LONG:
        walk.count_all(low, high, titles, among, size)
    else:
        with nogil:
            walk.count_all(low, high, titles, among, size)
    return walk.found()

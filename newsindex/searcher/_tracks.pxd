# cython: language_level=3
"""Where the words of a phrase stand in an article, and how often they follow one another: the small steps of `_phrases`.

A `Track` is a walk through the list of one term, a `Word` that of all the terms of a word. `_phrases` puts them at
articles; here is read where the words stand in them, and counted.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport qsort

from newsindex.inverted._blocks cimport (
    BLOCK,
    Cursor,
    Places,
    Rows,
    decode_ends,
    fault,
    occurrences_bounds,
    open_rows,
    peek,
)
from newsindex.inverted._buffers cimport Buffer, reserve
from newsindex.inverted._pages cimport PAGE_BITS, touch
from newsindex.inverted._postings cimport PostingList

cdef enum:
    CHOSEN = 1  # as in `_occurrences`
    ALIKE = 2
    TYPED = 4
    ALL_MARKS = 7
    SMALL = 64  # places that are put in order one by one


cdef struct Track:
    # A walk through the list of one term.
    Cursor cursor
    int64_t doc             # where it stands,
    Py_ssize_t at_block, at # which is there in the list
    void *plist             # a PostingList, which `Terms` keep alive
    const uint8_t *marks    # by form number, `rest` beyond; see `Terms`
    Py_ssize_t marked
    uint8_t rest
    bint spelled
    bint chosen             # all forms are
    Py_ssize_t block        # whose occurrences are open; -1 before the first
    uint32_t[BLOCK] ends    # where in it those of each article end
    Rows rows
    Py_ssize_t read         # as in Occurrences,
    Py_ssize_t furthest     # and the block up to where that is
    Py_ssize_t verified     # so far the positions are, from there on


cdef struct Word:
    # Its tracks, as a heap by where they stand, and where it occurs in an article: position * 256 + marks, ascending.
    Track **heap
    Py_ssize_t count
    Py_ssize_t index        # in the phrase
    Places found            # where some articles are in the list of its only term
    bint vague              # marks take another look
    Buffer row
    Py_ssize_t at


cdef inline Py_ssize_t size_of(const Word *word) noexcept nogil:
    return word.row.size // 8


cdef inline int64_t position(const Word *word, Py_ssize_t k) noexcept nogil:
    return <int64_t>((<const uint64_t *>word.row.data)[k] >> 8)


cdef inline bint has(const Word *word, Py_ssize_t k, int mark) noexcept nogil:
    return (<const uint64_t *>word.row.data)[k] & <uint64_t>mark != 0


# Reading where words stand.


cdef inline Py_ssize_t open_at(Track *track) except -1 nogil:
    """Open the occurrences in the article where a track stands; returns the first. The last is before `ends[at]`."""
    if track.block != track.at_block:
        open_block(track)
    return track.ends[track.at - 1] if track.at else 0


cdef inline int open_block(Track *track) except -1 nogil:
    """Open the occurrences of the block where a track stands."""
    cdef Py_ssize_t block = track.at_block, after, begin, end
    cdef int64_t count = decode_ends(track.cursor.list, block, track.ends, &after)
    cdef const uint8_t *section = occurrences_bounds(track.cursor.list, block, after, &begin, &end)
    if track.cursor.list.block_count > 1:
        # As in PostingList, which says why. Those before are read again where words turned out to be near each other.
        if block > track.furthest:
            if begin < track.read:
                fault("occurrences blocks that overlap")
            track.read, track.furthest = end, block
        if end > track.verified:
            touch((<PostingList>track.plist).positions, begin, end)
            track.verified = (end + (1 << PAGE_BITS) - 1) >> PAGE_BITS << PAGE_BITS
    open_rows(&track.rows, section, begin, end, count, track.cursor.list.forms)
    track.block = block
    return 0


cdef inline int read_track(Track *track, Buffer *row, bint exactly) except -1 nogil:
    """Add to a row where a term stands in the article that its track is at.

    Unless `exactly`, of what is chosen in any form the marks are only those that all forms have.
    """
    cdef Py_ssize_t first = open_at(track), size = track.ends[track.at] - first, k
    cdef int64_t place = -1
    cdef uint64_t *spots
    cdef uint64_t marks = marked(track, track.rest)
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


cdef inline Py_ssize_t mark_spots(const Track *track, uint64_t *spots, Py_ssize_t first, Py_ssize_t size) except -1 nogil:
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


cdef inline int read_tracks(Word *word, Py_ssize_t node, int64_t doc, bint exactly) except -1 nogil:
    """`read_track` of those terms of a word, from a node of their heap on, that the article `doc` has."""
    if node >= word.count or word.heap[node].doc != doc:
        return 0
    read_track(word.heap[node], &word.row, exactly)
    if word.count > 1:
        read_tracks(word, 2 * node + 1, doc, exactly)
        read_tracks(word, 2 * node + 2, doc, exactly)
    return 0


cdef inline int read_word(Word *word, int64_t doc, bint exactly) except -1 nogil:
    """Read where a word stands in an article that it is at."""
    word.row.size = 0
    read_tracks(word, 0, doc, exactly)
    if word.count > 1:
        unite(&word.row)
    return 0


cdef inline int by_place(const void *a, const void *b) noexcept nogil:
    cdef uint64_t x = (<const uint64_t *>a)[0], y = (<const uint64_t *>b)[0]
    return (x > y) - (x < y)


cdef inline void sort_small(uint64_t *spots, Py_ssize_t size) noexcept nogil:
    """Sort few places. Those of each term ascend already, so hardly any has far to go."""
    cdef Py_ssize_t k, n
    cdef uint64_t spot
    for k in range(1, size):
        spot, n = spots[k], k
        while n and spots[n - 1] > spot:
            spots[n] = spots[n - 1]
            n -= 1
        spots[n] = spot


cdef inline void unite(Buffer *row) noexcept nogil:
    """Sort a row; what may be read as several terms occurs as all of them in one place."""
    cdef uint64_t *spots = <uint64_t *>row.data
    cdef Py_ssize_t size = row.size // 8, k, n = 0
    if size > SMALL:
        qsort(spots, size, 8, by_place)
    else:
        sort_small(spots, size)
    for k in range(size):
        if n and spots[n - 1] >> 8 == spots[k] >> 8:
            spots[n - 1] |= spots[k]
        else:
            spots[n] = spots[k]
            n += 1
    row.size = 8 * n


# Counting.


cdef inline bint may_be_near(Word *a, Word *b, int64_t slop) except? -1 nogil:
    """`is_near` of two words of one term each in the article where these stand, whatever the forms; it reads little."""
    cdef Track *one
    cdef Track *other
    cdef Py_ssize_t i, k, i_end, k_end
    cdef int64_t least, place
    if a.index > b.index:
        a, b = b, a
    one, other = a.heap[0], b.heap[0]
    i, k = open_at(one), open_at(other)
    i_end, k_end = one.ends[one.at], other.ends[other.at]
    least = peek(one.rows.positions, i, one.rows.delta_width) + b.index - a.index
    place = peek(other.rows.positions, k, other.rows.delta_width)
    while True:
        if place < least:
            k += 1
            if k >= k_end:
                return False
            place += 1 + <int64_t>peek(other.rows.positions, k, other.rows.delta_width)
        elif place <= least + slop:
            return True
        else:
            i += 1
            if i >= i_end:
                return False
            least += 1 + <int64_t>peek(one.rows.positions, i, one.rows.delta_width)


cdef inline bint is_near(const Word *a, const Word *b, int64_t slop) noexcept nogil:
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


cdef inline int count_runs(Word *words, Py_ssize_t count, int64_t slop, int mark, int64_t limit, bint once,
                           int32_t *sums) noexcept nogil:
    """Add to two sums how often the words, all with a mark, follow one another with up to `slop` others between.

    The second sum is of those that begin before `limit`. If `once`, the first is as good as all. From each place of the
    first word the others are taken at their next place, which gives the shortest such run. What was passed is not
    looked at again, because the next places never move back.
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
            if once:
                return 0
    return 0

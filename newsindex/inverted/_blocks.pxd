# cython: language_level=3
"""Blocks of posting lists: where they stand in a list, and their decoding, for `_postings` and the searcher.

A `List` is a posting list whose header and block table were checked (see `_postings`, which makes them and keeps alive
what they point to). A `Cursor` walks through one: `seek` finds articles, in ascending order only. `Rows` are an
occurrences block that was checked.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    BLOCK = 128
    END = 0x7FFFFFFF  # beyond all docids
    ABSENT = 255
    MOST_OCCURRENCES = 0x7FFFFFFF  # in a block; what is handed out counts them in int32
    MANY = 20      # articles that are looked for in one block, for which it pays to put up signs
    SPREAD = 8192  # docids that signs tell apart


cdef struct List:
    const uint8_t *data     # the section
    Py_ssize_t stop         # where the list ends in it; at least 8 bytes follow
    Py_ssize_t table        # block table; none for a list of one block
    Py_ssize_t maxima       # highest impact of each block; none for a list of one block
    Py_ssize_t impacts
    Py_ssize_t blocks, blocks_size
    Py_ssize_t block_count
    Py_ssize_t df
    Py_ssize_t forms
    int64_t articles
    const uint8_t *positions  # the section of the occurrences of a list of several blocks, where they begin, their size
    Py_ssize_t positions_start, positions_size


cdef inline int fault(const char *reason) except -1 nogil:
    with gil:
        raise ValueError(reason.decode())


cdef inline uint32_t peek(const uint8_t *data, Py_ssize_t index, int width) noexcept nogil:
    """The number at `index` of a packed row; the row is followed by at least 8 readable bytes."""
    cdef uint64_t word
    cdef Py_ssize_t bit = index * width
    memcpy(&word, data + (bit >> 3), 8)
    return <uint32_t>((word >> (bit & 7)) & ((<uint64_t>1 << width) - 1))


cdef inline int64_t run_up(const uint8_t *row, Py_ssize_t count, int width, int64_t sum, uint32_t *sums) noexcept nogil:
    """Add to `sum` each number of a packed row, and 1 for each, and note what it is after each; returns the last.

    Most numbers take 16 bits at most: of these, one load gets eight, or four.
    """
    cdef Py_ssize_t i = 0, k, half = (4 * width) >> 3
    cdef uint64_t word, mask = (<uint64_t>1 << width) - 1
    if width <= 8:
        while i + 8 <= count:
            memcpy(&word, row, 8)
            for k in range(8):
                sum += 1 + <int64_t>(word & mask)
                sums[i + k] = <uint32_t>sum
                word >>= width
            i += 8
            row += width
    elif width <= 16:
        while i + 8 <= count:
            memcpy(&word, row, 8)
            for k in range(4):
                sum += 1 + <int64_t>(word & mask)
                sums[i + k] = <uint32_t>sum
                word >>= width
            memcpy(&word, row + half, 8)
            word >>= (4 * width) & 7
            for k in range(4, 8):
                sum += 1 + <int64_t>(word & mask)
                sums[i + k] = <uint32_t>sum
                word >>= width
            i += 8
            row += width
    for k in range(count - i):
        sum += 1 + <int64_t>peek(row, k, width)
        sums[i + k] = <uint32_t>sum
    return sum


cdef inline Py_ssize_t u32(const List *one, Py_ssize_t at) noexcept nogil:
    cdef uint32_t value
    memcpy(&value, one.data + at, 4)
    return value


cdef inline int64_t last_doc(const List *one, Py_ssize_t block) noexcept nogil:
    """The last docid of a block; -1 before the first. Only for lists with a table."""
    return u32(one, one.table + 12 * block) if block >= 0 else -1


cdef inline Py_ssize_t block_size(const List *one, Py_ssize_t block) noexcept nogil:
    return min(<Py_ssize_t>BLOCK, one.df - block * BLOCK)


cdef inline Py_ssize_t first_block(const List *one, int64_t doc, Py_ssize_t low) noexcept nogil:
    """The first block from `low` whose last docid is at least `doc`; doubling steps, then bisection."""
    cdef Py_ssize_t step = 1, high, middle
    if one.block_count == 1:
        return low
    if low >= one.block_count or last_doc(one, low) >= doc:
        return low
    while low + step < one.block_count and last_doc(one, low + step) < doc:
        low += step
        step *= 2
    high = min(low + step, one.block_count)
    while low + 1 < high:
        middle = (low + high) // 2
        if last_doc(one, middle) < doc:
            low = middle
        else:
            high = middle
    return high


cdef inline Py_ssize_t docs_bounds(const List *one, Py_ssize_t block, Py_ssize_t *stop) except -1 nogil:
    """Where the docs part of a block begins and ends at the latest."""
    cdef Py_ssize_t begin, end
    if one.block_count == 1:
        stop[0] = one.stop
        return one.blocks
    begin = u32(one, one.table + 12 * block + 4)
    end = u32(one, one.table + 12 * block + 16) if block + 1 < one.block_count else one.blocks_size
    if begin >= end or end > one.blocks_size:
        fault("a docs block outside its list")
    stop[0] = one.blocks + end
    return one.blocks + begin


cdef inline Py_ssize_t decode_docs(const List *one, Py_ssize_t block, uint32_t *docs) except -1 nogil:
    """Decode the docids of one block; returns how many there are."""
    cdef Py_ssize_t count = block_size(one, block), stop, at = docs_bounds(one, block, &stop)
    cdef int64_t doc = last_doc(one, block - 1) if one.block_count > 1 else -1
    if at + 2 > stop or one.data[at] > 32 or one.data[at + 1] > 32:
        fault("impossible bit widths")
    if at + 2 + (count * one.data[at] + 7) // 8 > stop:
        fault("a docs block longer than its bytes")
    doc = run_up(one.data + at + 2, count, one.data[at], doc, docs)
    if doc >= one.articles or (one.block_count > 1 and doc != last_doc(one, block)):
        fault("docids that are not those of their block")
    return count


cdef struct Cursor:
    const List *list
    Py_ssize_t block        # decoded last; -1 before the first
    Py_ssize_t at, count    # place in it, and its size
    uint32_t[BLOCK] docs    # END behind the last


cdef inline void rewind(Cursor *cursor, const List *one) noexcept nogil:
    cursor.list = one
    cursor.block = -1
    cursor.at = cursor.count = 0


cdef inline Py_ssize_t forward(const uint32_t *docs, Py_ssize_t at, Py_ssize_t count, uint32_t doc) noexcept nogil:
    """The first place from `at` whose docid is at least `doc`; the last docid is."""
    while at + 16 < count and docs[at + 16] < doc:
        at += 16
    while docs[at] < doc:
        at += 1
    return at


cdef inline int enter(Cursor *cursor, Py_ssize_t block) except -1 nogil:
    """Decode a block, and stand at its first docid."""
    cdef Py_ssize_t i
    cursor.count = decode_docs(cursor.list, block, cursor.docs)
    for i in range(cursor.count, BLOCK):
        cursor.docs[i] = END
    cursor.block, cursor.at = block, 0
    return 0


cdef inline bint reach(Cursor *cursor, int64_t doc) except? -1 nogil:
    """Decode the first block that has a docid from `doc` on, if it is not decoded; whether there is one."""
    cdef Py_ssize_t block
    if cursor.count and cursor.docs[cursor.count - 1] >= doc:
        return True
    block = first_block(cursor.list, doc, cursor.block + 1)
    if block >= cursor.list.block_count:
        return False
    enter(cursor, block)
    return cursor.docs[cursor.count - 1] >= doc


cdef inline int64_t seek(Cursor *cursor, int64_t doc) except -1 nogil:
    """The first docid from `doc` on, END where there is none. What was passed does not come back."""
    if not reach(cursor, doc):
        cursor.at = cursor.count
        return END
    cursor.at = forward(cursor.docs, cursor.at, cursor.count, <uint32_t>doc)
    return cursor.docs[cursor.at]


cdef struct Places:
    # Where articles are in a list: in which blocks, and where in these; ABSENT where they are not.
    int32_t[BLOCK] blocks
    uint8_t[BLOCK] places
    uint8_t[SPREAD] signs  # see `locate`


cdef inline void note(const Cursor *cursor, uint32_t doc, Py_ssize_t at, Py_ssize_t k, Places *found) noexcept nogil:
    """Note that an article, if it is in the block of a cursor, is there at `at`."""
    found.blocks[k] = <int32_t>cursor.block
    found.places[k] = <uint8_t>(at | -(cursor.docs[at] != doc))  # without a branch that nobody could foresee


cdef inline Py_ssize_t place_of(const uint32_t *docs, uint32_t doc) noexcept nogil:
    """The first place of a cursor's block whose docid is at least `doc`; the last docid is.

    Without branches: nobody could foresee them, and several searches run at once.
    """
    cdef Py_ssize_t at = 64 * (docs[63] < doc)
    at += 32 * (docs[at + 31] < doc)
    at += 16 * (docs[at + 15] < doc)
    at += 8 * (docs[at + 7] < doc)
    at += 4 * (docs[at + 3] < doc)
    at += 2 * (docs[at + 1] < doc)
    return at + (docs[at] < doc)


cdef inline int locate(Cursor *cursor, const uint32_t *docs, const uint8_t *kept, Py_ssize_t count,
                       Places *found) except -1 nogil:
    """Find those of some ascending `docs` that are at `kept`, `count` of them, in the list of a cursor.

    It has been at no greater docid. Where many are in one block, signs are put up that say of each docid of the block by
    its lowest bits where it is. Of docids that are not there they say anything, so what they say is looked up.
    """
    cdef Py_ssize_t k = 0, at
    cdef uint32_t last
    while k < count and reach(cursor, docs[kept[k]]):
        last = cursor.docs[cursor.count - 1]
        if k + MANY < count and docs[kept[k + MANY]] <= last and last - cursor.docs[0] < SPREAD:
            for at in range(cursor.count):
                found.signs[cursor.docs[at] % SPREAD] = <uint8_t>at
            while k < count and docs[kept[k]] <= last:
                note(cursor, docs[kept[k]], found.signs[docs[kept[k]] % SPREAD] % BLOCK, kept[k], found)
                k += 1
        while k < count and docs[kept[k]] <= last:
            note(cursor, docs[kept[k]], place_of(cursor.docs, docs[kept[k]]), kept[k], found)
            k += 1
    for k in range(k, count):
        found.places[kept[k]] = ABSENT
    return 0


cdef inline uint8_t impact(const Cursor *cursor) noexcept nogil:
    """The impact of the posting where the cursor stands."""
    return cursor.list.data[cursor.list.impacts + cursor.block * BLOCK + cursor.at]


cdef inline uint8_t highest_impact(const List *one, Py_ssize_t block) noexcept nogil:
    """What no impact of a block is above."""
    return one.data[one.maxima + block] if one.block_count > 1 else 255


cdef inline int64_t decode_ends(const List *one, Py_ssize_t block, uint32_t *ends, Py_ssize_t *after) except -1 nogil:
    """Where in a block that was decoded the occurrences of each article end; returns their number.

    That is right only if `open_rows` finds room for them. In `after`, where the docs part of the block ends.
    """
    cdef Py_ssize_t stop, at = docs_bounds(one, block, &stop), count = block_size(one, block)
    cdef Py_ssize_t row = at + 2 + (count * one.data[at] + 7) // 8
    after[0] = row + (count * one.data[at + 1] + 7) // 8
    if one.data[at + 1] > 32 or after[0] > stop:
        fault("a docs block longer than its bytes")
    return run_up(one.data + row, count, one.data[at + 1], 0, ends)


cdef inline const uint8_t *occurrences_bounds(const List *one, Py_ssize_t block, Py_ssize_t after, Py_ssize_t *begin,
                                              Py_ssize_t *end) except NULL nogil:
    """Where in a section, which is returned, the occurrences of a block begin and end; its docs end at `after`."""
    cdef Py_ssize_t row = one.table + 12 * block
    cdef const uint8_t *section = one.data
    begin[0], end[0] = after, one.stop
    if one.block_count > 1:
        section = one.positions
        begin[0] = u32(one, row + 8)
        end[0] = u32(one, row + 20) if block + 1 < one.block_count else one.positions_size
        if end[0] > one.positions_size:
            fault("an occurrences block outside its list")
        begin[0] += one.positions_start
        end[0] += one.positions_start
    if begin[0] + 2 >= end[0]:
        fault("an occurrences block without an occurrence")
    return section


cdef struct Rows:
    # An occurrences block: position deltas, and form numbers, which are below `form_count` or impossible.
    const uint8_t *positions
    const uint8_t *forms
    int delta_width, form_width
    uint64_t form_count


cdef inline int open_rows(Rows *rows, const uint8_t *section, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t count,
                          Py_ssize_t form_count) except -1 nogil:
    """The rows of an occurrences block of `count` occurrences."""
    cdef Py_ssize_t size
    if count > <Py_ssize_t>MOST_OCCURRENCES:
        with gil:
            raise ValueError(f"{count} occurrences announced in a block")
    if begin + 2 > end or not 1 <= section[begin] <= 32 or section[begin + 1] > 32:
        fault("impossible bit widths")
    rows.delta_width, rows.form_width = section[begin], section[begin + 1]
    size = (count * rows.delta_width + 7) // 8
    if begin + 2 + size + (count * rows.form_width + 7) // 8 > end:
        fault("an occurrences block longer than its bytes")
    rows.positions = section + begin + 2
    rows.forms = rows.positions + size
    rows.form_count = form_count
    return 0

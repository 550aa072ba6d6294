# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sorted dictionaries as bytes: terms with their posting lists, and word forms with their terms. Finding in them.

The entries of a dictionary are byte strings in order, `BLOCK` to a block, and each says how much of it the one before has
too. A dictionary is two sections: the blocks, one after another, and the offset of each, ending with the size of all
(uint32, or uint64 where they need it). The entries of several fields follow one another; each field's are in order::

    block   of terms: varint start of the list of its first entry; then the entries, the first sharing nothing
    entry   u8: bytes shared with the text before * 16 + bytes of its own; either is at most 15, and 15 is followed by
                a varint that is added to it, shared bytes first
            the bytes of its own
            a term: varint length of its posting list, which follows that of the entry before
            a form: varint of its term less that of the entry before (0 at first), the sign in the lowest bit
                    varint of which of its term's forms it is * 3 + tail; tail 1: varint code, 2: varint length, bytes

An entry of a dictionary of forms is the folded form, and where the form itself differs, a NUL and the form
(`tari`, `tari\\0țări`). So all spellings of one folded form stand together, in the order of the folded forms. The text
is what stands before the NUL; what follows it is the tail. Nearly all are a code: for each a, i, s and t of the text,
first to last, a digit that says which letter it is instead (aăâ, iî, sș, tț), lowest first, of base 3, 2, 2 and 2.

It all comes from disk: each offset, length and number is checked before it is used, and a fault is a ValueError. Pages
are verified as they are read (`newsindex.inverted._pages`), so that finding a word touches a few of them.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memcpy

import numpy as np

from newsindex.inverted._pages cimport Pages, touch

cdef enum:
    VARINT_BITS = 56  # so that the sum of a block's numbers never overflows


cdef int fault(Dictionary self, const char *reason, Py_ssize_t index) except -1 nogil:
    with gil:
        raise ValueError(f"entry {index} of a dictionary of {self.count}: {reason.decode()}")


cdef int check_range(Dictionary self, Py_ssize_t low, Py_ssize_t high) except -1:
    if low < 0 or high < low or high > self.count:
        raise ValueError(f"entries {low} to {high} of a dictionary of {self.count}")
    return 0


cdef int long_varint(Dictionary self, Cursor *cursor, uint64_t *value) except -1 nogil:
    cdef int shift = 0
    cdef uint8_t byte
    value[0] = 0
    while cursor.at < cursor.end and shift < VARINT_BITS:
        byte = cursor.at[0]
        cursor.at += 1
        value[0] |= <uint64_t>(byte & 127) << shift
        if byte < 128:
            return 0
        shift += 7
    return fault(self, b"a number without an end", cursor.index)


cdef int advance_tail(Dictionary self, Cursor *cursor) except -1 nogil:
    cdef uint64_t size = 0
    if cursor.tail == CODED:
        return varint(self, cursor, &cursor.code)
    varint(self, cursor, &size)
    if size > MAX_TEXT or size > <uint64_t>(cursor.end - cursor.at):
        return fault(self, b"lengths that cannot be", cursor.index)
    cursor.other, cursor.other_size = cursor.at, <Py_ssize_t>size
    cursor.at += size
    return 0


cdef uint64_t offset(Dictionary self, Py_ssize_t block) except? 0xFFFFFFFFFFFFFFFF nogil:
    cdef uint64_t wide
    cdef uint32_t narrow
    touch(self.offsets, block * self.width, (block + 1) * self.width)
    if self.width == 8:
        memcpy(&wide, self.offsets.data + 8 * block, 8)
        return wide
    memcpy(&narrow, self.offsets.data + 4 * block, 4)
    return narrow


cdef int open_block(Dictionary self, Cursor *cursor, Py_ssize_t block) except -1 nogil:
    cdef uint64_t begin = offset(self, block), end = offset(self, block + 1)
    cursor.index = block * BLOCK
    cursor.block_end = min(cursor.index + BLOCK, self.count)
    if begin > end or end > <uint64_t>self.blocks.size:
        return fault(self, b"a block outside its section", cursor.index)
    touch(self.blocks, <Py_ssize_t>begin, <Py_ssize_t>end)
    cursor.at, cursor.end = self.blocks.data + begin, self.blocks.data + end
    cursor.size = cursor.tail = 0
    cursor.first = cursor.second = 0
    if not self.of_forms:
        varint(self, cursor, &cursor.second)
    return 0


cdef int start(Dictionary self, Cursor *cursor, Py_ssize_t index) except -1 nogil:
    """Put a cursor before an entry that there is."""
    open_block(self, cursor, index // BLOCK)
    while cursor.index < index:
        advance(self, cursor)
        load(cursor)
    return 0


cdef Py_ssize_t tail_of(const Cursor *cursor, uint8_t *out) except -1 nogil:
    """What follows the NUL of the entry read last; returns its size."""
    cdef Py_ssize_t i, size = 0
    cdef uint64_t code = cursor.code, base, digit
    if cursor.tail == SPELLED:
        memcpy(out, cursor.other, cursor.other_size)
        return cursor.other_size
    for i in range(cursor.size):
        base = letters(cursor.text[i])
        digit = code % base
        code //= base
        if digit:
            memcpy(out + size, letter(cursor.text[i], digit), 2)
            size += 2
        else:
            out[size] = cursor.text[i]
            size += 1
    if code:
        with gil:
            raise ValueError(f"entry {cursor.index - 1}: a spelling in more letters than it has")
    return size


cdef Py_ssize_t whole(const Cursor *cursor, uint8_t *out) except -1 nogil:
    """The entry read last, tail and all; returns its size. There must be `ENTRY_ROOM`."""
    memcpy(out, cursor.text, cursor.size)
    if cursor.tail == NO_TAIL:
        return cursor.size
    out[cursor.size] = 0
    return cursor.size + 1 + tail_of(cursor, out + cursor.size + 1)


cdef int compare_entry(Cursor *cursor, const uint8_t *key, Py_ssize_t size, Py_ssize_t begin=0) except? -2 nogil:
    """Whether the entry read last is less than a key (-1), equal (0) or greater; how much of its text is as the key.

    The first `begin` bytes are known to be.
    """
    cdef Py_ssize_t i = begin, least = min(cursor.size, size)
    cdef uint8_t[2 * MAX_TEXT] tail
    while i < least and cursor.text[i] == key[i]:
        i += 1
    cursor.same = i
    if i < least:
        return -1 if cursor.text[i] < key[i] else 1
    if i == size:
        return cursor.size > size or cursor.tail
    # The key is longer than the text, which goes on with a NUL or not at all.
    if cursor.tail == NO_TAIL or key[i]:
        return -1
    i = compare(tail, tail_of(cursor, tail), key + i + 1, size - i - 1)
    return (i > 0) - (i < 0)


cdef Py_ssize_t scan(Dictionary self, Cursor *cursor, Py_ssize_t high,
                     const uint8_t *key, Py_ssize_t size) except -1 nogil:
    """Read on in the block to the first entry that is not less than a key; its number, `high` where there is none.

    An entry that shares more with the one before than that shares with the key is less too, and not looked at.
    """
    while cursor.index < high:
        advance(self, cursor)
        if cursor.shared > cursor.same:
            cursor.stale = True
            continue
        if cursor.stale:
            memcpy(cursor.text, key, cursor.shared)  # what the entries passed over have there, being as the key so far
            cursor.stale = False
        load(cursor)
        if compare_entry(cursor, key, size, cursor.shared if cursor.same < MAX_TEXT else 0) >= 0:
            return cursor.index - 1
    return high


cdef inline void forget(Cursor *cursor) noexcept nogil:
    """Begin to look for another key."""
    cursor.same, cursor.stale = MAX_TEXT, False


cdef Py_ssize_t seek(Dictionary self, Cursor *cursor, Py_ssize_t low, Py_ssize_t high,
                     const uint8_t *key, Py_ssize_t size) except -1 nogil:
    """Read the first entry from `low` to `high` - 1 that is not less than a key; its number, `high` where none is."""
    cdef Py_ssize_t block, end, index
    if low >= high:
        return high
    block = low // BLOCK
    end = head_after(self, cursor, block + 1, (high + BLOCK - 1) // BLOCK, key, size)
    if end > block + 1:
        open_block(self, cursor, end - 1)
    else:
        start(self, cursor, low)
    forget(cursor)
    return scan_on(self, cursor, high, key, size)


cdef Py_ssize_t scan_on(Dictionary self, Cursor *cursor, Py_ssize_t high,
                        const uint8_t *key, Py_ssize_t size) except -1 nogil:
    """As `scan`; where the block has no such entry, the first of the next one is such."""
    cdef Py_ssize_t index = scan(self, cursor, min(high, cursor.block_end), key, size)
    if index == cursor.index < high:
        next_entry(self, cursor)
    return index


cdef Py_ssize_t head_after(Dictionary self, Cursor *cursor, Py_ssize_t low, Py_ssize_t high,
                           const uint8_t *key, Py_ssize_t size) except -1 nogil:
    """The first block from `low` to `high` - 1 whose first entry is greater than a key; `high` where none is."""
    cdef Py_ssize_t middle
    cdef uint64_t wanted = beginning(key, size), head
    # What follows a NUL is no part of a text; and of texts that begin alike more has to be read.
    cdef bint telling = memchr(key, 0, min(size, <Py_ssize_t>sizeof(uint64_t))) == NULL
    cdef int order
    while low < high:
        middle = (low + high) // 2
        head = self.heads[middle] or read_head(self, cursor, middle)
        order = (head > wanted) - (head < wanted) if telling else 0
        if order == 0:
            open_block(self, cursor, middle)
            advance(self, cursor)
            load(cursor)
            order = compare_entry(cursor, key, size)
        if order <= 0:
            low = middle + 1
        else:
            high = middle
    return low


cdef uint64_t read_head(Dictionary self, Cursor *cursor, Py_ssize_t block) except? 0 nogil:
    """How a block begins (see `beginning`), which is kept: it is what most of a search looks at."""
    open_block(self, cursor, block)
    advance(self, cursor)
    load(cursor)
    self.heads[block] = beginning(cursor.text, cursor.size)
    return self.heads[block]


cdef inline uint64_t beginning(const uint8_t *text, Py_ssize_t size) noexcept nogil:
    """The first eight bytes of a text as a number, as if NULs followed it: such numbers are ordered as texts are."""
    cdef uint64_t value = 0
    cdef Py_ssize_t i
    for i in range(min(size, <Py_ssize_t>sizeof(uint64_t))):
        value |= <uint64_t>text[i] << (56 - 8 * i)
    return value


cdef Py_ssize_t seek_on(Dictionary self, Cursor *cursor, Py_ssize_t high,
                        const uint8_t *key, Py_ssize_t size) except -1 nogil:
    """As `seek` from the entry that is next, for a key that is greater than the one read last and thought to be near."""
    cdef Py_ssize_t block = (cursor.index - 1) // BLOCK, end = (high + BLOCK - 1) // BLOCK, step = 1
    cdef Cursor head
    while block + step < end and head_after(self, &head, block + step, block + step + 1, key, size) > block + step:
        block += step
        step *= 2
    if step > 1:
        block = head_after(self, &head, block + 1, min(end, block + step), key, size) - 1
        open_block(self, cursor, block)
    forget(cursor)
    return scan_on(self, cursor, high, key, size)


cdef class Dictionary:
    """A dictionary in its two sections.

    Args:
        blocks, offsets: the sections.
        count: how many entries it has.
        limit: what no list ends beyond; of a dictionary of forms, how many terms there are.
        of_forms: whether its entries are forms, not terms.

    Entries have numbers, from 0. Ranges of them go from `low` to `high` - 1. Keys and entries are bytes.
    """

    def __init__(self, Pages blocks not None, Pages offsets not None, Py_ssize_t count, uint64_t limit, bint of_forms):
        cdef Py_ssize_t number = 0
        if 0 <= count <= BLOCK * offsets.size:
            number = (count + BLOCK - 1) // BLOCK + 1
        self.blocks, self.offsets = blocks, offsets
        self.width = 8 if offsets.size == 8 * number else 4
        if number == 0 or offsets.size != self.width * number:
            raise ValueError(f"a dictionary of {count} entries with {offsets.size} bytes of offsets")
        self.count, self.limit, self.of_forms = count, limit, of_forms
        free(self.heads)
        self.heads = <uint64_t *>calloc(number, sizeof(uint64_t))
        if self.heads == NULL:
            raise MemoryError(f"no memory to search a dictionary of {count} entries")

    def __dealloc__(self):
        free(self.heads)

    def __len__(self):
        return self.count

    def entry(self, Py_ssize_t index):
        """An entry."""
        cdef Cursor cursor
        cdef uint8_t[ENTRY_ROOM] out
        check_range(self, index, index + 1)
        start(self, &cursor, index)
        next_entry(self, &cursor)
        return out[:whole(&cursor, out)]

    def payload(self, Py_ssize_t index):
        """Where the list of a term begins and ends; the term of a form, and which of its forms it is."""
        cdef Cursor cursor
        check_range(self, index, index + 1)
        start(self, &cursor, index)
        advance(self, &cursor)
        return cursor.first, cursor.second

    def lower_bound(self, Py_ssize_t low, Py_ssize_t high, bytes key not None):
        """The first entry of a range that is not less than `key`; `high` where all are."""
        cdef Cursor cursor
        check_range(self, low, high)
        return seek(self, &cursor, low, high, key, len(key))

    def find(self, Py_ssize_t low, Py_ssize_t high, bytes key not None):
        """(number, payload, payload) of the entry of a range that equals `key`; None if there is none."""
        cdef Cursor cursor
        cdef Py_ssize_t index
        check_range(self, low, high)
        index = seek(self, &cursor, low, high, key, len(key))
        if index == high or compare_entry(&cursor, key, len(key)):
            return None
        return index, cursor.first, cursor.second

    def payloads(self, Py_ssize_t low, Py_ssize_t high):
        """The payloads of a range, as two arrays (int64)."""
        cdef Cursor cursor
        cdef Py_ssize_t i
        check_range(self, low, high)
        found = np.empty((2, high - low), np.int64)
        cdef int64_t[:, ::1] out = found
        if low == high:
            return found[0], found[1]
        with nogil:
            start(self, &cursor, low)
            for i in range(high - low):
                step(self, &cursor)
                out[0, i], out[1, i] = <int64_t>cursor.first, <int64_t>cursor.second
            finish_block(self, &cursor)
        return found[0], found[1]

    def unsorted(self, Py_ssize_t low, Py_ssize_t high):
        """The first entry after `low` that is not greater than the one before it, or -1: for checking an index."""
        check_range(self, low, high)
        return first_fall(self, low, high) if low < high else -1


cdef Py_ssize_t first_fall(Dictionary self, Py_ssize_t low, Py_ssize_t high) except -2:
    cdef Cursor cursor
    cdef uint8_t[2][ENTRY_ROOM] texts
    cdef Py_ssize_t[2] sizes
    cdef Py_ssize_t index
    with nogil:
        start(self, &cursor, low)
        for index in range(low, high):
            next_entry(self, &cursor)
            sizes[index & 1] = whole(&cursor, texts[index & 1])
            if index > low and compare(texts[~index & 1], sizes[~index & 1], texts[index & 1], sizes[index & 1]) >= 0:
                return index
        finish_block(self, &cursor)
    return -1

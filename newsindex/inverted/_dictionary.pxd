# cython: language_level=3
"""What other kernels use of `_dictionary`: a cursor over the entries of one.

`start` puts it before an entry, `next_entry` reads the next one, `seek` and `seek_on` look for a key.
"""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from newsindex.inverted._pages cimport Pages

cdef enum:
    BLOCK = 32
    MAX_TEXT = 2048  # bytes of a text, and of what follows its NUL; the tokenizer makes words of a quarter
    ENTRY_ROOM = 3 * MAX_TEXT + 1
    COPIED = 16      # bytes that are copied at once
    MOST = 15        # shared bytes, and bytes of its own, that the head of an entry can say

cdef enum:
    NO_TAIL, CODED, SPELLED


cdef class Dictionary:
    cdef Pages blocks, offsets
    cdef int width
    cdef bint of_forms
    cdef readonly Py_ssize_t count
    cdef uint64_t limit
    cdef uint64_t *heads  # of the blocks whose first entry was looked at; 0 of others


cdef struct Cursor:
    Py_ssize_t index        # of the entry that is read next
    Py_ssize_t block_end    # of the entries of the block
    const uint8_t *at
    const uint8_t *end
    const uint8_t *suffix   # of the entry read last: what it does not share with the one before
    Py_ssize_t shared
    Py_ssize_t size         # of its text
    uint64_t first, second  # where its list begins and ends; or its term, and which of its forms it is
    int tail
    uint64_t code
    const uint8_t *other
    Py_ssize_t other_size
    Py_ssize_t same         # of a search: how much of the last text it looked at is as the key
    bint stale              # it passed over entries since, so the text is not that of the entry read last
    uint8_t[MAX_TEXT + COPIED] text


cdef int fault(Dictionary self, const char *reason, Py_ssize_t index) except -1 nogil
cdef int long_varint(Dictionary self, Cursor *cursor, uint64_t *value) except -1 nogil
cdef int advance_tail(Dictionary self, Cursor *cursor) except -1 nogil
cdef int open_block(Dictionary self, Cursor *cursor, Py_ssize_t block) except -1 nogil
cdef int check_range(Dictionary self, Py_ssize_t low, Py_ssize_t high) except -1
cdef int start(Dictionary self, Cursor *cursor, Py_ssize_t index) except -1 nogil
cdef Py_ssize_t seek(Dictionary self, Cursor *cursor, Py_ssize_t low, Py_ssize_t high,
                     const uint8_t *key, Py_ssize_t size) except -1 nogil
cdef Py_ssize_t seek_on(Dictionary self, Cursor *cursor, Py_ssize_t high,
                        const uint8_t *key, Py_ssize_t size) except -1 nogil
cdef Py_ssize_t whole(const Cursor *cursor, uint8_t *out) except -1 nogil
cdef Py_ssize_t tail_of(const Cursor *cursor, uint8_t *out) except -1 nogil
cdef int compare_entry(Cursor *cursor, const uint8_t *key, Py_ssize_t size, Py_ssize_t begin=*) except? -2 nogil


cdef inline int varint(Dictionary self, Cursor *cursor, uint64_t *value) except -1 nogil:
    if cursor.at < cursor.end and cursor.at[0] < 128:  # as nearly all
        value[0] = cursor.at[0]
        cursor.at += 1
        return 0
    return long_varint(self, cursor, value)


cdef inline int advance(Dictionary self, Cursor *cursor) except -1 nogil:
    """Read the next entry of the block but for its text."""
    cdef uint64_t shared, size, value = 0
    if cursor.at >= cursor.end:
        return fault(self, b"beyond the end of its block", cursor.index)
    shared, size = cursor.at[0] >> 4, cursor.at[0] & MOST
    cursor.at += 1
    if shared == MOST:
        varint(self, cursor, &value)
        shared += value
    if size == MOST:
        varint(self, cursor, &value)
        size += value
    if shared > <uint64_t>cursor.size or shared + size > MAX_TEXT or size > <uint64_t>(cursor.end - cursor.at):
        return fault(self, b"lengths that cannot be", cursor.index)
    cursor.suffix = cursor.at
    cursor.at += size
    cursor.shared, cursor.size = <Py_ssize_t>shared, <Py_ssize_t>(shared + size)
    varint(self, cursor, &value)
    if self.of_forms:
        cursor.first += (value >> 1) ^ (0 - (value & 1))
        varint(self, cursor, &value)
        cursor.second = value // 3
        cursor.tail = <int>(value % 3)
        if cursor.tail:
            advance_tail(self, cursor)
        if cursor.first >= self.limit or cursor.second >= <uint64_t>self.count:
            return fault(self, b"a form of no term", cursor.index)
    else:
        cursor.first = cursor.second
        cursor.second += value
        if cursor.second > self.limit:
            return fault(self, b"a list outside its section", cursor.index)
    cursor.index += 1
    return 0


cdef inline void load(Cursor *cursor) noexcept nogil:
    """Make the text of the entry read last of that of the one before."""
    if cursor.size - cursor.shared <= COPIED and cursor.end - cursor.suffix >= COPIED:
        memcpy(cursor.text + cursor.shared, cursor.suffix, COPIED)  # of a fixed size, which is no call
    else:
        memcpy(cursor.text + cursor.shared, cursor.suffix, cursor.size - cursor.shared)


cdef inline int finish_block(Dictionary self, const Cursor *cursor) except -1 nogil:
    if cursor.index == cursor.block_end and cursor.at != cursor.end:
        return fault(self, b"a block that goes on after its last entry", cursor.index - 1)
    return 0


cdef inline int step(Dictionary self, Cursor *cursor) except -1 nogil:
    """As `next_entry`, without its text."""
    if cursor.index == cursor.block_end:
        finish_block(self, cursor)
        open_block(self, cursor, cursor.index // BLOCK)
    return advance(self, cursor)


cdef inline int next_entry(Dictionary self, Cursor *cursor) except -1 nogil:
    """Read the next entry, which must be one that there is."""
    step(self, cursor)
    load(cursor)
    return 0


cdef inline int compare(const uint8_t *a, Py_ssize_t a_size, const uint8_t *b, Py_ssize_t b_size) noexcept nogil:
    cdef int order = memcmp(a, b, min(a_size, b_size)) if a_size and b_size else 0
    if order:
        return order
    return (a_size > b_size) - (a_size < b_size)


# The letters that a folded one stands for, besides itself: how many there are with it, and their UTF-8.

cdef inline uint64_t letters(uint8_t folded) noexcept nogil:
    return 3 if folded == c'a' else 2 if folded == c'i' or folded == c's' or folded == c't' else 1


cdef inline const uint8_t *letter(uint8_t folded, uint64_t digit) noexcept nogil:
    if folded == c'a':
        return b"\xc4\x83" if digit == 1 else b"\xc3\xa2"
    return b"\xc3\xae" if folded == c'i' else b"\xc8\x99" if folded == c's' else b"\xc8\x9b"

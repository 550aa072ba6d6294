# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Writing dictionaries, and merging them: the other side of `newsindex.inverted._dictionary`, which has the format.

`newsindex.inverted.build` writes those of a segment, `newsindex.inverted.merge` unites those of several.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy

import numpy as np

from newsindex.inverted._buffers cimport Buffer, put_bytes
from newsindex.inverted._dictionary cimport (
    BLOCK,
    CODED,
    ENTRY_ROOM,
    MAX_TEXT,
    MOST,
    NO_TAIL,
    SPELLED,
    Cursor,
    Dictionary,
    check_range,
    compare,
    letter,
    letters,
    next_entry,
    start,
    whole,
)
from newsindex.inverted._occurrences cimport gathered

cdef uint64_t MOST_RADIX = <uint64_t>1 << 50  # of the digits that a code is made of


cdef int put_varint(Buffer *out, uint64_t value) except -1 nogil:
    cdef uint8_t[10] digits
    cdef Py_ssize_t size = 0
    while value >= 128:
        digits[size] = <uint8_t>(value | 128)
        value >>= 7
        size += 1
    digits[size] = <uint8_t>value
    return put_bytes(out, digits, size + 1)


cdef uint64_t encoded(const uint8_t *text, Py_ssize_t size, const uint8_t *other, Py_ssize_t other_size) noexcept nogil:
    """The code of a tail; 0 if it has none."""
    cdef Py_ssize_t i, j = 0
    cdef uint64_t code = 0, radix = 1, digit, base
    for i in range(size):
        base = letters(text[i])
        digit = 0
        if j >= other_size:
            return 0
        if other[j] != text[i]:
            for digit in range(1, base):
                if j + 1 < other_size and memcmp(other + j, letter(text[i], digit), 2) == 0:
                    break
            else:
                return 0
            if radix > MOST_RADIX:
                return 0
        code += digit * radix
        if radix <= MOST_RADIX:
            radix *= base
        j += 2 if digit else 1
    return code if j == other_size else 0


cdef class DictionaryWriter:
    """Writes one dictionary, of forms or of terms: `add` the entries of each field, then take what `finish` returns."""

    cdef Buffer blocks, offsets
    cdef bint of_forms
    cdef Py_ssize_t count, size
    cdef int64_t term
    cdef uint8_t[MAX_TEXT] text

    def __init__(self, bint of_forms):
        self.of_forms = of_forms

    def __dealloc__(self):
        free(self.blocks.data)
        free(self.offsets.data)

    def add(self, const uint8_t[::1] data, const uint64_t[::1] starts, const int64_t[::1] first,
            const int64_t[::1] second):
        """Add packed strings in byte order, and for each where its list begins and ends, or its term and its number."""
        cdef Py_ssize_t i, count = starts.shape[0] - 1
        if first.shape[0] != count or second.shape[0] != count:
            raise ValueError(f"{count} entries with {first.shape[0]} and {second.shape[0]} numbers")
        with nogil:
            for i in range(count):
                self.put(&data[0] + starts[i] if data.shape[0] else NULL, starts[i + 1] - starts[i], first[i], second[i])

    cdef int put(self, const uint8_t *entry, Py_ssize_t size, int64_t first, int64_t second) except -1 nogil:
        cdef Py_ssize_t text = size
        cdef const uint8_t *zero = NULL
        if self.of_forms and size:
            zero = <const uint8_t *>memchr(entry, 0, size)
        if zero != NULL:
            text = zero - entry
        if text > MAX_TEXT or size - text > MAX_TEXT or second < 0 or first < 0:
            with gil:
                raise ValueError(f"an entry of {size} bytes with {first} and {second}")
        if self.count % BLOCK == 0:
            put_bytes(&self.offsets, &self.blocks.size, 8)
            self.size = self.term = 0
            if not self.of_forms:
                put_varint(&self.blocks, first)
        self.count += 1
        self.put_text(entry, text)
        if self.of_forms:
            self.put_form(entry, text, size, first, second)
        else:
            put_varint(&self.blocks, second - first)
        return 0

    cdef int put_text(self, const uint8_t *text, Py_ssize_t size) except -1 nogil:
        cdef Py_ssize_t shared = 0, own
        cdef uint8_t head
        while shared < self.size and shared < size and self.text[shared] == text[shared]:
            shared += 1
        own = size - shared
        head = <uint8_t>(min(shared, <Py_ssize_t>MOST) << 4 | min(own, <Py_ssize_t>MOST))
        put_bytes(&self.blocks, &head, 1)
        if shared >= MOST:
            put_varint(&self.blocks, shared - MOST)
        if own >= MOST:
            put_varint(&self.blocks, own - MOST)
        put_bytes(&self.blocks, text + shared, own)
        if own:
            memcpy(self.text + shared, text + shared, own)
        self.size = size
        return 0

    cdef int put_form(self, const uint8_t *entry, Py_ssize_t text, Py_ssize_t size, int64_t term,
                      int64_t number) except -1 nogil:
        cdef int64_t step = term - self.term
        cdef uint64_t code = 0
        cdef int tail = NO_TAIL
        if text < size:
            code = encoded(entry, text, entry + text + 1, size - text - 1)
            tail = CODED if code else SPELLED
        put_varint(&self.blocks, 2 * <uint64_t>step if step >= 0 else 2 * <uint64_t>(-step) - 1)
        put_varint(&self.blocks, <uint64_t>number * 3 + tail)
        if tail == CODED:
            put_varint(&self.blocks, code)
        elif tail == SPELLED:
            put_varint(&self.blocks, size - text - 1)
            put_bytes(&self.blocks, entry + text + 1, size - text - 1)
        self.term = term
        return 0

    def finish(self):
        """(blocks, offsets) as they are to be written: uint8, and uint32 or uint64."""
        put_bytes(&self.offsets, &self.blocks.size, 8)
        offsets = gathered(&self.offsets, np.uint64)
        return gathered(&self.blocks, np.uint8), offsets.astype("u4") if self.blocks.size < 1 << 32 else offsets


# Merging.

cdef struct Head:
    Cursor cursor
    Py_ssize_t left   # entries that are not united yet, this one included
    int32_t *mapped   # of this one
    Py_ssize_t size
    uint8_t[ENTRY_ROOM] entry


cdef class Heads:
    """Where the dictionaries that are merged stand, and what came of them, so that it is freed whatever happens."""

    cdef Head *heads
    cdef void **dictionaries  # whoever merges them keeps them alive
    cdef Buffer data, starts

    def __dealloc__(self):
        free(self.heads)
        free(self.dictionaries)
        free(self.data.data)
        free(self.starts.data)


cdef int step(Dictionary dictionary, Head *head) except -1 nogil:
    if head.left:
        next_entry(dictionary, &head.cursor)
        head.size = whole(&head.cursor, head.entry)
    return 0


def merge(list dictionaries):
    """Merge ranges of sorted dictionaries: [(dictionary, low, high), ...].

    Returns (data, starts, maps): the union in order, packed, and for each input an int32 array that says which entry of
    the union each of its entries became.
    """
    cdef Py_ssize_t k, low, high, entries = 0, count = len(dictionaries)
    cdef Dictionary dictionary
    cdef int32_t[::1] mapped
    cdef list maps = []
    cdef Heads made = Heads()
    made.heads = <Head *>malloc(max(count, 1) * sizeof(Head))
    made.dictionaries = <void **>malloc(max(count, 1) * sizeof(void *))
    if made.heads == NULL or made.dictionaries == NULL:
        raise MemoryError("no memory to merge dictionaries")
    for k, (dictionary, low, high) in enumerate(dictionaries):
        check_range(dictionary, low, high)
        entries += high - low
        maps.append(np.empty(high - low, np.int32))
        made.dictionaries[k] = <void *>dictionary
        made.heads[k].left = high - low
        if high > low:
            mapped = maps[k]
            made.heads[k].mapped = &mapped[0]
            start(dictionary, &made.heads[k].cursor, low)
            step(dictionary, &made.heads[k])
    if entries > 0x7FFFFFFF:
        raise OverflowError(f"{entries} entries in dictionaries to be merged; leave the segments as they are")
    with nogil:
        unite(made, count)
    put_bytes(&made.starts, &made.data.size, 8)
    return gathered(&made.data, np.uint8), gathered(&made.starts, np.uint64), maps


cdef int unite(Heads made, Py_ssize_t count) except -1 nogil:
    cdef Py_ssize_t k, least, n = 0
    cdef Head *head
    cdef uint8_t[ENTRY_ROOM] entry
    cdef Py_ssize_t size
    while True:
        least = -1
        for k in range(count):
            head = &made.heads[k]
            if head.left and (least < 0 or compare(head.entry, head.size, made.heads[least].entry,
                                                   made.heads[least].size) < 0):
                least = k
        if least < 0:
            return 0
        put_bytes(&made.starts, &made.data.size, 8)
        size = made.heads[least].size
        memcpy(entry, made.heads[least].entry, size)
        put_bytes(&made.data, entry, size)
        for k in range(count):
            head = &made.heads[k]
            if head.left and head.size == size and memcmp(head.entry, entry, size) == 0:
                head.mapped[0] = n
                head.mapped += 1
                head.left -= 1
                step(<Dictionary>made.dictionaries[k], head)
        n += 1

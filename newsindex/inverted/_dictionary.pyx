# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sorted dictionaries of byte strings: finding, matching and merging.

A dictionary is two arrays: `data` (uint8), the strings one after another in byte order, and `starts` (uint32 or
uint64, one more than strings), where each begins. Both come from disk, so every pair of starts is checked
before it is used, and a fault is a ValueError.

An entry of a dictionary of forms is the folded form, and where the form itself differs, a NUL and the form
(`tari`, `tari\\0țări`). So all spellings of one folded form stand together, in the order of the folded forms,
and patterns are matched against what comes before the NUL.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

import numpy as np

ctypedef fused Starts:
    const uint32_t[::1]
    const uint64_t[::1]

cdef enum:
    MAX_FORM = 512   # code points of one form that patterns look at; the tokenizer makes forms a quarter as long
    MAX_EDITS = 4


cdef inline int entry(const uint8_t[::1] data, Starts starts, Py_ssize_t index,
                      const uint8_t **begin, Py_ssize_t *size) except -1 nogil:
    cdef uint64_t start = starts[index], stop = starts[index + 1]
    if start > stop or stop > <uint64_t>data.shape[0]:
        with gil:
            raise ValueError(f"string {index} from {start} to {stop} is outside its section of {data.shape[0]} bytes")
    begin[0] = &data[0] + start if data.shape[0] else NULL
    size[0] = <Py_ssize_t>(stop - start)
    return 0


cdef inline int compare(const uint8_t *a, Py_ssize_t a_size, const uint8_t *b, Py_ssize_t b_size) noexcept nogil:
    cdef int order = memcmp(a, b, min(a_size, b_size)) if a_size and b_size else 0
    if order:
        return order
    return (a_size > b_size) - (a_size < b_size)


cdef inline int check_range(Starts starts, Py_ssize_t low, Py_ssize_t high) except -1:
    if low < 0 or high < low or high >= starts.shape[0]:
        raise ValueError(f"entries {low} to {high} of a dictionary of {starts.shape[0] - 1}")
    return 0


def lower_bound(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high, const uint8_t[::1] key):
    """The first entry from `low` to `high` that is not less than `key`; `high` where all are."""
    cdef Py_ssize_t middle, size
    cdef const uint8_t *begin
    cdef const uint8_t *wanted = &key[0] if key.shape[0] else NULL
    check_range(starts, low, high)
    while low < high:
        middle = (low + high) // 2
        entry(data, starts, middle, &begin, &size)
        if compare(begin, size, wanted, key.shape[0]) < 0:
            low = middle + 1
        else:
            high = middle
    return low


def find(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high, const uint8_t[::1] key):
    """The entry from `low` to `high` - 1 that equals `key`, or -1."""
    cdef Py_ssize_t size, index = lower_bound(data, starts, low, high, key)
    cdef const uint8_t *begin
    if index == high:
        return -1
    entry(data, starts, index, &begin, &size)
    return index if compare(begin, size, &key[0] if key.shape[0] else NULL, key.shape[0]) == 0 else -1


def unsorted(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high):
    """The first entry after `low` that is not greater than the one before it, or -1: for checking an index."""
    cdef Py_ssize_t index, size, before_size
    cdef const uint8_t *begin
    cdef const uint8_t *before
    check_range(starts, low, high)
    for index in range(low + 1, high):
        entry(data, starts, index - 1, &before, &before_size)
        entry(data, starts, index, &begin, &size)
        if compare(before, before_size, begin, size) >= 0:
            return index
    return -1


cdef Py_ssize_t decode(const uint8_t *begin, Py_ssize_t size, uint32_t *out) noexcept nogil:
    """The code points of the folded part of an entry; what is no UTF-8 gives some code points, never a fault."""
    cdef Py_ssize_t i = 0, n = 0
    cdef uint32_t byte, point
    cdef int more
    while i < size and begin[i] and n < MAX_FORM:
        byte = begin[i]
        more = 0 if byte < 0xC0 else 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
        point = byte if more == 0 else byte & (0x3F >> more)
        i += 1
        while more and i < size:
            point = (point << 6) | (begin[i] & 0x3F)
            i += 1
            more -= 1
        out[n] = point
        n += 1
    return n


cdef bint matches(const uint32_t *text, Py_ssize_t length, const uint32_t *pattern, Py_ssize_t size) noexcept nogil:
    """Glob matching that returns to the last star only: at most length times size steps."""
    cdef Py_ssize_t t = 0, p = 0, star = -1, mark = 0
    while t < length:
        if p < size and pattern[p] == c'*':
            star = p
            mark = t
            p += 1
        elif p < size and (pattern[p] == c'?' or pattern[p] == text[t]):
            p += 1
            t += 1
        elif star >= 0:
            mark += 1
            t = mark
            p = star + 1
        else:
            return False
    while p < size and pattern[p] == c'*':
        p += 1
    return p == size


def wildcard(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high, const uint32_t[::1] pattern):
    """The entries from `low` to `high` - 1 whose folded part matches `pattern` (code points; ? one, * any number)."""
    cdef uint32_t[MAX_FORM] text
    cdef Py_ssize_t index, size, n = 0, length
    cdef const uint8_t *begin
    check_range(starts, low, high)
    found = np.empty(high - low, np.int64)
    cdef int64_t[::1] out = found
    if pattern.shape[0] == 0:
        return found[:0]
    with nogil:
        for index in range(low, high):
            entry(data, starts, index, &begin, &size)
            length = decode(begin, size, text)
            if matches(text, length, &pattern[0], pattern.shape[0]):
                out[n] = index
                n += 1
    return found[:n]


def fuzzy(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high, const uint32_t[::1] form,
          int distance):
    """The entries from `low` to `high` - 1 whose folded part is at most `distance` edits from `form`.

    Edits are those of optimal string alignment. Rows of the edit table are kept for the prefix that an entry shares
    with the one before it: in a sorted dictionary that is most of it.
    """
    cdef Py_ssize_t n = form.shape[0], index, size, found_count = 0, length, shared, valid = 0, i, j, previous_length = 0
    cdef Py_ssize_t columns = n + 1
    cdef uint32_t[MAX_FORM] text
    cdef uint32_t[MAX_FORM] previous
    cdef const uint8_t *begin
    cdef int32_t *rows
    cdef int32_t least
    check_range(starts, low, high)
    if n > MAX_FORM or distance < 0 or distance > MAX_EDITS:
        raise ValueError(f"fuzzy search for {n} characters within {distance} edits")
    found = np.empty(high - low, np.int64)
    cdef int64_t[::1] out = found
    rows = <int32_t *>malloc((MAX_FORM + 1) * columns * sizeof(int32_t))
    if rows == NULL:
        raise MemoryError("no memory for the edit table")
    for j in range(columns):
        rows[j] = <int32_t>j
    try:
        with nogil:
            for index in range(low, high):
                entry(data, starts, index, &begin, &size)
                length = decode(begin, size, text)
                shared = 0
                while shared < length and shared < previous_length and text[shared] == previous[shared]:
                    shared += 1
                # `valid` rows were computed for the entry before; it stopped early where all edits were spent.
                valid = min(valid, shared)
                if length <= n + distance:
                    i = valid
                    least = 0
                    while i < length:
                        least = fuzzy_row(rows, columns, text, i, &form[0] if n else NULL)
                        i += 1
                        if least > distance:
                            break
                    if i == length and rows[i * columns + n] <= distance:
                        out[found_count] = index
                        found_count += 1
                    valid = i
                memcpy(previous, text, length * sizeof(uint32_t))
                previous_length = length
    finally:
        free(rows)
    return found[:found_count]


cdef int32_t fuzzy_row(int32_t *rows, Py_ssize_t columns, const uint32_t *text, Py_ssize_t i,
                       const uint32_t *form) noexcept nogil:
    """Fill row i + 1 of the edit table; returns the least that any longer entry can still reach."""
    cdef int32_t *above = rows + i * columns
    cdef int32_t *row = above + columns
    cdef int32_t best, least
    cdef Py_ssize_t j
    row[0] = <int32_t>(i + 1)
    least = row[0]
    for j in range(1, columns):
        best = above[j - 1] + (text[i] != form[j - 1])
        best = min(best, min(above[j], row[j - 1]) + 1)
        if i > 0 and j > 1 and text[i] == form[j - 2] and text[i - 1] == form[j - 1]:
            best = min(best, (above - columns)[j - 2] + 1)
        row[j] = best
        # A swap may skip a row, so the row above counts too.
        least = min(least, min(best, above[j]))
    return least


def gather(const uint8_t[::1] data, Starts starts, const int64_t[::1] wanted):
    """The strings numbered `wanted`, in that order: (data uint8, starts uint64)."""
    cdef Py_ssize_t i, size, count = wanted.shape[0]
    cdef const uint8_t *begin
    cdef uint64_t at = 0
    found_starts = np.zeros(count + 1, np.uint64)
    cdef uint64_t[::1] out_starts = found_starts
    for i in range(count):
        if wanted[i] < 0 or wanted[i] + 1 >= starts.shape[0]:
            raise ValueError(f"string {wanted[i]} of {starts.shape[0] - 1}")
        entry(data, starts, wanted[i], &begin, &size)
        at += size
        out_starts[i + 1] = at
    found = np.empty(at, np.uint8)
    cdef uint8_t[::1] out = found
    for i in range(count):
        entry(data, starts, wanted[i], &begin, &size)
        if size:
            memcpy(&out[out_starts[i]], begin, size)
    return found, found_starts


cdef struct Head:
    const uint8_t *data
    const uint64_t *starts
    Py_ssize_t at
    Py_ssize_t high
    int64_t *mapped


cdef inline int head_compare(Head *a, Head *b) noexcept nogil:
    return compare(a.data + a.starts[a.at], a.starts[a.at + 1] - a.starts[a.at],
                   b.data + b.starts[b.at], b.starts[b.at + 1] - b.starts[b.at])


def merge(list dictionaries):
    """Merge sorted dictionaries: [(data, starts, low, high), ...] with uint64 starts.

    Returns (data, starts, maps): the union in order, and for each input an int64 array that says which entry of
    the union each of its entries became.
    """
    cdef Py_ssize_t k, count = len(dictionaries), total = 0, room = 0, low, high
    cdef const uint8_t[::1] data
    cdef const uint64_t[::1] starts
    cdef int64_t[::1] mapped
    cdef list maps = []
    cdef Head *heads = <Head *>malloc(max(count, 1) * sizeof(Head))
    if heads == NULL:
        raise MemoryError("no memory to merge dictionaries")
    try:
        for k, (data, starts, low, high) in enumerate(dictionaries):
            check_range(starts, low, high)
            check_starts(data, starts, low, high)
            total += high - low
            room += starts[high] - starts[low]
            maps.append(np.empty(high - low, np.int64))
            mapped = maps[k]
            heads[k].data = &data[0] if data.shape[0] else NULL
            heads[k].starts = &starts[0]
            heads[k].at = low
            heads[k].high = high
            heads[k].mapped = &mapped[0] - low if high > low else NULL
        merged_data = np.empty(room, np.uint8)
        merged_starts = np.zeros(total + 1, np.uint64)
        total = merge_heads(heads, count, merged_data, merged_starts)
    finally:
        free(heads)
    return merged_data[:merged_starts[total]], merged_starts[:total + 1], maps


cdef int check_starts(const uint8_t[::1] data, const uint64_t[::1] starts, Py_ssize_t low, Py_ssize_t high) except -1:
    cdef Py_ssize_t index
    for index in range(low, high):
        if starts[index] > starts[index + 1]:
            raise ValueError(f"string {index} ends before it begins")
    if starts[high] > <uint64_t>data.shape[0]:
        raise ValueError(f"string {high - 1} ends outside its section")
    return 0


cdef Py_ssize_t merge_heads(Head *heads, Py_ssize_t count, uint8_t[::1] data, uint64_t[::1] starts) noexcept nogil:
    cdef Py_ssize_t k, n = 0, size, least_start
    cdef uint64_t at = 0
    cdef Head least
    cdef bint some
    while True:
        some = False
        for k in range(count):
            if heads[k].at < heads[k].high and (not some or head_compare(&heads[k], &least) < 0):
                least = heads[k]
                some = True
        if not some:
            return n
        least_start = least.starts[least.at]
        size = least.starts[least.at + 1] - least_start
        if size:
            memcpy(&data[at], least.data + least_start, size)
        for k in range(count):
            if heads[k].at < heads[k].high and head_compare(&heads[k], &least) == 0:
                heads[k].mapped[heads[k].at] = n
                heads[k].at += 1
        at += size
        n += 1
        starts[n] = at

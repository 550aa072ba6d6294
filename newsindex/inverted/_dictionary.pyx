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

cdef extern from "string.h":
    void *memmem(const void *haystack, size_t size, const void *needle, size_t needle_size) nogil

ctypedef fused Starts:
    const uint32_t[::1]
    const uint64_t[::1]

cdef enum:
    MAX_FORM = 512   # code points of one form that patterns look at; the tokenizer makes forms a quarter as long
    MAX_EDITS = 4
    MAX_LITERAL = 32 # code points of a pattern that are searched for as bytes


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


cdef Py_ssize_t encode(const uint32_t *text, Py_ssize_t length, uint8_t *out) noexcept nogil:
    """The UTF-8 of code points, up to four bytes each; returns how many bytes."""
    cdef Py_ssize_t i, size = 0
    cdef uint32_t point
    for i in range(length):
        point = text[i]
        if point < 0x80:
            out[size] = <uint8_t>point
            size += 1
            continue
        if point < 0x800:
            out[size] = <uint8_t>(0xC0 | point >> 6)
            size += 1
        else:
            if point < 0x10000:
                out[size] = <uint8_t>(0xE0 | point >> 12)
                size += 1
            else:
                out[size] = <uint8_t>(0xF0 | (point >> 18 & 7))
                out[size + 1] = <uint8_t>(0x80 | (point >> 12 & 0x3F))
                size += 2
            out[size] = <uint8_t>(0x80 | (point >> 6 & 0x3F))
            size += 1
        out[size] = <uint8_t>(0x80 | (point & 0x3F))
        size += 1
    return size


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
    """The entries from `low` to `high` - 1 whose folded part matches `pattern` (code points; ? one, * any number).

    The longest run of characters that the pattern names is searched for in all entries at once, and only those that
    have it are matched.
    """
    cdef uint32_t[MAX_FORM] text
    cdef uint8_t[4 * MAX_LITERAL] literal
    cdef Py_ssize_t index = low, size, n = 0, length, literal_size
    cdef uint64_t at
    cdef const uint8_t *begin
    cdef const uint8_t *hit
    check_range(starts, low, high)
    found = np.empty(high - low, np.int64)
    cdef int64_t[::1] out = found
    if pattern.shape[0] == 0 or low == high:
        return found[:0]
    if starts[high] > <uint64_t>data.shape[0]:
        raise ValueError(f"string {high - 1} ends outside its section")
    literal_size = longest_literal(pattern, literal)
    with nogil:
        at = starts[low]
        while index < high and at <= starts[high]:
            if literal_size:
                hit = <const uint8_t *>memmem(&data[0] + at, starts[high] - at, literal, literal_size)
                if hit == NULL:
                    break
                index = holder(starts, index, high, hit - &data[0])
            entry(data, starts, index, &begin, &size)
            length = decode(begin, size, text)
            if matches(text, length, &pattern[0], pattern.shape[0]):
                out[n] = index
                n += 1
            index += 1
            at = starts[index]
    return found[:n]


cdef Py_ssize_t longest_literal(const uint32_t[::1] pattern, uint8_t *out):
    """The UTF-8 of the longest run of a pattern without wildcards, or of as much as there is room for; its size."""
    cdef Py_ssize_t i, start = 0, best = 0, longest = 0
    for i in range(pattern.shape[0] + 1):
        if i == pattern.shape[0] or pattern[i] == c'*' or pattern[i] == c'?':
            if i - start > longest:
                best, longest = start, i - start
            start = i + 1
    return encode(&pattern[best], min(longest, MAX_LITERAL), out) if longest else 0


cdef inline Py_ssize_t holder(Starts starts, Py_ssize_t low, Py_ssize_t high, uint64_t offset) noexcept nogil:
    """The entry from `low` to `high` - 1 that has the byte at `offset`, which is thought to be near `low`."""
    cdef Py_ssize_t step = 1, middle
    while low + step < high and starts[low + step] <= offset:
        low += step
        step *= 2
    high = min(high, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= offset:
            low = middle
        else:
            high = middle
    return low


cdef struct Walk:
    # The entry that a fuzzy search has come to, and the edit table of `form` (n characters) with a row for each
    # prefix of it: row i for the first i characters, of which the first `known` were computed.
    const uint32_t *form
    Py_ssize_t n
    const uint32_t *letters  # of the form: distinct, ascending
    Py_ssize_t letter_count
    int32_t distance
    int32_t *rows
    uint32_t[MAX_FORM] text
    Py_ssize_t length
    Py_ssize_t known


def fuzzy(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high, const uint32_t[::1] form,
          int distance, bint ordered=True):
    """The entries from `low` to `high` - 1 whose folded part is at most `distance` edits from `form`.

    Edits are those of optimal string alignment. The entries are walked as a tree of prefixes. The row of the edit table
    for a prefix is computed once; where nothing that begins with it is near enough, the walk goes on at the next prefix
    with which something may be, which is searched for. Unless they are `ordered` each of them is looked at.
    """
    cdef Walk walk
    cdef uint8_t[4 * MAX_FORM + 1] key
    cdef Py_ssize_t index = low, count = 0, j, size
    check_range(starts, low, high)
    if form.shape[0] > MAX_FORM or distance < 0 or distance > MAX_EDITS:
        raise ValueError(f"fuzzy search for {form.shape[0]} characters within {distance} edits")
    cdef const uint32_t[::1] letters = np.unique(form)
    found = np.empty(high - low, np.int64)
    cdef int64_t[::1] out = found
    walk.form, walk.n = &form[0] if form.shape[0] else NULL, form.shape[0]
    walk.letters, walk.letter_count = &letters[0] if form.shape[0] else NULL, letters.shape[0]
    walk.distance, walk.length, walk.known = distance, 0, 0
    walk.rows = <int32_t *>malloc((MAX_FORM + 1) * (walk.n + 1) * sizeof(int32_t))
    if walk.rows == NULL:
        raise MemoryError("no memory for the edit table")
    for j in range(walk.n + 1):
        walk.rows[j] = <int32_t>j
    try:
        with nogil:
            while index < high:
                load(data, starts, index, &walk)
                index += 1
                if descend(&walk):
                    if walk.rows[walk.length * (walk.n + 1) + walk.n] <= distance:
                        out[count] = index - 1
                        count += 1
                elif ordered:
                    size = next_prefix(&walk, key)
                    if size == 0:
                        break
                    index = gallop(data, starts, index, high, key, size)
    finally:
        free(walk.rows)
    return found[:count]


cdef int load(const uint8_t[::1] data, Starts starts, Py_ssize_t index, Walk *walk) except -1 nogil:
    """Go to an entry, keeping the rows of what it shares with the entry before."""
    cdef uint32_t[MAX_FORM] text
    cdef Py_ssize_t size, length, shared = 0
    cdef const uint8_t *begin
    entry(data, starts, index, &begin, &size)
    length = decode(begin, size, text)
    while shared < length and shared < walk.known and text[shared] == walk.text[shared]:
        shared += 1
    memcpy(walk.text + shared, text + shared, (length - shared) * sizeof(uint32_t))
    walk.length, walk.known = length, shared
    return 0


cdef bint descend(Walk *walk) noexcept nogil:
    """Compute the rows that are missing; False at a prefix, of `known` characters, with which nothing is near enough."""
    while walk.known < walk.length:
        walk.known += 1
        if not fill_row(walk, walk.known):
            return False
    return True


cdef bint fill_row(Walk *walk, Py_ssize_t i) noexcept nogil:
    """Compute row i from those above; whether something that begins with these i characters may be near enough."""
    cdef Py_ssize_t columns = walk.n + 1, j
    cdef int32_t *row = walk.rows + i * columns
    cdef int32_t *above = row - columns
    cdef uint32_t letter = walk.text[i - 1]
    cdef int32_t best
    cdef bint near
    row[0] = <int32_t>i
    near = row[0] <= walk.distance
    for j in range(1, columns):
        best = min(above[j - 1] + (letter != walk.form[j - 1]), min(above[j], row[j - 1]) + 1)
        if i > 1 and j > 1 and letter == walk.form[j - 2] and walk.text[i - 2] == walk.form[j - 1]:
            best = min(best, (above - columns)[j - 2] + 1)
        row[j] = best
        # Near enough as it is, or if the next character turns out to be swapped with this one.
        near |= best <= walk.distance or (above[j - 1] < walk.distance and j < walk.n and letter == walk.form[j])
    return near


cdef Py_ssize_t next_prefix(Walk *walk, uint8_t *key) noexcept nogil:
    """Past a prefix of `known` characters that leads nowhere: the least key of what may come next, its size; 0: nothing.

    Where each character that follows costs an edit that is left, the next entry will do. Where only characters of the
    form can follow, they are tried in their order, and the entries between are never looked at.
    """
    cdef Py_ssize_t i = walk.known, k, size
    cdef uint32_t letter
    while i > 0:
        letter = walk.text[i - 1]
        if least_of(walk.rows + (i - 1) * (walk.n + 1), walk.n + 1) < walk.distance:
            walk.known = i - 1
            size = encode(walk.text, i, key)
            key[size] = 0xFF  # no byte of UTF-8
            return size + 1
        for k in range(walk.letter_count):
            if walk.letters[k] > letter:
                walk.text[i - 1] = walk.letters[k]
                if fill_row(walk, i):
                    walk.known = i
                    return encode(walk.text, i, key)
        i -= 1
    return 0


cdef int32_t least_of(const int32_t *row, Py_ssize_t columns) noexcept nogil:
    cdef int32_t least = row[0]
    cdef Py_ssize_t j
    for j in range(1, columns):
        least = min(least, row[j])
    return least


cdef Py_ssize_t gallop(const uint8_t[::1] data, Starts starts, Py_ssize_t low, Py_ssize_t high,
                       const uint8_t *key, Py_ssize_t key_size) except -1 nogil:
    """The first entry from `low` to `high` that is not less than the key, which is thought to be near `low`."""
    cdef Py_ssize_t step = 1, middle, size
    cdef const uint8_t *begin
    while low + step <= high:
        entry(data, starts, low + step - 1, &begin, &size)
        if compare(begin, size, key, key_size) >= 0:
            high = low + step - 1
            break
        low += step
        step *= 2
    while low < high:
        middle = (low + high) // 2
        entry(data, starts, middle, &begin, &size)
        if compare(begin, size, key, key_size) < 0:
            low = middle + 1
        else:
            high = middle
    return low


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

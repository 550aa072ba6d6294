# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Many packed strings at a time: folding, sorting, numbering. For `newsindex.inverted.vocabulary`, which made them.

Packed strings are two arrays: the bytes of all (uint8), and where each begins, one more than strings (uint64). A
segment has some hundred thousand word forms, which as Python objects would take longer than the rest of its writing.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memcmp, memcpy

import numpy as np

from newsindex.analysis._utf8 cimport fold_utf8


cdef enum:
    _HANDFUL = 16


cdef struct String:
    uint64_t head  # the first eight bytes as a number in the order of strings: they decide nearly all comparisons
    const uint8_t* data
    int64_t size
    int64_t number


cdef int compare(const void* left, const void* right) noexcept nogil:
    cdef const String* a = <const String*>left
    cdef const String* b = <const String*>right
    cdef int order = (a.head > b.head) - (a.head < b.head)
    if order == 0 and a.size > 8 and b.size > 8:
        order = memcmp(a.data + 8, b.data + 8, min(a.size, b.size) - 8)
    if order == 0:
        order = (a.size > b.size) - (a.size < b.size)
    # qsort need not be stable.
    return order if order else (a.number > b.number) - (a.number < b.number)


cdef uint64_t head_of(const uint8_t* data, Py_ssize_t size) noexcept nogil:
    cdef uint64_t head = 0
    cdef Py_ssize_t i
    for i in range(min(size, 8)):
        head |= <uint64_t>data[i] << (56 - 8 * i)
    return head


cdef bint equal(const String* a, const String* b) noexcept nogil:
    return a.size == b.size and a.head == b.head and (a.size <= 8 or memcmp(a.data + 8, b.data + 8, a.size - 8) == 0)


cdef void sort_run(String* strings, Py_ssize_t count) noexcept nogil:
    """Sort strings that begin alike: most often a handful."""
    cdef Py_ssize_t i, k
    cdef String moved
    if count > _HANDFUL:
        qsort(strings, count, sizeof(String), compare)
        return
    for i in range(1, count):
        moved = strings[i]
        k = i
        while k > 0 and compare(&moved, &strings[k - 1]) < 0:
            strings[k] = strings[k - 1]
            k -= 1
        strings[k] = moved


cdef String* sorted_strings(const uint8_t[::1] data, const uint64_t[::1] starts) except NULL:
    cdef Py_ssize_t i, begin, number, count = starts.shape[0] - 1
    cdef const uint8_t* bytes_ = &data[0] if data.shape[0] else NULL
    heads = np.empty(count, np.uint64)
    cdef uint64_t[::1] head = heads
    with nogil:
        for i in range(count):
            head[i] = head_of(bytes_ + starts[i], starts[i + 1] - starts[i])
    # numpy sorts numbers several times as fast as the C library sorts what it must call a function to compare.
    cdef const int64_t[::1] by_head = np.argsort(heads)
    cdef String* strings = <String*>malloc((count + 1) * sizeof(String))
    if strings == NULL:
        raise MemoryError(f"no memory to sort {count} strings")
    with nogil:
        for i in range(count):
            number = by_head[i]
            strings[i] = String(head[number], bytes_ + starts[number], starts[number + 1] - starts[number], number)
        begin = 0
        for i in range(1, count + 1):
            if i == count or strings[i].head != strings[begin].head:
                sort_run(strings + begin, i - begin)
                begin = i
    return strings


def order(const uint8_t[::1] data, const uint64_t[::1] starts):
    """The numbers of the strings in byte order, equal ones by number (int64)."""
    cdef Py_ssize_t i, count = starts.shape[0] - 1
    found = np.empty(count, np.int64)
    cdef int64_t[::1] out = found
    cdef String* strings = sorted_strings(data, starts)
    for i in range(count):
        out[i] = strings[i].number
    free(strings)
    return found


def ranks(const uint8_t[::1] data, const uint64_t[::1] starts):
    """The place of each string among the distinct ones in byte order, and one string for each place (int64 both)."""
    cdef Py_ssize_t i, distinct = 0, count = starts.shape[0] - 1
    rank_of, firsts = np.empty(count, np.int64), np.empty(count, np.int64)
    cdef int64_t[::1] places = rank_of, out = firsts
    cdef String* strings = sorted_strings(data, starts)
    for i in range(count):
        if i == 0 or not equal(&strings[i], &strings[i - 1]):
            out[distinct] = strings[i].number
            distinct += 1
        places[strings[i].number] = distinct - 1
    free(strings)
    return rank_of, firsts[:distinct].copy()


def fresh(const uint8_t[::1] data, const uint64_t[::1] starts):
    """Whether each string differs from the one before it (bool)."""
    cdef Py_ssize_t i, size, count = starts.shape[0] - 1
    found = np.ones(count, np.uint8)
    cdef uint8_t[::1] out = found
    for i in range(1, count):
        size = starts[i + 1] - starts[i]
        if size == <Py_ssize_t>(starts[i] - starts[i - 1]):
            out[i] = size > 0 and memcmp(&data[starts[i - 1]], &data[starts[i]], size) != 0
    return found.view(bool)


def fold(const uint8_t[::1] data, const uint64_t[::1] starts, const uint16_t[::1] table):
    """The strings, UTF-8, with each character replaced as `table` says: `newsindex.analysis.fold` for many."""
    cdef Py_ssize_t i, at = 0, count = starts.shape[0] - 1
    folded, bounds = np.empty(data.shape[0], np.uint8), np.zeros(count + 1, np.uint64)
    cdef uint8_t[::1] out = folded
    cdef uint64_t[::1] ends = bounds
    with nogil:
        for i in range(count):
            if starts[i + 1] > starts[i]:
                at += fold_utf8(&data[starts[i]], starts[i + 1] - starts[i], &out[at], &table[0])
            ends[i + 1] = at
    return folded[:at], bounds


def entries(const uint8_t[::1] data, const uint64_t[::1] starts,
            const uint8_t[::1] folded, const uint64_t[::1] folded_starts):
    """The entry of each form in a dictionary of forms: the folded form, and where they differ a zero and the form."""
    cdef Py_ssize_t i, size, own, at = 0, count = starts.shape[0] - 1
    made, bounds = np.empty(data.shape[0] + folded.shape[0] + count, np.uint8), np.zeros(count + 1, np.uint64)
    cdef uint8_t[::1] out = made
    cdef uint64_t[::1] ends = bounds
    with nogil:
        for i in range(count):
            size = folded_starts[i + 1] - folded_starts[i]
            own = starts[i + 1] - starts[i]
            if size:
                memcpy(&out[at], &folded[folded_starts[i]], size)
            at += size
            if own and (own != size or memcmp(&folded[folded_starts[i]], &data[starts[i]], own)):
                out[at] = 0
                memcpy(&out[at + 1], &data[starts[i]], own)
                at += 1 + own
            ends[i + 1] = at
    return made[:at].copy(), bounds


cdef inline int string(const uint8_t[::1] data, const uint64_t[::1] starts, Py_ssize_t index,
                       const uint8_t **begin, Py_ssize_t *size) except -1 nogil:
    cdef uint64_t start = starts[index], stop = starts[index + 1]
    if start > stop or stop > <uint64_t>data.shape[0]:
        with gil:
            raise ValueError(f"string {index} from {start} to {stop} is outside of {data.shape[0]} bytes")
    begin[0] = &data[0] + start if data.shape[0] else NULL
    size[0] = <Py_ssize_t>(stop - start)
    return 0


def gather(const uint8_t[::1] data, const uint64_t[::1] starts, const int64_t[::1] wanted):
    """The strings numbered `wanted`, in that order: (data uint8, starts uint64)."""
    cdef Py_ssize_t i, size, count = wanted.shape[0]
    cdef const uint8_t *begin
    cdef uint64_t at = 0
    found_starts = np.zeros(count + 1, np.uint64)
    cdef uint64_t[::1] out_starts = found_starts
    with nogil:
        for i in range(count):
            if wanted[i] < 0 or wanted[i] + 1 >= starts.shape[0]:
                with gil:
                    raise ValueError(f"string {wanted[i]} of {starts.shape[0] - 1}")
            string(data, starts, wanted[i], &begin, &size)
            at += size
            out_starts[i + 1] = at
    found = np.empty(at, np.uint8)
    cdef uint8_t[::1] out = found
    with nogil:
        for i in range(count):
            string(data, starts, wanted[i], &begin, &size)
            if size:
                memcpy(&out[out_starts[i]], begin, size)
    return found, found_starts

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Words by patterns: prefixes, wildcards, what is few edits away. In dictionaries of forms, and among the words of a text.

Dictionaries (`newsindex.inverted._dictionary`) are searched by a `Finder`, one after another, for
`newsindex.inverted._words`, and only what comes before the NUL of an entry is looked at. The words of a text are packed
strings in any order, for snippets.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy

import numpy as np

from newsindex.inverted._dictionary cimport (
    Cursor,
    Dictionary,
    check_range,
    load,
    next_entry,
    seek,
    seek_on,
    start,
    step,
)
from newsindex.inverted._gil cimport LONG

cdef enum:
    MAX_FORM = 512   # code points of one form that patterns look at; the tokenizer makes forms a quarter as long
    MAX_EDITS = 4
    LEAST_ROOM = 64  # forms that there is room for at first
    MAX_LITERAL = 32 # code points of a pattern that are searched for as bytes
    FOUND = 50       # what a form that is found costs, and its list, where to look at a form costs 1
    CLIMBED = 12     # what a step of a fuzzy search costs

cdef int64_t BEYOND = <int64_t>1 << 32  # all code points, and what is read where none is
cdef int64_t ENDLESS = (<uint64_t>1 << 63) - 1


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


cdef Py_ssize_t longest_literal(const uint32_t[::1] pattern, uint8_t *out):
    """The UTF-8 of the longest run of a pattern without wildcards, or of as much as there is room for; its size."""
    cdef Py_ssize_t i, start = 0, best = 0, longest = 0
    for i in range(pattern.shape[0] + 1):
        if i == pattern.shape[0] or pattern[i] == c'*' or pattern[i] == c'?':
            if i - start > longest:
                best, longest = start, i - start
            start = i + 1
    return encode(&pattern[best], min(longest, MAX_LITERAL), out) if longest else 0


class TooWideError(Exception):
    """A pattern that costs more effort than was allowed."""


cdef class Found:
    """The forms that a finder found, in one dictionary after another.

    Args:
        most: the effort after which it gives up with `TooWideError`; in forms that are looked at.
    """

    def __cinit__(self, int64_t most=ENDLESS):
        self.most = most

    def __dealloc__(self):
        free(self.owned)

    cdef int put(self, int64_t term, int64_t number, int64_t index) except -1 nogil:
        if self.count == self.room:
            self.grow()
        self.spend(FOUND)
        self.owned[self.count] = Owned(term, number, index)
        self.count += 1
        return 0

    cdef inline int add(self, const Cursor *cursor) except -1 nogil:
        """Add the form read last."""
        return self.put(<int64_t>cursor.first, <int64_t>cursor.second, cursor.index - 1)

    cdef int grow(self) except -1 nogil:
        cdef Py_ssize_t room = max(<Py_ssize_t>LEAST_ROOM, 2 * self.room)
        cdef Owned *owned = <Owned *>realloc(self.owned, room * sizeof(Owned))
        if owned == NULL:
            with gil:
                raise MemoryError(f"no memory for {room} forms")
        self.owned, self.room = owned, room
        return 0

    cdef int spend(self, int64_t effort) except -1 nogil:
        """Count an effort, before it is made."""
        self.effort += effort
        if self.effort > self.most:
            with gil:
                raise TooWideError(f"a pattern that costs more than {self.most}")
        return 0

    cdef list listed(self):
        cdef Py_ssize_t i
        return [(self.owned[i].index, self.owned[i].term, self.owned[i].number) for i in range(self.count)]


cdef class Finder:
    """Finds the forms whose folded part begins with a `prefix` (UTF-8): a pattern that is looked for in dictionaries."""

    def __cinit__(self, *_, bytes prefix not None=b""):
        self.prefix = prefix

    cdef int find(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1:
        """Add those of the forms from `low` to `high` - 1."""
        cdef Cursor cursor
        cdef const uint8_t *key = self.prefix
        cdef Py_ssize_t size = len(self.prefix), index = seek(forms, &cursor, low, high, key, size)
        cdef bint first = True
        while index < high:
            # Of what is shared with the one before, that is known to begin so.
            if first or cursor.shared < size:
                load(&cursor)
                if cursor.size < size or memcmp(cursor.text, key, size):
                    break
            first = False
            found.add(&cursor)
            index += 1
            if index < high:
                step(forms, &cursor)
        return 0

    cdef int narrow(self, Dictionary forms, Py_ssize_t *low, Py_ssize_t *high) except -1:
        """Leave out of a range what does not begin with the prefix, which is text."""
        cdef Cursor cursor
        cdef bytes behind = self.prefix + b"\xff"  # no byte of UTF-8
        if self.prefix:
            low[0] = seek(forms, &cursor, low[0], high[0], self.prefix, len(self.prefix))
            high[0] = seek(forms, &cursor, low[0], high[0], behind, len(behind))
        return 0

    def find_in(self, Dictionary forms not None, Py_ssize_t low, Py_ssize_t high):
        """Those of the forms from `low` to `high` - 1: of each its number, its term, and which of its forms it is."""
        cdef Found found = Found()
        check_range(forms, low, high)
        self.find(forms, low, high, found)
        return found.listed()


cdef class Wildcards(Finder):
    """Finds the forms whose folded part matches `pattern` (code points; ? one, * any number), and begins with `prefix`.

    The longest run of characters that the pattern names is searched for in what each entry does not share with the one
    before, and only those that have it are matched.
    """

    cdef const uint32_t[::1] pattern
    cdef uint8_t[4 * MAX_LITERAL] literal
    cdef Py_ssize_t size  # of the literal

    def __init__(self, const uint32_t[::1] pattern, *, prefix=b""):
        self.pattern = pattern
        self.size = longest_literal(pattern, self.literal)

    cdef int find(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1:
        self.narrow(forms, &low, &high)
        if self.pattern.shape[0] == 0 or low == high:
            return 0
        found.spend(high - low)
        if high - low < LONG:
            return self.match(forms, low, high, found)
        with nogil:
            return self.match(forms, low, high, found)

    cdef int match(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1 nogil:
        cdef uint32_t[MAX_FORM] text
        cdef Cursor cursor
        cdef Py_ssize_t length, size = self.size, end = -1  # of the literal's first occurrence; -1: there is none
        start(forms, &cursor, low)
        for _ in range(high - low):
            next_entry(forms, &cursor)
            if size and (end < 0 or end > cursor.shared):
                if cursor.index > low + 1 and not has_byte(&cursor, self.literal[size - 1]):
                    end = -1
                    continue
                end = end_of(&cursor, self.literal, size, cursor.shared - size + 1 if cursor.index > low + 1 else 0)
            if size and end < 0:
                continue
            length = decode(cursor.text, cursor.size, text)
            if matches(text, length, &self.pattern[0], self.pattern.shape[0]):
                found.add(&cursor)
        return 0


cdef inline bint has_byte(const Cursor *cursor, uint8_t byte) noexcept nogil:
    """Whether what an entry does not share with the one before may have a byte: only if so, a literal may end there."""
    cdef uint64_t word, ones = 0x0101010101010101
    cdef Py_ssize_t size = cursor.size - cursor.shared
    if size >= 8 or cursor.end - cursor.suffix < 8:
        return True
    memcpy(&word, cursor.suffix, 8)
    word ^= byte * ones  # the byte sought is 0 now, of which the lowest is found for certain
    word = (word - ones) & ~word & (ones << 7)
    return word & ((<uint64_t>1 << 8 * size) - 1) != 0


cdef inline Py_ssize_t end_of(const Cursor *cursor, const uint8_t *literal, Py_ssize_t size,
                              Py_ssize_t begin) noexcept nogil:
    """Where the first occurrence of a literal from `begin` on ends in a text; -1 if there is none."""
    cdef Py_ssize_t i
    for i in range(max(begin, 0), cursor.size - size + 1):
        if cursor.text[i] == literal[0] and memcmp(cursor.text + i, literal, size) == 0:
            return i + size
    return -1


def wildcard_strings(const uint8_t[::1] data, const uint64_t[::1] starts, const uint32_t[::1] pattern):
    """The numbers of the packed strings that match a pattern, as `Wildcards` (int64)."""
    cdef uint32_t[MAX_FORM] text
    cdef Py_ssize_t index, n = 0, length, count = starts.shape[0] - 1
    check_starts(data, starts)
    found = np.empty(count, np.int64)
    cdef int64_t[::1] out = found
    for index in range(count if pattern.shape[0] else 0):
        length = decode(&data[0] + starts[index] if data.shape[0] else NULL, starts[index + 1] - starts[index], text)
        if matches(text, length, &pattern[0], pattern.shape[0]):
            out[n] = index
            n += 1
    return found[:n]


cdef int check_starts(const uint8_t[::1] data, const uint64_t[::1] starts) except -1:
    cdef Py_ssize_t index
    if starts.shape[0] == 0 or starts[starts.shape[0] - 1] > <uint64_t>data.shape[0]:
        raise ValueError(f"strings that end outside of their {data.shape[0]} bytes")
    for index in range(starts.shape[0] - 1):
        if starts[index] > starts[index + 1]:
            raise ValueError(f"string {index} ends before it begins")
    return 0


cdef struct Walk:
    # The entry that a fuzzy search has come to, and the edit table of `form` (n characters) with a row for each
    # prefix of it: row i for the first i characters, of which the first `known` were computed, and `least` of the row.
    # Further than `distance` from the diagonal, nothing is near enough, and nothing is computed.
    const uint32_t *form
    Py_ssize_t n
    int32_t distance
    int32_t *rows
    int32_t *least
    uint32_t[MAX_FORM] text
    Py_ssize_t length
    Py_ssize_t known


cdef class Edits(Finder):
    """Finds the forms whose folded part is at most `distance` edits from `form` (code points), and begins with `prefix`.

    Edits are those of optimal string alignment. The entries are walked as a tree of prefixes. The row of the edit table
    for a prefix is computed once; where nothing that begins with it is near enough, the walk goes on at the next prefix
    with which something may be, which is searched for.
    """

    cdef Walk walk
    cdef const uint32_t[::1] form

    def __init__(self, const uint32_t[::1] form, int distance, *, prefix=b""):
        cdef Py_ssize_t j
        if form.shape[0] > MAX_FORM or distance < 0 or distance > MAX_EDITS:
            raise ValueError(f"fuzzy search for {form.shape[0]} characters within {distance} edits")
        self.form = form
        self.walk.form, self.walk.n = &form[0] if form.shape[0] else NULL, form.shape[0]
        self.walk.distance, self.walk.length, self.walk.known = distance, 0, 0
        self.walk.rows = <int32_t *>malloc((MAX_FORM + 1) * (self.walk.n + 2) * sizeof(int32_t))
        if self.walk.rows == NULL:
            raise MemoryError("no memory for the edit table")
        self.walk.least = self.walk.rows + (MAX_FORM + 1) * (self.walk.n + 1)
        self.walk.least[0] = 0
        for j in range(self.walk.n + 1):
            self.walk.rows[j] = <int32_t>j

    def __dealloc__(self):
        free(self.walk.rows)

    cdef int find(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1:
        self.narrow(forms, &low, &high)
        if low == high:
            return 0
        if high - low < LONG:
            return self.climb(forms, low, high, found)
        with nogil:
            return self.climb(forms, low, high, found)

    cdef int climb(self, Dictionary forms, Py_ssize_t low, Py_ssize_t high, Found found) except -1 nogil:
        cdef Cursor cursor
        cdef uint8_t[4 * MAX_FORM + 1] key
        cdef Py_ssize_t size
        cdef Walk *walk = &self.walk
        walk.known = 0
        start(forms, &cursor, low)
        next_entry(forms, &cursor)
        while True:
            found.spend(CLIMBED)
            turn(walk, cursor.text, cursor.size)
            if descend(walk):
                if near_enough(walk, walk.length):
                    found.add(&cursor)
                if cursor.index == high:
                    return 0
                next_entry(forms, &cursor)
                continue
            size = next_prefix(walk, key)
            if size == 0 or seek_on(forms, &cursor, high, key, size) == high:
                return 0


def fuzzy_strings(const uint8_t[::1] data, const uint64_t[::1] starts, const uint32_t[::1] form, int distance):
    """The numbers of the packed strings that are at most `distance` edits from `form`, as `Edits` (int64)."""
    cdef Py_ssize_t index, n = 0, count = starts.shape[0] - 1
    check_starts(data, starts)
    cdef Edits edits = Edits(form, distance)
    cdef Walk *walk = &edits.walk
    found = np.empty(count, np.int64)
    cdef int64_t[::1] out = found
    for index in range(count):
        turn(walk, &data[0] + starts[index] if data.shape[0] else NULL, starts[index + 1] - starts[index])
        if descend(walk) and near_enough(walk, walk.length):
            out[n] = index
            n += 1
    return found[:n]


cdef void turn(Walk *walk, const uint8_t *entry, Py_ssize_t size) noexcept nogil:
    """Go to an entry, keeping the rows of what it shares with the entry before."""
    cdef uint32_t[MAX_FORM] text
    cdef Py_ssize_t length = decode(entry, size, text), shared = 0
    while shared < length and shared < walk.known and text[shared] == walk.text[shared]:
        shared += 1
    memcpy(walk.text + shared, text + shared, (length - shared) * sizeof(uint32_t))
    walk.length, walk.known = length, shared


cdef inline bint near_enough(const Walk *walk, Py_ssize_t i) noexcept nogil:
    """Whether the first i characters are."""
    return -walk.distance <= i - walk.n <= walk.distance and walk.rows[i * (walk.n + 1) + walk.n] <= walk.distance


cdef bint descend(Walk *walk) noexcept nogil:
    """Compute the rows that are missing; False at a prefix, of `known` characters, with which nothing is near enough."""
    while walk.known < walk.length:
        walk.known += 1
        if not fill_row(walk, walk.known):
            return False
    return True


cdef bint fill_row(Walk *walk, Py_ssize_t i) noexcept nogil:
    """Compute row i from those above; whether something that begins with these i characters may be near enough."""
    cdef Py_ssize_t columns = walk.n + 1, j, low = max(i - walk.distance, 1), high = min(i + walk.distance, walk.n)
    cdef int32_t *row = walk.rows + i * columns
    cdef int32_t *above = row - columns
    cdef uint32_t letter = walk.text[i - 1]
    cdef int32_t best, far = walk.distance + 1, least
    cdef bint near
    least = row[low - 1] = min(<int32_t>i, far) if low == 1 else far
    near = least <= walk.distance
    for j in range(low, high + 1):
        best = min(above[j - 1] + (letter != walk.form[j - 1]), min(above[j], row[j - 1]) + 1)
        if i > 1 and j > 1 and letter == walk.form[j - 2] and walk.text[i - 2] == walk.form[j - 1]:
            best = min(best, (above - columns)[j - 2] + 1)
        row[j] = best
        least = min(least, best)
        # Near enough as it is, or if the next character turns out to be swapped with this one.
        near |= best <= walk.distance or (above[j - 1] < walk.distance and j < walk.n and letter == walk.form[j])
    if high < walk.n:
        row[high + 1] = far
    walk.least[i] = least
    return near


cdef Py_ssize_t next_prefix(Walk *walk, uint8_t *key) noexcept nogil:
    """Past a prefix of `known` characters that leads nowhere: the least key of what may come next, its size; 0: nothing.

    Where each character that follows costs an edit that is left, the next entry will do. Where only characters of the
    form can follow, they are tried in their order, and so on to the first text that is near enough or may be followed
    by anything: the entries between are never looked at.
    """
    cdef Py_ssize_t i = walk.known, size
    while i > 0:
        if walk.least[i - 1] < walk.distance:
            walk.known = i - 1
            size = encode(walk.text, i, key)
            key[size] = 0xFF  # no byte of UTF-8
            return size + 1
        if not next_letter(walk, i, walk.text[i - 1]):
            i -= 1
            continue
        while walk.least[i] >= walk.distance and not near_enough(walk, i) and i < MAX_FORM:
            if not next_letter(walk, i + 1, -1):
                break
            i += 1
        else:
            walk.known = i
            return encode(walk.text, i, key)
    return 0


cdef bint next_letter(Walk *walk, Py_ssize_t i, int64_t letter) noexcept nogil:
    """Make character i, from 1, the next one after `letter` with which something may be near enough, if there is one.

    No edit is left before it, so it has to be the form's where nothing more was edited, or change places for one edit.
    """
    cdef Py_ssize_t columns = walk.n + 1, j
    cdef const int32_t *above = walk.rows + (i - 1) * columns
    cdef int64_t following = BEYOND, one
    for j in range(max(i - walk.distance, 1), min(i + walk.distance, walk.n) + 1):
        one = walk.form[j - 1]
        if above[j - 1] <= walk.distance and letter < one < following:
            following = one
        if i > 1 and j > 1 and walk.text[i - 2] == one and (above - columns)[j - 2] < walk.distance:
            one = walk.form[j - 2]
            if letter < one < following:
                following = one
    if following == BEYOND:
        return False
    walk.text[i - 1] = <uint32_t>following
    return fill_row(walk, i)

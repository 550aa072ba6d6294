# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What a snippet asks of a text: where words of certain numbers stand closest together, the line that shows them, and
how each word is spelled.

For `newsindex.searcher.snippets` only. All read the text once, with the tokenizer of the index and without an object
per token: a page of results reads ten articles to show ten lines.
"""

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort
from libc.string cimport memcpy

import numpy as np

from newsindex.analysis._tokens cimport DROP, MARK, Token, advance, exact, locate, prepared, survey
from newsindex.inverted._gil cimport LONG

from newsindex.analysis import fold
from newsindex.analysis.alignment import align

cdef extern from "Python.h":
    Py_UCS4 PyUnicode_READ(int kind, const void* data, Py_ssize_t index) nogil
    str PyUnicode_FromKindAndData(int kind, const void* data, Py_ssize_t size)
    bint Py_UNICODE_ISALNUM(Py_UCS4 c) noexcept nogil
    bint Py_UNICODE_ISSPACE(Py_UCS4 c) noexcept nogil

cdef struct Hit:
    int64_t position  # of a token
    int32_t row       # that named it
    Py_ssize_t start  # where it stands, in characters
    Py_ssize_t end


def densest(text, list rows, Py_ssize_t run, Py_ssize_t chars):
    """The part of a text that shows most of what is wanted: (start, end, spans, missing), in characters as it is given.

    That is where tokens from most rows stand within `run` characters; of equals where most tokens do, then the first.

    Args:
        text: any text.
        rows: numbers of tokens, in any order.
        run: how long the part may be; a single token may be longer.
        chars: how much will be shown of the text, at most.

    Returns:
        Where the part starts and ends; where each token of the rows stands, in it and so near it that it may be shown
        too, ascending; and whether rows name tokens that the text does not have, which do not count.

    >>> densest("Ploi la Bucu\\u00adrești, unde nu sunt ploi", [[0, 6], [2]], 20, 40)
    (0, 18, [(0, 4), (8, 18), (33, 37)], False)
    """
    cdef str given = exact(text), source = ready(given)
    cdef Py_ssize_t count = 0, wanted = 0, first, last, start, end
    cdef list row
    for row in rows:
        wanted += len(row)
    cdef Hit* hits = <Hit*>malloc((wanted + 1) * sizeof(Hit))
    cdef Py_ssize_t* counts = <Py_ssize_t*>calloc(len(rows) + 1, sizeof(Py_ssize_t))
    try:
        if hits == NULL or counts == NULL:
            raise MemoryError("no memory for the words of a snippet")
        number(rows, hits)
        qsort(hits, wanted, sizeof(Hit), by_position)
        count = place(source, hits, wanted)
        if count == 0:
            return 0, 0, [], wanted > 0
        if source is not given:
            place_in_given(given, source, hits, count)
        first, last = best_run(hits, count, counts, run)
        start, end = hits[first].start, hits[last].end
        while first > 0 and end - hits[first - 1].start <= chars:
            first -= 1
        while last + 1 < count and hits[last + 1].end - start <= chars:
            last += 1
        spans = []
        while first <= last:
            if not spans or hits[first].position != hits[first - 1].position:
                spans.append((hits[first].start, hits[first].end))
            first += 1
        return start, end, spans, count < wanted
    finally:
        free(hits)
        free(counts)


cdef str ready(str given):
    """A text as it is read: see the tokenizer."""
    return prepared(given, survey(PyUnicode_KIND(given), PyUnicode_DATA(given), len(given)))


cdef int number(list rows, Hit* hits) except -1:
    cdef Py_ssize_t k = 0, i
    cdef list row
    for i, row in enumerate(rows):
        for position in row:
            if position < 0:
                raise ValueError(f"token number {position}")
            hits[k].position, hits[k].row = position, <int32_t>i
            k += 1
    return 0


cdef int by_position(const void* a, const void* b) noexcept nogil:
    cdef int64_t one = (<const Hit*>a).position, other = (<const Hit*>b).position
    if one == other:
        return (<const Hit*>a).row - (<const Hit*>b).row
    return -1 if one < other else 1


cdef Py_ssize_t place(str source, Hit* hits, Py_ssize_t wanted):
    """Find the tokens in a prepared text, and return how many it has."""
    cdef const void* data = PyUnicode_DATA(source)
    cdef int kind = PyUnicode_KIND(source)
    cdef Py_ssize_t n = len(source)
    if n < LONG:
        return place_among(kind, data, n, hits, wanted)
    with nogil:
        return place_among(kind, data, n, hits, wanted)


cdef Py_ssize_t place_among(int kind, const void* data, Py_ssize_t n, Hit* hits, Py_ssize_t wanted) noexcept nogil:
    cdef Py_ssize_t i, read = 0
    cdef Token token
    token.end = 0
    for i in range(wanted):
        while read <= hits[i].position:
            if not locate(kind, data, n, token.end, &token):
                return i
            read += 1
        hits[i].start, hits[i].end = token.start, token.end
    return wanted


cdef int place_in_given(str given, str source, Hit* hits, Py_ssize_t count) except -1:
    """The same places in the text before it was prepared, by a walk through both in step.

    The characters that it lost are passed over. A letter that was composed starts where its first part does, and ends
    behind the last of its marks.
    """
    cdef const void* wide = PyUnicode_DATA(given)
    cdef const void* data = PyUnicode_DATA(source)
    cdef int wide_kind = PyUnicode_KIND(given), kind = PyUnicode_KIND(source)
    cdef Py_ssize_t i = 0, k = 0, h, start = 0, n = len(given), length = len(source)
    cdef Py_UCS4 here, there
    for h in range(count):
        while k < hits[h].end:
            here, there = PyUnicode_READ(wide_kind, wide, i) if i < n else 0, PyUnicode_READ(kind, data, k)
            if here != there and traits_of(here) & DROP:
                i += 1
                continue
            if k == hits[h].start:
                start = i
            i, k = i + 1, k + 1
            if here != there:
                if i > n or not may_compose(here, there):
                    return place_in_composed(given, hits, h, count)
                i, k = behind_marks(wide_kind, wide, n, i), behind_marks(kind, data, length, k)
        hits[h].start, hits[h].end = start, i  # of a token named twice, start and i stay
    return 0


cdef inline uint32_t traits_of(Py_UCS4 c) noexcept nogil:
    return survey(4, &c, 1)


cdef inline bint may_compose(Py_UCS4 here, Py_UCS4 there) noexcept nogil:
    """Whether one character may be what another one became, with nothing but the marks behind both to belong to them.

    Hangul is composed of letters, and of what lies beyond the basic plane not everything has its traits.
    """
    if here >= 0x10000 or there >= 0x10000 or 0x1100 <= here < 0x1200 or 0xAC00 <= here < 0xD800:
        return False
    return traits_of(here) & MARK == traits_of(there) & MARK


cdef Py_ssize_t behind_marks(int kind, const void* data, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    """Behind the last mark of those from i on, between which characters may be that do not count."""
    cdef Py_ssize_t end = i
    cdef uint32_t found
    while i < n:
        found = traits_of(PyUnicode_READ(kind, data, i))
        i += 1
        if found & MARK:
            end = i
        elif not found & DROP:
            break
    return end


cdef int place_in_composed(str given, Hit* hits, Py_ssize_t h, Py_ssize_t count) except -1:
    # Rare, and the slow way knows how.
    _, starts, ends = align(given)
    while h < count:
        hits[h].start, hits[h].end = starts[hits[h].start], ends[hits[h].end - 1]
        h += 1
    return 0


cdef (Py_ssize_t, Py_ssize_t) best_run(const Hit* hits, Py_ssize_t count, Py_ssize_t* counts, Py_ssize_t run) noexcept:
    """The first and the last token of the best run; `counts` are zeros."""
    cdef Py_ssize_t first = 0, last, rows = 0, most_rows = 0, best_first = 0, best_last = 0
    for last in range(count):
        rows += counts[hits[last].row] == 0
        counts[hits[last].row] += 1
        while hits[last].end - hits[first].start > run and hits[first].position < hits[last].position:
            counts[hits[first].row] -= 1
            rows -= counts[hits[first].row] == 0
            first += 1
        if rows > most_rows or (rows == most_rows and last - first > best_last - best_first):
            most_rows, best_first, best_last = rows, first, last
    return best_first, best_last


cdef struct Line:
    Py_UCS4* out
    Py_ssize_t size
    bint blank  # white space came last


def line(text, Py_ssize_t first, Py_ssize_t last, Py_ssize_t chars, list spans, before, after):
    """About `chars` characters of a text in one line, those from `first` to `last` in their middle.

    It is cut at white space where there is any. White space is one blank; an ellipsis says that words are left out.

    Args:
        spans: where words stand that are put between `before` and `after`, ascending; what is cut off is not.

    >>> line("Mereu ploi și vânt,\\n ploi la munte", 6, 10, 12, [(6, 10), (21, 25)], "<", ">")
    '… <ploi> și …'
    """
    cdef str source = exact(text), opening = exact(before), closing = exact(after)
    cdef const void* data = PyUnicode_DATA(source)
    cdef int kind = PyUnicode_KIND(source)
    cdef Py_ssize_t n = len(source), start, end, at, span_start, span_end
    if not 0 <= first <= last <= n:
        raise ValueError(f"characters {first} to {last} of {n}")
    start, end = around(kind, data, n, first, last, chars)
    cdef Line made = Line(NULL, 0, False)
    cdef Py_ssize_t room = end - start + len(spans) * (len(opening) + len(closing)) + 4
    made.out = <Py_UCS4*>malloc(room * sizeof(Py_UCS4))
    if made.out == NULL:
        raise MemoryError("no memory for a snippet")
    try:
        if has_words(kind, data, 0, start):
            put_ellipsis(&made, False)
        at = start
        for span_start, span_end in spans:
            if at <= span_start <= span_end <= end:
                put(&made, kind, data, at, span_start)
                put(&made, PyUnicode_KIND(opening), PyUnicode_DATA(opening), 0, len(opening))
                put(&made, kind, data, span_start, span_end)
                put(&made, PyUnicode_KIND(closing), PyUnicode_DATA(closing), 0, len(closing))
                at = span_end
        put(&made, kind, data, at, end)
        if has_words(kind, data, end, n):
            put_ellipsis(&made, True)
        return PyUnicode_FromKindAndData(4, made.out, made.size)
    finally:
        free(made.out)


cdef (Py_ssize_t, Py_ssize_t) around(int kind, const void* data, Py_ssize_t n, Py_ssize_t first, Py_ssize_t last,
                                     Py_ssize_t chars) noexcept nogil:
    cdef Py_ssize_t size = max(chars, last - first), start = max(0, first - (size - (last - first)) // 2), end, cut
    end = min(n, start + size)
    start = max(0, end - size)
    if start > 0 and not Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, start - 1)):
        while start < first and not Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, start)):
            start += 1
        start += start < first  # past the white space
    if end < n and not Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, end)):
        cut = end
        while cut > last and not Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, cut)):
            cut -= 1
        if has_text(kind, data, start, cut):  # else it is the beginning of a long word that is shown
            end = cut
    return start, end


cdef bint has_text(int kind, const void* data, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(start, end):
        if not Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, i)):
            return True
    return False


cdef bint has_words(int kind, const void* data, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(start, end):
        if Py_UNICODE_ISALNUM(PyUnicode_READ(kind, data, i)):
            return True
    return False


cdef void put(Line* made, int kind, const void* data, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i
    cdef Py_UCS4 character
    for i in range(start, end):
        character = PyUnicode_READ(kind, data, i)
        if Py_UNICODE_ISSPACE(character):
            made.blank = True
            continue
        if made.blank and made.size:
            made.out[made.size] = c" "
            made.size += 1
        made.blank = False
        made.out[made.size] = character
        made.size += 1


cdef void put_ellipsis(Line* made, bint behind) noexcept nogil:
    if behind and made.size:
        made.out[made.size] = c" "
        made.size += 1
    made.out[made.size] = 0x2026
    made.size += 1
    made.blank = True


def folded_forms(text):
    """The folded forms of a text's tokens in their order, packed as in a dictionary: (data uint8, starts uint64).

    >>> data, starts = folded_forms("Țara, ţara")
    >>> bytes(data), starts.tolist()
    (b'taratara', [0, 4, 8])
    """
    # Folding keeps letters letters, so it may come before the reading as well as behind it.
    cdef str source = fold(ready(exact(text)))
    cdef const void* data = PyUnicode_DATA(source)
    cdef int kind = PyUnicode_KIND(source)
    cdef Py_ssize_t n = len(source), count = 0
    cdef uint64_t size = 0
    cdef Token token
    packed = np.empty(n * min(kind + 1, 4) + 1, np.uint8)  # a character takes a byte more in UTF-8 than here, at most
    starts = np.zeros(n // 2 + 2, np.uint64)  # something separates any two tokens
    cdef uint8_t[::1] out = packed
    cdef uint64_t[::1] out_starts = starts
    token.end = 0
    with nogil:
        while advance(kind, data, n, token.end, &token):
            memcpy(&out[size], token.form, token.size)
            size += token.size
            count += 1
            out_starts[count] = size
    return packed[:size], starts[:count + 1]

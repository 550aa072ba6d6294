# cython: language_level=3
"""UTF-8 without objects, and folding in it (see `newsindex.analysis.fold`), for those who handle many forms."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy


cdef inline Py_ssize_t fold_utf8(const uint8_t* data, Py_ssize_t size, uint8_t* out, const uint16_t* table) noexcept nogil:
    """Fold a text to `out`, which needs `size` bytes at most; returns how many it has.

    `table` is `fold_table()`; a base letter is never longer than the letter.
    """
    cdef Py_ssize_t k = 0, at = 0
    cdef uint32_t c
    while k < size:
        if data[k] < 0x80:
            out[at] = data[k]
            at += 1
            k += 1
            continue
        if data[k] >= 0xF0:
            memcpy(out + at, data + k, 4)
            at += 4
            k += 4
            continue
        if data[k] >= 0xE0:
            c = table[(data[k] & 0x0F) << 12 | (data[k + 1] & 0x3F) << 6 | (data[k + 2] & 0x3F)]
            k += 3
        else:
            c = table[(data[k] & 0x1F) << 6 | (data[k + 1] & 0x3F)]
            k += 2
        if c < 0x80:
            out[at] = <uint8_t>c
            at += 1
        elif c < 0x800:
            out[at] = <uint8_t>(0xC0 | c >> 6)
            out[at + 1] = <uint8_t>(0x80 | c & 0x3F)
            at += 2
        else:
            out[at] = <uint8_t>(0xE0 | c >> 12)
            out[at + 1] = <uint8_t>(0x80 | c >> 6 & 0x3F)
            out[at + 2] = <uint8_t>(0x80 | c & 0x3F)
            at += 3
    return at


cdef inline uint8_t* encode_utf8(uint8_t* to, uint32_t c) noexcept nogil:
    """Write a character; returns where the next one goes."""
    if c < 0x80:
        to[0] = <uint8_t>c
        return to + 1
    if c < 0x800:
        to[0] = <uint8_t>(0xC0 | c >> 6)
        to[1] = <uint8_t>(0x80 | c & 0x3F)
        return to + 2
    if c < 0x10000:
        to[0] = <uint8_t>(0xE0 | c >> 12)
        to[1] = <uint8_t>(0x80 | c >> 6 & 0x3F)
        to[2] = <uint8_t>(0x80 | c & 0x3F)
        return to + 3
    to[0] = <uint8_t>(0xF0 | c >> 18)
    to[1] = <uint8_t>(0x80 | c >> 12 & 0x3F)
    to[2] = <uint8_t>(0x80 | c >> 6 & 0x3F)
    to[3] = <uint8_t>(0x80 | c & 0x3F)
    return to + 4


cdef inline Py_ssize_t decode_utf8(const uint8_t* data, Py_ssize_t size, uint32_t* points) noexcept nogil:
    """Write the characters of a text to `points`, which needs room for `size`; returns how many there are."""
    cdef Py_ssize_t k = 0, count = 0
    cdef int more
    cdef uint32_t c
    while k < size:
        c = data[k]
        k += 1
        more = (c >= 0xC0) + (c >= 0xE0) + (c >= 0xF0)
        if more:
            c &= 0x3F >> more
        while more and k < size:
            c = c << 6 | data[k] & 0x3F
            k += 1
            more -= 1
        points[count] = c
        count += 1
    return count

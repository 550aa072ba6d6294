# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Articles to records, the way in of what `newsindex._records` reads: one call for each article that is added.

`newsindex.records` says what a record is. An article is valid when it gets here, so its texts have neither NULs nor
lone surrogates, and what JSON cannot say is not among its extras.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

import json

from newsindex.analysis._utf8 cimport encode_utf8
from newsindex.errors import ArticleError
from newsindex.inverted._buffers cimport Buffer, put_bytes, reserve
from newsindex.store.articles import MAX_ARTICLE_BYTES

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)

cdef extern from *:
    int ctz "__builtin_ctzll"(unsigned long long bits) noexcept nogil

cdef object write_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

ctypedef fused unit:
    uint8_t
    uint16_t
    uint32_t


def encode_article(article):
    """The record of an article; its id, title and date lie in columns, where a page of hits finds them undecoded.

    Raises:
        ArticleError: it is larger than the store takes.
    """
    cdef Buffer out = Buffer(NULL, 0, 0)
    try:
        put_header(&out, article)
        # The body stands outside the JSON, which would have to escape and unescape it.
        put_text(&out, article.body, False)
        if out.size > MAX_ARTICLE_BYTES:
            raise ArticleError(
                f"article {article.id!r}: {out.size:,} bytes, more than {MAX_ARTICLE_BYTES:,}; split it",
                article=article.id,
            )
        return PyBytes_FromStringAndSize(<char*>out.data, out.size)
    finally:
        free(out.data)


cdef int put_header(Buffer* out, article) except -1:
    cdef object text
    put_bytes(out, b"{", 1)
    put_field(out, b'"source":', 9, article.source)
    put_field(out, b'"author":', 9, article.author)
    put_field(out, b'"section":', 10, article.section)
    if article.tags:
        put_bytes(out, b'"tags":[', 8)
        for text in article.tags:
            put_text(out, text, True)
            put_bytes(out, b",", 1)
        out.data[out.size - 1] = c"]"
        put_bytes(out, b",", 1)
    put_field(out, b'"url":', 6, article.url)
    if article.extra:
        put_bytes(out, b'"extra":{', 9)
        for name, value in (<dict>article.extra).items():
            put_text(out, name, True)
            put_bytes(out, b":", 1)
            # Nearly all are texts, and a JSON encoder takes ten times as long to begin as to write one.
            if type(value) is str:
                put_text(out, value, True)
            else:
                put_text(out, write_json(value), False)
            put_bytes(out, b",", 1)
        out.data[out.size - 1] = c"}"
        put_bytes(out, b",", 1)
    if out.size > 1:
        out.size -= 1  # the last comma
    return put_bytes(out, b"}\n", 2)


cdef int put_field(Buffer* out, const char* name, Py_ssize_t size, text) except -1:
    if text is None:
        return 0
    put_bytes(out, name, size)
    put_text(out, text, True)
    return put_bytes(out, b",", 1)


cdef int put_text(Buffer* out, text, bint quoted) except -1:
    """Append a text as UTF-8, or as a JSON string."""
    if not isinstance(text, str):
        raise TypeError(f"text expected, found {type(text).__name__}")
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    cdef int kind = PyUnicode_KIND(text)
    if not quoted and PyUnicode_IS_ASCII(text):
        return put_bytes(out, PyUnicode_DATA(text), size)
    # The longest that a character of such a text can become: an escape, or its UTF-8.
    reserve(out, size * (6 if quoted else kind if kind == 4 else kind + 1) + 10)
    cdef Py_ssize_t written
    if kind == 1:
        written = encode(<const uint8_t*>PyUnicode_DATA(text), size, out.data + out.size, quoted)
    elif kind == 2:
        written = encode(<const uint16_t*>PyUnicode_DATA(text), size, out.data + out.size, quoted)
    else:
        written = encode(<const uint32_t*>PyUnicode_DATA(text), size, out.data + out.size, quoted)
    if written < 0:
        text.encode()  # which says what is wrong with it: an `extra` may be changed after it was looked at
    out.size += written
    return 0


cdef Py_ssize_t encode(const unit* text, Py_ssize_t size, uint8_t* begin, bint quoted) noexcept nogil:
    """Write a text as UTF-8, or as a JSON string; returns how many bytes it has, -1 for one with a lone surrogate."""
    cdef uint8_t* out = begin
    cdef Py_ssize_t i = 0
    cdef uint32_t c
    cdef uint64_t four, others
    if quoted:
        out[0] = c'"'
        out += 1
    while i < size:
        if unit is uint16_t and not quoted:
            # Texts with letters beyond Latin-1 here and there: four characters at a time where they are ASCII.
            while i + 4 <= size:
                memcpy(&four, text + i, 8)
                others = four & <uint64_t>0xFF80FF80FF80FF80
                four &= <uint64_t>0x00FF00FF00FF00FF
                four = (four | four >> 8) & <uint64_t>0x0000FFFF0000FFFF
                four |= four >> 16
                memcpy(out, &four, 4)
                if others:
                    # Those before the first that is not ASCII stay; the others are overwritten.
                    i += ctz(others) >> 4
                    out += ctz(others) >> 4
                    break
                i += 4
                out += 4
            if i == size:
                break
        c = text[i]
        i += 1
        if c >= 0x80:
            if 0xD800 <= c < 0xE000:
                return -1
            out = encode_utf8(out, c)
        elif quoted and (c < 0x20 or c == c'"' or c == c"\\"):
            out = put_escape(out, c)
        else:
            out[0] = <uint8_t>c
            out += 1
    if quoted:
        out[0] = c'"'
        out += 1
    return out - begin


cdef uint8_t* put_escape(uint8_t* out, uint32_t c) noexcept nogil:
    cdef uint8_t short = 0
    if c == c'"' or c == c"\\":
        short = c
    elif c == c"\n":
        short = c"n"
    elif c == c"\r":
        short = c"r"
    elif c == c"\t":
        short = c"t"
    elif c == c"\b":
        short = c"b"
    elif c == c"\f":
        short = c"f"
    out[0] = c"\\"
    if short:
        out[1] = short
        return out + 2
    out[1] = c"u"
    out[2] = out[3] = c"0"
    out[4] = c"0" + (c >> 4)
    out[5] = (c"0" if c & 15 < 10 else c"a" - 10) + (c & 15)
    return out + 6

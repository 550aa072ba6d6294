# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Records as they are stored, to texts and articles: what `newsindex.records` does for each article that is read.

An article was validated when it was stored, and its bytes have a checksum. So what is checked here is only that a file
that somebody wrote by hand yields no article that could not have been made; that takes a tenth of validating anew.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject_GenericSetAttr
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcpy

import json

from newsindex.inverted._columns cimport Numbers, Rows, Strings, value_at

from newsindex.article import Article

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    Py_ssize_t PyUnicode_FindChar(str text, Py_UCS4 sought, Py_ssize_t start, Py_ssize_t end, int direction)

cdef extern from *:
    int ctz "__builtin_ctzll"(unsigned long long bits) noexcept nogil

cdef object scan = json.JSONDecoder().scan_once
cdef type article_type = Article
cdef object new_article = Article.__new__


cdef class Records:
    """Some stored articles, by their numbers.

    Args:
        frames: as many as there are articles.
        dictionaries: the number of the dictionary of each frame.
        rows: what lies apart from the frames.
        decode: from a frame and the number of its dictionary to a record.

    A fault is a ValueError or an IndexError; what `article_of` and `body_of` raise comes besides.
    """

    cdef Strings frames
    cdef Numbers dictionaries
    cdef Rows rows
    cdef object decode

    def __init__(self, Strings frames not None, Numbers dictionaries not None, Rows rows not None, decode):
        self.frames, self.dictionaries, self.rows, self.decode = frames, dictionaries, rows, decode

    cpdef bytes record(self, Py_ssize_t doc):
        """The record of an article."""
        return self.decode(self.frames.raw(doc), value_at(self.dictionaries, doc))

    def body(self, Py_ssize_t doc):
        """The body of an article, without the rest of it."""
        return body_of(self.record(doc))

    def article(self, Py_ssize_t doc):
        """An article, as it was added."""
        return article_of(self.record(doc), self.rows.id(doc), self.rows.title(doc), self.rows.date(doc))


cpdef str body_of(bytes record):
    """The text behind the first line of a record.

    Raises:
        ValueError: there is no such line, or what follows is no UTF-8.
    """
    cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(record)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(record), header = header_of(data, size)
    return text_of(data + header + 1, size - header - 1)


cpdef article_of(bytes record, str article_id, str title, date):
    """The article of a record and of what lies apart from it.

    Raises:
        ValueError, TypeError, StopIteration, RecursionError, ArticleError: it is the record of none.
    """
    cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(record)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(record), end = header_of(data, size)
    cdef str header = PyUnicode_DecodeUTF8(<const char*>data, end, NULL)
    fields, stop = scan(header, 0)
    if stop != len(header) or type(fields) is not dict:
        raise ValueError("a record that does not begin with a line of JSON")
    cdef str body = text_of(data + end + 1, size - end - 1)
    # Without these, no text has a NUL or a lone surrogate: neither is in UTF-8 or in a JSON text, but by its number.
    if memchr(data, 0, size) == NULL and (memchr(data, c"\\", end) == NULL or "\\u" not in header) \
            and article_id and no_nul(article_id) and no_nul(title):
        article = restored(article_id, title, body, date, fields)
        if article is not None:
            return article
    return Article(id=article_id, title=title, body=body, date=date, **fields)


cdef Py_ssize_t header_of(const uint8_t* data, Py_ssize_t size) except -1:
    cdef const void* end = memchr(data, c"\n", size)
    if end == NULL:
        raise ValueError("a record without a line end")
    return <const uint8_t*>end - data


cdef object restored(str article_id, str title, str body, date, dict fields):
    """An article of clean texts; None where a field is of a type that takes a closer look, or is none of an article."""
    source, author, section, url = fields.get("source"), fields.get("author"), fields.get("section"), fields.get("url")
    tags, extra = fields.get("tags", ()), fields.get("extra", None)
    cdef Py_ssize_t known = (source is not None) + (author is not None) + (section is not None) + (url is not None) \
        + (tags is not ()) + (extra is not None)
    if known != len(fields) or not (is_text(source) and is_text(author) and is_text(section) and is_text(url)):
        return None
    if extra is None:
        extra = {}
    if type(extra) is not dict or type(tags) is not list and tags is not ():
        return None
    for text in tags:
        if type(text) is not str or not text or (<str>text).strip() is not text:
            return None
    for text in (<dict>extra).values():
        if type(text) is not str:
            return None
    article = new_article(article_type)
    # Past what makes it frozen.
    PyObject_GenericSetAttr(article, "id", article_id)
    PyObject_GenericSetAttr(article, "title", title)
    PyObject_GenericSetAttr(article, "body", body)
    PyObject_GenericSetAttr(article, "date", date)
    PyObject_GenericSetAttr(article, "source", source)
    PyObject_GenericSetAttr(article, "author", author)
    PyObject_GenericSetAttr(article, "section", section)
    PyObject_GenericSetAttr(article, "tags", tuple(tags))
    PyObject_GenericSetAttr(article, "url", url)
    PyObject_GenericSetAttr(article, "extra", extra)
    return article


cdef inline bint no_nul(str text) noexcept:
    return PyUnicode_FindChar(text, 0, 0, PyUnicode_GET_LENGTH(text), 1) == -1


cdef inline bint is_text(value) noexcept:
    return value is None or type(value) is str


cdef str text_of(const uint8_t* data, Py_ssize_t size):
    """Decode UTF-8: as the library does, but in half the time where a text has letters beyond Latin-1 here and there.

    What it is not for, and what is no UTF-8, is left to the library.
    """
    cdef Py_ssize_t count
    cdef str text
    cdef uint16_t* out = <uint16_t*>malloc((size + 8) * sizeof(uint16_t))  # 8 are written at a time
    if out == NULL:
        raise MemoryError("no memory for the text of an article")
    try:
        count = widen(data, size, out)
        if count < 0:
            return PyUnicode_DecodeUTF8(<const char*>data, size, NULL)
        text = PyUnicode_New(count, 0xFFFF)
        memcpy(PyUnicode_DATA(text), out, count * sizeof(uint16_t))
        return text
    finally:
        free(out)


cdef Py_ssize_t widen(const uint8_t* data, Py_ssize_t size, uint16_t* out) noexcept nogil:
    """Decode characters of up to three bytes; how many there are, or -1 if another stands there or all are Latin-1."""
    cdef Py_ssize_t i = 0, n = 0
    cdef uint64_t eight, low, high
    cdef uint32_t character, every = 0
    while True:
        while i + 8 <= size:
            memcpy(&eight, data + i, 8)
            low, high = spread(<uint32_t>eight), spread(eight >> 32)
            memcpy(out + n, &low, 8)
            memcpy(out + n + 4, &high, 8)
            eight &= <uint64_t>0x8080808080808080
            if eight:
                # Those before the first that is not ASCII stay; the others are overwritten.
                i += ctz(eight) >> 3
                n += ctz(eight) >> 3
                break
            i += 8
            n += 8
        if i == size:
            return n if every >= 0x100 else -1
        if data[i] < 0x80:
            character = data[i]
            i += 1
        elif 0xC2 <= data[i] < 0xE0 and i + 2 <= size and is_more(data[i + 1]):
            character = (data[i] & 0x1F) << 6 | (data[i + 1] & 0x3F)
            i += 2
        elif 0xE0 <= data[i] < 0xF0 and i + 3 <= size and is_more(data[i + 1]) and is_more(data[i + 2]):
            character = (data[i] & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)
            if character < 0x800 or 0xD800 <= character < 0xE000:
                return -1
            i += 3
        else:
            return -1
        every |= character
        out[n] = <uint16_t>character
        n += 1


cdef inline uint64_t spread(uint64_t four) noexcept nogil:
    """Four bytes, each in two."""
    four = (four | four << 16) & <uint64_t>0x0000FFFF0000FFFF
    return (four | four << 8) & <uint64_t>0x00FF00FF00FF00FF


cdef inline bint is_more(uint8_t byte) noexcept nogil:
    return byte & 0xC0 == 0x80

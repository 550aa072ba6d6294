# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""`FormTable`: distinct word forms and their numbers, an open-addressing hash table over one block of UTF-8.

Indexing meets some hundred million tokens but only a few million forms, so the forms are what may cost something
each: they are stemmed once, and no token ever becomes a Python object.
"""

import threading

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from newsindex.analysis._tokens cimport FORM_LIMIT, Token, advance, exact, prepared

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL


cdef struct Slot:
    uint32_t hash
    int32_t id  # plus one: 0 is an empty slot


cdef inline uint32_t hash_form(Token* token) noexcept nogil:
    # Eight bytes a step, since most forms have no more; multiply-and-fold mixes well enough where nobody attacks.
    cdef uint64_t h = <uint64_t>token.size, word
    cdef Py_ssize_t i = 0
    memset(token.form + token.size, 0, 8)
    while i < token.size:
        memcpy(&word, token.form + i, 8)
        h = (h ^ word) * <uint64_t>0x9E3779B97F4A7C15
        h ^= h >> 32
        i += 8
    return <uint32_t>h


cdef class FormTable:
    """Numbers distinct word forms 0, 1, 2, … in the order they are first met.

    A writer holds one and scans every article with it: an occurrence is then a number and only a distinct form is
    ever a Python object. Safe to share between threads, which take turns; scanning releases the GIL.

    >>> table = FormTable()
    >>> table.scan("Ploi în Banat, ploi în Ardeal").tolist()
    [0, 1, 2, 0, 1, 3]
    >>> table.forms()
    ['ploi', 'în', 'banat', 'ardeal']
    """

    # Forms lie in `_arena` one after the other, form i from _offsets[i] to _offsets[i + 1].
    cdef uint8_t* _arena
    cdef size_t _arena_size
    cdef size_t* _offsets
    cdef size_t _offsets_size
    cdef Slot* _slots
    cdef size_t _slots_size  # a power of two, at least twice the number of forms
    cdef int32_t _count
    cdef object _lock

    def __cinit__(self):
        self._lock = threading.Lock()
        self._arena_size, self._offsets_size, self._slots_size = 4096, 512, 1024
        self._arena = <uint8_t*>malloc(self._arena_size)
        self._offsets = <size_t*>malloc(self._offsets_size * sizeof(size_t))
        self._slots = <Slot*>calloc(self._slots_size, sizeof(Slot))
        if self._arena == NULL or self._offsets == NULL or self._slots == NULL:
            raise MemoryError
        self._offsets[0] = 0

    def __dealloc__(self):
        free(self._arena)
        free(self._offsets)
        free(self._slots)

    def __len__(self):
        return self._count

    @property
    def nbytes(self):
        """Bytes of memory that the table holds."""
        with self._lock:
            return self._arena_size + self._offsets_size * sizeof(size_t) + self._slots_size * sizeof(Slot)

    def scan(self, text):
        """The numbers of the forms of a text's tokens, those of `tokenize`, as an int32 array in their order."""
        import numpy  # here, since queries tokenize without it

        cdef str source = prepared(exact(text))
        cdef const void* data = PyUnicode_DATA(source)
        cdef int kind = PyUnicode_KIND(source)
        cdef Py_ssize_t count, n = len(source)
        ids = numpy.empty(n // 2 + 1, dtype=numpy.int32)  # something separates any two tokens
        cdef int32_t[::1] room = ids
        with self._lock:
            with nogil:
                count = self._scan(kind, data, n, &room[0])
        if count < 0:
            raise MemoryError("no memory for another word form; write out what is indexed so far")
        return ids[:count].copy()

    def intern(self, form):
        """The number of a form, a new one where it has none yet; a form is cut to `MAX_FORM` characters.

        Raises:
            UnicodeEncodeError: the form holds a lone surrogate, which no token does.
        """
        cdef Token token
        cdef int32_t id
        cdef Py_ssize_t size
        cut = exact(form)[:FORM_LIMIT]
        cdef const char* encoded = PyUnicode_AsUTF8AndSize(cut, &size)
        memcpy(token.form, encoded, size)
        token.size = size
        with self._lock:
            id = self._intern(&token)
        if id < 0:
            raise MemoryError("no memory for another word form; write out what is indexed so far")
        return id

    def form(self, Py_ssize_t number):
        """The form of a number.

        Raises:
            IndexError: no form has that number.
        """
        with self._lock:
            if not 0 <= number < self._count:
                raise IndexError(f"no form has the number {number}; there are {self._count}, counted from 0")
            return self._form(number)

    def forms(self, Py_ssize_t start=0):
        """All forms from number `start` on."""
        cdef int32_t i
        with self._lock:
            return [self._form(i) for i in range(max(start, 0), self._count)]

    cdef str _form(self, int32_t i):
        cdef size_t begin = self._offsets[i]
        return PyUnicode_DecodeUTF8(<const char*>self._arena + begin, self._offsets[i + 1] - begin, NULL)

    cdef Py_ssize_t _scan(self, int kind, const void* data, Py_ssize_t n, int32_t* ids) noexcept nogil:
        """Write the numbers of the tokens of a prepared text and return how many; -1 where memory ran out."""
        cdef Token token
        cdef Py_ssize_t count = 0
        token.end = 0
        while advance(kind, data, n, token.end, &token):
            ids[count] = self._intern(&token)
            if ids[count] < 0:
                return -1
            count += 1
        return count

    cdef int32_t _intern(self, Token* token) noexcept nogil:
        """The number of the token's form; -1 where memory, or the numbers, ran out."""
        cdef uint32_t hash = hash_form(token)
        cdef size_t mask = self._slots_size - 1, at = hash & mask
        cdef Slot slot
        while self._slots[at].id:
            slot = self._slots[at]
            if slot.hash == hash and self._equals(slot.id - 1, token):
                return slot.id - 1
            at = (at + 1) & mask
        if not self._reserve(token.size):
            return -1
        if mask != self._slots_size - 1:
            at = self._free_slot(hash)
        memcpy(self._arena + self._offsets[self._count], token.form, token.size)
        self._offsets[self._count + 1] = self._offsets[self._count] + token.size
        self._count += 1
        self._slots[at].hash = hash
        self._slots[at].id = self._count
        return self._count - 1

    cdef inline bint _equals(self, int32_t i, Token* token) noexcept nogil:
        cdef size_t begin = self._offsets[i]
        return self._offsets[i + 1] - begin == <size_t>token.size \
            and memcmp(self._arena + begin, token.form, token.size) == 0

    cdef inline size_t _free_slot(self, uint32_t hash) noexcept nogil:
        cdef size_t mask = self._slots_size - 1, at = hash & mask
        while self._slots[at].id:
            at = (at + 1) & mask
        return at

    cdef bint _reserve(self, size_t size) noexcept nogil:
        """Make room for one more form of `size` bytes; on failure nothing has changed."""
        cdef void* grown
        if self._count >= 0x7FFFFFFE:
            return False
        if self._offsets[self._count] + size > self._arena_size:
            grown = realloc(self._arena, 2 * self._arena_size)
            if grown == NULL:
                return False
            self._arena = <uint8_t*>grown
            self._arena_size *= 2
        if <size_t>self._count + 2 > self._offsets_size:
            grown = realloc(self._offsets, 2 * self._offsets_size * sizeof(size_t))
            if grown == NULL:
                return False
            self._offsets = <size_t*>grown
            self._offsets_size *= 2
        return 2 * (<size_t>self._count + 1) <= self._slots_size or self._rehash()

    cdef bint _rehash(self) noexcept nogil:
        cdef Slot* old = self._slots
        cdef size_t i, size = self._slots_size
        cdef Slot* grown = <Slot*>calloc(2 * size, sizeof(Slot))
        if grown == NULL:
            return False
        self._slots, self._slots_size = grown, 2 * size
        for i in range(size):
            if old[i].id:
                self._slots[self._free_slot(old[i].hash)] = old[i]
        free(old)
        return True

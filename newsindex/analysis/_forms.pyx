# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`FormTable`: distinct word forms and their numbers, an open-addressing hash table over one block of UTF-8.

Indexing meets some hundred million tokens but only a few million forms, so the forms are what may cost something
each: they are stemmed once, and no token ever becomes a Python object.
"""

import threading

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from newsindex.analysis._tokens cimport DROP, FORM_LIMIT, RISK, ROMANIAN, Token, advance, exact, prepared, strip, survey

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef extern from *:
    """
    #include <stdlib.h>
    #include <string.h>
    #if defined(__linux__)
    #include <sys/mman.h>
    #endif

    /* Zeroed memory for a table that is read all over. In small pages nearly every look-up would miss the processor's
       table of pages, which costs more than the look-up. */
    static void* table_of_zeros(size_t size) {
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        const size_t page = (size_t)2 << 20;
        void* place;
        if (size >= page) {
            if (posix_memalign(&place, page, size)) return NULL;
            (void)madvise(place, size, MADV_HUGEPAGE);  /* no more than a wish */
            return memset(place, 0, size);
        }
    #endif
        return calloc(size, 1);
    }
    """
    void* table_of_zeros(size_t size) noexcept nogil
    void __builtin_prefetch(const void* place) noexcept nogil

cdef enum:
    _END = -1
    _RING = 8   # tokens that are under way
    _AHEAD = 6  # of which so many are read before the first of them is looked up

END = _END  # stands behind the numbers of each text that `FormTable.scan_all` reads


cdef struct Slot:
    uint64_t head  # the first eight bytes of the form: most forms have no more, and are compared without being fetched
    uint32_t tag   # its size, and above that part of its hash
    int32_t id     # plus one: 0 is an empty slot


cdef struct Text:
    const void* data
    Py_ssize_t size
    int kind
    uint32_t found  # its traits


cdef inline void pad(Token* token) noexcept nogil:
    """Write the zeros behind a form. Not when it is hashed: what was just written in parts is not soon read as one."""
    memset(token.form + token.size, 0, 16)


cdef inline uint64_t mixed(uint64_t h, const uint8_t* eight) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, eight, 8)
    h = (h ^ word) * <uint64_t>0x9E3779B97F4A7C15
    return h ^ h >> 32


cdef inline uint64_t hash_form(const Token* token) noexcept nogil:
    """The hash of a padded form; multiply-and-fold mixes well enough where nobody attacks."""
    # Eight bytes a step, and two steps for nearly all forms: nobody has to guess how long the next one is.
    cdef uint64_t h = mixed(mixed(<uint64_t>token.size, token.form), token.form + 8)
    cdef Py_ssize_t i = 16
    while i < token.size:
        h = mixed(h, token.form + i)
        i += 8
    return h


cdef inline void describe(Slot* slot, Token* token, uint64_t hash) noexcept nogil:
    """Fill all but the id; the form is padded."""
    memcpy(&slot.head, token.form, 8)
    slot.tag = <uint32_t>(hash >> 42 << 10) | <uint32_t>token.size


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
    cdef uint64_t* _offsets
    cdef size_t _offsets_size
    cdef Slot* _slots
    cdef size_t _slots_size  # a power of two, at least twice the number of forms
    cdef int32_t _count
    cdef object _lock

    def __cinit__(self):
        self._lock = threading.Lock()
        self._arena_size, self._offsets_size, self._slots_size = 4096, 512, 1024
        self._arena = <uint8_t*>malloc(self._arena_size)
        self._offsets = <uint64_t*>malloc(self._offsets_size * sizeof(uint64_t))
        self._slots = <Slot*>table_of_zeros(self._slots_size * sizeof(Slot))
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
            return self._arena_size + self._offsets_size * sizeof(uint64_t) + self._slots_size * sizeof(Slot)

    def scan(self, text):
        """The numbers of the forms of a text's tokens, those of `tokenize`, as an int32 array in their order."""
        ids, lengths, _ = self.scan_all((text,))
        return ids[:lengths[0]]

    def scan_all(self, texts):
        """`scan` many texts, nearly all of the time without the GIL.

        Returns:
            The numbers of all texts in one int32 array, with END behind those of each; how many each text has, without
            the END (int32); and whether it is bare, as `is_bare` says (uint8).
        """
        import numpy  # here, since queries tokenize without it

        cdef list sources = [exact(text) for text in texts]
        cdef Py_ssize_t i, room = 0, total = 0, count = len(sources)
        cdef Text* rows = <Text*>malloc((count + 1) * sizeof(Text))
        if rows == NULL:
            raise MemoryError("no memory for a list of texts")
        try:
            for i in range(count):
                view(rows + i, sources[i])
            with nogil:
                for i in range(count):
                    rows[i].found = survey(rows[i].kind, rows[i].data, rows[i].size)
            bare = numpy.empty(count, numpy.uint8)
            for i in range(count):
                bare[i] = not rows[i].found & ROMANIAN
                if rows[i].found & RISK:
                    sources[i] = prepared(sources[i], rows[i].found)
                    view(rows + i, sources[i])
                room += rows[i].size // 2 + 2  # something separates any two tokens
            ids, lengths = numpy.empty(room, numpy.int32), numpy.empty(count, numpy.int32)
            total = self._scan_all(rows, count, ids, lengths)
        finally:
            free(rows)
        if total < 0:
            raise MemoryError("no memory for another word form; write out what is indexed so far")
        return trimmed(ids, total), lengths, bare

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
            pad(&token)
            id = self._intern(&token, hash_form(&token))
        if id < 0:
            raise MemoryError("no memory for another word form; write out what is indexed so far")
        return id

    def intern_all(self, data, starts):
        """`intern` the forms of another table, which gave them `packed`; returns their numbers here (int32)."""
        import numpy

        cdef const uint8_t[::1] forms = data
        cdef const uint64_t[::1] bounds = starts
        cdef Token token
        cdef Py_ssize_t i, count = bounds.shape[0] - 1
        numbers = numpy.empty(count, numpy.int32)
        cdef int32_t[::1] ids = numbers
        with self._lock:
            with nogil:
                for i in range(count):
                    token.size = bounds[i + 1] - bounds[i]
                    memcpy(token.form, &forms[bounds[i]], token.size)
                    pad(&token)
                    ids[i] = self._intern(&token, hash_form(&token))
                    if ids[i] < 0:
                        break
        if count and numbers.min() < 0:
            raise MemoryError("no memory for another word form; write out what is indexed so far")
        return numbers

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

    def packed(self):
        """All forms as UTF-8, one after another (uint8), and where each begins, one more than forms (uint64)."""
        import numpy

        cdef Py_ssize_t size
        with self._lock:
            size = self._offsets[self._count]
            starts = numpy.empty(self._count + 1, numpy.uint64)
            data = numpy.empty(size, numpy.uint8)
            copy(starts, self._offsets, (self._count + 1) * sizeof(uint64_t))
            copy(data, self._arena, size)
        return data, starts

    cdef str _form(self, int32_t i):
        cdef size_t begin = self._offsets[i]
        return PyUnicode_DecodeUTF8(<const char*>self._arena + begin, self._offsets[i + 1] - begin, NULL)

    cdef Py_ssize_t _scan_all(self, Text* rows, Py_ssize_t count, int32_t[::1] ids, int32_t[::1] lengths):
        """Write the numbers of the tokens of the texts and return how many; -1 where memory ran out."""
        cdef Py_ssize_t i, found, total = 0
        with self._lock:
            with nogil:
                for i in range(count):
                    found = self._scan(rows + i, &ids[total])
                    if found < 0:
                        return -1
                    lengths[i] = <int32_t>found
                    ids[total + found] = _END
                    total += found + 1
        return total

    cdef Py_ssize_t _scan(self, Text* text, int32_t* ids) noexcept nogil:
        """Write the numbers of the tokens of a text and return how many; -1 where memory ran out."""
        # While the place where a token will be looked up comes out of memory some more are read. And a token is hashed
        # when the next has been read: what was just written byte by byte cannot be read by eights without a wait.
        cdef Token[_RING] tokens
        cdef uint64_t[_RING] hashes
        cdef Py_ssize_t i, n = text.size, end = 0, count = 0
        cdef const void* data = text.data
        cdef void* kept = NULL
        cdef bint failed = False
        if text.found & DROP:
            kept = malloc((n + 1) * text.kind)
            if kept == NULL:
                return -1
            n = strip(text.kind, data, n, kept)
            data = kept
        while not failed and advance(text.kind, data, n, end, &tokens[count % _RING]):
            end = tokens[count % _RING].end
            pad(&tokens[count % _RING])
            if count:
                hashes[(count - 1) % _RING] = self._announce(&tokens[(count - 1) % _RING])
            if count >= _AHEAD:
                i = count - _AHEAD
                ids[i] = self._intern(&tokens[i % _RING], hashes[i % _RING])
                failed = ids[i] < 0
            count += 1
        free(kept)
        if count:
            hashes[(count - 1) % _RING] = self._announce(&tokens[(count - 1) % _RING])
        for i in range(max(count - _AHEAD, 0), count):
            if failed:
                break
            ids[i] = self._intern(&tokens[i % _RING], hashes[i % _RING])
            failed = ids[i] < 0
        return -1 if failed else count

    cdef inline uint64_t _announce(self, Token* token) noexcept nogil:
        """The hash of a token that will be looked up soon."""
        cdef uint64_t hash = hash_form(token)
        __builtin_prefetch(self._slots + (hash & (self._slots_size - 1)))
        return hash

    cdef int32_t _intern(self, Token* token, uint64_t hash) noexcept nogil:
        """The number of the token's form; -1 where memory, or the numbers, ran out."""
        cdef size_t mask = self._slots_size - 1, at = hash & mask
        cdef Slot wanted
        cdef Slot* slot
        describe(&wanted, token, hash)
        while True:
            slot = self._slots + at
            if not slot.id:
                return self._insert(token, hash, &wanted)
            if slot.head == wanted.head and slot.tag == wanted.tag and (token.size <= 8 or self._ends(slot, token)):
                return slot.id - 1
            at = (at + 1) & mask

    cdef inline bint _ends(self, Slot* slot, Token* token) noexcept nogil:
        """Whether a form of the token's size ends as that does, from the ninth byte on."""
        return memcmp(self._arena + self._offsets[slot.id - 1] + 8, token.form + 8, token.size - 8) == 0

    cdef int32_t _insert(self, Token* token, uint64_t hash, Slot* slot) noexcept nogil:
        if not self._reserve(token.size):
            return -1
        memcpy(self._arena + self._offsets[self._count], token.form, token.size)
        self._offsets[self._count + 1] = self._offsets[self._count] + token.size
        self._count += 1
        slot.id = self._count
        self._slots[self._free_slot(hash)] = slot[0]
        return self._count - 1

    cdef inline size_t _free_slot(self, uint64_t hash) noexcept nogil:
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
            grown = realloc(self._offsets, 2 * self._offsets_size * sizeof(uint64_t))
            if grown == NULL:
                return False
            self._offsets = <uint64_t*>grown
            self._offsets_size *= 2
        return 2 * (<size_t>self._count + 1) <= self._slots_size or self._rehash()

    cdef bint _rehash(self) noexcept nogil:
        cdef Slot* old = self._slots
        cdef size_t i, begin, size = self._slots_size
        cdef Token token
        cdef Slot* grown = <Slot*>table_of_zeros(2 * size * sizeof(Slot))
        if grown == NULL:
            return False
        self._slots, self._slots_size = grown, 2 * size
        for i in range(size):
            if old[i].id:
                begin = self._offsets[old[i].id - 1]
                token.size = self._offsets[old[i].id] - begin
                memcpy(token.form, self._arena + begin, token.size)
                pad(&token)
                self._slots[self._free_slot(hash_form(&token))] = old[i]
        free(old)
        return True


cdef trimmed(array, Py_ssize_t size):
    # Shrunk where it is: a copy would take its memory anew, which leaves holes where there are threads.
    array.resize(size, refcheck=False)
    return array


cdef void view(Text* row, str text):
    row.data = PyUnicode_DATA(text)
    row.kind = PyUnicode_KIND(text)
    row.size = len(text)
    row.found = 0


cdef void copy(array, const void* data, size_t size):
    cdef uint8_t[::1] room = array.view("u1")
    if size:
        memcpy(&room[0], data, size)

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The classes of forms: of one, and of many at a time.

For `newsindex.analysis.stemmer`, which explains what classes are.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcmp, memcpy

import numpy as np

from newsindex.analysis._lexicon cimport LONGEST, Lexicon
from newsindex.analysis._rules cimport LONGER, Rules
from newsindex.analysis._utf8 cimport decode_utf8, encode_utf8, fold_utf8

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)
    bint Py_UNICODE_ISALPHA(Py_UCS4 c) noexcept nogil
    bint Py_UNICODE_ISDIGIT(Py_UCS4 c) noexcept nogil

UNKNOWN = "-"  # ends the class of a word that the lexicon does not know; no token holds one

cdef enum:
    # Letters from which on a form that differs from words in its diacritics only must be one of them: „Putin” and „card” are
    # short enough to be „puțin” and „cârd” by accident; of 7,900 longer ones in 5,500 articles nearly all lack diacritics.
    NO_ACCIDENT = 8
    SHORTEST = 3  # letters that are left when endings are cut off
    ROOM = LONGEST + LONGER


cdef struct Class:
    int64_t number  # in the lexicon, or -1: then it has only
    Py_ssize_t size
    uint8_t[2 * ROOM + 1] name  # a byte that is no UTF-8, which only wrong rules make, takes two


cdef str unknown(Lexicon lexicon, Rules rules, str form):
    """The class of a form that the lexicon does not have."""
    cdef Class found
    cdef Py_ssize_t size
    cdef const uint8_t* text = <const uint8_t*>PyUnicode_AsUTF8AndSize(form, &size)
    find_unknown(lexicon, rules, text, size, -1, &found)
    if found.number >= 0:
        return lexicon.names[lexicon.name_starts[found.number]:lexicon.name_starts[found.number + 1]].decode()
    return PyUnicode_DecodeUTF8(<const char*>found.name, found.size, NULL)


def readings(Lexicon lexicon not None, rules, str form not None, bint bare):
    """The classes that a form may belong to, its own first; those that it has only without diacritics if it is `bare`.

    `rules` is called for those of words that the lexicon does not have, as few are: they take a while to load.

    Raises:
        ValueError: the form is longer than any token.
    """
    cdef uint8_t[LONGEST] folded
    cdef Py_ssize_t size, folded_size = 0, low = 0, end = 0, k, place = -1
    cdef const uint8_t* text = <const uint8_t*>PyUnicode_AsUTF8AndSize(form, &size)
    cdef bint is_ascii = size == len(form)
    cdef list known = [], others = []
    if size <= LONGEST:
        folded_size = fold_utf8(text, size, folded, &lexicon.folds[0])
        low = lexicon.halve(0, lexicon.size, folded, folded_size)
        end = lexicon.group_end(low, folded, folded_size)
    for k in range(low, end):
        if place < 0 and is_form(lexicon, k, text, size, folded_size):
            place = k
            known.append(lexicon.class_of(k))
        elif is_ascii or is_spelling(lexicon, text, size, k):
            others.append(lexicon.class_of(k))
    if place < 0 and (is_ascii or not others):
        known.append(unknown(lexicon, rules(), form))
        if is_ascii and size >= NO_ACCIDENT:  # too long to be another word by accident: one of them is meant
            return tuple(dict.fromkeys(others + known))
    if known and not (bare and is_ascii):
        return tuple(known)
    return tuple(dict.fromkeys(known + others))


cdef inline bint is_form(Lexicon lexicon, Py_ssize_t place, const uint8_t* form, Py_ssize_t size,
                         Py_ssize_t folded) noexcept nogil:
    """Whether a form is that of an entry, whose folded spelling of so many bytes it shares."""
    cdef const uint8_t* entry = lexicon.forms + lexicon.form_starts[place]
    cdef Py_ssize_t whole = lexicon.form_starts[place + 1] - lexicon.form_starts[place]
    if whole > folded:  # the form stands behind a zero byte
        entry += folded + 1
        whole -= folded + 1
    return whole == size and memcmp(entry, form, size) == 0


cdef int find_unknown(Lexicon lexicon, Rules rules, const uint8_t* form, Py_ssize_t size, Py_ssize_t near,
                      Class* found) except -1 nogil:
    """Find the class of a form that the lexicon does not have.

    Where the form would stand its lemma is likely to stand too; `near` is that place, or -1.
    """
    cdef uint32_t[ROOM] points
    cdef uint8_t[2 * ROOM] text
    cdef uint8_t[ROOM] lemma
    cdef Py_ssize_t count
    found.number = -1
    if size > LONGEST:
        with gil:
            raise ValueError(f"a form of {size} bytes; the tokenizer cuts them")
    count = decode_utf8(form, size, points)
    if is_number(points, count):
        return put_name(lexicon, points, count, False, found)  # numbers and names such as g20 have no endings
    if count <= SHORTEST:
        return put_name(lexicon, points, count, True, found)  # nor have abbreviations
    if replaced(points + 1, count - 2, 0xEE, 0xE2):
        if set_place(lexicon, lexicon.place_of(text, encoded(points, count, text), -1), found):
            return 0  # before 1993 cîine, since then câine
        count = decode_utf8(form, size, points)
    # The rules were learned from words with cedillas.
    replaced(points, count, 0x219, 0x15F)
    replaced(points, count, 0x21B, 0x163)
    size = rules.lemma_of(text, encoded(points, count, text), lemma)
    if size:
        count = decode_utf8(lemma, size, points)
    replaced(points, count, 0x15F, 0x219)
    replaced(points, count, 0x163, 0x21B)
    if set_place(lexicon, lexicon.place_of(text, encoded(points, count, text), near), found):
        return 0
    return put_name(lexicon, points, without_ending(points, count), True, found)


cdef inline bint set_place(Lexicon lexicon, Py_ssize_t place, Class* found) noexcept nogil:
    if place >= 0:
        found.number = lexicon.classes[place]
    return place >= 0


cdef Py_ssize_t encoded(const uint32_t* points, Py_ssize_t count, uint8_t* text) noexcept nogil:
    cdef uint8_t* to = text
    cdef Py_ssize_t i
    for i in range(count):
        to = encode_utf8(to, points[i])
    return to - text


cdef bint is_number(const uint32_t* points, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint alpha = True, digits = False
    for i in range(count):
        alpha &= Py_UNICODE_ISALPHA(points[i])
        digits |= Py_UNICODE_ISDIGIT(points[i])
    return digits and not alpha


cdef bint replaced(uint32_t* points, Py_ssize_t count, uint32_t old, uint32_t new) noexcept nogil:
    """Replace a character; whether there was any."""
    cdef Py_ssize_t i
    cdef bint found = False
    for i in range(count):
        if points[i] == old:
            points[i] = new
            found = True
    return found


cdef inline bint is_vowel(uint32_t c) noexcept nogil:
    return c == c"a" or c == c"e" or c == c"i" or c == c"o" or c == c"u" or c == 0x103 or c == 0xE2 or c == 0xEE


cdef Py_ssize_t without_ending(const uint32_t* points, Py_ssize_t count) noexcept nogil:
    """How many characters of a lemma are left without the t of a participle and without vowels at the end."""
    cdef uint32_t vowel
    if count > 2 * SHORTEST and points[count - 1] == c"t":
        vowel = points[count - 2]
        count -= vowel == c"a" or vowel == c"i" or vowel == 0xE2
    while count > SHORTEST and is_vowel(points[count - 1]):
        count -= 1
    return count


cdef int put_name(Lexicon lexicon, const uint32_t* points, Py_ssize_t count, bint marked, Class* found) noexcept nogil:
    """Name a class by folded characters, and mark it as unknown."""
    cdef const uint16_t* folds = &lexicon.folds[0]
    cdef uint8_t* to = found.name
    cdef Py_ssize_t i
    for i in range(count):
        to = encode_utf8(to, folds[points[i]] if points[i] < 65536 else points[i])
    if marked:
        to[0] = c"-"
        to += 1
    found.size = to - found.name
    return 0


# ---------------------------------------------------------------------------------------------- many

cdef class _Readings:
    """What is found: classes of the lexicon by their numbers, others by their names, numbered behind."""

    cdef Lexicon lexicon
    cdef Rules rules
    cdef int64_t[::1] firsts, owners, others
    cdef Py_ssize_t further  # of owners and others
    cdef uint8_t* names
    cdef Py_ssize_t names_size, names_room
    cdef int64_t[::1] sizes  # of the names
    cdef Py_ssize_t named

    def __cinit__(self, Lexicon lexicon, Rules rules, Py_ssize_t forms, Py_ssize_t further):
        self.lexicon, self.rules = lexicon, rules
        self.firsts, self.sizes = np.full(forms, -1, np.int64), np.empty(forms, np.int64)
        self.owners, self.others = np.empty(further, np.int64), np.empty(further, np.int64)

    def __dealloc__(self):
        free(self.names)

    cdef int add(self, Py_ssize_t form, int64_t number) noexcept nogil:
        """Add a reading of the form at hand, unless it has it already."""
        cdef Py_ssize_t k = self.further
        if self.firsts[form] < 0:
            self.firsts[form] = number
        if self.firsts[form] == number:
            return 0
        while k > 0 and self.owners[k - 1] == form:
            k -= 1
            if self.others[k] == number:
                return 0
        self.owners[self.further], self.others[self.further] = form, number
        self.further += 1
        return 0

    cdef int add_unknown(self, Py_ssize_t form, const uint8_t* text, Py_ssize_t size, Py_ssize_t near) except -1 nogil:
        """Add the class that a form has because the lexicon does not have it. No class of the lexicon is called so."""
        cdef Class found
        cdef uint8_t* grown
        find_unknown(self.lexicon, self.rules, text, size, near, &found)
        if found.number >= 0:
            return self.add(form, found.number)
        if self.names_size + found.size > self.names_room:
            grown = <uint8_t*>realloc(self.names, 2 * self.names_room + found.size)
            if grown == NULL:
                with gil:
                    raise MemoryError(f"no memory for the names of {self.named} classes")
            self.names = grown
            self.names_room = 2 * self.names_room + found.size
        memcpy(self.names + self.names_size, found.name, found.size)
        self.names_size += found.size
        self.sizes[self.named] = found.size
        self.add(form, self.lexicon.classes_size + self.named)
        self.named += 1
        return 0

    cdef int add_spellings(self, Py_ssize_t form, const uint8_t* text, Py_ssize_t size, Py_ssize_t place,
                           Py_ssize_t first, Py_ssize_t end) noexcept nogil:
        """Add the classes of the entries `first` to `end` but `place` that the form may be with diacritics left out."""
        cdef Py_ssize_t k
        for k in range(first, end):
            if k != place and is_spelling(self.lexicon, text, size, k):
                self.add(form, self.lexicon.classes[k])
        return 0


cdef bint is_spelling(Lexicon lexicon, const uint8_t* form, Py_ssize_t size, Py_ssize_t place) noexcept nogil:
    """Whether a form is that of an entry, whose folded spelling it shares, with some diacritics left out."""
    cdef uint32_t[LONGEST] points, others
    cdef const uint8_t* entry = lexicon.forms + lexicon.form_starts[place]
    cdef Py_ssize_t i, count, whole = lexicon.form_starts[place + 1] - lexicon.form_starts[place]
    cdef const void* zero = memchr(entry, 0, whole)
    if zero != NULL:
        whole -= <const uint8_t*>zero + 1 - entry
        entry = <const uint8_t*>zero + 1
    if size > LONGEST or whole > LONGEST:
        return False
    count = decode_utf8(form, size, points)
    if decode_utf8(entry, whole, others) != count:
        return False
    for i in range(count):
        if points[i] != others[i] and (others[i] >= 65536 or points[i] != lexicon.folds[others[i]]):
            return False
    return True


def classify(Lexicon lexicon not None, Rules rules not None, forms, entries, const uint8_t[::1] in_bare):
    """The readings of many distinct forms, packed as the `entries` are that they have, by whose order they come.

    A form's further readings that it has only in texts without diacritics are left out unless it is `in_bare`.

    Returns:
        The class of the first reading of each form; of which form each further reading is one, and its class (int64
        all); whether a form has its further readings in any text (uint8); and of the classes that are none of the
        lexicon, numbered behind those, the names (bytes) and the sizes of these (int64).

    Raises:
        ValueError: a form is longer than any token.
    """
    cdef const uint8_t[::1] data = forms[0]
    cdef const uint64_t[::1] starts = forms[1]
    cdef Py_ssize_t i, size, count = starts.shape[0] - 1
    found_places, found_firsts, found_sizes, found_ascii = lexicon.match(*entries)
    always = np.zeros(count, np.uint8)
    cdef const int32_t[::1] places = found_places, near = found_firsts, spellings = found_sizes
    cdef const uint8_t[::1] ascii = found_ascii.view(np.uint8)
    cdef uint8_t[::1] anywhere = always
    cdef const uint8_t* form
    cdef bint is_word
    cdef _Readings found = _Readings(lexicon, rules, count, int(found_sizes.sum()) + count)
    with nogil:
        for i in range(count):
            form, size = &data[0] + starts[i], starts[i + 1] - starts[i]
            if not spellings[i]:
                found.add_unknown(i, form, size, near[i])
                continue
            if places[i] >= 0:
                found.add(i, lexicon.classes[places[i]])
                if spellings[i] == 1 or not (in_bare[i] and ascii[i]):
                    continue
            # Others may be meant. If it is no word itself, and too long to be one by accident, one of them is.
            is_word = places[i] < 0 and ascii[i] and size >= NO_ACCIDENT
            anywhere[i] = not ascii[i] or is_word
            if is_word or places[i] >= 0 or not ascii[i]:
                found.add_spellings(i, form, size, places[i], near[i], near[i] + spellings[i])
            if is_word or found.firsts[i] < 0:
                found.add_unknown(i, form, size, near[i])
                if in_bare[i] and ascii[i] and not is_word:
                    found.add_spellings(i, form, size, places[i], near[i], near[i] + spellings[i])
    owners, others = np.asarray(found.owners)[:found.further], np.asarray(found.others)[:found.further]
    names = <bytes>(<char*>found.names)[:found.names_size] if found.names_size else b""
    return np.asarray(found.firsts), owners, others, always, names, np.asarray(found.sizes)[:found.named]

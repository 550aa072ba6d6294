# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Text to tokens: the one tokenizer of the library, for indexing (`FormTable.scan`) and for offsets (`tokenize`).

Callers import from `newsindex.analysis`. The text is read as if it had gone through `clean` (composed, invisible
characters dropped, comma letters), lower-cased one character to one character, and cut by these rules:

=============================  ==========================  ====================================================
written                        tokens                      rule
=============================  ==========================  ====================================================
Țară G20 covid19               țară, g20, covid19          letters, digits and the marks on them stay together
s-a dom'le a/b x_y             s, a, dom, le, a, b, x, y   anything else separates: hyphens, apostrophes, …
Bucu(soft hyphen)rești         bucurești                   invisible characters vanish
CO₂ m²                         co2, m2                     raised and lowered digits are digits to a word …
10² 1½                         10, 2, 1, ½                 … but no number goes on with one, nor with a fraction
10.000 1.234.567               10000, 1234567              groups of three digits after one to three are joined
15.08.2025 1.234.56            15, 08, 2025, 1, 234, 56    no other dot joins digits, and no part of such a run
10 000; 2 500 000              10000, 2500000              so do single spaces join them: plain, no-break (wide or
                                                           narrow), thin, figure space; never a line break, a tab
0722 123 456 15 08 2025        0722, 123, 456, 15, 08, …   … all groups of a run or none, and no first group with a
2024 100 19.30 100             2024, 100, 19, 30, 100      leading 0 or right behind a digit and one of " . , : /"
3,5 10.000,50 3,5kg            3,5  10000,50  3,5kg        one decimal comma stays
1,2,3                          1, 2, 3                     … but a list is a list
S.U.A. U.E a.c. J.K.Rowling    sua, ue, ac, jk, rowling    single letters with dots between, two at least; the
                                                           last dot is not part of the token
=============================  ==========================  ====================================================

A space joins because it nearly always does: of 60 such runs drawn from real news 59 were one number, the other
a telephone number. The price is a list such as `100 200 300`, which nothing tells from a number.

Letters are what Python's tables say, whatever the script; a run of ideographs is one token. A form longer than
`MAX_FORM` characters is cut there, so that one 10 MB "word" costs no more than its reading.
"""

import re
import unicodedata

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from newsindex.analysis._utf8 cimport encode_utf8

from newsindex.analysis.alignment import align
from newsindex.analysis.characters import (
    COMMA_LETTERS,
    IGNORABLE,
    LETTER_APOSTROPHE,
    SHIFTED_DIGITS,
    STROKE_LETTERS,
    is_bare,
)

cdef extern from "Python.h":
    bint Py_UNICODE_ISALPHA(Py_UCS4 c) noexcept nogil
    bint Py_UNICODE_ISALNUM(Py_UCS4 c) noexcept nogil
    Py_UCS4 Py_UNICODE_TOLOWER(Py_UCS4 c) noexcept nogil
    str PyUnicode_FromKindAndData(int kind, const void* data, Py_ssize_t size)
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

ctypedef fused unit:
    uint8_t
    uint16_t
    uint32_t

MAX_FORM = FORM_LIMIT

cdef uint8_t[65536] TRAITS
cdef uint16_t[65536] LOWER
cdef uint32_t[65536] CHARACTERS  # both in one look-up: the traits from bit 24 on, the lower case as UTF-8 below
cdef uint16_t[65536] FOLD
cdef bytes _fold_bytes

_GAPS = frozenset(" \u00a0\u2007\u2009\u202f")
_MAYBE_GROUPS = re.compile(f"[0-9][{IGNORABLE}]*[{''.join(_GAPS)}][{IGNORABLE}]*[0-9]")


# ---------------------------------------------------------------------------------------------- tables

cdef void build_tables():
    # 20 thousand look-ups, two milliseconds: the ideographs, Hangul syllables and private use characters that are
    # left out have no marks among them and are composed already.
    cdef uint32_t c, encoded
    for c in range(65536):
        TRAITS[c] = LETTER if Py_UNICODE_ISALPHA(c) else NUMERIC if Py_UNICODE_ISALNUM(c) else 0
        LOWER[c] = Py_UNICODE_TOLOWER(c)
        FOLD[c] = c
    for c in range(ord("0"), ord("9") + 1):
        TRAITS[c] = DIGIT
    for first, last in ((0xA0, 0x33FF), (0xA000, 0xABFF), (0xF900, 0xFFFF)):
        for c in range(first, last + 1):
            describe(c, chr(c))
    for c in range(0x1160, 0x1200):  # Hangul vowels and finals compose with what stands before them
        TRAITS[c] |= RISK
    TRAITS[<Py_UCS4>ord(LETTER_APOSTROPHE)] = 0
    for char in IGNORABLE:
        TRAITS[<Py_UCS4>ord(char)] = DROP
    for cedilla, comma in COMMA_LETTERS.items():
        LOWER[<Py_UCS4>ord(cedilla)] = ord(comma.lower())
    for shifted, digit in SHIFTED_DIGITS.items():
        LOWER[<Py_UCS4>ord(shifted)] = ord(digit)
    for stroke, base in STROKE_LETTERS.items():
        FOLD[<Py_UCS4>ord(stroke)] = ord(base)
    for c in range(0x80, 0x400):  # Romanian letters and their marks have no others
        if not is_bare(chr(c)):
            TRAITS[c] |= ROMANIAN
    for c in range(65536):
        encoded = 0
        encode_utf8(<uint8_t*>&encoded, LOWER[c])
        CHARACTERS[c] = <uint32_t>TRAITS[c] << 24 | encoded


cdef void describe(uint32_t c, str char):
    cdef str parts = unicodedata.decomposition(char)
    cdef bint composed = bool(parts) and not parts.startswith("<")  # as few are, so that most cost two look-ups
    if composed and unicodedata.normalize("NFC", char) != char:
        TRAITS[c] |= RISK
    if TRAITS[c] & LETTER == 0 and unicodedata.category(char) in ("Mn", "Mc"):
        # Variation selectors choose a glyph for an emoji or a symbol; they are no part of any word.
        TRAITS[c] = 0 if 0xFE00 <= c <= 0xFE0F else MARK | RISK
        return
    if not composed:
        return
    parts = unicodedata.normalize("NFD", char)
    if len(parts) > 1 and parts[0].isalpha() and all(map(unicodedata.combining, parts[1:])):
        FOLD[c] = ord(STROKE_LETTERS.get(parts[0], parts[0]))


build_tables()
_fold_bytes = (<const char*>FOLD)[:sizeof(FOLD)]


def fold_table():
    """The folding of `fold` as 65,536 code units (uint16), one for each character of the basic plane; read-only.

    >>> chr(fold_table()[ord("ț")])
    't'
    """
    return memoryview(_fold_bytes).cast("H")


cdef uint32_t astral(uint32_t c) noexcept nogil:
    # Nothing in the blocks of emoji and pictographs composes, and they are the only frequent ones here.
    cdef uint32_t kind = LETTER if Py_UNICODE_ISALPHA(c) else NUMERIC if Py_UNICODE_ISALNUM(c) else 0
    return kind if 0x1F000 <= c < 0x1FC00 else kind | RISK


cdef inline uint32_t traits(uint32_t c) noexcept nogil:
    return TRAITS[c] if c < 65536 else astral(c)


cdef inline uint32_t lower(uint32_t c) noexcept nogil:
    return LOWER[c] if c < 65536 else Py_UNICODE_TOLOWER(c)


# ---------------------------------------------------------------------------------------------- preparing

cdef str exact(object text):
    # Subclasses of str are welcome everywhere, but what follows reads the object's memory.
    if type(text) is str:
        return text
    if isinstance(text, str):
        return "".join((text,))
    raise TypeError(f"text must be a str, not {type(text).__name__}")


cdef uint32_t survey_units(const unit* text, Py_ssize_t n) noexcept nogil:
    cdef uint32_t found = 0
    cdef Py_ssize_t i
    for i in range(n):
        found |= traits(text[i])
    return found


cdef uint32_t survey(int kind, const void* data, Py_ssize_t n) noexcept nogil:
    """All traits that the characters of a text have."""
    if kind == 1:
        return survey_units(<const uint8_t*>data, n)
    if kind == 2:
        return survey_units(<const uint16_t*>data, n)
    return survey_units(<const uint32_t*>data, n)


cdef Py_ssize_t strip_units(const unit* text, Py_ssize_t n, unit* kept) noexcept nogil:
    cdef Py_ssize_t i, k = 0
    for i in range(n):
        kept[k] = text[i]
        k += not traits(text[i]) & DROP
    return k


cdef Py_ssize_t strip(int kind, const void* data, Py_ssize_t n, void* kept) noexcept nogil:
    """Copy a text without its invisible characters to `kept`; returns how many characters are left."""
    if kind == 1:
        return strip_units(<const uint8_t*>data, n, <uint8_t*>kept)
    if kind == 2:
        return strip_units(<const uint16_t*>data, n, <uint16_t*>kept)
    return strip_units(<const uint32_t*>data, n, <uint32_t*>kept)


cdef str prepared(str text, uint32_t found):
    """A text in which `found` was found, as its tokens are read: without invisible characters, composed."""
    cdef int kind = PyUnicode_KIND(text)
    cdef const void* data = PyUnicode_DATA(text)
    cdef Py_ssize_t n = len(text)
    cdef void* kept
    if found & DROP:
        kept = malloc((n + 1) * kind)
        if kept == NULL:
            raise MemoryError("no memory to prepare a text")
        try:
            n = strip(kind, data, n, kept)
            text = PyUnicode_FromKindAndData(kind, kept, n)
        finally:
            free(kept)
    return unicodedata.normalize("NFC", text) if found & RISK else text


# ---------------------------------------------------------------------------------------------- tokens

cdef inline bint digit_at(const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    return 0 <= i < n and c"0" <= text[i] <= c"9"


cdef inline Py_ssize_t digits_end(const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    while digit_at(text, n, i):
        i += 1
    return i


cdef inline bint continues(const unit* text, Py_ssize_t n, Py_ssize_t i, uint32_t separator) noexcept nogil:
    # Is the number that starts at i only a later part of one like 15.08.2025 or 1,2,3?
    return i >= 2 and text[i - 1] == separator and digit_at(text, n, i - 2)


cdef inline bint is_gap(uint32_t c) noexcept nogil:
    # The spaces that people and typesetters put between groups of digits: `_GAPS` as comparisons.
    return c == c" " or c == 0xA0 or c == 0x202F or c == 0x2009 or c == 0x2007


cdef inline bint follows_number(const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    # 19.30 100, 1/2 300 and 15:30 100 are two numbers, and 2024 100 000 may be: none of them is joined.
    cdef uint32_t mark
    if i < 2 or not digit_at(text, n, i - 2):
        return False
    mark = text[i - 1]
    return mark == c"." or mark == c"," or mark == c":" or mark == c"/" or is_gap(mark)


cdef Py_ssize_t groups_end(const unit* text, Py_ssize_t n, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """Where the groups of thousands end that follow the digits from i to j; j where there are none."""
    cdef Py_ssize_t k = j
    cdef bint spaced
    if j - i > 3 or j == n:
        return j
    spaced = is_gap(text[j])
    if spaced:
        if not digit_at(text, n, j + 1) or text[i] == c"0" or follows_number(text, n, i):
            return j
    elif text[j] != c"." or continues(text, n, i, c"."):
        return j
    while k < n and (is_gap(text[k]) if spaced else text[k] == c".") and digit_at(text, n, k + 1) \
            and digit_at(text, n, k + 2) and digit_at(text, n, k + 3) and not digit_at(text, n, k + 4):
        k += 4
    # A further group of another length makes the whole a date, an address, a version or a list.
    if k < n and (text[k] == c"." or (spaced and is_gap(text[k]))) and digit_at(text, n, k + 1):
        return j
    return k


cdef Py_ssize_t number_end(const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    cdef Py_ssize_t k, j = groups_end(text, n, i, digits_end(text, n, i))
    if j < n and text[j] == c"," and digit_at(text, n, j + 1) and not continues(text, n, i, c","):
        k = digits_end(text, n, j + 1)
        if not (k < n and text[k] == c"," and digit_at(text, n, k + 1)):
            return k
    return j


cdef Py_ssize_t abbreviation_end(const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    """Where S.U.A ends that starts at i; i + 1 where there is only one letter."""
    cdef Py_ssize_t j = i + 1
    while j + 1 < n and text[j] == c"." and traits(text[j + 1]) & LETTER \
            and (j + 2 == n or not traits(text[j + 2]) & INSIDE):
        j += 2
    return j


cdef inline void put(Token* token, uint32_t c) noexcept nogil:
    if token.length < FORM_LIMIT:
        token.length += 1
        token.size = encode_utf8(token.form + token.size, c) - token.form


cdef inline Py_ssize_t put_run(Token* token, const unit* text, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    """Append the letters, digits and marks from i on; returns where they end."""
    # In variables of its own, since for all the compiler knows a byte of the form may be part of `token.size`.
    cdef uint8_t* to = token.form + token.size
    cdef Py_ssize_t room = FORM_LIMIT - token.length
    cdef uint32_t c, entry
    while i < n:
        c = text[i]
        entry = CHARACTERS[c] if c < 65536 else astral(c) << 24
        if not entry & (<uint32_t>INSIDE << 24):
            break
        i += 1
        if not room:
            continue
        room -= 1
        if c < 65536:
            # Without a branch for how long it is; what is written behind it the next one overwrites.
            entry &= 0xFFFFFF
            memcpy(to, &entry, 4)
            to += 1 + (entry > 0xFF) + (entry > 0xFFFF)
        else:
            to = encode_utf8(to, Py_UNICODE_TOLOWER(c))
    token.size = to - token.form
    token.length = FORM_LIMIT - room
    return i


cdef inline bint next_token(const unit* text, Py_ssize_t n, Py_ssize_t i, Token* token, bint spelled) noexcept nogil:
    cdef Py_ssize_t end
    cdef uint32_t kind = 0
    while i < n:
        kind = traits(text[i])
        if kind & START:
            break
        i += 1
    if i >= n:
        return False
    token.start = i
    token.size = 0
    token.length = 0 if spelled else FORM_LIMIT  # as if there were no room
    if kind & DIGIT:
        end = number_end(text, n, i)
        while i < end:
            if c"0" <= text[i] <= c"9" or text[i] == c",":
                put(token, text[i])
            i += 1
        if i < n and traits(text[i]) & NUMERIC:
            token.end = i
            return True
    elif kind & LETTER and i + 1 < n and text[i + 1] == c".":
        end = abbreviation_end(text, n, i)
        while i < end:
            put(token, lower(text[i]))
            i += 2
        i = end
    token.end = put_run(token, text, n, i)
    return True


cdef bint advance(int kind, const void* data, Py_ssize_t n, Py_ssize_t i, Token* token) noexcept nogil:
    """Read the first token at i or later into `token`; False where there is none."""
    if kind == 2:
        return next_token(<const uint16_t*>data, n, i, token, True)
    if kind == 1:
        return next_token(<const uint8_t*>data, n, i, token, True)
    return next_token(<const uint32_t*>data, n, i, token, True)


cdef bint locate(int kind, const void* data, Py_ssize_t n, Py_ssize_t i, Token* token) noexcept nogil:
    """The same without the form: where the token stands."""
    if kind == 2:
        return next_token(<const uint16_t*>data, n, i, token, False)
    if kind == 1:
        return next_token(<const uint8_t*>data, n, i, token, False)
    return next_token(<const uint32_t*>data, n, i, token, False)


def tokenize(text):
    """The tokens of a text as (form, start, end); a token's index in the list is its position.

    `form` is clean and lower-case and keeps its diacritics; `start` and `end` are character offsets in `text` as it
    was given, dirt included.

    >>> tokenize("S-a dus în S.U.A.")
    [('s', 0, 1), ('a', 2, 3), ('dus', 4, 7), ('în', 8, 10), ('sua', 11, 16)]
    """
    cdef str source = exact(text)
    cdef uint32_t found = survey(PyUnicode_KIND(source), PyUnicode_DATA(source), len(source))
    cdef list tokens = [], starts = None, ends = None
    cdef Token token
    if found & (DROP | RISK):
        source, starts, ends = align(source)
    cdef const void* data = PyUnicode_DATA(source)
    cdef int kind = PyUnicode_KIND(source)
    cdef Py_ssize_t n = len(source)
    token.end = 0
    while advance(kind, data, n, token.end, &token):
        form = PyUnicode_DecodeUTF8(<const char*>token.form, token.size, NULL)
        if starts is None:
            tokens.append((form, token.start, token.end))
        else:
            tokens.append((form, starts[token.start], ends[token.end - 1]))
    return tokens


def dot_groups(text):
    """The text with a dot for each space inside a number; offsets stay and so do the tokens.

    For whoever parts a text at its white space before it is tokenized, as the query language does.

    >>> dot_groups("„10 000 de lei” la 15 08 2025")
    '„10.000 de lei” la 15 08 2025'
    """
    cdef str source = exact(text)
    if not _MAYBE_GROUPS.search(source):
        return source
    cdef list characters = list(source)
    for _, start, end in tokenize(source):
        for i in range(start, end):
            if characters[i] in _GAPS:
                characters[i] = "."
    return "".join(characters)


def fold(text):
    """Diacritics off, one character to one character; `text` is clean. What has no base letter stays.

    >>> fold("Întâlnire la Łódź")
    'Intalnire la Lodz'
    """
    cdef str source = exact(text)
    if source.isascii():
        return source
    cdef Py_ssize_t i, n = len(source)
    cdef uint32_t c
    cdef uint32_t* folded = <uint32_t*>malloc(n * sizeof(uint32_t))
    if folded == NULL:
        raise MemoryError
    try:
        for i in range(n):
            c = <Py_UCS4>source[i]
            folded[i] = FOLD[c] if c < 65536 else c
        return PyUnicode_FromKindAndData(4, folded, n)
    finally:
        free(folded)

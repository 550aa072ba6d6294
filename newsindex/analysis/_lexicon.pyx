# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""`Lexicon`: look-ups in the compiled dictionary of word forms, a file that is mapped and not read.

The file is described in `newsindex.analysis.lexicon_compiler`. Forms stand in it by their folded spelling, so those
that differ in diacritics only are neighbours: one search finds a form and all that it may be without them.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy

import numpy as np

from newsindex.analysis._tokens import fold_table
from newsindex.analysis._utf8 cimport fold_utf8

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    HEADER = 88  # magic 8, identity 16, source 32, four sizes


cdef Py_ssize_t entry_of(const uint8_t* form, Py_ssize_t size, uint8_t* entry, const uint16_t* table) noexcept nogil:
    """Write the entry of a form: "folded", or where the form differs "folded, zero byte, form"; returns its size."""
    cdef Py_ssize_t folded = fold_utf8(form, size, entry, table)
    if folded == size and memcmp(form, entry, size) == 0:
        return size
    entry[folded] = 0
    memcpy(entry + folded + 1, form, size)
    return folded + 1 + size


cdef class Lexicon:
    """The dictionary in `file`, any buffer that holds one.

    Raises:
        ValueError: it is no such file.
    """

    def __init__(self, file):
        cdef int64_t n, forms_size, c, names_size
        self.file = file
        if self.file.shape[0] < HEADER or bytes(self.file[:8]) != b"RoLexic1":
            raise ValueError("no lexicon")
        self.identity = bytes(self.file[8:24]).hex()
        self.source = bytes(self.file[24:56]).decode().strip()
        counts = np.frombuffer(self.file[56:HEADER], np.int64)
        if counts.min() < 0 or counts.max() > self.file.shape[0]:
            raise ValueError(f"a lexicon with impossible sizes: {counts.tolist()}")
        n, forms_size, c, names_size = counts.tolist()
        if self.file.shape[0] != HEADER + 4 * (n + 1 + c + 1 + n) + forms_size + names_size:
            raise ValueError(f"a lexicon of {n} forms that is cut off or too long")
        numbers = np.frombuffer(self.file[HEADER:self.file.shape[0] - forms_size - names_size], np.uint32)
        for starts, size in ((numbers[:n + 1], forms_size), (numbers[n + 1:n + c + 2], names_size)):
            if starts[0] or starts[len(starts) - 1] != size or (starts[1:] < starts[:len(starts) - 1]).any():
                raise ValueError("a lexicon whose entries do not follow one another")
        if numbers[n + c + 2:].max(initial=0) >= max(c, 1):
            raise ValueError("a lexicon with a form of no class")
        self.size = n
        self.classes_size = c
        self.folds = fold_table()
        self.form_starts = <const uint32_t*>&self.file[HEADER]
        self.name_starts = self.form_starts + n + 1
        self.classes = self.name_starts + c + 1
        self.forms = <const uint8_t*>(self.classes + n)
        self.names = self.forms + forms_size

    cdef inline int compare(self, Py_ssize_t i, const uint8_t* key, Py_ssize_t size) noexcept nogil:
        """How entry i stands to a key, as far as the key goes."""
        cdef Py_ssize_t own = self.form_starts[i + 1] - self.form_starts[i]
        cdef int order = memcmp(self.forms + self.form_starts[i], key, min(own, size))
        return order if order != 0 or own >= size else -1

    cdef Py_ssize_t seek(self, Py_ssize_t low, const uint8_t* key, Py_ssize_t size) noexcept nogil:
        """The first entry from `low` on that is not less than a key: in ever longer steps, then by halves."""
        cdef Py_ssize_t step = 1, high = low
        while high < self.size and self.compare(high, key, size) < 0:
            low = high + 1
            high += step
            step *= 2
        return self.halve(low, min(high, self.size), key, size)

    cdef Py_ssize_t halve(self, Py_ssize_t low, Py_ssize_t high, const uint8_t* key, Py_ssize_t size) noexcept nogil:
        """The first entry from `low` to `high` that is not less than a key."""
        cdef Py_ssize_t middle
        while low < high:
            middle = (low + high) >> 1
            if self.compare(middle, key, size) < 0:
                low = middle + 1
            else:
                high = middle
        return low

    cdef Py_ssize_t group_end(self, Py_ssize_t i, const uint8_t* folded, Py_ssize_t size) noexcept nogil:
        """Where the forms end, from i on, whose folded spelling this is."""
        cdef Py_ssize_t own
        while i < self.size and self.compare(i, folded, size) == 0:
            own = self.form_starts[i + 1] - self.form_starts[i]
            if own > size and self.forms[self.form_starts[i] + size] != 0:
                break
            i += 1
        return i

    def group(self, str folded):
        """The entries whose folded spelling this is: (first, end)."""
        cdef bytes key = folded.encode()
        cdef Py_ssize_t low = self.halve(0, self.size, key, len(key))
        return low, self.group_end(low, key, len(key))

    def find(self, str form, Py_ssize_t near=-1):
        """The entry of a form as it is written, -1 where there is none; `near` it, the search is shorter."""
        cdef Py_ssize_t size
        cdef const uint8_t* encoded = <const uint8_t*>PyUnicode_AsUTF8AndSize(form, &size)
        return self.place_of(encoded, size, near)

    cdef Py_ssize_t place_of(self, const uint8_t* form, Py_ssize_t size, Py_ssize_t near) noexcept nogil:
        """The entry of a form as it is written, or -1, as `find` has it."""
        cdef uint8_t[2 * LONGEST + 1] key
        cdef Py_ssize_t i
        if size > LONGEST:
            return -1
        size = entry_of(form, size, key, &self.folds[0])
        i = self.halve(0, self.size, key, size) if near < 0 else self.around(min(near, self.size), key, size)
        if i == self.size or <Py_ssize_t>(self.form_starts[i + 1] - self.form_starts[i]) != size:
            return -1
        return i if self.compare(i, key, size) == 0 else -1

    cdef Py_ssize_t around(self, Py_ssize_t i, const uint8_t* key, Py_ssize_t size) noexcept nogil:
        """The first entry that is not less than a key, which is likely to be near entry i."""
        cdef Py_ssize_t step = 1, low = i
        while low > 0 and self.compare(low - 1, key, size) >= 0:
            low = max(low - step, 0)
            step *= 2
        return self.seek(low, key, size)

    def form(self, Py_ssize_t i):
        """The form of an entry."""
        if not 0 <= i < self.size:
            raise IndexError(i)
        cdef bytes entry = self.forms[self.form_starts[i]:self.form_starts[i + 1]]
        return entry[entry.find(b"\0") + 1:].decode()

    def class_of(self, Py_ssize_t i):
        """The class of an entry: the lemma that all forms of its word share."""
        if not 0 <= i < self.size:
            raise IndexError(i)
        cdef uint32_t number = self.classes[i]
        return self.names[self.name_starts[number]:self.name_starts[number + 1]].decode()

    def class_names(self, const int64_t[::1] numbers):
        """The names of classes by their numbers, one after another (bytes), and the length of each (int64).

        Raises:
            IndexError: there is no such class.
        """
        cdef Py_ssize_t i, k, count = numbers.shape[0]
        cdef list names = []
        lengths = np.zeros(count, np.int64)
        cdef int64_t[::1] out = lengths
        for i in range(count):
            k = numbers[i]
            if not 0 <= k < self.classes_size:
                raise IndexError(k)
            out[i] = self.name_starts[k + 1] - self.name_starts[k]
            names.append(self.names[self.name_starts[k]:self.name_starts[k + 1]])
        return b"".join(names), lengths

    def match(self, const uint8_t[::1] data, const uint64_t[::1] starts):
        """Look up ascending entries, packed: "folded" or "folded, zero byte, form".

        Returns for each: its place here or -1; the place of the first form of its folded spelling; how many have that
        (int32 each); and whether the form is ASCII (bool).
        """
        cdef Py_ssize_t i, k, size, whole, low = 0, end = 0, count = starts.shape[0] - 1
        cdef const uint8_t* entry
        cdef const void* zero
        found_places = np.full(count, -1, np.int32)
        found_firsts = np.zeros(count, np.int32)
        found_sizes = np.zeros(count, np.int32)
        found_ascii = np.zeros(count, np.uint8)
        if not count or not starts[count]:
            return found_places, found_firsts, found_sizes, found_ascii.view(bool)
        cdef int32_t[::1] places = found_places, firsts = found_firsts, sizes = found_sizes
        cdef uint8_t[::1] ascii = found_ascii
        cdef uint8_t bits
        with nogil:
            for i in range(count):
                entry = &data[0] + starts[i]
                whole = starts[i + 1] - starts[i]
                zero = memchr(entry, 0, whole)
                size = <const uint8_t*>zero - entry if zero != NULL else whole
                bits = 0
                for k in range(whole):
                    bits |= entry[k]
                ascii[i] = bits < 0x80
                low = self.seek(low, entry, size)
                end = self.group_end(low, entry, size)
                firsts[i] = <int32_t>low
                sizes[i] = <int32_t>(end - low)
                for k in range(low, end):
                    if self.form_starts[k + 1] - self.form_starts[k] == whole \
                            and memcmp(self.forms + self.form_starts[k], entry, whole) == 0:
                        places[i] = <int32_t>k
        return found_places, found_firsts, found_sizes, found_ascii.view(bool)

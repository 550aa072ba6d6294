# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The numbers of metadata values, for many articles at once: who has some of them (`Choice`), how many have each.

Filters and facets look at the column for each article that was found, in its own narrow type, without a copy. Called by
`newsindex.inverted.columns`, which has verified the column, and by kernels of the searcher. Docids are checked here.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

import numpy as np


cdef class Numbered:
    """The numbers of each article's values, counted from 1.

    Args:
        numbers: of one value for each article, 0 for none; or, with `rows`, of all values, article by article.
        rows: where the numbers of each article begin, and where those of the last end; or None.
        values: how many values there are.
    """

    def __cinit__(self, numbers not None, rows, Py_ssize_t values):
        self.arrays = numbers, rows
        self.column.values = values
        self.column.numbers, self.column.width = bytes_of(numbers), numbers.dtype.itemsize
        self.column.size = self.column.articles = len(numbers)
        if rows is not None:
            if not len(rows):
                raise ValueError("rows of no article, and no end of them")
            self.column.rows, self.column.row_width = bytes_of(rows), rows.dtype.itemsize
            self.column.articles = len(rows) - 1

    def counts(self, const int32_t[::1] docs not None):
        """How often each value occurs in some articles, by its number (int64)."""
        cdef Py_ssize_t i, at, end
        cdef uint64_t one
        found = np.zeros(self.column.values + 1, np.int64)
        cdef int64_t[::1] out = found
        check_docs(docs, self.column.articles)
        with nogil:
            for i in range(docs.shape[0]):
                at = row_of(&self.column, docs[i], &end)
                while at < end:
                    one = number(self.column.numbers, self.column.width, at)
                    if one <= <uint64_t>self.column.values:
                        out[<Py_ssize_t>one] += 1
                    at += 1
        found[0] = 0
        return found


cdef const uint8_t *bytes_of(array) except? NULL:
    """Where the bytes of an array are, which the caller keeps."""
    cdef const uint8_t[::1] data
    if array.dtype.kind != "u":
        raise ValueError(f"numbers of {array.dtype} where they should have no sign")
    data = array.view(np.uint8)
    return &data[0] if data.shape[0] else NULL


cdef int check_docs(const int32_t[::1] docs, Py_ssize_t articles) except -1:
    cdef Py_ssize_t i
    for i in range(docs.shape[0]):
        if not 0 <= docs[i] < articles:
            raise ValueError(f"docid {docs[i]} of {articles}")
    return 0


cdef class Choice:
    """Whether an article has one of some values, of which `numbers` are those that the column has."""

    def __cinit__(self, Numbered column not None, numbers not None):
        self.test.column = column.column
        if len(numbers) == 1 and 0 < numbers[0] <= column.column.values:
            self.test.only, self.arrays = numbers[0], column
            return
        wanted = np.zeros(column.column.values + 1, np.uint8)
        for one in numbers:
            if not 0 < one <= column.column.values:
                raise ValueError(f"value {one} of {column.column.values}")
            wanted[one] = 1
        self.test.wanted, self.arrays = bytes_of(wanted), (column, wanted)

    cdef int cover(self, Py_ssize_t articles) except -1:
        """Make sure that articles up to that number are known."""
        if articles > self.test.column.articles:
            raise ValueError(f"{articles} articles where the values of {self.test.column.articles} are known")
        return 0

    def keep(self, const int32_t[::1] docs not None, const float[::1] bounds=None):
        """Those of some articles that have one of the values, and their bounds: (int32, float32 or None)."""
        cdef Py_ssize_t i, n = 0, count = docs.shape[0]
        check_docs(docs, self.test.column.articles)
        kept, worths = np.empty(count, np.int32), None
        cdef int32_t[::1] out = kept
        if bounds is None:
            with nogil:
                for i in range(count):
                    out[n] = docs[i]
                    n += has_one(&self.test, docs[i])
            return kept[:n], None
        if bounds.shape[0] != count:
            raise ValueError(f"{bounds.shape[0]} bounds of {count} articles")
        worths = np.empty(count, np.float32)
        cdef float[::1] worth = worths
        with nogil:
            for i in range(count):
                out[n], worth[n] = docs[i], bounds[i]
                n += has_one(&self.test, docs[i])
        return kept[:n], worths[:n]

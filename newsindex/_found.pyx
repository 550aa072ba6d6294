# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Found`: what a search found, in the order of a page; 24 bytes a hit, for a page may be as long as the archive.

A tuple for each would take eight times as much. The searcher fills it, and `newsindex._hits` makes a hit of what is
looked at.
"""

from libc.stdint cimport INT64_MIN, int32_t, int64_t
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memcpy

from newsindex.inverted._gil cimport LONG

ctypedef int (*Order)(const void *one, const void *other) noexcept nogil


cdef int by_relevance(const void *one, const void *other) noexcept nogil:
    return precedes(<const Place *>other, <const Place *>one) - precedes(<const Place *>one, <const Place *>other)


cdef int by_date(const void *one, const void *other) noexcept nogil:
    """The newest first, and what has no date last."""
    return is_newer(<const Place *>other, <const Place *>one) - is_newer(<const Place *>one, <const Place *>other)


cdef int by_age(const void *one, const void *other) noexcept nogil:
    """The oldest first, and what has no date last."""
    cdef bint undated = (<const Place *>one).date == INT64_MIN, also = (<const Place *>other).date == INT64_MIN
    return undated - also if undated != also else -by_date(one, other)


cdef class Found:
    """Articles, each as (score, date, number of its segment, docid); a sequence of these."""

    def __dealloc__(self):
        free(self.places)

    cdef int put(self, const Place *places, Py_ssize_t count) except -1:
        """Add some places."""
        self.grow(self.size + count)
        memcpy(self.places + self.size, places, count * sizeof(Place))
        self.size += count
        return 0

    cdef int grow(self, Py_ssize_t room) except -1:
        """Make room for so many, and no more."""
        cdef Place *places = <Place *>realloc(self.places, max(room, 1) * sizeof(Place))
        if places == NULL:
            raise MemoryError(f"no memory for {room} hits")
        self.places = places
        return 0

    def add(self, int32_t segment, const int32_t[::1] docs not None, const double[::1] scores not None,
            const int64_t[::1] dates not None):
        """Add articles of one segment."""
        cdef Py_ssize_t i, count = docs.shape[0]
        if not scores.shape[0] == dates.shape[0] == count:
            raise ValueError(f"{scores.shape[0]} scores and {dates.shape[0]} dates of {count} articles")
        self.grow(self.size + count)
        for i in range(count):
            self.places[self.size + i] = Place(scores[i], dates[i], segment, docs[i])
        self.size += count

    def sort(self, str order not None):
        """Put them in the order "relevance", "newest" or "oldest".

        Of like relevance the newer article is first; of one date, by relevance or newest first, the one added later.
        """
        cdef Order compare = by_age if order == "oldest" else by_date if order == "newest" else by_relevance
        if self.size < LONG:
            qsort(self.places, self.size, sizeof(Place), compare)
        else:
            with nogil:
                qsort(self.places, self.size, sizeof(Place), compare)

    def cut(self, Py_ssize_t start, Py_ssize_t stop):
        """Those from `start` to `stop` - 1, as far as there are any; start is not negative."""
        cdef Found some
        if start == 0 and stop >= self.size:
            return self
        some = Found()
        if start < min(stop, self.size):
            some.put(self.places + start, min(stop, self.size) - start)
        return some

    def __len__(self):
        return self.size

    def __getitem__(self, Py_ssize_t index):
        if not 0 <= index < self.size:
            raise IndexError(f"place {index} of {self.size}")
        cdef Place *place = &self.places[index]
        return place.score, place.date, place.segment, place.doc

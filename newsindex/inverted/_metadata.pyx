# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What an article has besides prose, as it is buffered: metadata and dates. For `SegmentBuilder.add`.

Metadata repeat themselves, so of each field only the distinct rows of values are kept, and who has which.
"""

from cpython.datetime cimport (
    datetime,
    datetime_hour,
    datetime_microsecond,
    datetime_minute,
    datetime_second,
    import_datetime,
    timedelta_days,
    timedelta_microseconds,
    timedelta_seconds,
)
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free

import numpy as np

from newsindex.article import micros
from newsindex.inverted._buffers cimport Buffer, put_bytes
from newsindex.inverted.fields import EXTRA, scalar

import_datetime()

cdef int64_t EPOCH = 719_163  # of 1970-01-01, as `date.toordinal` counts
cdef int64_t DAY = 86_400
cdef int NO_TIME_OF_DAY = -(1 << 31)

NO_TIME = NO_TIME_OF_DAY  # in the column of UTC offsets: the date has no time of day


cdef class RowNumbers:
    """For each article that has values in a field the number of a distinct row of them."""

    cdef dict numbers  # by the row, or by its value where that is the only one: a text knows its hash
    cdef Buffer owners, rows

    def __cinit__(self, *_):
        self.numbers = {}

    def __dealloc__(self):
        free(self.owners.data)
        free(self.rows.data)

    def add(self, int32_t article, tuple values not None):
        """Article number `article` has `values`; returns about how many bytes they take that are new here."""
        return self.put(article, values[0] if len(values) == 1 else values)

    cdef int64_t put(self, int32_t article, row) except -1:
        cdef object found = self.numbers.get(row)
        cdef int64_t cost = 8
        cdef int32_t number
        if found is None:
            number = <int32_t>len(self.numbers)
            self.numbers[row] = number
            cost = 200
            for value in (row if isinstance(row, tuple) else (row,)):
                cost += 100 + 4 * <int64_t>len(value)
        else:
            number = found
        put_bytes(&self.owners, &article, sizeof(article))
        put_bytes(&self.rows, &number, sizeof(number))
        return cost

    def distinct(self):
        """The distinct rows, by their numbers."""
        return [row if isinstance(row, tuple) else (row,) for row in self.numbers]

    def given(self):
        """The articles that have values, and the number of the row of each (int32 both)."""
        return copied(&self.owners), copied(&self.rows)


cdef copied(Buffer* numbers):
    if not numbers.size:
        return np.zeros(0, np.int32)
    return np.frombuffer(<bytes>(<char*>numbers.data)[:numbers.size], np.int32)


def add_metadata(dict fields not None, int32_t number, article, make):
    """Add the metadata of article number `number`: to `fields`, a `RowNumbers` for each, by `make(field)` where new.

    Returns about how many bytes they take that are new here.
    """
    cdef int64_t cost = 0
    cdef object value
    for name, value in (("source", article.source), ("author", article.author), ("section", article.section)):
        if value:
            cost += rows_of(fields, name, make).put(number, value)
    if article.tags:
        cost += rows_of(fields, "tags", make).add(number, article.tags)
    for key, value in (<dict>article.extra).items():
        if type(value) is not str:  # as most are
            values = tuple([text for item in (value if isinstance(value, list) else [value]) for text in scalar(item)])
            value = values[0] if len(values) == 1 else values
        if value:
            cost += rows_of(fields, EXTRA + key, make).put(number, value)
    return cost


cdef RowNumbers rows_of(dict fields, str name, make):
    rows = fields.get(name)
    if rows is None:
        rows = fields[name] = make(name)
    return <RowNumbers?>rows


def moment_of(date not None):
    """The moment of a date, as `newsindex.article.micros` has it, and its offset from UTC in seconds, or NO_TIME."""
    if not isinstance(date, datetime):
        return micros(date), NO_TIME_OF_DAY
    offset = date.utcoffset()
    if offset is None or timedelta_microseconds(offset):
        return micros(date), NO_TIME_OF_DAY if offset is None else round(offset.total_seconds())
    cdef int64_t shift = DAY * timedelta_days(offset) + timedelta_seconds(offset)
    cdef int64_t seconds = DAY * (<int64_t>date.toordinal() - EPOCH) - shift + (
        3600 * datetime_hour(date) + 60 * datetime_minute(date) + datetime_second(date)
    )
    return 1_000_000 * seconds + datetime_microsecond(date), shift

# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Columns, read one article at a time: what a row of a result list shows, and what scores depend on.

A section is mapped and not read; a page of it is verified when the first article on it is asked for, so the first row
of a large index costs what that of a small one does. Neither offsets nor docids are trusted: each is checked before
it is used, and a fault is a ValueError, an OverflowError or an IndexError.
"""

from cpython.datetime cimport date_new, datetime_new, import_datetime, timedelta_new, timezone_new
from libc.stdint cimport INT32_MIN, INT64_MIN, int32_t, int64_t, uint64_t

import numpy as np

from newsindex.inverted._pages cimport Pages, touch

from newsindex.inverted._pages import pages_of

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

import_datetime()

cdef enum:
    HOUR = 3600
    ZONES = 256   # that are kept

cdef int64_t SECOND = 1_000_000, DAY = 86_400 * SECOND
cdef int64_t FIRST_DAY = -719_162, LAST_DAY = 2_932_896  # of the calendar, counted from 1970
cdef dict zones = {}

_DAMAGE = (ValueError, TypeError, IndexError, OverflowError)


cdef class Numbers:
    """A section of whole numbers; `len()` of them. Kernels read them by `value_at`.

    Args:
        sections, name: where it comes from, and what it is called there.
        dtype: what they must be, such as "i8"; None takes any integers.
        count: how many they must be; None takes any.
    """

    def __cinit__(self, sections, str name, str dtype=None, count=None):
        self.pages = pages_of(sections, name)
        own = self.pages.array.dtype
        if own.kind not in "iu" or dtype not in (None, own.str[1:]):
            raise ValueError(f"{name} is of {own} where {dtype or 'whole numbers'} should be")
        self.width = own.itemsize
        self.is_signed = own.kind == "i"
        self.sections, self.name = sections, name
        self.data, self.verified = self.pages.data, self.pages.pages
        self.count = self.pages.size // self.width
        if count is not None and self.count != count:
            raise ValueError(f"{name} has {self.count} numbers where {count} are announced")

    def __len__(self):
        return self.count

    cdef int fetch(self, Py_ssize_t index) except -1 nogil:
        """Verify the page that has number `index`, if there is one."""
        cdef Py_ssize_t at
        if not 0 <= index < self.count:
            with gil:
                raise IndexError(f"number {index} of {self.count}")
        at = index * self.width
        return touch(self.pages, at, at + self.width)

    def whole(self):
        """All of them, verified, for who needs most of them: an array."""
        return self.sections.array(self.name)

    def __getitem__(self, Py_ssize_t index):
        cdef int64_t value = value_at(self, index)
        return value if self.is_signed else <uint64_t>value

    def take(self, const int32_t[::1] docs):
        """The numbers of some articles, as they are (int64)."""
        cdef Py_ssize_t i
        found = np.empty(docs.shape[0], np.int64)
        cdef int64_t[::1] out = found
        for i in range(docs.shape[0]):
            out[i] = value_at(self, docs[i])
        return found

    def bisect(self, value):
        """The first of the numbers, which ascend, that is not less than `value`, or their count."""
        cdef Py_ssize_t low = 0, high = self.count, middle
        cdef int64_t found, signed_value = value if self.is_signed else 0
        cdef uint64_t unsigned_value = 0 if self.is_signed else value
        cdef bint less
        while low < high:
            middle = (low + high) // 2
            found = value_at(self, middle)
            less = found < signed_value if self.is_signed else <uint64_t>found < unsigned_value
            if less:
                low = middle + 1
            else:
                high = middle
        return low


cdef class Strings:
    """Strings one after another, in two sections: NAME.data, and NAME.starts, one more than strings; `len()` of them.

    Args:
        sections, name: where they come from, and NAME.
        count: how many they must be; None takes any.
        data: what the section of the bytes is called instead of "data".

    Raises:
        ValueError: the sections are no column of strings.
    """

    def __cinit__(self, sections, str name, count=None, str data="data"):
        self.sections = sections
        self.name = name
        self.data_name = f"{name}.{data}"
        self.bytes = pages_of(sections, self.data_name)
        self.array = self.bytes.array
        self.bounds = Numbers(sections, f"{name}.starts")
        if self.bounds.is_signed or self.bounds.width < 4 or not self.bounds.count \
                or self.array.dtype != np.uint8:
            raise ValueError(f"{name} is no column of strings")
        if count is not None and self.bounds.count != count + 1:
            raise ValueError(f"{name} holds {self.bounds.count - 1} strings where {count} are announced")

    def __len__(self):
        return self.bounds.count - 1

    cdef int find(self, Py_ssize_t index, Py_ssize_t* start, Py_ssize_t* size) except -1:
        """Where string `index` is in the bytes, which are verified."""
        cdef int64_t first = value_at(self.bounds, index), end = value_at(self.bounds, index + 1)
        touch(self.bytes, first, end)
        start[0], size[0] = first, end - first
        return 0

    cdef str get(self, Py_ssize_t index):
        cdef Py_ssize_t start, size
        self.find(index, &start, &size)
        return PyUnicode_DecodeUTF8(<const char*>self.bytes.data + start, size, NULL)

    def __getitem__(self, Py_ssize_t index):
        return self.get(index)

    def __iter__(self):
        self._read()
        for index in range(self.bounds.count - 1):
            yield self.get(index)

    def view(self, Py_ssize_t index):
        """String `index` where it lies."""
        cdef Py_ssize_t start, size
        self.find(index, &start, &size)
        return memoryview(self.array)[start:start + size]

    cpdef bytes raw(self, Py_ssize_t index):
        """String `index` as UTF-8."""
        cdef Py_ssize_t start, size
        self.find(index, &start, &size)
        return self.bytes.data[start:start + size]

    def cut(self, Py_ssize_t low, Py_ssize_t high):
        """Strings `low` to `high` - 1, packed: their bytes where they lie, and where each begins there (uint64)."""
        cdef Py_ssize_t index
        cdef int64_t first = value_at(self.bounds, low), end = first, start
        starts = np.zeros(max(high - low, 0) + 1, np.uint64)
        cdef uint64_t[::1] out = starts
        for index in range(low + 1, high + 1):
            start, end = end, value_at(self.bounds, index)
            if end < start:
                raise ValueError(f"{self.name}: string {index - 1} from {start} to {end}")
            out[index - low] = end - first
        touch(self.bytes, first, end)
        return self.array[first:end], starts

    def _read(self):
        """Both sections whole, verified, the one in keeping with the other."""
        if self.whole is None:
            data, starts = self.sections.array(self.data_name), self.sections.array(f"{self.name}.starts")
            if starts[0] or int(starts[len(starts) - 1]) != len(data) or (starts[1:] < starts[:len(starts) - 1]).any():
                raise ValueError(f"{self.name} has strings that do not follow one another")
            self.whole = data, starts
        return self.whole

    @property
    def data(self):
        """The bytes of all strings, verified."""
        return self._read()[0]


cdef class Rows:
    """What a result list shows of the articles of a segment.

    Args:
        ids, titles: of each article.
        dates, offsets: as `newsindex.inverted.segment` describes them.
        numbers, values: the sources: the number of each article's among these values, counted from 1; or None.
        damaged: makes the exception for a section and what was raised by reading it.
    """

    def __cinit__(self, Strings ids not None, Strings titles not None, Numbers dates not None,
                  Numbers offsets not None, Numbers numbers, Strings values, damaged):
        self.ids, self.titles, self.dates, self.offsets = ids, titles, dates, offsets
        self.source_numbers, self.source_values = numbers, values
        self.damaged = damaged

    cpdef str id(self, Py_ssize_t doc):
        """The id of an article."""
        try:
            return self.ids.get(doc)
        except _DAMAGE as error:
            raise self.damaged("ids", error) from error

    cpdef str title(self, Py_ssize_t doc):
        """The title of an article, as given."""
        try:
            return self.titles.get(doc)
        except _DAMAGE as error:
            raise self.damaged("titles", error) from error

    cpdef object date(self, Py_ssize_t doc):
        """The date of an article, as given: None, a date, or an aware datetime with a fixed offset."""
        try:
            return date_of(value_at(self.dates, doc), value_at(self.offsets, doc))
        except _DAMAGE as error:
            raise self.damaged("dates", error) from error

    cpdef object source(self, Py_ssize_t doc):
        """The source of an article, as given, or None."""
        cdef int64_t value
        if self.source_numbers is None:
            return None
        try:
            value = value_at(self.source_numbers, doc)
            return self.source_values.get(value - 1) if value else None
        except _DAMAGE as error:
            raise self.damaged("values of source", error) from error


cdef object date_of(int64_t moment, int64_t offset):
    cdef int64_t day, rest, second
    if moment == INT64_MIN:
        return None
    if not (FIRST_DAY - 1) * DAY <= moment <= (LAST_DAY + 2) * DAY:
        raise OverflowError(f"{moment} microseconds from 1970 are outside the calendar")
    if offset == INT32_MIN:
        # The first moment of a day in Bucharest, which is 1:44 to 3 hours ahead of UTC: noon is the same day.
        day, rest = floor_div(moment + 12 * HOUR * SECOND, DAY), -1
    else:
        if not -24 * HOUR < offset < 24 * HOUR:
            raise ValueError(f"clocks that are {offset} seconds ahead of UTC")
        day = floor_div(moment + offset * SECOND, DAY)
        rest = moment + offset * SECOND - day * DAY
    if not FIRST_DAY <= day <= LAST_DAY:
        raise OverflowError(f"day {day} from 1970 is outside the calendar")
    # Years that begin in March end with the day that leap years have more.
    cdef int64_t since = day + 719_468, era = floor_div(since, 146_097), in_era = since - era * 146_097
    cdef int64_t year = (in_era - in_era // 1460 + in_era // 36_524 - in_era // 146_096) // 365
    cdef int64_t in_year = in_era - (365 * year + year // 4 - year // 100)
    cdef int64_t month = (5 * in_year + 2) // 153  # from March
    cdef int in_month = <int>(in_year - (153 * month + 2) // 5 + 1)
    year += era * 400 + (month >= 10)
    month += 3 if month < 10 else -9
    if rest < 0:
        return date_new(<int>year, <int>month, in_month)
    second = rest // SECOND
    return datetime_new(<int>year, <int>month, in_month, <int>(second // HOUR), <int>(second // 60 % 60),
                        <int>(second % 60), <int>(rest % SECOND), zone(offset))


cdef inline int64_t floor_div(int64_t a, int64_t b) noexcept nogil:
    return a // b - (a % b < 0)


cdef object zone(int64_t offset):
    found = zones.get(offset)
    if found is None:
        if len(zones) >= ZONES:
            zones.clear()
        found = zones[offset] = timezone_new(timedelta_new(0, <int>offset, 0))
    return found

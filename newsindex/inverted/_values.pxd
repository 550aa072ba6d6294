# cython: language_level=3
"""What the searcher's kernels use of `_values`: whether an article has one of some values."""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy


cdef struct Column:
    const uint8_t *numbers
    const uint8_t *rows  # NULL where each article has one number
    int width, row_width
    Py_ssize_t size, articles, values


cdef struct Test:
    Column column
    uint64_t only  # the number that is wanted; 0 where there may be several, which `wanted` tells
    const uint8_t *wanted


cdef class Numbered:
    cdef object arrays  # keeps what is pointed to
    cdef Column column


cdef class Choice:
    cdef object arrays
    cdef Test test

    cdef int cover(self, Py_ssize_t articles) except -1


cdef inline uint64_t number(const uint8_t *numbers, int width, Py_ssize_t index) noexcept nogil:
    cdef uint64_t value = 0
    if width == 1:
        return numbers[index]
    if width == 2:
        memcpy(&value, numbers + 2 * index, 2)
    elif width == 4:
        memcpy(&value, numbers + 4 * index, 4)
    else:
        memcpy(&value, numbers + 8 * index, 8)
    return value


cdef inline Py_ssize_t row_of(const Column *column, int64_t doc, Py_ssize_t *end) noexcept nogil:
    """Where the numbers of an article that there is begin and end."""
    if column.rows == NULL:
        end[0] = doc + 1
        return doc
    end[0] = <Py_ssize_t>min(number(column.rows, column.row_width, doc + 1), <uint64_t>column.size)
    return <Py_ssize_t>min(number(column.rows, column.row_width, doc), <uint64_t>end[0])


cdef inline bint is_wanted(const Test *test, uint64_t one) noexcept nogil:
    if test.only:
        return one == test.only
    return one <= <uint64_t>test.column.values and test.wanted[one]


cdef inline bint has_one(const Test *test, int64_t doc) noexcept nogil:
    """Whether an article that there is has one of the values."""
    cdef Py_ssize_t at, end
    if test.column.rows == NULL:
        return is_wanted(test, number(test.column.numbers, test.column.width, doc))
    at = row_of(&test.column, doc, &end)
    while at < end:
        if is_wanted(test, number(test.column.numbers, test.column.width, at)):
            return True
        at += 1
    return False

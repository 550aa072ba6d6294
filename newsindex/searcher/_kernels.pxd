# cython: language_level=3
"""What other kernels use of `_kernels`."""

from libc.stdint cimport int32_t, int64_t


cdef inline Py_ssize_t gallop(const int32_t *docs, Py_ssize_t size, Py_ssize_t at, int64_t doc) noexcept nogil:
    """The first place from `at` whose docid is at least `doc`: doubling steps, then bisection."""
    cdef Py_ssize_t step = 1, low = at, high, middle
    if at >= size or docs[at] >= doc:
        return at
    while low + step < size and docs[low + step] < doc:
        low += step
        step *= 2
    high = min(low + step, size)
    while low + 1 < high:
        middle = (low + high) // 2
        if docs[middle] < doc:
            low = middle
        else:
            high = middle
    return high

# cython: language_level=3
"""What `_scoring` and `_top` use of `_collect`: groups, a heap, and the loops that fill a `Choice`."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from newsindex.inverted._blocks cimport List


cdef class Group:
    cdef readonly tuple lists
    cdef const List **raw
    cdef readonly Py_ssize_t count  # of lists; 0 for docids
    cdef bint most
    cdef float[256] worth
    cdef const int32_t[::1] docs
    cdef const float[::1] bounds
    cdef bint bounded
    cdef readonly Py_ssize_t size  # in at most so many articles

    cdef int verify(self, int64_t low, int64_t high) except -1


cdef struct Heap:
    # The best values so far, the lowest of them at the root.
    float *values
    Py_ssize_t size, room


cdef inline void offer(Heap *heap, float value) noexcept nogil:
    cdef Py_ssize_t at, child
    if heap.size < heap.room:
        at = heap.size
        heap.size += 1
        while at and heap.values[(at - 1) // 2] > value:
            heap.values[at] = heap.values[(at - 1) // 2]
            at = (at - 1) // 2
        heap.values[at] = value
    elif heap.size and value > heap.values[0]:
        at = 0
        while True:
            child = 2 * at + 1
            if child >= heap.size:
                break
            if child + 1 < heap.size and heap.values[child + 1] < heap.values[child]:
                child += 1
            if heap.values[child] >= value:
                break
            heap.values[at] = heap.values[child]
            at = child
        heap.values[at] = value


cdef struct Choice:
    # What was found: how many articles in all, and those that are worth `least`, to which the best of them raise it.
    Py_ssize_t total, size
    int32_t *docs
    float *bounds
    const uint8_t *alive  # a flag for each docid; NULL where all are
    float least, share
    Heap best


cdef class Chosen:
    cdef Choice choice

    cdef void drop(self) noexcept nogil
    cdef tuple taken(self)


cdef Chosen collect_all(list groups, int64_t low, int64_t high, const uint8_t *alive, Py_ssize_t keep, float share,
                        float cutoff)
cdef Chosen collect_any(list groups, int64_t low, int64_t high, const uint8_t *alive, Py_ssize_t keep, float share,
                        float cutoff)

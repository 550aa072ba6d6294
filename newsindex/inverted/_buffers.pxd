# cython: language_level=3
"""Growing buffers of bytes outside Python's heap; whoever declares one frees its `data`."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy


cdef struct Buffer:
    uint8_t *data
    Py_ssize_t size
    Py_ssize_t room


cdef inline int reserve(Buffer *buffer, Py_ssize_t more) except -1 nogil:
    cdef Py_ssize_t room = buffer.room
    cdef uint8_t *data
    if buffer.size + more <= room:
        return 0
    room = max(2 * room, buffer.size + more, 4096)
    data = <uint8_t *>realloc(buffer.data, room)
    if data == NULL:
        with gil:
            raise MemoryError(f"no memory for {room} bytes of posting lists")
    buffer.data = data
    buffer.room = room
    return 0


cdef inline int put_bytes(Buffer *buffer, const void *data, Py_ssize_t size) except -1 nogil:
    reserve(buffer, size)
    if size:
        memcpy(buffer.data + buffer.size, data, size)
    buffer.size += size
    return 0

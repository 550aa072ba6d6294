cdef class Lexeme:
    cdef readonly object kind
    cdef readonly Py_ssize_t start
    cdef readonly Py_ssize_t end
    cdef readonly str text
    cdef readonly tuple parts
    cdef readonly double number

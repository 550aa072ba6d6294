"""What `_forms.pyx` and the snippets take from the tokenizer; nobody else reads tokens in C."""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    # Traits of a code point. DROP and RISK only say how a text must be prepared before its tokens are read, ROMANIAN
    # how they may be understood.
    LETTER = 1
    DIGIT = 2      # 0 to 9; other scripts' digits are NUMERIC, no rule for numbers applies to them
    NUMERIC = 4
    MARK = 8       # continues a word, never starts one
    DROP = 16      # invisible
    RISK = 32      # a text with such a character may not be composed
    ROMANIAN = 64  # a letter or mark without which a text is bare
    START = LETTER | DIGIT | NUMERIC
    INSIDE = START | MARK

    FORM_LIMIT = 128
    FORM_BYTES = 4 * FORM_LIMIT

cdef struct Token:
    Py_ssize_t start
    Py_ssize_t end
    Py_ssize_t length             # of the form, in characters
    Py_ssize_t size               # of the form, in bytes
    uint8_t form[FORM_BYTES + 16]  # UTF-8, and room for the zeros that a hash wants behind it

cdef str exact(object text)
cdef uint32_t survey(int kind, const void* data, Py_ssize_t n) noexcept nogil
cdef Py_ssize_t strip(int kind, const void* data, Py_ssize_t n, void* kept) noexcept nogil
cdef str prepared(str text, uint32_t found)
cdef bint advance(int kind, const void* data, Py_ssize_t n, Py_ssize_t i, Token* token) noexcept nogil
cdef bint locate(int kind, const void* data, Py_ssize_t n, Py_ssize_t i, Token* token) noexcept nogil

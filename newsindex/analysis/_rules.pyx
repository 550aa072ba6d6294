# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The rules of lemmagen3, read from the file that it brings along. For `newsindex.analysis.stemmer`.

lemmagen3 itself loses some bytes with every word that it is asked for, and an index asks for millions. Its file holds a
tree of endings, which is walked from the end of a word, byte by byte, to the longest ending that has a rule: how many
bytes to take off, and which to put there. After a u32, the length of the rest, nodes follow, called by their places:

    flags       1: more bytes of the ending; 2: children; 4: holds for the word that is nothing but this ending
    rule        u32, the place of a rule, which is a node with neither of the first two flags. Only in other nodes
    ending      u8 length, bytes, if flagged
    children    if flagged: u8 count, and for each slot the byte of the ending, u32 place. A byte's slot is its
                remainder by the count; a child of byte 0 stands for the beginning of the word

A rule has after its flags u8, the bytes that it takes off, and u8 length and bytes of what it puts there.
"""

from libc.stdint cimport int8_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

cdef enum:
    ENDING = 1
    CHILDREN = 2
    WHOLE_WORD = 4


cdef class Rules:
    """Finds the lemmas of words that nobody has seen.

    Args:
        file: the bytes of a file of rules.

    Raises:
        ValueError: they are none.
    """

    def __init__(self, const uint8_t[::1] file):
        cdef uint32_t length = 0
        if file.shape[0] >= 4:
            memcpy(&length, &file[0], 4)
        self.size = file.shape[0] - 4
        if not length or length != self.size:
            raise ValueError(f"no rules: {file.shape[0]} bytes that say they are {length}; install lemmagen3 anew")
        self.data = file[4:]

    cdef const uint8_t *at(self, Py_ssize_t place, Py_ssize_t count) except NULL nogil:
        """Some bytes, if they are there."""
        if place < 0 or place + count > self.size:
            with gil:
                raise ValueError(f"rules that go on at {place} of {self.size}; install lemmagen3 anew")
        return &self.data[place]

    cdef uint32_t link(self, Py_ssize_t place) except? 0 nogil:
        cdef uint32_t linked
        memcpy(&linked, self.at(place, 4), 4)
        return linked

    cdef Py_ssize_t find(self, const uint8_t *word, Py_ssize_t size) except -1 nogil:
        """The place of the rule for a word."""
        # A byte, as where the rules are from: words of more than 127 find the rules that they were always given.
        cdef int8_t left = <int8_t>size
        cdef Py_ssize_t node = 0, parent = 0, place, length
        cdef uint8_t flags = self.at(0, 1)[0], byte
        while True:
            place = node + 5
            if flags & ENDING:
                length = self.at(place, 1)[0]
                left = <int8_t>(left - length)
                # An ending longer than any word may have come around to behind its end.
                if left < 0 or left + length > size or memcmp(self.at(place + 1, length), word + left, length):
                    return self.link(parent + 1)
                if not flags & CHILDREN:
                    break
                place += 1 + length
            left -= 1
            if left < 0:
                byte = self.at(place + 1, 1)[0]
                if byte == 0 and self.link(place + 2):
                    parent, node = node, self.link(place + 2)
                    flags = self.at(node, 1)[0]
                    left = 0
                break
            byte = word[left]
            place += 1 + 5 * (byte % max(self.at(place, 1)[0], 1))
            parent = node
            node = self.link(place + 1 if self.at(place, 1)[0] == byte else node + 1)
            flags = self.at(node, 1)[0]
            if not flags & (ENDING | CHILDREN):
                break
        if flags & WHOLE_WORD and left:
            node = parent
            flags = self.at(node, 1)[0]
        return self.link(node + 1) if flags & (ENDING | CHILDREN) else node

    def lemma(self, str word not None):
        """The lemma of a word, which may be empty."""
        cdef bytes encoded = word.encode(), room = bytes(len(encoded) + LONGER)
        cdef uint8_t *out = <uint8_t *><char *>room
        return out[:self.lemma_of(encoded, len(encoded), out)].decode()

    cdef Py_ssize_t lemma_of(self, const uint8_t *word, Py_ssize_t size, uint8_t *out) except -1 nogil:
        """Write the lemma of a word to `out`, which has room for `size + LONGER`; returns its size."""
        cdef Py_ssize_t rule = self.find(word, size), taken, put
        taken, put = self.at(rule + 1, 2)[0], self.at(rule + 1, 2)[1]
        if taken > size:
            taken = put = 0  # another word's rule
        memcpy(out, word, size - taken)
        memcpy(out + size - taken, self.at(rule + 3, put), put)
        return size - taken + put

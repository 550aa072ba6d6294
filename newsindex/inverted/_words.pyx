# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Words`: from a word or the forms of a pattern to posting lists, and to the marks of the forms of each.

Every word of every search asks each segment for them, and patterns for thousands, so it is done in one call. For
`newsindex.inverted.segment`.
"""

from cython cimport no_gc
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcmp

import numpy as np

from newsindex.inverted._dictionary cimport (
    ENTRY_ROOM,
    MAX_TEXT,
    Cursor,
    Dictionary,
    check_range,
    compare_entry,
    next_entry,
    seek,
    start,
    tail_of,
    whole,
)
from newsindex.inverted._pages cimport Pages
from newsindex.inverted._postings cimport PostingList

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED

cdef int chosen = CHOSEN, alike = ALIKE, typed = TYPED


@no_gc  # as the nodes of plans, which say why
cdef class Meant:
    """The terms that a pattern means in one field of a segment.

    Attributes:
        lists: where each occurs.
        marks: of each, of its forms by their numbers: CHOSEN if one is meant, ALIKE if it is spelled as the pattern is,
            but for diacritics that the pattern lacks, TYPED if just so.
        rests: of each, the marks of the forms beyond.
        every: all marks that some form has.
        df: in how many articles they are at most.
    """

    def __cinit__(self, tuple lists=(), tuple marks=(), tuple rests=(), int every=0):
        cdef PostingList postings
        self.lists, self.marks, self.rests, self.every = lists, marks, rests, every
        for postings in lists:
            self.df += postings.df

    def __len__(self):
        return len(self.lists)


cdef class Words:
    """The words of a field of a segment.

    Args:
        terms, forms: the dictionaries of the segment.
        bounds: the first term of the field, one after its last, and the same of its forms.
        postings, positions, articles: as `PostingList` takes them.
    """

    cdef Dictionary terms, forms
    cdef Py_ssize_t first_term, end_term, first_form, end_form, articles
    cdef Pages postings, positions

    def __init__(self, Dictionary terms not None, Dictionary forms not None, tuple bounds not None,
                 Pages postings not None, Pages positions not None, Py_ssize_t articles):
        self.terms, self.forms = terms, forms
        self.first_term, self.end_term, self.first_form, self.end_form = bounds
        check_range(terms, self.first_term, self.end_term)
        check_range(forms, self.first_form, self.end_form)
        self.postings, self.positions, self.articles = postings, positions, articles

    def look_up(self, tuple names not None, str form not None, str folded not None, bint loose):
        """The terms of these names, without those that are not there, as `Meant`.

        `form` is how the word is spelled, and `folded` that folded; empty where it does not matter. A form of a term is
        ALIKE if it is spelled so, or, if `loose`, with more diacritics, and TYPED if it is spelled just so. All are
        CHOSEN.
        """
        cdef Cursor cursor
        cdef dict lists = {}, marked = {}
        cdef bytes key
        cdef str name
        cdef Py_ssize_t index
        for name in names:
            key = name.encode()
            index = seek(self.terms, &cursor, self.first_term, self.end_term, key, len(key))
            if index < self.end_term and index not in lists and compare_entry(&cursor, key, len(key)) == 0:
                lists[index] = self.open(&cursor)
        if form and lists:
            self.mark(lists, marked, form, folded, loose)
        return self.answer(lists, marked)

    def gather(self, const int64_t[::1] terms, const int64_t[::1] numbers):
        """The terms of some forms, ascending, as `Meant`; of each those forms are CHOSEN. `numbers` are theirs there."""
        cdef Cursor cursor
        cdef Py_ssize_t i = 0, end, count = terms.shape[0]
        cdef PostingList postings
        cdef list lists = [], marks = [], rests = []
        cdef bytes row
        if numbers.shape[0] != count:
            raise ValueError(f"{numbers.shape[0]} numbers of {count} forms")
        cdef const int64_t[::1] order = np.argsort(terms, kind="stable")
        if count:
            check_range(self.terms, terms[order[0]], terms[order[count - 1]] + 1)
        cursor.index = cursor.block_end = 0
        while i < count:
            end = i + 1
            while end < count and terms[order[end]] == terms[order[i]]:
                end += 1
            self.go_to(&cursor, terms[order[i]])
            postings = self.open(&cursor)
            row = chosen_of(postings, order, i, end, numbers)
            lists.append(postings)
            marks.append(row)
            rests.append(0 if row else chosen)
            i = end
        return Meant(tuple(lists), tuple(marks), tuple(rests), chosen if count else 0)

    def whole(self, list terms not None):
        """These terms, ascending, as `Meant`, with all of their forms."""
        cdef Cursor cursor
        cdef list lists = []
        cdef Py_ssize_t term
        cursor.index = cursor.block_end = 0
        for term in terms:
            check_range(self.terms, term, term + 1)
            self.go_to(&cursor, term)
            lists.append(self.open(&cursor))
        return Meant(tuple(lists), (b"",) * len(lists), (chosen,) * len(lists), chosen if lists else 0)

    def begun(self, bytes prefix not None, Py_ssize_t limit):
        """The terms that begin with `prefix`, the first `limit` of them: the number of the first, and all names."""
        cdef Cursor cursor
        cdef uint8_t[ENTRY_ROOM] name
        cdef Py_ssize_t size = len(prefix), index, first
        cdef list names = []
        index = first = seek(self.terms, &cursor, self.first_term, self.end_term, prefix, size)
        while index < self.end_term and len(names) < limit and cursor.size >= size \
                and memcmp(cursor.text, <const uint8_t *>prefix, size) == 0:
            names.append(name[:whole(&cursor, name)].decode())
            index += 1
            if index < self.end_term:
                next_entry(self.terms, &cursor)
        return first, names

    cdef int go_to(self, Cursor *cursor, Py_ssize_t term) except -1:
        """Read a term that there is; of the block where the cursor is, no entry is read again."""
        if not cursor.index <= term < cursor.block_end:
            start(self.terms, cursor, term)
        while cursor.index <= term:
            next_entry(self.terms, cursor)
        return 0

    cdef PostingList open(self, const Cursor *cursor):
        """The posting list of the term read last."""
        cdef PostingList postings = PostingList.__new__(PostingList)
        postings._open(self.postings, self.positions, <Py_ssize_t>cursor.first, <Py_ssize_t>cursor.second, self.articles)
        return postings

    def strangers(self, tuple names not None, str folded not None):
        """The forms whose folded spelling is `folded`, of terms that have none of these names.

        Returns of each how it is spelled, the name and the number of its term, and which of its forms it is.
        """
        cdef Cursor cursor
        cdef uint8_t[2 * MAX_TEXT] tail
        cdef bytes key = folded.encode(), spelling
        cdef Py_ssize_t size = len(key), index
        cdef list found = []
        cdef str name
        index = seek(self.forms, &cursor, self.first_form, self.end_form, key, size)
        while index < self.end_form and cursor.size == size and memcmp(cursor.text, <const uint8_t *>key, size) == 0:
            name = self.terms.entry(<Py_ssize_t>cursor.first).decode()
            if name not in names:
                spelling = tail[:tail_of(&cursor, tail)] if cursor.tail else key
                found.append((spelling.decode(), name, cursor.first, cursor.second))
            index += 1
            if index < self.end_form:
                next_entry(self.forms, &cursor)
        return found

    cdef int mark(self, dict lists, dict marked, str form, str folded, bint loose) except -1:
        """Mark the forms of some terms that are spelled as asked."""
        cdef Cursor cursor
        cdef bytes key = folded.encode(), own = form.encode()
        cdef const uint8_t *text = key
        cdef Py_ssize_t size = len(key), index
        cdef int marks
        cdef PostingList postings
        cdef bytearray row
        index = seek(self.forms, &cursor, self.first_form, self.end_form, key, size)
        while index < self.end_form and cursor.size == size and memcmp(cursor.text, text, size) == 0:
            postings = lists.get(cursor.first)
            marks = self.marks_of(&cursor, form, own, folded, loose) if postings is not None else 0
            if marks:
                if cursor.second >= <size_t>postings.forms:
                    raise ValueError(f"form number {cursor.second} of a term with {postings.forms}")
                row = marked.setdefault(cursor.first, bytearray())
                if <size_t>len(row) <= cursor.second:
                    row.extend(bytes([chosen]) * (cursor.second + 1 - len(row)))
                row[cursor.second] = marks
            index += 1
            if index < self.end_form:
                next_entry(self.forms, &cursor)
        return 0

    cdef int marks_of(self, Cursor *cursor, str form, bytes own, str folded, bint loose) except -1:
        """The marks of the form read last, whose folded form is `folded`; 0 if it is not spelled as asked."""
        cdef uint8_t[2 * MAX_TEXT] tail
        cdef const uint8_t *spelled = cursor.text
        cdef Py_ssize_t size = cursor.size, i
        cdef str spelling
        if cursor.tail:
            size = tail_of(cursor, tail)
            spelled = tail
        if size == len(own) and memcmp(spelled, <const uint8_t *>own, size) == 0:
            return chosen | alike | typed
        if not loose:
            return 0
        spelling = spelled[:size].decode()
        if not len(form) == len(spelling) == len(folded):
            return 0
        for i in range(len(form)):
            if form[i] != spelling[i] and form[i] != folded[i]:
                return 0
        return chosen | alike

    cdef Meant answer(self, dict lists, dict marked):
        cdef int every = chosen, own
        cdef uint8_t mark
        cdef list marks = [], rests = []
        cdef PostingList postings
        cdef bytearray row
        if not marked:
            return Meant(tuple(lists.values()), (b"",) * len(lists), (chosen,) * len(lists), chosen if lists else 0)
        for term, postings in lists.items():
            row = marked.get(term)
            own = chosen
            if row is not None:
                for mark in row:
                    own |= mark
            every |= own
            alone = row is None or postings.forms == 1  # known without looking at forms
            marks.append(b"" if alone else bytes(row))
            rests.append(own if alone else chosen)
        return Meant(tuple(lists.values()), tuple(marks), tuple(rests), every)


cdef bytes chosen_of(PostingList postings, const int64_t[::1] order, Py_ssize_t begin, Py_ssize_t end,
                     const int64_t[::1] numbers):
    """The marks of a term of which the forms of some numbers are meant, those at `order`; none where all are."""
    cdef Py_ssize_t i
    cdef int64_t last = 0
    for i in range(begin, end):
        last = max(last, numbers[order[i]])
        if not 0 <= numbers[order[i]] < postings.forms:
            raise ValueError(f"form number {numbers[order[i]]} of a term with {postings.forms}")
    if end - begin == postings.forms:
        return b""
    cdef bytearray row = bytearray(last + 1)
    for i in range(begin, end):
        row[numbers[order[i]]] = chosen
    return bytes(row)

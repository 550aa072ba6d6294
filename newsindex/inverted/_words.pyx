# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Words`: from a word to the terms it may be, and to the marks of those of their forms that are spelled as it is.

Every word of every search asks each segment for them, so it is done in one call. For `newsindex.inverted.segment`.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp

from newsindex.inverted._dictionary cimport (
    MAX_TEXT,
    Cursor,
    Dictionary,
    check_range,
    compare_entry,
    next_entry,
    seek,
    tail_of,
)
from newsindex.inverted._pages cimport Pages
from newsindex.inverted._postings cimport PostingList

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED

cdef int chosen = CHOSEN, alike = ALIKE, typed = TYPED


cdef class Alternative:
    """One term that a pattern may stand for.

    Attributes:
        postings: where it occurs.
        marks: of each form, by its number: CHOSEN if it is meant, ALIKE if it is spelled as the pattern is, but for
            diacritics that the pattern lacks, TYPED if just so.
        rest: the marks of the forms beyond.
        every: all marks that some form has.
    """

    def __init__(self, PostingList postings not None, bytes marks not None=b"", uint8_t rest=chosen, int every=chosen):
        self.postings, self.marks, self.rest, self.every = postings, marks, rest, every

    @property
    def partial(self):
        """Whether only some of the forms are meant."""
        return not self.rest & chosen

    def tally(self, docs, limits=None):
        """How often it occurs in each of `docs`; see `PostingList.tally`."""
        return self.postings.tally(docs, limits, self.marks, self.rest)


cdef Alternative alternative(PostingList postings, bytes marks, int rest, int every):
    cdef Alternative made = Alternative.__new__(Alternative)
    made.postings, made.marks, made.rest, made.every = postings, marks, rest, every
    return made


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
        """The terms of these names, as far as there are such: `Alternative`s, of which all forms are CHOSEN.

        `form` is how the word is spelled, and `folded` that folded; empty where it does not matter. A form of a term is
        ALIKE if it is spelled so, or, if `loose`, with more diacritics, and TYPED if it is spelled just so.
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
                lists[index] = PostingList(self.postings, self.positions, <Py_ssize_t>cursor.first,
                                           <Py_ssize_t>cursor.second, self.articles)
        if form and lists:
            self.mark(lists, marked, form, folded, loose)
        return [self.answer(postings, marked.get(term)) for term, postings in lists.items()]

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

    cdef Alternative answer(self, PostingList postings, bytearray row):
        cdef int every = chosen
        cdef uint8_t marks
        if row is None:
            return alternative(postings, b"", chosen, chosen)
        for marks in row:
            every |= marks
        if postings.forms == 1:
            return alternative(postings, b"", every, every)  # known without looking at forms
        return alternative(postings, bytes(row), chosen, every)

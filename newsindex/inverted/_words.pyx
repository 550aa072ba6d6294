# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""`Words`: from a word or the forms of a pattern to posting lists, and to the marks of the forms of each.

Every word of every search asks each segment for them, and patterns for thousands, so it is done in one call. For
`newsindex.inverted.segment`.
"""

from cython cimport no_gc
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy, memset

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
from newsindex.inverted._patterns cimport Finder, Found, Owned
from newsindex.inverted._postings cimport PostingList

from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.inverted.entries import READING

cdef int chosen = CHOSEN, alike = ALIKE, typed = TYPED
cdef bytes reading = READING


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
        effort: what it cost to find them, if a pattern was looked for (see `newsindex.inverted._patterns.Found`).
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
        return self.find(_Asked(names, form, folded, loose))

    cdef Meant find(self, _Asked asked):
        cdef Cursor cursor
        cdef list terms = [], lists = []
        cdef bytes key
        cdef Py_ssize_t index
        for key in asked.keys:
            index = seek(self.terms, &cursor, self.first_term, self.end_term, key, len(key))
            if index < self.end_term and compare_entry(&cursor, key, len(key)) == 0 and index not in terms:
                terms.append(index)
                lists.append(self.open(&cursor))
        cdef list rows = [b""] * len(lists)
        if asked.strangers is not None or (asked.form and lists):
            self.mark(terms, lists, rows, asked)
        return answer(lists, rows) if lists else Meant()

    def gather(self, const int64_t[::1] terms, const int64_t[::1] numbers):
        """The terms of some forms as `Meant`; of each those forms are CHOSEN. `numbers` are theirs there."""
        cdef Found found = Found()
        cdef Py_ssize_t i
        if numbers.shape[0] != terms.shape[0]:
            raise ValueError(f"{numbers.shape[0]} numbers of {terms.shape[0]} forms")
        for i in range(terms.shape[0]):
            check_range(self.terms, terms[i], terms[i] + 1)
            found.put(terms[i], numbers[i], 0)
        return self.owners(found)

    def expand(self, Finder finder not None):
        """The terms of the forms that a finder finds, as `gather`."""
        return self.expanded(finder, Found())

    cdef Meant expanded(self, Finder finder, Found found):
        cdef Py_ssize_t end = self.end_form
        cdef Cursor cursor
        if not finder.prefix:
            # Forms read as other words occur where these do, and are no more words.
            end = seek(self.forms, &cursor, self.first_form, end, reading, len(reading))
        cdef int64_t before = found.effort
        cdef Meant meant
        found.count = 0
        finder.find(self.forms, self.first_form, end, found)
        meant = self.owners(found)
        meant.effort = found.effort - before
        return meant

    cdef Meant owners(self, Found found):
        """The terms of the forms that were found, as `gather`."""
        cdef Cursor cursor
        cdef Py_ssize_t i = 0, end, room = self.forms.count
        cdef PostingList postings
        cdef list lists = [], marks = [], rests = []
        cdef bytes row
        if found.count:  # else there may be no memory either
            qsort(found.owned, found.count, sizeof(Owned), compare_terms)
        cursor.index = cursor.block_end = 0
        while i < found.count:
            end = i + 1
            while end < found.count and found.owned[end].term == found.owned[i].term:
                end += 1
            self.go_to(&cursor, found.owned[i].term)
            postings = self.open(&cursor)
            row = chosen_of(postings, found.owned + i, end - i)
            # Every number is that of a form, so all rows take no more bytes than there are forms. A file that says that
            # each term has as many as all of them would take as many times that.
            room -= len(row)
            if room < 0:
                raise ValueError(f"terms with more forms than the {self.forms.count} that there are")
            lists.append(postings)
            marks.append(row)
            rests.append(0 if row else chosen)
            i = end
        return Meant(tuple(lists), tuple(marks), tuple(rests), chosen if found.count else 0)

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
        cdef list found = []
        look_up_in([self], names, "", folded, False, found)
        return [one for _, one in found]

    cdef tuple stranger(self, const Cursor *cursor, bytes folded):
        cdef uint8_t[2 * MAX_TEXT] tail
        cdef bytes spelling = tail[:tail_of(cursor, tail)] if cursor.tail else folded
        return spelling.decode(), self.terms.entry(<Py_ssize_t>cursor.first).decode(), cursor.first, cursor.second

    cdef int mark(self, list terms, list lists, list rows, _Asked asked) except -1:
        """Mark the forms of some terms that are spelled as asked; and collect those of other terms."""
        cdef Cursor cursor
        cdef const uint8_t *text = asked.folded_key
        cdef Py_ssize_t size = len(asked.folded_key), index, k
        cdef int marks
        index = seek(self.forms, &cursor, self.first_form, self.end_form, text, size)
        while index < self.end_form and cursor.size == size and memcmp(cursor.text, text, size) == 0:
            for k in range(len(terms)):
                if <uint64_t>terms[k] == cursor.first:
                    marks = marks_of(&cursor, asked)
                    if marks:
                        rows[k] = marked(rows[k], lists[k], cursor.second, <uint8_t>marks)
                    break
            else:
                if asked.strangers is not None:
                    asked.strangers.append((asked.number, self.stranger(&cursor, asked.folded_key)))
            index += 1
            if index < self.end_form:
                next_entry(self.forms, &cursor)
        return 0


cdef class _Asked:
    """A word that is looked up: the names of its terms, and how it is spelled."""

    cdef list keys
    cdef str form, folded
    cdef bytes form_key, folded_key
    cdef bint loose
    cdef list strangers  # None where these are not asked for
    cdef Py_ssize_t number  # of the segment that is asked

    def __cinit__(self, tuple names not None, str form not None, str folded not None, bint loose):
        cdef str name
        self.keys = [name.encode() for name in names]
        self.form, self.folded, self.loose = form, folded, loose
        self.form_key, self.folded_key = form.encode(), folded.encode()


def look_up_in(list segments not None, tuple names not None, str form not None, str folded not None, bint loose,
               list strangers=None):
    """What `Words.look_up` says in each of several segments, given the `Words` of each, or None: a list of `Meant`.

    What `Words.strangers` finds there is added to `strangers`, if given: pairs of the number of a segment and that.
    """
    cdef _Asked asked = _Asked(names, form, folded, loose)
    cdef Words words
    cdef list found = []
    asked.strangers = strangers
    for asked.number, words in enumerate(segments):
        found.append(words.find(asked) if words is not None else Meant())
    return found


def expand_in(list segments not None, Finder finder not None, int64_t most):
    """What `Words.expand` says in each of several segments, given the `Words` of each, or None: a list of `Meant`.

    Raises TooWideError if that costs more than `most`.
    """
    cdef Found found = Found(most)
    cdef Words words
    return [words.expanded(finder, found) if words is not None else Meant() for words in segments]


cdef int marks_of(Cursor *cursor, _Asked asked) except -1:
    """The marks of the form read last, which has the folded form asked for; 0 if it is not spelled as asked."""
    cdef uint8_t[2 * MAX_TEXT] tail
    cdef const uint8_t *spelled = cursor.text
    cdef const uint8_t *own = asked.form_key
    cdef Py_ssize_t size = cursor.size, i
    cdef str spelling, form = asked.form, folded = asked.folded
    if cursor.tail:
        size = tail_of(cursor, tail)
        spelled = tail
    if size == len(asked.form_key) and memcmp(spelled, own, size) == 0:
        return chosen | alike | typed
    if not asked.loose:
        return 0
    spelling = spelled[:size].decode()
    if not len(form) == len(spelling) == len(folded):
        return 0
    for i in range(len(form)):
        if form[i] != spelling[i] and form[i] != folded[i]:
            return 0
    return chosen | alike


cdef bytes marked(bytes row, PostingList postings, uint64_t form, uint8_t marks):
    """The marks of the forms of a term, with those of one more; those between are only chosen."""
    if form >= <uint64_t>postings.forms:
        raise ValueError(f"form number {form} of a term with {postings.forms}")
    cdef Py_ssize_t size = len(row)
    cdef bytes longer = PyBytes_FromStringAndSize(NULL, max(size, <Py_ssize_t>form + 1))
    cdef uint8_t *out = <uint8_t *>PyBytes_AS_STRING(longer)
    memset(out, chosen, len(longer))
    memcpy(out, <const uint8_t *>row, size)
    out[form] = marks
    return longer


cdef Meant answer(list lists, list rows):
    """Terms with the marks of their forms; none where these are known without a look at the forms."""
    cdef int every = chosen, own
    cdef Py_ssize_t k, i
    cdef PostingList postings
    cdef bytes row
    cdef const uint8_t *marks
    cdef list rests = [chosen] * len(lists)
    for k, row in enumerate(rows):
        own, marks, postings = chosen, row, lists[k]
        for i in range(len(row)):
            own |= marks[i]
        every |= own
        if postings.forms == 1:
            rows[k], rests[k] = b"", own
    return Meant(tuple(lists), tuple(rows), tuple(rests), every)


cdef int compare_terms(const void *one, const void *other) noexcept nogil:
    cdef int64_t a = (<const Owned *>one).term, b = (<const Owned *>other).term
    return (a > b) - (a < b)


cdef bytes chosen_of(PostingList postings, const Owned *found, Py_ssize_t count):
    """The marks of a term of which some forms are meant; none where all are."""
    cdef Py_ssize_t i
    cdef int64_t last = 0
    cdef bytes row
    for i in range(count):
        last = max(last, found[i].number)
        if not 0 <= found[i].number < postings.forms:
            raise ValueError(f"form number {found[i].number} of a term with {postings.forms}")
    if count == postings.forms:
        return b""
    row = PyBytes_FromStringAndSize(NULL, last + 1)
    cdef uint8_t *marks = <uint8_t *>PyBytes_AS_STRING(row)
    memset(marks, 0, last + 1)
    for i in range(count):
        marks[found[i].number] = <uint8_t>chosen
    return row

# cython: language_level=3
"""`Hit`: one line of a page of results; `Hits`: the page, which makes each when it is looked at.

A page of ten hits makes ten of these and asks each for four columns, which is most of what a quick search costs but
for the search: so they are C objects that read the columns without a Python call in between. A page of all articles
of an archive costs what of it is looked at.
"""

from cython cimport freelist

from newsindex._found cimport Found, Place
from newsindex.inverted._columns cimport Rows

from newsindex.errors import QueryError

cdef enum:
    SHORTEST = 20
    LONGEST = 10_000


@freelist(64)
cdef class Hit:
    """One article found. Two are equal if they show the same article of one generation, with one score.

    Attributes:
        score: how well it answers; comparable within one search only. 1 where nothing was there to score.
    """

    cdef readonly double score
    cdef Rows _rows
    cdef object _segment
    cdef Py_ssize_t _doc
    cdef object _highlighter

    def __cinit__(self, double score, segment, Py_ssize_t doc, highlighter):
        self.score = score
        self._rows = segment.segment.rows
        self._segment = segment
        self._doc = doc
        self._highlighter = highlighter

    def __repr__(self):
        return f"Hit(score={self.score!r})"

    def __eq__(self, other):
        if type(other) is not Hit:
            return NotImplemented
        cdef Hit one = other
        return self._segment is one._segment and self._doc == one._doc and self.score == one.score

    def __hash__(self):
        return hash((self._segment, self._doc))

    @property
    def id(self):
        """The article's id."""
        return self._rows.id(self._doc)

    @property
    def title(self):
        """The article's title."""
        return self._rows.title(self._doc)

    @property
    def date(self):
        """The article's date: None, a date, or an aware datetime."""
        return self._rows.date(self._doc)

    @property
    def source(self):
        """The article's source."""
        return self._rows.source(self._doc)

    @property
    def article(self):
        """The whole article, decoded at each call."""
        return self._segment.articles.read(self._doc)

    def snippet(self, chars=200, before="**", after="**"):
        """About `chars` characters that show why the article was found, the words found between `before` and `after`.

        One line; an ellipsis where the text goes on. The marks and ellipses are not counted in `chars`.

        Raises:
            QueryError: `chars` is not between 20 and 10,000.
        """
        if type(chars) is not int or not SHORTEST <= chars <= LONGEST:
            hint = f"use {SHORTEST} to {LONGEST}"
            raise QueryError(f"a snippet of {chars!r:.40} characters is out of range", hint=hint)
        body = self._segment.articles.body(self._doc)
        segment = self._segment.segment
        return self._highlighter.snippet(segment, self._doc, body, chars=chars, before=before, after=after)


cdef class Hits:
    """The hits of a page, in order; a sequence.

    Args:
        found: what they are.
        segments: those of the generation, by number.
        highlighter: makes the snippets of this search.
    """

    cdef Found found
    cdef list segments
    cdef object highlighter

    def __cinit__(self, Found found not None, list segments not None, highlighter):
        self.found, self.segments, self.highlighter = found, segments, highlighter

    cdef Hit hit(self, Py_ssize_t index):
        cdef const Place *place = &self.found.places[index]
        return Hit(place.score, self.segments[place.segment], place.doc, self.highlighter)

    def __len__(self):
        return self.found.size

    def __iter__(self):
        cdef Py_ssize_t index
        for index in range(self.found.size):
            yield self.hit(index)

    def __getitem__(self, index):
        cdef Py_ssize_t at, size = self.found.size
        if isinstance(index, slice):
            return tuple([self.hit(at) for at in range(*index.indices(size))])
        at = index
        at += size if at < 0 else 0
        if not 0 <= at < size:
            raise IndexError(f"hit {index} of a page of {size}")
        return self.hit(at)

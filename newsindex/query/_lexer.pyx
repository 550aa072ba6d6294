# cython: language_level=3
"""`scan`: from a query string to its lexemes, the first of the two steps of `newsindex.query.language`, its only caller.

Everything that can be refused by looking at characters is refused here, with its position. One pass over the string
that never goes back, and no more than `MAX_CLAUSES` words. Compiled, since a query would spend most of its time before
the first posting here; `tests/query/lexer_twin.py` says the same in regular expressions.
"""

import re
import unicodedata

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ

from newsindex.analysis import dot_groups
from newsindex.errors import QueryError
from newsindex.query import fields, lexer
from newsindex.query.lexer import Kind

cdef extern from "Python.h":
    bint Py_UNICODE_ISSPACE(Py_UCS4 c) noexcept nogil
    bint Py_UNICODE_ISALNUM(Py_UCS4 c) noexcept nogil
    bint Py_UNICODE_ISDECIMAL(Py_UCS4 c) noexcept nogil

cdef object SPACE = Kind.SPACE, OPEN = Kind.OPEN, CLOSE = Kind.CLOSE, NOT = Kind.NOT, PLUS = Kind.PLUS
cdef object FIELD = Kind.FIELD, WORD = Kind.WORD, PATTERN = Kind.PATTERN, FUZZY = Kind.FUZZY, PHRASE = Kind.PHRASE
cdef object RANGE = Kind.RANGE, COMPARE = Kind.COMPARE, BOOST = Kind.BOOST
cdef frozenset UNWEIGHABLE = frozenset({SPACE, OPEN, Kind.AND, Kind.OR, NOT, PLUS, FIELD, BOOST})

cdef dict OPERATORS = lexer.OPERATORS
cdef Py_ssize_t MAX_LEXEMES = lexer.MAX_LEXEMES, MAX_CLAUSES = lexer.MAX_CLAUSES, MAX_DEPTH = lexer.MAX_DEPTH
cdef Py_ssize_t MAX_PATTERN = lexer.MAX_PATTERN, MAX_SLOP = lexer.MAX_SLOP
cdef double MAX_BOOST = lexer.MAX_BOOST

cdef dict _CONTROLS = dict.fromkeys((*range(1, 32), *range(127, 160)), " ")
cdef str _ADVICE = 'put text that holds such characters into quotes: "…"'

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_WHOLE = re.compile("[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


cdef class Lexeme:
    """A piece of a query string: the characters from `start` to before `end`.

    Attributes:
        parts: the words of a phrase, the parts of a range.
        number: of a boost, a slop, a fuzzy distance.
    """

    def __repr__(self):
        return f"<{self.kind} {self.start}:{self.end} {self.text!r} {self.parts!r} {self.number}>"


cdef Lexeme lexeme(object kind, Py_ssize_t start, Py_ssize_t end, str text="", tuple parts=(), double number=0):
    cdef Lexeme made = Lexeme.__new__(Lexeme)
    made.kind, made.start, made.end, made.text, made.parts, made.number = kind, start, end, text, parts, number
    return made


def scan(query):
    """The lexemes of a query string; together they cover it from end to end.

    Raises:
        QueryError: the string is over a limit, or something in it is left open or cannot be read.

    >>> [lexeme.kind.name for lexeme in scan("titlu:buget^2 -guvern~1")]
    ['FIELD', 'WORD', 'BOOST', 'SPACE', 'NOT', 'FUZZY']
    """
    cdef str text = dot_groups(lexer.check_text(query))  # before a line break becomes a space
    return _Scanner(text if text.isprintable() else text.translate(_CONTROLS), query).run()


cdef class _Scanner:
    """One walk over one string. `text` is `query` with its control characters made spaces, and a dot for each
    space inside a number, at the same offsets."""

    cdef str text
    cdef object query
    cdef const void* data
    cdef int width
    cdef Py_ssize_t size, clauses
    cdef list lexemes
    cdef list open  # positions of the parentheses that are not closed yet
    cdef Lexeme last

    def __init__(self, str text, query):
        self.text = text
        self.query = query
        self.data = PyUnicode_DATA(text)
        self.width = PyUnicode_KIND(text)
        self.size = len(text)
        self.lexemes = []
        self.open = []

    cdef list run(self):
        cdef Py_ssize_t position = 0
        cdef Lexeme found
        while position < self.size:
            found = self.next(position)
            position = found.end
            if found.kind is SPACE and self.last is not None and self.last.kind is SPACE:
                self.last.end = position
                continue
            self.lexemes.append(found)
            self.last = found
            if len(self.lexemes) > MAX_LEXEMES:
                raise self.error("the query has too many operators", found.start, "shorten it, or ask several")
        if self.open:
            raise self.error("'(' is never closed", self.open[-1], "add ')', or put it into quotes")
        return self.lexemes

    cdef object error(self, str message, Py_ssize_t position, str hint):
        return QueryError(message, query=self.query, position=position, hint=hint)

    # Characters.

    cdef inline Py_UCS4 at(self, Py_ssize_t i) noexcept:
        """A character; 0, which no query holds, outside."""
        return PyUnicode_READ(self.width, self.data, i) if 0 <= i < self.size else 0

    cdef Py_ssize_t space_end(self, Py_ssize_t i) noexcept:
        """Where the spaces end that begin at i, and the punctuation and signs that stand alone among them."""
        cdef Py_ssize_t j
        cdef Py_UCS4 c
        while i < self.size:
            c = self.at(i)
            if Py_UNICODE_ISSPACE(c) or c in ",;!…–—|":
                i += 1
                continue
            j = i
            while self.at(j) in "+-":
                j += 1
            if j == i or (j < self.size and not Py_UNICODE_ISSPACE(self.at(j))):
                break
            i = j
        return i

    cdef Py_ssize_t word_end(self, Py_ssize_t i) noexcept:
        """Where a word ends that begins at i: commas and dashes between digits are part of it, and what is escaped."""
        cdef Py_UCS4 c
        while i < self.size:
            c = self.at(i)
            if c == u"\\":
                i += 1 + (i + 1 < self.size)
            elif c in ",–—" and Py_UNICODE_ISDECIMAL(self.at(i - 1)) and Py_UNICODE_ISDECIMAL(self.at(i + 1)):
                i += 1
            elif Py_UNICODE_ISSPACE(c) or c in "()[]{}\"„“”«»^~,;!…–—|":
                break
            else:
                i += 1
        return i

    cdef Py_ssize_t name_end(self, Py_ssize_t i) noexcept:
        """Where the name of a field ends that begins at i; i where there is none. What follows is for the caller."""
        cdef Py_ssize_t start = i
        cdef Py_UCS4 c = self.at(i)
        if not (Py_UNICODE_ISALNUM(c) and not Py_UNICODE_ISDECIMAL(c)):
            return start
        while Py_UNICODE_ISALNUM(c) or c == u"_" or 0x300 <= c <= 0x36F:
            i += 1
            c = self.at(i)
        return i

    cdef str suffix(self, Py_ssize_t mark):
        """What stands behind the ~ or ^ at `mark`."""
        cdef Py_ssize_t i = mark + 1
        cdef Py_UCS4 c
        while i < self.size:
            c = self.at(i)
            if Py_UNICODE_ISSPACE(c) or c in "()^~\"„“”«»":
                break
            i += 1
        return self.text[mark + 1:i]

    # Lexemes.

    cdef Lexeme next(self, Py_ssize_t start):
        cdef Py_UCS4 character = self.at(start)
        cdef Py_ssize_t end = self.space_end(start)
        if end > start:
            return lexeme(SPACE, start, end)
        if character in "()":
            return self.parenthesis(start)
        if is_quote(character):
            return self.phrase(start, start)
        if character in "[{":
            return self.range(start)
        if character in "]}»":
            raise self.error(f"{chr(character)!r} closes nothing", start, _ADVICE)
        if character == u"^":
            return self.boost(start)
        if character == u"~":
            raise self.error(
                "'~' stands behind no word or phrase", start, f'write cuvânt~1 or "două cuvinte"~3; {_ADVICE}'
            )
        if character in "+-":
            return self.sign(start)
        return self.clause(start)

    cdef bint after_field(self, Py_ssize_t start):
        return self.last is not None and self.last.kind is FIELD and self.last.end == start

    cdef Lexeme parenthesis(self, Py_ssize_t start):
        if self.at(start) == u"(":
            self.open.append(start)
            if len(self.open) > MAX_DEPTH:
                raise self.error(f"parentheses nest deeper than {MAX_DEPTH}", start, "simplify the query")
            return lexeme(OPEN, start, start + 1)
        if not self.open:
            raise self.error("')' closes nothing", start, "add '(' before it, or put it into quotes")
        self.open.pop()
        return lexeme(CLOSE, start, start + 1)

    cdef Lexeme sign(self, Py_ssize_t start):
        cdef Py_ssize_t end = start
        while self.at(end) in "+-":
            end += 1
        if end - start > 1:
            raise self.error(f"{self.text[start:min(end, start + 20)]!r} is more than one sign", start, _ADVICE)
        cdef str sign = self.text[start:end]
        if self.after_field(start):
            raise self.error(f"{sign!r} stands behind a field", start, f"write {sign}{self.last.text}:… instead")
        return lexeme(PLUS if sign == "+" else NOT, start, end)

    cdef Lexeme clause(self, Py_ssize_t start):
        cdef Py_UCS4 c = self.at(start), following = self.at(start + 1)
        cdef Lexeme field
        if c == u"*" and self.is_everything(start):
            self.count(1, start)
            return lexeme(PATTERN, start, start + 3, "*")
        if c in "<>":
            if following == u"=":
                following = self.at(start + 2)
            if Py_UNICODE_ISDECIMAL(following) or following == u"*" or self.after_field(start):
                return self.compare(start)
        field = self.field(start)
        if field is not None:
            return field
        if c == u"=":
            following = self.at(start + 1)
            if following == u"(":
                raise self.error("'=' stands before a group", start, "put it before each word: =unu =doi")
            if is_quote(following):
                return self.phrase(start, start + 1)
        return self.word(start)

    cdef bint is_everything(self, Py_ssize_t start) noexcept:
        cdef Py_UCS4 behind = self.at(start + 3)
        if self.at(start + 1) != u":" or self.at(start + 2) != u"*":
            return False
        return behind == 0 or behind in "()^" or Py_UNICODE_ISSPACE(behind)

    cdef Lexeme field(self, Py_ssize_t start):
        cdef Py_ssize_t end = self.name_end(start)
        cdef Py_UCS4 following
        if end - start == 5 and self.at(end) == u"." and self.text[start:end].lower() == "extra" \
                and self.name_end(end + 1) > end + 1:
            end = self.name_end(end + 1)
        if end == start or self.at(end) != u":":
            return None
        cdef str name = self.text[start:end]
        end += 1
        following = self.at(end)
        if self.after_field(start):
            if following == 0 or following in "/\\:" or fields.known(self.last.text) == fields.DATE:
                return None
            raise self.error(f"field {name!r} stands inside another field", start, _ADVICE)
        if following != 0 and following not in "/\\:)" and not Py_UNICODE_ISSPACE(following):
            return lexeme(FIELD, start, end, name)
        # "Guvernul: ce urmează" is prose, but titlu: asks for something.
        if following not in "/\\:" and fields.known(name) is not None:
            raise self.error(f"nothing follows the field {name}:", start, f"write {name}:word, without a space")
        return None

    cdef Lexeme word(self, Py_ssize_t start):
        cdef Py_ssize_t end = self.word_end(start), begin = start
        cdef str raw, text
        cdef bint exact = self.at(start) == u"="
        if end == start:  # a character that stands between words
            return lexeme(SPACE, start, start + 1)
        raw = self.text[start:end]
        if end - start < 5:
            operator = OPERATORS.get(raw if raw.isascii() else unicodedata.normalize("NFC", raw))
            if operator is not None and not self.after_field(start):
                return lexeme(operator, start, end, raw)
        while begin < end and self.at(begin) == u"=":
            begin += 1
        raw = self.text[begin:end]
        text = raw
        if "\\" in raw:
            plain = _ESCAPE.sub("", raw)
            if "*" in plain or "?" in plain:
                return self.pattern(start, end, raw, exact)
            text = _ESCAPE.sub(r"\1", raw).lstrip("=")
        elif "*" in raw or "?" in raw:
            return self.pattern(start, end, raw, exact)
        if not is_searchable(text):
            if exact:
                raise self.error("'=' stands before no word", start, "write =cuvânt, without a space")
            return lexeme(SPACE, start, end)
        self.count(1, start)
        if self.at(end) == u"~":
            return self.fuzzy(start, end, text, exact)
        return lexeme(WORD, start, end, "=" + text if exact else text)

    cdef Lexeme pattern(self, Py_ssize_t start, Py_ssize_t end, str raw, bint exact):
        if exact:
            raise self.error("'=' asks for one exact form, * and ? for many", start, "leave out one of them")
        # An escaped wildcard is punctuation, which no word holds: there the pattern falls into two.
        cdef str text = _ESCAPE.sub(lambda match: " " if match[1] in "*?" else match[1], raw)
        if text.strip("*") and not is_searchable(text):
            raise self.error("a pattern needs a letter or a digit", start, "write minis?ru or inflați*; " + _ADVICE)
        self.check_length(start, text)
        self.count(1, start)
        if self.at(end) == u"~":
            raise self.error("a pattern cannot be fuzzy too", end, "leave out '~' or the wildcard")
        return lexeme(PATTERN, start, end, text)

    cdef Lexeme fuzzy(self, Py_ssize_t start, Py_ssize_t tilde, str text, bint exact):
        if exact:
            raise self.error("'=' asks for one exact form, '~' for similar ones", start, "leave out one of them")
        self.check_length(start, text)
        cdef str suffix = self.suffix(tilde)
        if suffix not in ("", "1", "2"):
            raise self.error(
                f"'~{suffix[:20]}' is no number of letters that may differ", tilde, f"write ~1 or ~{lexer.MAX_FUZZY}"
            )
        return lexeme(FUZZY, start, tilde + 1 + len(suffix), text, (), int(suffix or 1))

    cdef Lexeme phrase(self, Py_ssize_t start, Py_ssize_t quote):
        """The phrase whose opening quote is at `quote`; an = before it is at `start`."""
        cdef Py_ssize_t end = self.quoted(quote), slop = 0
        cdef str suffix
        cdef list words = []
        cdef bint searchable = False
        for word in self.text[quote + 1:end - 1].split():
            word = unescaped(word)
            if is_searchable(word):
                searchable = True
            elif word not in ("<", "<=", ">", ">="):
                continue  # a sign that compares dates is kept, lest ">= ieri" means ieri; among words it is punctuation
            words.append("=" + word.lstrip("=") if start < quote else word)
        if not searchable:
            raise self.error("there is no word between the quotes", quote, "write the phrase between them")
        self.count(len(words), start)
        if self.at(end) == u"~":
            suffix = self.suffix(end)
            if not _WHOLE.fullmatch(suffix) or int(suffix) > MAX_SLOP:
                hint = f'write "…"~3, with a number from 0 to {MAX_SLOP}'
                raise self.error(f"'~{suffix[:20]}' is no number of words that may stand between", end, hint)
            slop = int(suffix)
            end += 1 + len(suffix)
        return lexeme(PHRASE, start, end, "", tuple(words), slop)

    cdef Py_ssize_t quoted(self, Py_ssize_t quote) except -1:
        """The position behind the quote that closes the one at `quote`."""
        cdef Py_UCS4 c, opening = self.at(quote)
        cdef str closers = '"' if opening == u'"' else "»" if opening == u"«" else '”"“' if opening == u"„" else '”"'
        cdef Py_ssize_t end = quote + 1
        while end < self.size:
            c = self.at(end)
            if c in closers:
                return end + 1
            end += 2 if c == u"\\" else 1
        raise self.error(f"{chr(opening)} is never closed", quote, f"add {closers[0]} at the end of the phrase")

    cdef Lexeme range(self, Py_ssize_t start):
        cdef Py_ssize_t end = start
        while end < self.size and self.at(end) not in "]}":
            end += 1
        if end == self.size:
            raise self.error(f"{chr(self.at(start))!r} is never closed", start, "add ']', or put it into quotes")
        cdef list parts = self.text[start + 1:end].split()
        marks = [index for index, part in enumerate(parts) if part.upper() in ("TO", "LA")]
        if len(marks) != 1:
            raise self.error("this is no range of dates", start, f"write data:[2025-01 TO 2025-03]; {_ADVICE}")
        sides = [" ".join(side).strip("'\"*") for side in (parts[:marks[0]], parts[marks[0] + 1:])]
        self.count(2, start)
        return lexeme(RANGE, start, end + 1, "", (self.text[start:start + 1], *sides, self.text[end:end + 1]))

    cdef Lexeme compare(self, Py_ssize_t start):
        cdef Py_ssize_t end, value = start + (2 if self.at(start + 1) == u"=" else 1)
        cdef str text
        if is_quote(self.at(value)):
            end = self.quoted(value)
            text = self.text[value + 1:end - 1]
        else:
            end = self.word_end(value)
            text = self.text[value:end]
        if not is_searchable(text):
            raise self.error(f"no date follows {self.text[start:value]}", start, "write data:>=2025-08-01")
        self.count(1, start)
        return lexeme(COMPARE, start, end, self.text[start:value] + text)

    cdef Lexeme boost(self, Py_ssize_t start):
        if self.last is None or self.last.kind in UNWEIGHABLE:
            raise self.error("'^' stands behind nothing that it could weigh", start, f"write cuvânt^2; {_ADVICE}")
        cdef str suffix = self.suffix(start)
        if not _DECIMAL.fullmatch(suffix) or float(suffix) > MAX_BOOST:
            hint = f"write ^2 or ^0.5, a number from 0 to {MAX_BOOST:g}"
            raise self.error(f"'^{suffix[:20]}' is no weight", start, hint)
        return lexeme(BOOST, start, start + 1 + len(suffix), "", (), float(suffix))

    cdef int check_length(self, Py_ssize_t start, str text) except -1:
        if len(text) > MAX_PATTERN:
            raise self.error(f"a pattern of {len(text)} characters is too long", start, f"keep it to {MAX_PATTERN}")
        return 0

    cdef int count(self, Py_ssize_t clauses, Py_ssize_t position) except -1:
        self.clauses += clauses
        if self.clauses > MAX_CLAUSES:
            raise self.error(f"the query has more than {MAX_CLAUSES} words", position, "shorten it, or ask several")
        return 0


cdef inline bint is_quote(Py_UCS4 c) noexcept:
    return c in '"„“”«'


cdef bint is_searchable(str text) noexcept:
    cdef Py_UCS4 c
    for c in text:
        if Py_UNICODE_ISALNUM(c):
            return True
    return False


cdef str unescaped(str word):
    """A word of a phrase as it is meant: an escaped = is no sign of exactness."""
    if "\\" not in word:
        return word
    text = _ESCAPE.sub(r"\1", word)
    return text.lstrip("=") if word.startswith("\\") else text

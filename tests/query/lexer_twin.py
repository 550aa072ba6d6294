"""The slow twin of `newsindex.query._lexer`: the same lexemes and the same errors, by regular expressions."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import attrs

from newsindex.analysis import dot_groups
from newsindex.errors import QueryError
from newsindex.query import fields
from newsindex.query.lexer import (
    MAX_BOOST,
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_FUZZY,
    MAX_LEXEMES,
    MAX_PATTERN,
    MAX_SLOP,
    OPERATORS,
    Kind,
    check_text,
)


@attrs.frozen
class Lexeme:
    """A piece of a query string: the characters from `start` to before `end`."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    parts: tuple[str, ...] = ()  # the words of a phrase, the parts of a range
    number: float = 0  # of a boost, a slop, a fuzzy distance


_CLOSERS: Final = {'"': '"', "„": '”"“', "“": '”"', "”": '”"', "«": "»"}
_CONTROLS: Final = dict.fromkeys((*range(1, 32), *range(127, 160)), " ")
_ADVICE: Final = 'put text that holds such characters into quotes: "…"'

# Sets of characters without nested repetition: none of these can backtrack.
_SPACE: Final = re.compile(r"(?:[\s,;!…–—|]++|[+-]++(?=\s|\Z))+")
_EVERYTHING: Final = re.compile(r"\*:\*(?![^\s()^])")
_FIELD: Final = re.compile(r"((?:extra\.)?[^\W\d_][\w\u0300-\u036f]*):", re.IGNORECASE)
_WORD: Final = re.compile(r"(?:(?<=\d)[,–—](?=\d)|\\.|\\|[^\s()\[\]{}\"„“”«»^~\\,;!…–—|])+", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.?)", re.DOTALL)
_SUFFIX: Final = re.compile(r"[^\s()^~\"„“”«»]*")
_COMPARE: Final = re.compile(r"[<>]=?(?=[\d*])")
_SIGNS: Final = re.compile(r"[+-]++")


def scan(query: str) -> list[Lexeme]:
    """As `newsindex.query._lexer.scan`."""
    return _Scanner(_sound(query), query).run()


def _sound(query: object) -> str:
    text = dot_groups(check_text(query))  # before a line break becomes a space
    return text if text.isprintable() else text.translate(_CONTROLS)


def _is_searchable(text: str) -> bool:
    return any(map(str.isalnum, text))


def _is_searchable_or_sign(text: str) -> bool:
    return _is_searchable(text) or text in ("<", "<=", ">", ">=")


class _Scanner:
    """One walk over one string. `text` is `query` with its control characters made spaces, and a dot for each
    space inside a number, at the same offsets."""

    def __init__(self, text: str, query: str) -> None:
        self.text = text
        self.query = query
        self.lexemes: list[Lexeme] = []
        self.open: list[int] = []  # positions of the parentheses that are not closed yet
        self.clauses = 0

    def run(self) -> list[Lexeme]:
        position = 0
        while position < len(self.text):
            lexeme = self.next(position)
            position = lexeme.end
            if lexeme.kind is Kind.SPACE and self.lexemes and self.lexemes[-1].kind is Kind.SPACE:
                lexeme = Lexeme(Kind.SPACE, self.lexemes.pop().start, position)
            self.lexemes.append(lexeme)
            if len(self.lexemes) > MAX_LEXEMES:
                raise self.error("the query has too many operators", lexeme.start, "shorten it, or ask several")
        if self.open:
            raise self.error("'(' is never closed", self.open[-1], "add ')', or put it into quotes")
        return self.lexemes

    def error(self, message: str, position: int, hint: str) -> QueryError:
        return QueryError(message, query=self.query, position=position, hint=hint)

    def next(self, start: int) -> Lexeme:
        character = self.text[start]
        if space := _SPACE.match(self.text, start):
            return Lexeme(Kind.SPACE, start, space.end())
        if character in "()":
            return self.parenthesis(start)
        if character in _CLOSERS:
            return self.phrase(start, start)
        if character in "[{":
            return self.range(start)
        if character in "]}»":
            raise self.error(f"{character!r} closes nothing", start, _ADVICE)
        if character == "^":
            return self.boost(start)
        if character == "~":
            raise self.error(
                "'~' stands behind no word or phrase", start, f'write cuvânt~1 or "două cuvinte"~3; {_ADVICE}'
            )
        if character in "+-":
            return self.sign(start)
        return self.clause(start)

    def after_field(self, start: int) -> bool:
        return bool(self.lexemes) and self.lexemes[-1].kind is Kind.FIELD and self.lexemes[-1].end == start

    def parenthesis(self, start: int) -> Lexeme:
        if self.text[start] == "(":
            self.open.append(start)
            if len(self.open) > MAX_DEPTH:
                raise self.error(f"parentheses nest deeper than {MAX_DEPTH}", start, "simplify the query")
            return Lexeme(Kind.OPEN, start, start + 1)
        if not self.open:
            raise self.error("')' closes nothing", start, "add '(' before it, or put it into quotes")
        self.open.pop()
        return Lexeme(Kind.CLOSE, start, start + 1)

    def sign(self, start: int) -> Lexeme:
        run = _SIGNS.match(self.text, start)
        assert run is not None
        if len(run[0]) > 1:
            raise self.error(f"{run[0][:20]!r} is more than one sign", start, _ADVICE)
        sign = run[0]
        if self.after_field(start):
            name = self.lexemes[-1].text
            raise self.error(f"{sign!r} stands behind a field", start, f"write {sign}{name}:… instead")
        return Lexeme(Kind.PLUS if sign == "+" else Kind.NOT, start, start + 1)

    def clause(self, start: int) -> Lexeme:
        if every := _EVERYTHING.match(self.text, start):
            self.count(1, start)
            return Lexeme(Kind.PATTERN, start, every.end(), "*")
        compare = _COMPARE.match(self.text, start)
        if compare or (self.text[start] in "<>" and self.after_field(start)):
            return self.compare(start)
        if field := self.field(start):
            return field
        if self.text[start] == "=" and self.text[start + 1 : start + 2] in ("(", *_CLOSERS):
            if self.text[start + 1] == "(":
                raise self.error("'=' stands before a group", start, "put it before each word: =unu =doi")
            return self.phrase(start, start + 1)
        return self.word(start)

    def field(self, start: int) -> Lexeme | None:
        match = _FIELD.match(self.text, start)
        if match is None:
            return None
        name, end = match[1], match.end()
        following = self.text[end : end + 1]
        if self.after_field(start):
            if following in "/\\:" or fields.known(self.lexemes[-1].text) == fields.DATE:
                return None
            raise self.error(f"field {name!r} stands inside another field", start, _ADVICE)
        if following and following not in "/\\:)" and not following.isspace():
            return Lexeme(Kind.FIELD, start, end, name)
        # "Guvernul: ce urmează" is prose, but titlu: asks for something.
        if (following in ("", ")") or following.isspace()) and fields.known(name) is not None:
            raise self.error(f"nothing follows the field {name}:", start, f"write {name}:word, without a space")
        return None

    def word(self, start: int) -> Lexeme:
        match = _WORD.match(self.text, start)
        if match is None:  # a character that stands between words
            return Lexeme(Kind.SPACE, start, start + 1)
        end = match.end()
        operator = OPERATORS.get(unicodedata.normalize("NFC", match[0])) if end - start < 5 else None
        if operator and not self.after_field(start):
            return Lexeme(operator, start, end, match[0])
        exact = match[0].startswith("=")
        raw = match[0].lstrip("=") if exact else match[0]
        if "*" in raw or "?" in raw:
            plain = _ESCAPE.sub("", raw)
            if "*" in plain or "?" in plain:
                return self.pattern(start, end, raw, exact)
        text = _ESCAPE.sub(r"\1", raw).lstrip("=")
        if not _is_searchable(text):
            if exact:
                raise self.error("'=' stands before no word", start, "write =cuvânt, without a space")
            return Lexeme(Kind.SPACE, start, end)
        self.count(1, start)
        if self.text[end : end + 1] == "~":
            return self.fuzzy(start, end, text, exact)
        return Lexeme(Kind.WORD, start, end, f"={text}" if exact else text)

    def pattern(self, start: int, end: int, raw: str, exact: bool) -> Lexeme:
        if exact:
            raise self.error("'=' asks for one exact form, * and ? for many", start, "leave out one of them")
        # An escaped wildcard is punctuation, which no word holds: there the pattern falls into two.
        text = _ESCAPE.sub(lambda match: " " if match[1] in "*?" else match[1], raw)
        if text.strip("*") and not _is_searchable(text):
            raise self.error("a pattern needs a letter or a digit", start, "write minis?ru or inflați*; " + _ADVICE)
        self.check_length(start, text)
        self.count(1, start)
        if self.text[end : end + 1] == "~":
            raise self.error("a pattern cannot be fuzzy too", end, "leave out '~' or the wildcard")
        return Lexeme(Kind.PATTERN, start, end, text)

    def fuzzy(self, start: int, tilde: int, text: str, exact: bool) -> Lexeme:
        if exact:
            raise self.error("'=' asks for one exact form, '~' for similar ones", start, "leave out one of them")
        self.check_length(start, text)
        end, suffix = self.suffix(tilde)
        if suffix not in ("", "1", "2"):
            raise self.error(
                f"'~{suffix[:20]}' is no number of letters that may differ", tilde, f"write ~1 or ~{MAX_FUZZY}"
            )
        return Lexeme(Kind.FUZZY, start, end, text, number=int(suffix or 1))

    def suffix(self, mark: int) -> tuple[int, str]:
        """What stands behind the ~ or ^ at `mark`: its end and its text."""
        match = _SUFFIX.match(self.text, mark + 1)
        assert match is not None
        return match.end(), match[0]

    def phrase(self, start: int, quote: int) -> Lexeme:
        """The phrase whose opening quote is at `quote`; an = before it is at `start`."""
        inner, end = self.quoted(quote)
        # A sign that compares dates is kept, lest ">= ieri" means ieri; among words it is punctuation.
        words = tuple(filter(_is_searchable_or_sign, (_unescape(word) for word in inner.split())))
        if not any(map(_is_searchable, words)):
            raise self.error("there is no word between the quotes", quote, "write the phrase between them")
        if start < quote:
            words = tuple("=" + word.lstrip("=") for word in words)
        self.count(len(words), start)
        slop = 0
        if self.text[end : end + 1] == "~":
            tilde = end
            end, suffix = self.suffix(tilde)
            if not re.fullmatch("[0-9]{1,9}", suffix) or int(suffix) > MAX_SLOP:
                hint = f'write "…"~3, with a number from 0 to {MAX_SLOP}'
                raise self.error(f"'~{suffix[:20]}' is no number of words that may stand between", tilde, hint)
            slop = int(suffix)
        return Lexeme(Kind.PHRASE, start, end, parts=words, number=slop)

    def quoted(self, quote: int) -> tuple[str, int]:
        """The text inside the quotes that open at `quote`, and the position behind the closing one."""
        closers = _CLOSERS[self.text[quote]]
        end = quote + 1
        while end < len(self.text) and self.text[end] not in closers:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.error(f"{self.text[quote]} is never closed", quote, f"add {closers[0]} at the end of the phrase")
        return self.text[quote + 1 : end], end + 1

    def range(self, start: int) -> Lexeme:
        end = min((at for at in (self.text.find(mark, start) for mark in "]}") if at >= 0), default=-1)
        if end < 0:
            raise self.error(f"{self.text[start]!r} is never closed", start, "add ']', or put it into quotes")
        parts = self.text[start + 1 : end].split()
        marks = [index for index, part in enumerate(parts) if part.upper() in ("TO", "LA")]
        if len(marks) != 1:
            raise self.error("this is no range of dates", start, f"write data:[2025-01 TO 2025-03]; {_ADVICE}")
        sides = [" ".join(side).strip("'\"*") for side in (parts[: marks[0]], parts[marks[0] + 1 :])]
        self.count(2, start)
        return Lexeme(Kind.RANGE, start, end + 1, parts=(self.text[start], *sides, self.text[end]))

    def compare(self, start: int) -> Lexeme:
        sign = 2 if self.text[start + 1 : start + 2] == "=" else 1
        value = start + sign
        if self.text[value : value + 1] in _CLOSERS:
            text, end = self.quoted(value)
        else:
            match = _WORD.match(self.text, value)
            text, end = (match[0], match.end()) if match else ("", value)
        if not _is_searchable(text):
            raise self.error(f"no date follows {self.text[start:value]}", start, "write data:>=2025-08-01")
        self.count(1, start)
        return Lexeme(Kind.COMPARE, start, end, self.text[start:value] + text)

    def boost(self, start: int) -> Lexeme:
        last = self.lexemes[-1].kind if self.lexemes else Kind.SPACE
        if last in (Kind.SPACE, Kind.OPEN, Kind.AND, Kind.OR, Kind.NOT, Kind.PLUS, Kind.FIELD, Kind.BOOST):
            raise self.error("'^' stands behind nothing that it could weigh", start, f"write cuvânt^2; {_ADVICE}")
        end, suffix = self.suffix(start)
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", suffix) or float(suffix) > MAX_BOOST:
            hint = f"write ^2 or ^0.5, a number from 0 to {MAX_BOOST:g}"
            raise self.error(f"'^{suffix[:20]}' is no weight", start, hint)
        return Lexeme(Kind.BOOST, start, end, number=float(suffix))

    def check_length(self, start: int, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise self.error(f"a pattern of {len(text)} characters is too long", start, f"keep it to {MAX_PATTERN}")

    def count(self, clauses: int, position: int) -> None:
        self.clauses += clauses
        if self.clauses > MAX_CLAUSES:
            raise self.error(f"the query has more than {MAX_CLAUSES} words", position, "shorten it, or ask several")


def _unescape(word: str) -> str:
    """A word of a phrase as it is meant: an escaped = is no sign of exactness."""
    text = _ESCAPE.sub(r"\1", word)
    return text.lstrip("=") if word.startswith("\\") else text

"""Queries built in Python: `phrase`, `words`, `field` and `between`, exported by newsindex itself.

They return `whoosh.query` trees, to be combined with &, | and -, with each other and with parsed strings. Their texts
are taken as they are: no operator, quote or wildcard means anything in them.

Whoosh simplifies a tree whenever two are combined, and some of that changes what the tree matches: overlapping ranges
become their union, `Every` swallows its neighbours, a phrase of one word loses its weight. What is built here and by
`newsindex.query.language` uses only nodes that come out of it as they went in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from whoosh import query as wq

from newsindex.errors import QueryError
from newsindex.query import dates, fields
from newsindex.query.lexer import MAX_SLOP, check_text, shown, split
from newsindex.query.plain import is_all
from newsindex.query.syntax import Family

_EMPTY: Final = "pass at least one word"


class Phrase(wq.Phrase):  # type: ignore[misc] # Whoosh is untyped
    """Whoosh's phrase, which stays one when it has a single word: so it keeps its weight, and a stop word counts."""

    def normalize(self) -> Phrase:
        """The phrase itself."""
        return self


class AnyWord(wq.Or):  # type: ignore[misc] # Whoosh is untyped
    """Any of some words that stand side by side, as in a question; words that were joined by OR are Whoosh's Or."""


WHOOSH: Final = Family(
    wq.Term, wq.Prefix, wq.Wildcard, wq.FuzzyTerm, Phrase, wq.And, wq.Or, AnyWord, wq.Not, wq.AndMaybe
)


def phrase(text: str, slop: int = 0, field: str | None = None) -> wq.Query:
    """The words of `text` in this order, with at most `slop` other words between them in all.

    Args:
        text: one or more words; stop words count.
        slop: from 0 to 100.
        field: by its Romanian or English name; None is title and body.

    Raises:
        QueryError: there is no word, or the slop is out of range.

    >>> phrase("guvernul de la palat") & words("buget")
    And([Phrase('text', ['guvernul', 'de', 'la', 'palat'], slop=1, boost=1.000000), Term('text', 'buget')])
    """
    if not isinstance(slop, int) or not 0 <= slop <= MAX_SLOP:
        raise QueryError(f"a slop of {shown(slop)} is out of range", hint=f"pass a whole number from 0 to {MAX_SLOP}")
    return Phrase(_name(field), _words(text), slop=slop + 1)


def words(text: str, match: str = "all", field: str | None = None) -> wq.Query:
    """All words of `text`, or with `match="any"` one or more of them, in any form and order.

    Raises:
        QueryError: there is no word, or `match` is neither "all" nor "any".

    >>> words("ploi ninsori", match="any")
    AnyWord([Term('text', 'ploi'), Term('text', 'ninsori')])
    """
    group = wq.And if is_all(match) else AnyWord
    terms = [wq.Term(_name(field), word) for word in _words(text)]
    return group(terms) if len(terms) > 1 else terms[0]


def field(name: str, value: object) -> wq.Query:
    """Articles whose field holds `value`: its words next to each other, in a field of names as they are written.

    Args:
        name: of the field, in Romanian or English; any other name is a key of `extra`.
        value: text, a number, or several in a list, set or tuple, of which one must match. For the field `date` also a
            date or datetime, and text as in the query language: "2025-08", ">=2025-08-15", "săptămâna trecută".

    Raises:
        QueryError: there is nothing to look for, or it is no date in the field `date`.

    >>> field("sursa", "Radio Delta")
    Phrase('source', ['Radio', 'Delta'], slop=1, boost=1.000000)
    >>> field("data", ["2025-08", "2025-10"])
    Or([Term('date', '2025-08'), Term('date', '2025-10')])
    """
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        choices = [_equals(_name(name), item) for item in value]
        if not choices:
            raise QueryError(f"the field {name!r} may be none of no values", hint="pass at least one value")
        return choices[0] if len(choices) == 1 else wq.Or(choices)
    return _equals(_name(name), value)


def between(since: dt.date | str | None = None, until: dt.date | str | None = None) -> wq.Query:
    """Articles published from `since` to `until`, both inclusive; None leaves that side open.

    Articles without a date match none, not even with both sides open.

    Args:
        since, until: a date, a datetime, or text: in ISO form, or Romanian such as "15 august 2025" and "acum 3 luni".
            What is counted from today is checked here by the system's clock, and read anew by the clock of the index
            when the query runs.

    Raises:
        QueryError: not a date, or `since` lies after `until`.

    >>> between("2025-07", dt.date(2025, 8, 15))
    Term('date', '[2025-07 TO 2025-08-15]')
    >>> between(until="ieri")
    Term('date', '<=ieri')
    """
    first, last = dates.to_text(since), dates.to_text(until)
    dates.span(first, last)
    # One word, since Whoosh merges ranges.
    return wq.Term(fields.DATE, dates.range_text(first, last))


def _equals(name: str, value: object) -> wq.Query:
    if name == fields.DATE:
        text = dates.to_text(value) or ""
        dates.compare(text)
        return wq.Term(name, text)
    if isinstance(value, int) and value.bit_length() > 64:
        raise QueryError(f"the value of {name!r} is {shown(value)}", hint="pass it as text")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return Phrase(name, _words(value))


def _name(name: str | None) -> str:
    if name is not None and not isinstance(name, str):
        raise QueryError(f"a field's name must be text, not {type(name).__name__}", hint="pass a str")
    return fields.known(name) or str(name)


def _words(text: object) -> list[str]:
    # A leading = is syntax in a tree, and here every character is meant as it stands.
    found = [word.lstrip("=") for word in split(check_text(text, "a text to look for"))]
    if not found:
        raise QueryError("there is no word to look for", query=str(text), hint=_EMPTY)
    return found

"""What a query string is cut into, its limits, and checks of the texts in it.

The strings are cut by `newsindex.query._lexer`; the limits hold for trees as well, and the checks for all that anyone
passes as text.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from newsindex.analysis import dot_groups
from newsindex.errors import QueryError

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 100
MAX_CLAUSES: Final = 1024
MAX_LEXEMES: Final = 16 * MAX_CLAUSES  # a word may have a field, a sign, a weight, an operator, parentheses, spaces
MAX_PATTERN: Final = 100  # characters: an automaton grows with its pattern
MAX_FUZZY: Final = 2
MAX_SLOP: Final = 100
MAX_BOOST: Final = 1000.0


class Kind(enum.Enum):
    """What a lexeme is."""

    SPACE = enum.auto()  # spaces, and punctuation that stands alone
    OPEN = enum.auto()
    CLOSE = enum.auto()
    AND = enum.auto()
    OR = enum.auto()
    NOT = enum.auto()  # also -
    PLUS = enum.auto()
    FIELD = enum.auto()
    WORD = enum.auto()  # exact words keep their =
    PATTERN = enum.auto()
    FUZZY = enum.auto()
    PHRASE = enum.auto()
    RANGE = enum.auto()  # parts are the bracket, the two dates (or "") and the other bracket
    COMPARE = enum.auto()
    BOOST = enum.auto()


OPERATORS: Final = {
    "ȘI": Kind.AND, "ŞI": Kind.AND, "SI": Kind.AND, "AND": Kind.AND,
    "SAU": Kind.OR, "OR": Kind.OR,
    "NU": Kind.NOT, "NOT": Kind.NOT,
}  # fmt: skip

_BREAK: Final = re.compile(r"(?:(?<!\d)[,–—]|[,–—](?!\d)|[\s;!…|])+")


def split(text: str) -> list[str]:
    """The raw words of a text that is no query: what stands between spaces and punctuation.

    >>> split("guvern, buget: 1,5 la sută din 10 000")
    ['guvern', 'buget:', '1,5', 'la', 'sută', 'din', '10.000']
    """
    return [word for word in _BREAK.split(dot_groups(text)) if any(map(str.isalnum, word))]


def check_text(text: object, what: str = "a query") -> str:
    """Text that may be searched for: of a sane length, and nothing but characters.

    Raises:
        QueryError: it is not.
    """
    if not isinstance(text, str):
        raise QueryError(f"{what} must be text, not {type(text).__name__}", hint="pass a str")
    if len(text) <= MAX_BYTES // 4 and text.isprintable():
        return text  # as nearly all: neither NUL nor surrogates can be printed
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise QueryError(
            f"{what} holds a lone surrogate", query=text, position=error.start, hint="decode it with the right encoding"
        ) from error
    if size > MAX_BYTES:
        raise QueryError(f"{what} has {size} bytes of UTF-8; the limit is {MAX_BYTES}", query=text, hint="shorten it")
    if "\0" in text:
        raise QueryError(f"{what} holds a NUL character", query=text, position=text.index("\0"), hint="remove it")
    return text


def shown(value: object) -> str:
    """A value as an error may show it: briefly, whatever it is."""
    # Python refuses to write integers of thousands of digits.
    if isinstance(value, int) and value.bit_length() > 64:
        return "an integer of many digits"
    return f"{value!r:.60}"


def relocate(error: QueryError, query: str | None, position: int | None) -> QueryError:
    """An error about a part of a query as one about the query, at the position of that part."""
    if query is None or error.position is not None:
        return error
    message = str(error).removesuffix(f"; {error.hint}")
    return QueryError(message, query=query, position=position, hint=error.hint)

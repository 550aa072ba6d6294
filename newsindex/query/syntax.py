"""The tree of a query string as `newsindex.query.language` reads it for a search: a `whoosh.query` tree without Whoosh.

Its nodes have the names, arguments and attributes of Whoosh's, so that whoever makes or walks trees need not know which
he has; but they are made in a fraction of the time, and Whoosh takes longer to import than all of newsindex. What users
make and get are Whoosh's, whose family is in `newsindex.query.builders`.
"""

from __future__ import annotations

from typing import Any, Final

import attrs


@attrs.define(eq=False)
class Term:
    """A raw word; see `newsindex.query.language` for what its text may be."""

    fieldname: str | None
    text: str
    boost: float = 1.0
    startchar: int | None = None
    endchar: int | None = None


@attrs.define(eq=False)
class Prefix(Term):
    """The beginning of a word."""


@attrs.define(eq=False)
class Wildcard(Term):
    """A word with ? and * in it."""


@attrs.define(eq=False)
class FuzzyTerm:
    """A word of which up to `maxdist` letters may differ, behind the first `prefixlength`."""

    fieldname: str | None
    text: str
    boost: float = 1.0
    maxdist: int = 1
    prefixlength: int = 0
    startchar: int | None = None
    endchar: int | None = None


@attrs.define(eq=False)
class Phrase:
    """Raw words in this order; as Whoosh counts, a slop of 1 is none."""

    fieldname: str | None
    words: list[str]
    slop: int = 1
    boost: float = 1.0
    startchar: int | None = None
    endchar: int | None = None


@attrs.define(eq=False)
class And:
    """All of some."""

    subqueries: list[Any]
    boost: float = 1.0


@attrs.define(eq=False)
class Or(And):
    """Any of some."""


@attrs.define(eq=False)
class AnyWord(And):
    """Any of some that stand side by side; see `newsindex.query.builders.AnyWord`."""


@attrs.define(eq=False)
class Not:
    """None of one."""

    query: Any
    boost: float = 1.0


@attrs.define(eq=False)
class AndMaybe:
    """One, better with another."""

    a: Any
    b: Any
    boost: float = 1.0


@attrs.frozen(eq=False)
class Family:
    """The classes that a tree is made of: those above, or those of Whoosh."""

    term: Any
    prefix: Any
    wildcard: Any
    fuzzy: Any
    phrase: Any
    all: Any
    any: Any
    any_word: Any
    negation: Any
    maybe: Any


OWN: Final = Family(Term, Prefix, Wildcard, FuzzyTerm, Phrase, And, Or, AnyWord, Not, AndMaybe)

"""From the raw texts in a tree to patterns over the forms of the index: for `newsindex.query.plan` and `plain`.

A raw text may hold several words, as `într-o`, `nord-coreean` or `zf.ro` do: they are looked for next to each other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from newsindex import analysis
from newsindex.errors import QueryError
from newsindex.query import fields, nodes
from newsindex.query.lexer import MAX_FUZZY, MAX_PATTERN, check_text, shown

_PIECE: Final = re.compile(r"(?:[^\W_]|[*?])+")
_STARS: Final = re.compile(r"\*{2,}")
_HINT: Final = "write minis?ru or inflați*, with a letter or digit in each word"

_SHORTEST_ROOT: Final = 4  # letters; fewer are shared by words that have nothing to do with each other

_KEPT: Final = 1 << 13  # raw texts: the words of questions come again and again
_LONGEST_KEPT: Final = 40  # characters of them

_default_stemmer: Final = analysis.Stemmer()


class Reading(NamedTuple):
    """What the words of a raw text mean: their patterns, and whether all are stop words that nothing requires."""

    patterns: tuple[nodes.Pattern, ...]
    stops: bool


class Analysis:
    """How the words of a query become those of the index.

    Args:
        stemmer: that of the index.
        bare: whether the query has no diacritics at all, so that its words may lack theirs.
    """

    def __init__(self, stemmer: analysis.Stemmer | None = None, bare: bool = False) -> None:
        self.stemmer = stemmer or _default_stemmer
        self.bare = bare

    def word(self, text: str, field: str) -> Reading:
        """The patterns of a raw text; of exact forms after =, else of any forms of its words.

        >>> Analysis().word("=Într-o", "body").patterns
        (Form(form='într'), Form(form='o'))
        """
        read = _read if len(text) <= _LONGEST_KEPT else _read.__wrapped__
        return read(self.stemmer, text, self.bare, fields.is_prose(field))

    def any_form(self, form: str, field: str) -> nodes.Stem:
        """The pattern of any form of a word."""
        return _any_form(self.stemmer, form, self.bare, fields.is_prose(field))

    def derived(self, stem: nodes.Stem) -> nodes.Derived | None:
        """The pattern of the words that are related to one; None for words that have no such relatives."""
        return _derived(self.stemmer, stem)

    def fuzzy(self, text: str, distance: object, prefix: object) -> list[nodes.Pattern]:
        """The patterns of a fuzzy text, each of whose words may differ by `distance` letters behind its `prefix`."""
        if not isinstance(distance, int | float) or distance not in range(1, MAX_FUZZY + 1):
            raise QueryError(f"a fuzzy distance of {shown(distance)} is out of range", hint=f"use 1 or {MAX_FUZZY}")
        if not isinstance(prefix, int) or prefix < 0:
            raise QueryError(f"a fuzzy prefix of {shown(prefix)} is out of range", hint="use a whole number from 0")
        _check_length(text)
        return [nodes.Fuzzy(analysis.fold(form), int(distance), prefix) for form in _forms(text)]


def _forms(text: str) -> list[str]:
    """The words of a text, as forms: lower case, with comma letters."""
    return [form for form, _, _ in analysis.tokenize(text)]


@lru_cache(maxsize=_KEPT)
def _read(stemmer: analysis.Stemmer, text: str, bare: bool, prose: bool) -> Reading:
    forms = _forms(text)
    if text.startswith("="):
        return Reading(tuple(map(nodes.Form, forms)), False)
    stops = prose and bool(forms) and all(map(analysis.is_stop_word, forms))
    return Reading(tuple([_any_form(stemmer, form, bare, prose) for form in forms]), stops)


def _any_form(stemmer: analysis.Stemmer, form: str, bare: bool, prose: bool) -> nodes.Stem:
    if not prose:
        return nodes.Stem(analysis.fold(form))  # names are not inflected
    readings = stemmer.readings(form, bare)
    loose = form.isalpha() and (bare or not stemmer.knows(form))
    return nodes.Stem(readings[0], form, readings[1:], loose)


@lru_cache(maxsize=_KEPT)
def _derived(stemmer: analysis.Stemmer, stem: nodes.Stem) -> nodes.Derived | None:
    if not stem.form.isalpha():
        return None
    root = stemmer.derivation(stem.stem)
    return nodes.Derived(root, (stem.stem, *stem.others)) if len(root) >= _SHORTEST_ROOT else None


def text_of(value: object) -> str:
    """The text of a node, checked."""
    return check_text(value, "a text in a query")


def prefix(text: str, field: str, words: Analysis) -> list[nodes.Pattern]:
    """The patterns of a text whose last word is only begun.

    >>> prefix("nord-core", "source", Analysis())
    [Stem(stem='nord', form='', others=(), loose=False), Prefix(prefix='core')]
    """
    _check_length(text)
    forms = _forms(text)
    if not forms or not analysis.clean(text)[-1].isalnum():
        raise QueryError("no letter stands right before '*'", hint=_HINT)
    return [*(words.any_form(form, field) for form in forms[:-1]), nodes.Prefix(analysis.fold(forms[-1]))]


def wildcard(text: str, field: str, words: Analysis) -> list[nodes.Pattern]:
    """The patterns of a text with ? and * in some of its words.

    >>> wildcard("Minis?ru**-adj*", "text", Analysis())
    [Wildcard(pattern='minis?ru*'), Prefix(prefix='adj')]
    """
    _check_length(text)
    found: list[nodes.Pattern] = []
    for piece in _PIECE.findall(analysis.clean(text)):
        pattern = _STARS.sub("*", analysis.fold(piece.lower()))
        literal = pattern.rstrip("*")
        if not literal.strip("*?"):
            raise QueryError(f"the pattern {shown(text)} has a word without a letter", hint=_HINT)
        if "*" in literal or "?" in literal:
            found.append(nodes.Wildcard(pattern))
        elif literal != pattern:
            found.append(nodes.Prefix(literal))
        else:
            found += words.word(piece, field).patterns
    if not found:
        raise QueryError(f"the pattern {shown(text)} has no letter", hint=_HINT)
    return found


def _check_length(text: str) -> None:
    if len(text) > MAX_PATTERN:
        raise QueryError(f"a pattern of {len(text)} characters is too long", hint=f"keep it to {MAX_PATTERN}")

"""Queries that are nothing but a few words, which is most: their plan without a tree.

It is the plan that `newsindex.query.plan` makes of the tree that `newsindex.query.language` makes of the same string,
in half the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from newsindex.analysis import Stemmer, dot_groups, is_bare
from newsindex.errors import QueryError
from newsindex.query import nodes
from newsindex.query.lexer import OPERATORS, shown
from newsindex.query.patterns import Analysis

DERIVED: Final = 0.25  # what words derived from the same one as a word of the query count, compared with that word

_PLAIN: Final = re.compile(r"[^\W_]++(?: [^\W_]++)*+")
_MAX_PLAIN: Final = 200  # characters


def is_all(match: str) -> bool:
    """Whether `match` is "all", not "any".

    Raises:
        QueryError: it is neither.
    """
    if match not in ("all", "any"):
        raise QueryError(f"match is {shown(match)}", hint='pass "all" or "any"')
    return match == "all"


def words(text: str) -> list[str]:
    """The words of a string that is nothing but a few words; none of any other.

    >>> words("Banca Națională"), words('"Banca Națională"')
    (['Banca', 'Națională'], [])
    """
    if len(text) > _MAX_PLAIN or not _PLAIN.fullmatch(text) or dot_groups(text) != text:
        return []
    found = text.split(" ")
    return found if OPERATORS.keys().isdisjoint(found) else []


def plan_words(words: list[str], match: str, stemmer: Stemmer) -> nodes.Plan | None:
    """The plan of some words; None where it takes more than words, which `newsindex.query.plan` knows.

    >>> plan_words(["ploi", "și", "vânt"], "all", Stemmer())
    And(children=(Word(field='text', pattern=Stem(stem='ploaie', form='ploi', others=(), loose=False), boost=1.0), \
Word(field='text', pattern=Stem(stem='vânt', form='vânt', others=(), loose=False), boost=1.0)))
    """
    every = is_all(match)
    analysis = Analysis(stemmer, is_bare("".join(words)))
    read = [analysis.word(word, nodes.TEXT) for word in words]
    if any(len(one.patterns) != 1 for one in read):
        return None
    kept = [one.patterns[0] for one in read if not one.stops] or [one.patterns[0] for one in read]
    found: list[nodes.Plan] = [nodes.Word(nodes.TEXT, pattern) for pattern in kept]
    if len(words) > 1 and not every:
        found += derived(found, analysis)
    if len(found) == 1:
        return found[0]
    return nodes.And(tuple(found)) if every else nodes.Or(tuple(found))


def derived(words: Iterable[nodes.Plan | None], analysis: Analysis) -> list[nodes.Plan]:
    """What stands in for some words: those derived from the same ones, counting less."""
    found: list[nodes.Plan] = []
    for word in words:
        if isinstance(word, nodes.Word) and isinstance(word.pattern, nodes.Stem) and word.pattern.form:
            pattern = analysis.derived(word.pattern)
            if pattern is not None:
                found.append(nodes.Word(word.field, pattern, word.boost * DERIVED))
    return found

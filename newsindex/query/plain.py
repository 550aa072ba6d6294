"""Most queries are a few words, all needed or some, or one phrase: their plan without a tree, for `newsindex.index`.

It is the plan that `newsindex.query.plan` makes of the tree that `newsindex.query.language` makes of the same string,
in a fraction of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from newsindex.analysis import Stemmer, dot_groups, is_bare
from newsindex.errors import QueryError
from newsindex.query import nodes
from newsindex.query.lexer import OPERATORS, Kind, shown
from newsindex.query.patterns import Analysis

DERIVED: Final = 0.25  # what words derived from the same one as a word of the query count, compared with that word

_PLAIN: Final = re.compile(r'(")?([^\W_]++(?: [^\W_]++)*+)(?(1)"(?:~([1-9][0-9]?))?)')
_MAX_PLAIN: Final = 200  # characters
_ORS: Final = frozenset(word for word, kind in OPERATORS.items() if kind is Kind.OR)


def is_all(match: str) -> bool:
    """Whether `match` is "all", not "any".

    Raises:
        QueryError: it is neither.
    """
    if match not in ("all", "any"):
        raise QueryError(f"match is {shown(match)}", hint='pass "all" or "any"')
    return match == "all"


def plan_plain(text: str, match: str, stemmer: Stemmer) -> nodes.Plan | None:
    """The plan of a string that is nothing but words, with OR between all or none of them, or nothing but a phrase.

    None of any other string, which `newsindex.query.plan` knows.

    >>> plan_plain("ploi și vânt", "all", Stemmer())
    And(children=(Word(field='text', pattern=Stem(stem='ploaie', form='ploi', others=(), loose=False), boost=1.0), \
Word(field='text', pattern=Stem(stem='vânt', form='vânt', others=(), loose=False), boost=1.0)))
    >>> plan_plain('"vânt"', "all", Stemmer())
    Word(field='text', pattern=Stem(stem='vânt', form='vânt', others=(), loose=False), boost=1.0)
    >>> plan_plain("-vânt", "all", Stemmer())
    """
    every = is_all(match)
    shape = _PLAIN.fullmatch(text) if len(text) <= _MAX_PLAIN else None
    if shape is None or dot_groups(text) != text:
        return None
    quote, inner, slop = shape.groups()
    analysis, words = Analysis(stemmer, is_bare(text)), inner.split(" ")
    if quote:
        return _phrase(words, int(slop or 0), analysis)
    if OPERATORS.keys().isdisjoint(words):
        return _group(words, every, analysis, related=not every and len(words) > 1)
    joints, words = words[1::2], words[::2]
    if len(words) == len(joints) or not _ORS.issuperset(joints) or not OPERATORS.keys().isdisjoint(words):
        return None
    return _group(words, False, analysis, related=False)


def _phrase(words: list[str], slop: int, analysis: Analysis) -> nodes.Plan | None:
    found = [pattern for word in words for pattern in analysis.word(word, nodes.TEXT).patterns]
    if len(found) > 1:
        return nodes.Phrase(nodes.TEXT, tuple(found), slop)
    return nodes.Word(nodes.TEXT, found[0]) if found else None


def _group(words: list[str], every: bool, analysis: Analysis, *, related: bool) -> nodes.Plan | None:
    """All of some words or any, and what is related to them; None where one of them is several."""
    read = [analysis.word(word, nodes.TEXT) for word in words]
    for patterns, _ in read:
        if len(patterns) != 1:
            return None
    kept = [patterns[0] for patterns, stops in read if not stops] or [patterns[0] for patterns, _ in read]
    found: list[nodes.Plan] = [nodes.Word(nodes.TEXT, pattern) for pattern in kept]
    if len(set(kept)) < len(kept):  # seldom, and asking takes less than uniting what is different
        found = nodes.united(found)
    if related:
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

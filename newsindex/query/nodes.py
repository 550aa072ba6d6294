"""The plan of a query: what the executor in `newsindex.searcher` runs, and what snippets highlight.

`newsindex.query.plan` makes it out of a tree. Its words are analysed (stemmed or folded), its
dates are intervals and its fields are the index's own, so nothing below has to know how a query is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newsindex.inverted.fields import BODY, EXTRA, METADATA, TEXT, TITLE
from newsindex.query._nodes import (
    And,
    Dates,
    Derived,
    Everything,
    Filled,
    Form,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
    children,
)

__all__ = [
    "BODY",
    "EXTRA",
    "METADATA",
    "TEXT",
    "TITLE",
    "And",
    "Dates",
    "Derived",
    "Everything",
    "Filled",
    "Form",
    "Fuzzy",
    "Maybe",
    "Not",
    "Nothing",
    "OneOf",
    "Or",
    "Pattern",
    "Phrase",
    "Plan",
    "Prefix",
    "Stem",
    "Unscored",
    "Wildcard",
    "Word",
    "asked",
    "children",
    "leaves",
    "united",
]

Pattern = Stem | Derived | Form | Prefix | Wildcard | Fuzzy
Plan = Word | Phrase | Dates | OneOf | Filled | Everything | Nothing | And | Or | Not | Maybe | Unscored


def leaves(plan: Plan) -> Iterator[Word | Phrase]:
    """The words and phrases that an article may match the plan by: all but those under a `Not`.

    >>> [leaf.pattern.stem for leaf in leaves(Maybe(Word("text", Stem("a")), Everything()))]
    ['a']
    """
    return (leaf for leaf in asked(plan) if isinstance(leaf, Word | Phrase))


def asked(plan: Plan) -> Iterator[Plan]:
    """The leaves not under a `Not`, without `Everything` and `Nothing`."""
    stack = [plan]
    while stack:
        node = stack.pop()
        if isinstance(node, Word | Phrase | Dates | OneOf | Filled):
            yield node
        elif not isinstance(node, Not):
            stack += reversed(children(node))


def united(parts: Iterable[Plan]) -> list[Plan]:
    """The parts of a group, with equal words and phrases as one that counts for all, so that it is looked up once.

    >>> united([Word("text", Stem("a")), Everything(), Word("text", Stem("a"), 0.5)])
    [Word(field='text', pattern=Stem(stem='a', form='', others=(), loose=False), boost=1.5), Everything()]
    """
    boosts: dict[Word | Phrase, float] = {}
    kept: list[Plan] = []
    for part in parts:
        if isinstance(part, Word | Phrase):
            alike = _weighing(part, 1.0)
            if alike not in boosts:
                boosts[alike] = 0.0
                kept.append(alike)
            boosts[alike] += part.boost
        else:
            kept.append(part)
    return [_weighing(part, boosts[part]) if isinstance(part, Word | Phrase) else part for part in kept]


def _weighing(part: Word | Phrase, boost: float) -> Word | Phrase:
    if part.boost == boost:
        return part
    if isinstance(part, Word):
        return Word(part.field, part.pattern, boost)
    return Phrase(part.field, part.patterns, part.slop, boost)

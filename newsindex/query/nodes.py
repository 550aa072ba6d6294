"""The plan of a query: what the executor in `newsindex.searcher` runs, and what snippets highlight.

`newsindex.query.plan` makes it out of a `whoosh.query` tree. Its words are analysed (stemmed or folded), its
dates are intervals and its fields are the index's own, so nothing below has to know how a query is written.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from newsindex.inverted.fields import BODY, EXTRA, METADATA, TEXT, TITLE

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
]


@attrs.frozen(cache_hash=True)
class Stem:
    """Any form of a word.

    Attributes:
        stem: the term of the word, as `newsindex.analysis` makes it.
        form: the word as it was asked for: where it is spelled so, it counts more. Empty where all forms are alike.
        others: further terms that the word may belong to, if it lacks its diacritics.
        loose: forms of the index that differ from `form` in nothing but diacritics are meant too.
    """

    stem: str
    form: str = ""
    others: tuple[str, ...] = ()
    loose: bool = False


@attrs.frozen(cache_hash=True)
class Derived:
    """Any form of the words that are derived from the same one as a word, but not of that word.

    Attributes:
        root: what they share: the Snowball stem of their terms.
        stems: the terms of the word itself.
    """

    root: str
    stems: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class Form:
    """Exactly this surface form (lower case, comma letters, diacritics count)."""

    form: str


@attrs.frozen(cache_hash=True)
class Prefix:
    """Every form whose folded spelling begins with `prefix`."""

    prefix: str


@attrs.frozen(cache_hash=True)
class Wildcard:
    """Every form whose folded spelling matches `pattern`: ? is any one character, * any number of them."""

    pattern: str


@attrs.frozen(cache_hash=True)
class Fuzzy:
    """Every form whose folded spelling is within `distance` edits of `form` and shares its first `prefix` characters.

    An edit inserts, deletes or replaces one character or swaps two neighbours (optimal string alignment).
    """

    form: str
    distance: int
    prefix: int = 0


Pattern = Stem | Derived | Form | Prefix | Wildcard | Fuzzy


@attrs.frozen(cache_hash=True)
class Word:
    """Articles in whose `field` some word matches `pattern`."""

    field: str
    pattern: Pattern
    boost: float = 1.0


@attrs.frozen(cache_hash=True)
class Phrase:
    """Articles whose `field` has words matching `patterns` in this order.

    Up to `slop` other words, counted over the whole phrase, may stand between them.
    """

    field: str
    patterns: tuple[Pattern, ...]
    slop: int = 0
    boost: float = 1.0


@attrs.frozen(cache_hash=True)
class Dates:
    """Articles published at `since` or later and before `until`: microseconds since 1970 UTC; None is unbounded.

    Undated articles match no interval, not even an unbounded one.
    """

    since: int | None
    until: int | None


@attrs.frozen(cache_hash=True)
class OneOf:
    """Articles whose metadata `field` holds one of `values`, compared whole after cleaning."""

    field: str
    values: tuple[str, ...]


@attrs.frozen(cache_hash=True)
class Everything:
    """Every article, all ranked alike."""


@attrs.frozen(cache_hash=True)
class Nothing:
    """No article."""


@attrs.frozen(cache_hash=True)
class And:
    """Articles that match every child; at least one child is no `Not`. Scores add up."""

    children: tuple[Plan, ...]


@attrs.frozen(cache_hash=True)
class Or:
    """Articles that match some child; scores add up."""

    children: tuple[Plan, ...]


@attrs.frozen(cache_hash=True)
class Not:
    """Articles that do not match `child`; scores nothing."""

    child: Plan


@attrs.frozen(cache_hash=True)
class Maybe:
    """Articles that match `required`; those that match `optional` too rank higher."""

    required: Plan
    optional: Plan


@attrs.frozen(cache_hash=True)
class Unscored:
    """Articles that match `child`, adding `score` to each instead of its own score."""

    child: Plan
    score: float = 0.0


Plan = Word | Phrase | Dates | OneOf | Everything | Nothing | And | Or | Not | Maybe | Unscored


def leaves(plan: Plan) -> Iterator[Word | Phrase]:
    """The words and phrases that an article may match the plan by: all but those under a `Not`.

    >>> [leaf.pattern.stem for leaf in leaves(Maybe(Word("text", Stem("a")), Everything()))]
    ['a']
    """
    return (leaf for leaf in asked(plan) if isinstance(leaf, Word | Phrase))


def children(plan: Plan) -> tuple[Plan, ...]:
    """The parts of a plan that are plans."""
    if isinstance(plan, And | Or):
        return plan.children
    if isinstance(plan, Not | Unscored):
        return (plan.child,)
    return (plan.required, plan.optional) if isinstance(plan, Maybe) else ()


def asked(plan: Plan) -> Iterator[Plan]:
    """The leaves not under a `Not`, without `Everything` and `Nothing`."""
    stack = [plan]
    while stack:
        node = stack.pop()
        if isinstance(node, Word | Phrase | Dates | OneOf):
            yield node
        elif not isinstance(node, Not):
            stack += reversed(children(node))

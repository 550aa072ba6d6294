"""Which forms of a list each way to treat words joins, seen from outside: one article and one query for each form."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

import newsindex as ni
from benchmarks.relevance import measures
from benchmarks.relevance.lists import CLASSES, FormList
from benchmarks.relevance.measures import Pair, SetQuality
from benchmarks.relevance.variants import Variant

ALL: Final = "all"


@attrs.frozen
class JoiningResult:
    """How well the forms of one list are joined.

    Attributes:
        words: the name of the list.
        forms: how many distinct forms it has.
        pairs: how many ordered pairs of them share a lemma.
        variants: by name of the way, the quality over all pairs (under "all"), and over those that begin with a form of
            a word class, where there are any.
    """

    words: str
    forms: int
    pairs: int
    variants: dict[str, dict[str, SetQuality]] = attrs.field(factory=dict)


def measure(words: FormList, variant: Variant, folder: Path) -> dict[str, SetQuality]:
    """How well one way joins the forms of a list; the index is made in `folder`.

    Raises:
        StorageError: there is no room for it.
    """
    index = ni.create(folder)
    index.add(ni.Article(id=form, body=variant.text(form)) for form in words.lemmas)
    found = {
        (form, hit.id)
        for form in words.lemmas
        for hit in index.search(variant.question(form), limit=None, match="any")
        if hit.id != form
    }
    return measures.of_pairs(_grouped(words, right_pairs(words)), _grouped(words, found))


def right_pairs(words: FormList) -> set[Pair]:
    """The ordered pairs of different forms that share a lemma.

    >>> from benchmarks.relevance.lists import make
    >>> sorted(right_pairs(make("", [("om", "om", "NOUN"), ("oameni", "om", "NOUN"), ("an", "an", "NOUN")])))
    [('oameni', 'om'), ('om', 'oameni')]
    """
    return {(one, other) for forms in words.by_lemma().values() for one in forms for other in forms if one != other}


def _grouped(words: FormList, pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """The pairs, all of them and by the classes of their first form."""
    groups: dict[str, list[Pair]] = {group: [] for group in (ALL, *CLASSES)}
    for pair in pairs:
        groups[ALL].append(pair)
        for kind in words.classes[pair[0]]:
            groups[kind].append(pair)
    return groups

"""Explaining one hit: the plan again, each of its parts run on that one article."""

from __future__ import annotations

import numpy as np

from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import (
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
    Pattern,
    Phrase,
    Plan,
    Prefix,
    Stem,
    Unscored,
    Word,
)
from newsindex.results import Explanation
from newsindex.searcher.executor import Executor, in_field, is_scored
from newsindex.searcher.ranking import Ranking
from newsindex.searcher.terms import patterns_of, phrase_tally, word_tallies


def explain(ranking: Ranking, plan: Plan, live: LiveSegment, doc: int) -> Explanation:
    """Why docid `doc` of the segment `live` matches `plan`; scores are those of a search with this `ranking`."""
    executor = Executor(live, ranking)

    def one(plan: Plan) -> Explanation:
        found = executor.run(plan, doc, doc + 1)
        score = float(executor.score(plan, found.docs).sum())
        details = tuple(one(child) for child in _children(plan))
        return Explanation(bool(len(found.docs)), score, _describe(plan, ranking, live.segment, doc), details)

    whole = one(plan)
    if whole.matches and not is_scored(plan):
        return Explanation(True, 1.0, "nothing to score: all that match are alike", (whole,))
    return whole


def _children(plan: Plan) -> tuple[Plan, ...]:
    if isinstance(plan, And | Or):
        return plan.children
    if isinstance(plan, Maybe):
        return plan.required, plan.optional
    return (plan.child,) if isinstance(plan, Not | Unscored) else ()


def _describe(plan: Plan, ranking: Ranking, segment: Segment, doc: int) -> str:
    if isinstance(plan, Word | Phrase):
        what = " ".join(_pattern(pattern) for pattern in patterns_of(plan))
        slop = f" with {plan.slop} words between" if isinstance(plan, Phrase) and plan.slop else ""
        return (
            f"{what!r}{slop} in {plan.field}: {_count(segment, plan, doc)} times, "
            f"weight {ranking.weight(plan):.4f} (idf times boost {plan.boost:g})"
        )
    if isinstance(plan, OneOf):
        return f"{plan.field} is one of {', '.join(plan.values)}"
    if isinstance(plan, Filled):
        return f"has a {plan.field}"
    names = {
        And: "all of",
        Or: "any of",
        Not: "not",
        Maybe: "the first, and better with the second",
        Unscored: "a filter",
        Dates: "published in the interval",
        Everything: "every article",
        Nothing: "no article",
    }
    return names[type(plan)]


def _count(segment: Segment, leaf: Word | Phrase, doc: int) -> int:
    """How often a leaf occurs in an article: of several readings of a word the one that is most frequent there."""
    docs = np.array([doc], np.int32)
    if isinstance(leaf, Phrase):
        return int(in_field(leaf, phrase_tally(segment, leaf, docs))[0])
    counts = [int(in_field(leaf, tally)[0]) for tally in word_tallies(segment, leaf, docs)]
    return max(counts, default=0) if isinstance(leaf.pattern, Stem) else sum(counts)


def _pattern(pattern: Pattern) -> str:
    if isinstance(pattern, Stem):
        return "|".join((pattern.stem, *pattern.others))
    if isinstance(pattern, Derived):
        return f"{pattern.root}… (derived)"
    if isinstance(pattern, Form):
        return f"={pattern.form}"
    if isinstance(pattern, Prefix):
        return f"{pattern.prefix}*"
    return f"{pattern.form}~{pattern.distance}" if isinstance(pattern, Fuzzy) else pattern.pattern

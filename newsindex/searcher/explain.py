"""Explaining one hit: the plan again, each of its parts run on that one article."""

from __future__ import annotations

from collections.abc import Sequence

from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import (
    And,
    Dates,
    Derived,
    Everything,
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
from newsindex.searcher.executor import Executor
from newsindex.searcher.ranking import Ranking
from newsindex.searcher.terms import leaf_frequencies


def explain(segments: Sequence[LiveSegment], plan: Plan, segment: Segment, doc: int) -> Explanation:
    """Why docid `doc` of `segment` matches `plan`; scores are those of a search over `segments`."""
    ranking = Ranking(segments)
    executor = Executor(segment, ranking)

    def one(plan: Plan) -> Explanation:
        found = executor.run(plan, doc, doc + 1)
        score = float((found.scored() + executor.bonus(plan, found.docs)).sum())
        details = tuple(one(child) for child in _children(plan))
        return Explanation(bool(len(found.docs)), score, _describe(plan, ranking, segment, doc), details)

    whole = one(plan)
    if whole.matches and executor.run(plan, doc, doc + 1).scores is None:
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
        counts = leaf_frequencies(segment, plan, doc, doc + 1)[1]
        patterns = (plan.pattern,) if isinstance(plan, Word) else plan.patterns
        what = " ".join(_pattern(pattern) for pattern in patterns)
        slop = f" with {plan.slop} words between" if isinstance(plan, Phrase) and plan.slop else ""
        return (
            f"{what!r}{slop} in {plan.field}: {int(counts.sum())} times, "
            f"weight {ranking.weight(plan):.4f} (idf times boost {plan.boost:g})"
        )
    if isinstance(plan, OneOf):
        return f"{plan.field} is one of {', '.join(plan.values)}"
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

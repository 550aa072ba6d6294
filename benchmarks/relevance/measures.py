"""The measures, which ir-measures computes: here its data are laid out, and its absence is explained.

For the other modules of `benchmarks.relevance`. ir-measures is imported at the first use, since no other benchmark
needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

import attrs

CUT: Final = 10  # how many hits of a ranking count

Pair = tuple[str, str]


class MissingPackageError(Exception):
    """A package that only this benchmark needs is not installed."""


@attrs.frozen
class SetQuality:
    """How well a set agrees with the right one; each from 0 to 1."""

    precision: float
    recall: float
    f1: float


@attrs.frozen
class RankQuality:
    """How well rankings of up to ten hits do, on average over the questions; each from 0 to 1.

    Attributes:
        mrr: one divided by the rank of the first right hit, 0 where there is none.
        recall: the share of the right articles that is among the hits.
    """

    mrr: float
    recall: float


def package() -> ModuleType:
    """ir-measures.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import ir_measures
    except ImportError as error:
        raise MissingPackageError(
            f"the package ir-measures cannot be imported ({error}); install it with: "
            "pip install 'newsindex[benchmarks]', or in a checkout: pip install -e '.[benchmarks]'"
        ) from error
    return ir_measures


def of_pairs(right: Mapping[str, Iterable[Pair]], found: Mapping[str, Iterable[Pair]]) -> dict[str, SetQuality]:
    """The quality of the pairs found in each group that has right ones; all pairs of a group count alike.

    >>> of_pairs({"all": [("a", "b"), ("b", "a")]}, {"all": [("a", "b"), ("a", "c")]})
    {'all': SetQuality(precision=0.5, recall=0.5, f1=0.5)}
    """
    ir = package()
    # A group is one query to ir-measures and its pairs are the documents, which makes its set measures those of pairs.
    qrels = {group: {_key(pair): 1 for pair in pairs} for group, pairs in right.items()}
    run = {group: {_key(pair): 1.0 for pair in pairs} for group, pairs in found.items()}
    measures = (ir.SetP, ir.SetR, ir.SetF)
    values: dict[str, dict[object, float]] = {group: {} for group, pairs in qrels.items() if pairs}
    for one in ir.iter_calc(measures, {group: qrels[group] for group in values}, run):
        values[one.query_id][one.measure] = float(one.value)
    return {group: SetQuality(*(of[measure] for measure in measures)) for group, of in values.items()}


def of_rankings(right: Mapping[str, Iterable[str]], rankings: Mapping[str, list[str]]) -> RankQuality:
    """The quality of the rankings, each with its best hit first; a question without one counts as 0.

    >>> of_rankings({"q1": ["a"], "q2": ["b", "c"]}, {"q1": ["x", "a"], "q2": ["b"]})
    RankQuality(mrr=0.75, recall=0.75)
    """
    ir = package()
    qrels = {question: dict.fromkeys(ids, 1) for question, ids in right.items()}
    # Scores that fall with the rank: the engine has settled ties already, and ir-measures would settle them otherwise.
    run = {question: {article: -float(rank) for rank, article in enumerate(ids)} for question, ids in rankings.items()}
    mrr, recall = ir.RR @ CUT, ir.R @ CUT
    means = ir.calc_aggregate([mrr, recall], qrels, run)
    return RankQuality(float(means[mrr]), float(means[recall]))


def _key(pair: Pair) -> str:
    return "\t".join(pair)

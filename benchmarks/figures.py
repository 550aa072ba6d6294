"""Medians, percentiles and ratios of measurements: the little arithmetic that all suites share."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Ratio:
    """How many times as much the other engine took, round by round.

    Attributes:
        median: of the rounds.
        low, high: the extremes.
    """

    median: float
    low: float
    high: float


def ratio(others: Sequence[float], ours: Sequence[float]) -> Ratio:
    """The ratio of two engines' figures, of which those of the same round belong together.

    >>> ratio([20.0, 30.0, 22.0], [2.0, 2.0, 2.0])
    Ratio(median=11.0, low=10.0, high=15.0)
    """
    rounds = [other / our for other, our in zip(others, ours, strict=True)]
    return Ratio(statistics.median(rounds), min(rounds), max(rounds))


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed.

    >>> percentile(range(1, 101), 0.99)
    99
    """
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def in_turns(engines: Sequence[T], rounds: int) -> Iterator[tuple[int, T]]:
    """Every engine once per round, in this order and the reverse by turns.

    >>> list(in_turns("ab", 2))
    [(0, 'a'), (0, 'b'), (1, 'b'), (1, 'a')]
    """
    for number in range(rounds):
        for engine in engines if number % 2 == 0 else reversed(engines):
            yield number, engine

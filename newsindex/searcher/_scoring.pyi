from collections.abc import Callable

from numpy import float32, float64, int32
from numpy.typing import NDArray

from newsindex.inverted._columns import Numbers
from newsindex.inverted._postings import PostingList
from newsindex.inverted._words import Meant
from newsindex.searcher._collect import Group

class Scale:
    titles: Numbers
    bodies: Numbers
    def __init__(
        self,
        titles: Numbers,
        bodies: Numbers,
        title_average: float,
        body_average: float,
        alike: float,
        typed: float,
    ) -> None: ...

class Leaf:
    group: Group
    weight: float
    partial: bool
    wide: bool
    of_body: bool
    def __init__(
        self,
        field: str,
        weight: float,
        lists: tuple[PostingList, ...],
        marks: tuple[bytes, ...],
        rests: tuple[int, ...],
        most: bool,
        most_bonus: float,
        slack: float,
    ) -> None: ...

def leaf_of(field: str, weight: float, meant: Meant, most: bool, alike: float, typed: float, slack: float) -> Leaf: ...
def leaves_of(
    field: str, weight: float, meant: list[Meant], most: bool, alike: float, typed: float, slacks: list[float]
) -> list[Leaf]: ...

class Scorer: ...

class WordScorer(Scorer):
    def __init__(
        self, leaves: list[Leaf], scale: Scale, known: list[tuple[NDArray[int32], NDArray[float64]]] = ...
    ) -> None: ...

class PlanScorer(Scorer):
    def __init__(self, call: Callable[[NDArray[int32]], NDArray[float64]]) -> None: ...

def score(leaves: list[Leaf], scale: Scale, docs: NDArray[int32]) -> NDArray[float64]: ...
def score_tally(
    field: str, weight: float, scale: Scale, docs: NDArray[int32], tally: NDArray[int32]
) -> tuple[NDArray[float64], NDArray[float32]]: ...

from collections.abc import Callable

from numpy import float64, int32, uint8, uint32
from numpy.typing import NDArray

from newsindex.inverted._postings import PostingList
from newsindex.searcher._collect import Group

class Scale:
    title_words: NDArray[uint32]
    body_words: NDArray[uint32]
    def __init__(
        self,
        title_words: NDArray[uint32],
        body_words: NDArray[uint32],
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
        marks: tuple[NDArray[uint8] | bytes, ...],
        rests: tuple[int, ...],
        most: bool,
        most_bonus: float,
        slack: float,
    ) -> None: ...

class Scorer: ...

class WordScorer(Scorer):
    def __init__(self, leaves: list[Leaf], scale: Scale) -> None: ...

class PlanScorer(Scorer):
    def __init__(self, call: Callable[[NDArray[int32]], NDArray[float64]]) -> None: ...

def score(leaves: list[Leaf], scale: Scale, docs: NDArray[int32]) -> NDArray[float64]: ...
def score_tally(
    field: str, weight: float, scale: Scale, docs: NDArray[int32], tally: NDArray[int32]
) -> NDArray[float64]: ...

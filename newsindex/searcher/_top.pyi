from collections.abc import Callable

from numpy import float32, int32, uint8
from numpy.typing import NDArray

from newsindex._found import Found
from newsindex.inverted._columns import Numbers
from newsindex.inverted.segment import Segment
from newsindex.searcher._collect import Group
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf, Scale, Scorer

FEW: int
SHARE: float

class Best:
    wanted: int
    def __init__(self, wanted: int) -> None: ...
    @property
    def floor(self) -> float: ...
    @property
    def least(self) -> float: ...
    def take(self) -> Found: ...

def choose(
    best: Best,
    segment: int,
    dates: Numbers,
    docs: NDArray[int32],
    bounds: NDArray[float32],
    cutoff: float,
    scorer: Scorer,
    collect: Callable[[float], tuple[NDArray[int32], NDArray[float32]]] | None = None,
) -> None: ...
def best_of(
    group: Group, low: int, high: int, keep: int, cutoff: float = 0
) -> tuple[int, NDArray[int32], NDArray[float32], float]: ...

class Ground:
    def __init__(
        self,
        segment: Segment,
        scale: Scale,
        alive: NDArray[uint8] | None = None,
    ) -> None: ...

def best_words(
    best: Best, grounds: list[Ground], words: list[list[Leaf]], every: bool, spans: list[tuple[int, int]] | None = None
) -> int: ...
def best_phrase(
    best: Best,
    grounds: list[Ground],
    words: list[list[Terms]],
    field: str,
    weight: float,
    slop: int,
    spans: list[tuple[int, int]] | None = None,
) -> int: ...

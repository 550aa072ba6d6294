from numpy import float32, int32, uint8
from numpy.typing import NDArray

from newsindex.inverted._columns import Numbers
from newsindex.searcher._scoring import Leaf

def united(
    leaf: Leaf,
    low: int,
    high: int,
    title_words: Numbers | None = None,
    alive: NDArray[uint8] | None = None,
    floor: float = 0,
) -> tuple[int, NDArray[int32], NDArray[float32]]: ...

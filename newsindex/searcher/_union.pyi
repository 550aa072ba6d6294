from numpy import float32, int32, uint8, uint32
from numpy.typing import NDArray

from newsindex.searcher._scoring import Leaf

def united(
    leaf: Leaf,
    low: int,
    high: int,
    title_words: NDArray[uint32] | None = None,
    alive: NDArray[uint8] | None = None,
    floor: float = 0,
) -> tuple[int, NDArray[int32], NDArray[float32]]: ...

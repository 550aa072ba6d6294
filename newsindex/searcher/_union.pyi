from numpy import float32, int32, uint32
from numpy.typing import NDArray

from newsindex.searcher._scoring import Leaf

def united(
    leaf: Leaf, low: int, high: int, title_words: NDArray[uint32] | None = None
) -> tuple[NDArray[int32], NDArray[float32]]: ...

from collections.abc import Callable

from numpy import float32, float64, int32
from numpy.typing import NDArray

from newsindex.searcher._collect import Group

FEW: int

def choose(
    docs: NDArray[int32],
    bounds: NDArray[float32],
    cutoff: float,
    wanted: int,
    floor: float,
    score: Callable[[NDArray[int32]], NDArray[float64]],
    collect: Callable[[float], tuple[NDArray[int32], NDArray[float32]]],
) -> tuple[NDArray[int32], NDArray[float64]]: ...
def best_of(
    group: Group, low: int, high: int, keep: int, cutoff: float = 0
) -> tuple[int, NDArray[int32], NDArray[float32], float]: ...

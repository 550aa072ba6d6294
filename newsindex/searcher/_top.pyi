from collections.abc import Callable

from numpy import float32, float64, int32
from numpy.typing import NDArray

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

from typing import Any

from numpy import float64, int32, int64, uint32
from numpy.typing import NDArray

def intersect(a: NDArray[int32], b: NDArray[int32]) -> tuple[NDArray[int64], NDArray[int64]]: ...
def subtract(a: NDArray[int32], b: NDArray[int32]) -> NDArray[int64]: ...
def unite(
    a: NDArray[int32], a_scores: NDArray[float64], b: NDArray[int32], b_scores: NDArray[float64]
) -> tuple[NDArray[int32], NDArray[float64]]: ...
def phrases(words: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]], docs: int, slop: int) -> NDArray[int32]: ...
def weigh(
    docs: NDArray[int32],
    counts: NDArray[int32],
    words: NDArray[uint32],
    average: float,
    weight: float,
    b: float,
    out: NDArray[float64],
) -> None: ...

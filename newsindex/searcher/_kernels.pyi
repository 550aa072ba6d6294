from typing import Any

from numpy import int32, int64, uint32
from numpy.typing import NDArray

def intersect(a: NDArray[int32], b: NDArray[int32]) -> tuple[NDArray[int64], NDArray[int64]]: ...
def subtract(a: NDArray[int32], b: NDArray[int32]) -> NDArray[int64]: ...
def phrases(
    words: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]],
    docs: int,
    slop: int,
    marks: int,
    limits: NDArray[uint32] | None = None,
) -> NDArray[int32]: ...

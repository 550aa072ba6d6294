from typing import Any

from numpy import float64, int32, int64, uint32
from numpy.typing import NDArray

def intersect(a: NDArray[int32], b: NDArray[int32]) -> tuple[NDArray[int64], NDArray[int64]]: ...
def subtract(a: NDArray[int32], b: NDArray[int32]) -> NDArray[int64]: ...
def unite(
    a: NDArray[int32], a_scores: NDArray[float64], b: NDArray[int32], b_scores: NDArray[float64]
) -> tuple[NDArray[int32], NDArray[float64]]: ...
def phrases(
    words: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]],
    docs: int,
    slop: int,
    limits: NDArray[uint32] | None = None,
) -> NDArray[int32]: ...
def bm25f(
    docs: NDArray[int32],
    counts: NDArray[int32],
    title_docs: NDArray[int32],
    title_counts: NDArray[int32],
    body_words: NDArray[uint32],
    title_words: NDArray[uint32],
    body_average: float,
    title_average: float,
    body_b: float,
    title_b: float,
    title_weight: float,
    k1: float,
    weight: float,
) -> NDArray[float64]: ...
def best(scores: NDArray[float64], wanted: int) -> NDArray[int64]: ...

from numpy import int32, int64
from numpy.typing import NDArray

GAP: int
GAP_TOKEN: int

def invert(
    tokens: NDArray[int32],
    starts: NDArray[int64],
    order: NDArray[int32],
    form_terms: NDArray[int32],
    form_numbers: NDArray[int32],
    terms: int,
) -> tuple[NDArray[int64], NDArray[int32], NDArray[int32], NDArray[int32]]: ...

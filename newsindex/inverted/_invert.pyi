from numpy import int32, int64, uint8
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
    readings: NDArray[int32] | None = None,
    always: NDArray[uint8] | None = None,
    bare: NDArray[uint8] | None = None,
) -> tuple[NDArray[int64], NDArray[int32], NDArray[int32], NDArray[int32]]: ...

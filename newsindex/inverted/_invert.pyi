from numpy import int32, int64, uint8
from numpy.typing import NDArray

GAP: int
GAP_TOKEN: int

def count(
    tokens: NDArray[int32],
    begins: NDArray[int64],
    ends: NDArray[int64],
    order: NDArray[int32],
    bare: NDArray[uint8],
    forms: int,
) -> tuple[NDArray[int32], NDArray[int32]]: ...
def invert(
    tokens: NDArray[int32],
    begins: NDArray[int64],
    ends: NDArray[int64],
    order: NDArray[int32],
    form_terms: NDArray[int32],
    form_numbers: NDArray[int32],
    sizes: NDArray[int64],
    first: int,
    room: NDArray[int32],
    readings: NDArray[int32] | None = None,
    always: NDArray[uint8] | None = None,
    bare: NDArray[uint8] | None = None,
) -> tuple[NDArray[int64], int]: ...

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

class Inverter:
    def __init__(
        self,
        tokens: NDArray[int32],
        begins: NDArray[int64],
        ends: NDArray[int64],
        order: NDArray[int32],
        form_terms: NDArray[int32],
        form_numbers: NDArray[int32],
        portion_ends: NDArray[int64],
        readings: NDArray[int32] | None = None,
        always: NDArray[uint8] | None = None,
        bare: NDArray[uint8] | None = None,
    ) -> None: ...
    def invert(
        self, portion: int, sizes: NDArray[int64], first: int, room: NDArray[int32]
    ) -> tuple[NDArray[int64], int]: ...

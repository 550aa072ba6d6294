from typing import Any

from numpy import int64, uint8, uint32, uint64
from numpy.typing import NDArray

def lower_bound(data: NDArray[uint8], starts: NDArray[Any], low: int, high: int, key: bytes) -> int: ...
def find(data: NDArray[uint8], starts: NDArray[Any], low: int, high: int, key: bytes) -> int: ...
def unsorted(data: NDArray[uint8], starts: NDArray[Any], low: int, high: int) -> int: ...
def wildcard(
    data: NDArray[uint8], starts: NDArray[Any], low: int, high: int, pattern: NDArray[uint32]
) -> NDArray[int64]: ...
def fuzzy(
    data: NDArray[uint8],
    starts: NDArray[Any],
    low: int,
    high: int,
    form: NDArray[uint32],
    distance: int,
    ordered: bool = True,
) -> NDArray[int64]: ...
def gather(
    data: NDArray[uint8], starts: NDArray[Any], wanted: NDArray[int64]
) -> tuple[NDArray[uint8], NDArray[uint64]]: ...
def merge(
    dictionaries: list[tuple[NDArray[uint8], NDArray[uint64], int, int]],
) -> tuple[NDArray[uint8], NDArray[uint64], list[NDArray[int64]]]: ...

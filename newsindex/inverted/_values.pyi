from collections.abc import Sequence
from typing import Any

from numpy import float32, int32, int64
from numpy.typing import NDArray

class Numbered:
    def __init__(self, numbers: NDArray[Any], rows: NDArray[Any] | None, values: int) -> None: ...
    def counts(self, docs: NDArray[int32]) -> NDArray[int64]: ...

class Choice:
    def __init__(self, column: Numbered, numbers: Sequence[int]) -> None: ...
    def keep(
        self, docs: NDArray[int32], bounds: NDArray[float32] | None = None
    ) -> tuple[NDArray[int32], NDArray[float32] | None]: ...

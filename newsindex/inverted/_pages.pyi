from collections.abc import Callable
from typing import Any

from numpy import uint8
from numpy.typing import NDArray

from newsindex.inverted.columns import Sections

class Pages:
    def __init__(
        self,
        data: NDArray[uint8],
        verified: bytearray | None = None,
        verify: Callable[[int, int], Any] | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...

def pages_of(sections: Sections, name: str) -> Pages: ...

from collections.abc import Callable
from typing import Any

from newsindex.inverted.columns import Integers, Sections

class Pages:
    array: Integers
    def __init__(
        self,
        array: Integers,
        verified: bytearray | None = None,
        verify: Callable[[int, int], Any] | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...

def pages_of(sections: Sections, name: str) -> Pages: ...

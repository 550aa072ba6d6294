from numpy import int32, int64, uint8, uint64
from numpy.typing import NDArray

from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted.columns import Integers

class DictionaryWriter:
    def __init__(self, of_forms: bool) -> None: ...
    def add(
        self, data: NDArray[uint8], starts: NDArray[uint64], first: NDArray[int64], second: NDArray[int64]
    ) -> None: ...
    def finish(self) -> tuple[NDArray[uint8], Integers]: ...

def merge(
    dictionaries: list[tuple[Dictionary, int, int]],
) -> tuple[NDArray[uint8], NDArray[uint64], list[NDArray[int32]]]: ...

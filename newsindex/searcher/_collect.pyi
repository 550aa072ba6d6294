from numpy import float32, int32, uint8
from numpy.typing import NDArray

from newsindex.inverted._postings import PostingList

class Group:
    lists: tuple[PostingList, ...]
    count: int
    size: int
    def __init__(
        self,
        lists: tuple[PostingList, ...] = (),
        weight: float = 0,
        slack: float = 1,
        most: bool = True,
        docs: NDArray[int32] | None = None,
        bounds: NDArray[float32] | None = None,
    ) -> None: ...

def all_of(
    groups: list[Group],
    low: int,
    high: int,
    alive: NDArray[uint8] | None = None,
    keep: int = 0,
    share: float = 0,
    cutoff: float = 0,
) -> tuple[int, NDArray[int32], NDArray[float32], float]: ...
def any_of(
    groups: list[Group],
    low: int,
    high: int,
    alive: NDArray[uint8] | None = None,
    keep: int = 0,
    share: float = 0,
    cutoff: float = 0,
) -> tuple[int, NDArray[int32], NDArray[float32], float]: ...

from numpy import int32, uint8
from numpy.typing import NDArray

from newsindex.inverted._columns import Numbers
from newsindex.inverted._postings import PostingList

class Terms:
    size: int
    def __init__(
        self,
        lists: tuple[PostingList, ...],
        marks: tuple[NDArray[uint8] | bytes, ...],
        rests: tuple[int, ...],
        spelled: bool,
    ) -> None: ...

def find_phrase(
    words: list[Terms],
    low: int,
    high: int,
    slop: int,
    spelling: bool,
    limits: Numbers | None = None,
    docs: NDArray[int32] | None = None,
    once: bool = False,
) -> tuple[NDArray[int32], NDArray[int32]]: ...

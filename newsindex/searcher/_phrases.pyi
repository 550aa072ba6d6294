from numpy import int32, uint8, uint32
from numpy.typing import NDArray

from newsindex.inverted._postings import PostingList
from newsindex.inverted._words import Alternative

class Terms:
    size: int
    def __init__(
        self,
        lists: tuple[PostingList, ...],
        marks: tuple[NDArray[uint8], ...],
        rests: tuple[int, ...],
        spelled: bool,
    ) -> None: ...

def terms_of(alternatives: list[Alternative], spelled: bool) -> Terms: ...
def find_phrase(
    words: list[Terms],
    low: int,
    high: int,
    slop: int,
    spelling: bool,
    limits: NDArray[uint32] | None = None,
    docs: NDArray[int32] | None = None,
) -> tuple[NDArray[int32], NDArray[int32]]: ...

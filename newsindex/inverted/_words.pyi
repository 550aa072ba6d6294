from numpy import int32, uint32
from numpy.typing import NDArray

from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._pages import Pages
from newsindex.inverted._postings import PostingList

class Alternative:
    postings: PostingList
    marks: bytes
    rest: int
    every: int
    partial: bool
    def __init__(self, postings: PostingList, marks: bytes = b"", rest: int = ..., every: int = ...) -> None: ...
    def tally(self, docs: NDArray[int32], limits: NDArray[uint32] | None = None) -> NDArray[int32]: ...

class Words:
    def __init__(
        self,
        terms: Dictionary,
        forms: Dictionary,
        bounds: tuple[int, int, int, int],
        postings: Pages,
        positions: Pages,
        articles: int,
    ) -> None: ...
    def look_up(self, names: tuple[str, ...], form: str, folded: str, loose: bool) -> list[Alternative]: ...
    def strangers(self, names: tuple[str, ...], folded: str) -> list[tuple[str, str, int, int]]: ...

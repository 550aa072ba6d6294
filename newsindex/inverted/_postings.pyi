from typing import Any

from numpy import int32, int64, uint8
from numpy.typing import NDArray

from newsindex.inverted._columns import Numbers
from newsindex.inverted._pages import Pages

BLOCK: int
PADDING: int

class PostingList:
    df: int
    forms: int
    def __init__(
        self,
        postings: Pages,
        positions: Pages,
        start: int,
        stop: int,
        articles: int,
    ) -> None: ...
    def docs(self, low: int = 0, high: int = ...) -> tuple[NDArray[int32], NDArray[int32]]: ...
    def last(self, wanted: int) -> NDArray[int32]: ...
    def impacts(self) -> NDArray[uint8]: ...
    def tally(
        self,
        wanted: NDArray[int32],
        limits: Numbers | None = None,
        marks: NDArray[uint8] | bytes | None = None,
        rest: int = 1,
    ) -> NDArray[int32]: ...
    def is_alive(self, alive: NDArray[uint8], form: int) -> bool: ...
    def check(self, words: NDArray[int64]) -> None: ...
    def places(self, doc: int, marks: bytes, rest: int, base: int, words: int) -> list[int]: ...
    def occurrences(
        self, wanted: NDArray[int32], marks: NDArray[uint8] | bytes | None = None, rest: int = 0
    ) -> tuple[NDArray[int64], NDArray[int32], NDArray[Any]]: ...

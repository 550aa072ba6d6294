from collections.abc import Callable
from typing import Any

from numpy import int32, int64, uint8, uint64
from numpy.typing import NDArray

BLOCK: int
PADDING: int

class PostingWriter:
    def __init__(self, postings_sink: Callable[[Any], object], positions_sink: Callable[[Any], object]) -> None: ...
    def begin(self, forms: int) -> int: ...
    def add(self, docs: NDArray[int32], positions: NDArray[int32], forms: NDArray[int32]) -> None: ...
    def end(self) -> int: ...
    def add_terms(
        self,
        starts: NDArray[int64],
        docs: NDArray[int32],
        positions: NDArray[int32],
        forms: NDArray[int32],
        form_counts: NDArray[int32],
    ) -> NDArray[uint64]: ...
    def finish(self) -> None: ...

class PostingList:
    df: int
    forms: int
    def __init__(
        self,
        postings: NDArray[uint8],
        positions: NDArray[uint8],
        start: int,
        stop: int,
        articles: int,
        verify_postings: Callable[[int, int], object],
        verify_positions: Callable[[int, int], object],
    ) -> None: ...
    def docs(self, low: int = 0, high: int = ...) -> tuple[NDArray[int32], NDArray[int32]]: ...
    def occurrences(self, wanted: NDArray[int32]) -> tuple[NDArray[int64], NDArray[int32], NDArray[int32]]: ...

def list_sizes(
    postings: NDArray[uint8],
    positions: NDArray[uint8],
    starts: NDArray[uint64],
    articles: int,
    verify_postings: Callable[[int, int], object],
    verify_positions: Callable[[int, int], object],
) -> NDArray[int64]: ...
def read_terms(
    postings: NDArray[uint8],
    positions: NDArray[uint8],
    starts: NDArray[uint64],
    renumbered: NDArray[int32],
    verify_postings: Callable[[int, int], object],
    verify_positions: Callable[[int, int], object],
) -> tuple[NDArray[int32], NDArray[int32], NDArray[int32], NDArray[int32]]: ...

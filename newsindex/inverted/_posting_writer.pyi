from collections.abc import Callable
from typing import Any

from numpy import int32, int64, uint64
from numpy.typing import NDArray

from newsindex.inverted.impacts import Lengths

class PostingWriter:
    def __init__(
        self, postings_sink: Callable[[Any], object], positions_sink: Callable[[Any], object], lengths: Lengths
    ) -> None: ...
    def field(self, name: str) -> None: ...
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

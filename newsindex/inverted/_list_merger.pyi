from numpy import bool_, int32, uint64
from numpy.typing import NDArray

from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter

class Lists:
    def __init__(
        self,
        postings: Pages,
        positions: Pages,
        starts: NDArray[uint64],
        renumbered: NDArray[int32],
        terms: NDArray[int32],
        bases: NDArray[int32],
        numbers: NDArray[int32],
    ) -> None: ...

class ListMerger:
    source: int
    def __init__(self, sources: list[Lists]) -> None: ...
    def write(self, writer: PostingWriter, form_counts: NDArray[int32]) -> tuple[NDArray[bool_], NDArray[uint64]]: ...

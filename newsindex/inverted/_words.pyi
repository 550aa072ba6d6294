from numpy import int64
from numpy.typing import NDArray

from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._pages import Pages
from newsindex.inverted._patterns import Finder
from newsindex.inverted._postings import PostingList

class Meant:
    lists: tuple[PostingList, ...]
    marks: tuple[bytes, ...]
    rests: tuple[int, ...]
    every: int
    df: int
    effort: int
    def __init__(
        self,
        lists: tuple[PostingList, ...] = (),
        marks: tuple[bytes, ...] = (),
        rests: tuple[int, ...] = (),
        every: int = 0,
    ) -> None: ...
    def __len__(self) -> int: ...

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
    def look_up(self, names: tuple[str, ...], form: str, folded: str, loose: bool) -> Meant: ...
    def gather(self, terms: NDArray[int64], numbers: NDArray[int64]) -> Meant: ...
    def expand(self, finder: Finder) -> Meant: ...
    def begun(self, prefix: bytes, limit: int) -> tuple[int, list[str]]: ...
    def whole(self, terms: list[int]) -> Meant: ...
    def strangers(self, names: tuple[str, ...], folded: str) -> list[tuple[str, str, int, int]]: ...

def look_up_in(
    segments: list[Words | None],
    names: tuple[str, ...],
    form: str,
    folded: str,
    loose: bool,
    strangers: list[tuple[int, tuple[str, str, int, int]]] | None = None,
) -> list[Meant]: ...
def expand_in(segments: list[Words | None], finder: Finder, most: int) -> list[Meant]: ...

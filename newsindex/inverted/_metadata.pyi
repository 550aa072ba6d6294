import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsindex.article import Article

NO_TIME: Final[int]

class RowNumbers:
    def __init__(self, *_: object) -> None: ...
    def add(self, article: int, values: tuple[str, ...]) -> int: ...
    def distinct(self) -> list[tuple[str, ...]]: ...
    def given(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...

_Rows = TypeVar("_Rows", bound=RowNumbers)

def add_metadata(fields: dict[str, _Rows], number: int, article: Article, make: Callable[[str], _Rows]) -> int: ...
def moment_of(date: dt.date) -> tuple[int, int]: ...

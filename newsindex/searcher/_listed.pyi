from numpy import float32, int32
from numpy.typing import NDArray

from newsindex.inverted._values import Choice
from newsindex.searcher._collect import Group

def listed(group: Group, low: int, high: int, choices: list[Choice]) -> tuple[NDArray[int32], NDArray[float32]]: ...

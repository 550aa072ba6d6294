from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from newsindex.analysis._lexicon import Lexicon
from newsindex.analysis._rules import Rules

UNKNOWN: Final = "-"

Packed = tuple[NDArray[np.uint8], NDArray[np.uint64]]

def readings(lexicon: Lexicon, rules: Callable[[], Rules], form: str, bare: bool) -> tuple[str, ...]: ...
def classify(
    lexicon: Lexicon, rules: Rules, forms: Packed, entries: Packed, in_bare: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], bytes, NDArray[np.int64]]: ...

"""What a posting can be worth: its share in BM25F, which the writer of posting lists rounds up to a byte.

BM25F as in Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6: the
frequencies of a word in title and body are divided by the length of each, weighted and added before they saturate, so
that a word in both does not count as two. What saturates is `shares`; `impact` is shares / (K1 + shares), which is
below 1, and the score of a posting is its impact times what its word is worth.

An impact on disk is a bound: searches look at few articles in whose bounds they saw promise, and score those exactly.
It holds for the average lengths of its segment, from which those of an index differ by a factor that searches know.
The constants are what the bytes of an index were made with: to change one is to change the format of segments.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.forks import cached_property

K1: Final = 0.9  # saturation of word frequency
B_BODY: Final = 0.75  # how much the length of a body counts
B_TITLE: Final = 0.5  # titles differ less in length, and a longer one is no worse
TITLE_WEIGHT: Final = 4.0  # a word in the title counts as much as this many in the body
STEPS: Final = 255  # impacts are multiples of 1 / STEPS


def average(words: int, articles: int) -> float:
    """The average length of titles or bodies in words; 1 where there are no words.

    >>> average(30, 10), average(0, 10)
    (3.0, 1.0)
    """
    return words / articles if words else 1.0


@attrs.frozen(eq=False, slots=False)
class Lengths:
    """The lengths of the articles of a segment in words, by docid (uint32)."""

    title: NDArray[np.uint32]
    body: NDArray[np.uint32]

    @cached_property
    def title_norms(self) -> NDArray[np.float32]:
        """By what the frequency of a word in each title is multiplied."""
        return _norms(self.title, B_TITLE)

    @cached_property
    def body_norms(self) -> NDArray[np.float32]:
        """By what the frequency of a word in each body is multiplied."""
        return _norms(self.body, B_BODY)


def bounds_hold(
    impacts: NDArray[np.uint8], docs: NDArray[np.int32], tally: NDArray[np.int32], lengths: Lengths
) -> bool:
    """Whether the impacts of a list in the text bound what they should, given how often the term occurs in `docs`.

    `tally` has the occurrences in its first column, of which those in the title in its second.
    """
    body, title = tally[:, 0] - tally[:, 1], tally[:, 1]
    shares = body * lengths.body_norms[docs] + TITLE_WEIGHT * title * lengths.title_norms[docs]
    return bool((impacts >= STEPS * shares / (K1 + shares)).all())


def _norms(lengths: NDArray[np.uint32], b: float) -> NDArray[np.float32]:
    words = lengths.astype(np.float64)
    mean = average(int(lengths.sum(dtype=np.int64)), len(lengths))
    norms: NDArray[Any] = 1 / (1 - b + b * words / mean)
    return norms.astype(np.float32)

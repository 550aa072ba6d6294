"""What one piece of work takes of memory, in a process of its own: `python reliability_memory.py WORK INDEX ARTICLES`.

It prints by how many bytes the most that the process held exceeds what it held before, when all that the work needs was
loaded. Pages of mapped files count, for as long as they are resident. `test_reliability_memory` starts it.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from reliability_support import QUERIES, article, articles

import newsindex as ni

BUDGET: Final = 1 << 20  # bytes that the writer may use: so few that small archives outgrow it
_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")  # 5 makes the peak what is held now


def _held(which: str) -> int:
    found = re.search(rf"^{which}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


def build(place: Path, count: int) -> None:
    """A writer adds so many articles, in one commit."""
    with ni.create(place, exist_ok=True).writer(memory=BUDGET) as w:
        for number in range(count):
            w.add(article(number))


def merge(place: Path, count: int) -> None:
    """All segments become one."""
    ni.open(place).optimize()


def search(place: Path, count: int) -> None:
    """Every kind of query, and a timeline and facets of all articles."""
    ix = ni.open(place)
    for query, options in QUERIES:
        assert all(hit.snippet() for hit in ix.search(query, limit=20, **options))
    assert sum(ix.timeline("numărul", by="day").values()) > 0.9 * count
    assert ix.facets("numărul", "source")


WORK: Final[dict[str, Callable[[Path, int], None]]] = {"build": build, "merge": merge, "search": search}


def main() -> None:
    work, place, count = WORK[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as other:
        ix = ni.create(other)
        ix.add(articles(range(50)))
        ix.add(articles(range(50, 80)))
        for warm in WORK.values():
            warm(Path(other), 50)
        del ix
    _RESET.write_text("5")
    before = _held("VmRSS")
    work(place, count)
    print(_held("VmHWM") - before)


if __name__ == "__main__":
    main()

"""Memory: building, merging and searching take what was promised, and for each article more far less than it takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import reliability_memory
from reliability_memory import BUDGET

import newsindex as ni

ROOM = 150 << 20  # beside the budget of a writer; also what merging may take
MORE = 300  # bytes, for each article more: its numbers, and two words that no other has; buffered it takes over 1,000
NOISE = 12 << 20  # of the allocator and of pages read ahead: what is kept without need is several times as much
WAYS = 24 << 20  # of searches, beside the pages of the files that they look at


@pytest.fixture(scope="module")
def taken(child_environment: dict[str, str]) -> Callable[[str, Path, int], int]:
    """What some work on the index in a directory takes, in bytes, by a process of its own."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells a process the most memory that it held")

    def measure(work: str, place: Path, count: int) -> int:
        command = [sys.executable, reliability_memory.__file__, work, str(place), str(count)]
        ran = subprocess.run(command, env=child_environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return int(ran.stdout)

    return measure


def test_what_work_takes_grows_little_with_the_archive(
    tmp_path: Path, taken: Callable[[str, Path, int], int], long: bool
) -> None:
    few = 30_000 if long else 1_500
    found: dict[str, list[int]] = {work: [] for work in reliability_memory.WORK}
    sizes = []
    for count in (few, 10 * few):
        place = tmp_path / str(count)
        for work in ("build", "search", "merge"):
            found[work].append(taken(work, place, count))
        ix = ni.open(place)
        assert len(ix) == count
        assert ix.stats().segments == 1
        sizes.append(ix.stats().bytes)
    for work, bytes_ in found.items():
        print(f"{work}: {bytes_[0] / 1e6:.1f} MB for {few:,} articles, {bytes_[1] / 1e6:.1f} MB for ten times as many")
    assert max(found["build"]) < BUDGET + ROOM
    assert max(found["merge"]) < ROOM
    for work in ("build", "merge"):
        assert found[work][1] < found[work][0] + 9 * few * MORE + NOISE
    for number, size in enumerate(sizes):
        assert found["search"][number] < size + WAYS

"""Segment files of nonsense whose checksums are right, so that what reads sections is all that stands in its way.

For test_reliability_fuzz. `Sealed` makes them of a true index in memory; `damage` is the strategy of what is done to a
section.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reliability_support import articles

import newsindex as ni
from newsindex import snapshot
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory, MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter

Edit = tuple[str, int, int]


def fuzz(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], examples: int) -> None:
    """Call `check` with so many examples: always the same, so that what fails once fails again."""

    @settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=HealthCheck)
    @given(strategy)
    def run(example: Any) -> None:
        check(example)

    run()
    print(f"{examples:,} examples: 0 wrong, 0 hung")


class Apart(SectionReader):
    """Reads sections from copies of their own size, so that a sanitizer sees who reads past the end of one."""

    def unverified(self, name: str) -> tuple[NDArray[Any], bytearray]:
        array, verified = super().unverified(name)
        return array.copy(), verified


class Sealed:
    """An index of two segments in `path`, whose first has lost some articles, and variants of it with other bytes."""

    def __init__(self, path: Path) -> None:
        archive = ni.create(path)
        for batch in (articles(range(150)), [*articles(range(3, 30, 9), version=1), *articles(range(150, 160))]):
            archive.add(batch)
        self._true = DiskDirectory(path)
        self._manifest = manifests.load(self._true)
        self._reader = SectionReader(self._true, self._manifest.segments[0].name)
        self.names = [name for name in self._reader.names() if len(self._reader.array(name))]

    def with_section(self, name: str, edits: list[Edit]) -> MemoryDirectory:
        """The index, with one section of its first segment changed, and whatever tells of it put right."""
        directory = MemoryDirectory()
        entry = self._manifest.segments[0]
        with directory.create(entry.name) as file:
            writer = SectionWriter(file, "segment", entry.uid)
            for section in self._reader.names():
                array = self._reader.array(section)
                writer.add(section, edited(array, edits) if section == name else array)
            size = writer.finish(self._reader.meta)
        for other in self._manifest.files - {entry.name}:
            with directory.create(other) as file:
                file.write(self._true.map(other))
        segments = (attrs.evolve(entry, size=size), *self._manifest.segments[1:])
        manifests.publish(directory, attrs.evolve(self._manifest, segments=segments))
        return directory


def edited(array: NDArray[Any], edits: list[Edit]) -> NDArray[Any]:
    """An array whose bytes were edited, and what is left over at its end cut off."""
    data = bytearray(array.tobytes())
    for kind, place, value in edits:
        at = place % (len(data) + 1)
        if kind == "bit":
            data[at : at + 1] = bytes(byte ^ (1 << value % 8) for byte in data[at : at + 1])
        elif kind == "byte":
            data[at : at + 1] = bytes([value % 256] * len(data[at : at + 1]))
        elif kind == "number":
            at -= at % array.itemsize
            data[at : at + array.itemsize] = (value % 256**array.itemsize).to_bytes(array.itemsize, "little")
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + value % 64]
        elif kind == "repeat":
            data[at:at] = data[at : at + value % 64]
        else:
            data[at : at + value % 400] = bytes([value % 256]) * len(data[at : at + value % 400])
    return np.frombuffer(bytes(data[: len(data) // array.itemsize * array.itemsize]), array.dtype)


_TELLING: Final = [
    0,
    1,
    2,
    15,
    31,
    32,
    33,
    127,
    128,
    240,
    255,
    2**15,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    -1,
]
numbers = st.sampled_from(_TELLING) | st.integers(0, 2**64 - 1)
damage: st.SearchStrategy[list[Edit]] = st.lists(
    st.tuples(
        st.sampled_from(["bit", "byte", "byte", "number", "number", "cut", "drop", "repeat", "fill"]),
        st.integers(0, 2**20),
        numbers,
    ),
    min_size=1,
    max_size=4,
)


def sections_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all indexes that are opened read by `Apart`."""
    monkeypatch.setattr(snapshot, "SectionReader", Apart)

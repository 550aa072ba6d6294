"""Columns: one value, or some, for each article of a segment, in the order of docids.

`Strings` are texts one after another; `Values` are the distinct values of a metadata field and who has which. The
builder and the merger write them, `newsindex.inverted.segment` reads them. Bytes come from disk, so whatever is
read is checked before it is used as an index; a fault is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import clean

Bytes = NDArray[np.uint8]
Docs = NDArray[np.int32]
Integers = NDArray[Any]
Packed = tuple[NDArray[np.uint8], NDArray[np.uint64]]  # strings one after another, and where each begins


class Sink(Protocol):
    """Where a segment's sections go: a file writer of `newsindex.store`, or a list in a test."""

    def add(self, name: str, array: Integers) -> None:
        """Write one section whole."""

    def open(self, name: str, dtype: str) -> None:
        """Begin a section of `dtype` that arrives in parts."""

    def write(self, chunk: Any) -> None:
        """Write one part of the section begun."""

    def close_section(self) -> None:
        """End the section begun."""


class Sections(Protocol):
    """Where sections come from: a mapped file of `newsindex.store`."""

    def array(self, name: str) -> Integers:
        """A section, every byte of it verified."""

    def raw(self, name: str) -> Bytes:
        """The bytes of a section, unverified."""

    def verified(self, name: str) -> bytearray:
        """Of each page of a section (64 KiB) 1 if it is verified, else 0. `verify` sets them."""

    def verify(self, name: str, start: int, stop: int) -> None:
        """Verify the bytes `start` to `stop` of a section, raising CorruptIndexError."""

    def __contains__(self, name: str) -> bool: ...


def narrow(array: Integers) -> Integers:
    """`array`, none of it negative, in the narrowest unsigned type that holds its values."""
    largest = int(array.max()) if len(array) else 0
    return array.astype(np.min_scalar_type(largest))


def pack(strings: Sequence[bytes]) -> Packed:
    """Strings one after another, and where each begins (one more than strings)."""
    starts = np.zeros(len(strings) + 1, np.uint64)
    np.cumsum([len(string) for string in strings], out=starts[1:])
    return np.frombuffer(b"".join(strings), np.uint8), starts


def write_strings(sink: Sink, name: str, data: Bytes, starts: NDArray[np.uint64]) -> None:
    """Write the two sections of packed strings."""
    sink.add(f"{name}.data", data)
    sink.add(f"{name}.starts", starts.astype("u4") if int(starts[-1]) < 2**32 else starts)


@attrs.frozen(eq=False)
class Strings:
    """Packed strings as they lie on disk; `len()` of them."""

    data: Bytes
    starts: Integers
    # Single items come out of memoryviews several times as fast as out of arrays.
    _bytes: memoryview = attrs.field(init=False)
    _bounds: memoryview = attrs.field(init=False)

    @_bytes.default
    def _view_data(self) -> memoryview:
        return self.data.data

    @_bounds.default
    def _view_starts(self) -> memoryview:
        return self.starts.data

    @classmethod
    def read(cls, sections: Sections, name: str, count: int | None = None) -> Strings:
        """The two sections of packed strings, `count` of them where that is known."""
        data, starts = sections.array(f"{name}.data"), sections.array(f"{name}.starts")
        if starts.dtype not in (np.uint32, np.uint64) or len(starts) == 0 or data.dtype != np.uint8:
            raise ValueError(f"{name} is no column of strings")
        if starts[0] or int(starts[-1]) != len(data) or (starts[1:] < starts[:-1]).any():
            raise ValueError(f"{name} has strings that do not follow one another")
        if count is not None and len(starts) != count + 1:
            raise ValueError(f"{name} holds {len(starts) - 1} strings where {count} are announced")
        return cls(data, starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, index: int) -> bytes:
        """String `index` as UTF-8."""
        return self._bytes[self._bounds[index] : self._bounds[index + 1]].tobytes()

    def __getitem__(self, index: int) -> str:
        return str(self._bytes[self._bounds[index] : self._bounds[index + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))


def write_values(sink: Sink, name: str, values: list[str], rows: Sequence[tuple[int, ...]]) -> None:
    """Write a column: distinct `values`, and for each docid the numbers of its values, counted from 1."""
    write_strings(sink, name, *pack([value.encode() for value in values]))
    if any(len(row) > 1 for row in rows):
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        sink.add(f"{name}.rows", narrow(starts))
        numbers = np.array([number for row in rows for number in row], np.int64)
    else:
        numbers = np.array([row[0] if row else 0 for row in rows], np.int64)
    sink.add(f"{name}.numbers", narrow(numbers))


@attrs.frozen(eq=False)
class Values:
    """A metadata column: distinct values, and for each article the numbers of its own, counted from 1.

    Without `rows`, `numbers` has one number for each docid, 0 for none; with them, those of docid d are
    `numbers[rows[d]:rows[d + 1]]`.
    """

    strings: Strings
    numbers: Integers
    rows: Integers | None
    _singles: memoryview = attrs.field(init=False)

    @_singles.default
    def _view_numbers(self) -> memoryview:
        return self.numbers.data

    @classmethod
    def read(cls, sections: Sections, name: str, articles: int) -> Values:
        """The sections of one column of a segment of `articles` articles."""
        strings, numbers = Strings.read(sections, name), sections.array(f"{name}.numbers")
        rows = sections.array(f"{name}.rows") if f"{name}.rows" in sections else None
        if numbers.dtype.kind != "u" or int(numbers.max(initial=0)) > len(strings):
            raise ValueError(f"{name}: numbers of values that are none of {len(strings)}")
        if rows is None and len(numbers) != articles:
            raise ValueError(f"{name}: {len(numbers)} values for {articles} articles")
        if rows is not None:
            fits = rows.dtype.kind == "u" and len(rows) == articles + 1 and (rows[0], rows[-1]) == (0, len(numbers))
            if not fits or (rows[1:] < rows[:-1]).any():
                raise ValueError(f"{name}: rows that do not fit {articles} articles and {len(numbers)} values")
        return cls(strings, numbers, rows)

    def row(self, doc: int) -> tuple[int, ...]:
        """The numbers of the values of one article."""
        if self.rows is not None:
            return tuple(int(number) for number in self.numbers[int(self.rows[doc]) : int(self.rows[doc + 1])])
        number = int(self.numbers[doc])
        return (number,) if number else ()

    def first(self, doc: int) -> str | None:
        """The first value of one article."""
        number = self._singles[doc] if self.rows is None else (*self.row(doc), 0)[0]
        return self.strings[number - 1] if number else None

    def docs(self, values: Iterable[str], low: int = 0, high: int | None = None) -> Docs:
        """The docids from `low` to `high` - 1 (None: to the end) that have one of the cleaned `values`."""
        wanted = self._wanted(values)
        if self.rows is None:
            return (self._among(self.numbers[low:high], wanted).nonzero()[0] + low).astype(np.int32)
        places = self._among(self.numbers, wanted).nonzero()[0]
        docs = np.unique(np.searchsorted(self.rows, places, side="right") - 1).astype(np.int32)
        return docs[(docs >= low) & (docs < (len(self.rows) if high is None else high))]

    def among(self, values: Iterable[str], docs: Docs) -> NDArray[np.bool_]:
        """Which of `docs` have one of the cleaned `values`."""
        if self.rows is None:
            return self._among(self.numbers[docs], self._wanted(values))
        return np.isin(docs, self.docs(values), assume_unique=True)

    def _wanted(self, values: Iterable[str]) -> list[int]:
        return [number for value in set(values) for number in self._cleaned.get(value, ())]

    @staticmethod
    def _among(numbers: Integers, wanted: list[int]) -> NDArray[np.bool_]:
        return numbers == wanted[0] if len(wanted) == 1 else np.isin(numbers, wanted)

    @cached_property
    def _cleaned(self) -> dict[str, list[int]]:
        """The numbers of the values that are one when cleaned."""
        numbers: dict[str, list[int]] = {}
        for number, value in enumerate(self.strings, 1):
            numbers.setdefault(clean(value).strip(), []).append(number)
        return numbers

    def counts(self, docs: Docs) -> dict[str, int]:
        """How many of the articles `docs` have each cleaned value."""
        if self.rows is None:
            numbers = self.numbers[docs]
        else:
            chosen = np.zeros(len(self.rows) - 1, bool)
            chosen[docs] = True
            numbers = self.numbers[np.repeat(chosen, self.rows[1:] - self.rows[:-1])]
        counts = np.bincount(numbers, minlength=1)
        counts[0] = 0
        found: dict[str, int] = {}
        for number in np.flatnonzero(counts):
            value = clean(self.strings[int(number) - 1]).strip()
            found[value] = found.get(value, 0) + int(counts[number])
        return found

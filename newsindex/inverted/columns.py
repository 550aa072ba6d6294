"""Columns: one value, or some, for each article of a segment, in the order of docids.

`Strings` and `Numbers` (see `_columns.pyx`) are read one at a time; `Values` are the distinct values of a metadata
field and who has which. The builder and the merger write them, `newsindex.inverted.segment` reads them. Bytes come from
disk, so whatever is read is checked before it is used as an index; a fault is a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

from newsindex.analysis import clean
from newsindex.forks import cached_property
from newsindex.inverted import _strings
from newsindex.inverted._columns import Numbers, Strings
from newsindex.inverted._values import Choice, Numbered

Bytes = NDArray[np.uint8]
Docs = NDArray[np.int32]
Integers = NDArray[Any]
Packed = tuple[NDArray[np.uint8], NDArray[np.uint64]]  # strings one after another, and where each begins

UNDATED: Final = np.iinfo(np.int64).min  # in the column of dates


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

    def unverified(self, name: str) -> tuple[Integers, bytearray]:
        """A section, and of each page of it (16 KiB) 1 if it is verified, else 0. `verify` sets them."""

    def verify(self, name: str, start: int, stop: int) -> None:
        """Verify the bytes `start` to `stop` of a section, raising CorruptIndexError."""

    def release(self) -> None:
        """Give back the memory of what was read so far; it may be read again."""

    def __contains__(self, name: str) -> bool: ...


def narrow(array: Integers) -> Integers:
    """`array`, none of it negative, in the narrowest unsigned type that holds its values."""
    largest = int(array.max()) if len(array) else 0
    return array.astype(np.min_scalar_type(largest))


def pack(strings: Sequence[bytes | memoryview]) -> Packed:
    """Strings one after another, and where each begins (one more than strings)."""
    starts = np.zeros(len(strings) + 1, np.uint64)
    np.cumsum([len(string) for string in strings], out=starts[1:])
    return np.frombuffer(b"".join(strings), np.uint8), starts


def picked(columns: Sequence[Callable[[int, int], Packed]], which: Docs, docs: Docs) -> Packed:
    """Of each pair in `which` and `docs` the string number `docs[i]` of the column `which[i]`.

    A column is a function that gives its strings from one number up to another, packed. Those that are wanted of each
    ascend, so hardly any but them lie between the first and the last.
    """
    parts, starts = [np.zeros(0, np.uint8)], [np.zeros(1, np.uint64)]
    places = np.empty(len(which), np.int64)
    count = size = 0
    for k, column in enumerate(columns):
        wanted = docs[which == k]
        if len(wanted):
            low, high = int(wanted[0]), int(wanted[-1]) + 1
            data, begins = column(low, high)
            places[which == k] = wanted - np.int64(low - count)
            parts.append(data)
            starts.append(begins[1:] + np.uint64(size))
            count, size = count + high - low, size + len(data)
    return _strings.gather(np.concatenate(parts), np.concatenate(starts), places)


def write_strings(sink: Sink, name: str, data: Bytes, starts: NDArray[np.uint64]) -> None:
    """Write the two sections of packed strings."""
    sink.add(f"{name}.data", data)
    sink.add(f"{name}.starts", wide(starts))


def write_values(sink: Sink, name: str, values: list[str], lengths: Integers, numbers: Integers) -> None:
    """Write a column: distinct `values`, how many of them each docid has, and their numbers, counted from 1."""
    write_strings(sink, name, *pack([value.encode() for value in values]))
    if int(lengths.max(initial=0)) > 1:
        sink.add(f"{name}.rows", narrow(starts_of(lengths)))
    else:
        single = np.zeros(len(lengths), numbers.dtype)
        single[lengths > 0] = numbers
        numbers = single
    sink.add(f"{name}.numbers", narrow(numbers))


def starts_of(lengths: Integers) -> NDArray[np.int64]:
    """Where runs of such lengths begin that follow one another, and where the last ends."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def places_of(starts: Integers, lengths: Integers) -> NDArray[np.int64]:
    """The places of all members of some runs, given where each begins: 5, 6, 7, 2, 3 for runs of 3 at 5 and of 2 at 2.

    >>> places_of(np.array([5, 2]), np.array([3, 2])).tolist()
    [5, 6, 7, 2, 3]
    """
    before = starts_of(lengths)
    return np.repeat(starts - before[:-1], lengths) + np.arange(before[-1])


class Values:
    """A metadata column: distinct values, and for each article the numbers of its own, counted from 1.

    Without `rows`, `numbers` has one number for each docid, 0 for none; with them, those of docid d are
    `numbers[rows[d]:rows[d + 1]]`.

    Args:
        sections, name: where it is.
        articles: how many the segment has.

    Attributes:
        strings: the values.
        singles: the numbers, to be read one at a time; None where there are `rows`.

    Raises:
        ValueError: the sections are no such column.
    """

    def __init__(self, sections: Sections, name: str, articles: int) -> None:
        self._sections = sections
        self._name = name
        self._articles = articles
        self.strings = Strings(sections, name)
        self.singles = None if f"{name}.rows" in sections else Numbers(sections, f"{name}.numbers", count=articles)

    @cached_property
    def numbers(self) -> Integers:
        """The numbers of all, each that of a value or 0."""
        numbers = self._sections.array(f"{self._name}.numbers")
        if numbers.dtype.kind != "u" or int(numbers.max(initial=0)) > len(self.strings):
            raise ValueError(f"{self._name}: numbers of values that are none of {len(self.strings)}")
        return numbers

    @cached_property
    def rows(self) -> Integers | None:
        """Where the numbers of each article begin, and where those of the last end."""
        if self.singles is not None:
            return None
        rows, articles, count = self._sections.array(f"{self._name}.rows"), self._articles, len(self.numbers)
        fits = rows.dtype.kind == "u" and len(rows) == articles + 1 and (rows[0], rows[-1]) == (0, count)
        if not fits or (rows[1:] < rows[:-1]).any():
            raise ValueError(f"{self._name}: rows that do not fit {articles} articles and {count} values")
        return rows

    def whole(self) -> list[str]:
        """The values; all else is checked, too, so that `row` finds no fault for any article."""
        _ = self.numbers, self.rows
        return list(self.strings)

    def row(self, doc: int) -> tuple[int, ...]:
        """The numbers of the values of one article."""
        if self.rows is not None:
            return tuple(self.numbers[int(self.rows[doc]) : int(self.rows[doc + 1])].tolist())
        number = int(self.numbers[doc])
        return (number,) if number else ()

    def first(self, doc: int) -> str | None:
        """The first value of one article."""
        number = (*self.row(doc), 0)[0] if self.singles is None else self.singles[doc]
        return self.strings[number - 1] if number else None

    def docs(self, values: Iterable[str], low: int = 0, high: int | None = None) -> Docs:
        """The docids from `low` to `high` - 1 (None: to the end) that have one of the cleaned `values`."""
        wanted = self._wanted(values)
        if self.rows is None:
            return (self._among(self.numbers[low:high], wanted).nonzero()[0] + low).astype(np.int32)
        places = self._among(self.numbers, wanted).nonzero()[0]
        docs = np.unique(np.searchsorted(self.rows, places, side="right") - 1).astype(np.int32)
        return docs[(docs >= low) & (docs < (len(self.rows) if high is None else high))]

    def choice(self, values: Iterable[str]) -> Choice:
        """What tells of any article whether it has one of the cleaned `values`."""
        return Choice(self._numbered, self._wanted(values))

    @cached_property
    def _numbered(self) -> Numbered:
        return Numbered(self.numbers, self.rows, len(self.strings))

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
        counts = self._numbered.counts(docs)
        found: dict[str, int] = {}
        for number in np.flatnonzero(counts):
            value = clean(self.strings[int(number) - 1]).strip()
            found[value] = found.get(value, 0) + int(counts[number])
        return found


def hash_id(article_id: str) -> int:
    """The 64-bit hash by which articles are found."""
    return xxhash.xxh3_64_intdigest(article_id.encode())


def wide(offsets: NDArray[np.uint64]) -> NDArray[Any]:
    """Offsets in four bytes where they fit, else in eight."""
    return offsets.astype("u4") if not len(offsets) or int(offsets.max()) < 2**32 else offsets

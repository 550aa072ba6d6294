"""Tables: .csv with commas, semicolons or tabs, and .tsv with tabs; a row an article, the first row their names.

Cells are quoted as spreadsheets do it: a cell with delimiters, line ends or quotes stands in double quotes, and a
quote in it is doubled. Names are compared without regard to case; an empty cell is a missing value. Called by
`newsindex.ingest.reader` alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Final

from newsindex.ingest.encoding import MAX_RECORD_BYTES, Line, lines
from newsindex.ingest.faults import InputError
from newsindex.ingest.records import KNOWN, TEXT_NAMES, Record, has_text
from newsindex.threads import Exclusive

_DELIMITERS: Final = (",", ";", "\t")

# The csv module has one limit on cells for the whole process. It is ours only while a row of ours is parsed, one
# thread at a time, so that two of them cannot restore each other's.
_exclusive: Final = Exclusive()


def csv_records(file: str, blocks: Iterator[bytes]) -> Iterator[Record | InputError]:
    """The records of a .csv file; its delimiter is the one that splits the first row best.

    Yields:
        a record, or the fault of a row that is none.

    Raises:
        ArticleError: no usable first row, or a row longer than `MAX_RECORD_BYTES`.
    """
    return _records(file, blocks, _DELIMITERS)


def tsv_records(file: str, blocks: Iterator[bytes]) -> Iterator[Record | InputError]:
    """The records of a .tsv file, like those of a .csv file with tabs."""
    return _records(file, blocks, ("\t",))


def _records(file: str, blocks: Iterator[bytes], delimiters: tuple[str, ...]) -> Iterator[Record | InputError]:
    text = lines(file, blocks)
    first = next((line for line in text if line.text.strip() or line.fault), None)
    if first is None:
        raise InputError(file, "empty; the first row has to name the columns", kind="empty file")
    delimiter = max(delimiters, key=lambda candidate: _fitness(first.text, candidate))
    rows = _rows(file, chain([first], text), delimiter)
    header: list[str] | None = None
    for number, row in rows:
        if header is None:
            if isinstance(row, InputError):
                raise row
            header = _header(file, number, row)
        elif isinstance(row, InputError):
            yield row
        elif len(row) != len(header):
            message = f"{len(row)} cells where the first row has {len(header)}; put cells with delimiters in quotes"
            yield InputError(file, message, kind="wrong number of cells", line=number)
        else:
            yield Record(number, {name: cell for name, cell in zip(header, row, strict=True) if cell})


def _fitness(line: str, delimiter: str) -> tuple[int, int]:
    # A candidate that cannot even parse the row fits worst; parsing it for good will say what is wrong.
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return 0, 0
    return sum(cell.strip().lower() in KNOWN for cell in cells), len(cells)


def _header(file: str, number: int, row: list[str]) -> list[str]:
    names = []
    for column, cell in enumerate(row, 1):
        name = cell.strip() or f"column {column}"  # a spreadsheet's or data frame's own row numbers have no name
        names.append(name.lower() if name.lower() in KNOWN else name)
    if not has_text(names):
        message = (
            f"no column for a title or a text among {', '.join(names)[:200]!r}; "
            f"the first row has to name the columns, one of them {', '.join(TEXT_NAMES)}"
        )
        raise InputError(file, message, kind="not an article", line=number)
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                file, f"several columns are called {name!r}; rename all but one", kind="not an article", line=number
            )
    return names


def _rows(file: str, text: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str] | InputError]]:
    """Rows with the number of the line that they begin in; blank lines are passed over."""
    feed = _Feed(file, text)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)

    def parse() -> list[str]:
        limit = csv.field_size_limit()
        try:
            csv.field_size_limit(MAX_RECORD_BYTES)
            return next(reader)
        finally:
            csv.field_size_limit(limit)

    while True:
        feed.begin_row()
        row: list[str] | InputError
        try:
            row = _exclusive.run(parse)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"not a row of a table ({error}); put cells with line ends in quotes and double quotes in them"
            row = InputError(file, message, kind="not a table row", line=feed.first)
        if row := feed.fault or row:
            yield feed.first, row


class _Feed:
    """Lines for the csv module, which remember where the row began and whether one of its lines was unreadable.

    An unreadable line still reaches the parser (with its bad bytes replaced), or a quote that it closes would
    swallow the rows behind it; its row is then refused.
    """

    def __init__(self, file: str, text: Iterator[Line]) -> None:
        self._file = file
        self._text = text
        self._size = 0
        self.first = 0
        self.fault: InputError | None = None

    def begin_row(self) -> None:
        self.first, self.fault, self._size = 0, None, 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.first = self.first or line.number
        self.fault = self.fault or line.fault
        self._size += len(line.text) + 1
        if self._size > MAX_RECORD_BYTES:
            raise InputError(
                self._file,
                f"a row of more than {MAX_RECORD_BYTES:,} characters; close the quote that it begins with",
                kind="too long",
                line=self.first,
            )
        return line.text + "\n"

"""The words of buffered articles: rows of word-form numbers, four bytes a word. For `SegmentBuilder`.

Prose is read on threads of its own, some megabytes at a time, while further articles are added; the tokenizer holds
the GIL for hardly any of it. Metadata repeat themselves, so each distinct row of values is read once, at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import FormTable
from newsindex.analysis._forms import END
from newsindex.inverted._metadata import RowNumbers
from newsindex.inverted.columns import Sink, places_of, starts_of, write_values
from newsindex.inverted.fields import facet_values
from newsindex.threads import Task, Worker

BATCH: Final = 1 << 20  # characters that are read in one go
_THREADS: Final = 2  # fixed, as are the batches that each reads: what they find shall not depend on the machine
_AHEAD: Final = 4  # batches that may wait to be read, or to be taken over

_ROOM: Final = 16 << 20  # words that there is room for once there are many; pages that are not written to cost nothing

_NOTHING: Final = np.zeros(0, np.int32)
_NONE_BARE: Final = np.zeros(0, np.uint8)


@attrs.frozen(eq=False)
class Rows:
    """The words of one field: those of article a are `tokens[begins[a]:ends[a]]`, with gaps as GAP_TOKEN."""

    tokens: NDArray[np.int32]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


@attrs.frozen(eq=False)
class _Scanned:
    """What was found in a batch: `FormTable.scan_all`, and how many bytes the table took then."""

    table: int
    tokens: NDArray[np.int32]
    lengths: NDArray[np.int32]
    bare: NDArray[np.uint8]
    nbytes: int


@attrs.frozen(eq=False)
class _Part:
    """What is kept of a batch: `size` tokens, behind those of the part before."""

    table: int
    size: int
    lengths: NDArray[np.int32]
    bare: NDArray[np.uint8]


class ProseRows:
    """Titles and bodies, with the word forms numbered by `forms`. `close` ends the threads, which many texts begin.

    Attributes:
        forms_nbytes: how many bytes the tables of forms took when they were last heard of.
    """

    def __init__(self, forms: FormTable) -> None:
        # Each thread has a table of its own; at the end the first takes in the others.
        self._tables = [forms, *(FormTable() for _ in range(_THREADS - 1))]
        self._sizes = [table.nbytes for table in self._tables]
        self.forms_nbytes = sum(self._sizes)
        self._batches = 0
        self._texts: list[str] = []  # titles and bodies in turn
        self._characters = 0  # of these,
        self._unread = 0  # and of all whose words are not counted yet
        self._under_way: deque[tuple[list[str], Task[_Scanned]]] = deque()
        self._workers: list[Worker] = []  # one for each table
        # One array, copied to from many, which would leave as many holes in the memory of the threads.
        self._tokens = _NOTHING
        self._words = 0  # in there
        self._parts: list[_Part] = []

    @property
    def words(self) -> int:
        """How many words there are; of texts that are still to be read an estimate, too high rather than too low.

        It depends on what was added and on nothing else, so that segments end at the same article in every run.
        """
        return self._words + self._unread // 4

    def make_room(self) -> None:
        """Hand articles over to be read, where these are many by now.

        Raises:
            MemoryError: there was none for the words of an earlier one, or for a thread. It may be tried again.
        """
        if self._characters >= BATCH:
            self._hand_over()

    def add(self, title: str, body: str) -> None:
        """Add an article.

        Raises:
            MemoryError: as `make_room`. This one was not added.
        """
        self.make_room()
        characters = len(title) + len(body)
        self._texts += title, body
        self._characters += characters
        self._unread += characters

    def _hand_over(self) -> None:
        while len(self._under_way) >= _AHEAD:
            self._take()
        table = self._batches % _THREADS
        if table == len(self._workers):
            self._workers.append(Worker("words"))
        self._under_way.append((self._texts, self._workers[table].begin(Task(self._scan, self._texts, table))))
        self._texts, self._characters = [], 0
        self._batches += 1

    def _scan(self, texts: Sequence[str], table: int) -> _Scanned:
        forms = self._tables[table]
        return _Scanned(table, *forms.scan_all(texts), forms.nbytes)

    def _take(self) -> None:
        texts, task = self._under_way[0]
        try:
            scanned = task.result()
        except Exception:
            # Nothing is lost: whoever tries again has the texts read again.
            if self._workers:
                self._under_way[0] = texts, self._workers[0].begin(Task(self._scan, texts, 0))
            raise
        self._keep(texts, scanned)
        self._under_way.popleft()

    def _keep(self, texts: Sequence[str], scanned: _Scanned) -> None:
        end = self._words + len(scanned.tokens)
        if end > len(self._tokens):
            grown = np.empty(max(end, 2 * len(self._tokens), _ROOM if self._batches else 0), np.int32)
            grown[: self._words] = self._tokens[: self._words]
            self._tokens = grown
        self._tokens[self._words : end] = scanned.tokens
        self._parts.append(_Part(scanned.table, len(scanned.tokens), scanned.lengths, scanned.bare))
        self._words = end
        self._unread -= sum(map(len, texts))
        self._sizes[scanned.table] = scanned.nbytes
        self.forms_nbytes = sum(self._sizes)

    def finish(self) -> tuple[Rows, Rows, NDArray[np.uint8]]:
        """The rows of whole articles and of their titles, and whether an article is bare. May be called again."""
        while self._under_way:
            self._take()
        if self._texts:
            self._keep(self._texts, self._scan(self._texts, 0))
            self._texts, self._characters = [], 0
        tokens = self._renumbered()
        lengths = np.concatenate([_NOTHING, *(part.lengths for part in self._parts)]).reshape(-1, 2)
        bare = np.concatenate([_NONE_BARE, *(part.bare for part in self._parts)]).reshape(-1, 2).min(axis=1)
        bounds = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths.sum(axis=1, dtype=np.int64) + 2, out=bounds[1:])
        begins, titles, ends = bounds[:-1], bounds[:-1] + lengths[:, 0], bounds[1:] - 1
        return Rows(tokens, begins, ends), Rows(tokens, begins, titles), bare

    def _renumbered(self) -> NDArray[np.int32]:
        """The words of all parts, with the numbers of the first table."""
        first, *others = self._tables
        maps = [_NOTHING, *(np.append(first.intern_all(*table.packed()), np.int32(END)) for table in others)]
        tokens = self._tokens[: self._words]
        at = 0
        for number, part in enumerate(self._parts):
            row = tokens[at : at + part.size]
            if part.table:
                np.take(maps[part.table], row, out=row, mode="wrap")  # an END is the last number
                self._parts[number] = attrs.evolve(part, table=0)
            at += part.size
        # What they held is in the first now, and memory is short while a segment is written.
        self._tables[1:] = [FormTable() for _ in others]
        self._sizes = [table.nbytes for table in self._tables]
        self.forms_nbytes = sum(self._sizes)
        return tokens

    def close(self) -> None:
        """End the threads."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()


class ValueRows(RowNumbers):
    """The values of one metadata field."""

    def __init__(self, field: str) -> None:
        self._field = field

    def words(self, forms: FormTable, articles: int) -> Rows:
        """The words of `articles` articles; the rows of those with the same values are the same."""
        distinct = self.distinct()
        tokens, lengths, _ = forms.scan_all([value for row in distinct for value in row])
        of_values = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths + 1, out=of_values[1:])
        starts = of_values[starts_of(np.array([*map(len, distinct)], np.int64))]
        begins, ends = np.zeros(articles, np.int64), np.zeros(articles, np.int64)
        owners, rows = self.given()
        begins[owners], ends[owners] = starts[rows], starts[rows + 1]
        return Rows(tokens, begins, ends)

    def write_column(self, sink: Sink, name: str, order: NDArray[Any], articles: int) -> None:
        """Write the column of whole values; docid d is article `order[d]` of `articles`."""
        numbers: dict[str, int] = {}
        facets = [
            tuple(numbers.setdefault(value, len(numbers) + 1) for value in facet_values(self._field, list(row)))
            for row in self.distinct()
        ]
        facets.append(())  # for articles without any
        rows = np.full(articles, len(facets) - 1, np.int32)
        owners, numbers_of_rows = self.given()
        rows[owners] = numbers_of_rows
        sizes = np.array([*map(len, facets)], np.int64)
        flat = np.array([number for facet in facets for number in facet], np.int64)
        lengths = sizes[rows[order]]
        places = places_of(starts_of(sizes)[rows[order]], lengths)
        write_values(sink, name, list(numbers), lengths, flat[places])

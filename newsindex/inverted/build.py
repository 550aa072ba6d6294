"""Building a segment: articles in, sections out.

Articles are buffered as rows of word-form numbers, four bytes a word. `SegmentBuilder.invert` stems each distinct
form once and orders the articles by date and the occurrences by term; what comes of it hands sections to a `Sink`. What
these are is written in `newsindex.inverted.segment`, which reads them.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import attrs
import numpy as np
import xxhash
from numpy.typing import NDArray

from newsindex.analysis import FormTable, Stemmer
from newsindex.article import Article
from newsindex.inverted._dictionary_writer import DictionaryWriter
from newsindex.inverted._invert import Inverter, count
from newsindex.inverted._metadata import NO_TIME, add_metadata, moment_of
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted.columns import UNDATED, Integers, Packed, Sink, pack, write_strings
from newsindex.inverted.fields import TEXT, TITLE, is_stemmed
from newsindex.inverted.impacts import Lengths
from newsindex.inverted.rows import ProseRows, Rows, ValueRows
from newsindex.inverted.vocabulary import Terms, Vocabulary
from newsindex.threads import Task, Worker

PORTION: Final = 700_000  # occurrences that are sorted at a time
_SORTERS: Final = 2  # threads that do so, as one takes longer to sort a portion than another to encode it
_WORD_COST: Final = 9  # bytes of memory for a buffered word, and for its posting and mark beside it when it is written
_FORM_COST: Final = 4  # bytes of memory for one of a table of forms, counting what is kept of the vocabulary made of it
_ARTICLE_COST: Final = 400  # bytes of memory for the columns of an article, without its title


class SegmentBuilder:
    """Buffers articles until they are written as one segment. `close` ends its thread, if it has begun one."""

    def __init__(self, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._forms = FormTable()
        self._prose = ProseRows(self._forms)
        self._values: dict[str, ValueRows] = {}
        self._cost = 0  # bytes of memory for all but the words
        self._ids: list[str] = []
        self._titles: list[str] = []
        self._dates = array("q")
        self._offsets = array("i")
        self._dead: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids) - len(self._dead)

    @property
    def memory(self) -> int:
        """About how many bytes the buffered articles take, now and when they are written.

        That is what grows with them. Besides, there are texts that wait to be read (some megabytes) and, when it is
        written, the three of `PORTION` of which two are sorted and one is encoded (12 bytes for each occurrence).
        """
        return self._cost + self._prose.words * _WORD_COST + self._prose.forms_nbytes * _FORM_COST

    def make_room(self) -> None:
        """See to it that adding an article does not fail.

        Raises:
            MemoryError: there was none for an earlier one. Nothing is lost; it may be tried again.
        """
        self._prose.make_room()

    def add(self, article: Article) -> int:
        """Buffer an article; returns its number.

        Raises:
            MemoryError: as `make_room`. This one was not added.
        """
        number = len(self._ids)
        title, date = article.title, article.date
        self._prose.add(title, article.body)
        self._cost += _ARTICLE_COST + 2 * len(title) + add_metadata(self._values, number, article, ValueRows)
        self._ids.append(article.id)
        self._titles.append(title)
        moment, offset = (UNDATED, NO_TIME) if date is None else moment_of(date)
        self._dates.append(moment)
        self._offsets.append(offset)
        return number

    def remove(self, number: int) -> None:
        """Leave the article `number` out."""
        self._dead.add(number)

    def close(self) -> None:
        """End the thread that reads the texts. Only for a builder that is done with."""
        self._prose.close()

    def invert(self) -> Inverted:
        """All that a segment of the buffered articles consists of, besides the stored articles."""
        live = np.array([n for n in range(len(self._ids)) if n not in self._dead], np.int32)
        order = live[np.argsort(np.frombuffer(self._dates, np.int64)[live], kind="stable")]
        whole, titles, bare = self._prose.finish()
        lengths = titles.ends - titles.begins
        words = Lengths(lengths[order].astype("u4"), (whole.ends - whole.begins - lengths - 1)[order].astype("u4"))
        lists = self._lists(order, words, {TEXT: whole, TITLE: titles}, bare)
        numbers = order.tolist()
        return Inverted(
            order,
            np.frombuffer(self._dates, np.int64)[order],
            np.frombuffer(self._offsets, np.int32)[order],
            words,
            [self._ids[number].encode() for number in numbers],
            [self._titles[number].encode() for number in numbers],
            self._values,
            len(self._ids),
            lists,
        )

    def _lists(
        self, order: NDArray[np.int32], words: Lengths, rows: dict[str, Rows], bare: NDArray[np.uint8]
    ) -> _PostingLists:
        rows |= {field: values.words(self._forms, len(self._ids)) for field, values in self._values.items()}
        forms = len(self._forms)
        counts = {
            field: count(row.tokens, row.begins, row.ends, order, bare, forms) for field, row in sorted(rows.items())
        }
        in_bare = np.zeros(forms, bool)
        for field, (_, of_bare) in counts.items():
            if is_stemmed(field):
                in_bare |= of_bare > 0
        vocabulary = Vocabulary(self._forms.packed(), self._stemmer, in_bare)
        lists = _PostingLists()
        with closing(_sorted(_unsorted(rows, counts, order, vocabulary, bare))) as portions:
            lists.encode(portions, words)
        return lists


@attrs.frozen(eq=False)
class Inverted:
    """What was buffered, in the order of docids, to be written: what shows articles first, then what finds them.

    Attributes:
        order: the number of the buffered article of each docid.
    """

    order: NDArray[np.int32]
    _dates: NDArray[np.int64]
    _offsets: NDArray[np.int32]
    _words: Lengths
    _ids: list[bytes]
    _titles: list[bytes]
    _values: dict[str, ValueRows]
    _buffered: int  # articles, those that were removed among them
    _lists: _PostingLists

    @property
    def description(self) -> dict[str, Any]:
        """Of the segment."""
        title, body = (int(lengths.sum(dtype=np.int64)) for lengths in (self._words.title, self._words.body))
        words = {"title": title, "body": body}
        return {"articles": len(self.order), "words": words, "fields": self._lists.tables.fields}

    def write_documents(self, sink: Sink) -> None:
        """Write the sections of one row for each article."""
        sink.add("dates", self._dates)
        sink.add("offsets", self._offsets)
        sink.add("words.title", self._words.title)
        sink.add("words.body", self._words.body)
        write_strings(sink, "ids", *pack(self._ids))
        write_hashes(sink, np.fromiter(map(xxhash.xxh3_64_intdigest, self._ids), np.uint64, len(self._ids)))
        write_strings(sink, "titles", *pack(self._titles))

    def write_words(self, sink: Sink) -> None:
        """Write metadata, posting lists and dictionaries."""
        for number, field in enumerate(self._lists.tables.fields):
            values = self._values.get(field["name"])
            if values is not None:
                values.write_column(sink, f"values.{number}", self.order, self._buffered)
        self._lists.write(sink)


class _PostingLists:
    """The posting lists of all fields of a segment, encoded, and the dictionaries that lead to them."""

    def __init__(self) -> None:
        self.tables = FieldTables()
        self._postings: list[bytes] = []
        self._positions: list[bytes] = []

    def encode(self, portions: Iterator[_Portion], words: Lengths) -> None:
        """Encode all that comes, once."""
        writer = PostingWriter(
            lambda chunk: self._postings.append(bytes(chunk)),
            lambda chunk: self._positions.append(bytes(chunk)),
            words,
        )
        for field, of_field in groupby(portions, attrgetter("field")):
            writer.field(field)
            self.tables.add(field, *_encode(writer, of_field))
        writer.finish()

    def write(self, sink: Sink) -> None:
        """Write all sections."""
        for name, chunks in (("postings", self._postings), ("positions", self._positions)):
            sink.open(name, "u1")
            for chunk in chunks:
                sink.write(chunk)
            sink.close_section()
        self.tables.write(sink, sum(map(len, self._postings)))


@attrs.frozen(eq=False)
class _Portion:
    """Some terms of a field, those of `form_counts`, and their occurrences in order: docid, position, form number."""

    field: str
    terms: Terms  # all of the field
    form_counts: NDArray[np.int32]
    starts: NDArray[np.int64]
    occurrences: NDArray[np.int32]


@attrs.frozen(eq=False)
class _Unsorted:
    """The terms `first` to `end` - 1 of a field, which are portion `number` of it."""

    field: str
    terms: Terms  # all of the field
    inverter: Inverter
    number: int
    first: int
    end: int

    def roomy(self, room: NDArray[np.int32]) -> NDArray[np.int32]:
        """The room, or a new one where it is too small."""
        size = int(self.terms.sizes[self.first : self.end].sum())
        if len(room) >= size:
            return room
        # Large at once: such memory goes back to the system, that of many arrays that are larger by turns does not.
        return np.empty((max(size, min(PORTION, int(self.terms.sizes.sum()))), 3), np.int32)

    def sort(self, room: NDArray[np.int32]) -> _Portion:
        """The portion, whose occurrences are in `room`."""
        sizes = self.terms.sizes[self.first : self.end]
        starts, total = self.inverter.invert(self.number, sizes, self.first, room)
        return _Portion(self.field, self.terms, self.terms.form_counts[self.first : self.end], starts, room[:total])


def _unsorted(
    rows: dict[str, Rows],
    counts: dict[str, tuple[NDArray[np.int32], NDArray[np.int32]]],
    order: NDArray[np.int32],
    vocabulary: Vocabulary,
    bare: NDArray[np.uint8],
) -> Iterator[_Unsorted]:
    """The portions of all fields of `counts`."""
    for field, frequencies in counts.items():
        terms = vocabulary.select(*frequencies, stemmed=is_stemmed(field))
        readings = (*vocabulary.readings, bare) if is_stemmed(field) else ()
        row, runs = rows[field], list(_runs(terms.sizes))
        ends, forms = np.array([end for _, end in runs], np.int64), (terms.form_terms, terms.form_numbers)
        inverter = Inverter(row.tokens, row.begins, row.ends, order, *forms, ends, *readings)
        for number, (first, end) in enumerate(runs):
            yield _Unsorted(field, terms, inverter, number, first, end)


def _sorted(portions: Iterator[_Unsorted]) -> Generator[_Portion, None, None]:
    """The portions, of which the next ones are sorted while one is encoded: neither needs the GIL.

    The occurrences of each stay as they are until the next one is asked for.
    """
    rooms = deque([np.empty((0, 3), np.int32)] * (_SORTERS + 1))
    sorting: deque[Task[_Portion]] = deque()
    workers: list[Worker] = []
    with ExitStack() as stack:
        for number, portion in enumerate(portions):
            rooms.append(portion.roomy(rooms.popleft()))
            if number < _SORTERS:
                workers.append(stack.enter_context(Worker("sort")))
            sorting.append(workers[number % _SORTERS].begin(Task(portion.sort, rooms[-1])))
            if len(sorting) > _SORTERS:
                yield sorting.popleft().result()
        while sorting:
            yield sorting.popleft().result()


def _runs(sizes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """(first, end) of runs of terms, as few as may be, of no more than PORTION occurrences or of a single term.

    Where there are no terms, one run of none.
    """
    ends = np.cumsum(sizes)
    first = before = 0
    while first < len(sizes):
        end = max(first + 1, int(np.searchsorted(ends, before + PORTION, side="right")))
        yield first, end
        first, before = end, int(ends[end - 1])
    if not len(sizes):
        yield 0, 0


def _encode(writer: PostingWriter, portions: Iterator[_Portion]) -> tuple[Any, ...]:
    """Write the posting lists of a field; returns what its dictionary says, as `FieldTables.add` takes it."""
    offsets = []
    for portion in portions:
        docs, positions, numbers = portion.occurrences.T
        offsets.append(writer.add_terms(portion.starts, docs, positions, numbers, portion.form_counts))
        terms = portion.terms
    used = terms.entry_forms
    return np.concatenate(offsets), terms.terms, terms.entries, terms.form_terms[used], terms.form_numbers[used]


def write_hashes(sink: Sink, hashes: NDArray[np.uint64]) -> None:
    """Write the sorted hashes of the ids, and whose each is."""
    order = np.argsort(hashes, kind="stable")
    sink.add("ids.hashes", hashes[order])
    sink.add("ids.docs", order.astype("u4"))


class FieldTables:
    """The dictionaries of all fields of a segment, one after another."""

    def __init__(self) -> None:
        self.fields: list[dict[str, Any]] = []
        self._offsets: list[NDArray[np.uint64]] = []
        self._terms: list[Packed] = []
        self._forms = DictionaryWriter(of_forms=True)
        self._first_term = self._first_form = 0

    def add(
        self,
        field: str,
        offsets: NDArray[np.uint64],
        terms: Packed,
        forms: Packed,
        form_terms: Integers,
        form_numbers: Integers,
    ) -> None:
        """Add a field: where its lists begin, its packed terms and forms, and the term and number of each form."""
        last_term = self._first_term + len(terms[1]) - 1
        last_form = self._first_form + len(forms[1]) - 1
        self.fields.append(
            {"name": field, "terms": [self._first_term, last_term], "forms": [self._first_form, last_form]}
        )
        self._offsets.append(offsets)
        self._terms.append(terms)
        self._forms.add(*forms, form_terms.astype(np.int64) + self._first_term, form_numbers.astype(np.int64))
        self._first_term, self._first_form = last_term, last_form

    def write(self, sink: Sink, postings_size: int) -> None:
        """Write the sections of the dictionaries; `postings_size` is where the last list ends, padding included."""
        # A list ends where the next one begins, be it of the next field.
        starts = np.concatenate([*self._offsets, np.array([postings_size - 8], np.uint64)]).astype(np.int64)
        writer = DictionaryWriter(of_forms=False)
        first = 0
        for data, bounds in self._terms:
            end = first + len(bounds) - 1
            writer.add(data, bounds, starts[first:end], starts[first + 1 : end + 1])
            first = end
        for name, dictionary in (("terms", writer), ("forms", self._forms)):
            blocks, offsets = dictionary.finish()
            sink.add(f"{name}.blocks", blocks)
            sink.add(f"{name}.offsets", offsets)

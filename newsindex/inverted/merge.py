"""Merging segments into one: k-way by date, without the articles that were deleted.

Posting lists pass through article by article (see `_list_merger`), so memory grows with the number of articles by some
bytes each (their new numbers and lengths) and with the dictionaries, and not with the text. Sections are those of
`newsindex.inverted.segment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from newsindex.inverted import _strings
from newsindex.inverted._dictionary_writer import merge
from newsindex.inverted._list_merger import ListMerger, Lists
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted.build import FieldTables, write_hashes
from newsindex.inverted.columns import Sink, Values, picked, places_of, starts_of, wide, write_values
from newsindex.inverted.impacts import Lengths
from newsindex.inverted.segment import FieldRange, LiveSegment, Segment
from newsindex.inverted.vocabulary import rank_in_groups

_ARTICLES: Final = 1 << 14  # articles whose ids or titles are copied at a time


class Spool(Protocol):
    """Keeps what is written until all of it is wanted back: positions, while the lists before them are written."""

    def write(self, chunk: Any) -> None:
        """Keep a chunk."""

    def chunks(self) -> Iterable[Any]:
        """What was written, in order."""


class Merger:
    """Merges `sources`, older segments first: articles of one date keep that order.

    Attributes:
        renumbered: for each source the new docid of each article, -1 for those left out.
        order: for each new docid the number of its source, and its docid there.
    """

    def __init__(self, sources: Sequence[LiveSegment]) -> None:
        self._sources = sources
        for source in sources:
            _check_dates(source.segment)
        live = [np.flatnonzero(source.alive) for source in sources]
        dates = np.concatenate([source.segment.dates.whole()[docs] for source, docs in zip(sources, live, strict=True)])
        places = np.argsort(dates, kind="stable")
        self._dates = dates[places]
        ranks = np.empty(len(places), np.int32)
        ranks[places] = np.arange(len(places))
        self.order = (
            np.repeat(np.arange(len(sources), dtype=np.int32), [len(docs) for docs in live])[places],
            np.concatenate(live).astype(np.int32)[places],
        )
        self.renumbered: list[NDArray[np.int32]] = []
        for source, docs in zip(sources, live, strict=True):
            new = np.full(source.segment.articles, -1, np.int32)
            new[docs], ranks = ranks[: len(docs)], ranks[len(docs) :]
            self.renumbered.append(new)
        self._lengths = Lengths(
            self._interleave([source.segment.title_words.whole() for source in sources]),
            self._interleave([source.segment.body_words.whole() for source in sources]),
        )
        self._tables = FieldTables()

    @property
    def description(self) -> dict[str, Any]:
        """Of the merged segment; until its words are written it has no fields."""
        title, body = (int(lengths.sum(dtype=np.int64)) for lengths in (self._lengths.title, self._lengths.body))
        words = {"title": title, "body": body}
        return {"articles": len(self._dates), "words": words, "fields": self._tables.fields}

    def _release(self) -> None:
        for source in self._sources:
            source.segment.release()

    def _interleave(self, columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        merged = np.empty(len(self._dates), columns[0].dtype)
        for new, column in zip(self.renumbered, columns, strict=True):
            merged[new[new >= 0]] = column[new >= 0]
        return merged

    def write_documents(self, sink: Sink) -> None:
        """Write the sections of one row for each article."""
        segments = [source.segment for source in self._sources]
        sink.add("dates", self._dates)
        sink.add("offsets", self._interleave([segment.offsets.whole() for segment in segments]))
        sink.add("words.title", self._lengths.title)
        sink.add("words.body", self._lengths.body)
        for name in ("ids", "titles"):
            self._write_strings(sink, name, segments)
        write_hashes(sink, self._interleave([segment.hashes() for segment in segments]))
        self._release()

    def _write_strings(self, sink: Sink, name: str, segments: Sequence[Segment]) -> None:
        columns = [partial(segment.packed, name) for segment in segments]
        lengths = [np.zeros(1, np.uint32)]
        sink.open(f"{name}.data", "u1")
        for first in range(0, len(self._dates), _ARTICLES):
            which, docs = (part[first : first + _ARTICLES] for part in self.order)
            data, starts = picked(columns, which, docs)
            sink.write(data)
            lengths.append(np.diff(starts).astype(np.uint32))
            self._release()
        sink.close_section()
        sink.add(f"{name}.starts", wide(np.cumsum(np.concatenate(lengths), dtype=np.uint64)))

    def write_words(self, sink: Sink, spool: Spool) -> None:
        """Write metadata, posting lists and dictionaries."""
        names = sorted({name for source in self._sources for name in source.segment.fields})
        sink.open("postings", "u1")
        size = 0

        def postings_sink(chunk: Any) -> None:
            nonlocal size
            size += len(chunk)
            sink.write(bytes(chunk))
            self._release()

        def positions_sink(chunk: Any) -> None:
            spool.write(bytes(chunk))
            self._release()

        writer = PostingWriter(postings_sink, positions_sink, self._lengths)
        for name in names:
            FieldMerger(name, self._sources, self.renumbered).write(writer, self._tables)
        writer.finish()
        sink.close_section()
        sink.open("positions", "u1")
        for chunk in spool.chunks():
            sink.write(chunk)
        sink.close_section()
        for number, name in enumerate(names):
            self._write_values(sink, f"values.{number}", name)
        self._tables.write(sink, size)

    def _write_values(self, sink: Sink, section: str, field: str) -> None:
        columns = [source.segment.values.get(field) for source in self._sources]
        if not any(columns):
            return
        numbers: dict[str, int] = {}
        parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []  # new docids, how many values, their numbers
        for source, column, new in zip(self._sources, columns, self.renumbered, strict=True):
            if column:
                with source.segment.reading(f"values of {field}"):
                    places = [0, *(numbers.setdefault(value, len(numbers) + 1) for value in column.whole())]
                    parts.append((new[new >= 0], *_valued(column, new >= 0, np.array(places, np.uint32))))
        lengths = np.zeros(len(self._dates), np.int32)
        for new, counts, _ in parts:
            lengths[new] = counts
        starts = starts_of(lengths)
        merged = np.empty(starts[-1], np.uint32)
        for new, counts, found in parts:
            merged[places_of(starts[new], counts)] = found
        write_values(sink, section, list(numbers), lengths, merged)
        self._release()


def _valued(
    column: Values, alive: NDArray[np.bool_], places: NDArray[np.uint32]
) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """How many values each living article has, and their numbers, of which x became `places[x]`."""
    if column.rows is None:
        numbers = column.numbers[alive]
        return numbers != 0, places[numbers[numbers != 0]]
    rows = column.rows.astype(np.int64)
    lengths = np.diff(rows)[alive]
    return lengths, places[column.numbers[places_of(rows[:-1][alive], lengths)]]


class FieldMerger:
    """Merges the dictionaries and the posting lists of one field."""

    def __init__(self, field: str, sources: Sequence[LiveSegment], renumbered: Sequence[NDArray[np.int32]]) -> None:
        pairs = [
            (source.segment, new) for source, new in zip(sources, renumbered, strict=True)
            if field in source.segment.fields
        ]  # fmt: skip
        self._field = field
        self._segments = [segment for segment, _ in pairs]
        self._renumbered = [new for _, new in pairs]
        self._bounds = [segment.fields[field] for segment in self._segments]
        for segment in self._segments:
            _check_order(segment, segment.fields[field])
        self._terms, self._term_starts, self._term_maps = merge(
            [
                (segment.terms, bounds.first_term, bounds.end_term)
                for segment, bounds in zip(self._segments, self._bounds, strict=True)
            ]
        )
        self._forms, self._form_starts, form_maps = merge(
            [
                (segment.forms, bounds.first_form, bounds.end_form)
                for segment, bounds in zip(self._segments, self._bounds, strict=True)
            ]
        )
        self._number_forms(form_maps)

    def _number_forms(self, form_maps: Sequence[NDArray[np.int32]]) -> None:
        """Give each merged form its term and its number there, and each source a map from its numbers to those."""
        count = len(self._form_starts) - 1
        self._form_terms = np.zeros(count, np.int32)
        ranks = np.full(count, np.iinfo(np.int32).max, np.int32)
        old: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        for segment, bounds, form_map, term_map in zip(
            self._segments, self._bounds, form_maps, self._term_maps, strict=True
        ):
            terms, numbers = forms_of(segment, bounds)
            old.append((terms, numbers))
            self._form_terms[form_map] = term_map[terms]
            # Forms were numbered by frequency; the best rank in any source stands in for it.
            ranks[form_map] = np.minimum(ranks[form_map], numbers)
        by_term = np.lexsort((ranks, self._form_terms))
        self._form_numbers = np.zeros(count, np.int32)
        self._form_numbers[by_term] = rank_in_groups(self._form_terms[by_term])
        self._form_counts = np.bincount(self._form_terms, minlength=len(self._term_starts) - 1).astype(np.int32)
        self._number_maps = [
            self._number_map(terms, numbers, form_map, len(term_map))
            for (terms, numbers), form_map, term_map in zip(old, form_maps, self._term_maps, strict=True)
        ]

    def _number_map(
        self, terms: NDArray[np.int32], numbers: NDArray[np.int32], form_map: NDArray[np.int32], count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """(bases, new): form number x of the source's term t gets the number `new[bases[t] + x]`."""
        bases = starts_of(np.bincount(terms, minlength=count)).astype(np.int32)
        new = np.zeros(len(terms), np.int32)
        new[bases[terms] + numbers] = self._form_numbers[form_map]
        return bases, new

    def write(self, writer: PostingWriter, tables: FieldTables) -> None:
        """Write the posting lists to `writer` and the dictionaries to `tables`."""
        writer.field(self._field)
        kept, offsets = self._write_lists(writer)
        forms_kept = kept[self._form_terms]
        new_terms = np.cumsum(kept, dtype=np.int32) - 1
        tables.add(
            self._field,
            offsets,
            _strings.gather(self._terms, self._term_starts, np.flatnonzero(kept)),
            _strings.gather(self._forms, self._form_starts, np.flatnonzero(forms_kept)),
            new_terms[self._form_terms[forms_kept]],
            self._form_numbers[forms_kept],
        )

    def _write_lists(self, writer: PostingWriter) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Write the posting lists; returns which terms have one, and where these begin."""
        merger = ListMerger([self._lists(k) for k in range(len(self._segments))])
        try:
            return merger.write(writer, self._form_counts)
        except ValueError:
            with self._segments[merger.source].reading_postings():
                raise

    def _lists(self, k: int) -> Lists:
        """The posting lists of source k."""
        segment, bounds = self._segments[k], self._bounds[k]
        starts = segment.list_bounds(bounds.first_term, bounds.end_term)
        with segment.reading_postings():
            postings, positions = segment.postings, segment.positions
            return Lists(postings, positions, starts, self._renumbered[k], self._term_maps[k], *self._number_maps[k])


def _check_dates(segment: Segment) -> None:
    """Make sure that docids follow dates, since they do so under their new numbers only then."""
    with segment.reading("dates"):
        dates = segment.dates.whole()
        if (dates[1:] < dates[:-1]).any():
            raise ValueError("dates out of order")


def _check_order(segment: Segment, bounds: FieldRange) -> None:
    """Make sure that the dictionaries of a field ascend, since merging them relies on it."""
    for section, dictionary, low, high in (
        ("terms", segment.terms, bounds.first_term, bounds.end_term),
        ("forms", segment.forms, bounds.first_form, bounds.end_form),
    ):
        with segment.reading(section):
            if dictionary.unsorted(low, high) >= 0:
                raise ValueError("entries out of order")


def forms_of(segment: Segment, bounds: FieldRange) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Of each form of a field the term, counted from the field's first, and its number there.

    Raises:
        CorruptIndexError: those of a term are not numbered from 0 on, or are of none.
    """
    with segment.reading("forms"):
        terms, numbers = segment.forms.payloads(bounds.first_form, bounds.end_form)
        terms -= bounds.first_term
        count = bounds.end_term - bounds.first_term
        if len(terms) and (terms.min() < 0 or terms.max() >= count):
            raise ValueError("forms of terms of another field")
        sizes = np.bincount(terms, minlength=count)
        if (numbers < 0).any() or (numbers >= sizes[terms]).any():
            raise ValueError("forms that are not numbered within their terms")
        taken = np.zeros(len(terms), bool)
        taken[starts_of(sizes)[terms] + numbers] = True
        if not taken.all() or not sizes.all():
            raise ValueError("two forms of one number, or a term without a form")
        # Their own are less than there are forms, and a file of 2^31 of these cannot be merged (see `merge`).
        return terms.astype(np.int32), numbers.astype(np.int32)

"""Building a segment: articles in, sections out.

Articles are buffered as rows of word-form numbers, four bytes a word. `SegmentBuilder.write` stems each distinct
form once, orders the articles by date and the occurrences by term, and hands sections to a `Sink`. What the sections
are is written in `newsindex.inverted.segment`, which reads them.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import numpy as np
import xxhash
from numpy.typing import NDArray

from newsindex.analysis import FormTable, Stemmer, fold, is_bare
from newsindex.article import Article
from newsindex.article import micros as to_micros
from newsindex.inverted import _dictionary
from newsindex.inverted._invert import GAP_TOKEN, invert
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted.columns import Packed, Sink, ValuesBuilder, narrow, pack, write_strings
from newsindex.inverted.fields import LONGEST_VALUE, TEXT, TITLE, facet_values, is_stemmed, metadata

UNDATED: Final = np.iinfo(np.int64).min
NO_TIME: Final = np.iinfo(np.int32).min  # in the column of UTC offsets: the date has no time of day

_TOKEN_COST: Final = 20  # bytes of memory for one buffered word, counting what sorting it will take
_MAX_SCANNED: Final = 10_000  # metadata values whose words are kept
_GAP: Final = array("i", [GAP_TOKEN]).tobytes()

READING: Final = b"\xff"  # begins the entry of a form read as another word; no UTF-8 has that byte, nor one above it


def hash_id(article_id: str) -> int:
    """The 64-bit hash by which articles are found."""
    return xxhash.xxh3_64_intdigest(article_id.encode())


class Rows:
    """The words of one field: a row of form numbers for each article that has some."""

    def __init__(self) -> None:
        self.tokens = array("i")
        self.articles = array("i")
        self.lengths = array("q")

    def add(self, article: int, parts: Iterable[memoryview]) -> None:
        """The words of an article (int32 each), in parts with a gap between them."""
        row = _GAP.join(parts)
        self.tokens.frombytes(row)
        self.articles.append(article)
        self.lengths.append(len(row) // self.tokens.itemsize)

    def starts(self, articles: int) -> NDArray[np.int64]:
        """Where the row of each of `articles` begins; rows of articles that have none are empty."""
        starts = np.zeros(articles + 1, np.int64)
        starts[np.frombuffer(self.articles, np.int32).astype(np.intp) + 1] = self.lengths
        return np.cumsum(starts, out=starts)


class SegmentBuilder:
    """Buffers articles until they are written as one segment."""

    def __init__(self, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._forms = FormTable()
        self._rows: defaultdict[str, Rows] = defaultdict(Rows, {TEXT: Rows(), TITLE: Rows()})
        self._values: defaultdict[str, ValuesBuilder] = defaultdict(ValuesBuilder)
        self._scanned: dict[str, memoryview] = {}
        self._ids: list[str] = []
        self._titles: list[bytes] = []
        self._dates = array("q")
        self._offsets = array("i")
        self._words: dict[str, array[int]] = {"title": array("i"), "body": array("i")}
        self._bare = array("B")
        self._dead: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids) - len(self._dead)

    @property
    def memory(self) -> int:
        """About how many bytes the buffer and its writing take."""
        tokens = sum(len(rows.tokens) for rows in self._rows.values())
        return tokens * _TOKEN_COST + self._forms.nbytes * 3 + 400 * len(self._ids)

    def add(self, article: Article) -> int:
        """Buffer an article; returns its number."""
        number = len(self._ids)
        title, body = self._forms.scan(article.title), self._forms.scan(article.body)
        self._rows[TEXT].add(number, [title.data, body.data])
        self._rows[TITLE].add(number, [title.data])
        self._words["title"].append(len(title))
        self._words["body"].append(len(body))
        self._bare.append(is_bare(article.title) and is_bare(article.body))
        for field, values in metadata(article):
            self._rows[field].add(number, map(self._scan_value, values))
            self._values[field].add(number, facet_values(field, values))
        self._ids.append(article.id)
        self._titles.append(article.title.encode())
        self._add_date(article)
        return number

    def _scan_value(self, value: str) -> memoryview:
        """The words of a metadata value; most come again, so they are kept."""
        words = self._scanned.get(value)
        if words is None:
            words = self._forms.scan(value).data
            if len(self._scanned) < _MAX_SCANNED and len(value) <= LONGEST_VALUE:
                self._scanned[value] = words
        return words

    def _add_date(self, article: Article) -> None:
        date = article.date
        self._dates.append(UNDATED if date is None else to_micros(date))
        offset = getattr(date, "utcoffset", lambda: None)()
        self._offsets.append(NO_TIME if offset is None else round(offset.total_seconds()))

    def remove(self, number: int) -> None:
        """Leave the article `number` out."""
        self._dead.add(number)

    def write(self, sink: Sink) -> tuple[dict[str, Any], list[int]]:
        """Write the sections; returns the segment's description and the article number of each docid."""
        live = np.array([n for n in range(len(self._ids)) if n not in self._dead], np.int32)
        dates = np.frombuffer(self._dates, np.int64)[live]
        order = live[np.argsort(dates, kind="stable")]
        self._write_documents(sink, order)
        fields = self._write_fields(sink, order)
        words = {part: int(np.frombuffer(lengths, np.int32)[live].sum()) for part, lengths in self._words.items()}
        return {"articles": len(order), "words": words, "fields": fields}, order.tolist()

    def _write_documents(self, sink: Sink, order: NDArray[np.int32]) -> None:
        sink.add("dates", np.frombuffer(self._dates, np.int64)[order])
        sink.add("offsets", np.frombuffer(self._offsets, np.int32)[order])
        for part, lengths in self._words.items():
            sink.add(f"words.{part}", np.frombuffer(lengths, np.int32)[order].astype("u4"))
        ids = [self._ids[number] for number in order]
        write_strings(sink, "ids", *pack([article_id.encode() for article_id in ids]))
        write_hashes(sink, np.fromiter(map(hash_id, ids), np.uint64, len(ids)))
        write_strings(sink, "titles", *pack([self._titles[number] for number in order]))

    def _write_fields(self, sink: Sink, order: NDArray[np.int32]) -> list[dict[str, Any]]:
        postings: list[bytes] = []
        positions: list[bytes] = []
        writer = PostingWriter(
            lambda chunk: postings.append(bytes(chunk)),
            lambda chunk: positions.append(bytes(chunk)),
        )
        tables = FieldTables()
        bare = np.frombuffer(self._bare, np.uint8)
        vocabulary = Vocabulary(self._forms.forms(), self._stemmer, self._forms_of(bare))
        readings, always = vocabulary.readings
        for number, (field, rows) in enumerate(sorted(self._rows.items())):
            tokens = np.frombuffer(rows.tokens, np.int32)
            starts = rows.starts(len(self._ids))
            terms = vocabulary.select(
                self._count(tokens, starts), self._count(tokens, starts, bare), stemmed=is_stemmed(field)
            )
            occurrences = invert(
                tokens,
                starts,
                order,
                terms.form_terms,
                terms.form_numbers,
                len(terms.terms[1]) - 1,
                readings if is_stemmed(field) else None,
                always,
                bare,
            )
            offsets = writer.add_terms(*occurrences, terms.form_counts)
            used = terms.entry_forms
            tables.add(field, offsets, terms.terms, terms.entries, terms.form_terms[used], terms.form_numbers[used])
            if field in self._values:
                self._values[field].write(sink, f"values.{number}", order.tolist())
        writer.finish()
        tables.write(sink, sum(map(len, postings)))
        for name, chunks in (("postings", postings), ("positions", positions)):
            sink.open(name, "u1")
            for chunk in chunks:
                sink.write(chunk)
            sink.close_section()
        return tables.fields

    def _count(
        self, tokens: NDArray[np.int32], starts: NDArray[np.int64], among: NDArray[np.uint8] | None = None
    ) -> NDArray[np.int64]:
        """How often each form occurs in the articles that are not left out, or in those `among` them."""
        kept = tokens >= 0
        if self._dead or among is not None:
            wanted = np.ones(len(starts) - 1, bool) if among is None else among.astype(bool)
            wanted[list(self._dead)] = False
            kept &= np.repeat(wanted, np.diff(starts))
        return np.bincount(tokens[kept], minlength=len(self._forms))

    def _forms_of(self, articles: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which forms occur in the stemmed fields of some articles."""
        found = np.zeros(len(self._forms), bool)
        for field, rows in self._rows.items():
            if is_stemmed(field):
                found |= self._count(np.frombuffer(rows.tokens, np.int32), rows.starts(len(self._ids)), articles) > 0
        return found


@attrs.frozen(eq=False)
class Terms:
    """The terms of one field, and of which term each word form is a form."""

    terms: Packed
    entries: Packed  # of its forms; see newsindex.inverted._dictionary
    entry_forms: NDArray[np.int64]  # the form number of each entry
    form_terms: NDArray[np.int32]
    form_numbers: NDArray[np.int32]
    form_counts: NDArray[np.int32]  # of each term


class Vocabulary:
    """The word forms of a segment with their terms, sorted once for all fields.

    A form that may be read as several words is a form of its first reading, and has for each other reading a form more,
    numbered behind the real ones, whose entry sorts behind theirs (READING). No pattern over forms finds those.
    """

    def __init__(self, forms: Sequence[str], stemmer: Stemmer, in_bare: NDArray[np.bool_]) -> None:
        folded = [fold(form) for form in forms]
        entries = [form_entry(form, plain) for form, plain in zip(forms, folded, strict=True)]
        by_entry = sorted(range(len(forms)), key=entries.__getitem__)
        packed = pack([entries[form] for form in by_entry])
        ordered = [forms[form] for form in by_entry]
        classes, always = stemmer.classify(ordered, packed, in_bare[by_entry].tolist())
        self._real = len(forms)
        self._always = np.zeros(len(forms), bool)
        self._always[by_entry] = always
        firsts = [""] * len(forms)
        others: list[tuple[int, str]] = []
        for form, terms in zip(by_entry, classes, strict=True):
            firsts[form] = terms[0]
            others += ((form, other) for other in terms[1:])
        others.sort()
        of_form = np.array([form for form, _ in others], np.int64)
        self._reads = of_form  # the form that each reading is one of
        self.readings = (
            np.searchsorted(of_form, np.arange(len(forms) + 1)).astype(np.int32) + np.int32(len(forms)),
            self._always.astype(np.uint8),
        )
        readings = [reading_entry(forms[form], other) for form, other in others]
        by_reading = sorted(range(len(readings)), key=readings.__getitem__)
        self._by_entry = np.array([*by_entry, *(self._real + place for place in by_reading)], np.int64)
        self._entries = pack([*(entries[form] for form in by_entry), *(readings[place] for place in by_reading)])
        self._keys = {
            True: _number([*firsts, *(other for _, other in others)]),
            False: _number_folded(folded, by_entry),
        }

    def __len__(self) -> int:
        return len(self._by_entry)

    def select(self, counts: NDArray[np.int64], in_bare: NDArray[np.int64], stemmed: bool) -> Terms:
        """The terms of a field, given how often each form occurs in it, and how often in bare articles.

        The forms of a term are numbered by falling frequency, since small numbers pack into fewer bits.
        """
        keys, packed = self._keys[stemmed]
        as_others = np.where(self._always[self._reads], counts[self._reads], in_bare[self._reads])
        counts = np.concatenate((counts, as_others if stemmed else np.zeros_like(as_others)))
        places = np.flatnonzero(counts[self._by_entry])
        entry_forms = self._by_entry[places]
        used_keys, entry_terms = np.unique(keys[entry_forms], return_inverse=True)
        by_term = np.lexsort((-counts[entry_forms], entry_terms))
        form_terms, form_numbers = np.zeros(len(self), np.int32), np.zeros(len(self), np.int32)
        form_terms[entry_forms] = entry_terms
        form_numbers[entry_forms[by_term]] = rank_in_groups(entry_terms[by_term])
        return Terms(
            _dictionary.gather(*packed, used_keys),
            _dictionary.gather(*self._entries, places),
            entry_forms,
            form_terms,
            form_numbers,
            np.bincount(entry_terms, minlength=len(used_keys)).astype(np.int32),
        )


def _number(strings: Sequence[str]) -> tuple[NDArray[np.int64], Packed]:
    """The number of each string among the distinct ones in byte order, and those packed."""
    # Code points and their UTF-8 have one order.
    distinct = sorted(set(strings))
    numbers = {string: number for number, string in enumerate(distinct)}
    return np.fromiter((numbers[string] for string in strings), np.int64, len(strings)), pack(
        [string.encode() for string in distinct]
    )


def _number_folded(folded: Sequence[str], by_entry: Sequence[int]) -> tuple[NDArray[np.int64], Packed]:
    """`_number` of the folded forms, whose order that of the entries is."""
    numbers = np.zeros(len(folded), np.int64)
    distinct: list[bytes] = []
    before = None
    for form in by_entry:
        if folded[form] != before:
            before = folded[form]
            distinct.append(before.encode())
        numbers[form] = len(distinct) - 1
    return numbers, pack(distinct)


def form_entry(form: str, folded: str) -> bytes:
    """The entry of a form in a dictionary of forms."""
    return folded.encode() if form == folded else folded.encode() + b"\0" + form.encode()


def reading_entry(form: str, other: str) -> bytes:
    """The entry of a form where it is read as one of the term `other`."""
    return READING + form.encode() + b"\0" + other.encode()


def rank_in_groups(groups: NDArray[Any]) -> NDArray[np.int64]:
    """0, 1, 2… within each run of equal numbers."""
    places = np.arange(len(groups))
    firsts = np.concatenate(([True], groups[1:] != groups[:-1])) if len(groups) else np.zeros(0, bool)
    return places - np.maximum.accumulate(np.where(firsts, places, 0))


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
        self._forms: list[Packed] = []
        self._form_terms: list[NDArray[np.int64]] = []
        self._form_numbers: list[NDArray[np.int64]] = []
        self._first_term = self._first_form = 0

    def add(
        self,
        field: str,
        offsets: NDArray[np.uint64],
        terms: Packed,
        forms: Packed,
        form_terms: NDArray[Any],
        form_numbers: NDArray[Any],
    ) -> None:
        """Add a field: where its lists begin, its packed terms and forms, and the term and number of each form."""
        last_term = self._first_term + len(terms[1]) - 1
        last_form = self._first_form + len(forms[1]) - 1
        self.fields.append(
            {"name": field, "terms": [self._first_term, last_term], "forms": [self._first_form, last_form]}
        )
        self._offsets.append(offsets)
        self._terms.append(terms)
        self._forms.append(forms)
        self._form_terms.append(form_terms.astype(np.int64) + self._first_term)
        self._form_numbers.append(form_numbers.astype(np.int64))
        self._first_term, self._first_form = last_term, last_form

    def write(self, sink: Sink, postings_size: int) -> None:
        """Write the sections of the dictionaries; `postings_size` is where the last list ends, padding included."""
        write_strings(sink, "terms", *_concatenate(self._terms))
        write_strings(sink, "forms", *_concatenate(self._forms))
        end = np.array([postings_size - 8], np.uint64)
        sink.add("terms.postings", wide(np.concatenate([*self._offsets, end])))
        sink.add("forms.terms", narrow(np.concatenate([np.zeros(0, np.int64), *self._form_terms])))
        sink.add("forms.numbers", narrow(np.concatenate([np.zeros(0, np.int64), *self._form_numbers])))


def wide(offsets: NDArray[np.uint64]) -> NDArray[Any]:
    """Offsets in four bytes where they fit, else in eight."""
    return offsets.astype("u4") if not len(offsets) or int(offsets.max()) < 2**32 else offsets


def _concatenate(packed: list[Packed]) -> Packed:
    data = np.concatenate([np.zeros(0, np.uint8), *(part for part, _ in packed)])
    starts = [np.zeros(1, np.uint64)]
    base = np.uint64(0)
    for _, part in packed:
        starts.append(part[1:] + base)
        base = starts[-1][-1] if len(part) > 1 else base
    return data, np.concatenate(starts)

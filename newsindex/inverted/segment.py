"""`Segment`: a reader of one immutable piece of the index. Searches, lookups and merges go through it.

The sections of a segment, n articles numbered by date (docids 0 to n - 1, undated articles first):

    dates, offsets        int64, int32 [n]   microseconds since 1970 UTC (UNDATED: none); UTC offset in seconds
                                             (NO_TIME: the date has no time of day)
    words.title, .body    uint32 [n]         length in words
    ids, titles           strings [n]        as given
    ids.hashes, ids.docs  uint64, uint32 [n] hashes of the ids in order, and whose each is
    terms                 dictionary         of all fields: the fields in the order of the description, the terms of
                                             each in byte order, with their lists in `postings`
    forms                 dictionary         likewise, with the term that each belongs to, and which of its forms it is;
                                             last in each field, those that begin with READING: forms read as other
                                             words too
    postings, positions   bytes              see newsindex.inverted._postings
    values.K.…            columns            of metadata field number K (see newsindex.inverted.columns)

"strings" are two sections, NAME.data and NAME.starts; so is a "dictionary": NAME.blocks and NAME.offsets (see
newsindex.inverted._dictionary). The file's description holds `articles` (n), `words` (total words
of titles and of bodies) and `fields` ({"name", "terms": [first, end], "forms": [first, end]}).

Nothing is read before it is asked for. What contradicts itself is a CorruptIndexError.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.errors import CorruptIndexError
from newsindex.forks import cached_property
from newsindex.inverted._columns import Numbers, Rows, Strings
from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._pages import Pages, pages_of
from newsindex.inverted._patterns import Finder
from newsindex.inverted._postings import PostingList
from newsindex.inverted._words import Meant, Words
from newsindex.inverted.columns import UNDATED, Docs, Integers, Packed, Sections, Values, hash_id
from newsindex.inverted.entries import READING
from newsindex.inverted.fields import TITLE

FormColumns = tuple[NDArray[np.int64], NDArray[np.int64]]  # of some forms: terms, numbers

_DAMAGE = (ValueError, KeyError, TypeError, IndexError, OverflowError)  # what bytes that contradict themselves raise


@attrs.frozen
class FieldRange:
    """Which entries of the dictionaries belong to one field."""

    number: int
    first_term: int
    end_term: int
    first_form: int
    end_form: int


@attrs.frozen(eq=False)
class LiveSegment:
    """A segment, and which of its articles are alive: the others were deleted or replaced since it was written."""

    segment: Segment
    dead: Integers  # docids, none of them twice

    @property
    def live(self) -> int:
        """How many articles are alive."""
        return self.segment.articles - len(self.dead)

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """A flag for each article whether it is alive."""
        alive = np.ones(self.segment.articles, bool)
        alive[self.dead] = False
        return alive


class _Reading:
    """A context in which what damaged bytes raise becomes a CorruptIndexError. A class, as it is entered per lookup."""

    __slots__ = ("_path", "_section")

    def __init__(self, path: Path, section: str) -> None:
        self._path = path
        self._section = section

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _DAMAGE):
            raise _damaged(self._path, self._section, error) from error


def _damaged(path: Path, section: str, error: Exception) -> CorruptIndexError:
    return CorruptIndexError(path, section, reason=f"contradicts itself: {error}")


class Segment:
    """One immutable piece of the index.

    Args:
        sections: where the bytes come from.
        description: the segment's description, as `SegmentBuilder.write` returned it.
        path: the file, for error messages.
    """

    def __init__(self, sections: Sections, description: dict[str, Any], path: Path) -> None:
        self._sections = sections
        self.path = path
        self.resolved: dict[Any, Any] = {}  # for the searcher to keep what it found in the dictionaries,
        self.resolved_terms = 0  # and how much that is
        self._words: dict[str, Words] = {}
        self._reading_postings = self.reading("postings")  # which each search enters several times
        with self.reading("description"):
            self.articles = _whole(description["articles"])
            self.words = {part: _whole(description["words"][part]) for part in ("title", "body")}
            self.fields = {field["name"]: _field_range(k, field) for k, field in enumerate(description["fields"])}
            # Docids are int32; and a count that no column bears out would make searches allocate for it.
            if self.articles >= 2**31 or len(sections.raw("dates")) != 8 * self.articles:
                raise ValueError(f"{self.articles} articles with {len(sections.raw('dates'))} bytes of dates")
            if len(self.fields) != len(description["fields"]) or not all(isinstance(name, str) for name in self.fields):
                raise ValueError("field names that are not distinct texts")

    def reading(self, section: str) -> _Reading:
        """A context in which what damaged bytes of a section raise becomes a CorruptIndexError."""
        return _Reading(self.path, section)

    def _damaged(self, section: str, error: Exception) -> CorruptIndexError:
        return _damaged(self.path, section, error)

    def _column(self, name: str, dtype: str) -> Integers:
        array = self._sections.array(name)
        if array.dtype != np.dtype(dtype) or len(array) != self.articles:
            raise CorruptIndexError(
                self.path,
                name,
                reason="a column of the wrong shape",
                expected=f"{self.articles} of {dtype}",
                found=f"{len(array)} of {array.dtype}",
            )
        return array

    # Columns.

    @cached_property
    def dates(self) -> Numbers:
        """Microseconds since 1970 UTC, ascending; UNDATED where there is none."""
        return self._numbers("dates", "i8")

    def dates_of(self, docs: Docs) -> NDArray[np.int64]:
        """The dates of some articles."""
        with self.reading("dates"):
            return self.dates.take(docs)

    @cached_property
    def offsets(self) -> Numbers:
        """UTC offsets of the dates in seconds; NO_TIME where a date has no time of day."""
        return self._numbers("offsets", "i4")

    @cached_property
    def title_words(self) -> Numbers:
        """Length of each title in words."""
        return self._numbers("words.title", "u4")

    @cached_property
    def body_words(self) -> Numbers:
        """Length of each body in words."""
        return self._numbers("words.body", "u4")

    def _numbers(self, name: str, dtype: str) -> Numbers:
        with self.reading(name):
            return Numbers(self._sections, name, dtype, self.articles)

    def _strings(self, name: str, count: int | None = None) -> Strings:
        with self.reading(name):
            return Strings(self._sections, name, count)

    def release(self) -> None:
        """Give back the memory of what was read so far, for who reads all of a segment; it may be read again."""
        self._sections.release()

    def packed(self, name: str, low: int, high: int) -> Packed:
        """The strings of a column, "ids" or "titles", of articles `low` to `high` - 1: bytes, and where each begins."""
        with self.reading(name):
            return (self.ids if name == "ids" else self.titles).cut(low, high)

    @cached_property
    def ids(self) -> Strings:
        """The ids."""
        return self._strings("ids", self.articles)

    @cached_property
    def titles(self) -> Strings:
        """The titles, as given."""
        return self._strings("titles", self.articles)

    @cached_property
    def rows(self) -> Rows:
        """What a result list shows of each article."""
        source = self.values.get("source")
        simple = source is not None and source.singles is not None  # as each has one source at most
        return Rows(
            self.ids,
            self.titles,
            self.dates,
            self.offsets,
            source.singles if source is not None and simple else None,
            source.strings if source is not None and simple else None,
            self._damaged,
        )

    def id(self, doc: int) -> str:
        """The id of an article."""
        return self.rows.id(doc)

    def title(self, doc: int) -> str:
        """The title of an article, as given."""
        return self.rows.title(doc)

    def date(self, doc: int) -> dt.date | None:
        """The date of an article, as given: a date, or an aware datetime with a fixed offset."""
        return self.rows.date(doc)

    def value(self, field: str, doc: int) -> str | None:
        """The first value that an article has in a metadata field, as given."""
        column = self.values.get(field)
        try:
            return None if column is None else column.first(doc)
        except _DAMAGE as error:
            raise self._damaged(f"values of {field}", error) from error

    def interval(self, since: int | None, until: int | None) -> tuple[int, int]:
        """The docids from `since` up to, not including, `until`: (first, end); undated articles are in none."""
        first = UNDATED + 1 if since is None else since
        with self.reading("dates"):
            low = self.dates.bisect(first)
            high = self.articles if until is None else self.dates.bisect(until)
        return low, max(low, high)

    def filled(self, field: str, low: int, high: int) -> Docs:
        """The docids from `low` to `high` - 1 of the articles whose title, or whose body, has a word."""
        docs, lengths = np.arange(low, high, dtype=np.int32), self.title_words if field == TITLE else self.body_words
        with self.reading(f"words.{field}"):
            return docs[lengths.take(docs) > 0]

    @cached_property
    def values(self) -> dict[str, Values]:
        """The metadata columns, by field."""
        columns = {}
        for name, field in self.fields.items():
            if f"values.{field.number}.numbers" in self._sections:
                with self.reading(f"values.{field.number}"):
                    columns[name] = Values(self._sections, f"values.{field.number}", self.articles)
        return columns

    # Ids.

    @cached_property
    def _hashes(self) -> NDArray[np.uint64]:
        return self._column("ids.hashes", "u8")

    @cached_property
    def _hash_docs(self) -> NDArray[np.uint32]:
        docs = self._column("ids.docs", "u4")
        if len(docs) and int(docs.max()) >= self.articles:
            raise CorruptIndexError(self.path, "ids.docs", reason="an impossible docid", found=int(docs.max()))
        return docs

    def hashes(self) -> NDArray[np.uint64]:
        """The hash of the id of each article, by docid."""
        if (np.bincount(self._hash_docs, minlength=self.articles) != 1).any():
            raise CorruptIndexError(self.path, "ids.docs", reason="docids that are missing or there twice")
        found = np.empty(self.articles, np.uint64)
        found[self._hash_docs] = self._hashes
        return found

    @cached_property
    def _lookup(self) -> tuple[Numbers, Numbers]:
        return self._numbers("ids.hashes", "u8"), self._numbers("ids.docs", "u4")

    def find(self, article_id: str) -> int | None:
        """The docid of an article, or None."""
        wanted = hash_id(article_id)
        hashes, docs = self._lookup
        with self.reading("ids.hashes"):
            place = hashes.bisect(wanted)
            # Two ids may share a hash, so their texts decide.
            while place < len(hashes) and hashes[place] == wanted:
                if self.id(docs[place]) == article_id:
                    return docs[place]
                place += 1
        return None

    def find_many(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The docid of each of `ids`, -1 where this segment has none."""
        wanted = np.fromiter(map(hash_id, ids), np.uint64, len(ids))
        places = np.searchsorted(self._hashes, wanted)
        found = np.full(len(ids), -1, np.int64)
        inside = places < self.articles
        inside[inside] = self._hashes[places[inside]] == wanted[inside]
        for k in np.flatnonzero(inside).tolist():
            # Two ids may share a hash, so their texts decide.
            for place in range(int(places[k]), self.articles):
                if self._hashes[place] != wanted[k]:
                    break
                doc = int(self._hash_docs[place])
                if self.id(doc) == ids[k]:
                    found[k] = doc
                    break
        return found

    # Dictionaries.

    @cached_property
    def terms(self) -> Dictionary:
        """All terms, with the bounds of their posting lists."""
        return self._dictionary("terms", self._ends[0], len(self.postings), False)

    @cached_property
    def forms(self) -> Dictionary:
        """All word forms, with the term of each and which of its forms it is."""
        return self._dictionary("forms", self._ends[1], self._ends[0], True)

    def _dictionary(self, name: str, count: int, limit: int, of_forms: bool) -> Dictionary:
        with self.reading(name):
            blocks, offsets = (pages_of(self._sections, f"{name}.{part}") for part in ("blocks", "offsets"))
            return Dictionary(blocks, offsets, count, limit, of_forms)

    @cached_property
    def _ends(self) -> tuple[int, int]:
        """How many terms there are, and how many forms."""
        bounds = self.fields.values()
        return max((one.end_term for one in bounds), default=0), max((one.end_form for one in bounds), default=0)

    def find_form(self, field: str, entry: bytes) -> tuple[int, int] | None:
        """The term of a form by its dictionary entry, and its number there; None where the field has none such."""
        bounds = self.fields.get(field)
        if bounds is None:
            return None
        with self.reading("forms"):
            found = self.forms.find(bounds.first_form, bounds.end_form, entry)
            return found and found[1:]

    def strangers(self, field: str, names: tuple[str, ...], folded: str) -> list[tuple[str, str, int, int]]:
        """The forms of other terms than those of these names that have a folded spelling; see `Words.strangers`."""
        try:
            words = self._words.get(field) or self._words_of(field)
            return words.strangers(names, folded) if words else []
        except _DAMAGE as error:
            raise self._damaged("terms or forms", error) from error

    def look_up(self, field: str, names: tuple[str, ...], form: str, folded: str, loose: bool) -> Meant:
        """The terms of a word, and which of their forms are spelled as it is; see `Words.look_up`."""
        try:
            words = self._words.get(field) or self._words_of(field)
            return words.look_up(names, form, folded, loose) if words else Meant()
        except _DAMAGE as error:
            raise self._damaged("terms, forms or postings", error) from error

    def gather(self, field: str, terms: NDArray[np.int64], numbers: NDArray[np.int64]) -> Meant:
        """The terms of some forms of a field, in which these are meant; `numbers` are those of the forms there."""
        with self.reading("terms, forms or postings"):
            words = self._words.get(field) or self._words_of(field)
            return words.gather(terms, numbers) if words else Meant()

    def expand(self, field: str, finder: Finder) -> Meant:
        """The terms of the forms of a field that a pattern means, in which these are meant."""
        with self.reading("terms, forms or postings"):
            words = self._words.get(field) or self._words_of(field)
            return words.expand(finder) if words else Meant()

    def whole(self, field: str, terms: list[int]) -> Meant:
        """Some terms of a field, with all of their forms."""
        with self.reading("terms, forms or postings"):
            words = self._words.get(field) or self._words_of(field)
            return words.whole(terms) if words else Meant()

    def words_in(self, field: str) -> Words | None:
        """The words of a field, for `newsindex.inverted._words.look_up_in`; None where there is no such field."""
        return self._words.get(field) or self._words_of(field)

    def _words_of(self, field: str) -> Words | None:
        bounds = self.fields.get(field)
        if bounds is None:
            return None
        ends = bounds.first_term, bounds.end_term, bounds.first_form, bounds.end_form
        words = Words(self.terms, self.forms, ends, self.postings, self.positions, self.articles)
        return self._words.setdefault(field, words)

    def readings(self, field: str) -> tuple[int, int]:
        """The forms that stand for others read as another word: they occur where those do, and are no more words."""
        bounds = self.fields[field]
        with self.reading("forms"):
            return self.forms.lower_bound(bounds.first_form, bounds.end_form, READING), bounds.end_form

    def terms_from(self, field: str, prefix: str, limit: int) -> tuple[int, list[str]]:
        """The first `limit` terms that begin with `prefix`: the number of the first, and their names."""
        with self.reading("terms"):
            words = self._words.get(field) or self._words_of(field)
            return words.begun(prefix.encode(), limit) if words else (0, [])

    def owners(self, low: int, high: int) -> FormColumns:
        """Of the forms from `low` to `high` - 1 the term of each, and which of its forms it is."""
        with self.reading("forms"):
            return self.forms.payloads(low, high)

    # Posting lists.

    def posting_list(self, term: int) -> PostingList:
        """The posting list of a term. Its methods raise ValueError for damage; `reading_postings` names the file."""
        try:
            return PostingList(self.postings, self.positions, *self.terms.payload(term), self.articles)
        except _DAMAGE as error:
            raise self._damaged("postings", error) from error

    def reading_postings(self) -> _Reading:
        """A context in which a ValueError of a posting list becomes a CorruptIndexError."""
        return self._reading_postings

    @cached_property
    def postings(self) -> Pages:
        """The posting lists."""
        return pages_of(self._sections, "postings")

    @cached_property
    def positions(self) -> Pages:
        """The occurrences of long posting lists."""
        return pages_of(self._sections, "positions")

    def list_bounds(self, first_term: int, end_term: int) -> NDArray[np.uint64]:
        """Where the lists of some terms begin in the postings section, and where the last ends."""
        with self.reading("terms"):
            starts, ends = self.terms.payloads(first_term, end_term)
            if (starts[1:] != ends[:-1]).any():
                raise ValueError("lists that do not follow one another")
            return np.concatenate((starts, ends[-1:] if len(ends) else np.zeros(1, np.int64))).astype(np.uint64)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"{value!r} is no count")
    return value


def _field_range(number: int, field: dict[str, Any]) -> FieldRange:
    (first_term, end_term), (first_form, end_form) = field["terms"], field["forms"]
    return FieldRange(number, *map(_whole, (first_term, end_term, first_form, end_form)))

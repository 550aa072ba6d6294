"""Columns that are read one at a time: against slow twins, and what of their bytes is verified when."""

import datetime as dt
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inverted_twins import MemorySections, build

from newsindex.article import Article
from newsindex.errors import CorruptIndexError
from newsindex.inverted._columns import Numbers, Rows, Strings
from newsindex.inverted._metadata import NO_TIME
from newsindex.inverted.columns import UNDATED, pack, write_strings
from newsindex.store.sections import PAGE

TYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]


class Watched(MemorySections):
    """Sections that remember which pages were verified, and refuse those that are damaged."""

    def __init__(self):
        super().__init__()
        self.pages = {}
        self.calls = 0
        self.damaged = set()

    def unverified(self, name):
        array = self.arrays[name]
        return array, self.pages.setdefault(name, bytearray(-(-array.nbytes // PAGE)))

    def verify(self, name, start, stop):
        self.calls += 1
        for page in range(start // PAGE, -(-stop // PAGE)):
            if (name, page) in self.damaged:
                raise CorruptIndexError("memory", name, reason="checksum mismatch")
            self.pages[name][page] = 1
        return stop


def column(array):
    sections = Watched()
    sections.add("v", array)
    return sections


# ------------------------------------------------------------------------------------------------ numbers


@given(st.sampled_from(TYPES), st.data())
def test_numbers_are_those_of_the_array(dtype, data):
    limits = np.iinfo(dtype)
    values = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), max_size=20))
    numbers = Numbers(column(np.array(values, dtype)), "v")
    assert len(numbers) == len(values)
    assert [numbers[index] for index in range(len(values))] == values
    for index in (-1, len(values), 2**40):
        with pytest.raises(IndexError, match="of"):
            numbers[index]


@given(st.sampled_from(TYPES), st.data())
def test_bisection_finds_what_searchsorted_does(dtype, data):
    limits = np.iinfo(dtype)
    anything = st.integers(int(limits.min), int(limits.max))
    values = np.array(sorted(data.draw(st.lists(anything | st.integers(0, 9), max_size=20))), dtype)
    wanted = data.draw(anything | st.integers(0, 9))
    assert Numbers(column(values), "v").bisect(wanted) == np.searchsorted(values, np.array(wanted, dtype))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20), st.data())
def test_taking_some_is_indexing(values, data):
    docs = np.array(data.draw(st.lists(st.integers(0, len(values) - 1))), np.int32)
    numbers = Numbers(column(np.array(values, np.int64)), "v")
    assert numbers.take(docs).tolist() == [values[doc] for doc in docs]
    for doc in (-1, len(values)):
        with pytest.raises(IndexError):
            numbers.take(np.append(docs, np.int32(doc)))


def test_other_types_and_counts_are_refused():
    with pytest.raises(ValueError, match="v is of float64 where whole numbers should be"):
        Numbers(column(np.zeros(2)), "v")
    with pytest.raises(ValueError, match="v is of uint32 where i4 should be"):
        Numbers(column(np.zeros(2, np.uint32)), "v", "i4")
    with pytest.raises(ValueError, match="v has 2 numbers where 3 are announced"):
        Numbers(column(np.zeros(2, np.uint32)), "v", count=3)


def test_a_page_is_verified_when_it_is_first_touched_and_once():
    sections = column(np.arange(3 * PAGE // 8 + 5, dtype=np.int64))
    numbers = Numbers(sections, "v")
    assert sections.pages["v"] == b"\0\0\0\0"
    assert numbers[PAGE // 8] == PAGE // 8
    assert sections.pages["v"] == b"\0\1\0\0"
    assert (numbers[2 * PAGE // 8 - 1], sections.calls) == (2 * PAGE // 8 - 1, 1)
    sections.damaged.add(("v", 3))
    with pytest.raises(CorruptIndexError):
        numbers[3 * PAGE // 8]
    with pytest.raises(CorruptIndexError):
        numbers.take(np.array([0, 3 * PAGE // 8 + 4], np.int32))
    numbers.bisect(0)
    assert sections.pages["v"] == b"\1\1\0\0"


# ------------------------------------------------------------------------------------------------ strings


@given(st.lists(st.text(max_size=5), max_size=12))
def test_strings_come_back(texts):
    sections = Watched()
    write_strings(sections, "v", *pack([text.encode("utf-8") for text in texts]))
    strings = Strings(sections, "v", len(texts))
    assert [strings[index] for index in range(len(strings))] == list(strings) == texts
    assert [strings.raw(index).decode() for index in range(len(strings))] == texts
    assert strings.data.tobytes() == "".join(texts).encode()
    for low in range(len(texts) + 1):
        for high in range(low, len(texts) + 1):
            parts = zip(strings.cut(low, high), pack([text.encode() for text in texts[low:high]]), strict=True)
            assert all(part.tolist() == expected.tolist() for part, expected in parts)


def test_only_the_pages_of_the_string_are_verified():
    sections = Watched()
    write_strings(sections, "v", *pack([b"a" * (PAGE + 10), b"b" * PAGE, b"c" * PAGE]))
    strings = Strings(sections, "v")
    assert strings[1] == "b" * PAGE
    assert (sections.pages["v.data"], sections.pages["v.starts"]) == (b"\0\1\1\0", b"\1")
    sections.damaged.add(("v.data", 0))
    assert strings[2] == "c" * PAGE
    with pytest.raises(CorruptIndexError):
        strings[0]


@pytest.mark.parametrize("starts", [[0, 3, 2, 4], [0, 5, 5, 4], [1, 2, 3, 4], [0, 1, 2, 3], [2**31, 2**32 - 1, 0, 4]])
def test_starts_that_contradict_each_other(starts):
    sections = Watched()
    sections.add("v.data", np.frombuffer(b"abcd", np.uint8))
    sections.add("v.starts", np.array(starts, np.uint32))
    strings = Strings(sections, "v")
    for index in range(3):
        with suppress(ValueError):
            assert strings[index] == "abcd"[starts[index] : starts[index + 1]]
        with suppress(ValueError):
            assert strings.cut(index, index + 1)[0].tobytes() == b"abcd"[starts[index] : starts[index + 1]]
    with pytest.raises(ValueError, match="do not follow one another"):
        strings.data.tobytes()


# ------------------------------------------------------------------------------------------------ rows


def rows_of(moments, offsets):
    sections = Watched()
    sections.add("dates", np.array(moments, np.int64))
    sections.add("offsets", np.array(offsets, np.int32))
    write_strings(sections, "v", *pack([b"x"] * len(moments)))
    strings = Strings(sections, "v")
    numbers = Numbers(sections, "dates"), Numbers(sections, "offsets")
    return Rows(strings, strings, *numbers, None, None, lambda name, error: CorruptIndexError(name, reason=str(error)))


def slow_date(moment, offset):
    """The same by the calendar of the library; OverflowError or ValueError outside of it."""
    if moment == UNDATED:
        return None
    if offset == NO_TIME:
        return (dt.datetime(1970, 1, 1) + dt.timedelta(hours=12, microseconds=moment)).date()
    zone = dt.timezone(dt.timedelta(seconds=offset))
    return dt.datetime(1970, 1, 1, tzinfo=zone) + dt.timedelta(seconds=offset, microseconds=moment)


DAY = 86_400_000_000
FIRST, LAST = -719_162 * DAY, 2_932_897 * DAY  # of the calendar
moments = (
    st.integers(FIRST, LAST)
    | st.integers(-(2**63), 2**63 - 1)
    | st.builds(int.__add__, st.sampled_from([0, FIRST, LAST]), st.integers(-2 * DAY, 2 * DAY))
    | st.builds(lambda day, more: day * DAY + more, st.integers(-719_162, 2_932_896), st.integers(-1, 1))
)


@given(moments, st.integers(-86_401, 86_401) | st.sampled_from([int(NO_TIME), 7200, 10_800, 2**31 - 1, 1 - 2**31]))
def test_dates_are_those_of_the_library(moment, offset):
    rows = rows_of([moment], [offset])
    try:
        expected = slow_date(moment, offset)
    except (ValueError, OverflowError):
        with pytest.raises(CorruptIndexError):
            rows.date(0)
        return
    found = rows.date(0)
    assert (type(found), found) == (type(expected), expected)
    assert not isinstance(found, dt.datetime) or (found.isoformat(), found.fold) == (expected.isoformat(), 0)


def test_every_day_of_a_leap_cycle_is_itself():
    first = dt.date(1896, 1, 1)
    days = [first + dt.timedelta(days=number) for number in range(366 * 120)]
    epoch = dt.date(1970, 1, 1)
    rows = rows_of([(day - epoch).days * DAY for day in days], [NO_TIME] * len(days))
    assert [rows.date(doc) for doc in range(len(days))] == days


def test_many_time_zones():
    rows = rows_of([0] * 700, range(700))
    assert [rows.date(doc).utcoffset().seconds for doc in (*range(700), 5)] == [*range(700), 5]


def test_a_row_is_what_was_added():
    day = dt.date(2024, 2, 29)
    segment = build([Article(id="ș1", title="Țară", date=day, source="Radio"), Article(id="2", title="", body="x")])
    docs = segment.find("ș1"), segment.find("2")
    rows = segment.rows
    assert [(rows.id(doc), rows.title(doc), rows.date(doc), rows.source(doc)) for doc in docs] == [
        ("ș1", "Țară", day, "Radio"),
        ("2", "", None, None),
    ]
    assert segment.find("3") is None
    for ask in (rows.id, rows.title, rows.date, rows.source):
        for doc in (-1, 2):
            with pytest.raises(CorruptIndexError):
                ask(doc)


def test_no_source_at_all():
    segment = build([Article(id="1", title="Ploi")])
    assert segment.rows.source(0) is None

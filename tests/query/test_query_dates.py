"""Dates: what each written form covers, in Bucharest's time, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.article import BUCHAREST, micros
from newsindex.errors import QueryError
from newsindex.query import dates, nodes

HOUR = 3_600_000_000


def at(*parts: int) -> int:
    return micros(dt.datetime(*parts, tzinfo=BUCHAREST))


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2025", at(2025, 1, 1), at(2026, 1, 1)),
        ("2025-08", at(2025, 8, 1), at(2025, 9, 1)),
        ("2025-12", at(2025, 12, 1), at(2026, 1, 1)),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1)),
        (" 2025-08-15 ", at(2025, 8, 15), at(2025, 8, 16)),
        ("2025-08-15T10", at(2025, 8, 15, 10), at(2025, 8, 15, 11)),
        ("2025-08-15T10:30", at(2025, 8, 15, 10, 30), at(2025, 8, 15, 10, 31)),
        ("2025-08-15 10:30:05", at(2025, 8, 15, 10, 30, 5), at(2025, 8, 15, 10, 30, 6)),
        ("2025-08-15T10:30:05.25", at(2025, 8, 15, 10, 30, 5, 250_000), at(2025, 8, 15, 10, 30, 5, 260_000)),
        ("2025-08-15T07:30Z", at(2025, 8, 15, 10, 30), at(2025, 8, 15, 10, 31)),
        ("2025-08-15T12:30+05:00", at(2025, 8, 15, 10, 30), at(2025, 8, 15, 10, 31)),
    ],
)
def test_a_date_is_as_long_as_it_is_written(text: str, since: int, until: int) -> None:
    assert dates.interval(text) == (since, until)


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-10-27", 24)])
def test_days_follow_summer_time(day: str, hours: int) -> None:
    since, until = dates.interval(day)
    assert until - since == hours * HOUR


def test_the_calendar_ends_without_overflow() -> None:
    assert dates.interval("9999")[1] == dates.interval("9999-12")[1] == dates.interval("9999-12-31")[1]
    since, until = dates.interval("9999-12-31")
    assert until - since == 24 * HOUR
    assert dates.interval("0001-01-01")[0] == micros(dt.date(1, 1, 1))


@pytest.mark.parametrize(
    "text",
    ["", "cândva", "0000", "2025-13", "2025-02-29", "2025-8-1", "2025-08-15T25:00",
     "2025-08-15T10:30+99:99", "2025-08-15T10:30+10:75", "2025-08-15T10:30+24:00", "٢٠٢٥", "2025-08-15T",
     "20250815", "2025-", "x" * 1000],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        dates.interval(text)
    assert "2025-08-15T10:30" in caught.value.hint
    assert len(str(caught.value)) < 300


@given(st.dates())
def test_days_meet_without_a_gap(day: dt.date) -> None:
    since, until = dates.interval(day.isoformat())
    assert since == micros(day)
    if day < dt.date.max:
        assert until == dates.interval((day + dt.timedelta(days=1)).isoformat())[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=2025-08", (at(2025, 8, 1), None)),
        ("> 2025-08", (at(2025, 9, 1), None)),
        ("<=2025-08", (None, at(2025, 9, 1))),
        ("<2025-08", (None, at(2025, 8, 1))),
        ("*", (None, None)),
        ("2025-08", (at(2025, 8, 1), at(2025, 9, 1))),
    ],
)
def test_comparisons(text: str, expected: dates.Interval) -> None:
    assert dates.compare(text) == expected


@pytest.mark.parametrize("text", [">", ">=", ">>2025", ">=*", "=2025", ">=cândva"])
def test_comparisons_with_no_date(text: str) -> None:
    with pytest.raises(QueryError):
        dates.compare(text)


def test_bounds_include_both_ends() -> None:
    assert dates.bounds("2025-08-01", "2025-08") == nodes.Dates(at(2025, 8, 1), at(2025, 9, 1))
    assert dates.bounds(dt.date(2025, 8, 1), dt.date(2025, 8, 1)) == nodes.Dates(at(2025, 8, 1), at(2025, 8, 2))
    moment = dt.datetime(2025, 8, 1, 12)
    assert dates.bounds(moment, moment) == nodes.Dates(at(2025, 8, 1, 12), at(2025, 8, 1, 12) + 1)
    assert dates.bounds(None, None) == nodes.Dates(None, None)


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_a_datetime_is_its_own_moment(moment: dt.datetime) -> None:
    assert dates.bounds(moment, moment) == nodes.Dates(micros(moment), micros(moment) + 1)


def test_both_of_two_equal_hours_can_be_meant() -> None:
    first = dt.datetime(2025, 10, 26, 3, 30)
    since = dates.bounds(first, None).since
    second = dates.bounds(first.replace(fold=1), None).since
    assert since is not None
    assert second == since + HOUR


def test_bounds_in_the_wrong_order() -> None:
    with pytest.raises(QueryError, match="earlier date first"):
        dates.bounds("2025-08-15", "2025-08-14")
    with pytest.raises(QueryError, match="must be a date"):
        dates.bounds(2025, None)  # type: ignore[arg-type]

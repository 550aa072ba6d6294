"""Facets and timelines against counting article by article."""

import datetime as dt
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import how_often, live, random_articles, search

from newsindex.analysis import clean
from newsindex.article import BUCHAREST, Article, micros
from newsindex.errors import QueryError
from newsindex.query.nodes import Everything, Form, Nothing, Word
from newsindex.searcher import aggregate
from newsindex.searcher.aggregate import MAX_PERIODS, local_day

ARTICLES = random_articles(9, 150)
PARTS = [live(ARTICLES[:50]), live(ARTICLES[50:])]
LEAF = Word("text", Form("de"))


def moment(year, month, day, hour=0, minute=0):
    return dt.datetime(year, month, day, hour, minute, tzinfo=BUCHAREST)


def dated(*dates):
    return [live([Article(id=str(number), date=date) for number, date in enumerate(dates)])]


def facets(parts, plan, field, limit):
    return aggregate.facets(parts, search(parts, plan).matches(), field, limit)


def timeline(parts, plan, by):
    return aggregate.timeline(parts, search(parts, plan).matches(), by)


# ------------------------------------------------------------------------------------------------ facets


@pytest.mark.parametrize("plan", [Everything(), LEAF])
@pytest.mark.parametrize("limit", [1, 2, 10])
@pytest.mark.parametrize("field", ["source", "tags"])
def test_facets(plan, limit, field):
    counts = Counter()
    for article in ARTICLES:
        if plan is not LEAF or how_often(article, LEAF):
            values = article.tags if field == "tags" else [article.source] if article.source else []
            counts.update({clean(value) for value in values})
    expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    assert list(facets(PARTS, plan, field, limit).items()) == expected


def test_facets_of_the_dead_and_of_nothing():
    one = live([Article(id="1", source="A"), Article(id="2", source="B")], dead=[0])
    assert facets([one], Everything(), "source", 10) == {"B": 1}
    assert facets([one], Nothing(), "source", 10) == {}
    assert facets([one], Everything(), "extra.nowhere", 10) == {}
    assert facets([], Everything(), "source", 10) == {}


def test_an_article_counts_once_for_spellings_that_are_one_value():
    one = live([Article(id="1", tags=("ştiri", "știri"))])
    assert facets([one], Everything(), "tags", 10) == {"știri": 1}


# ------------------------------------------------------------------------------------------------ timelines


def first_day(day, by):
    if by == "week":
        return dt.date.fromordinal(max(1, day.toordinal() - day.weekday()))
    return day.replace(day=1 if by != "day" else day.day, month=1 if by == "year" else day.month)


days = st.dates(dt.date(2019, 1, 1), dt.date(2026, 12, 31))
moments = st.datetimes(dt.datetime(2019, 1, 1), dt.datetime(2026, 12, 31)).map(
    lambda one: one.replace(tzinfo=BUCHAREST)
)


@settings(max_examples=80)
@given(st.lists(st.none() | days | moments, max_size=8), st.sampled_from(["day", "week", "month", "year"]))
def test_timelines(dates, by):
    local = [date.astimezone(BUCHAREST).date() if isinstance(date, dt.datetime) else date for date in dates if date]
    counts = Counter(first_day(day, by) for day in local)
    found = timeline(dated(*dates), Everything(), by)
    assert {day: count for day, count in found.items() if count} == counts
    assert list(found) == sorted(found)
    if counts:
        every = {
            first_day(dt.date.fromordinal(one), by) for one in range(min(local).toordinal(), max(local).toordinal())
        }
        assert set(found) == every | {first_day(max(local), by)}


def test_periods_without_an_article_are_there_with_zero():
    found = timeline(dated("2024-11-30", "2025-02-01"), Everything(), "month")
    assert list(found.items()) == [(dt.date(2024, 11, 1), 1), (dt.date(2024, 12, 1), 0), (dt.date(2025, 1, 1), 0),
                                   (dt.date(2025, 2, 1), 1)]  # fmt: skip


def test_weeks_begin_on_monday():
    found = timeline(dated("2025-01-05", "2025-01-06"), Everything(), "week")
    assert found == {dt.date(2024, 12, 30): 1, dt.date(2025, 1, 6): 1}


@pytest.mark.parametrize("day", [dt.date(2025, 3, 30), dt.date(2025, 10, 26)])
def test_days_on_which_the_clock_changes(day):
    """They have 23 and 25 hours, all of them one day."""
    after = day + dt.timedelta(days=1)
    dates = [moment(day.year, day.month, day.day), moment(day.year, day.month, day.day, 23, 59), day, after]
    assert timeline(dated(*dates), Everything(), "day") == {day: 3, after: 1}
    for minute in range(micros(day), micros(after), 600_000_000):
        assert local_day(minute) == day
    assert local_day(micros(after)) == after
    assert local_day(micros(day) - 1) == day - dt.timedelta(days=1)


@pytest.mark.parametrize("by", ["day", "week", "month", "year"])
@pytest.mark.parametrize("day", [dt.date.min, dt.date.max])
def test_the_edges_of_the_calendar(by, day):
    assert timeline(dated(day), Everything(), by) == {first_day(day, by): 1}


@pytest.mark.parametrize("by", ["day", "week", "month", "year"])
def test_moments_that_clocks_far_from_ours_put_outside_of_the_calendar_count_at_its_edges(by):
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
    assert timeline(dated(first), Everything(), by) == {dt.date.min: 1}
    assert timeline(dated(last), Everything(), by) == {first_day(dt.date.max, by): 1}


def test_the_whole_calendar_by_year():
    found = timeline(dated("0001-01-01", "9999-12-31"), Everything(), "year")
    assert len(found) == 9999
    assert sum(found.values()) == 2
    assert list(found)[-1] == dt.date(9999, 1, 1)


@pytest.mark.parametrize("by", ["day", "week"])
def test_more_periods_than_anybody_looks_at(by):
    with pytest.raises(QueryError, match=f"more than {MAX_PERIODS:,} periods"):
        timeline(dated("0001-01-01", "9999-12-31"), Everything(), by)


def test_local_days_of_moments_outside_the_calendar():
    info = np.iinfo(np.int64)
    assert local_day(info.min) == dt.date.min
    assert local_day(info.max) == dt.date.max


def test_nothing_to_count():
    assert timeline(dated(None), Everything(), "day") == {}
    assert timeline(dated("2025-01-01"), Nothing(), "day") == {}
    assert timeline([], Everything(), "day") == {}


@pytest.mark.parametrize("by", ["hour", "", "Day", "zi"])
def test_what_is_no_period(by):
    with pytest.raises(QueryError, match="no period"):
        timeline(PARTS, Everything(), by)

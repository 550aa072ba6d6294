"""What matches have in common: facets, and a timeline over calendar periods.

Matches are docids, segment by segment (see `newsindex.searcher.page.Search.matches`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from newsindex.article import micros
from newsindex.errors import QueryError
from newsindex.inverted.columns import UNDATED
from newsindex.inverted.segment import LiveSegment
from newsindex.searcher.terms import Docs

MAX_PERIODS: Final = 100_000  # of one timeline: 273 years by day
PERIODS: Final = ("day", "week", "month", "year")


def facets(segments: Sequence[LiveSegment], matches: Sequence[Docs], field: str, limit: int) -> dict[str, int]:
    """How many matches have each value of a metadata field: the `limit` most frequent, then by value."""
    counts: Counter[str] = Counter()
    for live, found in zip(segments, matches, strict=True):
        column = live.segment.values.get(field)
        if column is not None:
            with live.segment.reading(f"values of {field}"):
                counts.update(column.counts(found))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


def timeline(segments: Sequence[LiveSegment], matches: Sequence[Docs], by: str) -> dict[dt.date, int]:
    """How many matches fall into each calendar period of Europe/Bucharest, by the first day of the period.

    From the first period that has one to the last, those without included. Undated articles are in none.

    Raises:
        QueryError: `by` is no period, or there are more than MAX_PERIODS of them.
    """
    if by not in PERIODS:
        raise QueryError(f"{by!r} is no period", query=str(by), hint=f"use one of {', '.join(PERIODS)}")
    found = [live.segment.dates_of(one) for live, one in zip(segments, matches, strict=True)]
    dates = np.concatenate([np.zeros(0, np.int64), *found])
    dates = dates[dates != UNDATED]
    if not len(dates):
        return {}
    starts = list(_periods(local_day(int(dates.min())), local_day(int(dates.max())), by))
    edges = np.array([micros(start) for start in starts], np.int64)
    # A moment before the first day of the calendar, which clocks far ahead of ours have, counts as that day's.
    places = np.maximum(np.searchsorted(edges, dates, side="right") - 1, 0)
    counts = np.bincount(places, minlength=len(starts))
    return dict(zip(starts, counts.tolist(), strict=True))


def local_day(moment: int) -> dt.date:
    """The day in Bucharest of a moment in microseconds; moments just outside the calendar belong to its edges."""
    moment = min(max(moment, micros(dt.date.min)), micros(dt.date.max))
    # Two hours ahead of UTC is right for all but summer nights and the years before 1931.
    day = (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=moment, hours=2)).date()
    if day < dt.date.max and micros(day + dt.timedelta(days=1)) <= moment:
        return day + dt.timedelta(days=1)
    return day - dt.timedelta(days=1) if micros(day) > moment else day


def _periods(first: dt.date, last: dt.date, by: str) -> Iterator[dt.date]:
    period = _first_day(first, by)
    for _ in range(MAX_PERIODS):
        yield period
        try:
            period = _next(period, by)
        except OverflowError:
            return
        if period > last:
            return
    raise QueryError(
        f"a timeline by {by} from {first} to {last} has more than {MAX_PERIODS:,} periods",
        hint="use a longer period, or narrow it with since= and until=",
    )


def _first_day(day: dt.date, by: str) -> dt.date:
    if by == "week":
        return dt.date.fromordinal(max(day.toordinal() - day.weekday(), 1))
    if by == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if by == "year" else day


def _next(period: dt.date, by: str) -> dt.date:
    """The period after the one that begins on `period`; OverflowError at the end of the calendar."""
    if by in ("day", "week"):
        return period + dt.timedelta(days=1 if by == "day" else 7)
    year, month = (period.year + 1, 1) if by == "year" or period.month == 12 else (period.year, period.month + 1)
    if year > dt.MAXYEAR:
        raise OverflowError("past the end of the calendar")
    return dt.date(year, month, 1)

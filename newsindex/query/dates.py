"""What a date in a query means: an interval of time, in microseconds since 1970-01-01T00:00Z, half open.

Days begin at midnight in Europe/Bucharest, across changes to and from summer time. A date is as long as it is written:
a year, a month, a day, an hour, a minute, a second. Nothing is guessed: what is not a date is a `QueryError`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from newsindex.article import BUCHAREST, micros
from newsindex.errors import QueryError
from newsindex.query.nodes import Dates

HINT: Final = "write 2025, 2025-08, 2025-08-15 or 2025-08-15T10:30"

Interval = tuple[int | None, int | None]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_ISO: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2}(?::[0-9]{2})?)?)?)?)?",
    re.IGNORECASE,
)
_COMPARISON: Final = re.compile(r"(>=|<=|>|<)\s*(.+)", re.DOTALL)


def interval(text: str) -> tuple[int, int]:
    """The time that a date written as text covers: from its first microsecond to the one after its last.

    Raises:
        QueryError: not a date, with the accepted forms as its hint.

    >>> interval("1970-01-01")
    (-7200000000, 79200000000)
    >>> interval("1970-01-01T02:00")
    (0, 60000000)
    """
    written = text.strip()
    match = _ISO.fullmatch(written)
    if match is not None:
        try:
            return _iso(match, written)
        except ValueError as error:
            raise QueryError(f"{_shorten(text)} is not in the calendar ({error})", query=text, hint=HINT) from error
    # Romanian date words ("ieri", "15 august 2025") come in here, each as a function from text to an interval.
    raise QueryError(f"{_shorten(text)} is no date", query=text, hint=HINT)


def compare(text: str) -> Interval:
    """The interval of a date as the date field takes it: a date, >=, >, <= or < and a date, or * for any.

    Raises:
        QueryError: not a date.

    >>> compare("<1970-01-01T02:00")
    (None, 0)
    """
    if text.strip() == "*":
        return None, None
    match = _COMPARISON.fullmatch(text.strip())
    if match is None:
        return interval(text)
    since, until = interval(match[2])
    return {">=": (since, None), ">": (until, None), "<=": (None, until), "<": (None, since)}[match[1]]


def span(start: str | None, end: str | None, *, after: bool = False, before: bool = False) -> Interval:
    """The interval from one date to another, both inclusive unless `after` or `before` says otherwise; None is open.

    Raises:
        QueryError: not a date, or nothing lies between the two.

    >>> span("1970-01-01T02:00", "1970-01-01T02:01", before=True)
    (0, 60000000)
    """
    since = until = None
    if start is not None:
        since = interval(start)[after]
    if end is not None:
        until = interval(end)[not before]
    if since is not None and until is not None and since >= until:
        raise QueryError(
            f"no time lies between {_shorten(str(start))} and {_shorten(str(end))}",
            hint="write the earlier date first",
        )
    return since, until


def bounds(since: dt.date | str | None, until: dt.date | str | None) -> Dates:
    """The interval from `since` to `until`, both inclusive: `until="2025-08"` ends with the last moment of August.

    Args:
        since, until: a date, a datetime (naive means Europe/Bucharest), text as for `interval`, or None for no bound.
            A datetime object is one moment.

    Raises:
        QueryError: not a date, or `since` lies after `until`.

    >>> bounds(None, dt.date(1970, 1, 1))
    Dates(since=None, until=79200000000)
    """
    return Dates(*span(to_text(since), to_text(until)))


def to_text(date: object) -> str | None:
    """A date as `interval` reads it: text as it is, a date or datetime in ISO form, None as None.

    Raises:
        QueryError: neither of these.

    >>> to_text(dt.datetime(2025, 8, 15, 10, 30))
    '2025-08-15T10:30:00.000000+03:00'
    """
    if isinstance(date, dt.datetime):
        # With its offset, which tells the second of two equal hours in October from the first.
        moment = date if date.tzinfo is not None else date.replace(tzinfo=BUCHAREST)
        return moment.isoformat(timespec="microseconds")
    if isinstance(date, dt.date):
        return date.isoformat()
    if date is None or isinstance(date, str):
        return date
    raise QueryError(
        f"a date must be a date, a datetime, text or None, not {type(date).__name__}",
        hint="pass datetime.date(2025, 8, 15) or '2025-08-15'",
    )


def _iso(match: re.Match[str], text: str) -> tuple[int, int]:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if hour is None:
        return _calendar(int(year), int(month) if month else None, int(day) if day else None)
    digits = (fraction or "").ljust(6, "0")
    moment = dt.datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0), int(digits))
    if zone is not None:
        moment = moment.replace(tzinfo=_zone(zone))
    length = 3600 * _SECOND if minute is None else 60 * _SECOND if second is None else 10 ** (6 - len(fraction or ""))
    since = micros(moment)
    return since, since + length


def _zone(text: str) -> dt.timezone:
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    if minutes > 59 or seconds > 59:
        raise ValueError(f"{text} is no offset from UTC")
    offset = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return dt.timezone(-offset if text[0] == "-" else offset)


def _calendar(year: int, month: int | None, day: int | None) -> tuple[int, int]:
    first = dt.date(year, month or 1, day or 1)
    if day is not None:
        last = first
    elif month is not None:
        last = first.replace(day=31) if month == 12 else first.replace(month=month + 1) - dt.timedelta(days=1)
    else:
        last = dt.date(year, 12, 31)
    # The calendar ends with 9999-12-31, which has no next day to ask for its midnight.
    end = micros(last) + _DAY if last == dt.date.max else micros(last + dt.timedelta(days=1))
    return micros(first), end


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")

"""What a date in a query means: an interval of time, in microseconds since 1970-01-01T00:00Z, half open.

Days begin at midnight in Europe/Bucharest, across changes to and from summer time. A date is as long as it is written:
a year, a month, a day, an hour, a minute, a second. Romanian words ("ieri", "15 august 2025", "între martie și mai
2024") are read by `newsindex.query.date_words`, which says what each of them means. They are counted from `now`: the
clock of the index for all that it is asked, the system's where a caller gives none. Nothing is guessed: what is not
wholly a date is a `QueryError` that shows what of it was understood.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from newsindex.article import BUCHAREST, micros
from newsindex.errors import QueryError
from newsindex.query.nodes import Dates

HINT: Final = 'write 2025, 2025-08, 2025-08-15, 2025-08-15T10:30 or words such as "ieri", "15 august 2025"'

Interval = tuple[int | None, int | None]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_ISO: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2}(?::[0-9]{2})?)?)?)?)?",
    re.IGNORECASE,
)
_LONGEST: Final = len("2025-08-15T10:30:00.000000+03:00:00")
_COMPARISON: Final = re.compile(r"(>=|<=|>|<)\s*(.+)", re.DOTALL)
_RANGE: Final = re.compile(r"([\[{])(.+?) TO (.+)([\]}])", re.DOTALL)


def interval(text: str, now: dt.datetime | None = None) -> Interval:
    """The time that a date written as text covers: from its first microsecond to the one after its last.

    Either is None where the text leaves it open, as "de la 1 martie" does.

    Raises:
        QueryError: not wholly a date; it shows what was understood, with the accepted forms as its hint.

    >>> interval("1970-01-01")
    (-7200000000, 79200000000)
    >>> interval("1970-01-01T02:00")
    (0, 60000000)
    >>> interval("ieri", now=dt.datetime(1970, 1, 2)) == interval("1 ianuarie 1970") == interval("1970-01-01")
    True
    """
    exact = _exact(text)
    if exact is not None:
        return exact
    # Imported here: most queries have no date in words.
    from newsindex.query import date_words

    try:
        return _moments(date_words.read(text, today(now)))
    except QueryError as error:
        raise QueryError(str(error), query=text, hint=HINT) from error


def compare(text: str, now: dt.datetime | None = None) -> Interval:
    """The interval of a date as the date field takes it.

    That is a date, >=, >, <= or < and a date, * for any, or [a TO b] with { or } where an end is not included.

    Raises:
        QueryError: not a date, or nothing lies within the range.

    >>> compare("<1970-01-01T02:00")
    (None, 0)
    >>> compare("[1970-01-01T02:00 TO 1970-01-01T02:01}")
    (0, 60000000)
    """
    written = text.strip()
    if written == "*":
        return None, None
    if match := _RANGE.fullmatch(written):
        return span(match[2], match[3], now, after=match[1] == "{", before=match[4] == "}")
    if (match := _COMPARISON.fullmatch(written)) is None:
        return interval(text, now)
    if match[1] in (">=", ">"):
        return span(match[2], None, now, after=match[1] == ">")
    return span(None, match[2], now, before=match[1] == "<")


def span(
    start: str | None, end: str | None, now: dt.datetime | None = None, *, after: bool = False, before: bool = False
) -> Interval:
    """The interval from one date to another, both inclusive unless `after` or `before` says otherwise; None is open.

    A date without a year is completed by the other one: from "martie" to "mai 2024".

    Raises:
        QueryError: not a date, or nothing lies between the two.

    >>> span("1970-01-01T02:00", "1970-01-01T02:01", before=True)
    (0, 60000000)
    """
    first, last = _sides(start, end, now)
    since = None if start is None else _end(start, first, after)
    until = None if end is None else _end(end, last, not before)
    if since is not None and until is not None and since >= until:
        raise QueryError(
            f"no time lies between {_shorten(str(start))} and {_shorten(str(end))}",
            hint="write the earlier date first",
        )
    return since, until


def range_text(since: str | None, until: str | None, *, after: bool = False, before: bool = False) -> str:
    """A range of dates, exclusive at either end on demand, as `compare` reads it.

    It is one text, since either date may complete the other: from "martie" to "mai 2024".
    """
    if since is not None and until is not None:
        return f"{'{' if after else '['}{since} TO {until}{'}' if before else ']'}"
    if since is not None:
        return (">" if after else ">=") + since
    return "*" if until is None else ("<" if before else "<=") + until


def _sides(start: str | None, end: str | None, now: dt.datetime | None) -> tuple[Interval, Interval]:
    """The intervals of both ends of a range; of no meaning for one that is None."""
    first = (None, None) if start is None else _exact(start)
    last = (None, None) if end is None else _exact(end)
    if first is not None and last is not None:
        return first, last
    if start is None or end is None:
        return first or interval(str(start), now), last or interval(str(end), now)
    from newsindex.query import date_words

    # Of a time of day only its day matters to the other end.
    start_day = start if first is None else start.strip()[:10]
    end_day = end if last is None else end.strip()[:10]
    try:
        days = date_words.read_pair(start_day, end_day, today(now))
    except QueryError as error:
        raise QueryError(str(error), query=f"{start} TO {end}", hint=HINT) from error
    return first or _moments(days[0]), last or _moments(days[1])


def _end(text: str, found: Interval, last: bool) -> int:
    moment = found[last]
    if moment is None:
        missing = "last" if last else "first"
        raise QueryError(f"{_shorten(text)} has no {missing} day", query=text, hint="write a single day, month or year")
    return moment


def bounds(since: dt.date | str | None, until: dt.date | str | None, now: dt.datetime | None = None) -> Dates:
    """The interval from `since` to `until`, both inclusive: `until="2025-08"` ends with the last moment of August.

    Args:
        since, until: a date, a datetime (naive means Europe/Bucharest), None for no bound, or text: "2025-08-15",
            "august 2025", "ieri", "acum 3 luni" and whatever else `newsindex.query.date_words` describes. A datetime
            object is one moment.
        now: what "ieri" is counted from; the default is the present.

    Raises:
        QueryError: not a date, or `since` lies after `until`.

    >>> bounds(None, dt.date(1970, 1, 1))
    Dates(since=None, until=79200000000)
    """
    if type(since) is dt.date and type(until) is dt.date and since <= until:
        return Dates(micros(since), _after(until))  # as below, without a look at how days are written
    return Dates(*span(to_text(since), to_text(until), now))


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


def today(now: dt.datetime | None) -> dt.date:
    """The day in Bucharest from which date words are counted."""
    if now is None:
        now = dt.datetime.now(BUCHAREST)
    return now.date() if now.tzinfo is None else now.astimezone(BUCHAREST).date()


def _exact(text: str) -> tuple[int, int] | None:
    """The interval of a date in ISO form; None for any other text."""
    written = text.strip()
    if len(written) > _LONGEST:
        return None
    try:
        return _iso(written)
    except ValueError as error:
        raise QueryError(f"{_shorten(text)} is not in the calendar ({error})", query=text, hint=HINT) from error


@lru_cache(maxsize=1024)  # one search follows another in the same month
def _iso(text: str) -> tuple[int, int] | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    if match.lastindex == 3:
        date = dt.date(int(match[1]), int(match[2]), int(match[3]))
        return micros(date), _after(date)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if hour is None:
        return _calendar(int(year), int(month) if month else None)
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


def _calendar(year: int, month: int | None) -> tuple[int, int]:
    first = dt.date(year, month or 1, 1)
    if month is not None:
        last = first.replace(day=31) if month == 12 else first.replace(month=month + 1) - dt.timedelta(days=1)
    else:
        last = dt.date(year, 12, 31)
    return micros(first), _after(last)


def _moments(days: tuple[dt.date | None, dt.date | None]) -> Interval:
    first, last = days
    return None if first is None else micros(first), None if last is None else _after(last)


def _after(day: dt.date) -> int:
    """The first moment behind a day."""
    # The calendar ends with 9999-12-31, which has no next day to ask for its midnight.
    return micros(day) + _DAY if day == dt.date.max else micros(day + dt.timedelta(days=1))


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")

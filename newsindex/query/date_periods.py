"""Periods in Romanian words, each with a shape and a function: "august 2025", "vinerea trecută", "anii '90".

The second half of `newsindex.query.date_words`, which says what they mean and is the only caller. Texts come here as
words in lower case, without diacritics, with one space between them. Names of months and counting back are left to
dateparser, by way of `newsindex.query.romanian_calendar`; periods are read here, since dateparser knows only moments.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from newsindex.query.romanian_calendar import ago, month

Closed = tuple[dt.date, dt.date]  # the first and the last day, both included

ONE: Final = dt.timedelta(days=1)
_REACH: Final = 9  # years to look around for a day without a year: 29 February may be eight years away


@attrs.frozen
class Recurring:
    """A period that comes again and again, such as 15 august or vineri."""

    around: Callable[[dt.date], list[Closed]]  # those near a day, in order

    def latest(self, day: dt.date) -> Closed:
        """The latest one that has begun by that day."""
        return _only([period for period in self.around(day) if period[0] <= day][-1:])

    def over(self, day: dt.date) -> Closed:
        """The latest one that is over on that day."""
        return _only([period for period in self.around(day) if period[1] < day][-1:])

    def following(self, day: dt.date) -> Closed:
        """The first one that does not end before that day."""
        return _only([period for period in self.around(day) if period[1] >= day][:1])


def _only(found: list[Closed]) -> Closed:
    if not found:
        raise Refused("it is beyond the calendar")
    return found[0]


Period = Closed | Recurring


class Refused(Exception):  # noqa: N818 -- never leaves these two modules
    """Words have the shape of a date, but are none; the message says why."""


def day_number(text: str) -> int:
    """The number of a day of a month, which may be written as "întâi"."""
    return 1 if text == "intai" else int(text)


_MONTHS_OF: Final = {"primavara": 3, "vara": 6, "toamna": 9, "iarna": 12}
_WEEKDAYS: Final = ("luni", "marti", "miercuri", "joi", "vineri", "sambata", "duminica")
_DEFINITE: Final = ("lunea", "martea", "miercurea", "joia", "vinerea", "sambata", "duminica")
_NEAR: Final = {"azi": 0, "astazi": 0, "ieri": -1, "alaltaieri": -2, "maine": 1, "poimaine": 2}
_UNITS: Final = {
    "zi": "zile", "zile": "zile", "saptamana": "săptămâni", "saptamani": "săptămâni",
    "luna": "luni", "luni": "luni", "an": "ani", "ani": "ani",
}  # fmt: skip
_NUMBERS: Final = {
    "o": 1, "un": 1, "doi": 2, "doua": 2, "trei": 3, "patru": 4, "cinci": 5, "sase": 6, "sapte": 7, "opt": 8,
    "noua": 9, "zece": 10, "unsprezece": 11, "doisprezece": 12, "douasprezece": 12,
}  # fmt: skip
_SHIFTS: Final = {
    "trecut": -1, "trecuta": -1, "acesta": 0, "aceasta": 0, "asta": 0, "acest": 0, "curent": 0, "curenta": 0,
    "viitor": 1, "viitoare": 1,
}  # fmt: skip

_PREPOSITION: Final = re.compile(r"(?:(?:in(?! urma)|din|pe|la) )?(?:(?:data|ziua) de )?")
_YEAR: Final = r"(?P<year>[0-9]{4}|anul(?:ui)? (?:trecut|acesta|asta|curent|viitor))"
_OF_YEAR: Final = rf"(?: (?:lui |anului |din )?{_YEAR})?"
_COUNT: Final = rf"(?P<count>[0-9]{{1,4}}|{'|'.join(_NUMBERS)}) (?:de )?(?P<unit>{'|'.join(_UNITS)})"


def read_period(text: str, today: dt.date) -> Period | None:
    """The period that words mean; None where they mean none.

    Raises:
        Refused: there is no such day.
        OverflowError: it is beyond the calendar.

    >>> read_period("luna trecuta", dt.date(2025, 8, 15))
    (datetime.date(2025, 7, 1), datetime.date(2025, 7, 31))
    """
    rest = _PREPOSITION.sub("", text, count=1)
    for shape, make in _SHAPES:
        if match := shape.fullmatch(rest):
            found = make(match, today)
            if found is not None:
                return found
    return None


def _iso(match: re.Match[str], today: dt.date) -> Closed:
    year, number, day = int(match["year"]), match["month"], match["day"]
    if number is None:
        return _day(year, 1, 1), _day(year, 12, 31)
    return _month(year, int(number)) if day is None else _single(_day(year, int(number), int(day)))


def _numeric(match: re.Match[str], today: dt.date) -> Closed:
    return _single(_day(int(match["year"]), int(match["month"]), int(match["day"])))


def _dated(match: re.Match[str], today: dt.date) -> Period | None:
    number = month(match["month"])
    if number is None:
        return None
    day = day_number(match["day"])
    weekday = match["weekday"]
    if match["year"] is None:
        if not 1 <= day <= _month(2000, number)[1].day:  # of a leap year
            raise Refused(f"no {match['month']} has a day {day}")
        # Of a weekday and a date without a year, one or the other may decide the year, so neither does.
        return None if weekday else _yearly(lambda year: _single(dt.date(year, number, day)))
    date = _day(_year(match["year"], today), number, day)
    if weekday and date.weekday() != _WEEKDAYS.index(weekday):
        raise Refused(f"{date} is no {weekday} but a {_WEEKDAYS[date.weekday()]}")
    return _single(date)


def _of_month(match: re.Match[str], today: dt.date) -> Period | None:
    number = month(match["month"])
    if number is None or match[0] == "mar":  # alone it is martie or marți
        return None
    if match["year"] is not None:
        return _month(_year(match["year"], today), number)
    every = _yearly(lambda year: _month(year, number))
    return every.over(today) if match["past"] else every


def _season(match: re.Match[str], today: dt.date) -> Period:
    number = _MONTHS_OF[match["season"]]

    def of_year(year: int) -> Closed:
        return _day(year, number, 1), _month(*((year + 1, 2) if number == 12 else (year, number + 2)))[1]

    if match["year"] is not None:
        return of_year(_year(match["year"], today))
    every = _yearly(of_year)
    if match["which"] is None:
        return every
    if _SHIFTS[match["which"]] < 0:
        return every.over(today)
    latest = every.latest(today)
    return latest if latest[1] >= today else of_year(today.year)


def _winter(match: re.Match[str], today: dt.date) -> Closed:
    first, second = int(match[1]), int(match[2])
    if second != first + 1:
        raise Refused(f"no winter lasts from {first} to {second}")
    return _day(first, 12, 1), _month(second, 2)[1]


def _near(match: re.Match[str], today: dt.date) -> Closed:
    return _single(today + _NEAR[match[0]] * ONE)


def _ago(match: re.Match[str], today: dt.date) -> Closed:
    return _single(_back(match, today))


def _last(match: re.Match[str], today: dt.date) -> Closed:
    first = _back(match, today) + ONE
    if first > today:
        raise Refused("that is no time at all")
    return first, today


def _back(match: re.Match[str], today: dt.date) -> dt.date:
    count = match["count"] or "1"  # "ultima lună"
    day = ago(int(count) if count.isdecimal() else _NUMBERS[count], _UNITS[match["unit"]], today)
    if day is None:
        raise Refused("that is before the year 1")
    return day


def _unit(match: re.Match[str], today: dt.date) -> Closed:
    shift = _SHIFTS[match["which"]]
    if match["unit"] == "saptamana":
        monday = today + (7 * shift - today.weekday()) * ONE
        return monday, monday + 6 * ONE
    if match["unit"] == "luna":
        years, index = divmod(today.month - 1 + shift, 12)
        return _month(today.year + years, index + 1)
    return _day(today.year + shift, 1, 1), _day(today.year + shift, 12, 31)


def _weekday(match: re.Match[str], today: dt.date) -> Period | None:
    name, which = match["weekday"], match["which"]
    if which is None and name not in _WEEKDAYS:
        return None  # "vinerea" is every Friday
    number = (_WEEKDAYS if name in _WEEKDAYS else _DEFINITE).index(name)

    def around(day: dt.date) -> list[Closed]:
        monday = day - day.weekday() * ONE
        return [_single(monday + (7 * week + number) * ONE) for week in (-1, 0, 1)]

    every = Recurring(around)
    if which is None:
        return every
    return every.over(today) if _SHIFTS[which] < 0 else _single(today + (number - today.weekday()) * ONE)


def _decade(match: re.Match[str], today: dt.date) -> Closed:
    digits = match[1]
    if len(digits) == 2 and not 30 <= int(digits) <= 90:
        raise Refused(f"it may be those of 19{digits} or of 20{digits}, write all four digits")
    first = int(digits) + (1900 if len(digits) == 2 else 0)
    if first % 10:
        raise Refused(f"no decade begins with {first}")
    return _day(first, 1, 1), _day(first + 9, 12, 31)


def _shapes() -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str], dt.date], Period | None]]]:
    weekdays, seasons = "|".join(_WEEKDAYS), "|".join(_MONTHS_OF)
    day, name = "(?P<day>[0-9]{1,2}|intai)", "(?P<month>[a-z]{3,12})"
    units = "(?P<unit>saptamana|luna|an(?:ul)?)"
    for shape, make in (
        (r"(?:anul )?(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?", _iso),
        (r"(?P<day>[0-9]{1,2})([./-])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4})", _numeric),
        (rf"(?:(?P<weekday>{weekdays}) (?:, )?)?{day} {name}{_OF_YEAR}", _dated),
        ("|".join(_NEAR), _near),
        (rf"(?:acum|in urma cu) {_COUNT}", _ago),
        (rf"cu {_COUNT} in urma", _ago),
        (rf"ultim(?:ele|ii) {_COUNT}", _last),
        (r"ultim(?:a|ul) (?P<count>)(?P<unit>zi|saptamana|luna|an)", _last),
        (rf"{units} (?P<which>{'|'.join(_SHIFTS)})", _unit),
        (rf"(?P<which>acest|aceasta) {units}", _unit),
        (rf"(?P<weekday>{weekdays}|{'|'.join(_DEFINITE)})(?: (?P<which>trecuta?|aceasta|asta))?", _weekday),
        (rf"(?P<season>{seasons})(?:(?: (?P<which>trecuta|aceasta|asta))|{_OF_YEAR})", _season),
        (r"iarna ([0-9]{4})[-–/]([0-9]{4})", _winter),
        (r"anii ([0-9]{2}|[0-9]{4})", _decade),
        (rf"(?:luna )?{name}(?: (?P<past>trecut)|{_OF_YEAR})", _of_month),
    ):
        yield re.compile(shape), make


_SHAPES: Final = tuple(_shapes())


def _yearly(of_year: Callable[[int], Closed]) -> Recurring:
    def around(day: dt.date) -> list[Closed]:
        found = []
        for year in range(max(day.year - _REACH, dt.MINYEAR), min(day.year + _REACH, dt.MAXYEAR) + 1):
            try:
                found.append(of_year(year))
            except (ValueError, Refused):
                continue  # 29 February in most years, and what would reach beyond the calendar
        return found

    return Recurring(around)


def _year(text: str, today: dt.date) -> int:
    return int(text) if text.isdecimal() else today.year + _SHIFTS[text.split()[1]]


def _day(year: int, number: int, day: int) -> dt.date:
    try:
        return dt.date(year, number, day)
    except ValueError as error:
        raise Refused(f"day {day} of month {number} of {year} is not in the calendar") from error


def _single(day: dt.date) -> Closed:
    return day, day


def _month(year: int, number: int) -> Closed:
    first = _day(year, number, 1)
    if (year, number) == (dt.MAXYEAR, 12):
        return first, dt.date.max
    return first, dt.date(year + number // 12, number % 12 + 1, 1) - ONE

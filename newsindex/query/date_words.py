"""Dates in Romanian words: from "săptămâna trecută" to its first and last day. Called by `newsindex.query.dates` alone.

A text is cut into words without case and diacritics, which have to match one of some shapes as a whole: ranges and open
ends, which are read here, or one of the periods of `newsindex.query.date_periods`.

What a text means where a reader could doubt it:

- A day, month, season or weekday without a year is the latest one that has begun by today: "15 august", "martie",
  "primăvara", "vineri". At the end of a range it is the first one that does not end before the start does, at its start
  the latest one that does not begin after the end: "între martie și mai 2024", "de la 1 noiembrie până la 15 ianuarie".
- "trecut", behind a month, season or weekday, is the latest one that is over; "aceasta" is the weekday of this week, or
  the season that lasts or begins this year. Behind week, month and year: the one before, the current one.
- "acum 3 luni" is one day, whatever the unit. "ultimele 7 zile" are seven days with today as their last, "ultima lună"
  is a month up to and including today.
- A week begins on Monday, spring with March, a winter with December; "iarna 2023" is the one that begins in that year,
  "iarna 2023-2024".
- "din 2019" is the year. Open are "din 2019 încoace", "de la 1 martie" and "după …"; and on the other side "până la 15
  mai", which includes that day, "până în 2019", which includes that year, and "înainte de …".
- "anii '90" are the nineties of the twentieth century, as from '30 to '80; others have to be written with four digits.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import attrs

from newsindex.errors import QueryError
from newsindex.query.date_periods import ONE, Closed, Recurring, Refused, day_number, read_period
from newsindex.query.fields import simplify

MAX_LENGTH: Final = 100  # characters of a date
MAX_WORDS: Final = 20

Days = tuple[dt.date | None, dt.date | None]  # the first and the last day, both included; None is open
Meaning = Days | Recurring


@attrs.frozen
class _Word:
    start: int
    end: int
    text: str  # without case, diacritics and the point of an abbreviation


def read(text: str, today: dt.date) -> Days:
    """The first and the last day of a date in words; None where it is open.

    Raises:
        QueryError: not wholly a date; the message says which part is one, and which is not.

    >>> read("săptămâna trecută", dt.date(2025, 8, 15))
    (datetime.date(2025, 8, 4), datetime.date(2025, 8, 10))
    """
    return _settle(_understand(text, today), today)


def read_pair(start: str, end: str, today: dt.date) -> tuple[Days, Days]:
    """The days of two dates that a range runs between; either may complete the other.

    Raises:
        QueryError: as for `read`.

    >>> read_pair("martie", "mai 2024", dt.date(2025, 8, 15))[0]
    (datetime.date(2024, 3, 1), datetime.date(2024, 3, 31))
    """
    try:
        completed = _complete(_joined(_words(start)), _joined(_words(end)))
        return _pair(_understand(completed or start, today), _understand(end, today), today)
    except (Refused, OverflowError) as error:
        raise QueryError(f"{start!r} to {end!r} is no range of dates: {error}") from error


def shown(days: Days) -> str:
    """Days as an error may show them.

    >>> shown((dt.date(2025, 8, 1), dt.date(2025, 8, 31)))
    '2025-08-01 to 2025-08-31'
    """
    first, last = days
    if first is None or last is None:
        return f"from {first} on" if first else f"up to {last}"
    return f"{first}" if first == last else f"{first} to {last}"


# From text to words, and what to say of a text that is not understood.


_TOKEN: Final = re.compile(r"[^\s,]+|,")
_APOSTROPHES: Final = "'’‘`´′"
_OLD: Final = {
    "miine": "maine", "poimiine": "poimaine", "simbata": "sambata", "saptamina": "saptamana",
    "saptamini": "saptamani", "pina": "pana", "intii": "intai",
}  # fmt: skip


def _words(text: str) -> list[_Word]:
    """The words of a text of sane length.

    Raises:
        QueryError: it is too long for a date.
    """
    size = len(text)
    tokens = list(_TOKEN.finditer(text)) if size <= MAX_LENGTH else []
    if size > MAX_LENGTH or len(tokens) > MAX_WORDS:
        raise QueryError(
            f"{text[:40] + '…'!r} is no date: it has more than {MAX_LENGTH} characters or {MAX_WORDS} words"
        )
    return [_Word(*token.span(), _plain(token[0])) for token in tokens]


def _plain(token: str) -> str:
    if token[0] in _APOSTROPHES and token[1:].isdecimal():
        token = token[1:]  # '90
    plain = simplify(token)
    if plain.endswith(".") and plain[:-1].isalpha():
        plain = plain[:-1]  # aug.
    return _OLD.get(plain, plain)


def _joined(words: list[_Word]) -> str:
    return " ".join(word.text for word in words)


def _understand(text: str, today: dt.date) -> Meaning:
    words = _words(text)
    reason: Refused | None = None
    try:
        found = _meaning(_joined(words), today)
    except Refused as error:
        found, reason = None, error
    if found is not None:
        return found
    known = _longest(words, today)
    if known is None:
        raise QueryError(f"{text!r} is no date" + (f": {reason}" if reason else ""))
    first, last, days = known
    begin, end = words[first].start, words[last - 1].end
    others = [repr(part.strip(" ,")) for part in (text[:begin], text[end:]) if part.strip(" ,")]
    rest = f"{' and '.join(others)} {'is' if len(others) == 1 else 'are'} not"
    why = f" ({reason})" if reason else ""
    raise QueryError(f"{text!r} is not wholly a date{why}: {text[begin:end]!r} is understood as {shown(days)}, {rest}")


def _longest(words: list[_Word], today: dt.date) -> tuple[int, int, Days] | None:
    """The longest run of words within a text that is a date; the first of several."""
    for length in range(len(words) - 1, 0, -1):
        for first in range(len(words) - length + 1):
            try:
                found = _meaning(_joined(words[first : first + length]), today)
            except Refused:
                continue
            if found is not None:
                return first, first + length, _settle(found, today)
    return None


# Ranges, open or not.


_BETWEEN: Final = re.compile(r"intre (?:anii |lunile )?(.+?) si (.+)|(?:de la|din|de) (.+?) (?:pana|la) (.+)")
_SINCE: Final = re.compile(r"(?:de la|incepand (?:cu|din|de la)) (.+?)(?: incoace)?|(?:din|de) (.+) incoace")
_UNTIL: Final = re.compile(r"pana (.+)")
_AFTER: Final = re.compile(r"dupa (.+)")
_BEFORE: Final = re.compile(r"inainte de (.+)")
_BARE_DAY: Final = re.compile(r"(?:la )?([0-9]{1,2}|intai)")
_LEADING_DAY: Final = re.compile(r"(?:la )?([0-9]{1,2}|intai) (.+)")


def _meaning(text: str, today: dt.date) -> Meaning | None:
    """What normalised words mean; None where they are no date.

    Raises:
        Refused: they have the shape of one, but there is no such day.
    """
    try:
        found = _range(text, today) or read_period(text, today)
        if isinstance(found, Recurring):
            found.latest(today)  # there is one
    except OverflowError as error:
        raise Refused("it is beyond the calendar") from error
    return found


def _range(text: str, today: dt.date) -> Days | None:
    if match := _BETWEEN.fullmatch(text):
        start, end = match[1] or match[3], match[2] or match[4]
        if completed := _complete(start, end):
            start = completed
        sides = read_period(start, today), read_period(end, today)
        if sides[0] is None or sides[1] is None:
            return None
        (first, _), (_, last) = _pair(sides[0], sides[1], today)
        if first is None or last is None or first > last:
            raise Refused(f"{first} is after {last}")
        return first, last
    if match := _SINCE.fullmatch(text):
        side = _closed(match[1] or match[2], today)
        return side and (side[0], None)
    if match := _UNTIL.fullmatch(text):
        side = _closed(match[1], today)
        return side and (None, side[1])
    if match := _AFTER.fullmatch(text):
        side = _closed(match[1], today)
        return side and (side[1] + ONE, None)
    match = _BEFORE.fullmatch(text)
    side = _closed(match[1], today) if match else None
    return side and (None, side[0] - ONE)


def _complete(start: str, end: str) -> str | None:
    """A start that is the bare number of a day with the month of the end: "1" and "15 martie 2024"."""
    first, last = _BARE_DAY.fullmatch(start), _LEADING_DAY.fullmatch(end)
    if first is None or last is None:
        return None
    if day_number(first[1]) > day_number(last[1]):
        raise Refused(f"{first[1]} is after {last[1]}")
    return f"{first[1]} {last[2]}"


def _closed(text: str, today: dt.date) -> Closed | None:
    period = read_period(text, today)
    return period.latest(today) if isinstance(period, Recurring) else period


def _settle(meaning: Meaning, today: dt.date) -> Days:
    return meaning.latest(today) if isinstance(meaning, Recurring) else meaning


def _pair(start: Meaning, end: Meaning, today: dt.date) -> tuple[Days, Days]:
    """The start and the end of a range, the one without a year by the one that has it."""
    if isinstance(start, Recurring):
        start = start.latest(today if isinstance(end, Recurring) else end[1] or today)
    if not isinstance(end, Recurring):
        return start, end
    first, last = start
    if first is None or last is None:
        return start, end.latest(today)
    if (last - first).days > 300:
        raise Refused("of which year is its end?")
    return start, end.following(last)

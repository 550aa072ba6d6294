"""What `dateparser` reads for `newsindex.query.date_words`, the only caller: names of months, and "acum 3 luni".

Dateparser knows the names and abbreviations of Romanian months and how to count back in the calendar (a month before
31 March is the last day of February). It also guesses: "luni, 15 august 2025" is a date to it though that day was no
Monday, "15 2025 august" is one too, and a period is one moment. So it is given two shapes only, made here out of words
that are checked before, for which tests show that it is right; what it answers is checked as well. It is restricted to
Romanian, and loaded when it is first needed, since that takes a tenth of a second.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any, Final

from newsindex.threads import Exclusive

UNITS: Final = ("zile", "săptămâni", "luni", "ani")  # that `ago` counts in
MAX_COUNT: Final = 9999  # of them

_WORD: Final = re.compile(r"[a-z]{3,12}")
_PROBE: Final = dt.datetime(2000, 1, 1)
# Dateparser keeps the settings of its latest caller in objects that all threads share.
_exclusive: Final = Exclusive()


@lru_cache(maxsize=256)
def month(word: str) -> int | None:
    """The number of the month with this name or abbreviation, in lower case without diacritics; None if there is none.

    >>> month("august"), month("sept"), month("luni")
    (8, 9, None)
    """
    if not _WORD.fullmatch(word):
        return None
    found = _read(f"1 {word} {_PROBE.year}", "absolute-time", _PROBE)
    return found.month if found is not None and (found.year, found.day) == (_PROBE.year, 1) else None


@lru_cache(maxsize=1024)
def ago(count: int, unit: str, today: dt.date) -> dt.date | None:
    """The day so many units before today, or the last of its month if that has no such day; None before the year 1.

    Raises:
        ValueError: no such unit, or a count that is out of range.

    >>> ago(1, "luni", dt.date(2025, 3, 31))
    datetime.date(2025, 2, 28)
    """
    if unit not in UNITS or not 0 <= count <= MAX_COUNT:
        raise ValueError(f"cannot count back {count} {unit!r}")
    found = _read(f"acum {count} {unit}", "relative-time", dt.datetime(today.year, today.month, today.day))
    return None if found is None or found.date() > today else found.date()


def _read(text: str, parser: str, base: dt.datetime) -> dt.datetime | None:
    from dateparser.date import DateDataParser

    settings: dict[str, Any] = {
        "PARSERS": [parser],
        "REQUIRE_PARTS": ["day", "month", "year"] if parser == "absolute-time" else [],
        "DATE_ORDER": "DMY",
        "RELATIVE_BASE": base,
        "TIMEZONE": "UTC",  # else it asks the system for its own, which has nothing to do with a day
    }
    found = _exclusive.run(lambda: DateDataParser(languages=["ro"], settings=settings).get_date_data(text).date_obj)
    return found if isinstance(found, dt.datetime) else None

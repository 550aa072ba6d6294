"""Dates in Romanian words: what each means on one Saturday, 22 November 2025, and what is refused with which reason."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.article import BUCHAREST, micros
from newsindex.errors import QueryError
from newsindex.query import dates, nodes, romanian_calendar
from newsindex.query.builders import between, field
from newsindex.query.date_words import MAX_LENGTH, read
from newsindex.query.language import parse
from newsindex.query.plan import plan

NOW = dt.datetime(2025, 11, 22, 12, 30, tzinfo=BUCHAREST)
TODAY = NOW.date()
OPEN = ""

# text, first day, last day
MEANINGS = [
    # a day
    ("15 august 2025", "2025-08-15", "2025-08-15"),
    ("15.08.2025", "2025-08-15", "2025-08-15"),
    ("15/08/2025", "2025-08-15", "2025-08-15"),
    ("5.8.2025", "2025-08-05", "2025-08-05"),
    ("15 aug. 2025", "2025-08-15", "2025-08-15"),
    ("15 sept. 2025", "2025-09-15", "2025-09-15"),
    ("1 ianuarie 2024", "2024-01-01", "2024-01-01"),
    ("întâi ianuarie 2024", "2024-01-01", "2024-01-01"),
    ("29 februarie 2024", "2024-02-29", "2024-02-29"),
    ("vineri, 15 august 2025", "2025-08-15", "2025-08-15"),
    ("pe 15 august 2025", "2025-08-15", "2025-08-15"),
    ("data de 15 august 2025", "2025-08-15", "2025-08-15"),
    ("15 august anul trecut", "2024-08-15", "2024-08-15"),
    ("2025-08-15", "2025-08-15", "2025-08-15"),
    # near to today
    ("azi", "2025-11-22", "2025-11-22"),
    ("astăzi", "2025-11-22", "2025-11-22"),
    ("ieri", "2025-11-21", "2025-11-21"),
    ("alaltăieri", "2025-11-20", "2025-11-20"),
    ("mâine", "2025-11-23", "2025-11-23"),
    ("mîine", "2025-11-23", "2025-11-23"),
    ("poimâine", "2025-11-24", "2025-11-24"),
    # counted back
    ("acum 3 zile", "2025-11-19", "2025-11-19"),
    ("acum trei zile", "2025-11-19", "2025-11-19"),
    ("acum o zi", "2025-11-21", "2025-11-21"),
    ("acum 20 de zile", "2025-11-02", "2025-11-02"),
    ("acum o săptămână", "2025-11-15", "2025-11-15"),
    ("acum două luni", "2025-09-22", "2025-09-22"),
    ("acum 3 luni", "2025-08-22", "2025-08-22"),
    ("acum un an", "2024-11-22", "2024-11-22"),
    ("acum 20 de ani", "2005-11-22", "2005-11-22"),
    ("în urmă cu 3 zile", "2025-11-19", "2025-11-19"),
    ("cu două săptămâni în urmă", "2025-11-08", "2025-11-08"),
    # the last ones
    ("ultimele 7 zile", "2025-11-16", "2025-11-22"),
    ("în ultimele două săptămâni", "2025-11-09", "2025-11-22"),
    ("ultima lună", "2025-10-23", "2025-11-22"),
    ("ultimele 3 luni", "2025-08-23", "2025-11-22"),
    ("ultimii 2 ani", "2023-11-23", "2025-11-22"),
    ("ultimul an", "2024-11-23", "2025-11-22"),
    # weeks, months, years
    ("săptămâna trecută", "2025-11-10", "2025-11-16"),
    ("săptămâna aceasta", "2025-11-17", "2025-11-23"),
    ("săptămâna asta", "2025-11-17", "2025-11-23"),
    ("săptămâna viitoare", "2025-11-24", "2025-11-30"),
    ("această săptămână", "2025-11-17", "2025-11-23"),
    ("luna aceasta", "2025-11-01", "2025-11-30"),
    ("luna curentă", "2025-11-01", "2025-11-30"),
    ("luna trecută", "2025-10-01", "2025-10-31"),
    ("anul trecut", "2024-01-01", "2024-12-31"),
    ("anul acesta", "2025-01-01", "2025-12-31"),
    ("anul ăsta", "2025-01-01", "2025-12-31"),
    ("acest an", "2025-01-01", "2025-12-31"),
    ("august 2025", "2025-08-01", "2025-08-31"),
    ("luna martie 2024", "2024-03-01", "2024-03-31"),
    ("decembrie 2024", "2024-12-01", "2024-12-31"),
    ("august anul trecut", "2024-08-01", "2024-08-31"),
    ("august trecut", "2025-08-01", "2025-08-31"),
    ("2025", "2025-01-01", "2025-12-31"),
    ("anul 2019", "2019-01-01", "2019-12-31"),
    ("din 2019", "2019-01-01", "2019-12-31"),
    # weekdays
    ("vineri", "2025-11-21", "2025-11-21"),
    ("sâmbătă", "2025-11-22", "2025-11-22"),
    ("duminică", "2025-11-16", "2025-11-16"),
    ("marți", "2025-11-18", "2025-11-18"),
    ("luni", "2025-11-17", "2025-11-17"),
    ("vinerea trecută", "2025-11-21", "2025-11-21"),
    ("vineri trecut", "2025-11-21", "2025-11-21"),
    ("sâmbăta trecută", "2025-11-15", "2025-11-15"),
    ("duminica aceasta", "2025-11-23", "2025-11-23"),
    # without a year
    ("15 august", "2025-08-15", "2025-08-15"),
    ("22 noiembrie", "2025-11-22", "2025-11-22"),
    ("23 noiembrie", "2024-11-23", "2024-11-23"),
    ("29 februarie", "2024-02-29", "2024-02-29"),
    ("august", "2025-08-01", "2025-08-31"),
    ("noiembrie", "2025-11-01", "2025-11-30"),
    ("decembrie", "2024-12-01", "2024-12-31"),
    ("primăvara", "2025-03-01", "2025-05-31"),
    ("iarna", "2024-12-01", "2025-02-28"),
    # seasons
    ("primăvara 2024", "2024-03-01", "2024-05-31"),
    ("vara lui 2024", "2024-06-01", "2024-08-31"),
    ("toamna anului 2024", "2024-09-01", "2024-11-30"),
    ("vara anului trecut", "2024-06-01", "2024-08-31"),
    ("vara trecută", "2025-06-01", "2025-08-31"),
    ("toamna trecută", "2024-09-01", "2024-11-30"),
    ("toamna aceasta", "2025-09-01", "2025-11-30"),
    ("iarna 2024", "2024-12-01", "2025-02-28"),
    ("iarna 2023-2024", "2023-12-01", "2024-02-29"),
    ("iarna 2023–2024", "2023-12-01", "2024-02-29"),
    ("iarna trecută", "2024-12-01", "2025-02-28"),
    # decades
    ("în anii '90", "1990-01-01", "1999-12-31"),
    ("anii ’90", "1990-01-01", "1999-12-31"),
    ("anii 90", "1990-01-01", "1999-12-31"),
    ("anii 1990", "1990-01-01", "1999-12-31"),
    ("anii 2010", "2010-01-01", "2019-12-31"),
    # from one to the other
    ("între martie și mai 2024", "2024-03-01", "2024-05-31"),
    ("între 1 și 15 martie 2024", "2024-03-01", "2024-03-15"),
    ("între noiembrie și februarie 2024", "2023-11-01", "2024-02-29"),
    ("între 2019 și 2021", "2019-01-01", "2021-12-31"),
    ("între 2025-08-01 și 15 august 2025", "2025-08-01", "2025-08-15"),
    ("între luni și vineri", "2025-11-17", "2025-11-21"),
    ("din martie până în mai 2024", "2024-03-01", "2024-05-31"),
    ("din 2019 până azi", "2019-01-01", "2025-11-22"),
    ("de la 1 martie până la 15 mai", "2025-03-01", "2025-05-15"),
    ("de la 1 la 15 martie", "2025-03-01", "2025-03-15"),
    ("de la 1 martie 2019 până la 15 mai", "2019-03-01", "2019-05-15"),
    ("de la 1 noiembrie până la 15 ianuarie", "2025-11-01", "2026-01-15"),
    ("de la 15 martie până în martie", "2025-03-15", "2025-03-31"),
    ("de vineri până luni", "2025-11-21", "2025-11-24"),
    # open
    ("de la 1 martie", "2025-03-01", OPEN),
    ("din 2019 încoace", "2019-01-01", OPEN),
    ("de ieri încoace", "2025-11-21", OPEN),
    ("începând cu 1 martie 2024", "2024-03-01", OPEN),
    ("după 15 mai 2024", "2024-05-16", OPEN),
    ("până la 15 mai", OPEN, "2025-05-15"),
    ("pînă la 15 mai", OPEN, "2025-05-15"),
    ("până în 2019", OPEN, "2019-12-31"),
    ("până ieri", OPEN, "2025-11-21"),
    ("înainte de 2019", OPEN, "2018-12-31"),
]


def plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def moments(first: str, last: str) -> dates.Interval:
    day = dt.timedelta(days=1)
    since = micros(dt.date.fromisoformat(first)) if first else None
    return since, micros(dt.date.fromisoformat(last) + day) if last else None


def spellings(text: str) -> list[str]:
    cedilla = text.translate(str.maketrans("șțȘȚ", "şţŞŢ"))
    return [
        text,
        plain(text),
        text.upper(),
        plain(text).upper(),
        cedilla,
        unicodedata.normalize("NFD", text),
        f" {text} ",
    ]


@pytest.mark.parametrize(("text", "first", "last"), MEANINGS, ids=[plain(text) for text, _, _ in MEANINGS])
def test_words_mean_days_in_every_spelling(text: str, first: str, last: str) -> None:
    for spelling in spellings(text):
        assert dates.interval(spelling, NOW) == moments(first, last), spelling


@pytest.mark.parametrize(("text", "first", "last"), MEANINGS, ids=[plain(text) for text, _, _ in MEANINGS])
def test_words_are_read_in_quotes_of_the_query_language(text: str, first: str, last: str) -> None:
    query = f'data:"{text}"'
    expected = nodes.Dates(*moments(first, last))
    assert plan(parse(query, now=NOW), query=query, now=NOW) == expected
    assert plan(field("data", text), now=NOW) == expected


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("data:ieri", "2025-11-21", "2025-11-21"),
        ("date:AUGUST", "2025-08-01", "2025-08-31"),
        ("data:15.08.2025", "2025-08-15", "2025-08-15"),
        ("data:15/08/2025", "2025-08-15", "2025-08-15"),
        ("+data:ieri", "2025-11-21", "2025-11-21"),
        ("data:>=ieri", "2025-11-21", OPEN),
        ('data:>="15 august 2025"', "2025-08-15", OPEN),
        ('data:>"august 2025"', "2025-09-01", OPEN),
        ('data:<="august 2025"', OPEN, "2025-08-31"),
        ("data:<azi", OPEN, "2025-11-21"),
        ('data:">= 15 august 2025"', "2025-08-15", OPEN),
        ('data:<="până la 15 mai"', OPEN, "2025-05-15"),
        ("data:[martie 2024 TO mai 2024]", "2024-03-01", "2024-05-31"),
        ("data:{martie 2024 TO mai 2024}", "2024-04-01", "2024-04-30"),
        ("data:[martie TO mai 2024]", "2024-03-01", "2024-05-31"),
        ("data:[1 TO 15 martie 2024]", "2024-03-01", "2024-03-15"),
        ("data:[1 noiembrie LA 15 ianuarie]", "2025-11-01", "2026-01-15"),
        ("data:['1 martie' TO \"15 mai\"]", "2025-03-01", "2025-05-15"),
        ("data:[2025-11-20 TO ieri]", "2025-11-20", "2025-11-21"),
        ("data:[ieri TO]", "2025-11-21", OPEN),
        ("data:[TO ieri]", OPEN, "2025-11-21"),
        ("+data:[ieri TO azi]", "2025-11-21", "2025-11-22"),
        ("data:(+[ieri TO azi])", "2025-11-21", "2025-11-22"),
    ],
)
def test_words_are_read_wherever_the_query_language_takes_a_date(query: str, first: str, last: str) -> None:
    assert plan(parse(query, now=NOW), query=query, now=NOW) == nodes.Dates(*moments(first, last))


# text, what the message shows of it
REFUSED = [
    ("ieri dimineață", "'ieri' is understood as 2025-11-21, 'dimineață' is not"),
    ("15 august 2025 guvern", "'15 august 2025' is understood as 2025-08-15, 'guvern' is not"),
    ("guvern 15 august 2025", "'15 august 2025' is understood as 2025-08-15, 'guvern' is not"),
    ("în jur de 15 august 2025, cam", "'15 august 2025' is understood as 2025-08-15, 'în jur de' and 'cam' are not"),
    ("32 august", "(no august has a day 32): 'august' is understood as 2025-08-01 to 2025-08-31, '32' is not"),
    ("30 februarie", "no februarie has a day 30"),
    ("0 august", "no august has a day 0"),
    ("29 februarie 2025", "day 29 of month 2 of 2025 is not in the calendar"),
    ("15.13.2025", "'15.13.2025' is no date: day 15 of month 13 of 2025 is not in the calendar"),
    ("2025 2024", "'2025' is understood as 2025-01-01 to 2025-12-31, '2024' is not"),
    ("luni, 15 august 2025", "2025-08-15 is no luni but a vineri"),
    ("15 2025 august", "'15' and 'august' are not"),
    ("august 15 2025", "'august' is understood"),
    ("june 2025", "'2025' is understood as 2025-01-01 to 2025-12-31, 'june' is not"),
    ("15-08/2025", "is no date"),
    ("15.08.25", "is no date"),
    ("08.2025", "is no date"),
    ("mar", "is no date"),
    ("vinerea", "is no date"),
    ("acum", "is no date"),
    ("acum 3 ore", "is no date"),
    ("acum câteva zile", "is no date"),
    ("ultimele zile", "is no date"),
    ("ultimele 0 zile", "that is no time at all"),
    ("acum 9999 ani", "that is before the year 1"),
    ("anii '20", "it may be those of 1920 or of 2020"),
    ("anii 1995", "no decade begins with 1995"),
    ("iarna 2023-2025", "no winter lasts from 2023 to 2025"),
    ("între 15 și 1 martie", "15 is after 1"),
    ("între mai 2024 și martie 2024", "2024-05-01 is after 2024-03-31"),
    ("între 2019 și martie", "of which year is its end?"),
    ("de la", "is no date"),
    ("de la de la 1 martie", "'de la 1 martie' is understood as from 2025-03-01 on, 'de la' is not"),
    ("înainte de până la 15 mai", "'până la 15 mai' is understood as up to 2025-05-15, 'înainte de' is not"),
    ("0000", "'0000' is not in the calendar"),
    ("٢٠٢٥", "is no date"),
    ("x" * 101, "it has more than 100 characters"),
    ("a " * 21, "or 20 words"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[ascii(text)[:40] for text, _ in REFUSED])
def test_what_is_not_wholly_a_date_is_refused_with_what_was_understood(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        dates.interval(text, NOW)
    assert message in str(caught.value)
    assert caught.value.hint == dates.HINT
    assert caught.value.query == text


def test_errors_in_a_query_say_where() -> None:
    query = 'guvern data:"ieri dimineață"'
    with pytest.raises(QueryError, match="'ieri' is understood as 2025-11-21") as caught:
        plan(parse(query, now=NOW), query=query, now=NOW)
    assert (caught.value.query, caught.value.position) == (query, 7)
    with pytest.raises(QueryError, match="no time lies between 'azi' and 'ieri'") as caught:
        parse("guvern data:[azi TO ieri]", now=NOW)
    assert caught.value.position == 12
    with pytest.raises(QueryError, match="has no last day"):
        plan(parse('data:>"de la 1 martie"'), now=NOW)
    with pytest.raises(QueryError, match="of which year is its end"):
        plan(parse("data:2024 data:[2019 TO martie]", now=NOW), now=NOW)


def test_bounds_complete_each_other() -> None:
    assert dates.bounds("martie", "mai 2024", NOW) == nodes.Dates(*moments("2024-03-01", "2024-05-31"))
    assert dates.bounds("1 martie", "15 mai", NOW) == nodes.Dates(*moments("2025-03-01", "2025-05-15"))
    assert dates.bounds(dt.date(2024, 3, 1), "mai", NOW) == nodes.Dates(*moments("2024-03-01", "2024-05-31"))
    assert dates.bounds("de la 1 martie", "până la 15 mai", NOW) == nodes.Dates(*moments("2025-03-01", "2025-05-15"))
    assert dates.bounds("acum 3 zile", None, NOW) == nodes.Dates(*moments("2025-11-19", OPEN))
    moment = dt.datetime(2025, 11, 20, 10, 30, tzinfo=BUCHAREST)
    assert dates.bounds(moment, "ieri", NOW) == nodes.Dates(micros(moment), moments("2025-11-21", "2025-11-21")[1])


def test_what_is_built_is_read_when_the_query_runs() -> None:
    later = NOW + dt.timedelta(days=10)
    built = between("ieri", "azi") & field("data", ">=alaltăieri")
    for now in (NOW, later):
        assert plan(built, now=now) == dates.bounds("ieri", "azi", now)
    assert plan(between("1 noiembrie", "15 ianuarie"), now=NOW) == nodes.Dates(*moments("2025-11-01", "2026-01-15"))


@pytest.mark.parametrize(
    ("now", "today"),
    [
        (dt.datetime(2025, 11, 21, 22, 30, tzinfo=dt.UTC), "2025-11-22"),
        (dt.datetime(2025, 11, 21, 21, 59, tzinfo=dt.UTC), "2025-11-21"),
        (dt.datetime(2025, 7, 21, 21, 30, tzinfo=dt.UTC), "2025-07-22"),
        (dt.datetime(2025, 11, 21, 23, 59), "2025-11-21"),
    ],
)
def test_today_is_the_day_in_bucharest(now: dt.datetime, today: str) -> None:
    assert dates.interval("azi", now) == moments(today, today)


@pytest.mark.parametrize(("today", "hours"), [(dt.datetime(2025, 3, 30), 23), (dt.datetime(2025, 10, 26), 25)])
def test_days_in_words_follow_summer_time(today: dt.datetime, hours: int) -> None:
    since, until = dates.interval("azi", today)
    assert since is not None
    assert until is not None
    assert until - since == hours * 3_600_000_000


@pytest.mark.parametrize("today", [dt.date.min, dt.date.max])
@pytest.mark.parametrize("text", [text for text, _, _ in MEANINGS])
def test_the_ends_of_the_calendar_are_no_crash(text: str, today: dt.date) -> None:
    try:
        first, last = read(text, today)
    except QueryError as error:
        assert text in str(error)  # noqa: PT017 -- both outcomes are right, depending on the text
    else:
        assert first is None or last is None or first <= last


AHEAD = {"mâine", "mîine", "poimâine", "săptămâna viitoare", "duminica aceasta", "toamna aceasta"}
YEARLESS = [text for text, _, _ in MEANINGS if not re.search("[0-9]{4}", text) and text not in AHEAD]


@given(st.dates(dt.date(1991, 1, 1), dt.date(2110, 1, 1)), st.sampled_from(YEARLESS))
def test_what_has_no_year_has_begun(today: dt.date, text: str) -> None:
    first, last = read(text, today)
    assert first is None or first <= today
    assert first is None or last is None or first <= last


WORDS = ["de", "la", "până", "în", "între", "și", "15", "martie", "2024", "ieri", "acum", "3", "zile", "luni", ",",
         "anii", "'90", "trecută", "vara"]  # fmt: skip


@given(st.text(max_size=MAX_LENGTH + 5) | st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_text_is_a_date_or_a_query_error(text: str) -> None:
    try:
        since, until = dates.interval(text, NOW)
    except QueryError as error:
        assert error.query == text  # noqa: PT017 -- either is right
    else:
        assert since is None or until is None or since < until


# dateparser


MONTHS = ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie",
          "noiembrie", "decembrie"]  # fmt: skip
SHORT = [["ian"], ["feb"], ["mar"], ["apr"], [], ["iun"], ["iul"], ["aug"], ["sep", "sept"], ["oct"], ["nov"], ["dec"]]


def test_dateparser_knows_the_months_and_nothing_else() -> None:
    for number, (name, short) in enumerate(zip(MONTHS, SHORT, strict=True), 1):
        assert [romanian_calendar.month(word) for word in (name, *short)] == [number] * (1 + len(short))
    others = "june march luni marti joi zi zile luna luni an ani azi acum trecut utc est gmt lun mie vin dum sam am pm"
    assert [word for word in others.split() if romanian_calendar.month(word)] == []
    assert (
        romanian_calendar.month("15") is romanian_calendar.month("mai 2024") is romanian_calendar.month("Mai") is None
    )


@given(st.integers(0, 400), st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)))
def test_dateparser_counts_back(count: int, today: dt.date) -> None:
    assert romanian_calendar.ago(count, "zile", today) == today - dt.timedelta(days=count)
    assert romanian_calendar.ago(count, "săptămâni", today) == today - dt.timedelta(weeks=count)
    for unit, months in (("luni", count), ("ani", 12 * count)):
        found = romanian_calendar.ago(count, unit, today)
        assert found is not None
        assert (found.year * 12 + found.month) == today.year * 12 + today.month - months
        next_day = found + dt.timedelta(days=1)
        assert found.day == today.day or (found.day < today.day and next_day.month != found.month)


def test_counting_back_is_bounded() -> None:
    assert romanian_calendar.ago(9999, "ani", TODAY) is None
    for count, unit in ((10_000, "zile"), (-1, "zile"), (1, "ore")):
        with pytest.raises(ValueError, match="cannot count back"):
            romanian_calendar.ago(count, unit, TODAY)


def test_threads_do_not_share_a_today() -> None:
    days = [dt.date(2000, 1, 1) + dt.timedelta(days=number) for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda day: read("acum 5 zile", day)[0], days))
    assert found == [day - dt.timedelta(days=5) for day in days]


def test_dateparser_is_loaded_only_for_words_that_need_it(child_environment: dict[str, str]) -> None:
    code = """if True:
        import sys, datetime as dt
        import newsindex
        from newsindex.query import dates
        from newsindex.query.language import parse
        from newsindex.query.plan import plan
        plan(parse('guvern data:[2025-01 TO 2025-08-15T10:30]'))
        dates.bounds("2025", dt.date(2025, 8, 15))
        assert "newsindex.query.date_words" not in sys.modules
        dates.interval("ieri")
        assert "dateparser" not in sys.modules
        dates.interval("acum 3 luni")
        assert "dateparser" in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], env=child_environment, check=True)

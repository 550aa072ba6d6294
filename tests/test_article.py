"""`Article`: what each field takes, what it becomes, and what is refused by name."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from types import MappingProxyType
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.article import Article, micros, to_date
from newsindex.errors import ArticleError, NewsIndexError

BUCHAREST = ZoneInfo("Europe/Bucharest")
SUMMER = dt.timezone(dt.timedelta(hours=3))
WINTER = dt.timezone(dt.timedelta(hours=2))


def failure(**fields):
    with pytest.raises(ArticleError) as caught:
        Article(**fields)
    return caught.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("2025-08-15", dt.date(2025, 8, 15)),
        (" 2025-08-15\n", dt.date(2025, 8, 15)),
        (dt.date(2025, 8, 15), dt.date(2025, 8, 15)),
        ("2025-08-15T10:30", dt.datetime(2025, 8, 15, 10, 30, tzinfo=SUMMER)),
        ("2025-01-15 10:30", dt.datetime(2025, 1, 15, 10, 30, tzinfo=WINTER)),
        ("2025-08-15T10:30:00Z", dt.datetime(2025, 8, 15, 10, 30, tzinfo=dt.UTC)),
        (dt.datetime(2025, 8, 15, 10), dt.datetime(2025, 8, 15, 10, tzinfo=SUMMER)),
        (dt.datetime(2025, 8, 15, 10, tzinfo=BUCHAREST), dt.datetime(2025, 8, 15, 10, tzinfo=SUMMER)),
    ],
)
def test_dates(value, expected):
    date = Article(title="x", date=value).date
    assert date == expected
    assert type(date) is type(expected)
    if isinstance(date, dt.datetime):
        assert isinstance(date.tzinfo, dt.timezone)


def test_the_hour_that_comes_twice_is_told_apart_by_fold():
    first, second = (to_date(dt.datetime(2025, 10, 26, 3, 30, fold=fold)) for fold in (0, 1))
    assert micros(second) - micros(first) == 3_600_000_000


@pytest.mark.parametrize(
    "value", ["15.08.2025", "2025-02-30", "2025-08", "ieri", "0000-01-01", 20250815, True, 1.5, [], dt.time(3), b"2025"]
)
def test_what_is_no_date_is_refused(value):
    error = failure(id="a1", date=value)
    assert (error.article, error.field) == ("a1", "date")
    assert str(error).startswith("article 'a1', field 'date': ")
    assert "write it as 2025-08-15" in str(error)
    assert isinstance(error, NewsIndexError)


def test_the_message_about_a_huge_value_is_short():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert len(str(failure(date="x" * 1_000_000))) < 300
    assert len(str(failure(date=deep))) < 300
    assert len(str(failure(extra={"x": 10**2000}))) < 300
    assert len(str(failure(extra="x" * 1_000_000))) < 300


@given(st.dates() | st.datetimes() | st.datetimes(timezones=st.timezones()))
def test_dates_survive_iso_text_and_keep_their_moment(value):
    date = to_date(value)
    assert to_date(date) == date
    if not isinstance(date, dt.datetime) or date.utcoffset().microseconds == 0:
        again = to_date(date.isoformat())
        assert again == date
        assert micros(again) == micros(date)


@given(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))
def test_micros_is_the_unix_time(moment):
    assert micros(moment) == (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


@pytest.mark.parametrize("day", [dt.date.min, dt.date.max, dt.datetime.min, dt.datetime.max])
def test_micros_at_the_ends_of_the_calendar(day):
    assert micros(dt.date.min) - 1 < micros(day) < micros(dt.datetime.max.replace(tzinfo=WINTER)) + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), ()),
        ("", ()),
        ("ploi", ("ploi",)),
        ("ploi, vânt;ger", ("ploi", "vânt", "ger")),
        ("ploi, ,;", ("ploi",)),
        ([" ploi ", "", " "], ("ploi",)),
        ((tag for tag in ["a", "b"]), ("a", "b")),
    ],
)
def test_tags(value, expected):
    assert Article(title="x", tags=value).tags == expected


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, ["a", 5], [None], b"ab", [["a"]]])
def test_tags_that_are_refused(value):
    assert failure(tags=value).field == "tags"


@pytest.mark.parametrize("field", ["id", "title", "body", "source", "author", "section", "url"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a\0b", "a NUL character at character 1"),
        ("ab\ud800", "a lone surrogate '\\ud800' at character 2"),
        (5, "text expected, found int"),
        (b"a", "text expected, found bytes"),
    ],
)
def test_text_that_is_refused(field, value, message):
    error = failure(**({"id": "a1"} | {field: value}))
    assert error.field == field
    assert f"field '{field}': {message}" in str(error)
    assert str(error).encode()


@pytest.mark.parametrize("field", ["source", "author", "section", "url", "date"])
def test_optional_fields_take_none(field):
    assert getattr(Article(title="x", **{field: None}), field) is None


def test_a_surrogate_in_a_tag_or_in_extra_is_named():
    assert failure(tags=["a\ud800"]).field == "tags"
    assert failure(extra={"lead": ["a", {"b": "c\0"}]}).field == "lead"
    assert failure(extra={"le\0ad": "a"}).field == "extra"
    assert failure(extra={5: "a"}).field == "extra"


def test_an_empty_id_is_refused():
    assert failure(id="").field == "id"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, object(), b"x", dt.date(2025, 1, 1), 10**4000])
def test_extra_takes_json_values_only(value):
    error = failure(extra={"x": [value]})
    assert error.field == "x"
    assert "is no JSON value" in str(error)


@pytest.mark.parametrize("value", [None, "text", 5, [1]])
def test_extra_is_a_mapping(value):
    assert failure(extra=value).field == "extra"


def test_extra_is_copied_and_becomes_plain_json():
    inner = {"list": (1, 2, {"a": None})}
    article = Article(title="x", extra=MappingProxyType(inner))
    inner["list"] = "changed"
    assert article.extra == {"list": [1, 2, {"a": None}]}
    assert json.loads(json.dumps(article.extra)) == article.extra


def test_extra_nests_to_a_limit():
    value = "x"
    for _ in range(32):
        value = [value]
    assert Article(title="x", extra={"x": value}).extra["x"] == value
    assert "nested deeper than 32 levels" in str(failure(extra={"x": [value]}))


def within_itself():
    value = []
    value += [value, value]
    return value


def shared():
    """Small in memory, and as JSON larger than any disk."""
    value = []
    for _ in range(31):
        value = [value, value]
    return value


class Endless(dict):
    def items(self):
        return ((str(number), ()) for number in itertools.count())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tags", itertools.count()),
        ("tags", itertools.repeat("")),
        ("tags", "a," * 100_000),
        ("tags", ["a" * 10_000] * 30_000),
        ("extra", {"x": ["a" * 10_000] * 30_000}),
        ("extra", {"x": [{"a" * 10_000: 0}] * 30_000}),
        ("extra", {"x": within_itself()}),
        ("extra", {"x": shared()}),
        ("extra", {"x": [None] * 100_000}),
        ("extra", {"x": Endless()}),
    ],
)
def test_what_has_no_end_is_refused(field, value):
    error = failure(id="a1", **{field: value})
    assert error.field == field
    assert (
        str(error) == f"article 'a1', field '{field}': more than 100,000 values or 268,435,456 characters; pass fewer"
    )


def test_what_is_within_itself_once_is_too_deep():
    value = []
    value.append(value)
    assert "nested deeper than 32 levels" in str(failure(extra={"x": value}))


def test_as_many_values_as_there_may_be():
    most = 100_000
    assert len(Article(tags="a" + ";a" * (most - 1)).tags) == most
    room = most - 3  # without the list, its name, and the whole of it
    assert len(Article(extra={"x": [0] * room}).extra["x"]) == room
    assert failure(extra={"x": [0] * room, "y": 0}).field == "extra"


def test_an_article_is_frozen_hashable_and_equal_by_its_fields():
    article = Article(title="Ploi", extra={"a": [1]})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        article.title = "x"
    assert article == Article(title="Ploi", extra={"a": [1]})
    assert article != Article(title="Ploi", extra={"a": [2]})
    assert len({article, Article(title="Ploi", extra={"a": [1]})}) == 1


def test_fields_by_position():
    assert Article("a1", "Ploi", "Plouă.").body == "Plouă."


def test_the_default_id_is_stable_across_versions():
    # Ids are in people's archives: were these to change, adding an article again would no longer replace it.
    assert Article(title="Ploi", body="Plouă.", date="2025-03-02").id == "435a31a8323ed168debe2b0a64a4478b"
    assert Article(title="Ploi", url="https://example.org/1").id == "20500cba657282d66bd492941185c2ac"


def test_the_default_id_depends_on_the_url_or_else_on_date_title_and_body():
    base = {"title": "Ploi", "body": "Plouă.", "date": "2025-03-02"}
    ids = [Article(**base | change).id for change in ({}, {"title": "P"}, {"body": ""}, {"date": None}, {"url": "u"})]
    assert len(set(ids)) == 5
    assert Article(**base, url="u").id == Article(title="other", url="u").id
    assert Article(**base, source="s", extra={"a": 1}).id == Article(**base).id
    assert Article(title="ab", body="c").id != Article(title="a", body="bc").id

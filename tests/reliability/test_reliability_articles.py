"""Hostile articles: whatever an article holds, it comes back as it went in and is found, or ArticleError names it.

What single fields refuse is tested in tests/test_article.py; here articles go through an index, and sizes are those
that archives should never see. In every run they are a hundredth of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import newsindex as ni


def kept(path: Path, articles: Iterable[ni.Article]) -> ni.Index:
    """A new index of these articles, which all came back and in which nothing is wrong."""
    given = list(articles)
    ix = ni.create(path / "index")
    ix.add(given)
    assert {one.id: one for one in ix} == {one.id: one for one in given}
    assert all(ix.get(one.id) == one for one in given[:10])
    assert ix.check().ok
    return ix


def small(long: bool, count: int) -> int:
    return count if long else count // 100


def test_an_empty_article(tmp_path: Path) -> None:
    ix = kept(
        tmp_path, [ni.Article(), ni.Article(id="a", title=" \n", tags=("",)), ni.Article(id="b", body="\u0301\u202e")]
    )
    assert ix.count("*") == 3
    assert ix.search("*", limit=3)[2].snippet() == ""


def test_a_long_body(tmp_path: Path, long: bool) -> None:
    line = "Guvernul a anunțat bugetul pentru anul viitor. "
    ix = kept(tmp_path, [ni.Article(id="a", body=line * (small(long, 100 << 20) // len(line)) + "Sfârșitul.")])
    assert [hit.id for hit in ix.search('"viitor sfârșitul"')] == ["a"]
    assert "**viitor**" in ix.search("viitor")[0].snippet()
    assert len(ix.search("sfârșitul")[0].snippet()) <= 250, "of a body without an end only the beginning is looked at"


def test_a_long_word(tmp_path: Path, long: bool) -> None:
    word = "ab" * (small(long, 10 << 20) // 2)
    ix = kept(tmp_path, [ni.Article(id="a", title=word, body=f"înainte {word} după", source=word)])
    assert ix.count('"după"') == ix.count("înainte") == 1


def test_many_words(tmp_path: Path, long: bool) -> None:
    count = small(long, 1_000_000)
    ix = kept(tmp_path, [ni.Article(id="a", body=" ".join(f"q{number}" for number in range(count)))])
    for number in (0, count // 2, count - 1):
        assert ix.count(f"q{number}") == 1
    assert ix.count(f'"q{count - 2} q{count - 1}"') == 1
    assert ix.count(f"q{count}") == 0


def test_many_tags(tmp_path: Path, long: bool) -> None:
    count = small(long, 10_000)
    tags = tuple(f"eticheta {number}" for number in range(count))
    ix = kept(tmp_path, [ni.Article(id="a", title="x", tags=tags), ni.Article(id="b", title="x", tags=tags[:1])])
    assert ix.count("x", filters={"tags": tags[-1]}) == 1
    assert ix.facets("x", "tags", limit=1) == {tags[0]: 2}


def test_the_ends_of_the_calendar(tmp_path: Path) -> None:
    dates = ("0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59.999999-12:00", "1969-12-31")
    ix = kept(tmp_path, [ni.Article(id=date, title="x", date=date) for date in dates])
    assert ix.search("x", sort="oldest")[0].date.year == 1  # type: ignore[union-attr]
    assert ix.search("x", sort="newest")[0].date.year == 9999  # type: ignore[union-attr]
    assert ix.count("x", until="0001") == ix.count("x", since="9999") == 2
    assert sum(ix.timeline("x", by="year").values()) == len(dates)
    with pytest.raises(ni.QueryError, match="periods"):
        ix.timeline("x", by="day")


IDS = (
    " ",
    "\n",
    "../../etc/passwd",
    "a" * 100_000,
    "\u202e",
    "e\u0301",
    "é",
    "\x01",
    "🙂",
    "000001.seg",
    "%s{}",
    '"',
    "*",
)


def test_ids_of_any_text(tmp_path: Path) -> None:
    ix = kept(tmp_path, [ni.Article(id=one, title=f"x {number}") for number, one in enumerate(IDS)])
    assert {hit.id for hit in ix.search("x", limit=None)} == set(IDS)
    with ix.writer() as writer:
        assert all(map(writer.delete, IDS[::2]))
        for one in IDS:
            writer.add(ni.Article(id=one, title="y"))
    assert ix.count("y") == len(ix) == len(IDS)
    assert ix.count("x") == 0


@pytest.mark.parametrize("alike", [{"date": "2024-05-05"}, {"title": "Guvernul", "body": "A anunțat bugetul."}])
def test_articles_that_are_alike(tmp_path: Path, long: bool, alike: dict[str, str]) -> None:
    count = small(long, 100_000)
    ix = kept(
        tmp_path, (ni.Article(id=f"a{number}", **{"title": f"Știrea {number}", **alike}) for number in range(count))
    )
    assert ix.count("*") == count
    assert ix.count("titlu:guvernul" if "title" in alike else "data:2024-05-05") == count
    pages = [hit.id for offset in range(0, 60, 20) for hit in ix.search("*", limit=20, offset=offset, sort="newest")]
    assert len(set(pages)) == 60


@pytest.mark.parametrize(
    "fields",
    [{"body": "a\0b"}, {"title": "\ud800"}, {"id": "\udfff"}, {"tags": ("a", "\0")}, {"extra": {"\ud800": 1}},
     {"extra": {"a": ["\0"]}}, {"source": "a\0"}, {"id": ""}, {"date": "2024-02-30"}, {"extra": {"a": 10**5000}}],
)  # fmt: skip
def test_what_no_article_may_hold_costs_no_other(tmp_path: Path, fields: dict[str, Any]) -> None:
    ix = ni.create(tmp_path / "index")
    with ix.writer() as writer:
        writer.add(ni.Article(id="before", title="x"))
        with pytest.raises(ni.ArticleError) as caught:
            writer.add(ni.Article(**{"id": "bad", **fields}))
        assert caught.value.field in {*fields, *fields.get("extra", ())}
        writer.add(ni.Article(id="after", title="x"))
    assert sorted(one.id for one in ix) == ["after", "before"]
    assert ix.check().ok

"""Dates in words through every door of an index, counted from the index's own clock."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import newsindex
from newsindex import Article, Index, QueryError
from newsindex.article import BUCHAREST
from newsindex.store.directory import DiskDirectory

NOW = dt.datetime(2025, 11, 22, 9, tzinfo=BUCHAREST)  # a Saturday
DAYS = {
    "spring": "2024-04-10",
    "august": "2025-08-15T23:59",
    "week": "2025-11-12",
    "yesterday": "2025-11-21T00:00",
    "today": "2025-11-22T08:00",
    "tomorrow": "2025-11-23",
}


@pytest.fixture(scope="module")
def ix(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("dates") / "archive"
    articles = [Article(id=name, title="Ploi", body="A plouat.", date=date) for name, date in DAYS.items()]
    newsindex.create(place).add([*articles, Article(id="undated", title="Ploi", body="A plouat.")])
    return Index(DiskDirectory(Path(place)), clock=lambda: NOW)


def ids(results: newsindex.Results) -> set[str]:
    return {hit.id for hit in results}


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("ieri", None, {"yesterday", "today", "tomorrow"}),
        ("IERI", "azi", {"yesterday", "today"}),
        (None, "15 aug. 2025", {"spring", "august"}),
        ("acum două săptămâni", "alaltaieri", {"week"}),
        ("primăvara 2024", "august 2025", {"spring", "august"}),
        ("martie", "mai 2024", {"spring"}),
        ("saptamana trecuta", "săptămâna trecută", {"week"}),
        ("anul trecut", "anul trecut", {"spring"}),
    ],
)
def test_since_and_until(ix: Index, since: str | None, until: str | None, expected: set[str]) -> None:
    found = ix.search("ploi", since=since, until=until)
    assert ids(found) == expected
    assert ix.count("ploi", since=since, until=until) == len(expected)
    assert sum(ix.timeline("*", by="day", since=since, until=until).values()) == len(expected)
    assert ids(ix.search(newsindex.between(since, until) & newsindex.words("ploi"))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ploi data:ieri", {"yesterday"}),
        ('data:"săptămâna trecută"', {"week"}),
        ('ploi data:"între martie și mai 2024"', {"spring"}),
        ("data:[august 2025 TO ieri]", {"august", "week", "yesterday"}),
        ('data:>="15 august 2025" -data:mâine', {"august", "week", "yesterday", "today"}),
        ("data:(azi SAU ieri)", {"today", "yesterday"}),
        ('data:"din 2024"', {"spring"}),
        ('data:"până la 15 august"', {"spring", "august"}),
        ('data:"ultimele 7 zile"', {"yesterday", "today"}),
    ],
)
def test_queries(ix: Index, query: str, expected: set[str]) -> None:
    assert ids(ix.search(query)) == expected
    assert ix.count(query) == len(expected)
    assert all(ix.explain(query, name).matches == (name in expected) for name in DAYS)


def test_facets_take_words(ix: Index) -> None:
    tagged = ix.facets("ploi", "source", since="ieri", until="azi")
    assert tagged == ix.facets("ploi", "source", since="2025-11-21", until="2025-11-22")


@pytest.mark.parametrize(
    ("near", "first"), [("aprilie 2024", "spring"), ("15.08.2025", "august"), ("mâine", "tomorrow")]
)
def test_near(ix: Index, near: str, first: str) -> None:
    assert ix.search("ploi", near=near, recency="3d")[0].id == first


def test_errors(ix: Index) -> None:
    for option in ("since", "until", "near"):
        with pytest.raises(QueryError, match="'ieri' is understood as 2025-11-21, 'dimineață' is not"):
            ix.search("ploi", **{option: "ieri dimineață"})
    with pytest.raises(QueryError, match="no time lies between 'azi' and 'ieri'"):
        ix.search("ploi", since="azi", until="ieri")
    with pytest.raises(QueryError, match="has no last day"):
        ix.search("ploi", near="de la 1 martie")

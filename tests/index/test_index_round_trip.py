"""Every article comes back equal in all fields: whatever Hypothesis makes, through commits, spills and merges."""

from __future__ import annotations

import datetime as dt
import tempfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import newsindex as ni

# What an Article takes: all of Unicode but surrogates and NUL.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=60) | st.text("aăâîșşțţ \n\u00ad\u0306-.0", max_size=60)
ids = st.text(characters, min_size=1, max_size=20)
zones = st.integers(-86_399, 86_399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
dates = (
    st.none() | st.dates() | st.datetimes(timezones=zones | st.just(dt.UTC)) | st.datetimes(timezones=st.timezones())
)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
articles = st.builds(
    ni.Article,
    id=ids,
    title=texts,
    body=texts,
    date=dates,
    source=st.none() | texts,
    author=st.none() | texts,
    section=st.none() | texts,
    tags=st.lists(texts, max_size=3),
    url=st.none() | texts,
    extra=st.dictionaries(
        st.sampled_from(["region", "Região", "a.b", "date", "extra.x", ""]) | texts, values, max_size=4
    ),
)


def same(found: ni.Article | None, added: ni.Article) -> None:
    assert found == added
    assert found is not None
    # Equal moments may be written in different zones, and 1, 1.0 and True are equal.
    assert repr(found) == repr(added)


@settings(max_examples=80)
@given(st.lists(articles, min_size=1, max_size=6, unique_by=lambda article: article.id), st.sampled_from([1, 1 << 20]))
@example([ni.Article(id="\uffff", title="\u2028", tags=["\x01"], date=dt.date.min, extra={"": [[]]})], 1)
@example([ni.Article(id="a", date=dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-23))))], 1)
@example([ni.Article(id="a", date=dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=23))))], 1)
def test_articles_come_back_equal(added: list[ni.Article], memory: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        ix = ni.create(place)
        with ix.writer(memory=memory) as w:
            for article in added:
                w.add(article)
        for index in (ix, ni.open(place)):
            for article in added:
                same(index.get(article.id), article)
                assert article.id in index
        hits = {hit.id: hit for hit in ix.search("*", limit=None)}
        assert hits.keys() == {article.id for article in added}
        for article in added:
            hit = hits[article.id]
            assert (hit.title, repr(hit.date)) == (article.title, repr(article.date))
            same(hit.article, article)
            assert isinstance(hit.snippet(), str)
        ix.optimize()
        assert ix.check().ok
        assert len(ix) == len(added)
        for article in added:
            same(ix.get(article.id), article)


def test_a_source_comes_back_as_given() -> None:
    with tempfile.TemporaryDirectory() as place:
        ix = ni.create(place)
        ix.add([ni.Article(id=str(n), title="Pod", source=source) for n, source in enumerate([" A\u00adş ", "", None])])
        assert {hit.id: hit.source for hit in ix.search("pod")} == {"0": " A\u00adş ", "1": None, "2": None}
        assert [ix.get(str(n)).source for n in range(3)] == [" A\u00adş ", "", None]


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
def test_bodies_of_any_size(size: int) -> None:
    body = ("Un cuvânt. " * (size // 11 + 1))[:size]
    with tempfile.TemporaryDirectory() as place:
        ix = ni.create(place)
        ix.add([ni.Article(id="a", body=body)])
        assert ix.get("a").body == body
        assert ix.count("cuvânt") == (size > 10)
        assert ix.check().ok

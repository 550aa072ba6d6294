"""Drawn queries: of every class, of words that are there, the same for the same seed."""

import pytest

from benchmarks.engines.newsindex_engine import ENGINE
from benchmarks.generator import generate
from benchmarks.queries import CLASSES, Drawer, Query
from newsindex import Article

PER_CLASS = 12


@pytest.fixture(scope="module")
def articles():
    return list(generate(400, seed=2))


@pytest.fixture(scope="module")
def drawn(articles):
    drawer = Drawer(articles, seed=3)
    return {kind: drawer.draw(kind, PER_CLASS) for kind in CLASSES}


@pytest.fixture(scope="module")
def searcher(articles, tmp_path_factory):
    place = tmp_path_factory.mktemp("index")
    ENGINE.build(articles, place)
    return ENGINE.open(place)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_query_has_hits(kind, drawn, searcher):
    assert len(set(drawn[kind])) == PER_CLASS
    assert all(searcher.count(query) > 0 for query in drawn[kind])


def test_classes_ask_for_what_they_say(articles, drawn, searcher):
    assert all(searcher.count(query) >= 0.05 * len(articles) for query in drawn["common term"])
    assert all(searcher.count(query) == 1 for query in drawn["rare term"])
    assert all(len(query.words) == 3 and query.shape == "any" for query in drawn["OR of 3"])
    assert all(query.slop == 3 for query in drawn["phrase with slop"])
    assert all(searcher.count(query) >= 1 and query.month.day == 1 for query in drawn["term in a month"])
    assert {query.source for query in drawn["term of a source"]} <= {article.source for article in articles}


def test_rows_are_what_the_hits_show(articles, drawn, searcher):
    by_id = {article.id: article for article in articles}
    rows = searcher.task(drawn["common term"][0])()
    assert len(rows) == 10
    for article_id, title, date, source, _ in rows:
        assert (title, date, source) == (by_id[article_id].title, by_id[article_id].date, by_id[article_id].source)


def test_a_seed_fixes_the_queries(articles, drawn):
    again = Drawer(articles, seed=3)
    assert {kind: again.draw(kind, PER_CLASS) for kind in CLASSES} == drawn
    assert Drawer(articles, seed=4).draw("AND of 2", PER_CLASS) != drawn["AND of 2"]


def test_what_the_articles_do_not_have_is_not_asked():
    drawer = Drawer([Article(id=str(n), body="ploaie torențială") for n in range(5)], seed=1)
    assert drawer.draw("term in a month", 3) == []
    assert drawer.draw("term of a source", 3) == []
    assert drawer.draw("term in titles", 3) == []
    assert drawer.draw("phrase of 2", 3) == [Query(("ploaie", "torențială"), "phrase")]
    assert drawer.draw("phrase of 3", 3) == []
    assert drawer.draw("OR of 3", 3) == []


def test_spelling():
    assert Query(("a", "b")).text() == "a b"
    assert Query(("a", "b"), "any").text() == "a OR b"
    assert Query(("a", "b"), "phrase").text(slop_of_neighbours=1) == '"a b"'
    assert Query(("abc",), "prefix").text() == "abc*"
    assert Query(("a",), field="title").text() == "title:a"

"""Drawn queries: of every class, of words that are there, the same for the same seed."""

import datetime as dt
import doctest

import attrs
import pytest

import benchmarks.engines.analysis
from benchmarks import queries
from benchmarks.engines.newsindex_engine import ENGINE
from benchmarks.generator import generate
from benchmarks.queries import CLASSES, Drawer, Query
from newsindex import Article
from newsindex.analysis import fold, is_stop_word, tokenize

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
    assert all(query.since.day == 1 and query.until.month == query.since.month for query in drawn["term in a month"])
    assert all((query.until + dt.timedelta(days=1)).day == 1 for query in drawn["term in a month"])
    assert all((query.until - query.since).days == 6 for query in drawn["phrase in a week"])
    assert all(query.words == () and query.sort == "newest" for query in drawn["dates, newest first"])
    assert all(query.sort == "newest" for query in drawn["term, newest first"])
    assert all(6 <= len(query.words) <= 12 and query.shape == "question" for query in drawn["whole question"])
    assert any(is_stop_word(word) for query in drawn["whole question"] for word in query.words)
    assert any(query.derived for query in drawn["whole question"])
    assert {query.fetch for query in drawn["ten snippets"]} == {"snippets"}
    assert {query.fetch for query in drawn["ten whole articles"]} == {"articles"}
    assert {query.source for query in drawn["term of a source"]} <= {article.source for article in articles}


def test_a_fuzzy_word_is_one_that_nobody_wrote_but_nearly(articles, drawn, searcher):
    forms = {fold(form) for article in articles for form, _, _ in tokenize(f"{article.title} {article.body}")}
    for query in drawn["fuzzy"]:
        near, _ = queries._edits(*query.words, sorted(set().union(*forms)))
        assert near & forms


def test_an_exact_form_leaves_others_out(drawn, searcher):
    found = [(searcher.count(query), searcher.count(Query(query.words))) for query in drawn["exact form"]]
    assert all(exactly <= all_forms for exactly, all_forms in found)
    assert any(exactly < all_forms for exactly, all_forms in found)


def test_a_loose_phrase_is_nowhere_the_other_way_round(drawn, searcher):
    assert all(searcher.count(query) > 0 for query in drawn["phrase with slop"])
    turned = [attrs.evolve(query, words=query.words[::-1]) for query in drawn["phrase with slop"]]
    assert [searcher.count(query) for query in turned] == [0] * PER_CLASS


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
    assert drawer.draw("dates, newest first", 3) == []
    assert drawer.draw("phrase in a week", 3) == []
    assert drawer.draw("phrase with slop", 3) == []
    assert drawer.draw("whole question", 3) == []


def test_spelling():
    assert Query(("a", "b")).text() == "a b"
    assert Query(("a", "b"), "any").text() == "a OR b"
    assert Query(("a", "b"), "phrase").text(slop_of_neighbours=1) == '"a b"'
    assert Query(("abc",), "prefix").text() == "abc*"
    assert Query(("a",), field="title").text() == "title:a"
    assert Query(("a", "b"), "question").text() == "a b"
    assert Query(("abc",), "exact").text() == "=abc"
    assert Query(("abc",), "fuzzy").text() == "abc~1"
    assert Query((), "dates").text() == "*"


@pytest.mark.parametrize("module", [queries, benchmarks.engines.analysis], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0

"""Every engine that is installed finds what newsindex finds, in each class of queries, and shows the same articles."""

import importlib
import sys

import pytest

from benchmarks import querying
from benchmarks.engines import NAMES, CannotError, TimedRows, load, load_all
from benchmarks.engines.analysis import ALSO, Analyzed, analyzed, in_terms, interval
from benchmarks.generator import generate
from benchmarks.queries import CLASSES, Drawer, Query
from newsindex import Article, RomanianAnalyzer
from newsindex.analysis import is_bare
from newsindex.article import micros

INSTALLED = [engine.name for engine in load_all(NAMES)[0]]
PER_CLASS = 6
BARE = Article(id="bare", title="Fata de la tara", body="Presedintele a spus ca fata este in tara.", date="2020-05-17")
LINES = Article(id="lines\t\\n", title='„Rânduri”\ttab \\n "x"', body="Întâi\n\tapoi\\n\r\nalbatrosul", source="A & B")
HERO = Article(
    id="gap",
    title="Zăpadă la castel",
    body="Crocodilul doarme. " * 40 + "Albatrosul zboară. Un lup aleargă.",
    date="2020-05-18T09:00",
)
CANNOT = {
    "newsindex": set(),
    "sqlite": {"exact form", "fuzzy", "ten snippets"},
    "xapian": {"exact form", "fuzzy"},
    "bm25s": {*CLASSES} - {"common term", "rare term", "OR of 3", "OR of 8", "whole question", "ten whole articles"},
}
PHRASES = [
    (Query(("fata", "tara"), "phrase", 2), {"bare"}),  # in its further readings, in an article without diacritics
    (Query(("castel", "crocodilul"), "phrase"), set()),  # across title and body
    (Query(("castel", "crocodilul"), "phrase", 3), set()),
    (Query(("crocodilul", "doarme"), "phrase"), {"gap"}),
    (Query(("albatrosul", "zboară"), "phrase"), {"gap"}),
    (Query(("castel",), field="title"), {"gap"}),
    (Query(("albatrosul",), field="title"), set()),
    (Query(("albatrosul",), "any"), {"gap", LINES.id}),
    (Query(("albatrosul",), source="A & B"), {LINES.id}),
    (Query((), "dates", since=HERO.date.date(), until=HERO.date.date(), sort="newest"), {"gap"}),
    (Query((), "dates", since=BARE.date, until=HERO.date.date(), sort="newest"), {"gap", "bare"}),
]


@pytest.fixture(scope="module")
def articles():
    return [*generate(240, seed=5), BARE, LINES, HERO]


@pytest.fixture(scope="module")
def searchers(articles, tmp_path_factory):
    """An open index of each engine."""
    made = {}
    for name in INSTALLED:
        place, engine = tmp_path_factory.mktemp(name), load(name)
        engine.build(engine.prepare(iter(articles)), place)
        made[name] = engine.open(place)
    yield made
    for searcher in made.values():
        searcher.close()


@pytest.fixture(scope="module")
def drawn(articles):
    drawer = Drawer(iter(articles), seed=3)
    return {kind: drawer.draw(kind, PER_CLASS) for kind in CLASSES}


@pytest.fixture
def searcher(request, searchers):
    return searchers[request.param]


def of_all(*left_out):
    names = [name for name in INSTALLED if name not in left_out]
    return pytest.mark.parametrize("searcher", names, indirect=True)


def _able(searcher, query):
    try:
        searcher.task(query)
    except CannotError:
        return False
    return True


@pytest.mark.parametrize("kind", CLASSES)
def test_all_find_as_many(kind, drawn, searchers):
    assert drawn[kind]
    for query in drawn[kind]:
        counts = {name: searcher.count(query) for name, searcher in searchers.items() if _able(searcher, query)}
        if query.shape == "phrase" and "sqlite" in counts:
            assert counts.pop("sqlite") is None  # it misses those that only further readings make
        assert len(set(counts.values())) == 1, (query, counts)
        assert counts["newsindex"] > 0


@pytest.mark.parametrize("kind", CLASSES)
@of_all()
def test_rows_are_of_the_articles(kind, searcher, searchers, drawn, articles):
    by_id = {article.id: article for article in articles}
    query = drawn[kind][0]
    if not _able(searcher, query):
        return
    rows = searcher.task(query)()
    assert len(rows) == min(searchers["newsindex"].count(query), 10)
    for article_id, title, date, source, score, *more in rows:
        article = by_id[article_id]
        assert (title, source) == (article.title, article.source)
        assert bool(date) == (article.date is not None)
        assert isinstance(score, float | int | None)
        assert len(more) == (query.fetch != "rows")
        if query.fetch == "articles":
            assert more == [article.body]
        if query.fetch == "snippets":
            assert isinstance(more[0], str)


@of_all("bm25s")
def test_the_newest_come_first(searcher, drawn, articles):
    dates = {article.id: -1e30 if article.date is None else micros(article.date) for article in articles}
    for kind in ("dates, newest first", "term, newest first"):
        found = [dates[row[0]] for row in searcher.task(drawn[kind][0])()]
        assert found == sorted(found, reverse=True)


@of_all("sqlite", "bm25s")
def test_a_snippet_shows_the_word(searcher):
    query = Query(("lup", "albatrosul"), "all", fetch="snippets")
    [snippet] = [row[5] for row in searcher.task(query)() if row[0] == HERO.id]
    assert "lup" in snippet.lower()
    assert len(snippet) < len(HERO.body)


@pytest.mark.parametrize("name", INSTALLED)
def test_what_an_engine_cannot_do(name, drawn, searchers):
    left_out = {kind for kind, queries in drawn.items() if not all(_able(searchers[name], one) for one in queries)}
    assert left_out == CANNOT.get(name, {"exact form"})


@pytest.mark.parametrize(("query", "ids"), PHRASES)
@of_all("newsindex", "whoosh")
def test_text_is_indexed_as_newsindex_does(searcher, query, ids, articles):
    """On articles made for it; readings are those of `in_terms`, so that the engines are asked, not the query."""
    if not _able(searcher, query):
        return
    assert {row[0] for row in searcher.task(query)()} & {"bare", "gap", LINES.id} == ids


def test_terms_are_those_of_the_analyzer(articles):
    analyzer = RomanianAnalyzer()
    for one in analyzed([*articles[::20], BARE]):
        bare = is_bare(one.article.title) and is_bare(one.article.body)
        for text, terms in ((one.article.title, one.title), (one.article.body, one.body)):
            places = [word.split(ALSO) for word in terms.split()]
            expected = {}
            for token in analyzer(text, mode="index", positions=True, bare=bare):
                expected.setdefault(token.pos, []).append(token.text.replace("-", "_"))
            assert places == list(expected.values())


def test_what_has_its_terms_keeps_them():
    [bare] = analyzed([BARE])
    assert ALSO in bare.body
    assert next(analyzed([bare, LINES])) is bare
    assert list(analyzed([Analyzed(LINES, "a", "b")])) == [Analyzed(LINES, "a", "b")]


def test_a_question_in_terms():
    question = Query(("cine", "sunt", "miniștrii"), "question", derived=("ministerial",))
    assert in_terms(question).text() == "ministru OR ministerial"
    assert in_terms(Query(("inflaț",), "prefix")).text() == "inflaț*"
    since, until = interval(Query(("a",), since=BARE.date, until=BARE.date))
    assert until - since == 24 * 3600 * 1_000_000


def test_the_classes_that_an_engine_cannot_do_are_left_out(searchers, articles):
    chosen = {name: searchers[name] for name in ("newsindex", "whoosh")}
    found = querying.measure(Drawer(articles, 1), chosen, rounds=1, per_round=1, say=lambda _: None)
    assert set(found["exact form"].engines) == {"newsindex"}
    assert set(found["exact form"].cannot) == {"whoosh"}
    assert all(one.cannot == {} for kind, one in found.items() if kind != "exact form")
    alone = querying.measure(Drawer(articles, 1), {"whoosh": chosen["whoosh"]}, 1, 1, lambda _: None)
    assert (alone["exact form"].queries, alone["exact form"].engines) == (0, {})


class Remote:
    """An engine that says how long it took."""

    warm_up_seconds = 1e-9

    def __init__(self):
        self.asked = []

    def task(self, query):
        self.asked.append(query)
        return lambda: TimedRows([("1", "a", None, None, 1.0)], 12.5)

    def count(self, query):
        return 1

    def close(self):
        pass


def test_the_clock_of_an_engine_that_times_itself_counts(articles):
    remote = Remote()
    found = querying.measure(Drawer(articles, 1), {"remote": remote}, 2, 2, lambda _: None)
    assert {one.engines["remote"].median_us for one in found.values()} == {12.5}


def test_names_without_an_engine():
    with pytest.raises(ValueError, match="no engine is called 'sphinx'; there are newsindex, whoosh"):
        load("sphinx")


def _lucene_of(java, tmp_path, monkeypatch):
    """Why Lucene is skipped where this is all of Java."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "java").write_text(f"#!/bin/sh\n{java}\n")
    (place / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSINDEX_BENCHMARKS_CACHE", str(tmp_path / "cache"))
    for name in ("lucene", "lucene_engine"):
        monkeypatch.delitem(sys.modules, f"benchmarks.engines.{name}", raising=False)
    engines, skipped = load_all(["lucene"])
    assert engines == []
    return skipped["lucene"]


@pytest.mark.parametrize(
    ("java", "reason"),
    [
        ("""echo 'openjdk version "17.0.15" 2025-04-15' >&2""", "needs Java 21, and this is 17.0.15; set JAVA_HOME"),
        ("echo whatever", "needs Java 21, and this is unknown"),
        ("""echo 'openjdk version "25" 2025-09-16' >&2""", "fetch Lucene with `python -m benchmarks.engines.lucene`"),
    ],
)
def test_what_lucene_lacks_is_named(java, reason, tmp_path, monkeypatch):
    assert reason in _lucene_of(java, tmp_path, monkeypatch)


def test_lucene_without_java(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    lucene = importlib.reload(importlib.import_module("benchmarks.engines.lucene"))
    with pytest.raises(ImportError, match="install Java 21 or set JAVA_HOME"):
        lucene.command(64)


def test_xapian_says_where_it_comes_from(monkeypatch):
    monkeypatch.setitem(sys.modules, "xapian", None)
    monkeypatch.delitem(sys.modules, "benchmarks.engines.xapian_engine", raising=False)
    assert "install python3-xapian" in load_all(["xapian"])[1]["xapian"]


@pytest.mark.parametrize("name", ["tantivy", "bm25s"])
def test_a_missing_package_is_named_with_what_installs_it(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"benchmarks.engines.{name}_engine", raising=False)
    engines, skipped = load_all(["newsindex", name])
    assert [engine.name for engine in engines] == ["newsindex"]
    assert name in skipped[name]
    assert "pip install 'newsindex[benchmarks]'" in skipped[name]

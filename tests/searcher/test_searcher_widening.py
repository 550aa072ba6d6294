"""Patterns of very many words only tell which articles match. Missing diacritics are tested in test_searcher_terms."""

import random

import pytest

import newsindex as ni
from newsindex import snapshot
from newsindex.searcher import ranking, terms, widening
from newsindex.searcher.widening import terms_meant

# Several forms of some words, so that a pattern means only some of the articles of a posting list.
WORDS = ("marfă", "mărfii", "margine", "marginii", "mare", "mării", "marinar", "marș", "munte", "munții", "vale")
ALONE = ("mar*", "*ar*", "*ii", "m?r*", "marte~2", "titlu:mar*", "titlu:*ii")
QUERIES = (*ALONE, "mar* munte", "mar* -munte", "munte OR mar*", "(mar*) data:2024-03")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    rng = random.Random(5)
    ix = ni.create(tmp_path_factory.mktemp("index") / "archive")
    for part in range(3):
        ix.add(
            ni.Article(
                id=f"{part}-{number}",
                title=rng.choice(WORDS),
                body=" ".join(rng.choices(WORDS, k=rng.randrange(1, 9))),
                date=f"2024-{rng.randrange(1, 7):02}-{rng.randrange(1, 29):02}",
            )
            for number in range(150)
        )
        with ix.writer() as writer:
            for number in range(0, 150, 7):
                writer.delete(f"{part}-{number}")
    return ix


def found(ix, query, **options):
    return [(hit.id, hit.date, hit.score) for hit in ix.search(query, limit=1_000, **options)]


@pytest.mark.parametrize("limit", ["MOST_WEIGHED", "MOST_REPEATED", "MOST_ADDED"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_pattern_of_too_many_words_finds_the_same_articles(index, monkeypatch, query, limit):
    weighed = found(ni.open(index.path), query)
    monkeypatch.setattr(widening, limit, 2 if limit == "MOST_WEIGHED" else 0)
    filtered = found(ni.open(index.path), query)
    assert 0 < len(weighed) < 390
    assert {one[0] for one in filtered} == {one[0] for one in weighed}
    assert {one[2] for one in filtered} != {one[2] for one in weighed}
    assert ni.open(index.path).count(query) == len(weighed)


@pytest.mark.parametrize(
    ("bodies", "weighed"),
    [
        ([range(8 * number, 8 * number + 8) for number in range(128)], True),
        ([range(8 * number, 8 * number + 8) for number in range(128)] + [range(1_024, 1_025)], False),
        ([range(12)] * 5, True),
        ([range(12)] * 4 + [range(13)], False),
    ],
)
def test_how_many_words_are_weighed(tmp_path, bodies, weighed):
    ix = ni.create(tmp_path / "archive")
    ix.add(ni.Article(id=str(k), body=" ".join(f"x{word}" for word in words)) for k, words in enumerate(bodies))
    scores = {score for *_, score in found(ix, "x*")}
    assert (scores != {1.0}) == weighed


@pytest.mark.parametrize(
    ("query", "weighed", "each"),
    [("x*", 1_024, 3 / 4), ("x*", 0, 1 / 16), ("y*-x1", 1_024, 3 / 4), ("body:x*", 1_024, 3 / 2), ("x1", 1_024, 0)],
)
def test_a_pattern_costs_by_the_articles_that_have_its_words(tmp_path, monkeypatch, query, weighed, each):
    spent, spend = [], widening._Widening.spend
    monkeypatch.setattr(widening._Widening, "spend", lambda self, effort: spent.append(effort) or spend(self, effort))
    monkeypatch.setattr(widening, "MOST_WEIGHED", weighed)
    costs = []
    for count in (1, 400):
        ix = ni.create(tmp_path / str(count))
        ix.add(ni.Article(id=str(number), body="y2 x1") for number in range(count))
        spent.clear()
        assert ix.count(query) == count
        costs.append(sum(spent))
    assert costs[1] - costs[0] == 399 * each


def test_alone_it_gives_the_newest_first(index, monkeypatch):
    by_weight = found(ni.open(index.path), "mar*")
    monkeypatch.setattr(widening, "MOST_WEIGHED", 2)
    newest = found(ni.open(index.path), "mar*")
    assert newest == [(name, day, 1.0) for name, day, _ in found(ni.open(index.path), "mar*", sort="newest")]
    assert [one[0] for one in newest] != [one[0] for one in by_weight]


def test_others_words_decide_beside_it(index, monkeypatch):
    monkeypatch.setattr(widening, "MOST_WEIGHED", 2)
    scores = {name: score for name, _, score in found(ni.open(index.path), "munte")}
    beside = found(ni.open(index.path), "munte mar*")
    assert beside
    assert all(score == pytest.approx(scores[name]) for name, _, score in beside)


def test_few_words_are_weighed(index, monkeypatch):
    weighed = found(ni.open(index.path), "munt*")
    monkeypatch.setattr(widening, "MOST_WEIGHED", 2)
    assert found(ni.open(index.path), "munt*") == weighed
    assert len({score for _, _, score in weighed}) > 1


WIDE = [f"*{letters}*" for letters in ("a", "r", "m", "i", "u", "n", "e", "ri", "un")]


def test_the_words_of_a_pattern_are_found_once(index, monkeypatch):
    found, expand_in = [], terms.expand_in
    monkeypatch.setattr(terms, "expand_in", lambda *arguments: found.append(arguments) or expand_in(*arguments))
    monkeypatch.setattr(terms, "_MAX_RESOLVED", 0)
    one, query = ni.open(index.path), " OR ".join(WIDE)
    assert one.search(query, limit=1_000).total == one.count(query) == one.search(query, sort="newest").total > 0
    assert one.facets(query, "source") == {}
    assert len(found) == len(WIDE)
    left = [most for *_, most in found]
    assert left[0] == widening.MAX_EFFORT, "none is looked for any longer than it may be"
    assert left == sorted({*left}, reverse=True)


def test_of_past_patterns_not_all_words_are_kept(index, monkeypatch):
    monkeypatch.setattr(terms, "_MAX_RESOLVED", 4)
    monkeypatch.setattr(snapshot, "_KEPT_TERMS", 30)
    one = ni.open(index.path)
    now, most = one.snapshot(), 0
    for query in (*WIDE, "munte", "munte vale"):
        plan = one.search(query) and now.searches[query, "all", None, None, (), None].plan
        own = terms_meant(plan, now.live)
        assert own > 0 or "*" not in query
        for live in now.live:
            kept = sum(1 + len(meant) for meant in live.segment.resolved.values())
            assert kept == live.segment.resolved_terms <= 4 + 2 + own
        kept = sum(terms_meant(search.plan, now.live) for search in now.searches.values())
        assert kept <= max(30, own)
        most = max(most, len(now.searches))
    assert 1 < most < len(WIDE)


def test_of_past_searches_not_all_are_kept(index, monkeypatch):
    monkeypatch.setattr(snapshot, "_KEPT_SEARCHES", 5)
    monkeypatch.setattr(ranking, "_MAX_WEIGHTS", 3)
    one, searches, weights = ni.open(index.path), set(), set()
    for word in WORDS:
        one.search(f"titlu:{word} =munte NU {word}")
        searches.add(len(one.snapshot().searches))
        weights.add(len(one.snapshot().ranking._weights))
    one.search("munte " * 40)
    assert not [key for key in one.snapshot().searches if len(key[0]) > 200]
    assert max(searches) == 5
    assert max(weights) == 3


def test_not_all_derived_words_are_looked_at(tmp_path, monkeypatch):
    ix = ni.create(tmp_path / "archive")
    ix.add([ni.Article(body="O declarație."), ni.Article(body="Vânt.")])
    assert ix.count("declara ploaie", match="any") == 1
    monkeypatch.setattr(terms, "_MAX_DERIVED", 0)
    assert ni.open(ix.path).count("declara ploaie", match="any") == 0

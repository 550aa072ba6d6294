"""Pages of hits against sorting every match of every segment."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import how_often, live, random_articles

from newsindex.article import Article, micros
from newsindex.inverted.build import UNDATED
from newsindex.query.nodes import And, Dates, Everything, Form, Maybe, Nothing, OneOf, Or, Phrase, Prefix, Stem, Word
from newsindex.searcher.executor import Executor
from newsindex.searcher.page import count, matches, search
from newsindex.searcher.ranking import MAX_BONUS, Closeness, Ranking

ARTICLES = random_articles(3, 160)


def segments(seed, parts, dead):
    rng = random.Random(seed)
    cuts = sorted(rng.randrange(len(ARTICLES)) for _ in range(parts - 1))
    rows = [ARTICLES[low:high] for low, high in zip([0, *cuts], [*cuts, len(ARTICLES)], strict=True)]
    return [live(row, [doc for doc in range(len(row)) if rng.random() < dead]) for row in rows]


SPLIT = [segments(0, 1, 0), segments(1, 3, 0.3), segments(2, 6, 0.1), segments(3, 2, 1.0)]
PLANS = [
    Word("text", Form("buget")),
    Word("text", Prefix("p")),
    Everything(),
    Nothing(),
    And((Word("text", Form("de")), Dates(micros(Article(date="2024-01-01").date), None))),
    OneOf("source", ("Știri",)),
    # Words whose spelling counts: a page scores only those matches to the end that may be on it.
    Word("text", Stem("guvern", "guvernul")),
    Or((Word("text", Stem("țară", "tara", ("tare",), True)), Word("text", Stem("ploaie", "ploi"), 2.0), Everything())),
    And((Word("text", Stem("de", "de")), Or((Word("text", Stem("om", "om")), And((Everything(), Everything())))))),
    Maybe(Everything(), Phrase("text", (Stem("guvern", "guvern"), Stem("guvern", "guvernul")), 9)),
]


def sorted_matches(parts, plan, sort, closeness):
    """(score, date, segment, docid) of all live matches, best first."""
    rows = []
    ranking = Ranking(parts)
    for number, (one, found) in enumerate(zip(parts, matches(parts, plan, ranking), strict=True)):
        scores = [1.0] * len(found.docs) if found.scores is None else found.scores.tolist()
        bonus = Executor(one.segment, ranking).bonus(plan, found.docs).tolist()
        for doc, score, more in zip(found.docs.tolist(), scores, bonus, strict=True):
            assert one.alive[doc]
            assert 0 <= more <= score * MAX_BONUS * (1 + 1e-12)
            date = int(one.segment.dates[doc])
            if closeness is not None:
                factor = float(closeness.factors(one.segment.dates[doc : doc + 1])[0])
                score, more = score * factor, more * factor
            rows.append((score + more, date, number, doc))
    if sort == "relevance":
        return sorted(rows, reverse=True)
    if sort == "newest":
        return sorted(rows, key=lambda row: row[1:], reverse=True)
    return sorted(rows, key=lambda row: (row[1] == UNDATED, *row[1:]))


@settings(max_examples=300)
@given(
    st.sampled_from(SPLIT),
    st.sampled_from(PLANS),
    st.sampled_from(["relevance", "newest", "oldest"]),
    st.none() | st.integers(0, 200),
    st.integers(0, 200) | st.just(0),
    st.booleans(),
)
def test_a_page_is_a_part_of_all_matches_in_order(parts, plan, sort, limit, offset, near):
    closeness = Closeness(micros(Article(date="2025-01-01").date), 5 * 86_400_000_000.0) if near else None
    expected = sorted_matches(parts, plan, sort, closeness)
    page = search(parts, plan, limit=limit, offset=offset, sort=sort, closeness=closeness)
    assert page.total == len(expected) == count(parts, plan)
    found = [(one.score, one.date, one.segment, one.doc) for one in page.found]
    assert found == expected[offset:][: len(expected) if limit is None else limit]


@pytest.mark.parametrize("parts", SPLIT)
def test_the_matches_are_the_articles_that_live_and_have_the_word(parts):
    leaf = PLANS[0]
    by_id = {article.id: article for article in ARTICLES}
    for one, found in zip(parts, matches(parts, leaf), strict=True):
        alive = [doc for doc in range(one.segment.articles) if one.alive[doc]]
        assert found.docs.tolist() == [doc for doc in alive if how_often(by_id[one.segment.id(doc)], leaf)]


def test_order_of_equals():
    """Of like score the newer first, of one date the one added later, and the undated behind them."""
    rows = [("a", "2025-01-01"), ("b", None), ("c", "2025-01-02"), ("d", "2025-01-01"), ("e", None)]
    articles = [Article(id=name, body="ploi", date=date) for name, date in rows]
    for parts in ([live(articles)], [live(articles[:2]), live(articles[2:])]):

        def order(sort, parts=parts, **options):
            arguments = {"limit": None, "offset": 0, "closeness": None, **options}
            page = search(parts, Word("text", Form("ploi")), sort=sort, **arguments)
            return "".join(parts[one.segment].segment.id(one.doc) for one in page.found)

        assert order("relevance") == order("newest") == "cdaeb"
        assert order("oldest") == "adcbe"
        assert order("relevance", limit=2) == order("newest", limit=2) == "cd"
        assert order("oldest", limit=2, offset=2) == "cb"
        assert order("newest", limit=0) == order("newest", offset=9) == ""


def test_no_segments_no_hits():
    page = search([], Everything(), limit=10, offset=0, sort="relevance", closeness=None)
    assert (page.total, page.found) == (0, [])

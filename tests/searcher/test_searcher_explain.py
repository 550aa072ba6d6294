"""Explanations give the score of the search, and the reasons for it."""

import pytest
from searcher_twins import live, random_articles, search

from newsindex.analysis import Stemmer
from newsindex.article import Article, micros
from newsindex.query.nodes import (
    And,
    Dates,
    Everything,
    Form,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
)
from newsindex.searcher.explain import explain
from newsindex.searcher.ranking import Ranking

ARTICLES = random_articles(21, 90)
PARTS = [live(ARTICLES[:30]), live(ARTICLES[30:])]
RANKING = Ranking(PARTS)
STEM = Stemmer()
BUDGET, COUNTRY = Word("text", Stem(STEM("buget"))), Word("title", Form("țară"), 2.0)
PLANS = [
    BUDGET,
    COUNTRY,
    Word("body", Prefix("gu")),
    Word("text", Wildcard("t?r*")),
    Word("text", Fuzzy("bugt", 1)),
    Phrase("text", (Stem(STEM("guvern")), Prefix("b")), 3),
    And((BUDGET, Not(COUNTRY))),
    Or((BUDGET, COUNTRY)),
    Maybe(BUDGET, COUNTRY),
    And((BUDGET, Dates(micros(Article(date="2024-01-01").date), None))),
    And((BUDGET, OneOf("source", ("Știri",)))),
    Unscored(BUDGET, 2.5),
    OneOf("source", ("Știri",)),
    Dates(None, None),
    Everything(),
    Not(BUDGET),
    Nothing(),
]


@pytest.mark.parametrize("plan", PLANS, ids=[str(number) for number in range(len(PLANS))])
def test_the_score_explained_is_the_score_of_the_search(plan):
    page = search(PARTS, plan).page(None)
    scores = {(number, doc): score for score, _, number, doc in page.found}
    assert scores or isinstance(plan, Nothing)
    for number, one in enumerate(PARTS):
        for doc in range(one.segment.articles):
            found = explain(RANKING, plan, one, doc)
            assert found.matches == ((number, doc) in scores)
            assert found.score == pytest.approx(scores.get((number, doc), 0.0))


def test_parts_are_explained_one_by_one():
    one = live([Article(id="1", title="ploi", body="ploi mari", source="Meteo")])
    plan = And(
        (
            Word("text", Form("ploi"), 2.0),
            Phrase("text", (Stem(STEM("ploi")), Prefix("ma")), 3),
            Not(Word("text", Fuzzy("zero", 1))),
            OneOf("source", ("Meteo",)),
            Maybe(Everything(), Word("title", Wildcard("p*i"))),
            Unscored(Dates(None, None)),
        )
    )
    found = explain(Ranking([one]), plan, one, 0)
    assert not found.matches  # it has no date
    word, phrase, negation, source, maybe, unscored = found.details
    assert (word.matches, phrase.matches, negation.matches, source.matches, maybe.matches, unscored.matches) == (
        True, True, True, True, True, False,
    )  # fmt: skip
    assert word.score > 0
    assert source.score == 0
    text = str(found)
    for expected in (
        "'=ploi' in text: 2 times",
        "boost 2",
        "'ploaie ma*' with 3 words between",
        "'zero~1' in text: 0 times",
        "source is one of Meteo",
        "'p*i' in title: 1 times",
        "no match: a filter",
        "every article",
        "all of",
        "not",
        "better with the second",
        "published in the interval",
    ):
        assert expected in text
    assert text.splitlines()[1].startswith("  ")


def test_a_filter_alone_says_that_all_are_alike():
    one = live([Article(id="1", source="Meteo")])
    found = explain(Ranking([one]), OneOf("source", ("Meteo",)), one, 0)
    assert (found.score, found.description) == (1.0, "nothing to score: all that match are alike")
    assert found.details[0].description == "source is one of Meteo"

"""BM25F by hand, and closeness in time."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import STEMMER, how_often, lengths_of, live, loosened, random_articles, scored, worth

from newsindex.article import BUCHAREST, Article, micros
from newsindex.errors import QueryError
from newsindex.inverted.columns import UNDATED
from newsindex.inverted.impacts import K1, TITLE_WEIGHT
from newsindex.query.nodes import (
    And,
    Derived,
    Everything,
    Form,
    Fuzzy,
    Maybe,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
)
from newsindex.searcher.executor import Executor, is_scored
from newsindex.searcher.ranking import ALIKE_SHARE, TYPED_SHARE, Closeness, Ranking, closeness, half_life
from newsindex.searcher.widening import widen

# Dated, so that docids are in this order; titles of 1, 2 and 0 words (average 1), bodies of 2, 4 and 3 (average 3).
BY_HAND = [
    Article(id="0", title="ploi", body="ploi mari", date="2025-01-01"),
    Article(id="1", title="vânt puternic", body="au fost ploi slabe", date="2025-01-02"),
    Article(id="2", title="", body="ploi ploi soare", date="2025-01-03"),
]


def scores(segments, plan):
    """The scores of all matches of each segment."""
    return [found for _, found in scored(segments, plan)]


def saturated(share):
    return (K1 + 1) * share / (K1 + share)


def test_bm25f_by_hand():
    one = live(BY_HAND)
    (found,) = scores([one], Word("text", Stem(STEMMER("ploi")), boost=2))
    idf = math.log(1 + (3 - 3 + 0.5) / (3 + 0.5))
    expected = [
        # title: once in one word of one on average; body: once in two words of three
        2 * idf * saturated(TITLE_WEIGHT * 1 / (0.5 + 0.5 * 1 / 1) + 1 / (0.25 + 0.75 * 2 / 3)),
        2 * idf * saturated(1 / (0.25 + 0.75 * 4 / 3)),
        2 * idf * saturated(2 / (0.25 + 0.75 * 3 / 3)),
    ]
    assert found.tolist() == pytest.approx(expected)


def test_fields_by_hand():
    one = live(BY_HAND)
    rare = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    common = math.log(1 + (3 - 3 + 0.5) / (3 + 0.5))
    stem = Stem(STEMMER("ploi"))
    assert scores([one], Word("title", stem))[0] == pytest.approx([rare * saturated(TITLE_WEIGHT)])
    body = scores([one], Word("body", stem))[0]
    assert body == pytest.approx([common * saturated(n / (0.25 + 0.25 * w)) for n, w in ((1, 2), (1, 4), (2, 3))])
    phrase = Phrase("text", (stem, Form("mari")))
    expected = (common + rare) * saturated(1 / (0.25 + 0.75 * 2 / 3))
    assert scores([one], phrase)[0] == pytest.approx([expected])
    source = live([Article(id="1", source="Radio Delta"), Article(id="2")])
    found = scores([source], Word("source", Stem("radio")))[0]
    assert found == pytest.approx([math.log(1 + 1.5 / 1.5) * saturated(1)])


def test_statistics_are_those_of_all_segments():
    whole, parts = live(BY_HAND), [live(BY_HAND[:1]), live(BY_HAND[1:])]
    plan = Or((Word("text", Stem(STEMMER("ploi"))), Word("text", Form("soare"))))
    together = [score for found in scores(parts, plan) for score in found.tolist()]
    assert len(together) == 3
    assert together == pytest.approx(scores([whole], plan)[0].tolist())


def test_combinations_add_up():
    one = live(BY_HAND)
    rain, sun = Word("text", Stem(STEMMER("ploi"))), Word("text", Form("soare"))
    rains = scores([one], rain)[0]
    suns = scores([one], sun)[0]
    assert scores([one], And((rain, sun)))[0] == pytest.approx(rains[2:] + suns)
    assert scores([one], Or((rain, sun)))[0] == pytest.approx(rains + np.array([0, 0, *suns]))
    assert scores([one], Maybe(rain, sun))[0] == pytest.approx(rains + np.array([0, 0, *suns]))
    assert scores([one], And((rain, Not(sun))))[0] == pytest.approx(rains[:2])
    assert scores([one], And((rain, Unscored(sun, 3.0))))[0] == pytest.approx(rains[2:] + 3)
    assert not is_scored(Not(sun))
    assert scores([one], Not(sun))[0].tolist() == [0, 0]


def test_scores_rise_with_frequency_and_fall_with_length():
    def score(title, body):
        one = live([Article(id="1", title=title, body=body), Article(id="2", title="altceva", body="altceva altceva")])
        return scores([one], Word("text", Form("ploi")))[0][0]

    assert score("", "ploi ploi vânt vânt") > score("", "ploi vânt vânt vânt")
    assert score("", "ploi vânt") > score("", "ploi " + "vânt " * 30)
    assert score("ploi", "vânt") > score("", "ploi vânt")


def test_what_weighs_a_word_is_its_idf():
    articles = random_articles(5, 120)
    parts = [live(articles[:50]), live(articles[50:], dead=[1, 2, 3])]
    for form in ("buget", "de", "țară"):
        df = sum(how_often(article, Word("text", Stem(STEMMER(form)))) > 0 for article in articles)
        idf = math.log(1 + (120 - df + 0.5) / (df + 0.5))
        ranking = Ranking(parts)
        for pattern in (Stem(STEMMER(form)), Stem(STEMMER(form), form), Form(form)):
            assert ranking.idf("text", pattern) == pytest.approx(idf), "forms are as rare as their words"
        phrase = Phrase("text", (Stem(STEMMER(form)), Form(form)), 3, 1.5)
        assert ranking.weight(phrase) == pytest.approx((K1 + 1) * 1.5 * 2 * idf)


def asked(form, *others, loose=False):
    return Stem(STEMMER(form), form, tuple(map(STEMMER, others)), loose)


PATTERNS = [
    asked("guvernul"),
    asked("tara", "țară", loose=True),
    asked("tara", "țară", "tare"),
    asked("fata", "față", "fată", loose=True),
    asked("țară"),
    Stem(STEMMER("țară")),
    Stem(STEMMER("buget"), "", (STEMMER("ploaie"),)),
    Form("țară"),
    Form("de"),
    Prefix("t"),
    Prefix("gu"),
    Wildcard("?a*a"),
    Fuzzy("bugt", 1),
    Derived(STEMMER.derivation("declara"), ("declara",)),
]
PHRASES = [
    (asked("guvern"), asked("și")),
    (asked("tara", "țară", loose=True), Prefix("")),
    (asked("fata", "față", "fată", loose=True), asked("de")),
    (Form("de"), Prefix("")),
    (asked("guvernul"), Wildcard("*"), Form("om")),
]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["text", "title", "body", "source", "tags"]),
    st.sampled_from(PATTERNS) | st.sampled_from(PHRASES),
    st.integers(0, 6),
    st.sampled_from([1.0, 0.5, 3.0]),
)
def test_every_score_of_a_random_index_by_the_formula(field, asked_for, slop, boost):
    """In all segments, whose averages differ; what was deleted from them counts for averages and rarity."""
    one_word = not isinstance(asked_for, tuple)
    leaf = Word(field, asked_for, boost) if one_word else Phrase(field, asked_for, slop, boost)
    wide, whole = widen(leaf, PARTS), loosened(leaf, ARTICLES)
    weight = RANKING.weight(wide) / (K1 + 1)
    for part, dead, articles in zip(PARTS, DEAD, SPLIT, strict=True):
        rows = [articles[int(part.segment.id(doc)) - int(articles[0].id)] for doc in range(len(articles))]
        executor = Executor(part, RANKING)
        docs = executor.live_matches(wide).docs
        expected = {doc: worth(article, whole, MEANS) for doc, article in enumerate(rows) if doc not in dead}
        assert docs.tolist() == [doc for doc, value in expected.items() if value]
        found = executor.score(wide, docs)
        assert found == pytest.approx([weight * expected[doc] for doc in docs.tolist()])
        every = np.arange(len(articles), dtype=np.int32)
        nothing = np.setdiff1d(every, executor.run(wide).docs)
        assert not executor.score(wide, nothing).any(), "what does not match is worth nothing"


ARTICLES = random_articles(6, 150)
SPLIT = [ARTICLES[:20], ARTICLES[20:90], ARTICLES[90:]]
DEAD = [[], [0, 7, 33], []]
PARTS = [live(articles, dead) for articles, dead in zip(SPLIT, DEAD, strict=True)]
RANKING = Ranking(PARTS)
MEANS = [sum(lengths_of(article)[k] for article in ARTICLES) / len(ARTICLES) for k in (0, 1)]


def test_what_is_spelled_as_asked_for_counts_again_by_its_share():
    rows = [("țara", "alike"), ("țări", "all"), ("tara", "typed"), ("altceva", "none")]
    one = live([Article(id=name, body=f"{form} și", date=f"2025-01-0{k + 1}") for k, (form, name) in enumerate(rows)])
    pattern = Stem(STEMMER("țară"), "tara", (STEMMER("tara"),), True)
    (found,) = scored([one], widen(Word("text", pattern), [one]))
    names = dict(zip((one.segment.id(doc) for doc in found[0]), found[1].tolist(), strict=True))
    assert set(names) == {"alike", "all", "typed"}
    assert names["alike"] == pytest.approx(names["all"] * (1 + ALIKE_SHARE))
    assert names["typed"] == pytest.approx(names["all"] * (1 + ALIKE_SHARE + TYPED_SHARE))


def test_of_several_readings_the_one_that_is_worth_most_counts():
    """Not the one that is there most often: a title weighs more than a body. And they do not add up."""
    articles = [Article(id="1", title="ploi", body="vânt vânt"), Article(id="2", title="nor", body="nor nor")]
    one = live(articles)
    rain, wind = (Stem(STEMMER(form)) for form in ("ploi", "vânt"))
    either = Word("text", Stem(rain.stem, "", (wind.stem,)))
    weight = Ranking([one]).weight(either)
    values = [weight / (K1 + 1) * worth(articles[0], Word("text", stem), (1, 2)) for stem in (rain, wind)]
    assert scores([one], either)[0] == pytest.approx([max(values)])
    assert values[0] > values[1] > 0


def test_what_is_not_scored():
    rain = Word("text", Form("ploi"))
    for plan in (Everything(), Not(rain), OneOf("source", ("a",)), And((Everything(), Not(rain))), Or(())):
        assert not is_scored(plan)
    for plan in (rain, And((Everything(), rain)), Or((rain,)), Maybe(Everything(), rain), Unscored(Not(rain), 0.5)):
        assert is_scored(plan)


def test_an_empty_index_has_no_scores():
    assert scores([live([])], Word("text", Stem("x")))[0].tolist() == []
    assert Ranking([]).idf("text", Stem("x")) == pytest.approx(math.log(2))


# ------------------------------------------------------------------------------------------------ closeness


@given(
    st.lists(st.integers(-(2**63) + 1, 2**63 - 1), max_size=5),
    st.integers(-(10**17), 10**17),
    st.integers(1, 99999),
)
def test_closeness_is_bounded(dates, moment, days):
    factors = Closeness(moment, days * 86_400_000_000.0).factors(np.array([*dates, moment, UNDATED], np.int64))
    assert ((factors >= 1) & (factors <= 2)).all()
    assert factors[-2:].tolist() == [2.0, 1.0]


def test_closeness_halves_with_each_half_life_on_either_side():
    day = 86_400_000_000
    factors = Closeness(5 * day, 2.0 * day).factors(np.array([3, 7, 5, 1, 11]) * day)
    assert factors.tolist() == [1.5, 1.5, 2.0, 1.25, 1.125]


@pytest.mark.parametrize(
    ("text", "days"), [("1d", 1), ("30d", 30), (" 2 w ", 14), ("12m", 365.25), ("1y", 365.25), ("99999d", 99999)]
)
def test_half_lives(text, days):
    assert half_life(text) == days * 86_400_000_000


@pytest.mark.parametrize(
    "text", ["", "d", "0d", "00000w", "-1d", "1.5d", "30", "30D", "30days", "100000d", "3 d d", 30, None]
)
def test_what_is_no_half_life_is_a_query_error(text):
    with pytest.raises(QueryError, match="no half-life") as caught:
        half_life(text)
    assert "30d" in caught.value.hint


def test_what_search_asks_for():
    now = dt.datetime(2025, 8, 15, 12, tzinfo=BUCHAREST)
    assert closeness(None, None, now) is None
    assert closeness("1w", None, now) == Closeness(micros(now), 7 * 86_400_000_000.0)
    assert closeness(None, "2025-08-15", now) == Closeness(micros(now), 30 * 86_400_000_000.0)
    assert closeness("1d", dt.date(2025, 8, 15), now) == Closeness(micros(now), 86_400_000_000.0)
    with pytest.raises(QueryError):
        closeness(None, "cândva", now)
    with pytest.raises(QueryError):
        closeness("curând", "2025-08-15", now)

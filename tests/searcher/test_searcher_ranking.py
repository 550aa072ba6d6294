"""BM25F by hand, and closeness in time."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from searcher_twins import STEMMER, how_often, live, random_articles

from newsindex.article import BUCHAREST, Article, micros
from newsindex.errors import QueryError
from newsindex.inverted.build import UNDATED
from newsindex.query.nodes import And, Form, Maybe, Not, Or, Phrase, Stem, Unscored, Word
from newsindex.searcher.executor import Executor
from newsindex.searcher.ranking import ALIKE, K1, TITLE_WEIGHT, TYPED, Closeness, Ranking, closeness, half_life
from newsindex.searcher.terms import leaf_frequencies

# Dated, so that docids are in this order; titles of 1, 2 and 0 words (average 1), bodies of 2, 4 and 3 (average 3).
BY_HAND = [
    Article(id="0", title="ploi", body="ploi mari", date="2025-01-01"),
    Article(id="1", title="vânt puternic", body="au fost ploi slabe", date="2025-01-02"),
    Article(id="2", title="", body="ploi ploi soare", date="2025-01-03"),
]


def scores(segments, plan):
    ranking = Ranking(segments)
    return [Executor(one.segment, ranking).run(plan) for one in segments]


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
    assert found.scores.tolist() == pytest.approx(expected)


def test_fields_by_hand():
    one = live(BY_HAND)
    rare = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    common = math.log(1 + (3 - 3 + 0.5) / (3 + 0.5))
    stem = Stem(STEMMER("ploi"))
    assert scores([one], Word("title", stem))[0].scores == pytest.approx([rare * saturated(TITLE_WEIGHT)])
    body = scores([one], Word("body", stem))[0].scores
    assert body == pytest.approx([common * saturated(n / (0.25 + 0.25 * w)) for n, w in ((1, 2), (1, 4), (2, 3))])
    phrase = Phrase("text", (stem, Form("mari")))
    expected = (common + rare) * saturated(1 / (0.25 + 0.75 * 2 / 3))
    assert scores([one], phrase)[0].scores == pytest.approx([expected])
    source = live([Article(id="1", source="Radio Delta"), Article(id="2")])
    found = scores([source], Word("source", Stem("radio")))[0].scores
    assert found == pytest.approx([math.log(1 + 1.5 / 1.5) * saturated(1)])


def test_statistics_are_those_of_all_segments():
    whole, parts = live(BY_HAND), [live(BY_HAND[:1]), live(BY_HAND[1:])]
    plan = Or((Word("text", Stem(STEMMER("ploi"))), Word("text", Form("soare"))))
    together = [score for found in scores(parts, plan) for score in found.scores.tolist()]
    assert len(together) == 3
    assert together == pytest.approx(scores([whole], plan)[0].scores.tolist())


def test_combinations_add_up():
    one = live(BY_HAND)
    rain, sun = Word("text", Stem(STEMMER("ploi"))), Word("text", Form("soare"))
    rains = scores([one], rain)[0].scores
    suns = scores([one], sun)[0].scores
    assert scores([one], And((rain, sun)))[0].scores == pytest.approx(rains[2:] + suns)
    assert scores([one], Or((rain, sun)))[0].scores == pytest.approx(rains + np.array([0, 0, *suns]))
    assert scores([one], Maybe(rain, sun))[0].scores == pytest.approx(rains + np.array([0, 0, *suns]))
    assert scores([one], And((rain, Not(sun))))[0].scores == pytest.approx(rains[:2])
    assert scores([one], And((rain, Unscored(sun, 3.0))))[0].scores == pytest.approx(rains[2:] + 3)
    assert scores([one], Not(sun))[0].scores is None


def test_scores_rise_with_frequency_and_fall_with_length():
    def score(title, body):
        one = live([Article(id="1", title=title, body=body), Article(id="2", title="altceva", body="altceva altceva")])
        return scores([one], Word("text", Form("ploi")))[0].scores[0]

    assert score("", "ploi ploi vânt vânt") > score("", "ploi vânt vânt vânt")
    assert score("", "ploi vânt") > score("", "ploi " + "vânt " * 30)
    assert score("ploi", "vânt") > score("", "ploi vânt")


def test_every_score_of_a_random_index_by_the_formula():
    articles = random_articles(5, 120)
    one = live(articles)
    segment = one.segment
    article = [articles[int(segment.id(doc))] for doc in range(120)]
    for form in ("buget", "de", "țară"):
        leaf = Word("text", Form(form))
        title, body = (Word(field, Form(form)) for field in ("title", "body"))
        df = segment.posting_list(segment.find_term("text", STEMMER(form))).df
        idf = math.log(1 + (120 - df + 0.5) / (df + 0.5))
        means = [float(words.mean()) for words in (segment.title_words, segment.body_words)]
        found = scores([one], leaf)[0]
        assert found.docs.tolist() == leaf_frequencies(segment, leaf, 0, 120)[0].tolist()
        for doc, score in zip(found.docs.tolist(), found.scores.tolist(), strict=True):
            share = TITLE_WEIGHT * how_often(article[doc], title) / (0.5 + 0.5 * segment.title_words[doc] / means[0])
            share += how_often(article[doc], body) / (0.25 + 0.75 * segment.body_words[doc] / means[1])
            assert score == pytest.approx(idf * saturated(share))


@pytest.mark.parametrize("field", ["text", "title", "body"])
@pytest.mark.parametrize(
    ("leaf", "alike"),
    [
        (["guvernul"], {"guvernul"}),
        (["tara"], {"tara", "țara", "țară"}),
        (["țară"], set()),
        (["guvern", "și"], None),
    ],
)
def test_what_spelling_adds_by_the_formula(field, leaf, alike):
    """Its share of the score that the same spellings would have by themselves, as often as they stand in each part."""
    articles = random_articles(6, 150)
    one = live(articles)
    ranking, segment = Ranking([one]), one.segment
    loose = leaf == ["tara"]
    stems = tuple(Stem(STEMMER(form), form, (STEMMER("țară"),) if loose else (), loose) for form in leaf)
    asked = Word(field, stems[0]) if len(stems) == 1 else Phrase(field, stems)
    docs = Executor(segment, ranking).run(asked).docs
    means = [float(words.mean()) for words in (segment.title_words, segment.body_words)]

    def share(doc, forms):
        article = articles[int(segment.id(doc))]
        found = []
        for part in ("title", "body"):
            words = [Word(part, Form(form)) for form in forms] or [Phrase(part, tuple(map(Form, leaf)))]
            found.append(sum(how_often(article, word) for word in words) if field in ("text", part) else 0)
        titles = TITLE_WEIGHT * found[0] / (0.5 + 0.5 * segment.title_words[doc] / means[0])
        return titles + found[1] / (0.25 + 0.75 * segment.body_words[doc] / means[1])

    typed = [] if alike is None else [leaf[0]]
    near = [] if alike is None else sorted(alike or {leaf[0]})
    weight = ranking.weight(asked)
    for doc, more in zip(docs.tolist(), ranking.bonus(segment, asked, docs).tolist(), strict=True):
        expected = ALIKE * saturated(share(doc, near)) + TYPED * saturated(share(doc, typed))
        assert more == pytest.approx(weight * expected)


def test_an_empty_index_has_no_scores():
    assert scores([live([])], Word("text", Stem("x")))[0].docs.tolist() == []
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

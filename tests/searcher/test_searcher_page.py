"""Pages of hits against sorting every match of every segment."""

import datetime as dt
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import damage, how_often, live, opened, random_articles, scored, search, written

from newsindex.analysis import tokenize
from newsindex.article import Article, micros
from newsindex.errors import CorruptIndexError
from newsindex.inverted.columns import UNDATED
from newsindex.query.nodes import (
    And,
    Dates,
    Everything,
    Filled,
    Form,
    Maybe,
    Not,
    Nothing,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Stem,
    Unscored,
    Word,
)
from newsindex.searcher.executor import Executor
from newsindex.searcher.ranking import Closeness, Ranking

ARTICLES = random_articles(3, 160)


def segments(seed, parts, dead):
    rng = random.Random(seed)
    cuts = sorted(rng.randrange(len(ARTICLES)) for _ in range(parts - 1))
    rows = [ARTICLES[low:high] for low, high in zip([0, *cuts], [*cuts, len(ARTICLES)], strict=True)]
    return [live(row, [doc for doc in range(len(row)) if rng.random() < dead]) for row in rows]


SPLIT = [segments(0, 1, 0), segments(1, 3, 0.3), segments(2, 6, 0.1), segments(3, 2, 1.0)]
EARLY = Dates(None, micros(Article(date="2025-01-10").date))
LATE = Dates(micros(Article(date="2024-03-01").date), None)
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
    Phrase("body", (Stem("guvern", "guvernul"), Prefix("")), 2),
    Or((Word("body", Stem("guvern", "guvernul")), Word("text", Form("de")))),
    Or((Word("text", Stem("guvern")), Not(Word("text", Stem("om"))), Unscored(Word("text", Form("de")), 0.5))),
    # What dates leave of words and phrases.
    And((Word("text", Stem("guvern", "guvernul")), EARLY)),
    And((EARLY, Word("text", Stem("guvern")), Word("text", Stem("de", "de")), LATE)),
    And((Or((Word("text", Stem("guvern", "guvernul")), Word("text", Stem("om", "om")))), LATE)),
    And((LATE, Phrase("text", (Stem("de", "de"), Stem("guvern", "guvernul")), 3))),
    And((Word("text", Stem("guvern")), Dates(micros(Article(date="9000-01-01").date), None))),
    Not(Word("text", Stem("guvern"))),
]
# Plans in which nothing makes one match worth more than another: all of them are worth 1.
UNRANKED = [Everything(), Nothing(), PLANS[5], PLANS[-1]]


def sorted_matches(parts, plan, sort, closeness):
    """(score, date, segment, docid) of all live matches, best first."""
    rows = []
    for number, (one, (docs, scores)) in enumerate(zip(parts, scored(parts, plan), strict=True)):
        for doc, score in zip(docs.tolist(), scores.tolist(), strict=True):
            assert one.alive[doc]
            date = one.segment.dates[doc]
            score = score if plan not in UNRANKED else 1.0
            if closeness is not None:
                score *= float(closeness.factors(np.array([date]))[0])
            rows.append((score, date, number, doc))
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
    ready = search(parts, plan)
    for _ in range(2):  # what it learned for a page must not change the next
        page = ready.page(limit, offset, sort, closeness)
        assert page.total == len(expected) == ready.count()
        assert [*page.found] == expected[offset:][: len(expected) if limit is None else limit]
    assert list(map(len, ready.matches())) == [
        sum(row[2] == number for row in expected) for number in range(len(parts))
    ]


@settings(max_examples=60)
@given(st.sampled_from(SPLIT), st.sampled_from(PLANS), st.integers(0, 160), st.integers(0, 160))
def test_matches_bound_the_scores_and_an_interval_is_a_part_of_all(parts, plan, low, high):
    ranking = Ranking(parts)
    for one in parts:
        executor = Executor(one, ranking)
        high = min(high, one.segment.articles)
        found, whole = executor.run(plan, low, high), executor.run(plan)
        assert found.docs.tolist() == [doc for doc in whole.docs.tolist() if low <= doc < high]
        assert Executor(one, None).run(plan, low, high).docs.tolist() == found.docs.tolist()
        scores = executor.score(plan, found.docs)
        assert (scores == executor.score(plan, whole.docs)[(whole.docs >= low) & (whole.docs < high)]).all()
        bounds = [0.0] * len(found.docs) if found.bounds is None else found.bounds.tolist()
        assert all(score <= bound for score, bound in zip(scores.tolist(), bounds, strict=True))


@pytest.mark.parametrize("parts", SPLIT)
def test_the_matches_are_the_articles_that_live_and_have_the_word(parts):
    leaf = PLANS[0]
    by_id = {article.id: article for article in ARTICLES}
    for one, found in zip(parts, search(parts, leaf).matches(), strict=True):
        alive = [doc for doc in range(one.segment.articles) if one.alive[doc]]
        assert found.tolist() == [doc for doc in alive if how_often(by_id[one.segment.id(doc)], leaf)]


@pytest.mark.parametrize("field", ["title", "body"])
def test_filled_articles_have_a_word_there(field):
    texts = ["ploi", "", "…", "de la", " \u0301", "1", "s-a"]
    articles = [Article(id=str(k), body="ploi", date="2025-01-01") for k in range(3)]
    articles += [Article(id=f"{text}{k}", **{field: text}, url=f"x{k}") for k in range(40) for text in texts]
    parts = [live(articles[:9], dead=[0, 3]), live(articles[9:])]
    for plan in (Filled(field), And((Filled(field), Not(Word(field, Form("de"))))), Or((Filled(field), Nothing()))):
        page = search(parts, plan).page(None)
        ids = {parts[number].segment.id(doc) for _, _, number, doc in page.found}
        alive = {one.segment.id(doc) for one in parts for doc in np.flatnonzero(one.alive).tolist()}
        expected = {one.id for one in articles if one.id in alive and [*tokenize(getattr(one, field))]}
        assert ids == {one for one in expected if not one.startswith("de la") or isinstance(plan, Filled | Or)}
        assert 40 < page.total == len(ids) == search(parts, plan).count() < len(articles) - 40
        assert {score for score, *_ in page.found} == {1.0}


def test_order_of_equals():
    """Of like score the newer first, of one date the one added later, and the undated behind them."""
    rows = [("a", "2025-01-01"), ("b", None), ("c", "2025-01-02"), ("d", "2025-01-01"), ("e", None)]
    articles = [Article(id=name, body="ploi", date=date) for name, date in rows]
    for parts in ([live(articles)], [live(articles[:2]), live(articles[2:])]):

        def order(sort, limit=None, offset=0, parts=parts):
            page = search(parts, Word("text", Form("ploi"))).page(limit, offset, sort)
            return "".join(parts[number].segment.id(doc) for _, _, number, doc in page.found)

        assert order("relevance") == order("newest") == "cdaeb"
        assert order("oldest") == "adcbe"
        assert order("relevance", limit=2) == order("newest", limit=2) == "cd"
        assert order("oldest", limit=2, offset=2) == "cb"
        assert order("relevance", limit=2, offset=1) == "da"
        for sort in ("newest", "relevance"):
            assert order(sort, limit=0) == order(sort, offset=9) == order(sort, limit=3, offset=9) == ""


@pytest.mark.parametrize("newer", range(1, 40))
def test_of_equals_in_many_segments_the_newest_are_on_the_page(newer):
    """What the first segment offers is no reason to leave out what is exactly as good in the next."""
    rows = [("2025-01-01", 20, 0), ("2025-01-02", newer, newer), ("2024-01-01", 15, 1)]
    parts = [
        live([Article(id=f"{k}", body="ploi mari" if k < like else "vânt", date=date) for k in range(like + unlike)])
        for date, like, unlike in rows
    ]
    page = search(parts, Word("text", Form("ploi"))).page(10)
    assert page.total == 35 + newer
    assert [*page.found] == [*search(parts, Word("text", Form("ploi"))).page(None).found][:10]
    assert [number for _, _, number, _ in page.found] == [1] * min(newer, 10) + [0] * max(10 - newer, 0)


def test_no_segments_no_hits():
    for plan in (Everything(), Word("text", Form("ploi"))):
        for sort in ("relevance", "newest", "oldest"):
            page = search([], plan).page(sort=sort)
            assert (page.total, [*page.found]) == (0, [])
        assert search([], plan).count() == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_spelling_that_few_articles_have_decides_which_are_on_the_page(seed):
    """Many articles have the word as often, so that most are looked at more closely, and few of those scored."""
    rng = random.Random(seed)
    few = rng.choice([0.002, 0.02, 0.2])

    def body():
        forms = rng.choices(
            ["guvernul", "guvern", "guvernului", "om", "omului"], [few, 1, 1, few, 1], k=rng.randint(3, 9)
        )
        return " ".join([*forms, *["vânt"] * rng.randint(0, 9)])

    parts = [live([Article(id=f"{k}", body=body()) for k in range(size)]) for size in (700, 60)]
    words = Word("text", Stem("guvern", "guvernul")), Word("text", Stem("om", "om"))
    for plan in (words[0], And(words), Or(words)):
        whole = search(parts, plan).page(None)
        for limit in (1, 10, 40):
            page = search(parts, plan).page(limit)
            assert (page.total, [*page.found]) == (whole.total, [*whole.found][:limit])


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_a_page_by_date_scores_only_what_may_be_on_it(sort, monkeypatch):
    scored_articles = []
    score = Executor.score

    def counting(self, plan, docs, memo=None):
        scored_articles.append(len(docs))
        return score(self, plan, docs, memo)

    monkeypatch.setattr(Executor, "score", counting)
    page = search(SPLIT[1], Word("text", Form("de"))).page(3, offset=1, sort=sort)
    assert page.total > 4 * len(SPLIT[1])
    assert len(page.found) == 3
    assert max(scored_articles) <= 4


LONG = [
    Article(id=f"{k}.{one.id}", title=one.title, body=one.body, date=one.date) for k in range(220) for one in ARTICLES
]
LONG_PLANS = [
    Word("text", Stem("guvern", "guvernul")),
    Or((Word("text", Stem("guvern", "guvern")), Word("text", Form("de")), Word("title", Stem("om", "om")))),
    And((Word("text", Prefix("")), Word("text", Stem("guvern", "guvernul")))),
    Phrase("text", (Stem("guvern", "guvern"), Stem("guvern", "guvernul")), 9),
    Phrase("text", (Stem("de", "de"), Stem("guvern", "guvernul", ("om",))), 30),
    Phrase("title", (Stem("guvern"), Stem("guvern", "guvernul")), 30),
]


def test_long_lists_are_answered_as_many_short_ones_are():
    # In one segment these are long enough for other threads to run meanwhile, in forty they are not.
    size = len(LONG) // 40
    whole, parts = [live(LONG)], [live(LONG[low : low + size]) for low in range(0, len(LONG), size)]
    for plan in LONG_PLANS:
        one, many = (search(segments, plan).page(20) for segments in (whole, parts))
        assert one.total == many.total > 0
        assert [hit[:2] for hit in one.found] == [hit[:2] for hit in many.found]
        for near in (None, Closeness(micros(Article(date="2025-01-01").date), 86_400_000_000.0)):
            page, every = (search(whole, plan).page(limit, closeness=near) for limit in (20, None))
            assert [*page.found] == [*every.found][:20]


def test_what_matches_is_told_without_scoring():
    for plan in LONG_PLANS:
        ready = search(SPLIT[1], plan)
        assert sum(map(len, ready.matches())) == ready.count() == ready.page(5, sort="newest").total
        counted = search(SPLIT[1], plan)
        assert counted.count() == ready.count()
        assert len(counted.matches()) == len(SPLIT[1])
        assert counted._known_executors is None


FIRST_DAY = dt.date(2000, 1, 1)
FAR_APART = [
    Article(id=str(k), body={7: "guvern ", 4500: "buget "}.get(k, "") + "de la", date=FIRST_DAY + dt.timedelta(k))
    for k in range(5000)
]


@pytest.mark.parametrize(("section", "width"), [("words.title", 4), ("words.body", 4), ("dates", 8)])
def test_damage_in_a_column_is_refused_where_it_is_read_and_nowhere_else(section, width):
    directory = written(FAR_APART)
    words = [Word("text", Stem("guvern", "guvern")), Word("text", Stem("buget", "buget"))]
    plans = [(plan, doc) for word, doc in zip(words, (7, 4500), strict=True) for plan in (word, *others(word))]
    expected = [[*search([opened(directory)], plan).page().found] for plan, _ in plans]
    damage(directory, section, 100 * width)
    for (plan, doc), found in zip(plans, expected, strict=True):
        assert [row[3] for row in found] == [doc]
        if doc == 4500:
            assert [*search([opened(directory)], plan).page().found] == found
        else:
            with pytest.raises(CorruptIndexError, match=f"{section}.*checksum mismatch"):
                search([opened(directory)], plan).page()


def others(word):
    """Plans that find what a word does by other ways through the kernels."""
    yield Phrase("text", (word.pattern, Stem("de", "de")), 5)
    yield And((word, Word("text", Stem("la", "la"))))
    yield And((Phrase("text", (Stem("de", "de"), Stem("la", "la"))), word))
    yield Word("text", Prefix(word.pattern.form[:5]))

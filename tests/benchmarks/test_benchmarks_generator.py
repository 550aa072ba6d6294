"""The generator: the same seed gives the same articles, and they have the shape of news."""

import datetime as dt
import os
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median

import pytest

from benchmarks.generator import A_DAY, BATCH, FIRST_DAY, generate, stories
from benchmarks.vocabulary import inflect
from newsindex.analysis import Stemmer, is_stop_word, tokenize
from newsindex.article import BUCHAREST

COUNT = 1_500


@pytest.fixture(scope="module")
def articles():
    return list(generate(COUNT, seed=5))


@pytest.fixture(scope="module")
def words(articles):
    return [[form for form, _, _ in tokenize(article.body)] for article in articles]


def test_a_seed_fixes_the_articles(articles):
    assert list(generate(COUNT, seed=5)) == articles
    assert [a.body for a in generate(20, seed=6)] != [a.body for a in articles[:20]]


def test_any_number_can_be_had():
    assert [len(list(generate(count))) for count in (0, 1, 1_001)] == [0, 1, 1_001]
    assert len({article.id for article in generate(1_001)}) == 1_001


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH + 1])
def test_fewer_are_the_beginning_of_more(count, articles):
    assert list(generate(count, seed=5)) == articles[:count]


def test_memory_does_not_grow_with_the_number():
    def peak(count):
        tracemalloc.reset_peak()
        for _ in generate(count):
            pass
        return tracemalloc.get_traced_memory()[1]

    list(generate(1))  # makes the vocabulary
    tracemalloc.start()
    try:
        few, many = peak(2 * BATCH), peak(10 * BATCH)
    finally:
        tracemalloc.stop()
    assert many < 1.5 * few


def _day(date):
    return date.astimezone(BUCHAREST).date() if isinstance(date, dt.datetime) else date


def test_dates_run_at_a_constant_pace_nearly_in_order(articles):
    dated = [a.date for a in articles if a.date is not None]
    assert 0 < COUNT - len(dated) < 0.05 * COUNT
    assert {isinstance(d, dt.datetime) for d in dated} == {True, False}
    days = Counter(map(_day, dated))
    assert min(days) == FIRST_DAY.date()
    assert (max(days) - min(days)).days == (COUNT - 1) // A_DAY
    assert all(abs(days[FIRST_DAY.date() + dt.timedelta(n)] - A_DAY) < 0.1 * A_DAY for n in range(COUNT // A_DAY))
    moments = [d for d in dated if isinstance(d, dt.datetime)]
    late = sum(after < before for before, after in pairwise(moments))
    assert 0 < late < 0.05 * len(moments)


def test_outlets_sections_and_authors_vary(articles):
    sources = Counter(a.source for a in articles)
    assert len(sources) > 30
    assert max(sources.values()) > 4 * min(sources.values())
    assert len({a.section for a in articles}) == 10
    assert len({a.author for a in articles} - {None}) > 100


def test_outlets_have_spelling_habits(articles):
    texts = [a.body for a in articles]
    assert any("ș" in text for text in texts)
    assert any("ş" in text for text in texts)
    assert any("\u00ad" in text for text in texts)
    assert any(text.isascii() for text in texts)


def test_text_is_punctuated(articles):
    for article in articles[:300]:
        assert article.title == article.title.strip()
        assert not article.title.endswith(".")
        assert ". " not in article.title
        assert article.body.endswith(".")
        assert not any(wrong in article.body for wrong in ("  ", " .", "..", " ,", ", .", "\n ", " \n", "\n\n"))
    assert sum("\n" in article.body for article in articles[:300]) > 250


def test_lengths_are_those_of_news(words):
    lengths = sorted(map(len, words))
    assert 200 < lengths[COUNT // 2] < 400
    assert lengths[COUNT // 20] < 150
    assert lengths[-COUNT // 20] > 600


def test_frequencies_fall_off_as_those_of_a_language_do(words):
    counts = [count for _, count in Counter(form for row in words for form in row).most_common()]
    total = sum(counts)
    assert 0.25 < sum(counts[:100]) / total < 0.6  # a hundred words make up a good part of a text
    assert sum(count == 1 for count in counts) > 0.2 * len(counts)  # and many words occur once
    assert is_stop_word(Counter(form for row in words for form in row).most_common(1)[0][0])


def test_words_are_inflected_as_the_stemmer_knows(words):
    forms = {form for row in words for form in row}
    stems = Counter(map(Stemmer(), forms))
    assert sum(count >= 3 for count in stems.values()) > 1_000


def test_phrases_recur(words):
    runs = Counter(run for row in words for run in zip(row, row[1:], row[2:], strict=False) if len(set(run)) == 3)
    assert sum(count >= 5 for count in runs.values()) > 100


def test_new_words_never_cease(words):
    # Heaps' law: of real news, three times as many articles have some 1.7 to 2 times as many forms.
    def forms(count):
        return len({form for row in words[:count] for form in row})

    assert 1.5 < forms(300) / forms(100) < 2.5
    assert 1.5 < forms(1_500) / forms(500) < 2.3


def test_stories_come_in_bursts():
    told = stories(4_000, seed=5)
    members = defaultdict(list)
    for place, story in enumerate(told.values()):
        members[story].append(place)
    sizes = [len(places) for places in members.values()]
    assert 2 < sum(sizes) / len(sizes) < 4
    assert max(sizes) > 20
    assert median(after - before for places in members.values() for before, after in pairwise(places)) < A_DAY
    assert max(after - before for places in members.values() for before, after in pairwise(places)) <= 3 * A_DAY


def test_articles_of_a_story_share_words(articles, words):
    told = stories(COUNT, seed=5)
    rare = {form for form, count in Counter(form for row in words for form in set(row)).items() if count < 30}
    of = {article.id: set(row) & rare for article, row in zip(articles, words, strict=True)}
    members = defaultdict(list)
    for article, story in told.items():
        members[story].append(article)
    followed = [(before, after) for ids in members.values() for before, after in pairwise(ids)]
    others = list(pairwise(of))
    assert len(followed) > 200
    same = sum(len(of[a] & of[b]) for a, b in followed) / len(followed)
    assert same > 5 * sum(len(of[a] & of[b]) for a, b in others) / len(others)


def test_articles_do_not_depend_on_how_a_process_hashes_strings():
    # The order of a set of strings differs from process to process; it must not get into the words.
    script = "from benchmarks.generator import generate; print(ascii([(a.title, a.body) for a in generate(3)]))"
    outputs = [
        subprocess.run(
            [sys.executable, "-P", "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] == f"{[(a.title, a.body) for a in generate(3)]!a}\n"


def test_endings_soften_the_stem():
    assert list(inflect("artist", ("", "i"))) == ["artist", "artiști"]
    assert list(inflect("brad", ("ul", "ilor"))) == ["bradul", "brazilor"]

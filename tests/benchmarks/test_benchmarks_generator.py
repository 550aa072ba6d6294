"""The generator: the same seed gives the same articles, and they have the shape of news."""

import datetime as dt
import os
import subprocess
import sys
from collections import Counter
from itertools import islice

import pytest

from benchmarks.generator import FIRST_DAY, YEARS, generate
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


def test_dates_run_over_years_in_rough_order(articles):
    dated = [a.date for a in articles if a.date is not None]
    days = [d.astimezone(BUCHAREST).date() if isinstance(d, dt.datetime) else d for d in dated]
    assert {day.year for day in days} == set(range(FIRST_DAY.year, FIRST_DAY.year + YEARS))
    assert 0 < COUNT - len(dated) < 0.05 * COUNT
    assert {isinstance(d, dt.datetime) for d in dated} == {True, False}
    assert max(days[: COUNT // 2]) < min(days[-COUNT // 5 :])


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


def test_stories_come_in_bursts(words):
    rare = {form for form, count in Counter(form for row in words for form in set(row)).items() if count < 30}
    sets = [set(row) & rare for row in words]

    def shared(distance: int) -> int:
        return sum(len(a & b) for a, b in zip(sets, islice(sets, distance, None), strict=False))

    assert shared(1) > 3 * shared(700)


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

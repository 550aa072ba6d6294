"""The arithmetic, the choice of articles and the examples in the docstrings."""

import datetime as dt
import doctest
from importlib import import_module

import pytest

from benchmarks import corpus
from benchmarks.figures import Ratio, in_turns, percentile, ratio
from newsindex import Article, ArticleError, read_articles


@pytest.mark.parametrize("name", ["corpus", "figures", "generator", "plot", "queries", "scale", "svg", "vocabulary"])
def test_examples_in_docstrings(name):
    tested = doctest.testmod(import_module(f"benchmarks.{name}"))
    assert tested.attempted > 0
    assert tested.failed == 0


def test_percentile_of_few_values():
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([4, 1, 3, 2], 0.5) == 2
    assert percentile(range(1, 1001), 0.99) == 990


def test_a_ratio_pairs_what_was_measured_in_the_same_round():
    assert ratio([10.0, 40.0], [1.0, 4.0]) == Ratio(10.0, 10.0, 10.0)


def test_nobody_is_always_first():
    turns = list(in_turns(["a", "b", "c"], 4))
    assert [engine for _, engine in turns[::3]] == ["a", "c", "a", "c"]
    assert len(set(turns)) == 12


def test_articles_come_back_as_they_were_written(tmp_path):
    articles = [
        Article(id="1", title="Ploi", body="Plouă.\nDe ieri.", date=dt.date(2024, 2, 29), tags=("vreme", "apă")),
        Article(id="2", body="„Da”, a spus.", date="2024-07-01T10:30:00+03:00", source="A", url="https://a.ro/1"),
        Article(id="3", title="Fără dată", author="X", section="Y", extra={"region": "Banat", "n": [1, None]}),
    ]
    corpus.write(tmp_path / "a.jsonl", articles)
    assert list(read_articles(tmp_path / "a.jsonl")) == articles
    assert list(corpus.stream(tmp_path / "a.jsonl")) == articles


def test_real_articles_are_taken_evenly_and_the_last_of_an_id_wins(tmp_path):
    articles = [Article(id=str(n), body=f"text {n}") for n in range(10)]
    corpus.write(tmp_path / "a.jsonl", [*articles, Article(id="0", body="text nou")])
    chosen = corpus.prepare(tmp_path / "a.jsonl", 5, 1, tmp_path)
    assert [article.id for article in chosen.read()] == ["1", "3", "5", "7", "9"]
    assert (chosen.origin, chosen.articles) == ("a.jsonl", 5)
    assert chosen.megabytes == pytest.approx(5 * len("text 1") / 1e6)
    everything = corpus.prepare(tmp_path / "a.jsonl", 0, 1, tmp_path).read()
    assert [article.id for article in everything] == [*"1234567890"]
    assert everything[-1].body == "text nou"
    assert corpus.prepare(tmp_path / "a.jsonl", 0, 1, tmp_path).articles == 10


def test_a_corpus_without_articles_is_refused(tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(ValueError, match="no articles"):
        corpus.prepare(tmp_path / "empty.jsonl", 0, 1, tmp_path)
    with pytest.raises(ArticleError):
        corpus.prepare(tmp_path / "missing.jsonl", 0, 1, tmp_path)

"""Whole runs on a few generated articles: all engines agree, and the JSON has what it promises. No time is asserted."""

import json
import sys

import pytest
from click.testing import CliRunner

from benchmarks import querying
from benchmarks.__main__ import main
from benchmarks.engines import NAMES, load, load_all
from benchmarks.queries import CLASSES, Drawer
from newsindex import Article

ARTICLES = 60
TIMES = {"median_us", "p99_us", "ratio", "rounds_us"}


def _run(*arguments):
    result = CliRunner().invoke(main, [*arguments, "--articles", str(ARTICLES)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a run of both suites prints, and its JSON."""
    file = tmp_path_factory.mktemp("run") / "run.json"
    output = _run("--builds", "2", "--rounds", "2", "--queries", "5", "--json", str(file))
    return output, json.loads(file.read_text(encoding="utf-8"))


def test_the_engines_agree(run):
    output, found = run
    assert [one["disagreements"] for one in found["query"].values()] == [[]] * len(CLASSES)
    assert "All engines count the same hits" in output


def test_the_head_says_what_was_measured_where(run):
    _, found = run
    assert found["format"] == 1
    assert set(found["machine"]) == {"python", "system", "cpu", "cpus", "memory_gb"}
    assert found["corpus"]["origin"] == "generated"
    assert (found["corpus"]["articles"], found["corpus"]["seed"]) == (ARTICLES, 1)
    assert found["corpus"]["megabytes"] > 0.05
    assert set(found["engines"]) == set(NAMES)
    assert all(told["version"] and told["given"] for told in found["engines"].values())
    assert found["skipped"] == {}


def test_indexing_is_told_for_each_engine_and_round(run):
    output, found = run
    assert "Indexing" in output
    assert set(found["index"]) == set(NAMES)
    for one in found["index"].values():
        assert len(one["rounds"]) == 2
        assert all(build["seconds"] > 0 and build["disk_mb"] > 0.05 for build in one["rounds"])
        assert one["peak_mb"] >= one["growth_mb"] >= 0
        assert one["articles_per_second"] == pytest.approx(ARTICLES / one["seconds"])
    assert found["index"]["newsindex"]["ratio"] is None
    ratio = found["index"]["whoosh"]["ratio"]
    assert ratio["low"] <= ratio["median"] <= ratio["high"]


def test_every_class_is_told_for_each_engine(run):
    output, found = run
    assert list(found["query"]) == list(CLASSES)
    for kind, one in found["query"].items():
        assert kind in output
        assert one["queries"] >= 5
        assert one["hits"] >= 1
        assert set(one["engines"]) == set(NAMES)
        for times in one["engines"].values():
            assert set(times) == TIMES
            assert 0 < times["median_us"] <= times["p99_us"]
            assert len(times["rounds_us"]) == 2
        assert one["engines"]["newsindex"]["ratio"] is None
        assert one["engines"]["whoosh"]["ratio"]["median"] > 0


def test_nothing_in_the_json_names_a_place(run, tmp_path):
    assert "/tmp" not in json.dumps(run[1])  # noqa: S108 -- looked for, not used
    assert sys.prefix not in json.dumps(run[1])


def test_one_suite_and_one_engine_alone(tmp_path):
    output = _run("index", "--builds", "1", "--engine", "newsindex", "--json", str(tmp_path / "run.json"))
    found = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert found["query"] is None
    assert set(found["index"]) == set(found["engines"]) == {"newsindex"}
    assert "Queries" not in output


def test_what_is_not_installed_is_named_and_skipped(monkeypatch):
    monkeypatch.setitem(sys.modules, "benchmarks.engines.whoosh_engine", None)
    engines, skipped = load_all(NAMES)
    assert [engine.name for engine in engines] == ["newsindex"]
    assert list(skipped) == ["whoosh"]
    assert "whoosh" in _run("query", "--rounds", "1", "--queries", "1")


def test_a_count_that_differs_is_reported(tmp_path):
    articles = [Article(id=str(n), title="Ploi în Banat", body="Râurile au crescut mult.") for n in range(4)]

    class Miscounting:
        def __init__(self, searcher):
            self.searcher = searcher
            self.task = searcher.task

        def count(self, query):
            return self.searcher.count(query) + (query.shape == "phrase")

    engine = load("newsindex")
    engine.build(articles, tmp_path / "index")
    searcher = engine.open(tmp_path / "index")
    searchers = {"newsindex": searcher, "other": Miscounting(searcher)}
    found = querying.measure(Drawer(articles, 1), searchers, rounds=1, per_round=2, say=lambda _: None)
    assert [one.hits for one in found["phrase of 2"].disagreements] == [{"newsindex": 4, "other": 5}]
    assert found["AND of 2"].disagreements == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--corpus", "missing.jsonl"], "missing.jsonl"), (["--articles", "-1"], "--articles"), (["fly"], "fly")],
)
def test_bad_arguments_are_named(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output


def test_help_tells_of_all_commands():
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(command in output for command in ("all", "index", "query", "--corpus", "--json"))

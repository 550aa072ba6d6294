"""Whole runs on a few generated articles: all engines agree, and the JSON has what it promises. No time is asserted."""

import json
import sys

import pytest
from click.testing import CliRunner

from benchmarks import build, corpus, querying, scale
from benchmarks.__main__ import main
from benchmarks.engines import load, load_all
from benchmarks.generator import generate
from benchmarks.queries import CLASSES, Drawer
from newsindex import Article

ARTICLES = 60
NAMES = ("newsindex", "whoosh")  # what is installed wherever tests run
ENGINES = [word for name in NAMES for word in ("--engine", name)]
TIMES = {"median_us", "p99_us", "ratio", "rounds_us"}


def _run(*arguments, articles=ARTICLES):
    result = CliRunner().invoke(main, [*arguments, "--articles", str(articles)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a run of both suites prints, and its JSON."""
    file = tmp_path_factory.mktemp("run") / "run.json"
    output = _run(*ENGINES, "--builds", "2", "--rounds", "2", "--queries", "5", "--samples", "2", "--json", str(file))
    return output, json.loads(file.read_text(encoding="utf-8"))


def test_a_run_compares_with_itself(run, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(run[1]), encoding="utf-8")
    result = CliRunner().invoke(main, ["compare", *[str(tmp_path / "run.json")] * 2])
    assert result.exit_code == 0, result.output
    assert "0 not; none is worse" in result.output
    assert all(name in result.output for name in ("indexing", "index size", "rare term", "startup"))


def test_a_run_is_small_enough_to_be_kept(run):
    assert len(json.dumps(run[1], indent=1)) < 50_000


def test_startup_is_told_for_each_engine(run):
    output, found = run
    assert "Startup" in output
    assert set(found["startup"]) == set(NAMES)
    for one in found["startup"].values():
        parts = [one[part] for part in ("importing", "opening", "first", "total")]
        assert all(0 < part["low"] <= part["median"] <= part["high"] for part in parts)
        assert len(one["rounds_ms"]) == 2
        assert max(one["rounds_ms"]) == pytest.approx(one["total"]["high"])
        assert one["total"]["high"] < sum(part["high"] for part in parts[:3]) * 1.001
    assert found["startup"]["newsindex"]["ratio"] is None
    assert found["startup"]["whoosh"]["ratio"]["median"] > 0


def test_threads_are_told_for_engines_that_they_may_share(run):
    output, found = run
    assert "Throughput of 2 threads" in output
    assert set(found["threads"]) == {"newsindex"}
    assert list(found["threads"]["newsindex"]["classes"]) == list(CLASSES)
    gain = found["threads"]["newsindex"]["gain"]
    assert 0 < gain["low"] <= gain["median"] <= gain["high"]


def test_startup_alone_and_without_peers(tmp_path):
    _run("startup", "--engine", "newsindex", "--samples", "1", "--json", str(tmp_path / "run.json"))
    found = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert set(found["startup"]) == {"newsindex"}
    assert found["index"] is found["query"] is found["threads"] is found["scale"] is None


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    file = tmp_path_factory.mktemp("scale") / "scale.json"
    output = _run("scale", "--engine", "newsindex", "--queries", "2", "--json", str(file), articles=300)
    return output, json.loads(file.read_text(encoding="utf-8"))


def test_scale_measures_all_at_each_size(scaled):
    output, found = scaled
    assert [one["articles"] for one in found["scale"]] == [100, 300]
    small, large = found["scale"]
    assert 2 < large["megabytes"] / small["megabytes"] < 4
    assert large["index"]["newsindex"]["disk_mb"] > small["index"]["newsindex"]["disk_mb"]
    assert set(small["query"]) == set(CLASSES)
    for one in (small, large):
        for cost in one["query"].values():
            times = cost["engines"]["newsindex"]
            assert 0 < times["median_us"] <= times["p99_us"]
            assert len(times["rounds_us"]) == scale.TURNS
            assert cost["disagreements"] == 0
    assert "last / first" in output


def test_scale_asks_the_same_queries_at_each_size(scaled):
    small, large = (one["query"] for one in scaled[1]["scale"])
    assert all(large[kind]["queries"] == small[kind]["queries"] > 0 for kind in small)
    assert all(large[kind]["hits"] >= small[kind]["hits"] > 0 for kind in small)
    assert large["common term"]["hits"] > 2 * small["common term"]["hits"]


def test_scale_compares_and_plots(scaled, tmp_path):
    file = tmp_path / "1.0-scale.json"
    file.write_text(json.dumps(scaled[1]), encoding="utf-8")
    result = CliRunner().invoke(main, ["compare", str(file), str(file)])
    assert result.exit_code == 0, result.output
    assert "300 articles: rare term" in result.output
    assert CliRunner().invoke(main, ["plot", str(tmp_path)]).exit_code == 0
    assert "<svg" in (tmp_path / "scale.svg").read_text(encoding="utf-8")


def test_scale_takes_a_file(tmp_path):
    corpus.write(tmp_path / "a.jsonl", generate(120, seed=4))
    arguments = ["scale", "--corpus", str(tmp_path / "a.jsonl"), "--articles", "0", "--engine", "newsindex"]
    result = CliRunner().invoke(main, [*arguments, "--queries", "1"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "100" in result.output
    assert "120 articles (a.jsonl)" in result.output


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
        assert one["articles_per_second"] == pytest.approx(ARTICLES / one["seconds"], rel=1e-4)
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
        assert set(one["engines"]) | set(one["cannot"]) == set(NAMES)
        for times in one["engines"].values():
            assert set(times) == TIMES
            assert 0 < times["median_us"] <= times["p99_us"]
            assert len(times["rounds_us"]) == 2
        assert one["engines"]["newsindex"]["ratio"] is None
        assert "whoosh" in one["cannot"] or one["engines"]["whoosh"]["ratio"]["median"] > 0


def test_nothing_in_the_json_names_a_place(run, tmp_path):
    assert "/tmp" not in json.dumps(run[1])  # noqa: S108 -- looked for, not used
    assert sys.prefix not in json.dumps(run[1])


@pytest.mark.parametrize("engine", NAMES)
def test_articles_that_are_streamed_make_the_same_index(engine, tmp_path):
    chosen = corpus.prepare(None, 300, 1, tmp_path)
    whole = build.run(engine, chosen, tmp_path / "whole")
    streamed = build.run(engine, chosen, tmp_path / "streamed", whole=299)
    assert whole.waited == 0 < streamed.waited
    assert streamed.seconds > 0
    assert whole.overlapped == 0 <= streamed.overlapped
    opened = [load(engine).open(tmp_path / name) for name in ("whole", "streamed")]
    queries = Drawer(chosen.read(), 1).draw("common term", 3)
    assert queries
    for query in queries:
        assert len({searcher.count(query) for searcher in opened}) == 1
        assert opened[0].task(query)() == opened[1].task(query)()
    for searcher in opened:
        searcher.close()


def test_a_build_that_fails_says_why(tmp_path):
    chosen = corpus.Corpus("x", 1, 1, 1.0, tmp_path / "missing.jsonl")
    with pytest.raises(RuntimeError, match=r"missing\.jsonl"):
        build.run("newsindex", chosen, tmp_path / "index")


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
    assert "whoosh skipped" in _run("query", *ENGINES, "--rounds", "1", "--queries", "1")


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
    assert all(
        command in output
        for command in (
            "all",
            "index",
            "query",
            "scale",
            "startup",
            "compare",
            "plot",
            "relevance",
            "--corpus",
            "--json",
        )
    )

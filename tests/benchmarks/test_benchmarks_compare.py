"""Verdicts on runs: a loss is found, noise is not taken for one, and what cannot be compared is named."""

import copy
import json
import random

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.compare import FLOOR, compare, read

CLASSES = [f"class {n}" for n in range(8)]


def _run(seed=1, *, noise=0.02, machine="a", peer="1.0", rounds=7, slower=None, everywhere=1.0, speed=1.0):
    """A run in which newsindex takes half of the peer's time, on a machine whose speed changes from round to round."""
    rng = random.Random(seed)

    def engines(key, unit, factor):
        swing = [speed * rng.uniform(0.5, 2) for _ in range(rounds)]
        times = {
            "newsindex": [unit * factor * s * rng.lognormvariate(0, noise) for s in swing],
            "peer": [2 * unit * s * rng.lognormvariate(0, noise) for s in swing],
        }
        return {name: {key: values} for name, values in times.items()}

    slower = slower or {}
    built = engines("seconds", 3.0, slower.get("indexing", 1.0))
    index = {
        name: {
            "rounds": [
                {"seconds": s, "disk_mb": 60.0 * slower.get("index size", 1.0), "peak_mb": 300.0}
                for s in one["seconds"]
            ]
        }
        for name, one in built.items()
    }
    query = {
        kind: {"engines": engines("rounds_us", 100.0, slower.get(kind, 1.0) * everywhere), "hits": 3}
        for kind in CLASSES
    }
    return {
        "format": 1,
        "machine": {"cpu": machine, "cpus": 2, "python": "CPython 3.13.0"},
        "corpus": {"origin": "generated", "seed": 1, "articles": 3_000, "megabytes": 6.5},
        "engines": {"newsindex": {"version": "1"}, "peer": {"version": peer}},
        "index": index,
        "query": query,
        "startup": engines("rounds_ms", 40.0, slower.get("startup", 1.0)),
        "scale": [{"articles": 300, "megabytes": 0.6, "index": index, "query": query}],
    }


@pytest.fixture
def files(tmp_path):
    def write(*runs):
        paths = [tmp_path / f"run{number}.json" for number in range(len(runs))]
        for path, run in zip(paths, runs, strict=True):
            path.write_text(json.dumps(run), encoding="utf-8")
        return paths

    return write


def _compare(files, *runs):
    return compare(*map(read, files(*runs)))


def _invoke(paths):
    return CliRunner().invoke(main, ["compare", *map(str, paths)])


@pytest.mark.parametrize("seed", range(2, 12))
def test_equal_runs_are_equal_whatever_the_machine_does(files, seed):
    found = _compare(files, _run(1), _run(seed, machine="b", speed=3))
    assert found.worse == []
    assert found.left_out == {}
    assert {"indexing", "index size", "startup", *CLASSES, "mean of query classes"} < found.verdicts.keys()
    assert {"300 articles: indexing", "300 articles: class 3"} < found.verdicts.keys()


@pytest.mark.parametrize("name", ["indexing", "index size", "startup", "class 3"])
def test_a_loss_is_found(files, name):
    paths = files(_run(1), _run(2, slower={name: 1.3}))
    found = compare(*map(read, paths))
    assert set(found.worse) <= {name, f"300 articles: {name}"}
    assert name in found.worse
    assert found.verdicts[name].change == pytest.approx(0.3, abs=0.08)
    result = _invoke(paths)
    assert result.exit_code == 1
    assert f"worse: {name}" in result.output


def test_a_gain_is_no_loss(files):
    paths = files(_run(1), _run(2, slower={"class 3": 0.5}))
    assert compare(*map(read, paths)).verdicts["class 3"].word == "better"
    result = _invoke(paths)
    assert result.exit_code == 0
    assert "none is worse" in result.output


def test_a_small_loss_everywhere_is_found_by_the_mean(files):
    found = _compare(files, _run(1, noise=0.01), _run(2, noise=0.01, everywhere=1 + 0.7 * FLOOR))
    assert found.worse == ["mean of query classes", "300 articles: mean of query classes"]
    assert found.verdicts["mean of query classes"].change == pytest.approx(0.7 * FLOOR, abs=0.01)


def test_the_same_loss_is_lost_in_more_noise(files):
    loss = {"class 3": 1.3}
    assert "class 3" in _compare(files, _run(1), _run(2, slower=loss)).worse
    found = _compare(files, _run(1, noise=0.5), _run(2, noise=0.5, slower=loss))
    assert "class 3" not in found.worse
    assert found.verdicts["class 3"].noise > 0.3


def test_ratios_to_a_peer_are_compared(files):
    assert _compare(files, _run(1), _run(2)).verdicts["class 3"].beside == ("peer",)


def test_without_a_peer_of_one_version_times_are_compared_on_one_machine_only(files):
    steady = [_run(1, rounds=2), _run(2, rounds=2, peer="2.0")]
    for run in steady:
        for one in run["query"].values():
            one["engines"]["newsindex"]["rounds_us"] = [100.0, 101.0]
    found = _compare(files, *steady)
    assert found.verdicts["class 3"].beside == ()
    assert found.verdicts["class 3"].word == "same"
    steady[1]["machine"]["cpu"] = "b"
    found = _compare(files, *steady)
    assert "machines" in found.left_out["class 3"]
    assert found.verdicts.keys() == {
        where + what for where in ("", "300 articles: ") for what in ("index size", "memory of indexing")
    }


def test_what_is_not_in_both_is_named(files):
    new = _run(2)
    del new["query"]["class 3"]
    del new["startup"]
    new["query"]["class 9"] = new["query"]["class 1"]
    paths = files(_run(1), new)
    found = compare(*map(read, paths))
    assert {name: reason for name, reason in found.left_out.items() if "300" not in name} == {
        "class 3": "only in run0",
        "startup": "only in run0",
        "class 9": "only in run1",
    }
    assert "not compared: class 3: only in run0" in _invoke(paths).output


def test_other_articles_are_not_compared(files):
    new = _run(2, slower={"class 3": 9})
    new["corpus"]["seed"] = 2
    paths = files(_run(1), new)
    found = compare(*map(read, paths))
    assert found.verdicts == {}
    assert "seed 2" in found.left_out["class 3"]
    result = _invoke(paths)
    assert result.exit_code == 1
    assert "no figure that can be compared" in result.output


def test_a_single_round_says_nothing_of_noise(files):
    found = _compare(files, _run(1, rounds=1), _run(2, rounds=1))
    assert "one round" in found.left_out["class 3"]
    assert found.verdicts["index size"].word == "same"


def test_the_last_run_is_judged_against_the_one_before(files):
    slow = {"class 3": 2}
    result = _invoke(files(_run(1), _run(2, slower=slow), _run(3, slower=slow)))
    assert result.exit_code == 0, result.output
    assert all(name in result.output for name in ("run0", "run1", "run2"))


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.pop("corpus"),
        lambda run: run.update(engines=[]),
        lambda run: run.update(query=7),
        lambda run: run["query"]["class 1"]["engines"]["newsindex"].update(rounds_us=[1.0, -1.0]),
        lambda run: run["query"]["class 1"]["engines"]["newsindex"].update(rounds_us=["1"]),
        lambda run: run["index"]["newsindex"]["rounds"][0].update(seconds=True),
        lambda run: run["index"]["newsindex"]["rounds"][0].update(seconds=float("inf")),
    ],
)
def test_a_file_that_is_no_run_is_refused(files, change):
    wrong = copy.deepcopy(_run(1))
    change(wrong)
    paths = files(_run(1), wrong)
    with pytest.raises(ValueError, match=r"run1\.json: not a run"):
        read(paths[1])
    result = _invoke(paths)
    assert result.exit_code == 1
    assert "run1.json" in result.output
    assert "Traceback" not in result.output


def test_files_are_wanted(tmp_path):
    (tmp_path / "a.json").write_text("[" * 100_000)
    assert "run" in _invoke([tmp_path / "a.json", tmp_path / "a.json"]).output
    with pytest.raises(ValueError, match=r"missing\.json"):
        read(tmp_path / "missing.json")
    result = _invoke([tmp_path / "a.json"])
    assert result.exit_code == 2
    assert "two files" in result.output


def test_a_run_without_newsindex_is_refused(files):
    run = _run(1)
    for one in (run["index"], run["startup"], *(kind["engines"] for kind in run["query"].values())):
        del one["newsindex"]
    run["scale"] = None
    with pytest.raises(ValueError, match="newsindex was not measured"):
        read(files(run)[0])

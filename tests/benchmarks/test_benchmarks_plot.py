"""Pictures: well-formed, with a line for each engine and a panel for each class, readable on any ground."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.plot import plot
from benchmarks.svg import Panel, page

SVG = "{http://www.w3.org/2000/svg}"


def _ratio(value):
    return {"median": value, "low": value, "high": value}


def _release(ratio):
    kinds = {
        kind: {"engines": {"newsindex": {"ratio": None}, "whoosh": {"ratio": _ratio(ratio * by)}}}
        for kind, by in (("AND <of> 2", 0.5), ("rare term", 2))
    }
    return {"index": {"newsindex": {"ratio": None}, "whoosh": {"ratio": _ratio(ratio)}}, "query": kinds}


def _scale(factor=1.0):
    return {
        "scale": [
            {
                "articles": count,
                "megabytes": count / 500,
                "index": {"newsindex": {"megabytes_per_second": 20.0, "peak_mb": 300.0, "disk_mb": count / 600}},
                "query": {
                    kind: {"engines": {"newsindex": {"median_us": factor * count / 100}}}
                    for kind in ("AND <of> 2", "rare term")
                },
            }
            for count in (1_000, 30_000, 1_000_000)
        ]
    }


@pytest.fixture
def history(tmp_path):
    for name, run in {
        "0.9.0": _release(10),
        "0.10.0": _release(40),
        "0.10.0rc1": _release(20),
        "0.9.0-scale": _scale(50),
        "0.10.0-scale": _scale(),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(run), encoding="utf-8")
    (tmp_path / "notes.json").write_text("no run, and not called like one")
    return tmp_path


def _texts(file):
    return [text.text for text in ElementTree.parse(file).getroot().iter(f"{SVG}text")]  # noqa: S314 -- ours


def _circles(file):
    return [
        (float(circle.get("cx")), float(circle.get("cy")))
        for circle in ElementTree.parse(file).getroot().iter(f"{SVG}circle")  # noqa: S314
    ]


def test_speed_over_releases(history):
    plot(history)
    texts = _texts(history / "speed.svg")
    assert [text for text in texts if text.startswith("0.") and text.count(".") == 2] == [
        *("0.9.0", "0.10.0rc1", "0.10.0"),
        *("0.9.0", "0.10.0rc1", "0.10.0"),
    ]
    assert "whoosh" in texts
    assert "tantivy" not in texts
    points = _circles(history / "speed.svg")
    assert len(points) == 6
    (x0, y0), (x1, y1), (x2, y2) = points[:3]
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)  # 10, 20, 40 on a logarithmic axis, faster is higher
    assert y0 > y1


def test_cost_over_size_is_that_of_the_newest_release(history):
    plot(history)
    texts = _texts(history / "scale.svg")
    assert {"AND <of> 2, µs", "rare term, µs", "1k", "30k", "1M", "newsindex"} <= set(texts)
    assert any("0.10.0" in text for text in texts)
    assert "10,000" in texts
    assert "500,000" not in texts  # of the older release
    assert len(_circles(history / "scale.svg")) == 3 * 5


def test_nothing_depends_on_the_ground(history):
    for file in plot(history):
        root = ElementTree.parse(file).getroot()  # noqa: S314
        assert not list(root.iter(f"{SVG}rect"))
        for element in root.iter():
            for paint in (element.get("fill"), element.get("stroke")):
                if paint not in (None, "none"):
                    # Neither near white nor near black.
                    light = sum(int(paint[i : i + 2], 16) for i in (1, 3, 5)) / 3
                    assert 60 < light < 180


def test_one_release_is_enough(tmp_path):
    (tmp_path / "1.0.json").write_text(json.dumps(_release(10)))
    assert [file.name for file in plot(tmp_path)] == ["speed.svg"]
    assert len(_circles(tmp_path / "speed.svg")) == 2


def test_an_empty_panel_has_its_title_only():
    root = ElementTree.fromstring(page("none", ["a"], [Panel("of <nothing>", {}, [])], 2))  # noqa: S314
    assert [text.text for text in root.iter(f"{SVG}text")] == ["none", "of <nothing>"]


@pytest.mark.parametrize(
    ("name", "text"), [("1.0.json", "{"), ("1.0.json", '{"query": {"a": {}}}'), ("1.0-scale.json", "{}")]
)
def test_what_is_no_run_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    result = CliRunner().invoke(main, ["plot", str(tmp_path)])
    assert result.exit_code == 1
    assert tmp_path.name in result.output.replace("\n", "")
    assert "Traceback" not in result.output


def test_without_runs_the_remedy_is_told(tmp_path):
    with pytest.raises(ValueError, match="--json"):
        plot(tmp_path / "missing")

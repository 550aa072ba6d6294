"""`newsindex search` and `newsindex timeline`: options, text and JSON."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import click
import pytest
from cli_support import ARTICLES, Run

import newsindex
from newsindex import Article, Index
from newsindex.cli import main
from newsindex.index import MEMORY
from newsindex.options import SORTS
from newsindex.searcher.aggregate import PERIODS
from newsindex.terminal import printable


def found(run: Run, archive: Path, *arguments: object) -> list[str]:
    result = run("search", archive, "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    return [hit["id"] for hit in json.loads(result.stdout)["hits"]]


def test_json_has_total_and_hits(run: Run, archive: Path) -> None:
    result = run("search", archive, "viscolului", "noapte", "--json", "-n", "1", "--sort", "newest")
    answer = json.loads(result.stdout)
    [hit] = newsindex.open(archive).search("viscolului noapte", limit=1, sort="newest")
    assert answer == {
        "total": 2,
        "hits": [
            {
                "id": "2",
                "title": "Trenul de noapte",
                "date": "2025-01-12T10:30:00+02:00",
                "source": "Ecoul",
                "score": hit.score,
                "snippet": hit.snippet(200),
            }
        ],
    }
    assert "Trenul a întârziat din cauza **viscolului**" in result.stdout  # readable, not escaped
    assert list(answer["hits"][0]) == ["id", "title", "date", "source", "score", "snippet"]


def test_what_an_article_lacks_is_null(run: Run, archive: Path) -> None:
    [hit] = json.loads(run("search", archive, "titlu:data", "--json").stdout)["hits"]
    assert (hit["id"], hit["date"], hit["source"]) == ("4", None, None)


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["viscol", "drum"], {"1"}),
        (["viscol", "olari", "--any"], {"1", "2", "3"}),
        (['"trenul de noapte"'], {"2"}),
        (["--since", "2025-01-11"], {"2", "3"}),
        (["--since", "2025-01-11", "--until", "2025-01"], {"2"}),
        (["--filter", "source=Gazeta"], {"1", "3"}),
        (["--filter", "source=Gazeta", "--filter", "sursa=Ecoul"], set()),
        (["--filter", "source=Gazeta", "--filter", "source=Ecoul"], {"1", "2", "3"}),
        (["--filter", "source=Gazeta", "--filter", "regiune=Sud"], {"3"}),
        (["--", "-viscol"], {"3", "4"}),
        (["--any", "--", "viscol", "-drum"], {"2"}),
        ([], {"1", "2", "3", "4"}),
        (["inexistent"], set()),
    ],
)
def test_options_narrow_the_search(run: Run, archive: Path, arguments: list[str], ids: set[str]) -> None:
    assert set(found(run, archive, *arguments)) == ids


def test_order_and_page(run: Run, archive: Path) -> None:
    assert found(run, archive, "--sort", "newest") == ["3", "2", "1", "4"]
    assert found(run, archive, "--sort", "oldest", "--limit", "2", "--offset", "1") == ["2", "3"]
    assert found(run, archive, "--recency", "30d", "--near", "2025-01-10")[0] == "1"
    assert found(run, archive, "--recency", "30d", "--near", "2025-03-02")[0] == "3"


def test_snippets_have_the_length_asked_for(run: Run, tmp_path: Path) -> None:
    newsindex.create(tmp_path / "ix").add([Article("1", "Titlu", "cuvânt " * 400)])
    for chars, most in ((20, 3), (900, 130)):
        answer = json.loads(run("search", tmp_path / "ix", "cuvant", "--json", "--chars", chars).stdout)
        assert most // 2 < answer["hits"][0]["snippet"].count("**cuvânt**") <= most


def test_plain_text(run: Run, archive: Path) -> None:
    result = run("search", archive, "viscolului", "--sort", "oldest")
    first, second = newsindex.open(archive).search("viscolului", sort="oldest")
    assert result.stdout.splitlines() == [
        " 1. Viscol la munte",
        f"    2025-01-10  Gazeta  {first.score:.2f}",
        f"    {first.snippet()}",
        " 2. Trenul de noapte",
        f"    2025-01-12 10:30  Ecoul  {second.score:.2f}",
        f"    {second.snippet()}",
        "2 hits",
    ]
    assert "**Viscolul**" in first.snippet()
    assert "**viscolului**" in second.snippet()


def test_a_page_in_text_goes_on_counting(run: Run, archive: Path) -> None:
    lines = run("search", archive, "--sort", "newest", "--offset", 1, "--limit", 2).stdout.splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [
        " 2. Trenul de noapte",
        " 3. Viscol la munte",
        "4 hits, 2 to 3 shown",
    ]
    assert run("search", archive, "inexistent").stdout == "0 hits\n"
    assert run("search", archive, "ceramica").stdout.endswith("\n1 hit\n")


def test_undated_untitled_and_empty(run: Run, tmp_path: Path) -> None:
    newsindex.create(tmp_path / "ix").add([Article("1")])
    assert run("search", tmp_path / "ix").stdout.splitlines() == [" 1. (no title)", "    no date  1.00", "1 hit"]


HOSTILE = "rău \x1b]0;titlu\x07\x1b[2J\x9b31m \u202eroșu\u2066 [red]x[/red] :smile: ** \r\n gata \x7f\u2028\ue000"


def test_articles_do_not_steer_the_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newsindex.create(tmp_path / "ix").add([Article("1", HOSTILE, HOSTILE, "2025-01-01", HOSTILE)])
    plain = run("search", tmp_path / "ix", "rosu").stdout
    assert all(character.isprintable() for character in plain.replace("\n", ""))
    assert "[red]x[/red] :smile:" in plain
    assert "rău" in plain

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "500")
    styled = run("search", tmp_path / "ix", "rosu", color=True).stdout
    assert "\x1b[1;31mroșu\x1b[0m" in styled
    escapes = [piece.partition("m")[0] for piece in styled.split("\x1b")[1:]]
    assert all(escape.strip("[;0123456789") == "" for escape in escapes), "colours and nothing else"
    for character in "\x07\x9b\u202e\u2066\x7f\u2028\ue000\r":
        assert character not in styled
    assert "[red]x[/red] :smile:" in styled

    text = run("search", tmp_path / "ix", "rosu", "--json").stdout
    assert json.loads(text)["hits"][0]["title"] == HOSTILE
    assert all(character.isprintable() or character == "\ue000" for character in text.rstrip("\n"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("  două\t rânduri\n", " două rânduri "),
        ("ar\u00admă ţară „așa” 😀", "armă ţară „așa” 😀"),
        ("\x00\x1b\x9c\udcff\u200b", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_no_color_asks_for_plain_text(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run("search", archive, "viscolului").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in run("search", archive, "viscolului", color=True).stdout
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert run("search", archive, "viscolului", color=True).stdout == plain


def test_long_lines_are_wrapped_and_indented(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newsindex.create(tmp_path / "ix").add([Article("1", "Titlu", "cuvinte multe " * 30)])
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "40")):
        monkeypatch.setenv(name, value)
    lines = click.unstyle(run("search", tmp_path / "ix", "multe", color=True).stdout).splitlines()
    assert len(lines) > 4
    assert all(len(line.rstrip()) <= 40 for line in lines)
    assert all(line.startswith("    ") for line in lines[1:-1])


# Timeline.


def test_timeline_json(run: Run, archive: Path) -> None:
    result = run("timeline", archive, "--json")
    assert json.loads(result.stdout) == {"2025-01-01": 2, "2025-02-01": 0, "2025-03-01": 1}
    assert json.loads(run("timeline", archive, "viscol", "--by", "day", "--json").stdout) == {
        "2025-01-10": 1,
        "2025-01-11": 0,
        "2025-01-12": 1,
    }
    narrowed = ["--any", "--filter", "source=Gazeta", "--since", "2025-01-11", "--until", "2025-03-02"]
    assert json.loads(run("timeline", archive, "viscol", "olari", *narrowed, "--json").stdout) == {"2025-03-01": 1}
    assert json.loads(run("timeline", archive, "inexistent", "--json").stdout) == {}


def test_timeline_text(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert run("timeline", archive).stdout.splitlines() == [
        "2025-01  2  " + "█" * 18,
        "2025-02  0",
        "2025-03  1  " + "█" * 9,
        "3 articles with a date",
    ]
    assert run("timeline", archive, "inexistent").stdout == "0 articles with a date\n"


@pytest.mark.parametrize(("by", "label"), [("year", "2025"), ("month", "2025-03"), ("week", "2025-02-24")])
def test_timeline_names_its_periods(run: Run, archive: Path, by: str, label: str) -> None:
    assert run("timeline", archive, "olari", "--by", by).stdout.startswith(f"{label}  1  █")


def test_bars_show_one_beside_thousands(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    counts = {dt.date(2024, 1, 1): 12_345, dt.date(2025, 1, 1): 1}
    monkeypatch.setattr(Index, "timeline", lambda *_, **__: counts)
    monkeypatch.setenv("COLUMNS", "1000")
    assert run("timeline", archive, "--by", "year").stdout.splitlines()[:2] == [
        "2024  12,345  " + "█" * 60,
        "2025       1  █",
    ]


# What the command line repeats of the library, so as not to import it for --help.


def choices(command: str, name: str) -> Any:
    [option] = [one for one in main.commands[command].params if one.name == name]
    return option


def test_choices_and_defaults_are_those_of_the_library() -> None:
    assert tuple(choices("search", "sort").type.choices) == SORTS
    assert tuple(choices("timeline", "by").type.choices) == PERIODS
    assert choices("add", "memory").default << 20 == MEMORY
    assert choices("add", "timeout").default == inspect.signature(Index.writer).parameters["timeout"].default
    passed = {"limit", "offset", "since", "until", "match", "sort", "filters", "recency", "near"}
    ours = {one.name: one.default for one in main.commands["search"].params if one.name in passed}
    assert set(ours) == passed == set(inspect.signature(Index.search).parameters) - {"self", "query"}
    assert ours["limit"] == inspect.signature(Index.search).parameters["limit"].default


def test_the_articles_are_what_the_tests_take_them_for() -> None:
    assert [article.id for article in ARTICLES] == ["1", "2", "3", "4"]

"""Dates in words on the command line. It has the system's clock, so the words here do not depend on the day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_support import Run


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--since", "12 ianuarie 2025", "--until", "MARTIE 2025"], {"2", "3"}),
        (["--until", "10.01.2025"], {"1"}),
        (["--since", "între ianuarie și februarie 2025", "--until", "intre ianuarie si februarie 2025"], {"1", "2"}),
        (["--until", "ieri"], {"1", "2", "3"}),
        (['data:"iarna 2024-2025"'], {"1", "2"}),
        (["data:[ianuarie TO februarie 2025]", "--near", "12 ian. 2025"], {"1", "2"}),
    ],
)
def test_words_are_dates(run: Run, archive: Path, options: list[str], expected: set[str]) -> None:
    result = run("search", archive, "--json", *options)
    assert result.exit_code == 0, result.stderr
    assert {hit["id"] for hit in json.loads(result.stdout)["hits"]} == expected


def test_timeline_takes_words(run: Run, archive: Path) -> None:
    result = run("timeline", archive, "--json", "--since", "ianuarie 2025", "--until", "ianuarie 2025")
    assert json.loads(result.stdout) == {"2025-01-01": 2}


@pytest.mark.parametrize("option", ["--since", "--until", "--near"])
def test_what_is_not_wholly_a_date_is_told(run: Run, archive: Path, option: str) -> None:
    result = run("search", archive, option, "15 august 2025 cândva")
    assert result.exit_code == 3
    assert "'15 august 2025' is understood as 2025-08-15, 'cândva' is not" in result.stderr

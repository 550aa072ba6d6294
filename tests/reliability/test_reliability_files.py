"""Hostile files: what is no news is refused by name, at a bounded cost, and what is news is read however large.

What `tests/ingest` shows of each format with small limits is shown here with the real ones.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
from collections import deque
from pathlib import Path

import pytest

import newsindex as ni

GOOD = '{"id": "1", "title": "Ploi"}\n'


@pytest.mark.parametrize("change", ["a pipe", "a directory"])
def test_a_file_that_is_none_any_more(tmp_path: Path, change: str) -> None:
    """It was one when it was found; nobody waits for who might write to a pipe."""
    file = tmp_path / "a.jsonl"
    file.write_text(GOOD)
    reader = ni.read_articles(tmp_path)
    file.unlink()
    os.mkfifo(file) if change == "a pipe" else file.mkdir()
    with pytest.raises(ni.ArticleError, match=r"a\.jsonl.*(put the articles there again|directory)"):
        list(reader)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        tmp_path.joinpath(name).write_text(GOOD)
    reader = ni.read_articles(tmp_path, on_error="skip")
    tmp_path.joinpath("a.jsonl").unlink()
    assert [article.id for article in reader] == ["1"]
    assert "a.jsonl" in str(reader.errors[0])


def test_sockets(tmp_path: Path) -> None:
    tmp_path.joinpath("a.jsonl").write_text(GOOD)
    with contextlib.chdir(tmp_path), socket.socket(socket.AF_UNIX) as one:  # whose names must be short
        one.bind("b.jsonl")
        assert [article.id for article in ni.read_articles(tmp_path)] == ["1"]
        with pytest.raises(ni.ArticleError, match=r"b\.jsonl.*socket.*write the articles to a file"):
            ni.read_articles(tmp_path / "b.jsonl")


@pytest.mark.parametrize("pattern", ["**/*.jsonl", "**", "*/*/*/*.jsonl", "**/**/*.jsonl"])
def test_links_that_go_round_or_out(tmp_path: Path, pattern: str, caplog: pytest.LogCaptureFixture) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.joinpath("a", "b").mkdir(parents=True)
    outside.mkdir()
    inside.joinpath("a", "b", "1.jsonl").write_text(GOOD)
    outside.joinpath("2.jsonl").write_text(GOOD.replace("1", "2"))
    for number in range(3):
        inside.joinpath("a", f"up{number}").symlink_to(inside)
        inside.joinpath("a", "b", f"round{number}").symlink_to(inside / "a")
    inside.joinpath("a", "b", "away").symlink_to(outside)
    inside.joinpath("a", "b", "2.jsonl").symlink_to(outside / "2.jsonl")
    with contextlib.suppress(ni.ArticleError):  # a pattern may match nothing
        assert [article.id for article in ni.read_articles(inside / pattern)] in ([], ["1"])
    assert [article.id for article in ni.read_articles(inside)] == ["1"]
    assert "symbolic links not followed" in caplog.text


def test_deep_json(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    lines = tmp_path / "a.jsonl"
    lines.write_text(f'{{"id": "0", "extra": {deep}}}\n{GOOD}')
    reader = ni.read_articles(lines, on_error="skip")
    assert [article.id for article in reader] == ["1"]
    assert reader.skipped == 1
    document = tmp_path / "b.json"
    document.write_text(deep)
    with pytest.raises(ni.ArticleError, match=r"b\.json"):
        list(ni.read_articles(document))


@pytest.mark.parametrize("number", ["1" * 100_000, "1e400", "-1e-400", "NaN", "-Infinity"])
def test_numbers_that_are_out_of_reach(tmp_path: Path, number: str) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text(f'{{"id": "0", "title": "a", "views": {number}}}\n{GOOD}')
    reader = ni.read_articles(lines, on_error="skip")
    assert [article.id for article in reader if article.id != "0"] == ["1"]
    assert reader.skipped + reader.read == 2


def test_cells_of_ten_megabytes(tmp_path: Path) -> None:
    body = "Ploi în Banat, „din nou”.\n" * 400_000
    table = tmp_path / "a.csv"
    table.write_text(f'id,title,text\n1,"{"t" * 10_000_000}","{body}"\n2,b,c\n', encoding="utf-8")
    big, small = ni.read_articles(table)
    assert (len(big.title), big.body) == (10_000_000, body)
    assert (small.id, small.body) == ("2", "c")


def test_a_bomb(tmp_path: Path, long: bool) -> None:
    """Of lines that are articles, so that only the ratio tells: a gigabyte of them at full count."""
    if not long:
        pytest.skip("unpacks 256 MB before it may call it a bomb")
    bomb = tmp_path / "a.jsonl.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        line = json.dumps({"id": "1", "body": "a" * 1_000_000}).encode() + b"\n"
        for _ in range(1_000):
            file.write(line)
    reader = ni.read_articles(bomb)
    with pytest.raises(ni.ArticleError, match=r"a\.jsonl\.gz.*unpack to more than 500 times as many"):
        deque(reader, maxlen=0)
    assert 0 < reader.read < 600


def test_a_line_without_end(tmp_path: Path, long: bool) -> None:
    if not long:
        pytest.skip("writes a file of 1 GB")
    lines = tmp_path / "a.jsonl"
    with lines.open("wb") as file:
        for _ in range(1_000):
            file.write(b"a" * 1_000_000)
        file.write(b"\n" + GOOD.encode())
    reader = ni.read_articles(lines, on_error="skip")
    assert [article.id for article in reader] == ["1"]
    assert "more than 268,435,456; split the article" in str(reader.errors[0])

"""`newsindex add`: what goes in, what is skipped, what is said about it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import attrs
import pytest
from cli_support import ARTICLES, Run

import newsindex
from newsindex import Article, ArticleError
from newsindex.store.lock import WriterLock
from newsindex.writer import Writer

BAD = '{"title": "fără zi", "date": "mâine"}\nnu e JSON\n{"title": "Bun", "text": "Un tren.", "id": "bun"}\n'


def write(path: Path, *articles: Article) -> Path:
    lines = [json.dumps({"id": one.id, "title": one.title, "text": one.body}) for one in articles]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_makes_the_index_and_adds_files_directories_and_patterns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    one = write(tmp_path / "one.jsonl", ARTICLES[0])
    write(tmp_path / "folder" / "two.jsonl", ARTICLES[1])
    write(tmp_path / "x3.jsonl", ARTICLES[2])
    result = run("add", tmp_path / "ix", one, tmp_path / "folder", tmp_path / "x*.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("3 articles added or replaced")
    assert {article.id for article in newsindex.open(tmp_path / "ix")} == {"1", "2", "3"}
    assert newsindex.open(tmp_path / "ix").stats().generation == 1  # one commit


def test_adds_to_what_is_there_and_replaces(run: Run, archive: Path, tmp_path: Path) -> None:
    newer = attrs.evolve(ARTICLES[0], title="Viscol")
    file = write(tmp_path / "a.jsonl", newer, attrs.evolve(newer, id="5"))
    report = json.loads(run("add", archive, file, "--json", "--no-progress").stdout)
    assert report.pop("seconds") >= 0
    size = file.stat().st_size
    assert report == {"added": 2, "articles": 5, "skipped": 0, "reasons": {}, "errors": [], "bytes": size}
    assert newsindex.open(archive).get("1").title == "Viscol"


def test_a_bad_record_leaves_the_index_as_it_was(run: Run, archive: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "a.jsonl", attrs.evolve(ARTICLES[0], id="5"))
    bad = tmp_path / "bad.jsonl"
    bad.write_text(BAD, encoding="utf-8")
    result = run("add", archive, good, bad)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"error: {bad}, line 1: ")
    assert result.stderr.count("\n") == 1
    assert len(newsindex.open(archive)) == 4


def test_skipping_says_how_many_and_why(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad, more = tmp_path / "bad.jsonl", tmp_path / "more.jsonl"
    bad.write_text(BAD, encoding="utf-8")
    more.write_text("nici asta\n" * 20, encoding="utf-8")
    result = run("add", tmp_path / "ix", bad, more, "--on-error", "skip")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 article added")
    first, *rest = result.stderr.splitlines()
    assert first == "warning: 22 records skipped (21 x not JSON, 1 x field 'date'):"
    assert rest[0].startswith(f"  {bad}, line 1: ")
    assert len(rest) == 11
    assert rest[-1] == "  and 12 more"
    assert logging.getLogger("newsindex").handlers == []

    report = json.loads(run("add", tmp_path / "ix", bad, "--on-error", "skip", "--json").stdout)
    assert (report["skipped"], report["reasons"]) == (2, {"field 'date'": 1, "not JSON": 1})
    assert len(report["errors"]) == 2


def test_articles_that_the_index_refuses_are_skipped_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.jsonl", *ARTICLES)
    original = Writer.add

    def picky(self: Writer, article: Article) -> None:
        if article.id in "13":
            raise ArticleError(f"article {article.id!r}: too odd", article=article.id)
        original(self, article)

    monkeypatch.setattr(Writer, "add", picky)
    assert run("add", tmp_path / "ix", file).exit_code == 3
    assert len(newsindex.open(tmp_path / "ix")) == 0
    result = run("add", tmp_path / "ix", file, "--on-error", "skip")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "warning: 2 records skipped (2 x not indexable):",
        "  article '1': too odd",
        "  article '3': too odd",
    ]
    assert {article.id for article in newsindex.open(tmp_path / "ix")} == {"2", "4"}


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_missing_file_leaves_no_index_behind(run: Run, tmp_path: Path, on_error: str) -> None:
    good = write(tmp_path / "a.jsonl", ARTICLES[0])
    result = run("add", tmp_path / "ix", good, tmp_path / "none.jsonl", "--on-error", on_error)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"error: {tmp_path / 'none.jsonl'}: no such file")
    assert not (tmp_path / "ix").exists()


def test_links_not_followed_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.jsonl").symlink_to(write(tmp_path / "a.jsonl", ARTICLES[0]))
    write(tmp_path / "in" / "b.jsonl", ARTICLES[1])
    result = run("add", tmp_path / "ix", tmp_path / "in")
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {tmp_path / 'in'}: 1 symbolic links not followed")


def test_a_second_writer_waits_no_longer_than_it_is_told(run: Run, archive: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", ARTICLES[0])
    with WriterLock(archive):
        result = run("add", archive, file, "--timeout", "0")
    assert result.exit_code == 3
    assert "another writer holds the index" in result.stderr
    assert f"process {os.getpid()}" in result.stderr
    assert run("add", archive, file, "--timeout", "0").exit_code == 0


def test_a_small_memory_budget_gives_the_same_index(run: Run, tmp_path: Path) -> None:
    many = [attrs.evolve(ARTICLES[0], id=str(number), body="cuvânt " * 2000) for number in range(200)]
    file = write(tmp_path / "a.jsonl", *many)
    assert run("add", tmp_path / "ix", file, "--memory", "1").exit_code == 0
    index = newsindex.open(tmp_path / "ix")
    assert index.count("cuvant") == 200
    stats = index.stats()
    assert (stats.segments, stats.generation) != (1, 1)  # so the budget arrived: with more it is one of one


def test_a_directory_that_is_a_file(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", ARTICLES[0])
    result = run("add", file, file)
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1

"""What the progress bar says, and that it passes articles on unchanged."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from cli_support import ARTICLES
from rich.console import Console

import newsindex
from newsindex import Article, progress
from newsindex.ingest import read_articles
from newsindex.progress import Measured, Meter, track


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is drawn; tests on a real terminal are in test_cli_process."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None, _environ={"TERM": "xterm"})
    monkeypatch.setattr(progress, "_console", lambda: console)
    monkeypatch.setattr(progress, "INTERVAL", 0)  # draw after each article
    return screen


@attrs.define
class Files:
    """A source of known size."""

    bytes_total: int
    bytes_read: int = 0

    def __iter__(self) -> Iterator[Article]:
        for article in ARTICLES:
            self.bytes_read += 1_000_000
            yield article


def test_without_a_terminal_articles_pass_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(track(ARTICLES)) == list(ARTICLES)
    with progress.saying("Writing"):
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [list, iter, Files, "generator"])
def test_articles_pass_unchanged(terminal: io.StringIO, kind: object) -> None:
    sources = {list: list(ARTICLES), iter: iter(ARTICLES), Files: Files(5), "generator": (one for one in ARTICLES)}
    assert list(track(sources[kind])) == list(ARTICLES)  # type: ignore[index]
    assert "4" in terminal.getvalue()


def test_it_is_drawn_while_articles_pass(terminal: io.StringIO) -> None:
    for number, _ in enumerate(track(Files(8_000_000))):
        # The one at hand counts when its turn is over.
        assert number == 0 or f" {number} articles  {number}.0/8.0 MB " in terminal.getvalue()
    assert " 4 articles  4.0/8.0 MB  " in terminal.getvalue()


def test_a_reader_is_measured(tmp_path: Path, terminal: io.StringIO) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "a"}\n' * 3, encoding="utf-8")
    reader = read_articles(tmp_path)
    assert isinstance(reader, Measured)
    assert Meter.of(reader).total == 45
    assert len(list(track(reader))) == 3
    assert "MB/s" in terminal.getvalue()


@pytest.mark.parametrize(
    ("articles", "done", "facts"),
    [
        (Files(8_000_000, 2_000_000), 500, "500 articles  2.0/8.0 MB  250/s  1.0 MB/s  0:00:06 left"),
        (Files(8_000_000, 9_000_000), 500, "500 articles  9.0/8.0 MB  250/s  4.5 MB/s  0:00:00 left"),
        (Files(8_000_000), 0, "0 articles  0.0/8.0 MB  0/s  0.0 MB/s"),
        (Files(0), 500, "500 articles  0.0/0.0 MB  250/s  0.0 MB/s"),
        (range(14_401), 1, "1/14,401 articles  0/s  8:00:00 left"),
        ((one for one in ARTICLES), 5000, "5,000 articles  2,500/s"),
    ],
)
def test_facts(articles: object, done: int, facts: str) -> None:
    meter = Meter.of(articles)  # type: ignore[arg-type]
    meter.count = done
    assert meter.facts(2.0) == facts


def test_no_time_at_all_is_no_error() -> None:
    assert Meter([], count=0).facts(0.0) == "0 articles  0/s"


def test_an_error_of_the_source_arrives_and_ends_the_bar(terminal: io.StringIO) -> None:
    def source() -> Iterator[Article]:
        yield ARTICLES[0]
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        list(track(source()))
    assert terminal.getvalue().endswith("\n\x1b[?25h")


def test_closing_ends_the_bar(terminal: io.StringIO) -> None:
    with contextlib.closing(track(ARTICLES)) as articles:
        next(articles)
    assert terminal.getvalue().endswith("\n\x1b[?25h")


def test_index_add_shows_it(terminal: io.StringIO, tmp_path: Path) -> None:
    assert newsindex.create(tmp_path).add(ARTICLES, progress=True) == 4
    assert "4/4 articles" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[?25h")


def test_saying_is_erased(terminal: io.StringIO) -> None:
    with contextlib.suppress(LookupError), progress.saying("Writing [b]"):
        assert "Writing [b]" in terminal.getvalue()
        raise LookupError
    assert terminal.getvalue().endswith("\x1b[2K")

"""The command line in a process of its own: exit codes, closed pipes, signals, encodings, terminals."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import ARTICLES, environment, on_terminal

import newsindex
from newsindex import Article

MODULE = (sys.executable, "-m", "newsindex")
SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"
BAR = re.compile(r"━.*? 1 articles .*?MB .*?/s .*?MB/s")


def call(*arguments: object, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*MODULE, *map(str, arguments)], capture_output=True, env=environment(**changes), timeout=60)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


GOOD = '{"title": "Viscol", "text": "A nins."}\n'


def test_from_files_to_hits(tmp_path: Path) -> None:
    added = call("add", tmp_path / "ix", write(tmp_path / "a.jsonl", GOOD))
    assert (added.returncode, added.stderr) == (0, b"")
    hits = call("search", tmp_path / "ix", "zăpadă", "--any", "viscolul", "--json")
    assert json.loads(hits.stdout)["total"] == 1
    assert call("check", tmp_path / "ix").returncode == 0
    missing = call("search", tmp_path, "viscol")
    assert (missing.returncode, missing.stdout) == (3, b"")
    assert missing.stderr.startswith(b"error: ")
    assert missing.stderr.count(b"\n") == 1


@pytest.mark.parametrize("command", [["search", "--json"], ["search"], ["timeline"], ["check"]])
def test_a_closed_pipe_is_quiet(archive: Path, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*MODULE, *command, str(archive)], stdout=writer, stderr=subprocess.PIPE, env=environment(), timeout=60
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, b"")


def test_a_real_interrupt_leaves_the_index_as_it_was(archive: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD)
    script = """if True:
        import signal, sys
        from newsindex.cli import main
        from newsindex.writer import Writer
        add = Writer.add
        def interrupted(self, article):
            add(self, article)
            signal.raise_signal(signal.SIGINT)  # to this thread: another might take the signal too late
        Writer.add = interrupted
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which shells take from what is in the background
        main(sys.argv[1:])
    """
    process = subprocess.run(
        [sys.executable, "-c", script, "add", archive, file], capture_output=True, env=environment(), timeout=60
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, b"", b"interrupted\n")
    assert len(newsindex.open(archive)) == len(ARTICLES)
    assert call("add", archive, file, "--timeout", 0).returncode == 0  # the lock is free


@pytest.mark.parametrize("encoding", ["cp1250", "utf-8"])
def test_any_encoding_of_the_terminal(tmp_path: Path, encoding: str) -> None:
    title = "„Țară” ş ș 😀 é"
    newsindex.create(tmp_path / "ix").add([Article("1", title, "Un tren.", "2025-01-01")])
    text = call("search", tmp_path / "ix", "tara", PYTHONIOENCODING=encoding)
    assert (text.returncode, text.stderr) == (0, b"")
    assert title.encode(encoding, "replace") in text.stdout
    answer = call("search", tmp_path / "ix", "tara", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(answer.stdout.decode(encoding))["hits"][0]["title"] == title
    bars = call("timeline", tmp_path / "ix", PYTHONIOENCODING=encoding)
    assert bars.stdout.decode(encoding).startswith("2025-01  1  " + ("█" if encoding == "utf-8" else "#"))


def test_arguments_that_are_no_utf8(archive: Path) -> None:
    process = subprocess.run(
        [*MODULE, "search", os.fsencode(archive), b"camp\xff:viscol"],
        capture_output=True,
        env=environment(),
        timeout=60,
    )
    assert process.returncode == 3
    assert process.stderr.startswith(b"error: ")
    assert b"Traceback" not in process.stderr


def test_help_is_quick() -> None:
    # What takes long to import is not imported: neither numpy nor Whoosh, nor Rich.
    script = """if True:
        import sys
        from newsindex.cli import main
        try:
            main(["search", "--help"])
        finally:
            heavy = {"numpy", "whoosh", "rich", "Stemmer", "zstandard"} & set(sys.modules)
            assert not heavy, heavy
    """
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment(), timeout=60)
    assert (process.returncode, process.stderr) == (0, b"")


# On a terminal.


def test_hits_are_coloured_on_a_terminal(archive: Path) -> None:
    session = on_terminal("-m", "newsindex", "search", archive, "noapte", "--sort", "newest")
    assert session.code == 0
    assert "\x1b[1mTrenul de noapte\x1b[0m" in session.screen  # the title in bold
    assert "\x1b[1;31mnoaptea\x1b[0m" in session.screen  # the word found
    assert "**" not in session.screen
    plain = on_terminal("-m", "newsindex", "search", archive, "noapte", NO_COLOR="1")
    assert "\x1b" not in plain.screen
    assert "**noaptea**" in plain.screen
    assert "\x1b" not in on_terminal("-m", "newsindex", "search", archive, "noapte", "--json").screen


def test_a_bar_while_adding(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD)
    session = on_terminal("-m", "newsindex", "add", tmp_path / "ix", file, both=False, columns=120)
    assert session.code == 0
    assert BAR.search(session.screen)
    assert session.screen.rfind(SHOW) > session.screen.rfind(HIDE) >= 0
    assert session.stdout.startswith("1 article added")  # and nothing else
    assert "\x1b" not in session.stdout

    none = on_terminal("-m", "newsindex", "add", tmp_path / "ix", file, "--no-progress", both=False)
    assert none.screen == ""


def test_a_bar_that_ends_in_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD + "nu e JSON\n")
    session = on_terminal("-m", "newsindex", "add", tmp_path / "ix", file, both=False, columns=120)
    assert session.code == 3
    assert session.screen.rfind(SHOW) > session.screen.rfind(HIDE) >= 0
    *_, before, last = session.screen.rstrip("\r\n").split("\n")
    assert last.startswith(f"error: {file}"[:20]) or SHOW + "error: " in last
    assert BAR.search(before)  # what was done stays to be seen, on a line of its own


def test_a_bar_that_is_dropped_leaves_the_cursor(tmp_path: Path) -> None:
    # As a loop does that fails while an interactive session keeps its traceback, and so the generator.
    script = """if True:
        import os, sys
        from newsindex import Article
        from newsindex.progress import track
        articles = track([Article(title="a"), Article(title="b")])
        next(articles), next(articles)
        print("done", flush=True)
        os._exit(0)
    """
    session = on_terminal("-c", script, both=False, columns=120)
    assert session.stdout == "done\n"
    assert "1/2 articles" in session.screen
    assert session.screen.rfind(SHOW) > session.screen.rfind(HIDE) >= 0


def test_a_dumb_terminal_gets_no_escapes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", GOOD)
    session = on_terminal("-m", "newsindex", "add", tmp_path / "ix", file, both=False, TERM="dumb")
    assert session.code == 0
    assert "\x1b" not in session.screen

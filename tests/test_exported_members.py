"""The package's front door: its names, what it costs to open, and how a caller's type checker sees it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import newsindex as ni

NAMES = [
    "Article",
    "ArticleError",
    "CorruptIndexError",
    "Explanation",
    "Hit",
    "Index",
    "IndexExistsError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexVersionError",
    "NewsIndexError",
    "QueryError",
    "Report",
    "Rescue",
    "Results",
    "RomanianAnalyzer",
    "Stats",
    "StorageError",
    "Writer",
    "between",
    "create",
    "field",
    "open",
    "phrase",
    "read_articles",
    "rescue",
    "search",
    "words",
]


def test_names() -> None:
    assert ni.__all__ == NAMES == sorted(NAMES) == dir(ni)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_resolves_to_something_documented(name: str) -> None:
    found = getattr(ni, name)
    assert found.__doc__
    assert found.__name__ == name
    assert found.__module__.startswith("newsindex.")


def test_no_other_name_resolves() -> None:
    with pytest.raises(AttributeError, match="'newsindex' has no attribute 'opne'"):
        ni.opne  # noqa: B018 -- asking is the test


def test_all_errors_have_one_root() -> None:
    errors = [getattr(ni, name) for name in NAMES if name.endswith("Error")]
    assert len(errors) == 9
    assert all(issubclass(error, ni.NewsIndexError) for error in errors)


HEAVY = {"Stemmer", "click", "numpy", "rich", "whoosh", "zstandard"}
CHILD = "import sys, newsindex; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def test_importing_loads_nothing_heavy(child_environment: dict[str, str]) -> None:
    def loaded(code: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", code], env=child_environment, check=True, capture_output=True, text=True, timeout=60
        )
        return set(done.stdout.split())

    assert not loaded(CHILD) & HEAVY
    # And the names would be seen, were they there.
    assert {"numpy", "whoosh"} <= loaded(CHILD.replace("newsindex;", "newsindex, numpy, whoosh;"))


def test_the_front_door_is_small(repository: Path) -> None:
    source = (repository / "newsindex" / "__init__.py").read_text()
    documented = range(1, (ast.parse(source).body[0].end_lineno or 0) + 1)
    code = [
        line
        for number, line in enumerate(source.splitlines(), 1)
        if number not in documented and line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(code) < 80


def run_tool(repository: Path, *command: str) -> None:
    module = command[0]
    pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=repository, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where mypy remembers what it has seen."""
    return f"--cache-dir={tmp_path_factory.mktemp('mypy')}"


def test_the_library_and_its_callers_type_check(repository: Path, cache: str) -> None:
    run_tool(repository, "mypy", cache)


def test_a_caller_who_errs_is_told(repository: Path, tmp_path: Path, cache: str) -> None:
    pytest.importorskip("mypy")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import newsindex as ni\nni.open('archive').search('pod').total + 'x'\nni.Article(titel='x')\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", cache, str(wrong)],
        cwd=repository, check=False, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert "[operator]" in done.stdout
    assert "[call-arg]" in done.stdout


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_is_content(repository: Path, command: tuple[str, ...]) -> None:
    # Not the pages: their examples are laid out for the eye.
    run_tool(repository, "ruff", *command, "--no-cache", "--config", 'extend-exclude=["*.md"]', ".")

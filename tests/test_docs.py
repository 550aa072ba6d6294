"""What the documentation shows works: the examples of every docstring, and the README's Python from top to bottom."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shutil
from pathlib import Path

import pytest

import newsindex

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(newsindex.__path__, "newsindex.")
    if not module.name.endswith("__main__")
)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("name", ["newsindex", *MODULES])
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert failed == 0
    assert os.listdir(tmp_path) == []


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) > 40
    for public in ("newsindex.index.Index", "newsindex.article.Article", "newsindex.query.builders.phrase"):
        assert public in {test.name for test in found}


def test_every_module_says_what_it_is_for() -> None:
    for name in MODULES:
        module = importlib.import_module(name)
        assert len((module.__doc__ or "").split()) > 5, name


def test_the_readme_runs_from_top_to_bottom(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    blocks = list(_BLOCK.finditer(text))
    assert blocks
    shutil.copytree(repository / "seeds", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        # Empty lines before it, so that a traceback has the line of the README.
        source = "\n" * text[: block.start(1)].count("\n") + block[1]
        exec(compile(source, "README.md", "exec"), namespace)  # noqa: S102 -- our own README
    capsys.readouterr()


@pytest.mark.parametrize("page", ["README.md", "newsindex/ARCHITECTURE.md"])
def test_links_lead_somewhere(repository: Path, page: str) -> None:
    place = repository / page
    links = _LINK.findall(place.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (place.parent / link).exists()] == []

"""An index of a few small articles, and the command line in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import ARTICLES, Run
from click.testing import CliRunner, Result

import newsindex
from newsindex.cli import main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process; the result has exit_code, stdout and stderr."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: object, **options: object) -> Result:
        result = CliRunner().invoke(main, [str(one) for one in arguments], **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The directory of an index of `ARTICLES`."""
    place = tmp_path / "archive"
    newsindex.create(place).add(ARTICLES)
    return place

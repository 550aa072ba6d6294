"""What tests of several directories share: the option --long, Hypothesis without a clock, file systems that refuse."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from newsindex.store.directory import Directory, storage_errors

REPOSITORY = Path(__file__).resolve().parents[1]

# A machine under load is slow, and no test fails for that.
settings.register_profile("newsindex", deadline=None)
settings.load_profile("newsindex")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests of reliability at their full counts: hours")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether tests of reliability shall run at their full counts."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def child_environment() -> dict[str, str]:
    """The environment for a Python process that shall import what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}


class FailingFile:
    """A file of a `FailingDirectory`; its calls count too."""

    def __init__(self, inner: Any, count: Callable[[str, Path], None], path: Path) -> None:
        self.inner, self.count, self.path = inner, count, path

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        if name == "tell":  # asks nothing of the system
            return method

        def call(*arguments: object) -> object:
            self.count(f"file.{name}", self.path)
            return method(*arguments)

        return call

    def __enter__(self) -> FailingFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.inner.close()


class FailingDirectory:
    """Passes calls on to `inner`, but refuses `lasts` of them (None: all) from call number `fails` (None: never) on."""

    def __init__(self, inner: Directory, fails: int | None = None, lasts: int | None = None) -> None:
        self.inner, self.fails, self.lasts = inner, fails, lasts
        self.calls: list[str] = []

    @property
    def path(self) -> Path:
        return self.inner.path

    @property
    def failed(self) -> bool:
        """Whether a call was refused."""
        return self.fails is not None and len(self.calls) > self.fails

    def fail_after(self, calls: int) -> None:
        """Let so many calls pass from now on."""
        self.fails = len(self.calls) + calls

    def count(self, name: str, path: Path) -> None:
        number = len(self.calls)
        self.calls.append(name)
        if self.fails is not None and 0 <= number - self.fails < (self.lasts or number + 1):
            with storage_errors(path, name):
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*arguments: object, **options: object) -> object:
            self.count(name, self.path)
            result = method(*arguments, **options)
            return FailingFile(result, self.count, self.path) if name == "create" else result

        return call


@pytest.fixture
def failing() -> type[FailingDirectory]:
    return FailingDirectory


@pytest.fixture
def read_only() -> Iterator[tuple[Path, Callable[[], contextlib.AbstractContextManager[None]]]]:
    """A directory and a context in which this process may not write to it, root or not."""

    @contextlib.contextmanager
    def unprivileged() -> Iterator[None]:
        place.chmod(0o555)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
        except OSError as error:
            pytest.skip(f"cannot become an unprivileged user here: {error}")
        try:
            yield
        finally:
            if root:
                os.seteuid(0)
            place.chmod(0o755)

    # Not under tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        yield place, unprivileged

"""Directories to run the same tests in, and one that fails on purpose."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from newsindex.store.directory import Directory, DiskDirectory, MemoryDirectory, storage_errors


@pytest.fixture(params=["disk", "memory"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    return DiskDirectory(tmp_path) if request.param == "disk" else MemoryDirectory()


class FailingFile:
    def __init__(self, inner: Any, count: Callable[[str, Path], None], path: Path) -> None:
        self.inner, self.count, self.path = inner, count, path

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*arguments: object) -> object:
            self.count(f"file.{name}", self.path)
            return method(*arguments)

        return call

    def __enter__(self) -> FailingFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.inner.close()


class FailingDirectory:
    """Passes calls on to `inner` until the one with the number `fails`, and refuses from there on."""

    def __init__(self, inner: Directory, fails: int) -> None:
        self.inner, self.fails, self.calls = inner, fails, []  # type: ignore[var-annotated]

    @property
    def path(self) -> Path:
        return self.inner.path

    def count(self, name: str, path: Path) -> None:
        self.calls.append(name)
        if len(self.calls) > self.fails:
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

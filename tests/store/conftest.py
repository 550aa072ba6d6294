"""Directories to run the same tests in."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsindex.store.directory import Directory, DiskDirectory, MemoryDirectory


@pytest.fixture(params=["disk", "memory"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    return DiskDirectory(tmp_path) if request.param == "disk" else MemoryDirectory()

"""What tests of faults in the midst of work share: an index to change, and merges that take few articles to begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from reliability_support import articles

import newsindex as ni


@pytest.fixture
def early_merges() -> Iterator[None]:
    """So that few segments are merged."""
    with mock.patch("newsindex.merging.FANOUT", 3):
        yield


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments: `reliability_change.OLD`."""
    ix = ni.create(tmp_path_factory.mktemp("prepared"))
    ix.add(articles(range(3)))
    ix.add(articles(range(3, 6)))
    return ix.path

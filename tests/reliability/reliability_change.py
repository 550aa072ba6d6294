"""One change of a small index, and what it holds before and after: for tests in which something gets in the way."""

from __future__ import annotations

import os
from typing import Final

from reliability_support import articles

import newsindex as ni

Content = dict[str, ni.Article]
OLD: Final = {one.id: one for one in articles(range(6))}
FRESH: Final = articles((2, 7, 8), version=1)
NEW: Final = {id_: one for id_, one in OLD.items() if id_ != "a0"} | {one.id: one for one in FRESH}


def alter(w: ni.Writer) -> None:
    """Do all of the change but the commit."""
    w.delete("a0")
    for one in FRESH:
        w.add(one)


def change(ix: ni.Index, memory: int = 1 << 20) -> None:
    """Make NEW of OLD."""
    with ix.writer(timeout=5, memory=memory) as w:
        alter(w)


def content(ix: ni.Index) -> Content:
    """All articles, which every way to look for them finds."""
    found = {one.id: one for one in ix}
    assert {hit.id for hit in ix.search("numărul", limit=None)} == found.keys()
    assert len(ix) == len(found)
    assert all(ix.get(name) == one for name, one in found.items())
    return found


def left(ix: ni.Index) -> set[str]:
    """What a writer could have left."""
    return {name for name in os.listdir(ix.path) if not name.startswith(("manifest.json", "write.lock"))}

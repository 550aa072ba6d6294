"""A writer that is interrupted at any line, as by Ctrl-C, says what to do, and nothing is lost.

Python raises KeyboardInterrupt between any two steps of the main thread. Here a tracing function raises it at the first
line of newsindex that runs, in others at later ones: in a long run every few lines, until all of the work is done.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import pytest
from reliability_change import NEW, OLD, alter, change, content, left
from reliability_support import article

import newsindex as ni

PACKAGE = str(Path(ni.__file__).parent)

pytestmark = pytest.mark.usefixtures("early_merges")

# One that comes while Python forgets an object, a lock or a thread of its own, is ignored by it with a message.
IGNORED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@cache
def heads_of_blocks(path: str) -> frozenset[int]:
    """The lines of a file that begin a `with` block."""
    blocks = (node for node in ast.walk(ast.parse(Path(path).read_text())) if isinstance(node, ast.With))
    return frozenset(line for node in blocks for line in range(node.lineno, node.body[0].lineno))


class Interruption:
    """Raises KeyboardInterrupt at line number `at` of newsindex that runs in the block; `done` says whether it did."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.done = False

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        # Within the lines of `work` no signal is handled, which its comment says and which they rely on.
        if not code.co_filename.startswith(PACKAGE) or (code.co_name == "work" and "writer" in code.co_filename):
            return None
        heads, before = heads_of_blocks(code.co_filename), 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal before
            if event == "line":
                line, before = before, frame.f_lineno
                # Nor is any between the last line of a block and its end, which is a line to a tracing function.
                if before in heads and line > before:
                    return trace
                self.left -= 1
                if self.left < 0:
                    self.done = True
                    raise KeyboardInterrupt
            return trace

        return trace

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Trace the block."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            yield
        except KeyboardInterrupt:
            assert self.done
        finally:
            sys.settrace(before)


def trials(prepared: Path, place: Path, step: int) -> Iterator[tuple[Interruption, ni.Index]]:
    """Copies of an index, and interruptions ever later, until one comes too late."""
    for at in range(0, 1_000_000, step):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(prepared, place)
        interruption = Interruption(at)
        yield interruption, ni.open(place)
        if not interruption.done:
            print(f"{at // step} interruptions, 0 lost, 0 wrong, 0 hung")
            assert at // step > 3
            return


def begin_anew(w: ni.Writer) -> None:
    w.rollback()
    alter(w)
    w.commit()


def go_on(w: ni.Writer) -> None:
    """What most callers would do that catch the interrupt and know no better."""
    with pytest.raises(ni.NewsIndexError, match="interrupted in the midst of its work; call rollback"):
        w.commit()
    with pytest.raises(ni.NewsIndexError, match="interrupted"):
        w.add(article(9))
    begin_anew(w)


def commit(w: ni.Writer) -> None:
    alter(w)
    w.commit()


def merge(w: ni.Writer) -> None:
    alter(w)
    w.optimize()


def give_up(w: ni.Writer) -> None:
    alter(w)
    w.rollback()


@pytest.mark.parametrize(
    ("operation", "memory", "step"),
    [(commit, 1 << 20, 211), (commit, 1, 997), (merge, 1 << 20, 499), (give_up, 1, 1499)],
)
def test_a_writer_that_was_interrupted(
    prepared: Path, tmp_path: Path, long: bool, operation: Callable[[ni.Writer], None], memory: int, step: int
) -> None:
    for interruption, ix in trials(prepared, tmp_path / "index", step // 100 if long else step):
        with ix.writer(timeout=0, memory=memory) as w:
            with interruption():
                operation(w)
            assert content(ni.open(ix.path)) in (OLD, NEW)
            (go_on if interruption.done else begin_anew)(w)
            assert content(ix) == NEW
        assert left(ix) == ix.snapshot().manifest.files
        assert ix.check().ok


@IGNORED
@pytest.mark.parametrize(("memory", "step"), [(1, 1499), (1 << 20, 499)])
def test_a_block_that_was_interrupted(prepared: Path, tmp_path: Path, long: bool, memory: int, step: int) -> None:
    """Also while it opens the writer, and while it leaves it."""
    for interruption, ix in trials(prepared, tmp_path / "index", step // 100 if long else step):
        with interruption():
            change(ix, memory)
        assert content(ix) in (OLD, NEW)
        change(ix)
        assert content(ix) == NEW
        assert left(ix) == ix.snapshot().manifest.files
        assert ix.check().ok


def test_a_search_that_was_interrupted(prepared: Path, tmp_path: Path, long: bool) -> None:
    for interruption, ix in trials(prepared, tmp_path / "index", 1 if long else 97):
        with interruption():
            content(ix)
        assert content(ix) == OLD
        assert ix.check().ok


def test_a_writer_that_was_interrupted_is_not_at_work(
    prepared: Path, tmp_path: Path, interrupt_in: Callable[[float], None], long: bool
) -> None:
    """By signals, which come where Python handles some, also in the lines that no tracing function interrupts."""
    shutil.copytree(prepared, tmp_path / "index")
    interrupts = torn = 0
    with ni.open(tmp_path / "index").writer() as w:
        while interrupts < (20_000 if long else 500):
            try:
                interrupt_in(50e-6)
                while True:
                    w.delete("nothing")
            except KeyboardInterrupt:
                interrupts += 1
            try:
                w.delete("nothing")
            except ni.NewsIndexError:
                w.rollback()
                torn += 1
    assert interrupts > torn > 0
    print(f"{interrupts} interrupts, 0 hung")


@IGNORED
def test_a_block_that_signals_interrupted(
    prepared: Path, tmp_path: Path, interrupt_in: Callable[[float], None], long: bool
) -> None:
    place, draw = tmp_path / "index", random.Random(os.environ.get("NEWSINDEX_SEED", "2025"))
    interrupts = 0
    for _ in range(3000 if long else 30):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(prepared, place)
        ix = ni.open(place)
        try:
            interrupt_in(draw.uniform(1e-5, 0.06))
            change(ix, draw.choice((1, 1 << 20)))
            interrupt_in(0)
        except KeyboardInterrupt:
            interrupts += 1
        except RuntimeError as error:
            # So one ends that comes while a thread begins.
            if not isinstance(error.__context__, KeyboardInterrupt):
                raise
            interrupts += 1
        assert content(ix) in (OLD, NEW)
        change(ix)
        assert content(ix) == NEW
        assert left(ix) == ix.snapshot().manifest.files
    assert interrupts
    print(f"{interrupts} interruptions, 0 lost, 0 wrong, 0 hung")


def test_an_article_that_there_was_no_memory_for(prepared: Path) -> None:
    """Before it was buffered the writer goes on; amidst that it may not."""
    ix = ni.open(prepared)
    with ix.writer(timeout=0) as w:
        with mock.patch("newsindex.records.mmap.mmap", side_effect=OSError(12, "none")), pytest.raises(MemoryError):
            w.add(article(9))
        w.add(article(9))
        with mock.patch("newsindex.inverted.build.moment_of", side_effect=MemoryError), pytest.raises(MemoryError):
            w.add(article(10))
        with pytest.raises(ni.NewsIndexError, match="call rollback"):
            w.add(article(10))
        w.rollback()
        assert content(ix) == OLD

"""What is done to an index by the processes that `test_reliability_kills` kills: steps, each told on a pipe.

Which articles are in the index after so many steps is known without it (`state`), so what a killed process left can be
compared with what it had acknowledged.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Final
from unittest import mock

from reliability_support import article

import newsindex as ni

THEMES: Final = ("first commit", "add", "delete", "merge")
STEPS: Final = {"first commit": 2, "add": 12, "delete": 12, "merge": 12}  # that a process takes before it ends
BEFORE: Final = 36  # articles that are there before the first step, but for the first commit
MEMORY: Final = (
    400_000  # bytes: while a merge runs, room for three articles, so that segments are written amidst a step
)

FORKSERVER: Final = multiprocessing.get_context("forkserver")  # processes that begin at once, from a clean one
FORKSERVER.set_forkserver_preload(["newsindex.index", "newsindex.writer", "newsindex.store.lock"])

State = dict[int, int]  # the version of each article, by its number


def step(theme: str, number: int) -> tuple[State, list[int]]:
    """What a step adds or replaces, and what it deletes."""
    if theme == "first commit":
        return (dict.fromkeys(range(12), 0) if number else {}), []
    fresh = {1000 + 5 * number + k: 0 for k in range(5)} | {number: number + 1}
    gone = [12 + 2 * number, 13 + 2 * number]
    return ({} if theme == "delete" else fresh), ([] if theme == "add" else gone)


def state(theme: str, steps: int) -> State | None:
    """The articles after so many steps; None where there is no index."""
    if theme == "first commit" and steps == 0:
        return None
    articles = {} if theme == "first commit" else dict.fromkeys(range(BEFORE), 0)
    for number in range(steps):
        added, deleted = step(theme, number)
        articles |= added
        for gone in deleted:
            del articles[gone]
    return articles


def work(place: str, theme: str, pipe: Connection) -> None:
    """Take all steps of a theme, and tell of each: `begin` it, `commit` it, `done`, which acknowledges it.

    And, where there are merges, `optimize`, which changes nothing that can be found.
    """
    with mock.patch("newsindex.merging.FANOUT", 2 if theme == "merge" else 100):
        if theme == "first commit":
            _tell(pipe, "begin", 0)
            _tell(pipe, "commit", 0)
            index = ni.create(place)
            _tell(pipe, "done", 0)
            _take_steps(index, theme, range(1, 2), pipe)
        else:
            # A writer of several commits, which merges meanwhile, and then the next one.
            for first in range(0, STEPS[theme], 4):
                _take_steps(ni.open(place), theme, range(first, first + 4), pipe)


def _take_steps(index: ni.Index, theme: str, numbers: range, pipe: Connection) -> None:
    with index.writer(timeout=0, memory=MEMORY if theme == "merge" else 1 << 20) as w:
        for number in numbers:
            _tell(pipe, "begin", number)
            added, deleted = step(theme, number)
            for key, version in added.items():
                w.add(article(key, version))
            for key in deleted:
                assert w.delete(f"a{key}")
            _tell(pipe, "commit", number)
            w.commit()
            _tell(pipe, "done", number)
            if theme == "merge" and number % 3 == 2:
                _tell(pipe, "optimize", number)
                w.optimize()


def _tell(pipe: Connection, what: str, number: int) -> None:
    pipe.send_bytes(f"{what} {number}".encode())

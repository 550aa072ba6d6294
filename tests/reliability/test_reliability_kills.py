"""Processes killed at any moment of a first commit, of adding, deleting and merging: nothing acknowledged is lost.

With --long a hundred of each. NEWSINDEX_SEED changes the moments.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import attrs
import pytest
from reliability_child import FORKSERVER, STEPS, THEMES, State, state, work
from reliability_support import article, findings

import newsindex as ni
from newsindex.store.lock import HOLDER_NAME
from newsindex.store.lock import NAME as LOCK_NAME
from newsindex.store.manifest import NAME as MANIFEST_NAME

EXTRA = article(5000)  # what the next writer adds


class Moments:
    """When to kill: a while after a message, mostly before the next one."""

    def __init__(self, theme: str, seed: str) -> None:
        self.random = random.Random(f"{seed} {theme}")
        self.steps = STEPS[theme]
        self.spans = {"begin": [0.01], "commit": [0.01], "done": [0.005]}  # seconds to the next message
        if theme == "merge":
            self.spans["optimize"] = [0.01]

    def draw(self) -> tuple[str, float]:
        """The message to wait for, and how long to wait then."""
        what = self.random.choice(("commit", *self.spans))
        numbers = range(2, self.steps, 3) if what == "optimize" else range(self.steps)
        usual = sorted(self.spans[what])[len(self.spans[what]) // 2]
        return f"{what} {self.random.choice(numbers)}", self.random.uniform(0, 1.2 * usual)


@attrs.frozen
class Death:
    """What is known of a process that was killed: how many steps it had acknowledged, and what it told last."""

    acknowledged: int
    last: str

    @property
    def in_flight(self) -> bool:
        """Whether a step was begun and not acknowledged."""
        return self.last in ("begin", "commit")


def kill_one(place: Path, theme: str, moments: Moments) -> Death | None:
    """Have a process work until it is killed; None where it was done before."""
    ours, its = FORKSERVER.Pipe(duplex=False)
    process = FORKSERVER.Process(target=work, args=(str(place), theme, its))
    process.start()
    its.close()
    message, pause = moments.draw()
    told, heard = ["start"], time.perf_counter()
    while told[-1] != message and (news := hear(ours)):
        now = time.perf_counter()
        moments.spans.setdefault(told[-1].split()[0], []).append(now - heard)
        heard = now
        told.append(news)
    time.sleep(pause)
    process.kill()
    process.join()
    while news := hear(ours):  # what it had told before it died
        told.append(news)
    ours.close()
    assert process.exitcode in (-signal.SIGKILL, 0), "it failed"
    death = Death(sum(news.startswith("done") for news in told), told[-1].split()[0])
    return death if process.exitcode else None


def hear(pipe: Connection) -> str:
    assert pipe.poll(600), "it hangs"
    try:
        return pipe.recv_bytes().decode()
    except EOFError:
        return ""


class Twins:
    """What an index that was never killed finds."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.known: dict[str, dict[str, object]] = {}

    def of(self, articles: list[ni.Article]) -> dict[str, object]:
        key = str(sorted(hash(one) for one in articles))
        if key not in self.known:
            index = ni.create(self.place / f"twin{len(self.known)}")
            index.add(articles)
            self.known[key] = findings(index)
            shutil.rmtree(index.path)
        return self.known[key]


def articles_of(articles: State) -> list[ni.Article]:
    return [article(number, version) for number, version in articles.items()]


def content(place: Path) -> dict[str, ni.Article] | None:
    """The articles of an index; None where there is none."""
    try:
        return {one.id: one for one in ni.open(place)}
    except ni.IndexNotFoundError:
        return None


def surviving(place: Path, theme: str, death: Death) -> int:
    """After how many steps the index is what it is now: those acknowledged, or one in flight more."""
    found = content(place)
    for steps in range(death.acknowledged, death.acknowledged + death.in_flight + 1):
        expected = state(theme, steps)
        if found == (None if expected is None else {one.id: one for one in articles_of(expected)}):
            return steps
    raise AssertionError(f"{death}: there are {None if found is None else sorted(found)}")


def leftovers(place: Path) -> set[str]:
    """The files that are not of the index; those of the lock stay."""
    return set(os.listdir(place)) - {MANIFEST_NAME, LOCK_NAME, *ni.open(place).snapshot().manifest.files}


def inspect(place: Path, articles: list[ni.Article], twins: Twins) -> int:
    """Assert that the index is whole and good for the next writer; returns how many files that one swept."""
    index = ni.open(place)
    if articles:  # else it knows no field `ediția` yet
        assert findings(index) == twins.of(articles)
    assert index.check().ok
    left = leftovers(place) - {HOLDER_NAME}
    with index.writer(timeout=0) as w:
        w.add(EXTRA)
    assert leftovers(place) == set()
    after = ni.open(place)
    assert findings(after) == twins.of([*articles, EXTRA])
    assert after.check().ok
    return len(left)


@pytest.mark.parametrize("theme", THEMES)
def test_a_killed_writer_loses_nothing(theme: str, long: bool, tmp_path: Path) -> None:
    seed = os.environ.get("NEWSINDEX_SEED", "2025")
    moments, twins = Moments(theme, seed), Twins(tmp_path)
    before = tmp_path / "before"
    if theme != "first commit":
        articles = articles_of(state(theme, 0) or {})
        ni.create(before).add(articles[::2])
        ni.open(before).add(articles[1::2])
    counts = Counter[str]()
    while counts["kills"] < (100 if long else 4):
        place = tmp_path / "index"
        if before.exists():
            shutil.copytree(before, place)
        death = kill_one(place, theme, moments)
        if death is not None:
            steps = surviving(place, theme, death)
            if state(theme, steps) is None:
                ni.create(place)
            swept = inspect(place, articles_of(state(theme, steps) or {}), twins)
            counts.update(
                {"kills": 1, f"after {death.last!r}": 1, "in flight": death.in_flight, "left files": swept > 0}
            )
            counts["in flight and whole"] += steps > death.acknowledged
        shutil.rmtree(place, ignore_errors=True)
    print(f"{theme}, seed {seed}: {dict(counts)}, 0 lost, 0 wrong, 0 hung")

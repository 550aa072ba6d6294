"""An archive whose every answer tells its generation, for `test_reliability_isolation`: its articles, and its readers.

All that generation g holds follows from g: which articles there are, what words and dates they have. So whoever reads
knows from one hit which generation it is of, and by that all that must come with it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import date, timedelta
from multiprocessing.synchronize import Event
from typing import Any, Final

import newsindex as ni

ALWAYS: Final = 14  # articles that all generations have, each in a version of its own
PAGE: Final = 5


def size(generation: int) -> int:
    """How many articles it has; its neighbours have others."""
    return ALWAYS + generation * 5 % 9


def articles(generation: int) -> dict[str, ni.Article]:
    """All of them, by id."""
    first = date(2020, 1, 1) + timedelta(days=31 * generation)
    made = [
        ni.Article(
            id=f"a{n}",
            title=f"Generația {generation} articolul {n}",
            body=f"Știre comună. Marcajul x{generation}x încheie știrea {n}.",
            date=first + timedelta(days=n % 3),
            source=f"Sursa {generation}",
            extra={"generation": generation},
        )
        for n in range(size(generation))
    ]
    return {one.id: one for one in made}


def write(w: ni.Writer, generation: int) -> None:
    """Make this generation of any: replace what stays, delete what goes, commit."""
    wanted = articles(generation)
    for one in wanted.values():
        w.add(one)
    for number in range(len(wanted), ALWAYS + 9):
        w.delete(f"a{number}")
    w.commit()


class Reader:
    """Asks in all ways; remembers which generations it saw.

    Raises:
        AssertionError: an answer is not of one generation whole, or of an older one than was answered before.
    """

    def __init__(self, ix: ni.Index, seed: int) -> None:
        self.ix = ix
        self.random = random.Random(seed)
        self.newest = 0
        self.seen: set[int] = set()
        self.asked = 0

    def ask(self) -> None:
        """Ask one thing."""
        ask = self.random.choice((self.whole, self.pages, self.timeline, self.facets, self.get, self.all, self.counts))
        generation = ask()
        assert generation >= self.newest, f"{ask.__name__}: {generation} after {self.newest}"
        self.newest = generation
        self.seen.add(generation)
        self.asked += 1

    def results(self, res: ni.Results, offset: int, limit: int | None) -> int:
        """The one generation of these hits."""
        generation = int(res[0].article.extra["generation"])
        expected = articles(generation)
        assert res.total == len(expected)
        assert len(res) == max(0, min(len(expected) - offset, limit or len(expected)))
        for hit in res:
            one = expected[hit.id]
            assert hit.article == one
            assert (hit.title, hit.source) == (one.title, one.source)
            assert f"x{generation}x" in hit.snippet(chars=300, before="", after="")
        assert len({hit.id for hit in res}) == len(res)
        return generation

    def whole(self) -> int:
        sort = self.random.choice(("relevance", "newest", "oldest"))
        return self.results(self.ix.search("comună", limit=None, sort=sort), 0, None)

    def pages(self) -> int:
        """Page by page: each of one generation, none older than the page before."""
        generation = self.newest
        for offset in range(0, ALWAYS, PAGE):
            res = self.ix.search("știre", limit=PAGE, offset=offset, sort="oldest")
            of_page = self.results(res, offset, PAGE)
            assert of_page >= generation
            generation = of_page
        return generation

    def timeline(self) -> int:
        days = self.ix.timeline("comună", by="day")
        generation = (next(iter(days)) - date(2020, 1, 1)).days // 31
        counts: dict[date, int] = {}
        for one in articles(generation).values():
            assert isinstance(one.date, date)
            counts[one.date] = counts.get(one.date, 0) + 1
        assert days == dict(sorted(counts.items()))
        return generation

    def facets(self) -> int:
        ((source, count),) = self.ix.facets("comună", "source").items()
        generation = int(source.split()[1])
        assert count == size(generation)
        return generation

    def counts(self) -> int:
        """What each generation has as many of says nothing; that a mark is there says that all else is not."""
        generation = self.whole()
        assert self.ix.count(f"x{generation}x") in (0, size(generation))
        return generation

    def get(self) -> int:
        one = self.ix.get(f"a{self.random.randrange(ALWAYS)}")
        assert one is not None
        generation = int(one.extra["generation"])
        assert one == articles(generation)[one.id]
        return generation

    def all(self) -> int:
        """All articles, read slowly: of the generation at the start."""
        found = {}
        for one in self.ix:
            found[one.id] = one
            time.sleep(0)
        generation = int(next(iter(found.values())).extra["generation"])
        assert found == articles(generation)
        return generation


def read(place: str, seed: int, done: Event, results: Any) -> None:
    """Ask until all is written, and then for the last generation: what a process of readers does."""
    try:
        results.put(read_on(Reader(ni.open(place), seed), done))
    except BaseException as error:
        results.put(f"{type(error).__name__}: {error}")
        raise


def read_on(reader: Reader, done: Any) -> tuple[int, set[int]]:
    """How many questions were asked until `done`, and the generations seen."""
    while not done.is_set():
        reader.ask()
        time.sleep(0.004)  # or readers would leave the writer little of the processor
    reader.ask()
    return reader.asked, reader.seen


def union(answers: Sequence[tuple[int, set[int]]]) -> tuple[int, set[int]]:
    """The answers of several readers in one."""
    return sum(asked for asked, _ in answers), set().union(*(seen for _, seen in answers))

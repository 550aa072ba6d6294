"""A progress bar on standard error for whoever indexes articles: `track` them on their way into a writer.

Called by `Index.add(progress=True)` and by the command line. Rich is imported only where there is a terminal or a
notebook to draw on; elsewhere nothing is printed. The bar has no thread and leaves the cursor visible, so that a
program that drops it in the middle, by an exception in its own loop, leaves a line behind and no disturbed terminal.
"""

from __future__ import annotations

import datetime as dt
import operator
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import attrs

from newsindex.article import Article

if TYPE_CHECKING:
    from rich.console import Console

INTERVAL: Final = 0.1  # seconds between two drawings: drawing costs more than indexing an article does


@runtime_checkable
class Measured(Protocol):
    """Articles that come from files of a known size, such as an `ArticleReader`."""

    bytes_read: int
    bytes_total: int


def track(articles: Iterable[Article]) -> Generator[Article, None, None]:
    """Give the articles on, one by one, and draw a bar: how many, rate, and what else is known of them.

    Articles from files (`Measured`) have megabytes and the time left, other iterables that know their length the time
    left, any others neither. Close the generator, or run it to its end, to finish the bar.

    >>> [article.title for article in track([Article(title="Ploi în Banat")])]  # no terminal, no bar
    ['Ploi în Banat']
    """
    console = _console()
    if console is None:
        yield from articles
        return
    from rich.progress import BarColumn, Progress, TextColumn

    meter = Meter.of(articles)
    facts = TextColumn("{task.fields[facts]}", markup=False)
    # Rich would redirect print() and hide the cursor until the bar is closed.
    bar = Progress(
        BarColumn(None),
        facts,
        console=console,
        auto_refresh=False,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    start = due = time.monotonic()
    task = bar.add_task("", total=meter.total, facts="")
    with bar:
        console.show_cursor(True)
        try:
            for article in articles:
                yield article
                meter.count += 1
                now = time.monotonic()
                if now >= due:
                    bar.update(task, completed=meter.done, facts=meter.facts(now - start), refresh=True)
                    due = now + INTERVAL
        finally:
            bar.update(task, completed=meter.done, facts=meter.facts(time.monotonic() - start))


@contextmanager
def saying(message: str) -> Iterator[None]:
    """Show a line on the terminal for as long as something takes that has no measure."""
    console = _console()
    if console is None:
        yield
        return
    from rich.control import Control
    from rich.segment import ControlType

    console.print(message, end="\r", markup=False, highlight=False)
    try:
        yield
    finally:
        console.control(Control((ControlType.ERASE_IN_LINE, 2)))


def _console() -> Console | None:
    """Standard error, if one can draw on it."""
    if (sys.stderr is None or not sys.stderr.isatty()) and "IPython" not in sys.modules:
        return None
    from rich.console import Console

    console = Console(stderr=True)
    return console if console.is_jupyter or console.file.isatty() else None


@attrs.define
class Meter:
    """What a bar says.

    Attributes:
        articles: what is being read.
        length: how many articles there are, 0 where that is unknown.
        count: how many were dealt with.
    """

    articles: Iterable[Article]
    length: int = 0
    count: int = 0

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Meter:
        """The meter of any iterable; its length is asked for once."""
        return cls(articles, operator.length_hint(articles))

    @property
    def total(self) -> int | None:
        """The amount of work: bytes where they are known, else articles, else None."""
        return (self.articles.bytes_total if isinstance(self.articles, Measured) else self.length) or None

    @property
    def done(self) -> int:
        """How much of `total` is done."""
        return self.articles.bytes_read if isinstance(self.articles, Measured) else self.count

    def facts(self, seconds: float) -> str:
        """The state after so many seconds, in words.

        >>> meter = Meter([], length=4000, count=1000)
        >>> meter.facts(2.0)
        '1,000/4,000 articles  500/s  0:00:06 left'
        """
        measured = isinstance(self.articles, Measured)
        known = "" if measured or not self.length else f"/{self.length:,}"
        parts = [f"{self.count:,}{known} articles"]
        rate = max(seconds, 1e-9)  # clocks may stand still between two articles
        if isinstance(self.articles, Measured):
            parts.append(f"{self.done / 1e6:,.1f}/{self.articles.bytes_total / 1e6:,.1f} MB")
        parts.append(f"{self.count / rate:,.0f}/s")
        if measured:
            parts.append(f"{self.done / 1e6 / rate:,.1f} MB/s")
        if self.total and self.done:
            left = seconds * max(self.total - self.done, 0) / self.done
            parts.append(f"{dt.timedelta(seconds=round(left))} left")
        return "  ".join(parts)

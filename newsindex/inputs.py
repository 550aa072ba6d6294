"""`Inputs`: the FILE arguments of `newsindex add` as one stream of articles. Called by `newsindex.cli` alone.

It adds up what the readers of the files know: sizes for the progress bar, and what was skipped for the report at the
end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Literal

from newsindex.article import Article
from newsindex.errors import ArticleError
from newsindex.terminal import amount, note

if TYPE_CHECKING:
    import logging

KEPT_ERRORS: Final = 100  # of which the message is kept
SHOWN_ERRORS: Final = 10  # that a report on a terminal names


class Inputs(Iterator[Article]):
    """The articles at several paths, one path after the other.

    Attributes:
        bytes_total: the size of all files.

    Raises:
        ArticleError: there is nothing to read at one of the paths. Known before the first article is read.
    """

    def __init__(self, paths: Iterable[str], on_error: Literal["raise", "skip"]) -> None:
        from newsindex.ingest import read_articles

        with _logging_to(_notes()):
            self._readers = [read_articles(path, on_error=on_error) for path in paths]
        self._refused: list[str] = []
        self._refusals = 0
        self._articles = self._all()
        self.bytes_total = sum(reader.bytes_total for reader in self._readers)

    def _all(self) -> Generator[Article, None, None]:
        import logging

        # Each reader would log across the progress bar what `report` says of all of them in the end.
        with _logging_to(logging.NullHandler()):
            for reader in self._readers:
                yield from reader

    def __next__(self) -> Article:
        return next(self._articles)

    @property
    def bytes_read(self) -> int:
        """How much of the files was read."""
        return sum(reader.bytes_read for reader in self._readers)

    def refuse(self, error: ArticleError) -> None:
        """Count an article as skipped that could be read but not indexed."""
        self._refusals += 1
        if len(self._refused) < KEPT_ERRORS:
            self._refused.append(str(error))

    @property
    def reasons(self) -> Counter[str]:
        """How many records were skipped for which reason."""
        reasons = Counter({"not indexable": self._refusals} if self._refusals else {})
        for reader in self._readers:
            reasons.update(reader.reasons)
        return reasons

    @property
    def errors(self) -> list[str]:
        """What was wrong with the first of them."""
        messages = (str(error) for reader in self._readers for error in reader.errors)
        return list(islice(chain(messages, self._refused), KEPT_ERRORS))

    def report(self) -> None:
        """Say on standard error how many records were skipped and why, if any were."""
        reasons = self.reasons
        if not reasons:
            return
        why = ", ".join(f"{count:,} x {kind}" for kind, count in reasons.most_common())
        note(f"warning: {amount(reasons.total(), 'record')} skipped ({why}):")
        shown = self.errors[:SHOWN_ERRORS]
        for error in shown:
            note(error, indent=2)
        if reasons.total() > len(shown):
            note(f"and {reasons.total() - len(shown):,} more", indent=2)


@contextmanager
def _logging_to(handler: logging.Handler) -> Iterator[None]:
    import logging

    logger = logging.getLogger("newsindex")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _notes() -> logging.Handler:
    """Shows what the library logs, such as links that were not followed."""
    import logging

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(f"warning: {record.getMessage()}")

    return Notes()

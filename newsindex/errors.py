"""Every error that newsindex raises on purpose, in one tree.

::

    NewsIndexError
    ├── ArticleError          an article, or a file of articles, cannot be taken as it is
    ├── QueryError            a query, date, filter or option cannot be understood
    ├── IndexNotFoundError    there is no index in that directory
    ├── IndexExistsError      there is one already
    ├── IndexLockedError      another writer holds it
    ├── IndexVersionError     its format is newer or older than this library reads
    ├── StorageError          the disk or its permissions refuse an operation
    └── CorruptIndexError     bytes on disk are not what was written

A message names the thing, the cause and the remedy; the same facts are attributes for programs.
"""

from __future__ import annotations

import os
from pathlib import Path


class NewsIndexError(Exception):
    """The base of every error raised by newsindex."""


class ArticleError(NewsIndexError):
    """An article or an input file that cannot be indexed as it is.

    Attributes:
        article: the id, or file and line, of the article; None where it has neither yet.
        field: the field at fault; None where the article as a whole is.
    """

    def __init__(self, message: str, *, article: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.article = article
        self.field = field


class QueryError(NewsIndexError):
    """A query, date, filter or search option that cannot be understood.

    Attributes:
        query: the text at fault; None for options that are not text.
        position: offset of the fault in `query`, in characters from 0; None where there is no single one.
        hint: what to write instead.
    """

    def __init__(self, message: str, *, query: str | None = None, position: int | None = None, hint: str = "") -> None:
        where = f" at character {position}" if position is not None else ""
        remedy = f"; {hint}" if hint else ""
        super().__init__(f"{message}{where}{remedy}")
        self.query = query
        self.position = position
        self.hint = hint


class _PathError(NewsIndexError):
    """An error about one file or directory, which is its `path`."""

    def __init__(self, message: str, *, path: str | os.PathLike[str]) -> None:
        super().__init__(message)
        self.path = Path(path)


class IndexNotFoundError(_PathError):
    """No index lives in that directory."""


class IndexExistsError(_PathError):
    """An index lives in that directory already."""


class IndexLockedError(_PathError):
    """Another writer holds the index.

    Attributes:
        holder: the process id of the writer, None where it could not be read.
        host: the machine that the writer runs on, None where it could not be read.
    """

    def __init__(
        self, message: str, *, path: str | os.PathLike[str], holder: int | None = None, host: str | None = None
    ) -> None:
        super().__init__(message, path=path)
        self.holder = holder
        self.host = host


class IndexVersionError(_PathError):
    """The index is written in a format, or with a stemmer, that this version of newsindex does not have.

    Attributes:
        found: the format version on disk, or the name and version of the stemmer.
        supported: the one that this library reads and writes.
        section: None: it is the file as a whole that is not read.
    """

    section: None = None

    def __init__(self, message: str, *, path: str | os.PathLike[str], found: int | str, supported: int | str) -> None:
        super().__init__(message, path=path)
        self.found = found
        self.supported = supported


class StorageError(_PathError):
    """The operating system refused to read or write: no permission, no space, a failing disk.

    The index on disk is unchanged: it holds what the last successful commit left. The system's own
    error is the `__cause__`.
    """


class CorruptIndexError(_PathError):
    """Bytes of an index file are not what was written.

    Attributes:
        section: the part of the file at fault, None for the file as a whole.
        expected: what should have been there.
        found: what was there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        section: str | None = None,
        *,
        expected: object = None,
        found: object = None,
        reason: str = "checksum mismatch",
    ) -> None:
        where = f", section {section!r}" if section else ""
        facts = f" (expected {expected}, found {found})" if expected is not None or found is not None else ""
        super().__init__(
            f"{path}{where}: {reason}{facts}; the file is damaged: restore it from a backup, or copy what is intact "
            f"with newsindex rescue",
            path=path,
        )
        self.section = section
        self.expected = expected
        self.found = found

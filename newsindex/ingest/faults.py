"""`InputError`: what is wrong with an input file, and where in it. Every module of `newsindex.ingest` raises it.

It is an `ArticleError` with one thing more, the `kind`, so that a reader which skips bad records can say how many it
skipped for which reason. Callers outside catch `ArticleError`.
"""

from __future__ import annotations

import os

from newsindex.errors import ArticleError


class InputError(ArticleError):
    """A file, or one record of a file, that cannot be read.

    Attributes:
        kind: the reason in two or three words, the same for every fault of its sort.
    """

    def __init__(
        self, file: str, message: str, *, kind: str, line: int | None = None, record: int | None = None
    ) -> None:
        place = file
        if line is not None:
            place = f"{file}, line {line}"
        elif record is not None:
            place = f"{file}, record {record}"
        super().__init__(f"{place}: {message}", article=place)
        self.kind = kind


def shown(path: str) -> str:
    r"""A path as it can be printed: bytes of a file name that are not UTF-8 are written as ``\xff``.

    >>> shown("știri.jsonl")
    'știri.jsonl'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def system_error(file: str, error: OSError) -> InputError:
    """The operating system's refusal to read a file or a directory, as an `InputError`."""
    return InputError(
        file,
        f"cannot be read ({error.strerror or type(error).__name__}); check that it is there and its permissions",
        kind="unreadable file",
    )

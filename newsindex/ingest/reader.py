"""`read_articles` and the `ArticleReader` that it returns: finds the files, picks the format, counts and reports.

Programs and the command line call `read_articles`. Articles are made one at a time: memory does not grow with the
files, except for a .json document, which JSON makes us read whole.
"""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import Final, Literal

from newsindex.article import Article
from newsindex.errors import ArticleError
from newsindex.ingest import compressed, paths
from newsindex.ingest.faults import InputError, shown, system_error
from newsindex.ingest.records import Record, to_article

MAX_ERRORS: Final = 100  # how many errors a reader that skips keeps; it counts all of them
_BLOCK_BYTES: Final = 128 << 10

_Parser = Callable[[str, Iterator[bytes]], Iterator[Record | InputError]]


def read_articles(path: str | os.PathLike[str], *, on_error: Literal["raise", "skip"] = "raise") -> ArticleReader:
    """Read articles from a file, from every file under a directory, or from the files that a glob matches.

    The ending of a file says its format: .txt (the seed format), .jsonl or .ndjson, .json, .csv, .tsv, each also
    with .gz or .zst behind it. In a directory other files, hidden files, pipes and symbolic links are passed over.
    The order is that of the names. Text is UTF-8, UTF-16 with a byte-order mark, or Romanian in cp1250 or iso-8859-2.

    Args:
        path: a file, a directory or a pattern with ``*``, ``?``, ``[...]`` and ``**``.
        on_error: "raise" ends at the first bad record; "skip" leaves bad records out, and the reader says how many
            and why.

    Raises:
        ArticleError: at the call, nothing can be read at `path`; while iterating, a bad record or file. Names the
            file and the line or record.
        ValueError: `on_error` is neither of the two.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "ploi.txt")
    ...     _ = file.write_text(" date 2025-03-02 Ploi în Banat.\\nPlouă de ieri.\\n", encoding="utf-8")
    ...     [article] = read_articles(folder)
    >>> article.title, article.date, article.body
    ('Ploi în Banat.', datetime.date(2025, 3, 2), 'Plouă de ieri.')
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error is {on_error!r}; write on_error="raise" or on_error="skip"')
    found = paths.find(os.fsdecode(path))
    if found.faults and on_error == "raise":
        raise found.faults[0]
    if found.links:
        _log(f"{shown(os.fsdecode(path))}: {found.links} symbolic links not followed; name their targets to read them")
    return ArticleReader(found, on_error)


class ArticleReader(Iterator[Article]):
    """An iterator of the articles at a path. Made by `read_articles`; read it once, in one thread.

    It ends after an error that it raised. When it has skipped something it says so, once at the end, as a warning of
    the logger "newsindex".

    Attributes:
        read: articles given so far.
        skipped: bad records left out so far; a file that had to be given up is one.
        reasons: `skipped` by kind, such as ``{"field 'date'": 3, "not JSON": 1}``.
        errors: the first `MAX_ERRORS` errors of what was skipped.
        bytes_read: bytes of the input files consumed so far, as they are on disk.
        bytes_total: the size of all input files on disk when the reader was made.
    """

    def __init__(self, found: paths.Found, on_error: Literal["raise", "skip"]) -> None:
        self.read = 0
        self.skipped = 0
        self.reasons: Counter[str] = Counter()
        self.errors: list[ArticleError] = []
        self.bytes_read = 0
        self.bytes_total = found.size
        self._skip = on_error == "skip"
        self._articles = self._all(found)

    def __iter__(self) -> ArticleReader:
        return self

    def __next__(self) -> Article:
        return next(self._articles)

    def close(self) -> None:
        """Close the file being read; the iterator ends here. Done by itself at the end and when it is dropped."""
        self._articles.close()

    def _all(self, found: paths.Found) -> Generator[Article, None, None]:
        for fault in found.faults:
            self._refuse(fault)
        for path in found.files:
            for item in self._items(path):
                if isinstance(item, InputError):
                    self._refuse(item)
                else:
                    self.read += 1
                    yield item
        if self.skipped:
            why = ", ".join(f"{count} x {kind}" for kind, count in self.reasons.most_common())
            _log(f"{self.read} articles read, {self.skipped} skipped ({why}); the first: {self.errors[0]}")

    def _items(self, path: str) -> Iterator[Article | InputError]:
        """The articles of one file, and its faults in their places; the last one may be that of the file itself."""
        name = shown(path)
        suffix, codec = paths.split_suffix(path) or ("", "")
        before, size = self.bytes_read, 0
        try:
            with open(path, "rb", buffering=0, opener=_without_waiting) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise InputError(
                        name, "no regular file any more; put the articles there again", kind="unreadable file"
                    )
                size = status.st_size
                content = compressed.expand(name, codec, self._blocks(file))
                for item in _parser(suffix)(name, content):
                    yield item if isinstance(item, InputError) else _article(name, suffix, item)
        except InputError as error:
            yield error
        except OSError as error:
            yield system_error(name, error)
        self.bytes_read = before + size  # also where the rest of the file was given up

    def _blocks(self, file: io.FileIO) -> Iterator[bytes]:
        while block := file.read(_BLOCK_BYTES):
            self.bytes_read += len(block)
            yield block

    def _refuse(self, error: InputError) -> None:
        if not self._skip:
            raise error
        self.skipped += 1
        self.reasons[error.kind] += 1
        if len(self.errors) < MAX_ERRORS:
            # Tracebacks would keep the records alive that the errors are about; the message says it all.
            error.__traceback__ = error.__cause__ = error.__context__ = None
            self.errors.append(error)


def _without_waiting(path: str, flags: int) -> int:
    # A pipe that has taken the place of a file since it was found would wait for a writer for ever.
    return os.open(path, flags | os.O_NONBLOCK)


def _article(file: str, suffix: str, record: Record) -> Article | InputError:
    try:
        return to_article(record.values)
    except ArticleError as error:
        place = {"record" if suffix == ".json" else "line": record.number}
        message = str(error).removeprefix("article None, ")  # a record without id is named by its place alone
        fault = InputError(file, message, kind=f"field {error.field!r}", **place)
        fault.field = error.field
        return fault


def _parser(suffix: str) -> _Parser:
    # Imported when a file needs them: `import newsindex` shall not pay for formats that a program never reads.
    if suffix == ".txt":
        from newsindex.ingest.seedtext import records

        return records
    if suffix in (".csv", ".tsv"):
        from newsindex.ingest import tables

        return tables.csv_records if suffix == ".csv" else tables.tsv_records
    from newsindex.ingest import jsonfiles

    return jsonfiles.document_records if suffix == ".json" else jsonfiles.line_records


def _log(message: str) -> None:
    import logging

    logging.getLogger("newsindex").warning("%s", message)

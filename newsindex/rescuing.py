"""`rescue`: the articles that are intact in a damaged index, copied into a new one.

`newsindex.remains` says what is intact. Of several versions of an article the newest wins, as far as that can be told.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsindex.errors import IndexExistsError
from newsindex.index import create
from newsindex.remains import Remains
from newsindex.results import Rescue
from newsindex.store.directory import DiskDirectory, storage_errors


def rescue(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> Rescue:
    """Copy every article that is intact from a damaged index into a new one.

    The damaged index is only read, and what was made of the new one is removed where this fails or is interrupted: so
    it can be repeated as it is. The new one is committed at the end, all of it; who kills this process may find an
    empty one.

    Args:
        source: the directory of the damaged index; its manifest may be damaged or missing, too.
        target: where to make the new one; nothing may be there.

    Raises:
        IndexExistsError: there is something at `target`.
        IndexNotFoundError: there is no file of an index in `source`.
        IndexVersionError: the index, all of it, is written in another format.
        StorageError: the system refuses to read the one, or to write the other.

    >>> import newsindex, tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> index = newsindex.create(place / "archive")
    >>> index.add([newsindex.Article(id="1", title="Ploi în Banat")])
    1
    >>> (place / "archive" / "manifest.json").unlink()
    >>> saved = rescue(place / "archive", place / "saved")
    >>> saved.articles, saved.ok, [error.path.name for error in saved.errors]
    (1, False, ['manifest.json'])
    >>> newsindex.open(place / "saved").get("1").title
    'Ploi în Banat'
    >>> import shutil
    >>> shutil.rmtree(place)
    """
    remains = Remains(DiskDirectory(Path(source)))
    with _new_directory(Path(target)) as place:
        return _copy(remains, place)


@contextmanager
def _new_directory(place: Path) -> Iterator[Path]:
    """A directory that is made for the block, and removed with all that is in it where the block fails."""
    parent = DiskDirectory(place.parent, make=True)
    with storage_errors(place, "make the directory"):
        try:
            place.mkdir()
        except FileExistsError as error:
            message = f"{place}: it exists already; name a directory that is yet to be made"
            raise IndexExistsError(message, path=place) from error
    try:
        parent.sync()
        yield place
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # the error of the block says more
        raise


def _copy(remains: Remains, place: Path) -> Rescue:
    index = create(place)
    lost: dict[str, None] = {}  # in the order in which they are found
    readable = Counter[Path]()
    with index.writer() as writer:
        # Those that may hold what was replaced long ago come first, so that all others win.
        for segment in sorted(remains.segments, key=lambda one: one.certain):
            for article_id, article in segment.articles():
                if article is not None:
                    writer.add(article)
                    readable[segment.path] += 1
                    lost.pop(article.id, None)
                elif article_id is not None:
                    # An older version of it, if there is one, is not what it was.
                    writer.delete(article_id)
                    lost[article_id] = None
    return Rescue(
        articles=len(index),
        lost=tuple(lost),
        files=tuple(segment.report(readable[segment.path]) for segment in remains.segments),
        doubtful=tuple(segment.path for segment in remains.segments if not segment.certain),
        errors=remains.errors,
    )

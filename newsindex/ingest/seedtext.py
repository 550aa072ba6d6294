"""Text files in the owner's seed format: one article a file, its date and first sentence in the first line.

::

     date 2025-08-15 Prima propoziție a articolului, care devine titlul.
    Restul articolului,
    rând cu rând.

The first line without the date is an undated article. Called by `newsindex.ingest.reader` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from newsindex.article import to_date
from newsindex.ingest.encoding import whole
from newsindex.ingest.faults import InputError
from newsindex.ingest.records import Record

# `date` is also a Romanian word ("data", plural). With the blank that the format puts before it, it is the marker,
# and what follows has to be a date; without, it is the marker only before something that looks like a date.
_MARKER: Final = re.compile(r"[ \t]+date(?:[ \t]+|$)|date[ \t]+(?=\d{1,4}[-./]\d{1,2}[-./]\d)")


def records(file: str, blocks: Iterator[bytes]) -> Iterator[Record | InputError]:
    """The one record of a seed file.

    Raises:
        ArticleError: the text cannot be decoded or is empty, or its date is no date.
    """
    text = whole(file, blocks).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(file, "no text in it; remove the file", kind="empty file")
    first, _, body = _skip_blank_lines(text).partition("\n")
    date, title = _split_date(file, first)
    if not title:  # the date alone in its line: the first sentence is in the next
        title, _, body = _skip_blank_lines(body).partition("\n")
    yield Record(1, {"date": date, "title": title.strip(), "body": body.rstrip("\n")})


def _skip_blank_lines(text: str) -> str:
    return re.sub(r"\A(?:[ \t]*\n)+", "", text)


def _split_date(file: str, line: str) -> tuple[str | None, str]:
    marker = _MARKER.match(line)
    if marker is None:
        return None, line.strip()
    if marker[0].endswith("  "):  # the marker with nothing in the place of the date
        return None, line[marker.end() :].strip()
    date, _, title = line[marker.end() :].partition(" ")
    try:
        to_date(date)
    except ValueError:
        raise InputError(
            file, f"{date[:40]!r} is no date; write ' date 2025-08-15 ' or leave it out", kind="field 'date'", line=1
        ) from None
    return date or None, title.strip()

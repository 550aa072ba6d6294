"""Articles as they are stored in a segment: `Article` to record to compressed frame, and back.

A record holds what the columns of the segment do not have: one line of JSON, a line end, the body as it is. A frame is
a record compressed with one of the dictionaries of the segment. The sections:

    articles.frames        bytes            the frames, in the order of docids
    articles.starts        uint [n + 1]     where each begins
    articles.dictionaries  uint8 [n]        the number of the dictionary of each
    dictionaries           strings          see newsindex.inverted.columns; an empty one stands for none
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from newsindex.article import Article
from newsindex.errors import ArticleError, CorruptIndexError, NewsIndexError
from newsindex.inverted.build import wide
from newsindex.inverted.columns import Strings, pack, write_strings
from newsindex.inverted.segment import Segment
from newsindex.store.articles import MAX_ARTICLE_BYTES, ArticleReader, ArticleWriter
from newsindex.store.sections import SectionReader, SectionWriter

_FIELDS: Final = ("source", "author", "section", "tags", "url", "extra")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_MAX_DICTIONARIES: Final = 16  # of one segment; a merge that would keep more compresses anew
_BATCH: Final = 1000  # records held at a time while a merge compresses anew


def encode_article(article: Article) -> bytes:
    """The record of an article; its id, title and date lie in columns, where a page of hits finds them undecoded.

    Raises:
        ArticleError: it is larger than the store takes.
    """
    values = (article.source, article.author, article.section, article.tags, article.url, article.extra)
    # Defaults are left out, but an empty text is none.
    record = {name: value for name, value in zip(_FIELDS, values, strict=True) if value or value == ""}
    # The body stands outside the JSON, which would have to escape and unescape it.
    data = f"{_ENCODER.encode(record)}\n{article.body}".encode()
    if len(data) > MAX_ARTICLE_BYTES:
        raise ArticleError(
            f"article {article.id!r}: {len(data):,} bytes, more than {MAX_ARTICLE_BYTES:,}; split it",
            article=article.id,
        )
    return data


class StoredArticles:
    """Reads the stored articles of a segment."""

    def __init__(self, sections: SectionReader, segment: Segment, path: Path) -> None:
        self._sections = sections
        self._segment = segment
        self._path = path

    def _column(self, name: str, length: int) -> NDArray[Any]:
        array = self._sections.array(name)
        if array.dtype.kind != "u" or len(array) != length:
            raise CorruptIndexError(self._path, name, reason="another length", expected=length, found=len(array))
        return array

    @cached_property
    def _starts(self) -> NDArray[Any]:
        return self._column("articles.starts", self._segment.articles + 1)

    @cached_property
    def _numbers(self) -> NDArray[Any]:
        return self._column("articles.dictionaries", self._segment.articles)

    @cached_property
    def dictionaries(self) -> list[bytes]:
        """The dictionaries that frames were compressed with."""
        try:
            strings = Strings.read(self._sections, "dictionaries")
            return [strings.raw(number) for number in range(len(strings))]
        except ValueError as error:
            raise CorruptIndexError(self._path, "dictionaries", reason=str(error)) from error

    @cached_property
    def _reader(self) -> ArticleReader:
        return ArticleReader(self.dictionaries)

    def dictionary(self, doc: int) -> int:
        """The number of the dictionary of an article's frame."""
        return int(self._numbers[doc])

    def frame(self, doc: int) -> memoryview:
        """The frame of an article."""
        start, stop = int(self._starts[doc]), int(self._starts[doc + 1])
        frames = self._sections.raw("articles.frames")
        if not start <= stop <= len(frames):
            raise CorruptIndexError(self._path, "articles.frames", reason=f"no frame from {start} to {stop}")
        self._sections.verify("articles.frames", start, stop)
        return frames.data[start:stop]

    def record(self, doc: int) -> bytes:
        """The record of an article."""
        try:
            return self._reader.decode(self.frame(doc), self.dictionary(doc))
        except (ValueError, IndexError) as error:
            raise CorruptIndexError(self._path, "articles.frames", reason=f"article {doc}: {error}") from error

    def read(self, doc: int) -> Article:
        """An article, as it was added."""
        segment, data = self._segment, self.record(doc)
        article_id, title, date = segment.id(doc), segment.title(doc), segment.date(doc)
        try:
            header, separator, body = data.partition(b"\n")
            record = json.loads(header)
            if not separator or not isinstance(record, dict) or not record.keys() <= set(_FIELDS):
                raise ValueError("a record that is none of an article")
            return Article(id=article_id, title=title, body=body.decode(), date=date, **record)
        except (ValueError, TypeError, RecursionError, NewsIndexError) as error:
            raise CorruptIndexError(self._path, "articles.frames", reason=f"article {doc}: {error}") from error


class Frames:
    """The frames of some records, made on a thread of its own while other work goes on: zstd needs no GIL.

    A context manager; leaving it waits for the thread.
    """

    def __init__(self, records: Sequence[bytes]) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="newsindex-zstd")
        self._made = self._pool.submit(self._make, records)

    @staticmethod
    def _make(records: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
        writer = ArticleWriter(records)
        return writer.dictionary, writer.frames(records)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown()

    def write(self, sections: SectionWriter, order: Sequence[int]) -> None:
        """Write them as the articles of a new segment: docid d has the record number `order[d]`."""
        dictionary, frames = self._made.result()
        _write_frames(sections, [frames[number] for number in order], [0] * len(order), [dictionary])


def write_merged_articles(
    sections: SectionWriter, sources: Sequence[StoredArticles], which: Sequence[int], docs: Sequence[int]
) -> None:
    """Write the articles of a merged segment: docid d is article `docs[d]` of `sources[which[d]]`.

    Frames are copied together with their dictionaries as long as those are few. Where they are many, or some segments
    were too small to have any, records are compressed anew with one dictionary.
    """
    places = list(zip(which, docs, strict=True))
    dictionaries = list(dict.fromkeys(data for source in sources for data in source.dictionaries))
    if b"" not in dictionaries and len(dictionaries) <= _MAX_DICTIONARIES:
        numbers = [[dictionaries.index(data) for data in source.dictionaries] for source in sources]
        frames: Iterable[bytes | memoryview] = (sources[k].frame(doc) for k, doc in places)
        chosen = [numbers[k][sources[k].dictionary(doc)] for k, doc in places]
        _write_frames(sections, frames, chosen, dictionaries)
        return
    step = 1 + len(places) // _BATCH
    writer = ArticleWriter([sources[k].record(doc) for k, doc in places[::step]], share=step)
    records = (sources[k].record(doc) for k, doc in places)
    anew = (frame for batch in _batches(records) for frame in writer.frames(batch))
    _write_frames(sections, anew, [0] * len(places), [writer.dictionary])


def _batches(records: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _write_frames(
    sections: SectionWriter,
    frames: Iterable[bytes | memoryview],
    numbers: Sequence[int],
    dictionaries: Sequence[bytes],
) -> None:
    starts = np.zeros(len(numbers) + 1, np.uint64)
    sections.open("articles.frames", "u1")
    for doc, frame in enumerate(frames):
        sections.write(frame)
        starts[doc + 1] = len(frame)
    sections.close_section()
    sections.add("articles.starts", wide(np.cumsum(starts, dtype=np.uint64)))
    sections.add("articles.dictionaries", np.array(numbers, "u1"))
    write_strings(sections, "dictionaries", *pack(dictionaries))

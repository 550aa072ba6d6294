"""The articles of a run: read or generated, chosen, and written where child processes read them.

A child reads the chosen articles from a file of their own, so that its memory holds them and nothing else. Nothing here
holds all articles unless asked to, so that a million of them fit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import attrs

from benchmarks.generator import generate
from newsindex import Article, read_articles

T = TypeVar("T")

GENERATED: Final = "generated"
_FIELDS: Final = tuple(field.name for field in attrs.fields(Article) if field.name != "extra")


@attrs.frozen
class Corpus:
    """Which articles a run is about, and where its files lie.

    Attributes:
        origin: the name of the file, or `GENERATED`.
        seed: of the generator and of the queries drawn.
        articles: how many there are.
        megabytes: of UTF-8 text in titles and bodies, in millions of bytes.
        file: the articles, as `read_articles` takes them.
    """

    origin: str
    seed: int
    articles: int
    megabytes: float
    file: Path

    def read(self) -> list[Article]:
        """All articles."""
        return list(stream(self.file))


def prepare(path: Path | None, count: int, seed: int, folder: Path) -> Corpus:
    """Choose the articles of a run and write them into `folder`.

    Args:
        path: what `read_articles` takes, or None to generate them.
        count: how many; 0 for all, or for 3,000 generated ones.
        seed: of the generator.

    Raises:
        ArticleError: `path` cannot be read.
        ValueError: there is no article in it.
    """
    file = folder / "articles.jsonl"
    articles, size = write(file, generate(count or 3_000, seed) if path is None else _chosen(path, count))
    if not articles:
        raise ValueError(f"{path}: there are no articles in it")
    return Corpus(GENERATED if path is None else path.name, seed, articles, size / 1e6, file)


def _chosen(path: Path, count: int) -> Iterator[Article]:
    """Articles of a file, which is read twice; of each id only the last one counts."""
    last = {article.id: place for place, article in enumerate(read_articles(path))}
    wanted = iter(spread(sorted(last.values()), count))
    next_wanted = next(wanted, None)
    for place, article in enumerate(read_articles(path)):
        if place == next_wanted:
            yield article
            next_wanted = next(wanted, None)


def spread(articles: Sequence[T], count: int) -> list[T]:
    """`count` of the articles, evenly spaced; all of them where `count` is 0 or there are no more.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    count = min(count or len(articles), len(articles))
    return [articles[number * len(articles) // count] for number in range(count)]


def write(file: Path, articles: Iterable[Article]) -> tuple[int, int]:
    """Write articles as lines of JSON that `read_articles` makes equal articles of.

    Returns how many there are, and the bytes of UTF-8 in their titles and bodies.
    """
    count = size = 0
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with file.open("w", encoding="utf-8") as lines:
        for article in articles:
            values = {name: getattr(article, name) for name in _FIELDS}
            values["date"] = article.date.isoformat() if article.date else None
            extra = {name: value for name, value in article.extra.items() if name not in values}
            lines.write(encode({**extra, **values}) + "\n")
            count += 1
            size += len(article.title.encode()) + len(article.body.encode())
    return count, size


def stream(file: Path) -> Iterator[Article]:
    """The articles that `write` wrote, one after another; three times as fast as by `read_articles`."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            extra = {name: values.pop(name) for name in values.keys() - _FIELDS}
            yield Article(**values, extra=extra)

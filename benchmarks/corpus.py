"""The articles of a run: read or generated, chosen, and written where child processes read them.

A child reads the chosen articles from a file of their own, so that its memory holds them and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from benchmarks.generator import generate
from newsindex import Article, read_articles


@attrs.frozen
class Corpus:
    """Which articles a run is about, and where its files lie.

    Attributes:
        origin: the name of the file, or "generated".
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
        return list(read_articles(self.file))


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
    if path is None:
        chosen = list(generate(count or 3_000, seed))
    else:
        chosen = spread(list({article.id: article for article in read_articles(path)}.values()), count)
    if not chosen:
        raise ValueError(f"{path}: there are no articles in it")
    file = folder / "articles.jsonl"
    write(file, chosen)
    size = sum(len(article.title.encode()) + len(article.body.encode()) for article in chosen)
    return Corpus("generated" if path is None else path.name, seed, len(chosen), size / 1e6, file)


def spread(articles: Sequence[Article], count: int) -> list[Article]:
    """`count` of the articles, evenly spaced; all of them where `count` is 0 or there are no more.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    count = min(count or len(articles), len(articles))
    return [articles[number * len(articles) // count] for number in range(count)]


def write(file: Path, articles: Iterable[Article]) -> None:
    """Write articles as lines of JSON that `read_articles` makes equal articles of."""
    with file.open("w", encoding="utf-8") as lines:
        for article in articles:
            values = attrs.asdict(article, filter=lambda field, _: field.name != "extra", recurse=False)
            values["date"] = article.date.isoformat() if article.date else None
            extra = {name: value for name, value in article.extra.items() if name not in values}
            lines.write(json.dumps({**extra, **values}, ensure_ascii=False) + "\n")

"""News that nobody wrote: articles of any number from a seed, with the statistics that search engines feel.

Word frequencies follow Zipf's law over inflected forms, and new words never cease (Heaps' law); phrases recur; stories
come in bursts, an article being likely to follow up on one of the last days'; outlets have spelling habits of their own
(cedillas, soft hyphens, no diacritics). Nearly all articles come in the order of their dates, `A_DAY` of them a day: of
ten times as many, the dates span ten times the time, and a month has as many at any size.

The same seed gives the same articles, and fewer of them are the beginning of more. They are made in batches, so memory
does not grow with their number. Lengths, frequencies of words and phrases, and the growth of the vocabulary are near
those of 28,000 articles of real news. Use real news where you can: a generator knows no more of language than was put
into it.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Iterator
from typing import Final

import attrs
import numpy as np

from benchmarks.prose import Prose, Words
from benchmarks.vocabulary import SECTIONS, authors, sources
from newsindex import Article
from newsindex.analysis import fold
from newsindex.article import BUCHAREST

FIRST_DAY: Final = dt.datetime(2016, 1, 1, tzinfo=BUCHAREST)
A_DAY: Final = 274  # articles: 100,000 a year
BATCH: Final = 500  # articles that are made together
_LENGTHS: Final = (5.6, 0.7)  # mean and deviation of the logarithm of the words of a body: a median of 270
_STORY_SHARE: Final = 0.35  # of the words with a meaning
_STORY_WORDS: Final = (22, 6)  # usual and rare ones
_NEW: Final = 0.3  # of the articles begin a story; so there are three articles to a story
_MEMORY: Final = 3 * A_DAY  # the others follow up on one of so many before them
_LATE: Final = 0.02  # of the articles come when newer ones are there, by up to
_DELAY: Final = 2 * 86_400.0  # seconds
_UNDATED: Final = 0.01
_CEDILLAS: Final = ("șş", "țţ", "ȘŞ", "ȚŢ")


@attrs.frozen(eq=False)
class _Story:
    """What a few articles tell of."""

    number: int
    words: Words
    section: str


def generate(count: int, seed: int = 1) -> Iterator[Article]:
    """Generated articles, nearly in the order of their dates; one in a hundred has none.

    >>> [first, second] = generate(2, seed=7)
    >>> first == next(generate(1, seed=7)), first == second
    (True, False)
    """
    return (article for _, article in _told(count, seed))


def stories(count: int, seed: int = 1) -> dict[str, int]:
    """The number of the story that each of the same generated articles tells of, by the article's id.

    >>> sorted(stories(2, seed=7)) == sorted(article.id for article in generate(2, seed=7))
    True
    """
    return {article.id: story for story, article in _told(count, seed)}


def _told(count: int, seed: int) -> Iterator[tuple[int, Article]]:
    """The articles, each with the number of its story."""
    maker = _Maker(seed)
    for start in range(0, count, BATCH):
        yield from maker.batch(start, min(BATCH, count - start))


class _Maker:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)
        self._draw = np.random.default_rng(seed)
        self._prose = Prose(seed + 1)
        self._authors = authors(self._rng, 200)
        self._sources = sources()
        self._recent: deque[_Story] = deque(maxlen=_MEMORY)

    def batch(self, start: int, count: int) -> Iterator[tuple[int, Article]]:
        """Articles number `start` and following, each with the number of its story."""
        # Always all that may be in a batch, so that fewer articles are the beginning of more.
        lengths = self._draw.lognormal(*_LENGTHS, BATCH).clip(40, 3_000).astype(np.int32)
        titles = self._draw.integers(5, 13, BATCH)
        ends: Words = np.cumsum(lengths + titles, dtype=np.int32)
        told = self._stories(start)
        words = self._prose.text(ends, np.stack([story.words for story in told]), _STORY_SHARE)
        text, title_ends, article_ends = self._prose.spell(words, ends - lengths, ends)
        begin = 0
        for number, story, middle, end in zip(
            range(start, start + count), told, title_ends, article_ends, strict=False
        ):
            title, body = text[begin + 1 : middle].decode(), text[middle + 1 : end].decode()
            yield story.number, self._article(number, story, title, body)
            begin = end

    def _stories(self, start: int) -> list[_Story]:
        """The story of each article of a batch: a new one, or that of an earlier article, rather of a recent one.

        So a story that many articles tell of draws more, and one that has been silent for days is over.
        """
        rng, told = self._rng, []
        usual, rare = (
            make(BATCH * size).reshape(BATCH, size)
            for make, size in zip((self._prose.content, self._prose.rare), _STORY_WORDS, strict=True)
        )
        words = self._draw.permuted(np.concatenate((usual, rare), axis=1), axis=1)
        for number in range(BATCH):
            back = int(rng.expovariate(6) * len(self._recent))
            if rng.random() < _NEW or back >= len(self._recent):
                story = _Story(start + number, words[number], rng.choice(SECTIONS))
            else:
                story = self._recent[-1 - back]
            self._recent.append(story)
            told.append(story)
        return told

    def _article(self, number: int, story: _Story, title: str, body: str) -> Article:
        rng = self._rng
        late = rng.random() * _DELAY if rng.random() < _LATE else 0.0
        seconds = max((number + rng.random()) * 86_400 / A_DAY - late, 0.0)
        when = FIRST_DAY + dt.timedelta(seconds=int(seconds))
        outlet = int(rng.random() ** 2 * len(self._sources))
        if outlet % 4 == 1:
            title, body = _with_cedillas(title), _with_cedillas(body)
        elif outlet % 12 == 3:
            title, body = fold(title), fold(body)
        elif outlet % 12 == 7:
            body = body.replace("tul ", "t\u00adul ")
        undated = rng.random() < _UNDATED
        return Article(
            id=f"g{self._seed}-{number:07}",
            title=title,
            body=body,
            date=None if undated else when if outlet % 3 else when.date(),
            source=self._sources[outlet],
            author=rng.choice(self._authors) if rng.random() < 0.7 else None,
            section=story.section,
        )


def _with_cedillas(text: str) -> str:
    for comma, cedilla in _CEDILLAS:  # str.translate takes ten times as long
        text = text.replace(comma, cedilla)
    return text

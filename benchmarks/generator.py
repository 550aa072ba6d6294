"""News that nobody wrote: articles of any number from a seed, with the statistics that search engines feel.

Word frequencies follow Zipf's law over inflected forms; fixed phrases recur; articles come in stories, which share
words and names, begin on some day and die down; dates run over years; outlets have spelling habits of their own
(cedillas, soft hyphens, no diacritics). The same count and seed give the same articles. Use real news where you can: a
generator knows no more of language than was put into it.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from benchmarks.vocabulary import SECTIONS, Vocabulary, authors, sources, vocabulary
from newsindex import Article
from newsindex.analysis import fold
from newsindex.article import BUCHAREST

Words = NDArray[np.int64]

FIRST_DAY: Final = dt.datetime(2016, 1, 1)
YEARS: Final = 10
BATCH: Final = 1_000  # articles whose words are drawn together; within a batch they are ordered by date
_LENGTHS: Final = (5.6, 0.6)  # mean and deviation of the logarithm of the words of a body: a median of 270
_SENTENCE: Final = (8, 30)  # words, from and below
_FUNCTION_SHARE: Final = 0.38
_STORY_SHARE: Final = 0.22  # of the content words
_EXTRA_SHARE: Final = 0.03  # numbers and names
_PHRASE_SHARE: Final = 0.02  # of the positions begin a fixed phrase
_PHRASES: Final = 4_000
_CEDILLAS: Final = ("șş", "țţ", "ȘŞ", "ȚŢ")


@attrs.frozen(eq=False)
class _Story:
    """What a few articles tell of."""

    number: int
    words: Words
    begin: float  # seconds since FIRST_DAY
    half_life: float
    section: str


def generate(count: int, seed: int = 1) -> Iterator[Article]:
    """Generated articles, roughly in the order of their dates; one in a hundred has none.

    >>> [first, second] = generate(2, seed=7)
    >>> first == next(generate(2, seed=7)), first == second
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
    maker = _Maker(count, seed)
    for start in range(0, count, BATCH):
        yield from maker.batch(start, min(BATCH, count - start))


class _Maker:
    def __init__(self, count: int, seed: int) -> None:
        self._seed = seed
        self._span = YEARS * 365.25 * 86_400
        self._pace = self._span / max(count, 1)  # seconds from one article to the next
        self._language: Vocabulary = vocabulary()
        self._rng = random.Random(seed)
        self._draw = np.random.default_rng(seed)
        self._authors = authors(self._rng, 200)
        self._sources = sources()
        self._phrases = self._fixed_phrases()
        self._story: _Story | None = None
        self._left = 0  # articles still to come of the story

    # Words.

    def _function(self, count: int) -> Words:
        chances = self._language.function
        words: Words = np.searchsorted(chances, self._draw.random(count)).clip(max=len(chances) - 1)
        return words

    def _content(self, count: int) -> Words:
        """Forms of lemmas, by the frequency of both."""
        chances = self._language.lemmas
        return self._inflected(np.searchsorted(chances, self._draw.random(count)).clip(max=len(chances) - 1))

    def _inflected(self, lemma: Words) -> Words:
        """A form of each lemma, by their frequency."""
        language = self._language
        first = language.first_form[lemma]
        size = language.first_form[lemma + 1] - first
        words: Words = first.copy()
        chance = self._draw.random(len(lemma))
        for forms, cumulative in language.forms.items():
            mine = size == forms
            words[mine] += np.searchsorted(cumulative, chance[mine]).clip(max=forms - 1)
        return words

    def _extra(self, count: int) -> Words:
        language = self._language
        choices = len(language.words) - language.extras
        return language.extras + (self._draw.random(count) ** 2 * choices).astype(np.int64)

    def _text(self, count: int) -> Words:
        """Running words: function words, content words, numbers and names, with fixed phrases laid over them."""
        words = self._content(count)
        chance = self._draw.random(count)
        function = chance < _FUNCTION_SHARE
        words[function] = self._function(int(function.sum()))
        extra = chance > 1 - _EXTRA_SHARE
        words[extra] = self._extra(int(extra.sum()))
        begins = np.flatnonzero(self._draw.random(max(count - 2, 0)) < _PHRASE_SHARE)
        phrases = self._phrases[(self._draw.random(len(begins)) ** 3 * _PHRASES).astype(np.int64)]
        for place in range(phrases.shape[1]):
            words[begins + place] = phrases[:, place]
        return words

    def _fixed_phrases(self) -> Words:
        """Rows of three words; in every other one the middle is a function word."""
        phrases = self._content(3 * _PHRASES).reshape(-1, 3)
        phrases[::2, 1] = self._function(len(phrases[::2]))
        return phrases

    # Stories and articles.

    def _next_story(self, number: int) -> _Story:
        """The story of the next article; stories begin in the order of time."""
        if not self._left or self._story is None:
            rng = self._rng
            self._left = min(int(rng.paretovariate(1.1)), 40)
            words = np.concatenate((self._content(24), self._extra(4)))
            half_life = 86_400 * rng.lognormvariate(0.7, 0.8)
            self._story = _Story(number, words, number * self._pace, half_life, rng.choice(SECTIONS))
        self._left -= 1
        return self._story

    def batch(self, start: int, count: int) -> list[tuple[int, Article]]:
        """Articles number `start` and following, each with the number of its story."""
        lengths = self._draw.lognormal(*_LENGTHS, count).clip(40, 3_000).astype(np.int64)
        title_lengths = self._draw.integers(5, 13, count)
        ends = np.cumsum(lengths + title_lengths)
        words = self._text(int(ends[-1]))
        touched = np.flatnonzero(
            (words >= len(self._language.function)) & (self._draw.random(len(words)) < _STORY_SHARE)
        )
        places = np.searchsorted(touched, ends)
        sentences = self._draw.integers(*_SENTENCE, int(ends[-1]) // _SENTENCE[0] + 2 * count).tolist()
        told = [self._next_story(start + i) for i in range(count)]
        words[touched] = self._story_words(told, places)
        articles = []
        begin = 0
        for i, story in enumerate(told):
            texts = list(map(self._language.words.__getitem__, words[begin : ends[i]].tolist()))
            split = int(title_lengths[i])
            title = _sentence(texts[:split]).replace(" , ", ", ")
            article = self._article(start + i, story, title, _prose(texts[split:], sentences))
            articles.append((story.number, article))
            begin = int(ends[i])
        articles.sort(key=lambda told: told[1].date.isoformat() if told[1].date else "")
        return articles

    def _story_words(self, told: list[_Story], ends: Words) -> Words:
        """Words of each article's story, up to its place in `ends`; each time in one of its forms, as news would."""
        language = self._language
        chosen = [
            story.words[(self._draw.random(count) ** 1.5 * len(story.words)).astype(np.int64)]
            for story, count in zip(told, np.diff(ends, prepend=0).tolist(), strict=True)
        ]
        words = np.concatenate(chosen)
        content = words < language.extras  # numbers and names are not inflected
        words[content] = self._inflected(np.searchsorted(language.first_form, words[content], "right") - 1)
        return words

    def _article(self, number: int, story: _Story, title: str, body: str) -> Article:
        rng = self._rng
        age = min(rng.expovariate(1 / story.half_life), 40 * 86_400)
        when = FIRST_DAY + dt.timedelta(seconds=int(min(story.begin + age, self._span - 1)))
        outlet = int(rng.random() ** 2 * len(self._sources))
        if outlet % 4 == 1:
            title, body = _with_cedillas(title), _with_cedillas(body)
        elif outlet % 12 == 3:
            title, body = fold(title), fold(body)
        elif outlet % 12 == 7:
            body = body.replace("tul ", "t\u00adul ")
        undated = rng.random() < 0.01
        return Article(
            id=f"g{self._seed}-{number:07}",
            title=title,
            body=body,
            date=None if undated else when.replace(tzinfo=BUCHAREST) if outlet % 3 else when.date(),
            source=self._sources[outlet],
            author=rng.choice(self._authors) if rng.random() < 0.7 else None,
            section=story.section,
        )


def _with_cedillas(text: str) -> str:
    for comma, cedilla in _CEDILLAS:  # str.translate takes ten times as long
        text = text.replace(comma, cedilla)
    return text


def _sentence(words: list[str]) -> str:
    text = " ".join(words).lstrip(", ")
    return text[0].upper() + text[1:]


def _prose(words: list[str], lengths: list[int]) -> str:
    """Sentences, four in a paragraph; uses up `lengths` from its end."""
    parts = []
    begin = 0
    while begin < len(words):
        end = begin + lengths.pop()
        parts.append(_sentence(words[begin:end]))
        parts.append(".\n" if len(parts) % 8 == 7 else ". ")
        begin = end
    return "".join(parts).rstrip().replace(" , ", ", ")

"""Running text of the made-up language: words drawn by frequency, phrases laid over them, sentences spelled.

For `benchmarks.generator` alone. A text is an array of places in the vocabulary, so that numpy does the work for a
whole batch of articles at once; a place past its end stands for a word that only `vocabulary.rare` knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.vocabulary import FUNCTION_WORDS, RARE, quantiles, rare, vocabulary

Words = NDArray[np.int32]

_SENTENCE: Final = (8, 30)  # words, from and below
_PARAGRAPH: Final = 4  # sentences
_PHRASE_SHARE: Final = 0.26  # of the words begin a phrase
_PHRASES: Final = 300_000
_PHRASE_LENGTHS: Final = (2, 2, 3, 3, 4, 4, 6)
_PHRASE_FALL: Final = 0.9  # the exponent by which phrases become rarer
_RARER: Final = 1.25  # likewise of rare words, as its inverse: what makes the vocabulary grow
_RARE_SCALE: Final = 50_000
_RARE_LIMIT: Final = 1e9  # numbers fit 32 bits


class Prose:
    """Draws and spells text; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self._language = vocabulary()
        self._draw = np.random.default_rng(seed)
        sizes = np.diff(self._language.first_form)
        self._size = sizes.astype(np.int32)
        self._lemma = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)  # of each form
        self._longest = max(_PHRASE_LENGTHS)
        self._lengths = self._draw.choice(_PHRASE_LENGTHS, _PHRASES)
        self._phrases = self._plain(_PHRASES * self._longest).reshape(_PHRASES, -1)
        self._usual_phrases = quantiles(1 / (np.arange(_PHRASES) + 100.0) ** _PHRASE_FALL, 1 << 19)

    def _any(self, among: NDArray[np.int32], count: int) -> Words:
        return among[self._draw.integers(0, len(among), count, dtype=np.uint32)]

    def content(self, count: int) -> Words:
        """Words with a meaning."""
        return self._any(self._language.content, count)

    def rare(self, count: int) -> Words:
        """Words that few articles have."""
        numbers = _RARE_SCALE * (self._draw.random(count) ** -_RARER - 1)
        return len(self._language.words) + numbers.clip(max=_RARE_LIMIT).astype(np.int32)

    def inflected(self, words: Words) -> Words:
        """For each word some form of it; numbers and names have but one."""
        language, result = self._language, words.copy()
        begin = len(FUNCTION_WORDS)
        mine = np.flatnonzero((words >= begin) & (words < language.extras))
        lemma = self._lemma[words[mine] - begin]
        variants = language.variants[self._size[lemma], self._draw.integers(0, 256, len(mine), dtype=np.uint8)]
        result[mine] = language.first_form[lemma] + variants
        return result

    def _plain(self, count: int) -> Words:
        words = self._any(self._language.usual, count)
        places = np.flatnonzero(words == RARE)
        words[places] = self.rare(len(places))
        return words

    def text(self, ends: Words, stories: Words, share: float) -> Words:
        """Words of articles that end at `ends`, with the share `share` of the words with a meaning from their stories.

        Args:
            stories: a row for each article, of words that are as likely as they come first.
        """
        count = int(ends[-1])
        words = self._plain(count)
        touched = np.flatnonzero((words >= len(FUNCTION_WORDS)) & (self._draw.random(count, np.float32) < share))
        rows = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))[touched]
        places = (self._draw.random(len(touched), np.float32) ** 1.5 * stories.shape[1]).astype(np.int32)
        words[touched] = self.inflected(stories[rows, places])
        begins = np.flatnonzero(self._draw.random(count - self._longest, np.float32) < _PHRASE_SHARE)
        phrases = self._any(self._usual_phrases, len(begins))
        for place in range(self._longest):
            long = self._lengths[phrases] > place
            words[begins[long] + place] = self._phrases[phrases[long], place]
        return words

    def spell(self, words: Words, title_ends: Words, ends: Words) -> tuple[bytes, list[int], list[int]]:
        """The words in UTF-8, each behind a space or a line end, and where the titles and the articles end there."""
        known = len(self._language.words)
        stop = self._stops(len(words), title_ends, ends)
        begins = np.append(True, stop)  # of sentences
        begins[title_ends] = True
        capital = np.flatnonzero(begins[:-1])
        seldom = np.flatnonzero(words >= known)
        entries = words.copy()
        entries[capital] += known
        entries[seldom] = np.arange(2 * known, 2 * known + len(seldom))  # never capital
        pool, places = _spellings()
        pool, places = _with(pool, places, (f" {rare(n)}" for n in (words[seldom] - known).tolist()))
        lengths = places[entries + 1] - places[entries] - 1 + stop
        behind = np.cumsum(lengths)
        # Each byte comes from the pool, as far behind the beginning of its word as it is in the text.
        text = pool[np.repeat(places[entries] - behind + lengths, lengths) + np.arange(behind[-1])]
        paragraphs = capital[_PARAGRAPH::_PARAGRAPH]
        text[(behind - lengths)[paragraphs]] = ord("\n")
        return text.tobytes(), behind[title_ends - 1].tolist(), behind[ends - 1].tolist()

    def _stops(self, count: int, title_ends: Words, ends: Words) -> NDArray[np.bool_]:
        """Whether a full stop follows each word."""
        stop = np.zeros(count, bool)
        lengths = np.cumsum(self._draw.integers(*_SENTENCE, count // _SENTENCE[0] + 1))
        stop[lengths[lengths < count]] = True
        title = np.zeros(count + 1, np.int8)
        title[np.concatenate(([0], ends))] += 1
        title[title_ends] -= 1
        stop[np.cumsum(title[:-1]) > 0] = False
        stop[ends - 1] = True
        return stop


@cache
def _spellings() -> tuple[NDArray[np.uint8], Words]:
    """The words of the vocabulary as texts have them, then with a capital: joined, and where each begins."""
    words = vocabulary().words
    bare = [word.lstrip(", ") for word in words]
    plain = [word if word.startswith(",") else f" {word}" for word in words]
    return _with(np.empty(0, np.uint8), np.zeros(1, np.int32), [*plain, *(f" {w[0].upper()}{w[1:]}" for w in bare)])


def _with(pool: NDArray[np.uint8], places: Words, strings: Iterable[str]) -> tuple[NDArray[np.uint8], Words]:
    """More strings in a pool. A full stop stands behind each, for a sentence that ends there."""
    added = [f"{string}.".encode() for string in strings]
    ends = len(pool) + np.cumsum([len(string) for string in added], dtype=np.int32)
    return np.append(pool, np.frombuffer(b"".join(added), np.uint8)), np.append(places, ends)

"""The made-up language of the generated corpus: Romanian-like words in their inflected forms, names and outlets.

Stems are put together from syllables, so most of them mean nothing; endings, function words and spelling are those of
Romanian, so that stemming and folding have the work that they have in real news. For `benchmarks.generator`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray


def _list(text: str) -> list[str]:
    return text.split()


LEMMAS: Final = 30_000
RARE: Final = -1  # instead of a place among the words: one that only `rare` knows
RARE_SHARE: Final = 0.017  # of running text, as have the next two
_FUNCTION_SHARE: Final = 0.38
_EXTRA_SHARE: Final = 0.045  # usual numbers and names
_BEND: Final = 3_000  # the rank of lemmas from which on frequencies fall off faster
_FALL: Final = 1.8  # and the exponent there
_DRAWS: Final = 1 << 20
_LANGUAGE_SEED: Final = 1859  # the language is the same whatever the seed of a corpus

# In about the order of how often news uses them; ", care" brings its comma along.
FUNCTION_WORDS: Final = (
    """
    de|în|a|la|și|cu|din|pe|care|o|că|au|să|pentru|nu|un|mai|al|fost|se|ale|prin|este|va|s-a|ce|sau|după|fi|lui|sunt|
    ca|unei|cele|până|dar|într-o|despre|ar|sub|, care|celor|într-un|cei|către|s-au|acest|fără|dintre|această|iar|cea|
    unde|era|le|când|doar|foarte|între|deja|astfel|lor|vor|peste|tot|fiind|spre|cel|nici|, iar|, dar|dintr-un|cum|
    n-a|asupra|deși|însă|acestor|printr-o|atunci|acum
""".replace("\n", "")
    .replace(" ", "")
    .replace(",", ", ")
    .split("|")
)

_ONSETS: Final = _list("b c c d d f g l l m m n n p p r r s s t t v br cr dr fr gr pl pr sc sp st tr cl j ș z h")
_NUCLEI: Final = _list("a a a a e e e e i i i o o o u u ă ea ia oa ie")
_CODAS: Final = [*[""] * 12, "n", "r", "l", "s", "m", "nt", "rt"]
_FINALS: Final = _list("b c d f g l m n p r s t v z nt nd rt st ct")

# Nouns of three genders, adjectives and verbs; the first form is the most frequent, and so on.
NOUN, VERB, ADJECTIVE, NAME = "NOUN", "VERB", "ADJ", "PROPN"  # word classes, as Universal Dependencies call them
_PARADIGMS: Final = tuple(
    (kind, tuple(endings.split("|")))
    for kind, endings in (
        (NOUN, "|ul|ului|i|ii|ilor|ule"),
        (NOUN, "ă|a|ei|e|ele|elor"),
        (NOUN, "|ul|uri|ului|urile|urilor"),
        (ADJECTIVE, "|ă|i|e|ul|a|ei|ilor|elor"),
        (VERB, "a|ează|at|ează|ând|ată|ase|au|ăm|ați"),
        (VERB, "e|it|esc|ește|ind|ise|im|iți|ită|iră"),
        (NOUN, "are|area|ării|ări|ările|ărilor"),
    )
)
_SOFTENED: Final = {"t": "ț", "d": "z", "s": "ș", "st": "șt"}  # before an ending that begins with i
_RARE_ENDINGS: Final = ("", "ul", "ului", "ă", "ei", "are", "ist", "escu", "ele", "ilor")
_STRIDE: Final = 1_000_003  # prime to the number of syllables

_FORM_WEIGHTS: Final = np.array([0.34, 0.24, 0.13, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.01])

_GIVEN_NAMES: Final = _list("""
    Ana Maria Elena Ioana Andreea Mihaela Cristina Daniela Alina Irina Raluca Simona Oana Corina Anca
    Andrei Ion Mihai Alexandru Cristian Gabriel Adrian Florin Marian Vlad Radu Bogdan Sorin Lucian Paul
""")
_PAPERS: Final = _list("Ziarul Curierul Gazeta Jurnalul Vocea Monitorul Ecoul Cronica")
_PLACES: Final = ("Văii", "Câmpiei", "de Munte", "Deltei", "de Seară", "Podișului")
SECTIONS: Final = _list("Actualitate Economie Sport Cultură Știință Extern Social Local Sănătate Educație")


@attrs.frozen(eq=False)
class Vocabulary:
    """Every word that an article may hold, with how probable it is.

    Attributes:
        words: function words, then the forms of all lemmas, then numbers and family names.
        first_form: the place in `words` of each lemma's first form, and one place past the last.
        classes: the word class of each lemma.
        extras: where numbers and names begin in `words`.
        usual: places in `words`, each as often as its word is probable, so that a random one of them is a random word
            of running text; `RARE` stands for a word that is not in `words`, see `rare`.
        content: likewise of lemmas' forms alone.
        variants: likewise places within a lemma's forms, a row for each number of forms.
    """

    words: list[str]
    first_form: NDArray[np.int32]
    classes: list[str]
    extras: int
    usual: NDArray[np.int32]
    content: NDArray[np.int32]
    variants: NDArray[np.int32]


def quantiles(weights: NDArray[np.float64], size: int) -> NDArray[np.int32]:
    """`size` places of the weights, ascending, each as often as its weight says.

    To draw from them takes one random place, which is many times as fast as a search among cumulative weights.

    >>> quantiles(np.array([3.0, 0.0, 1.0]), 8).tolist()
    [0, 0, 0, 0, 0, 0, 2, 2]
    """
    cumulative = np.cumsum(weights / weights.sum())
    middles = (np.arange(size) + 0.5) / size
    return np.searchsorted(cumulative, middles).clip(max=len(weights) - 1).astype(np.int32)


def _lemma_weights() -> NDArray[np.float64]:
    """Zipf's law of two regimes: beyond some rank frequencies fall off faster."""
    rank = np.arange(1, LEMMAS + 1) + 8.0
    bend = rank[_BEND]
    return np.where(rank < bend, 1 / rank, bend ** (_FALL - 1) / rank**_FALL)


@lru_cache(1 << 16)  # those of a story, and the less rare ones, come again and again
def rare(number: int) -> str:
    """The word of this number among those that are not in a vocabulary: there is no end of them.

    One in four is a number.

    >>> rare(49_380), len({rare(number) for number in range(2_000)})
    ('12.345', 2000)
    """
    number, remainder = divmod(number, 4)
    if not remainder:
        return f"{number:,}".replace(",", ".") if number % 8 else f"{number // 8},{number // 8 % 9 + 1}"
    number = 3 * number + remainder - 1
    syllables = _plain_syllables()
    number, kind = divmod(number, len(_RARE_ENDINGS))
    number = number * _STRIDE % len(syllables) ** 3  # neighbours shall not look alike
    number, last = divmod(number, len(syllables))
    first, middle = divmod(number, len(syllables))
    return syllables[middle] + syllables[first] + syllables[last] + _RARE_ENDINGS[kind]


@cache
def _plain_syllables() -> list[str]:
    return [onset + nucleus for onset in sorted(set(_ONSETS)) for nucleus in "aeiouă"]


def _syllables(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) + rng.choice(_CODAS) for _ in range(count))


def _stem(rng: random.Random) -> str:
    """None to two syllables, and the one that takes the ending."""
    begin = _syllables(rng, rng.choice((0, 1, 1, 1, 2)))
    return begin + rng.choice(_ONSETS) + rng.choice("aaeeiou") + rng.choice(_FINALS)


def inflect(stem: str, endings: tuple[str, ...]) -> Iterator[str]:
    """The forms of a word, its last consonant softened where Romanian does so.

    >>> list(inflect("student", ("", "ul", "i")))
    ['student', 'studentul', 'studenți']
    """
    for ending in endings:
        if ending.startswith("i"):
            tail = "st" if stem.endswith("st") else stem[-1:]
            yield stem[: len(stem) - len(tail)] + _SOFTENED.get(tail, tail) + ending
        else:
            yield stem + ending


def surname(rng: random.Random) -> str:
    """A family name that sounds Romanian."""
    stem = _syllables(rng, 1) + rng.choice(_FINALS[:12])
    return stem.capitalize() + rng.choice(("escu", "eanu", "aru", "oiu", "ea"))


def authors(rng: random.Random, count: int) -> list[str]:
    """Made-up names of journalists."""
    return [f"{rng.choice(_GIVEN_NAMES)} {surname(rng)}" for _ in range(count)]


def sources() -> list[str]:
    """The names of the made-up newspapers."""
    return [f"{paper} {place}" for place in _PLACES for paper in _PAPERS]


@cache
def vocabulary() -> Vocabulary:
    """The language, made once."""
    rng = random.Random(_LANGUAGE_SEED)
    words = list(FUNCTION_WORDS)
    first_form = []
    classes = []
    stems: set[str] = set()
    while len(stems) < LEMMAS:
        stems.add(_stem(rng))
    # Frequent words are short ones, by and large. The set's own order would differ from run to run.
    for stem in sorted(sorted(stems), key=lambda stem: len(stem) + 6 * rng.random()):
        first_form.append(len(words))
        kind, endings = rng.choice(_PARADIGMS)
        classes.append(kind)
        words += inflect(stem, endings)
    extras = len(words)
    first_form.append(extras)
    words += [str(number) for number in range(1, 32)]
    words += [str(year) for year in range(1990, 2030)]
    words += [f"{rng.randrange(1, 1000)}.{rng.randrange(1000):03}" for _ in range(100)]
    words += [f"{rng.randrange(100)},{rng.randrange(10)}" for _ in range(60)]
    words += [surname(rng) for _ in range(2_000)]
    sizes = np.diff(first_form)
    of_forms = np.concatenate([_FORM_WEIGHTS[:size] / _FORM_WEIGHTS[:size].sum() for size in sizes])
    content = np.repeat(_lemma_weights(), sizes) * of_forms
    weights = np.concatenate((
        _FUNCTION_SHARE * _shares(1 / (np.arange(len(FUNCTION_WORDS)) + 2.0) ** 1.15),
        (1 - _FUNCTION_SHARE - _EXTRA_SHARE - RARE_SHARE) * _shares(content),
        _EXTRA_SHARE * _shares(1 / (np.arange(len(words) - extras) + 5.0) ** 0.9),
        [RARE_SHARE],
    ))  # fmt: skip
    usual = quantiles(weights, _DRAWS)
    return Vocabulary(
        words,
        np.array(first_form, np.int32),
        classes,
        extras,
        np.where(usual == len(words), RARE, usual).astype(np.int32),
        (quantiles(content, _DRAWS) + len(FUNCTION_WORDS)).astype(np.int32),
        np.array([quantiles(_FORM_WEIGHTS[: max(size, 1)], 256) for size in range(sizes.max() + 1)]),
    )


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares

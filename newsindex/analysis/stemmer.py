"""`Stemmer`: word forms to the classes under which they are indexed. For indexing, queries and the Whoosh analyzer.

A class is all forms of one word and is called by its lemma: om, omul and oamenilor are of the class `om`. It comes from

1.  the lexicon (`newsindex.analysis.lexicon_compiler`), where it knows the form;
2.  the lexicon again, where it knows the form with diacritics that were left out: soldatilor can only be soldaților,
    while Putin need not be puțin where a text has diacritics elsewhere;
3.  lemmagen3, whose rules were learned from a lexicon, for all others: names, new words, words with mistakes. What it
    answers is not always one word for all forms of a word, so its endings are cut off; diacritics are folded, since in
    names they come and go; and a hyphen behind it keeps such a class apart from those of the lexicon.

Of 6,339 nouns, verbs, adjectives and names in two treebanks, each an article of one word, this joins those that share a
lemma with a precision of 0.92 and a recall of 0.95 (F1 0.93); Snowball alone with 0.64 and 0.65 (0.64). Snowball
instead of cutting off endings in step 3 would cost 0.02 of precision.

A form without any diacritics may stand for several words: `tari` for tari and for țări. `readings` gives them all.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import as_file, files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from newsindex.analysis._lexicon import Lexicon
from newsindex.analysis._tokens import fold

_CACHED_FORMS: Final = 1 << 14
_UNKNOWN: Final = "-"  # ends the class of a word that the lexicon does not know; no token holds one
_VOWELS: Final = "aăâeiîou"
_NO_ACCIDENT: Final = 8  # letters; of 7,900 such words in 5,500 articles nearly all from here on lack diacritics
_SHORTEST: Final = 3  # letters that are left when endings are cut off

Packed = tuple[NDArray[np.uint8], NDArray[np.uint64]]


@cache
def _lexicon() -> Lexicon:
    with as_file(files(__package__) / "lexicon.bin") as path, path.open("rb") as file:
        return Lexicon(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@cache
def _rules() -> Any:
    from lemmagen3 import Lemmatizer

    return Lemmatizer("ro")


class Stemmer:
    """Finds the classes of forms as `tokenize` gives them.

    Safe to share between threads. May be pickled. The lexicon is mapped and the rules are loaded when the first word
    needs them.

    Attributes:
        name: which method this is; an index records it beside `version`.

    >>> stemmer = Stemmer()
    >>> stemmer("oamenilor"), stemmer("soldaților"), stemmer("soldatilor"), stemmer("G20")
    ('om', 'soldat', 'soldat', 'G20')
    """

    name: Final = "romanian-lexicon"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snowball: Any = None
        self.readings = lru_cache(_CACHED_FORMS)(self._readings)

    def __call__(self, form: str) -> str:
        """The class of one form, taken as it is written; the last 16,384 distinct ones are remembered."""
        return self.readings(form)[0]

    def __reduce__(self) -> tuple[type[Stemmer], tuple[()]]:
        return type(self), ()

    @cached_property
    def version(self) -> str:
        """The lexicon and the rules: with others the classes would be others."""
        from importlib.metadata import version

        return f"{_lexicon().source} ({_lexicon().identity[:12]}), lemmagen3 {version('lemmagen3')}"

    def _readings(self, form: str, bare: bool = False) -> tuple[str, ...]:
        """The classes that a form may belong to, its own first.

        Args:
            form: as `tokenize` gives it.
            bare: it comes from a text without any diacritics, so that it may be a word that has some.

        >>> Stemmer().readings("fata"), Stemmer().readings("fata", bare=True)
        (('fată',), ('fată', 'față', 'făta'))
        """
        lexicon = _lexicon()
        known, others = [], []
        for entry in range(*lexicon.group(fold(form))):
            spelling = lexicon.form(entry)
            if spelling == form:
                known.append(lexicon.class_of(entry))
            elif is_spelling(form, spelling):
                others.append(lexicon.class_of(entry))
        if not known and (form.isascii() or not others):
            known.append(self._unknown(form))
            if _cannot_be_a_name(form):
                return tuple(dict.fromkeys(others + known))
        if known and not (bare and form.isascii()):
            return tuple(known)
        return tuple(dict.fromkeys(known + others))

    def knows(self, form: str) -> bool:
        """Whether the lexicon has a form, as it is written."""
        return _lexicon().find(form) >= 0

    def classify(
        self, forms: Sequence[str], entries: Packed, bare: Sequence[bool]
    ) -> tuple[list[tuple[str, ...]], NDArray[np.bool_]]:
        """The readings of many distinct forms, in the order of their dictionary entries, which are given too.

        Args:
            bare: whether a form occurs in a text without diacritics; for others its further readings are left out.

        Returns:
            The readings of each form, and whether it has all of them in any text.
        """
        places, firsts, spellings = (column.tolist() for column in _lexicon().match(*entries))
        name = cache(_lexicon().class_of)
        readings: list[tuple[str, ...]] = []
        always = np.zeros(len(forms), bool)
        for i, (form, place, count) in enumerate(zip(forms, places, spellings, strict=True)):
            if count == 0:
                readings.append((self._unknown(form),))
            elif place >= 0 and (count == 1 or not (bare[i] and form.isascii())):
                readings.append((name(place),))
            elif not form.isascii():
                readings.append(self._readings(form))
                always[i] = True
            else:
                always[i] = place < 0 and _cannot_be_a_name(form)
                own = name(place) if place >= 0 else self._unknown(form)
                others = map(name, range(firsts[i], firsts[i] + count)) if bare[i] or always[i] else ()
                readings.append(tuple(dict.fromkeys([*others, own] if always[i] else [own, *others])))
        return readings, always

    def derivation(self, term: str) -> str:
        """What words derived from one another share: the Snowball stem of a class.

        >>> stemmer = Stemmer()
        >>> stemmer.derivation("declara"), stemmer.derivation("declarație")
        ('declar', 'declar')
        """
        with self._lock:  # PyStemmer's objects are not safe to share between threads
            if self._snowball is None:
                from Stemmer import Stemmer as Snowball

                self._snowball = Snowball("romanian")
            stem: str = self._snowball.stemWord(term.removesuffix(_UNKNOWN))
        return stem

    def _unknown(self, form: str) -> str:
        """The class of a form that the lexicon does not have."""
        if not form.isalpha() and any(map(str.isdigit, form)):
            return fold(form)  # numbers and names such as g20 have no endings
        if len(form) <= _SHORTEST:
            return fold(form) + _UNKNOWN  # nor have abbreviations
        lexicon = _lexicon()
        if "î" in form[1:-1]:
            modern = lexicon.find(form[0] + form[1:-1].replace("î", "â") + form[-1])
            if modern >= 0:
                return lexicon.class_of(modern)  # before 1993 cîine, since then câine
        # The rules were learned from words with cedillas. Calls of replace() are several times as fast as translate().
        lemma = _rules().lemmatize(form.replace("ș", "ş").replace("ț", "ţ")).replace("ş", "ș").replace("ţ", "ț") or form
        known = lexicon.find(lemma)
        return lexicon.class_of(known) if known >= 0 else fold(_without_ending(lemma)) + _UNKNOWN


def is_spelling(form: str, full: str) -> bool:
    """Whether `form` is `full` with some diacritics left out, or none.

    >>> is_spelling("ședinta", "ședința"), is_spelling("ședinta", "sedință")
    (True, False)
    """
    return len(form) == len(full) and all(
        typed in (letter, plain) for typed, letter, plain in zip(form, full, fold(full), strict=True)
    )


def _cannot_be_a_name(form: str) -> bool:
    """Whether a form that differs from words in its diacritics only must be one of them, whatever text it stands in.

    „Putin” and „card” are short enough to be „puțin” and „cârd” by accident; „presedintele” is not.
    """
    return len(form) >= _NO_ACCIDENT and form.isascii()


def _without_ending(lemma: str) -> str:
    if len(lemma) > 2 * _SHORTEST and lemma.endswith(("at", "it", "ât")):
        lemma = lemma[:-1]
    return lemma[:_SHORTEST] + lemma[_SHORTEST:].rstrip(_VOWELS)

"""`Stemmer`: word forms to stems, by Snowball's Romanian algorithm. For indexing, queries and the Whoosh analyzer.

A stem is folded after stemming and not before: Snowball needs the diacritics to tell endings apart, and a word
typed without them meets the same stem most of the time only when they are gone from both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from newsindex.analysis._tokens import fold

_CACHED_FORMS: Final = 1 << 14


class Stemmer:
    """Stems forms as `tokenize` gives them; forms with a digit are only folded.

    Safe to share between threads. PyStemmer's own objects are not, so single calls take turns at one under a lock
    and each bulk call has its own. May be pickled.

    Attributes:
        name: which algorithm this is; an index records it beside `version`.

    >>> stemmer = Stemmer()
    >>> stemmer("națiunile"), stemmer("natiunile"), stemmer("G20")
    ('natiun', 'natiun', 'G20')
    """

    name: Final = "snowball-romanian"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snowball: Any = None
        self._cached = lru_cache(_CACHED_FORMS)(self._stem)

    def __call__(self, form: str) -> str:
        """The stem of one form; the last 16,384 distinct ones are remembered."""
        return self._cached(form)

    def __reduce__(self) -> tuple[type[Stemmer], tuple[()]]:
        return type(self), ()

    @property
    def version(self) -> str:
        """The version of PyStemmer, and so of the Snowball rules in it."""
        from Stemmer import version

        return str(version())

    def stems(self, forms: Iterable[str]) -> list[str]:
        """The stems of many forms, in their order; for distinct forms, since nothing is remembered."""
        stems = list(forms)
        words = [i for i, form in enumerate(stems) if form.isalpha() or _has_ending(form)]
        found = _new_snowball().stemWords([stems[i] for i in words])
        for i, stem in zip(words, found, strict=True):
            stems[i] = stem
        return [fold(stem) for stem in stems]

    def _stem(self, form: str) -> str:
        if not _has_ending(form):
            return fold(form)
        with self._lock:
            if self._snowball is None:
                self._snowball = _new_snowball()
            stem: str = self._snowball.stemWord(form)
        return fold(stem)


def _has_ending(form: str) -> bool:
    # Numbers and names such as "g20" have none; isalpha() answers for nearly every form without a loop in Python.
    return form.isalpha() or not any(map(str.isdigit, form))


def _new_snowball() -> Any:
    from Stemmer import Stemmer as Snowball

    return Snowball("romanian", 0)  # 0: no cache of its own; it would only slow down distinct forms

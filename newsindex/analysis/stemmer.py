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
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis._classes import UNKNOWN, classify, readings
from newsindex.analysis._lexicon import Lexicon
from newsindex.analysis._rules import Rules
from newsindex.analysis._tokens import fold
from newsindex.forks import cached_property

RULES: Final = "3.5.2"  # of lemmagen3. Fixed in pyproject.toml too; metadata would have to be read to ask there
_CACHED_FORMS: Final = 1 << 14

Packed = tuple[NDArray[np.uint8], NDArray[np.uint64]]


@cache
def _lexicon() -> Lexicon:
    # By path, as the extension modules beside it are found: importlib.resources takes longer than all that follows.
    with Path(__file__).with_name("lexicon.bin").open("rb") as file:
        return Lexicon(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@cache
def _rules() -> Rules:
    """The rules, which must be those that classes are said to come from.

    Raises:
        ImportError: another version of them is installed.
    """
    import lemmagen3

    # Where it was installed as usual, this saves loading what reads metadata, which takes ten times as long.
    usual = Path(lemmagen3.__file__).parents[1] / f"lemmagen3-{RULES}.dist-info"
    if not usual.is_dir() and (found := _installed("lemmagen3")) != RULES:
        raise ImportError(
            f"lemmagen3 {found} is installed, and its words would be others; install lemmagen3 {RULES}",
            name="lemmagen3",
        )
    with (Path(lemmagen3.__file__).with_name("models") / "ro.bin").open("rb") as file:
        return Rules(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _installed(package: str) -> str:
    from importlib.metadata import version

    return version(package)


@attrs.frozen(eq=False)
class Classes:
    """What `Stemmer.classify` finds.

    Attributes:
        names: of classes, packed; the numbers below are places among these.
        firsts: the class of the first reading of each form.
        forms, others: of which form each further reading is one, ascending, and its class.
        always: whether a form has its further readings in any text.
    """

    names: Packed
    firsts: NDArray[np.int64]
    forms: NDArray[np.int64]
    others: NDArray[np.int64]
    always: NDArray[np.bool_]


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
        self.readings = lru_cache(_CACHED_FORMS)(self._readings)

    def __call__(self, form: str) -> str:
        """The class of one form, taken as it is written; the last 16,384 distinct ones are remembered."""
        return self.readings(form)[0]

    def __reduce__(self) -> tuple[type[Stemmer], tuple[()]]:
        return type(self), ()

    @cached_property
    def version(self) -> str:
        """The lexicon and the rules: with others the classes would be others."""
        return f"{_lexicon().source} ({_lexicon().identity[:12]}), lemmagen3 {RULES}"

    def _readings(self, form: str, bare: bool = False) -> tuple[str, ...]:
        """The classes that a form may belong to, its own first.

        Args:
            form: as `tokenize` gives it.
            bare: it comes from a text without any diacritics, so that it may be a word that has some.

        >>> Stemmer().readings("fata"), Stemmer().readings("fata", bare=True)
        (('fată',), ('fată', 'față', 'făta'))
        """
        return readings(_lexicon(), _rules, form, bare)

    def knows(self, form: str) -> bool:
        """Whether the lexicon has a form, as it is written."""
        return _lexicon().find(form) >= 0

    def classify(self, forms: Packed, entries: Packed, in_bare: NDArray[np.bool_]) -> Classes:
        """The readings of many distinct forms, in the order of their dictionary entries, which are given too.

        Args:
            in_bare: whether a form occurs in a text without diacritics; for others its further readings are left out.
        """
        lexicon = _lexicon()
        firsts, owners, others, always, names, sizes = classify(
            lexicon, _rules(), forms, entries, in_bare.view(np.uint8)
        )
        used, named = np.unique(np.concatenate((firsts, others)), return_inverse=True)
        data, lengths = lexicon.class_names(used[used < lexicon.classes_size])
        starts = np.zeros(len(used) + 1, np.uint64)
        np.cumsum(np.concatenate((lengths, sizes)), out=starts[1:])
        packed = np.frombuffer(data + names, np.uint8), starts
        return Classes(packed, named[: len(firsts)], owners, named[len(firsts) :], always.view(bool))

    def derivation(self, term: str) -> str:
        """What words derived from one another share: the Snowball stem of a class.

        >>> stemmer = Stemmer()
        >>> stemmer.derivation("declara"), stemmer.derivation("declarație")
        ('declar', 'declar')
        """
        return self.derivations([term])[0]

    def derivations(self, terms: Sequence[str]) -> list[str]:
        """The `derivation` of each of some terms."""
        words = [term.removesuffix(UNKNOWN) for term in terms]
        from Stemmer import Stemmer as Snowball

        # Made anew, since none is safe to share between threads; without its cache, which costs more than stems do.
        stems: list[str] = Snowball("romanian", 0).stemWords(words)
        return stems


def is_spelling(form: str, full: str) -> bool:
    """Whether `form` is `full` with some diacritics left out, or none.

    >>> is_spelling("ședinta", "ședința"), is_spelling("ședinta", "sedință")
    (True, False)
    """
    if len(form) != len(full):
        return False
    bare = fold(full)
    return form in (full, bare) or all(
        typed in (letter, plain) for typed, letter, plain in zip(form, full, bare, strict=True)
    )

"""The ways to treat words that are compared, all on newsindex itself: `variants()`.

The default analyzer gets text and questions as they are. The other ways are prepared outside: each word of a text is
turned into what it is under that way (the form itself, its Snowball stem, the stem folded), that is replaced by a code
such as `w17`, and the index gets the codes, joined by spaces. Questions look for exact forms of codes. A code keeps the
engine's own stemmer out, and since it is a term of its own the engine knows how rare it is: a stem handed over as a
word would be counted together with all words that newsindex takes for its forms.

Otherwise nothing differs. Words are cut by the same tokenizer, texts keep their lengths and the order of words, stop
words are indexed, and those that newsindex drops from a question are dropped here too. A word that the tokenizer cuts
in two (`prim-ministrul`) is looked for as a phrase, as newsindex does. If newsindex ranks exact forms higher, that is
part of its way and of no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import newsindex as ni
from newsindex.analysis import fold, is_stop_word, tokenize

if TYPE_CHECKING:
    from whoosh.query import Query

DEFAULT: Final = "default"


class Variant:
    """The default analyzer.

    Attributes:
        name: shown in the tables.
        told: what it does, in a sentence.
    """

    def __init__(self, name: str, told: str) -> None:
        self.name = name
        self.told = told

    def text(self, text: str) -> str:
        """What to index for a text."""
        return text

    def question(self, text: str) -> str | Query:
        """What to search for, with match="any", to find articles with words of a text.

        Raises:
            QueryError: there is no word in it.
        """
        return ni.words(text, match="any")


class Prepared(Variant):
    """A way that is prepared outside.

    >>> Prepared("lower case", "", lambda form: form).text("Ploi și ploi")
    'w0 w1 w0'
    """

    def __init__(self, name: str, told: str, normalise: Callable[[str], str]) -> None:
        super().__init__(name, told)
        self._normalise = normalise
        self._codes: dict[str, str] = {}  # by form, so that each is stemmed once
        self._terms: dict[str, str] = {}  # by what the form is under this way

    def text(self, text: str) -> str:
        """The codes of the words."""
        return " ".join(map(self._code, _forms(text)))

    def question(self, text: str) -> str:
        """A query string for any of the codes."""
        # Whoosh's tree has the raw words as newsindex cuts them: what each holds more than one of is a phrase.
        chunks = [_forms(leaf.text) for leaf in ni.words(text, match="any").leaves()]
        kept = [forms for forms in chunks if not all(map(is_stop_word, forms))] or chunks
        return " ".join(f'="{" ".join(map(self._code, forms))}"' for forms in kept if forms)

    def _code(self, form: str) -> str:
        code = self._codes.get(form)
        if code is None:
            term = self._normalise(form)
            code = self._codes[form] = self._terms.setdefault(term, f"w{len(self._terms)}")
        return code


def _forms(text: str) -> list[str]:
    return [form for form, _, _ in tokenize(text)]


def _snowball() -> Callable[[str], str]:
    from Stemmer import Stemmer

    stemmer: Any = Stemmer("romanian", 0)
    # Numbers and the like have no endings.
    return lambda form: form if any(map(str.isdigit, form)) else str(stemmer.stemWord(form))


def variants() -> list[Variant]:
    """All ways, freshly made: what they remember of words goes with them."""
    snowball = _snowball()
    return [
        Prepared("no stemming", "Words in lower case, with comma letters.", lambda form: form),
        Prepared("Snowball", "Their stems by Snowball's Romanian algorithm.", snowball),
        Prepared("Snowball folded", "The same stems without diacritics.", lambda form: fold(snowball(form))),
        Variant(DEFAULT, "What newsindex does by itself."),
    ]

"""`RomanianAnalyzer`: the library's tokens and stems as an analyzer of Whoosh.

For plain Whoosh schemas, and for `whoosh.highlight`, which cuts snippets by the offsets it yields. The index itself
does not need it: it goes from text to numbers without a Python object per token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from whoosh.analysis import Analyzer, Token

from newsindex.analysis._tokens import fold, tokenize
from newsindex.analysis.characters import clean
from newsindex.analysis.stemmer import Stemmer


class RomanianAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no types
    """Yields Whoosh tokens with stemmed (or only folded) text, positions and character offsets.

    Two analyzers with the same settings are equal, and Whoosh may pickle them into a schema: only settings are kept.

    Args:
        stem: stem the forms; otherwise diacritics are folded and nothing else.
        stop_words: words to leave out, diacritics ignored; none by default, so that phrases hold every word.
            Positions then count the words that stay, as Whoosh's own stop filter does, or its phrases would not match.

    >>> [token.text for token in RomanianAnalyzer()("Miniștrii s-au întâlnit")]
    ['ministr', 's', 'au', 'intaln']
    """

    def __init__(self, stem: bool = True, stop_words: Collection[str] | None = None) -> None:
        self.stem = stem
        self.stop_words = None if stop_words is None else frozenset(map(_key, stop_words))
        self._term = Stemmer() if stem else fold

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        removestops: bool = True,
        start_pos: int = 0,
        start_char: int = 0,
        mode: str = "",
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Yield the tokens of a text: one `whoosh.analysis.Token`, changed in place, as Whoosh's convention is.

        Args:
            positions, chars: set `pos`; set `startchar` and `endchar`, offsets in `value`.
            keeporiginal: set `original` to the text as written.
            removestops: leave stop words out; False yields them too, with `stopped` set.
            start_pos, start_char: what positions and offsets count from.

        Raises:
            TypeError: `value` is not a str.
        """
        stops = self.stop_words or ()
        token = Token(positions, chars, removestops=removestops, mode=mode, **kwargs)
        position = start_pos
        for form, start, end in tokenize(value):
            token.stopped = bool(stops) and fold(form) in stops
            if token.stopped and removestops:
                continue
            token.text = self._term(form)
            token.boost = 1.0
            if keeporiginal:
                token.original = value[start:end]
            if positions:
                token.pos = position
            if chars:
                token.startchar, token.endchar = start_char + start, start_char + end
            position += 1
            yield token

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RomanianAnalyzer):
            return NotImplemented
        return (self.stem, self.stop_words) == (other.stem, other.stop_words)

    def __hash__(self) -> int:
        return hash((self.stem, self.stop_words))

    def __repr__(self) -> str:
        stops = None if self.stop_words is None else sorted(self.stop_words)
        return f"{type(self).__name__}(stem={self.stem}, stop_words={stops})"

    def __getstate__(self) -> dict[str, Any]:
        return {"stem": self.stem, "stop_words": self.stop_words}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # the stemmer and its cache are made anew

    def has_morph(self) -> bool:
        """Whether terms are stems, which Whoosh asks before it expands a query by variations of a word."""
        return self.stem


def _key(word: str) -> str:
    return fold(clean(word).lower())

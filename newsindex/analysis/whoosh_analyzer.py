"""`RomanianAnalyzer`: the library's tokens and stems as an analyzer of Whoosh.

For plain Whoosh schemas, and for `whoosh.highlight` over their hits, which needs the offsets it yields. The index does
without: it goes from text to numbers without a Python object per token. Both index a word alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from whoosh.analysis import Analyzer, Token

from newsindex.analysis._tokens import fold, tokenize
from newsindex.analysis.characters import clean, is_bare
from newsindex.analysis.stemmer import Stemmer


class RomanianAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no types
    """Yields Whoosh tokens with stemmed (or only folded) text, positions and character offsets.

    When Whoosh indexes (`mode="index"`), a word that may be read as several yields a token for each of its readings,
    its own first, all in one place: so the article is found by any of them. Else it yields the first reading alone,
    because Whoosh's parser would make a phrase of several tokens, which no text has.

    Two analyzers with the same settings are equal, and Whoosh may pickle them into a schema: only settings are kept.

    Args:
        stem: stem the forms; otherwise diacritics are folded and nothing else.
        stop_words: words to leave out, diacritics ignored; none by default, so that phrases hold every word.
            Positions then count the words that stay, as Whoosh's own stop filter does, or its phrases would not match.

    >>> [token.text for token in RomanianAnalyzer()("Miniștrii s-au întâlnit")]
    ['ministru', 'sine', 'avea', 'întâlni']
    >>> analyzer = RomanianAnalyzer()
    >>> [(token.pos, token.text) for token in analyzer("fata casei", mode="index", positions=True)]
    [(0, 'fată'), (0, 'față'), (0, 'făta'), (1, 'casă')]
    >>> [token.text for token in analyzer("fata casei")], [token.text for token in analyzer("fata țării", mode="index")]
    (['fată', 'casă'], ['fată', 'țară'])
    """

    def __init__(self, stem: bool = True, stop_words: Collection[str] | None = None) -> None:
        self.stem = stem
        self.stop_words = None if stop_words is None else frozenset(map(_key, stop_words))
        self._stemmer = Stemmer()

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
        bare: bool | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Yield the tokens of a text: one `whoosh.analysis.Token`, changed in place, as Whoosh's convention is.

        Args:
            positions, chars: set `pos`; set `startchar` and `endchar`, offsets in `value`.
            keeporiginal: set `original` to the text as written.
            removestops: leave stop words out; False yields them too, with `stopped` set.
            start_pos, start_char: what positions and offsets count from.
            mode: "index" for all readings of each word.
            bare: whether the whole text that `value` is a part of has no diacritics, so that its words may lack theirs;
                None is for a whole text, which is looked at.
            kwargs: with `tokenize=False`, which Whoosh's parser says of beginnings and patterns, the text stays one
                token, in lower case; the rest becomes attributes of the tokens.

        Raises:
            TypeError: `value` is not a str.
        """
        stops = self.stop_words or ()
        whole = not kwargs.pop("tokenize", True)
        token = Token(positions, chars, removestops=removestops, mode=mode, **kwargs)
        if whole:
            token.text, token.boost = clean(value).lower() if self.stem else _key(value), 1.0
            yield token
            return
        readings = self._readings(mode, is_bare(value) if bare is None and isinstance(value, str) else bool(bare))
        position = start_pos
        for form, start, end in tokenize(value):
            token.stopped = bool(stops) and fold(form) in stops
            if token.stopped and removestops:
                continue
            token.boost = 1.0
            if keeporiginal:
                token.original = value[start:end]
            if positions:
                token.pos = position
            if chars:
                token.startchar, token.endchar = start_char + start, start_char + end
            position += 1
            for term in readings(form):
                token.text = term
                yield token

    def _readings(self, mode: str, bare: bool) -> Callable[[str], tuple[str, ...]]:
        """What the terms of a form are."""
        if not self.stem:
            return lambda form: (fold(form),)
        if mode == "index":
            return lambda form: self._stemmer.readings(form, bare)
        return lambda form: (self._stemmer(form),)

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

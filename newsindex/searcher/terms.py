"""Which terms of a segment a pattern means, and how often these, or phrases of them, occur in given articles.

A posting list serves all forms of a term, so what a pattern resolves to is a list of terms, each with marks on its
forms: which of them are meant, and which are spelled as was asked for. The executor finds the articles; what is here
confirms them and counts for their scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import Stemmer, fold
from newsindex.inverted._patterns import Edits, Finder, TooWideError, Wildcards
from newsindex.inverted._words import Meant, expand_in, look_up_in
from newsindex.inverted.entries import form_entry
from newsindex.inverted.fields import BODY, TEXT
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import Derived, Form, Fuzzy, Pattern, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher._phrases import Terms, find_phrase

Docs = NDArray[np.int32]
Strangers = list[tuple[int, tuple[str, str, int, int]]]  # see `strangers`
Tally = NDArray[np.int32]  # of each of some articles six sums; see PostingList.tally

_stemmer: Final = Stemmer()
_MAX_DERIVED: Final = 20_000  # terms of a segment that are looked at for words derived from the same one
_MAX_RESOLVED: Final = 20_000  # terms that a segment keeps of past searches, besides those of the last one


def resolve(segment: Segment, field: str, pattern: Pattern) -> Meant:
    """The terms that `pattern` means in `field` of a segment.

    A segment never changes, so it keeps the answers: one search asks two or three times, and words come again.
    """
    known: Meant | None = segment.resolved.get((field, pattern))
    if known is None:
        known = _resolve(segment, TEXT if field == BODY else field, pattern)
        _keep([segment], (field, pattern), [known])
    return known


def resolve_everywhere(segments: Sequence[Segment], field: str, pattern: Pattern) -> list[Meant]:
    """What `resolve` says of each of some segments."""
    known = [segment.resolved.get((field, pattern)) for segment in segments]
    # The first is the oldest: what it was not asked for, none or few were.
    if known and known[0] is None and isinstance(pattern, Stem):
        return _look_up(segments, field, pattern)
    return [
        resolve(segment, field, pattern) if one is None else one for segment, one in zip(segments, known, strict=True)
    ]


def make_room(segments: Sequence[Segment]) -> None:
    """Forget what was found for past searches, where that has become much. Whoever still needs it, finds it again."""
    for segment in segments:
        if segment.resolved_terms > _MAX_RESOLVED:
            segment.resolved.clear()
            segment.resolved_terms = 0


def expand_everywhere(
    segments: Sequence[Segment], field: str, pattern: Prefix | Wildcard | Fuzzy, most: int
) -> list[Meant]:
    """As `resolve_everywhere`, of a pattern that many words may match.

    Raises:
        TooWideError: it takes more than an effort of `most`, whether it has to be made or was before.
    """
    known = {number: segment.resolved.get((field, pattern)) for number, segment in enumerate(segments)}
    fresh = [number for number, meant in known.items() if meant is None]
    most -= sum([meant.effort for meant in known.values() if meant is not None])
    if most < 0:
        raise TooWideError("a pattern that was known to cost more")
    if fresh:
        expanded = _expand([segments[number] for number in fresh], field, pattern, most)
        known.update(zip(fresh, expanded, strict=True))
    return [meant for meant in known.values() if meant is not None]


def strangers(segments: Sequence[Segment], field: str, pattern: Stem) -> Strangers:
    """The forms of other terms that are spelled as a word but for diacritics: numbers of segments, `Segment.strangers`.

    What the word itself means there is found by the way, and kept.
    """
    found: Strangers = []
    _look_up(segments, field, pattern, found)
    return found


def _look_up(segments: Sequence[Segment], field: str, pattern: Stem, found: Strangers | None = None) -> list[Meant]:
    names, folded, place = (pattern.stem, *pattern.others), fold(pattern.form), TEXT if field == BODY else field
    try:
        words = [segment.words_in(place) for segment in segments]
        meant = look_up_in(words, names, pattern.form, folded, pattern.loose, found)
    except ValueError:
        for segment in segments:
            segment.look_up(place, names, pattern.form, folded, pattern.loose)  # which says whose damage it is
            segment.strangers(place, names, folded)
        raise
    _keep(segments, (field, pattern), meant)
    return meant


def _expand(segments: Sequence[Segment], field: str, pattern: Prefix | Wildcard | Fuzzy, most: int) -> list[Meant]:
    place = TEXT if field == BODY else field
    try:
        meant = expand_in([segment.words_in(place) for segment in segments], _finder(pattern), most)
    except ValueError:
        for segment in segments:
            segment.expand(place, _finder(pattern))  # which says whose damage it is
        raise
    _keep(segments, (field, pattern), meant)
    return meant


def _resolve(segment: Segment, field: str, pattern: Pattern) -> Meant:
    if isinstance(pattern, Stem):
        names = (pattern.stem, *pattern.others)
        return segment.look_up(field, names, pattern.form, fold(pattern.form), pattern.loose)
    if isinstance(pattern, Derived):
        return segment.whole(field, _derived_terms(segment, field, pattern))
    if isinstance(pattern, Form):
        found = segment.find_form(field, form_entry(pattern.form, fold(pattern.form)))
        return Meant() if found is None else segment.gather(field, *np.array(found, np.int64).reshape(2, 1))
    return segment.expand(field, _finder(pattern))


def _keep(segments: Sequence[Segment], key: tuple[str, Any], meant: Sequence[Meant]) -> None:
    for segment, found in zip(segments, meant, strict=True):
        if key not in segment.resolved:
            segment.resolved_terms += 1 + len(found)
        segment.resolved[key] = found


def _derived_terms(segment: Segment, field: str, pattern: Derived) -> list[int]:
    """The terms that share a root and begin with it, as nearly all do: whatever they are, their number is bounded."""
    first, stems = segment.terms_from(field, pattern.root, _MAX_DERIVED)
    return [
        term
        for term, (stem, root) in enumerate(zip(stems, _stemmer.derivations(stems), strict=True), first)
        if root == pattern.root and stem not in pattern.stems
    ]


def _finder(pattern: Prefix | Wildcard | Fuzzy) -> Finder:
    """What finds the forms that a pattern means. It looks at none that do not begin as all of these do."""
    if isinstance(pattern, Prefix):
        return Finder(prefix=pattern.prefix.encode())
    if isinstance(pattern, Wildcard):
        literal = pattern.pattern.replace("?", "*").partition("*")[0]
        return Wildcards(_points(pattern.pattern), prefix=literal.encode())
    literal = pattern.form[: pattern.prefix]
    return Edits(_points(pattern.form), pattern.distance, prefix=literal.encode())


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def patterns_of(leaf: Word | Phrase) -> tuple[Pattern, ...]:
    """What a leaf asks for, word by word."""
    return (leaf.pattern,) if isinstance(leaf, Word) else leaf.patterns


def document_frequency(segments: Sequence[Segment], found: Sequence[Meant]) -> int:
    """In about how many articles of some segments a pattern occurs, given what it means in each: at most so many."""
    return sum([min(meant.df, segment.articles) for meant, segment in zip(found, segments, strict=True)])


# Counting.


def word_tallies(segment: Segment, word: Word, docs: Docs) -> list[Tally]:
    """How often each term of a word occurs in each of `docs`; of the text also how often in the title."""
    limits = segment.title_words if word.field in (TEXT, BODY) else None
    meant = resolve(segment, word.field, word.pattern)
    with segment.reading_postings():
        return [
            postings.tally(docs, limits, marks, rest)
            for postings, marks, rest in zip(meant.lists, meant.marks, meant.rests, strict=True)
        ]


def phrase_words(segment: Segment, phrase: Phrase) -> list[Terms]:
    """The terms of each word of a phrase; nothing where one has none."""
    return _terms_of(phrase, [resolve(segment, phrase.field, pattern) for pattern in phrase.patterns])


def phrase_words_everywhere(phrase: Phrase, found: Sequence[Sequence[Meant]]) -> list[list[Terms]]:
    """What `phrase_words` says of each of some segments, given what each pattern means in every one."""
    return [_terms_of(phrase, words) for words in zip(*found, strict=True)]


def _terms_of(phrase: Phrase, words: Sequence[Meant]) -> list[Terms]:
    if not all(words):
        return []
    return [
        Terms(meant.lists, meant.marks, meant.rests, isinstance(pattern, Stem) and bool(pattern.form))
        for meant, pattern in zip(words, phrase.patterns, strict=True)
    ]


def find_words(
    segment: Segment, phrase: Phrase, words: list[Terms], low: int, high: int, docs: Docs | None, spelling: bool
) -> tuple[Docs, Tally]:
    """The articles from `low` to `high` - 1, or those of them in `docs`, that have a phrase, and how often.

    A phrase of the body is looked for in all of the text; see `newsindex.searcher.executor.in_field`.

    Args:
        words: the `phrase_words` of the phrase in the segment.
        spelling: whether to tally also what is spelled as was asked for; see `word_tallies`. If not, how often a phrase
            occurs is not counted to the end.
    """
    limits = segment.title_words if phrase.field in (TEXT, BODY) else None
    once = not spelling and phrase.field != BODY  # of what is not to be scored
    with segment.reading_postings():
        return find_phrase(words, low, high, phrase.slop, spelling, limits, docs, once)


def phrase_tally(segment: Segment, phrase: Phrase, docs: Docs) -> Tally:
    """How often a phrase occurs in each of `docs`, as `word_tallies`."""
    counts = np.zeros((len(docs), 6), np.int32)
    if len(docs):
        words = phrase_words(segment, phrase)
        found, tally = find_words(segment, phrase, words, int(docs[0]), int(docs[-1]) + 1, docs, True)
        counts[np.searchsorted(docs, found)] = tally
    return counts

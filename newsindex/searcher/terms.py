"""Which terms of a segment a pattern means, and the articles and positions where they occur.

A posting list serves all forms of a term, so what a pattern resolves to is a list of terms, each with the numbers of
the forms wanted, or None for all of them. Boolean queries and phrases stand on `frequencies` and `phrase_frequencies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import Stemmer, fold, is_spelling
from newsindex.inverted._postings import PostingList
from newsindex.inverted.build import form_entry
from newsindex.inverted.fields import BODY, TEXT, TITLE
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import Derived, Form, Fuzzy, Pattern, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher._kernels import intersect, phrases

Docs = NDArray[np.int32]
Counts = NDArray[np.int32]
Row = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  # begins, ends, positions of a word in some articles

_NONE: Docs = np.zeros(0, np.int32)
_NO_FORMS: Final = np.zeros(0, np.int64)
_stemmer: Final = Stemmer()
_MAX_DERIVED: Final = 20_000  # terms of a segment that are looked at for words derived from the same one
_MAX_RESOLVED: Final = 20_000  # terms that a segment keeps of past searches, besides those of the last pattern


@attrs.frozen(eq=False)
class Alternative:
    """One term that a pattern may stand for.

    Attributes:
        postings: where it occurs.
        forms: the numbers of the forms that are meant; None for all.
        alike: the numbers of those that are spelled as the pattern is, but for diacritics that it lacks.
        typed: the numbers of those that are spelled just as the pattern is.
    """

    postings: PostingList
    forms: NDArray[np.int64] | None = None
    alike: NDArray[np.int64] = _NO_FORMS
    typed: NDArray[np.int64] = _NO_FORMS


def resolve(segment: Segment, field: str, pattern: Pattern) -> list[Alternative]:
    """The terms that `pattern` means in `field` of a segment.

    A segment never changes, so it keeps the answers: one search asks two or three times, and words come again.
    """
    known = segment.resolved.get((field, pattern))
    if known is None:
        known = _resolve(segment, field, pattern)
        _keep(segment, (field, pattern), known)
    return known


def _resolve(segment: Segment, field: str, pattern: Pattern) -> list[Alternative]:
    if isinstance(pattern, Stem):
        return _resolve_stem(segment, field, pattern)
    if isinstance(pattern, Derived):
        return [Alternative(segment.posting_list(term)) for term in _derived_terms(segment, field, pattern)]
    found = _matching_forms(segment, field, pattern)
    terms, numbers = segment.form_terms[found], segment.form_numbers[found].astype(np.int64)
    by_term = np.argsort(terms, kind="stable")
    terms, numbers = terms[by_term], numbers[by_term]
    distinct, firsts = np.unique(terms, return_index=True)
    alternatives = []
    for term, group in zip(distinct.tolist(), np.split(numbers, firsts[1:]), strict=bool(len(distinct))):
        postings = segment.posting_list(term)
        alternatives.append(Alternative(postings, None if len(group) == postings.forms else group))
    return alternatives


def _resolve_stem(segment: Segment, field: str, pattern: Stem) -> list[Alternative]:
    """The terms of a word, and which of their forms are spelled as it is."""
    found: dict[int, tuple[list[int], list[int]]] = {}  # of each term the forms that are alike, and those typed so
    for stem in (pattern.stem, *pattern.others):
        term = segment.find_term(field, stem)
        if term is not None:
            found[term] = ([], [])
    for form in spelled(segment, field, fold(pattern.form)) if pattern.form and found else ():
        alike, typed = found.get(form.term, ([], []))
        if form.spelling == pattern.form:
            typed.append(form.number)
        if form.spelling == pattern.form or (pattern.loose and is_spelling(pattern.form, form.spelling)):
            alike.append(form.number)
    return [
        Alternative(segment.posting_list(term), None, np.array(alike, np.int64), np.array(typed, np.int64))
        for term, (alike, typed) in found.items()
    ]


class Spelled(NamedTuple):
    """A form of a segment: how it is spelled, the name and number of its term, and its number there."""

    spelling: str
    stem: str
    term: int
    number: int


def spelled(segment: Segment, field: str, folded: str) -> list[Spelled]:
    """The forms of a field whose folded spelling this is. A segment keeps what was found, as in `resolve`."""
    key = (field, folded)
    found: list[Spelled] | None = segment.resolved.get(key)
    if found is None:
        found = []
        for form, spelling in segment.spellings(field, folded):
            term = int(segment.form_terms[form])
            found.append(Spelled(spelling, segment.terms[term], term, int(segment.form_numbers[form])))
        _keep(segment, key, found)
    return found


def _keep(segment: Segment, key: object, found: list[Any]) -> None:
    segment.resolved_terms += 1 + len(found)
    if segment.resolved_terms > _MAX_RESOLVED:
        segment.resolved.clear()
        segment.resolved_terms = 1 + len(found)
    segment.resolved[key] = found


def _derived_terms(segment: Segment, field: str, pattern: Derived) -> Iterator[int]:
    """The terms that share a root and begin with it, as nearly all do: whatever they are, their number is bounded."""
    for term, stem in segment.terms_from(field, pattern.root, _MAX_DERIVED):
        if stem not in pattern.stems and _stemmer.derivation(stem) == pattern.root:
            yield term


def _matching_forms(segment: Segment, field: str, pattern: Form | Prefix | Wildcard | Fuzzy) -> NDArray[np.int64]:
    if isinstance(pattern, Form):
        form = segment.find_form(field, form_entry(pattern.form, fold(pattern.form)))
        return np.array([] if form is None else [form], np.int64)
    if isinstance(pattern, Prefix):
        return np.arange(*_prefix_range(segment, field, pattern.prefix))
    if isinstance(pattern, Wildcard):
        literal = pattern.pattern.replace("?", "*").partition("*")[0]
        return segment.match_forms(*_prefix_range(segment, field, literal), pattern.pattern)
    literal = pattern.form[: pattern.prefix]
    return segment.fuzzy_forms(*_prefix_range(segment, field, literal), pattern.form, pattern.distance)


def _prefix_range(segment: Segment, field: str, prefix: str) -> tuple[int, int]:
    first = prefix.encode()
    # No byte of UTF-8 is 0xFF, so this is just past the last entry that begins with the prefix.
    return segment.form_range(field, first, first + b"\xff" if first else None)


def frequencies(segment: Segment, word: Word, low: int, high: int) -> tuple[Docs, Counts]:
    """The docids from `low` to `high` - 1 where a word occurs in its field, and how often."""
    if word.field == BODY:
        return _body_frequencies(segment, word, low, high)
    alternatives = resolve(segment, word.field, word.pattern)
    if not alternatives:
        return _NONE, _NONE
    with segment.reading_postings():
        if len(alternatives) == 1:
            return _of_alternative(alternatives[0], low, high)
        found = [_of_alternative(one, low, high) for one in alternatives]
        return _most(found) if isinstance(word.pattern, Stem) else _sum(found)


def _body_frequencies(segment: Segment, word: Word, low: int, high: int) -> tuple[Docs, Counts]:
    """Frequencies in the body: those in the text less those in the title, of each reading by itself."""
    if isinstance(word.pattern, Stem) and word.pattern.others:
        stems = (word.pattern.stem, *word.pattern.others)
        return _most([_body_frequencies(segment, Word(BODY, Stem(stem)), low, high) for stem in stems])
    docs, counts = frequencies(segment, Word(TEXT, word.pattern), low, high)
    title_docs, title_counts = frequencies(segment, Word(TITLE, word.pattern), low, high)
    counts = counts.copy()
    places, title_places = intersect(docs, title_docs)
    counts[places] -= title_counts[title_places]
    return docs[counts > 0], counts[counts > 0]


def leaf_frequencies(segment: Segment, leaf: Word | Phrase, low: int, high: int) -> tuple[Docs, Counts]:
    """`frequencies` or `phrase_frequencies`."""
    if isinstance(leaf, Word):
        return frequencies(segment, leaf, low, high)
    return phrase_frequencies(segment, leaf, low, high)


def _of_alternative(one: Alternative, low: int, high: int) -> tuple[Docs, Counts]:
    docs, counts = one.postings.docs(low, high)
    if one.forms is None:
        return docs, counts
    counts, _ = one.postings.tally(docs, one.forms, _NO_FORMS)
    return docs[counts > 0], counts[counts > 0]


def _sum(found: Sequence[tuple[Docs, Counts]]) -> tuple[Docs, Counts]:
    if len(found) <= 1:
        return found[0] if found else (_NONE, _NONE)
    docs = np.concatenate([docs for docs, _ in found])
    if not len(docs):
        return _NONE, _NONE
    first = int(docs.min())
    sums = np.bincount(docs - first, weights=np.concatenate([counts for _, counts in found]))
    # A mask of booleans is searched several times as fast as numbers.
    present = (sums > 0).nonzero()[0]
    return (present + first).astype(np.int32), sums[present].astype(np.int32)


def _most(found: Sequence[tuple[Docs, Counts]]) -> tuple[Docs, Counts]:
    """Of several readings of a word the one that is most frequent in an article counts there: it is meant."""
    found = [(docs, counts) for docs, counts in found if len(docs)]
    if len(found) <= 1:
        return found[0] if found else (_NONE, _NONE)
    first = min(int(docs[0]) for docs, _ in found)
    most = np.zeros(max(int(docs[-1]) for docs, _ in found) - first + 1, np.int32)
    for docs, counts in found:
        most[docs - first] = np.maximum(most[docs - first], counts)
    present = (most > 0).nonzero()[0]
    return (present + first).astype(np.int32), most[present]


class Spelling(NamedTuple):
    """How often a leaf occurs in some articles in some spellings, how often in their titles, and what that counts."""

    counts: Counts
    titles: Counts
    weight: float


def is_spelled(leaf: Word | Phrase) -> bool:
    """Whether a leaf asks for words in any form, of which that which was typed counts more."""
    patterns = (leaf.pattern,) if isinstance(leaf, Word) else leaf.patterns
    return any(isinstance(pattern, Stem) and pattern.form for pattern in patterns)


def spellings(segment: Segment, leaf: Word | Phrase, docs: Docs, alike: float, typed: float) -> list[Spelling]:
    """Where a leaf occurs in `docs` as it was asked for: but for diacritics it lacks (`alike`), just so (`typed`)."""
    if not len(docs) or not is_spelled(leaf):
        return []
    with segment.reading_postings():
        found = _spelled_word(segment, leaf, docs) if isinstance(leaf, Word) else _spelled_phrase(segment, leaf, docs)
    (alikes, typeds), (alike_titles, typed_titles) = found
    if np.array_equal(alikes, typeds):
        return [Spelling(alikes, alike_titles, alike + typed)]
    spelled = [Spelling(alikes, alike_titles, alike)]
    return [*spelled, Spelling(typeds, typed_titles, typed)] if typeds.any() else spelled


Both = tuple[Counts, Counts]  # how often alike, how often typed


def _spelled_word(segment: Segment, leaf: Word, docs: Docs) -> tuple[Both, Both]:
    """How often a word occurs in each of `docs`, alike and typed, and how often of that in the title."""
    if leaf.field not in (TEXT, BODY):
        both = _tallies(segment, leaf.field, leaf.pattern, docs)
        return both, both
    text, title = (_tallies(segment, field, leaf.pattern, docs) for field in (TEXT, TITLE))
    return _in_body(text, title) if leaf.field == BODY else (text, title)


def _in_body(text: Both, title: Both) -> tuple[Both, Both]:
    none = np.zeros_like(title[0])
    return (text[0] - title[0], text[1] - title[1]), (none, none)


def _tallies(segment: Segment, field: str, pattern: Pattern, docs: Docs) -> Both:
    found = [_tally(one, docs) for one in resolve(segment, field, pattern) if len(one.alike)]
    if not found:
        return np.zeros(len(docs), np.int32), np.zeros(len(docs), np.int32)
    alike, typed = found[0]
    for more_alike, more_typed in found[1:]:
        alike, typed = alike + more_alike, typed + more_typed
    return alike, typed


def _tally(one: Alternative, docs: Docs) -> Both:
    if len(one.typed) < one.postings.forms:
        return one.postings.tally(docs, one.alike, one.typed)
    # The only form there is: what is known without looking at forms.
    counts = np.zeros(len(docs), np.int32)
    found, found_counts = one.postings.docs(int(docs[0]), int(docs[-1]) + 1)
    places, found_places = intersect(docs, found)
    counts[places] = found_counts[found_places]
    return counts, counts


def _spelled_phrase(segment: Segment, leaf: Phrase, docs: Docs) -> tuple[Both, Both]:
    field = TEXT if leaf.field == BODY else leaf.field
    alike = _spelled_so(segment, leaf, field, "alike", docs)
    one_way = all(
        len(one.alike) == len(one.typed)  # what is typed is alike too
        for pattern in leaf.patterns
        for one in resolve(segment, field, pattern)
    )
    typed = alike if one_way else _spelled_so(segment, leaf, field, "typed", docs)
    text, title = (alike[0], typed[0]), (alike[1], typed[1])
    return _in_body(text, title) if leaf.field == BODY else (text, title)


def _spelled_so(segment: Segment, leaf: Phrase, field: str, way: str, docs: Docs) -> tuple[Counts, Counts]:
    """How often a phrase occurs in each of `docs` in a way of spelling, and how often of that in the title."""
    words = [_only(resolve(segment, field, pattern), pattern, way) for pattern in leaf.patterns]
    rows = [_positions(word, docs) for word in words] if all(words) else []
    counts = phrases(rows, len(docs), leaf.slop)
    return counts, counts if field != TEXT else phrases(rows, len(docs), leaf.slop, segment.title_words[docs])


def _only(found: list[Alternative], pattern: Pattern, way: str) -> list[Alternative]:
    """The terms of a pattern, of those of a word only the forms that are spelled in a way."""
    if not isinstance(pattern, Stem) or not pattern.form:
        return found
    return [
        Alternative(one.postings, None if len(forms) == one.postings.forms else forms)
        for one, forms in ((one, getattr(one, way)) for one in found)
        if len(forms)
    ]


def phrase_frequencies(segment: Segment, phrase: Phrase, low: int, high: int) -> tuple[Docs, Counts]:
    """The docids from `low` to `high` - 1 where a phrase occurs in its field, and how often."""
    if phrase.field == BODY:
        docs, counts, titles = text_phrase(segment, phrase, low, high)
        present = counts > titles
        return docs[present], (counts - titles)[present]
    docs, rows = _candidates(segment, phrase.field, phrase, low, high)
    counts = phrases(rows, len(docs), phrase.slop)
    return docs[counts > 0], counts[counts > 0]


def text_phrase(segment: Segment, phrase: Phrase, low: int, high: int) -> tuple[Docs, Counts, Counts]:
    """The docids where a phrase occurs in the text, how often, and how often of that in the title.

    Positions of the text begin with those of the title, and no phrase spans the gap behind it.
    """
    docs, rows = _candidates(segment, TEXT, phrase, low, high)
    counts = phrases(rows, len(docs), phrase.slop)
    titles = phrases(rows, len(docs), phrase.slop, segment.title_words[docs])
    present = counts > 0
    return docs[present], counts[present], titles[present]


def _candidates(segment: Segment, field: str, phrase: Phrase, low: int, high: int) -> tuple[Docs, list[Row]]:
    """The docids that have every word of a phrase, and where; none where some word has no term."""
    words = [resolve(segment, field, pattern) for pattern in phrase.patterns]
    if not all(words):
        return _NONE, []
    with segment.reading_postings():
        return _rows(words, low, high)


def _rows(words: Sequence[list[Alternative]], low: int, high: int) -> tuple[Docs, list[Row]]:
    """The docids that have every word, and where: rarest word first, so that others are read only there."""
    sizes = [sum(one.postings.df for one in word) for word in words]
    by_rarity = sorted(range(len(words)), key=sizes.__getitem__)
    docs, _ = _sum([one.postings.docs(low, high) for one in words[by_rarity[0]]])
    for w in by_rarity[1:]:
        # Decoding docids is some ten times as fast as decoding positions, and worth it where it rules articles out.
        if sizes[w] < 10 * len(docs):
            docs = docs[intersect(docs, _sum([one.postings.docs(low, high) for one in words[w]])[0])[0]]
    rows: dict[int, Row] = {}
    for w in by_rarity:
        begins, ends, positions = _positions(words[w], docs)
        kept = ends > begins
        rows[w] = (begins, ends, positions)
        if not kept.all():
            docs = docs[kept]
            rows = {v: (begins[kept], ends[kept], positions) for v, (begins, ends, positions) in rows.items()}
    return docs, [rows[w] for w in range(len(words))]


def _positions(alternatives: Sequence[Alternative], docs: Docs) -> Row:
    """Where a word stands in each of `docs`, whichever of its terms it is there."""
    found = [one.postings.occurrences(docs, False, one.forms) for one in alternatives]
    if len(found) == 1:
        starts, positions, _ = found[0]
        return starts[:-1], starts[1:], positions
    owners = np.concatenate([np.repeat(np.arange(len(docs)), np.diff(starts)) for starts, _, _ in found])
    positions = np.concatenate([positions for _, positions, _ in found])
    order = np.lexsort((positions, owners))
    owners, positions = owners[order], positions[order]
    # A word that may be read as several terms occurs as all of them in one place.
    apart = np.append(True, (owners[1:] != owners[:-1]) | (positions[1:] != positions[:-1]))[: len(owners)]
    owners, positions = owners[apart], positions[apart]
    edges = np.searchsorted(owners, np.arange(len(docs) + 1))
    return edges[:-1], edges[1:], positions


def document_frequency(segment: Segment, field: str, pattern: Pattern) -> int:
    """In about how many articles of a segment a pattern occurs: at most so many."""
    return min(sum(one.postings.df for one in resolve(segment, field, pattern)), segment.articles)

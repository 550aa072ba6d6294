"""Which terms of a segment a pattern means, and the articles and positions where they occur.

A posting list serves all forms of a term, so what a pattern resolves to is a list of terms, each with the numbers of
the forms wanted, or None for all of them. Boolean queries and phrases stand on `frequencies` and `phrase_frequencies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import fold
from newsindex.inverted._postings import PostingList
from newsindex.inverted.build import form_entry
from newsindex.inverted.fields import BODY, TEXT, TITLE
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import Form, Fuzzy, Pattern, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher._kernels import intersect, phrases

Docs = NDArray[np.int32]
Counts = NDArray[np.int32]
Row = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  # begins, ends, positions of a word in some articles

_NONE: Docs = np.zeros(0, np.int32)
_MAX_RESOLVED: Final = 20_000  # terms that a segment keeps of past searches, besides those of the last pattern


@attrs.frozen(eq=False)
class Alternative:
    """One term that a pattern may stand for, and which of its forms: None for all."""

    postings: PostingList
    forms: NDArray[np.int64] | None


def resolve(segment: Segment, field: str, pattern: Pattern) -> list[Alternative]:
    """The terms that `pattern` means in `field` of a segment.

    A segment never changes, so it keeps the answers: one search asks two or three times, and words come again.
    """
    known = segment.resolved.get((field, pattern))
    if known is None:
        known = _resolve(segment, field, pattern)
        segment.resolved_terms += 1 + len(known)
        if segment.resolved_terms > _MAX_RESOLVED:
            segment.resolved.clear()
            segment.resolved_terms = 1 + len(known)
        segment.resolved[field, pattern] = known
    return known


def _resolve(segment: Segment, field: str, pattern: Pattern) -> list[Alternative]:
    if isinstance(pattern, Stem):
        term = segment.find_term(field, pattern.stem)
        return [] if term is None else [Alternative(segment.posting_list(term), None)]
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
        return _sum([_of_alternative(one, low, high) for one in alternatives])


def _body_frequencies(segment: Segment, word: Word, low: int, high: int) -> tuple[Docs, Counts]:
    """Frequencies in the body: those in the text less those in the title."""
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
    starts, _, forms = one.postings.occurrences(docs)
    wanted = np.concatenate(([0], np.cumsum(np.isin(forms, one.forms))))
    counts = (wanted[starts[1:]] - wanted[starts[:-1]]).astype(np.int32)
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
    all_owners, all_positions = [], []
    for one in alternatives:
        starts, positions, forms = one.postings.occurrences(docs, one.forms is not None)
        if len(alternatives) == 1 and one.forms is None:
            return starts[:-1], starts[1:], positions
        owners = np.repeat(np.arange(len(docs)), np.diff(starts))
        if one.forms is not None:
            wanted = np.isin(forms, one.forms)
            owners, positions = owners[wanted], positions[wanted]
        all_owners.append(owners)
        all_positions.append(positions)
    owners, positions = np.concatenate(all_owners), np.concatenate(all_positions)
    order = np.lexsort((positions, owners))
    edges = np.searchsorted(owners[order], np.arange(len(docs) + 1))
    return edges[:-1], edges[1:], positions[order]


def document_frequency(segment: Segment, field: str, pattern: Pattern) -> int:
    """In about how many articles of a segment a pattern occurs: at most so many."""
    return min(sum(one.postings.df for one in resolve(segment, field, pattern)), segment.articles)

"""Taking words for what they are in an index: `widen`.

A word without diacritics, or one that the lexicon does not know, may be what the index has in another spelling: such
words, which differ in diacritics only, are added. That is asked of all segments together, and of their live articles
alone: else an answer would depend on how articles are spread over segments, and on what was deleted from them.

A pattern that means thousands of words, such as c*, says little of the articles that have one, and weighing these
takes seconds: it only tells which articles match. (Lucene draws that line at 16 words.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from newsindex.analysis import is_spelling
from newsindex.inverted.segment import LiveSegment
from newsindex.query.nodes import (
    And,
    Fuzzy,
    Maybe,
    Not,
    Or,
    Pattern,
    Phrase,
    Plan,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
)
from newsindex.searcher.terms import resolve_everywhere, strangers

MOST_WEIGHED: Final = 1_024  # terms of one segment, which has nearly all where others have many


def widen(plan: Plan, segments: Sequence[LiveSegment]) -> Plan:
    """The plan with each loose word taken as all that it may be in these segments."""
    if isinstance(plan, Word):
        if isinstance(plan.pattern, Prefix | Wildcard | Fuzzy):
            return plan if _is_weighed(plan, segments) else Unscored(plan)
        pattern = _widened(plan.pattern, plan.field, segments)
        return plan if pattern is plan.pattern else Word(plan.field, pattern, plan.boost)
    if isinstance(plan, Phrase):
        patterns = tuple([_widened(one, plan.field, segments) for one in plan.patterns])
        return Phrase(plan.field, patterns, plan.slop, plan.boost)
    if isinstance(plan, And | Or):
        return type(plan)(tuple([widen(child, segments) for child in plan.children]))
    if isinstance(plan, Not):
        return Not(widen(plan.child, segments))
    if isinstance(plan, Unscored):
        return Unscored(widen(plan.child, segments), plan.score)
    if isinstance(plan, Maybe):
        return Maybe(widen(plan.required, segments), widen(plan.optional, segments))
    return plan


def _is_weighed(word: Word, segments: Sequence[LiveSegment]) -> bool:
    found = resolve_everywhere([live.segment for live in segments], word.field, word.pattern)
    return max(map(len, found), default=0) <= MOST_WEIGHED


def _widened(pattern: Pattern, field: str, segments: Sequence[LiveSegment]) -> Pattern:
    if not isinstance(pattern, Stem) or not pattern.loose:
        return pattern
    more: set[str] = set()
    for number, (spelling, name, term, form) in strangers([live.segment for live in segments], field, pattern):
        alike = is_spelling(pattern.form, spelling) or is_spelling(spelling, pattern.form)
        if alike and name not in more and _is_alive(segments[number], term, form):
            more.add(name)
    return Stem(pattern.stem, pattern.form, (*pattern.others, *sorted(more)), pattern.loose) if more else pattern


def _is_alive(live: LiveSegment, term: int, form: int) -> bool:
    """Whether a form of a term occurs in an article that is alive; merged segments list forms that died out, too."""
    with live.segment.reading_postings():
        return live.segment.posting_list(term).is_alive(live.alive.view(np.uint8), form)

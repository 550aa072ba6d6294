"""Taking words for what they are in an index: `widen`.

A word without diacritics, or one that the lexicon does not know, may be what the index has in another spelling: such
words, which differ in diacritics only, are added. That is asked of all segments together, and of their live articles
alone: else an answer would depend on how articles are spread over segments, and on what was deleted from them.

A pattern that means thousands of words, such as c*, says little of the articles that have one, and weighing these
takes seconds: it only tells which articles match. (Lucene draws that line at 16 words.) So does a pattern of short
words that nearly all articles have many of, such as a~2. What all the patterns of a query cost is bounded: some look at
every word of the archive, as *a* does, and a query may have a thousand of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from newsindex.analysis import is_spelling
from newsindex.errors import QueryError
from newsindex.inverted._patterns import TooWideError
from newsindex.inverted._words import Meant
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
    children,
)
from newsindex.searcher.terms import expand_everywhere, patterns_of, resolve_everywhere, strangers

MOST_WEIGHED: Final = 1_024  # terms of one segment, which has nearly all where others have many
MOST_REPEATED: Final = 12  # of these terms that an article has on average
MAX_EFFORT: Final = 20_000_000  # of all patterns of a query, in words that are looked at: about a second
_EFFORT_WEIGHED: Final = 0.5  # of an article in the list of a word that is weighed, or is part of a phrase
_EFFORT_MET: Final = 1 / 16  # of one in the list of a word that only tells what matches
_EFFORT_READ: Final = 1 / 8  # of one in the list of a plain word
_FEW_WORDS: Final = 32  # that read any lists they like: a query of no more is not asked how long these are


def widen(plan: Plan, segments: Sequence[LiveSegment]) -> Plan:
    """The plan with each loose word taken as all that it may be in these segments.

    Raises:
        QueryError: it costs more than MAX_EFFORT.
    """
    widening = _Widening(segments)
    widened = widening.widen(plan)
    widening.weigh_words(widened)
    return widened


class _Widening:
    """One walk over one plan, whose depth is bounded."""

    def __init__(self, segments: Sequence[LiveSegment]) -> None:
        self.live = segments
        self.segments = [live.segment for live in segments]
        self.effort = 0.0

    def widen(self, plan: Plan) -> Plan:
        if isinstance(plan, Word):
            if isinstance(plan.pattern, Prefix | Wildcard | Fuzzy):
                return plan if self.is_weighed(plan.field, plan.pattern) else Unscored(plan)
            pattern = _widened(plan.pattern, plan.field, self.live)
            return plan if pattern is plan.pattern else Word(plan.field, pattern, plan.boost)
        if isinstance(plan, Phrase):
            patterns = tuple([self.pattern(one, plan.field) for one in plan.patterns])
            return Phrase(plan.field, patterns, plan.slop, plan.boost)
        if isinstance(plan, And | Or):
            return type(plan)(tuple([self.widen(child) for child in plan.children]))
        if isinstance(plan, Not):
            return Not(self.widen(plan.child))
        if isinstance(plan, Unscored):
            return Unscored(self.widen(plan.child), plan.score)
        if isinstance(plan, Maybe):
            return Maybe(self.widen(plan.required), self.widen(plan.optional))
        return plan

    def weigh_words(self, plan: Plan) -> None:
        """Count what it takes to read the lists of very many words, each as often as it is asked for."""
        stack, words = [plan], []
        while stack:
            node = stack.pop()
            stack += children(node)
            if isinstance(node, Word | Phrase):
                words += [(node.field, pattern) for pattern in patterns_of(node)]
        if len(words) > _FEW_WORDS:
            for field, pattern in words:
                if not isinstance(pattern, Prefix | Wildcard | Fuzzy):
                    self.spend(_EFFORT_READ * self.postings(resolve_everywhere(self.segments, field, pattern)))

    def pattern(self, pattern: Pattern, field: str) -> Pattern:
        """A word of a phrase, widened."""
        if isinstance(pattern, Prefix | Wildcard | Fuzzy):
            self.spend(_EFFORT_WEIGHED * self.postings(self.expand(field, pattern)))
            return pattern
        return _widened(pattern, field, self.live)

    def is_weighed(self, field: str, pattern: Prefix | Wildcard | Fuzzy) -> bool:
        """Whether what a pattern means says something of the articles that have it."""
        found = self.expand(field, pattern)
        postings, articles = self.postings(found), sum([one.articles for one in self.segments])
        weighed = max(map(len, found), default=0) <= MOST_WEIGHED and postings <= MOST_REPEATED * articles
        self.spend((_EFFORT_WEIGHED if weighed else _EFFORT_MET) * postings)
        return weighed

    def expand(self, field: str, pattern: Prefix | Wildcard | Fuzzy) -> list[Meant]:
        """What a pattern means; a search asks for it again, and finds it kept."""
        try:
            found = expand_everywhere(self.segments, field, pattern, int(MAX_EFFORT - self.effort))
        except TooWideError as error:
            raise _too_wide() from error
        self.spend(sum([meant.effort for meant in found]))
        return found

    @staticmethod
    def postings(found: Sequence[Meant]) -> int:
        """How long the lists of these words are."""
        return sum([meant.df for meant in found])

    def spend(self, effort: float) -> None:
        """Count an effort. It is the same whether it was made for an earlier search already or has to be made now."""
        self.effort += effort
        if self.effort > MAX_EFFORT:
            raise _too_wide()


def _too_wide() -> QueryError:
    return QueryError(
        f"the query means too many words of this archive, or too frequent ones: to find them takes more than the limit "
        f"of {MAX_EFFORT:,} looks at a word",
        hint="write more letters of its patterns, above all before the first * or ?, or fewer words",
    )


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

"""Taking words for what they are in an index: `widen`.

A word without diacritics, or one that the lexicon does not know, may be what the index has in another spelling: such
words, which differ in diacritics only, are added. That is asked of all segments together, and of their live articles
alone: else an answer would depend on how articles are spread over segments, and on what was deleted from them.

A pattern that means thousands of words, such as c*, says little of the articles that have one, and weighing these
takes seconds: it only tells which articles match. (Lucene draws that line at 16 words.) So does a pattern of short
words that nearly all articles have many of, such as a~2, and in ten million articles pre*. What all the patterns of a
query cost is bounded: some look at every word of the archive, as *a* does, and a query may have a thousand of them. So
is what its words and phrases cost, where these are more than one would type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from newsindex.analysis import is_spelling
from newsindex.errors import QueryError
from newsindex.inverted._patterns import TooWideError
from newsindex.inverted._words import Meant
from newsindex.inverted.segment import LiveSegment
from newsindex.query.nodes import (
    BODY,
    And,
    Form,
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
from newsindex.searcher.terms import expand_everywhere, make_room, patterns_of, resolve_everywhere, strangers

MOST_WEIGHED: Final = 1_024  # terms of one segment, which has nearly all where others have many
MOST_REPEATED: Final = 12  # of these terms that an article has on average,
MOST_ADDED: Final = 10_000_000  # and that all articles have: adding these up takes a quarter of a second
MAX_EFFORT: Final = 20_000_000  # of all patterns of a query, in words that are looked at: about a second
_EFFORT_WEIGHED: Final = 3 / 4  # of an article in the list of a word that is weighed, or is part of a phrase
_EFFORT_MET: Final = 1 / 16  # of one in the list of a word that only tells what matches
_EFFORT_READ: Final = 1 / 8  # of one in the list of a plain word
_LOOKED_AT: Final = 8  # times as much it takes if the article has to be looked at
_EFFORT_PLACED: Final = 5  # of a word of a phrase, for each article that has the rarest word of it
_FEW_PLACED: Final = 4  # words of phrases that stand where they like: likewise
_FEW_WORDS: Final = 32  # that read any lists they like: a query of no more is not asked how long these are


def widen(plan: Plan, segments: Sequence[LiveSegment]) -> Plan:
    """The plan with each loose word taken as all that it may be in these segments.

    Raises:
        QueryError: it costs more than MAX_EFFORT.
    """
    widening = _Widening(segments)
    make_room(widening.segments)
    widened = widening.widen(plan)
    widening.weigh_words(widened)
    widening.weigh_phrases(widened)
    return widened


def terms_meant(plan: Plan, segments: Sequence[LiveSegment]) -> int:
    """How many terms the patterns of a widened plan mean, which is how much who keeps it keeps."""
    those = [live.segment for live in segments]
    words = [(leaf.field, pattern) for leaf in _leaves(plan) for pattern in patterns_of(leaf)]
    wide = [(field, pattern) for field, pattern in words if isinstance(pattern, Prefix | Wildcard | Fuzzy)]
    return sum([len(meant) for field, pattern in wide for meant in resolve_everywhere(those, field, pattern)])


def _leaves(plan: Plan) -> Iterator[Word | Phrase]:
    """The words and phrases of a plan, also those under a `Not`."""
    stack = [plan]
    while stack:
        node = stack.pop()
        stack += children(node)
        if isinstance(node, Word | Phrase):
            yield node


def _is_looked_at(word: Word) -> bool:
    """Whether not all articles have a word that are in its list, so that it has to be looked up in them."""
    return word.field == BODY or isinstance(word.pattern, Form)


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
        words = [(leaf, pattern) for leaf in _leaves(plan) for pattern in patterns_of(leaf)]
        times = [_LOOKED_AT if isinstance(leaf, Word) and _is_looked_at(leaf) else 1 for leaf, _ in words]
        if sum(times) > _FEW_WORDS:
            for (leaf, pattern), many in zip(words, times, strict=True):
                if not isinstance(pattern, Prefix | Wildcard | Fuzzy):
                    found = resolve_everywhere(self.segments, leaf.field, pattern)
                    self.spend(many * _EFFORT_READ * self.postings(found))

    def weigh_phrases(self, plan: Plan) -> None:
        """Count what it takes to look where the words of more than a short phrase stand."""
        phrases = [leaf for leaf in _leaves(plan) if isinstance(leaf, Phrase)]
        if sum([len(phrase.patterns) for phrase in phrases]) > _FEW_PLACED:
            for phrase in phrases:
                found = [resolve_everywhere(self.segments, phrase.field, pattern) for pattern in phrase.patterns]
                rarest = sum([min([meant.df for meant in words]) for words in zip(*found, strict=True)])
                self.spend(_EFFORT_PLACED * rarest * len(found))

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
        weighed = max(map(len, found), default=0) <= MOST_WEIGHED
        weighed = weighed and postings <= min(MOST_REPEATED * articles, MOST_ADDED)
        times = 2 if field == BODY else 1  # as what stands in titles has to be told apart
        self.spend(times * (_EFFORT_WEIGHED if weighed else _EFFORT_MET) * postings)
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
        hint="write more letters of its patterns, above all before the first * or ?, or fewer words, or rarer ones",
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

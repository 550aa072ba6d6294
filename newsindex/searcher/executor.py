"""Running a plan on one segment: which articles match, what each is worth at most, and exactly.

The way of a search: `Executor.top` finds the articles that may be among the best, by the bounds that posting lists
carry, and how many match in all; scores as few of them as will do, by `Executor.score`. `Executor.run` finds all.
Every evaluation is given an interval of docids and looks at nothing outside it: dates are such intervals, because
articles are numbered by date, so a conjunction takes them first and its other parts never read a posting beyond them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import clean
from newsindex.inverted._values import Choice
from newsindex.inverted.fields import BODY
from newsindex.inverted.segment import LiveSegment
from newsindex.query.nodes import (
    And,
    Dates,
    Everything,
    Filled,
    Maybe,
    Not,
    OneOf,
    Or,
    Phrase,
    Plan,
    Unscored,
    Word,
)
from newsindex.searcher._collect import Group, all_of, any_of
from newsindex.searcher._kernels import intersect, subtract
from newsindex.searcher._listed import listed
from newsindex.searcher._phrases import Terms
from newsindex.searcher._scoring import Leaf, PlanScorer, Scale, Scorer, WordScorer, score, score_tally
from newsindex.searcher._top import FEW, SHARE, Best, best_of, choose
from newsindex.searcher._union import united
from newsindex.searcher.ranking import Ranking, make_leaf
from newsindex.searcher.terms import Docs, Tally, find_words, phrase_tally, phrase_words, resolve, word_tallies

Bounds = NDArray[np.float32]
Scores = NDArray[np.float64]
Memo = dict[Phrase, tuple[Docs, Scores]] | None  # the matches of phrases that all matches of a plan have
_MAX_CLEANED: Final = 64  # filters whose values are kept
_MARGIN: Final = 1 + 1e-5  # of floats that bound doubles


class Matches(NamedTuple):
    """Ascending docids, and what each is worth at most; None where nothing is scored."""

    docs: Docs
    bounds: Bounds | None = None

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Matches:
        """Those at `places`, which ascend."""
        return Matches(self.docs[places], None if self.bounds is None else self.bounds[places])

    def plus(self, bounds: Bounds) -> Matches:
        """The same articles, worth more by `bounds`."""
        return Matches(self.docs, bounds if self.bounds is None else self.bounds + bounds)

    def group(self) -> Group:
        """As a part of a larger plan."""
        return Group(docs=self.docs, bounds=self.bounds)


class _KnownPhrase(NamedTuple):
    """The terms of a phrase's words in a segment, none where one of these has none; and what it weighs."""

    words: list[Terms]
    weight: float


@attrs.define(eq=False)
class _Conjunction:
    """The parts of a conjunction, in the order in which they are looked at.

    Attributes:
        low, high: the docids that its dates leave; none where it cannot match.
        leaves, groups: words to look for at once; no groups where these depend on the docids.
        unsure: the words that not all articles have in which their terms occur.
        phrases: rarest first.
        filters, negations, others: its other children.
        choices: what tells whether an article passes each of the filters.
    """

    low: int
    high: int
    leaves: list[Leaf]
    groups: list[Group] | None
    unsure: list[Word]
    phrases: list[Phrase]
    filters: list[OneOf]
    negations: list[Not]
    others: list[Plan]
    choices: list[Choice]


def _range(low: int, high: int) -> Matches:
    return Matches(np.arange(low, max(low, high), dtype=np.int32))


def is_scored(plan: Plan) -> bool:
    """Whether something in a plan makes one match worth more than another."""
    if isinstance(plan, Word):
        return True
    if isinstance(plan, And | Or):
        return any(map(is_scored, plan.children))
    if isinstance(plan, Maybe):
        return is_scored(plan.required) or is_scored(plan.optional)
    return isinstance(plan, Phrase) or (isinstance(plan, Unscored) and plan.score != 0)


class Executor:
    """Runs plans on one segment.

    Args:
        live: where to look.
        ranking: how to score; None where only the articles are wanted.
    """

    def __init__(self, live: LiveSegment, ranking: Ranking | None) -> None:
        self._live = live
        self._segment = live.segment
        self._ranking = ranking
        self._leaves: dict[Word, Leaf] = {}
        self._conjunctions: dict[Plan, _Conjunction] = {}
        self._phrases: dict[Phrase, _KnownPhrase] = {}

    @property
    def _scale(self) -> Scale:
        if self._ranking is None:
            raise ValueError("no ranking to score by")
        return self._ranking.scale(self._segment)

    # What matches.

    def live_matches(self, plan: Plan, memo: Memo = None) -> Matches:
        """All live articles that match."""
        return self._living(self.run(plan, memo=memo))

    def _living(self, found: Matches) -> Matches:
        return found.take(self._live.alive[found.docs]) if self._live.live < self._segment.articles else found

    def top(self, plan: Plan, best: Best, number: int) -> int:
        """Offer the live matches of a scored plan in segment `number` to the `best`; returns how many there are.

        Those that cannot be among the best may be left out.
        """
        if type(plan) is Word and ((leaf := self._leaf(plan)).partial or leaf.group.count > 1):
            return self._top_of_many(plan, leaf, best, number)
        groups = self._alternatives(plan)
        if groups is None:
            memo: Memo = {}
            found = self.live_matches(plan, memo)
            if len(found.docs):
                bounds = np.zeros(len(found.docs), np.float32) if found.bounds is None else found.bounds
                with self._segment.reading_postings():
                    choose(best, number, self._segment.dates, found.docs, bounds, 0.0, self._scorer(plan, memo))
            return len(found.docs)
        if not groups:
            return 0
        with self._segment.reading_postings():
            total, docs, bounds, cutoff = self._any_of(groups, best.wanted, best.least)
            if len(docs):
                scorer, again = self._scorer(plan), partial(self._at_least, groups)
                choose(best, number, self._segment.dates, docs, bounds, cutoff, scorer, again)
        return total

    def _top_of_many(self, word: Word, leaf: Leaf, best: Best, number: int) -> int:
        """As `top`, of a word of several terms, or of one that not all articles have that have its term."""
        with self._segment.reading_postings():
            total, docs, bounds = self._union(leaf, 0, self._segment.articles, self._dead_or_alive(), best.floor)
            if len(docs):
                choose(best, number, self._segment.dates, docs, bounds, 0.0, self._scorer(word))
        return total

    def _dead_or_alive(self) -> NDArray[np.uint8] | None:
        """A flag for each article whether it is alive; None where all are."""
        return self._live.alive.view(np.uint8) if self._live.live < self._segment.articles else None

    def _alternatives(self, plan: Plan) -> list[Group] | None:
        """The words of which a plan asks for one, where it is nothing but words; None of any other plan."""
        leaves = []
        for part in plan.children if isinstance(plan, Or) else (plan,):
            if type(part) is not Word:
                return None
            leaves.append(self._leaf(part))
        return [self._group(leaf, 0, self._segment.articles, True) for leaf in leaves if leaf.group.count]

    def _scorer(self, plan: Plan, memo: Memo = None) -> Scorer:
        """What scores the matches of a plan; `memo` is that of the `run` that found them."""
        words: list[Leaf] = []
        known: list[tuple[Docs, Scores]] = []
        for part in plan.children if isinstance(plan, And | Or) else (plan,):
            if type(part) is Word:
                words.append(self._leaf(part))
            elif type(part) is Phrase and memo and part in memo:
                known.append(memo[part])
            elif type(plan) is not And or is_scored(part):
                return PlanScorer(partial(self.score, plan, memo=memo))
        return WordScorer(words, self._scale, known)

    def _any_of(self, groups: list[Group], wanted: int, floor: float) -> tuple[int, Docs, Bounds, float]:
        articles, alive = self._segment.articles, self._dead_or_alive()
        if alive is None and len(groups) == 1 and groups[0].count == 1:
            return best_of(groups[0], 0, articles, wanted + FEW if wanted else 0, floor)
        return any_of(groups, 0, articles, alive, wanted, SHARE, floor)

    def _at_least(self, groups: list[Group], least: float) -> tuple[Docs, Bounds]:
        """All live articles in some group that are worth `least` by their bounds."""
        _, docs, bounds, _ = self._any_of(groups, 0, least)
        return docs, bounds

    def count(self, plan: Plan) -> int:
        """How many live articles match."""
        if type(plan) is Word and self._live.live == self._segment.articles:
            leaf = self._leaf(plan)
            if leaf.group.count == 1 and not leaf.partial:
                return leaf.group.size
        return len(self.live_matches(plan).docs)

    def latest(self, plan: Plan, wanted: int) -> tuple[int, Docs]:
        """How many live articles match, and the last `wanted` of them; where it can, without looking at any others."""
        if self._live.live == self._segment.articles:
            if isinstance(plan, Dates | Everything):
                low, high = 0, self._segment.articles
                if isinstance(plan, Dates):
                    low, high = self._segment.interval(plan.since, plan.until)
                return high - low, np.arange(max(high - wanted, low), high, dtype=np.int32)
            leaf = self._leaf(plan) if type(plan) is Word else None
            if leaf is not None and leaf.group.count == 1 and not leaf.partial:
                with self._segment.reading_postings():
                    return leaf.group.size, leaf.group.lists[0].last(wanted)
        docs = self.live_matches(plan).docs
        return len(docs), docs[max(len(docs) - wanted, 0) :]

    def run(self, plan: Plan, low: int = 0, high: int | None = None, memo: Memo = None) -> Matches:
        """The matches of `plan` among the docids `low` to `high` - 1 (None: to the end), dead ones included.

        The scores of phrases, which matching them brings with it, are kept in `memo`.
        """
        high = self._segment.articles if high is None else high
        if isinstance(plan, Phrase):
            return self._phrase(plan, low, high, None, memo)
        if isinstance(plan, Word | And | Dates):
            return self._and(self._conjunction(plan), low, high, memo)
        if isinstance(plan, Or):
            return self._or(plan, low, high)
        if isinstance(plan, OneOf):
            return self._one_of(plan, low, high)
        if isinstance(plan, Filled):
            return Matches(self._segment.filled(plan.field, low, high))
        if isinstance(plan, Not):
            everything = _range(low, high)
            return everything.take(subtract(everything.docs, self.run(plan.child, low, high).docs))
        if isinstance(plan, Maybe):
            return self._maybe(plan, low, high)
        if isinstance(plan, Unscored):
            docs = Executor(self._live, None).run(plan.child, low, high).docs
            return Matches(docs, np.full(len(docs), plan.score * _MARGIN, np.float32))
        return _range(low, high if isinstance(plan, Everything) else low)

    def _conjunction(self, plan: Word | And | Dates) -> _Conjunction:
        known = self._conjunctions.get(plan)
        if known is None:
            known = self._conjunctions[plan] = self._arrange(plan.children if isinstance(plan, And) else (plan,))
        return known

    def _arrange(self, children: Sequence[Plan]) -> _Conjunction:
        parts = _Conjunction(0, self._segment.articles, [], None, [], [], [], [], [], [])
        for child in children:
            if isinstance(child, Word):
                leaf = self._leaf(child)
                parts.leaves.append(leaf)
                if leaf.partial and not leaf.wide:
                    parts.unsure.append(child)
            elif isinstance(child, Phrase):
                parts.phrases.append(child)
            elif isinstance(child, Dates):
                low, high = self._segment.interval(child.since, child.until)
                parts.low, parts.high = max(low, parts.low), min(high, parts.high)
            elif isinstance(child, OneOf):
                parts.filters.append(child)
                choice = self._choice(child)
                parts.choices += [] if choice is None else [choice]
            elif isinstance(child, Not):
                parts.negations.append(child)
            elif not isinstance(child, Everything):
                parts.others.append(child)
        if len(parts.phrases) > 1:
            parts.phrases.sort(key=self._rarest)
        if len(parts.choices) < len(parts.filters) or not all(leaf.group.count for leaf in parts.leaves):
            parts.high = parts.low  # no article has that field, or that word
        elif not any(leaf.wide for leaf in parts.leaves):
            parts.groups = [leaf.group for leaf in parts.leaves]
        return parts

    def _and(self, parts: _Conjunction, low: int, high: int, memo: Memo) -> Matches:
        """Dates first, as they bound the others; a phrase if it is rarest; words at once; last what is looked up."""
        low, high = max(low, parts.low), min(high, parts.high)
        if low >= high:
            return _range(low, low)
        phrases, choices, unsure = parts.phrases, parts.choices, parts.unsure
        if len(parts.leaves) == 1 and not phrases and not parts.others:
            matches, unsure = self._lone(parts.leaves[0], choices, unsure, low, high), []
        else:
            groups = parts.groups or [self._group(leaf, low, high) for leaf in parts.leaves]
            groups = groups + [self.run(child, low, high).group() for child in parts.others]
            if phrases and all(self._rarest(phrases[0]) < group.size for group in groups):
                matches, phrases = self._phrase(phrases[0], low, high, None, memo), phrases[1:]
                groups += [matches.group()] if groups else []
            elif not groups and choices:
                matches, choices = self._one_of(parts.filters[0], low, high), choices[1:]
            elif not groups:
                matches = _range(low, high)
            if groups:
                with self._segment.reading_postings():
                    _, docs, bounds, _ = all_of(groups, low, high)
                    matches = Matches(docs, bounds)
            for choice in choices:
                matches = Matches(*choice.keep(*matches))
        for phrase in phrases:
            matches = self._phrase(phrase, low, high, matches, memo)
        for word in unsure:
            matches = self._confirm(word, matches)
        for negation in parts.negations:
            if len(matches.docs):
                first, end = int(matches.docs[0]), int(matches.docs[-1]) + 1
                matches = matches.take(subtract(matches.docs, self.run(negation.child, first, end).docs))
        return matches

    def _lone(self, leaf: Leaf, choices: list[Choice], unsure: list[Word], low: int, high: int) -> Matches:
        """The articles from `low` to `high` - 1 that have a word and pass some filters."""
        with self._segment.reading_postings():
            if leaf.group.count == 1 and choices:
                matches = Matches(*listed(leaf.group, low, high, choices))
                return self._confirm(unsure[0], matches) if unsure else matches
            if leaf.group.count > 1 or leaf.partial:
                matches = Matches(*self._union(leaf, low, high)[1:])
            else:
                _, docs, bounds, _ = all_of([leaf.group], low, high)
                matches = Matches(docs, bounds)
        for choice in choices:
            matches = Matches(*choice.keep(*matches))
        return matches

    def _group(self, leaf: Leaf, low: int, high: int, sure: bool = False) -> Group:
        """The articles that have the terms of a word; if `sure`, or it is wide, those there that have the word."""
        if not leaf.wide and not (sure and leaf.partial):
            return leaf.group
        with self._segment.reading_postings():
            _, docs, bounds = self._union(leaf, low, high)
        return Group(docs=docs, bounds=bounds)

    def _union(
        self, leaf: Leaf, low: int, high: int, alive: NDArray[np.uint8] | None = None, floor: float = 0.0
    ) -> tuple[int, Docs, Bounds]:
        """The articles from `low` to `high` - 1 that have a word of several terms; see `united`."""
        return united(leaf, low, high, self._segment.title_words if leaf.of_body else None, alive, floor)

    def _leaf(self, word: Word) -> Leaf:
        leaf = self._leaves.get(word)
        if leaf is None:
            meant = resolve(self._segment, word.field, word.pattern)
            leaf = self._leaves[word] = make_leaf(self._ranking, self._segment, word, meant)
        return leaf

    def _known(self, phrase: Phrase) -> _KnownPhrase:
        known = self._phrases.get(phrase)
        if known is None:
            weight = self._ranking.weight(phrase) if self._ranking else 0.0
            known = self._phrases[phrase] = _KnownPhrase(phrase_words(self._segment, phrase), weight)
        return known

    def _rarest(self, phrase: Phrase) -> int:
        """In at most how many articles a phrase can be."""
        return min([word.size for word in self._known(phrase).words], default=0)

    def _phrase(self, phrase: Phrase, low: int, high: int, among: Matches | None, memo: Memo) -> Matches:
        """Those with a phrase among some articles, or of all from `low` to `high` - 1."""
        words, weight = self._known(phrase)
        docs = None if among is None else among.docs
        docs, tally = find_words(self._segment, phrase, words, low, high, docs, self._ranking is not None)
        if phrase.field == BODY:
            present = in_field(phrase, tally) > 0
            docs, tally = docs[present], tally[present]
        matches = Matches(docs) if among is None else among.take(np.searchsorted(among.docs, docs))
        if self._ranking is None:
            return matches
        scores, bounds = score_tally(phrase.field, weight, self._scale, docs, tally)
        if memo is not None:
            memo[phrase] = docs, scores
        return matches.plus(bounds)

    def _confirm(self, word: Word, matches: Matches) -> Matches:
        """Those of some articles with the terms of a word that have the word itself."""
        tallies = word_tallies(self._segment, word, matches.docs)
        return matches.take(np.any([in_field(word, tally) > 0 for tally in tallies], axis=0))

    def _or(self, plan: Or, low: int, high: int) -> Matches:
        groups = []
        for child in plan.children:
            if isinstance(child, Word):
                leaf = self._leaf(child)
                groups += [self._group(leaf, low, high, True)] if leaf.group.count else []
            else:
                groups.append(self.run(child, low, high).group())
        if not groups:
            return _range(low, low)
        with self._segment.reading_postings():
            _, docs, bounds, _ = any_of(groups, low, high)
        return Matches(docs, bounds)

    def _maybe(self, plan: Maybe, low: int, high: int) -> Matches:
        required = self.run(plan.required, low, high)
        if self._ranking is None:
            return required
        optional = self.run(plan.optional, low, high)
        if optional.bounds is None:
            return required
        places, found = intersect(required.docs, optional.docs)
        extra = np.zeros(len(required.docs), np.float32)
        extra[places] = optional.bounds[found]
        return required.plus(extra)

    def _one_of(self, plan: OneOf, low: int, high: int) -> Matches:
        column = self._segment.values.get(plan.field)
        if column is None:
            return _range(low, low)
        with self._segment.reading(f"values of {plan.field}"):
            return Matches(column.docs(_cleaned(plan.values), low, high))

    def _choice(self, plan: OneOf) -> Choice | None:
        """What tells of an article whether it has one of some values; None where no article has the field."""
        column = self._segment.values.get(plan.field)
        if column is None:
            return None
        with self._segment.reading(f"values of {plan.field}"):
            return column.choice(_cleaned(plan.values))

    # What it is worth.

    def score(self, plan: Plan, docs: Docs, memo: Memo = None) -> Scores:
        """What the articles `docs`, ascending, are worth by a plan that they match; `memo` is that of the `run`."""
        if self._ranking is None or not len(docs):
            return np.zeros(len(docs))
        if isinstance(plan, Word):
            return self._score_words([plan], docs)
        if isinstance(plan, Phrase):
            if memo and plan in memo:
                known, scores = memo[plan]
                return scores[np.searchsorted(known, docs)]
            tally = phrase_tally(self._segment, plan, docs)
            return score_tally(plan.field, self._ranking.weight(plan), self._scale, docs, tally)[0]
        if isinstance(plan, Unscored):
            return np.full(len(docs), plan.score)
        if isinstance(plan, And | Or):
            scores = self._score_words([child for child in plan.children if isinstance(child, Word)], docs)
            for child in plan.children:
                if isinstance(plan, And):
                    scores += 0.0 if isinstance(child, Word) else self.score(child, docs, memo)
                elif not isinstance(child, Word):
                    scores += self._score_where_matched(child, docs)
            return scores
        if isinstance(plan, Maybe):
            return self.score(plan.required, docs) + self._score_where_matched(plan.optional, docs)
        return np.zeros(len(docs))

    def _score_words(self, words: Sequence[Word], docs: Docs) -> Scores:
        with self._segment.reading_postings():
            return score([self._leaf(word) for word in words], self._scale, docs)

    def _score_where_matched(self, plan: Plan, docs: Docs) -> Scores:
        if isinstance(plan, Word | Phrase):
            return self.score(plan, docs)  # nothing where it does not occur
        scores = np.zeros(len(docs))
        if is_scored(plan):
            places, _ = intersect(docs, self.run(plan, int(docs[0]), int(docs[-1]) + 1).docs)
            scores[places] = self.score(plan, docs[places])
        return scores


@lru_cache(_MAX_CLEANED)
def _cleaned(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values as columns know them: each segment asks for those of its filters."""
    return tuple([clean(value).strip() for value in values])


def in_field(leaf: Word | Phrase, tally: Tally) -> NDArray[np.int32]:
    """How often a leaf occurs in its field."""
    counts: NDArray[np.int32] = tally[:, 0] - tally[:, 1] if leaf.field == BODY else tally[:, 0]
    return counts

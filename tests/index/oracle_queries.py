"""Random queries in two languages at once: a newsindex string, and a `whoosh.query` tree that means the same.

Only what both engines define alike. Side by side means AND or OR, as `match` has it. Negations are written for Whoosh
as everything without something, since its Or and Not do not go together.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import attrs
from oracle_articles import AUTHORS, REGIONS, SECTIONS, SOURCES, STOPS, TAGS, WORDS, respell
from oracle_whoosh import EXACT, FOLDED, NAMES, STEMS, Oracle, cleaned, field
from whoosh import query as wq

import newsindex as ni
from newsindex.analysis import Stemmer, fold, tokenize

_BUCHAREST = ZoneInfo("Europe/Bucharest")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PREFIXES = {"text": ["", "", "", "text:"], "title": ["titlu:", "title:", "Titlu:"], "body": ["corp:", "body:"]}
_CALLED = {
    "source": ["sursa:", "sursă:", "source:"],
    "author": ["autor:", "author:"],
    "section": ["secțiune:", "sectiunea:", "section:"],
    "tags": ["etichetă:", "tag:"],
    "region": ["region:", "Region:", "extra.region:"],
}
_VALUES = {"source": SOURCES, "author": AUTHORS, "section": SECTIONS, "tags": TAGS, "region": REGIONS}

Pair = tuple[str, wq.Query]


@attrs.frozen
class Case:
    """A search and what it means to Whoosh."""

    kind: str
    text: str
    tree: wq.Query
    options: dict[str, object]


def distance(a: str, b: str, swaps: bool) -> int:
    """Edits from `a` to `b`: insert, delete, replace and, with `swaps`, swap neighbours (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (x != y))
            if swaps and i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def midnight(day: dt.date) -> int:
    """Where a day begins in Bucharest."""
    return micros(dt.datetime(day.year, day.month, day.day, tzinfo=_BUCHAREST))


def without(tree: wq.Query) -> wq.Query:
    """Everything that does not match."""
    return wq.Not(tree)


class Queries:
    """Makes cases from a seed, over the words of some articles."""

    def __init__(self, articles: Sequence[ni.Article], oracle: Oracle, seed: int) -> None:
        self.rng = random.Random(seed)
        self.oracle = oracle
        self.stem = Stemmer()
        self.texts = [
            (part, forms)
            for article in articles
            for part, text in (("title", article.title), ("body", article.body))
            if (forms := [form for form, _, _ in tokenize(text)])
        ]
        self.match = "all"
        self.kinds: dict[str, Callable[[], Pair]] = {
            "term": self.term,
            "phrase": self.phrase,
            "slop": self.slop,
            "stop words": self.stop_words,
            "exact": self.exact,
            "prefix": self.prefix,
            "wildcard": self.wildcard,
            "fuzzy": self.fuzzy,
            "name": self.name,
            "date": self.date,
            "every": self.every,
            "tree": self.tree,
        }

    def case(self, kind: str) -> Case:
        """A case of one kind."""
        self.match = self.rng.choice(["all", "all", "any"])
        text, tree = self.kinds[kind]()
        options: dict[str, object] = {"match": self.match}
        if self.rng.random() < 0.15:
            tree = wq.And([tree, self.bounded(options)])
        if self.rng.random() < 0.15:
            tree = wq.And([tree, self.filtered(options)])
        return Case(kind, text, tree, options)

    # Leaves.

    def part(self) -> tuple[str, str]:
        """A part of the article, and how a query asks for it."""
        part = self.rng.choice(["text", "text", "text", "title", "body"])
        return part, self.rng.choice(_PREFIXES[part])

    def window(self, part: str, length: int, spread: int = 0) -> list[str]:
        """Some forms as they stand in an article: `length` of them, with up to `spread` others between."""
        while True:
            owner, forms = self.rng.choice(self.texts)
            if (part in ("text", owner)) and len(forms) >= length + spread:
                break
        start = self.rng.randrange(len(forms) - length - spread + 1)
        found = forms[start : start + length + spread]
        for _ in range(spread):
            del found[self.rng.randrange(1, len(found) - 1)]
        if self.rng.random() < 0.1:
            self.rng.shuffle(found)
        return found

    def weight(self) -> str:
        return self.rng.choice(["^2", "^0.5"]) if self.rng.random() < 0.1 else ""

    def term(self) -> Pair:
        part, name = self.part()
        word = self.rng.choice(WORDS)
        form = tokenize(word := respell(word, self.rng))[0][0]
        tree: wq.Query = wq.Term(field(part, STEMS), self.stem(form))
        if self.rng.random() < 0.1:
            # Hyphens join into a phrase.
            second = self.rng.choice(WORDS)
            word = f"{word}-{second}"
            tree = wq.Phrase(field(part, STEMS), [self.stem(form), self.stem(second)])
        return name + word + self.weight(), tree

    def phrase(self) -> Pair:
        part, name = self.part()
        forms = self.window(part, self.rng.randint(2, 4))
        quotes = self.rng.choice(['""', "„”", "«»", "“”"])
        words = " ".join(respell(form, self.rng) for form in forms)
        return name + quotes[0] + words + quotes[1] + self.weight(), self.stems(part, words)

    def stems(self, part: str, words: str, slop: int = 1) -> wq.Query:
        stems = [self.stem(form) for form, _, _ in tokenize(words)]
        return wq.Phrase(field(part, STEMS), stems, slop=slop)

    def slop(self) -> Pair:
        part, name = self.part()
        between = self.rng.randrange(5)
        words = " ".join(self.window(part, 2, self.rng.randint(0, 5)))
        # Whoosh counts steps, from 1 for neighbours; we count the words between.
        return f'{name}"{words}"~{between}', self.stems(part, words, between + 1)

    def stop_words(self) -> Pair:
        """Free stop words, which are not asked for where something else is."""
        pairs = [self.leaf() for _ in range(self.rng.randint(1, 2))]
        words = [text for text, _ in pairs] + self.rng.sample(STOPS, self.rng.randint(1, 3))
        self.rng.shuffle(words)
        return " ".join(words), (_all if self.match == "all" else _any)(pairs)

    def exact(self) -> Pair:
        part, name = self.part()
        forms = self.window(part, self.rng.randint(1, 3))
        if self.rng.random() < 0.2:
            forms[0] = self.rng.choice(WORDS)
        if len(forms) == 1:
            return f"{name}={forms[0]}", wq.Term(field(part, EXACT), forms[0])
        words = " ".join(forms)
        return f'{name}="{words}"', wq.Phrase(field(part, EXACT), forms)

    def prefix(self) -> Pair:
        part, name = self.part()
        word = self.rng.choice(WORDS)
        begun = respell(word, self.rng)[: self.rng.randint(2, 6)]
        return f"{name}{begun}*", wq.Prefix(field(part, FOLDED), fold(tokenize(begun)[0][0]))

    def wildcard(self) -> Pair:
        part, name = self.part()
        letters = list(self.rng.choice(WORDS))
        while len(letters) < 4:
            letters = list(self.rng.choice(WORDS))
        for _ in range(self.rng.randint(1, 2)):
            place = self.rng.randrange(len(letters))
            letters[place : place + self.rng.randint(1, 2)] = [self.rng.choice("??*")]
        pattern = "".join(letters)
        if not any(map(str.isalnum, pattern)):
            return self.wildcard()
        return name + pattern, wq.Wildcard(field(part, FOLDED), fold(pattern))

    def fuzzy(self, whoosh: bool = True) -> Pair:
        part, name = self.part()
        letters = list(fold(self.rng.choice(WORDS)))
        for _ in range(self.rng.randint(0, 2)):
            place = self.rng.randrange(len(letters))
            if self.rng.random() < 0.5:
                letters[place : place + 2] = reversed(letters[place : place + 2])
            else:
                letters[place : place + self.rng.randint(0, 1)] = self.rng.choice("aeirt")
        word, edits = "".join(letters), self.rng.randint(1, 2)
        written = f"{name}{word}~{edits if edits > 1 else self.rng.choice(['', 1])}"
        return written, self.similar(part, word, edits, whoosh)

    def similar(self, part: str, word: str, edits: int, whoosh: bool) -> wq.Query:
        """Whoosh's own fuzzy term; where swapped letters make a difference, which it does not know, the words found.

        Also without `whoosh`, since its automata are too slow for hundreds of queries.
        """
        # An edit takes one letter away and brings one in at most; this spares most of the slow comparisons.
        letters = set(word)
        near = (form for form in self.oracle.vocabulary[part] if abs(len(form) - len(word)) <= edits)
        close = [form for form in near if len(letters.symmetric_difference(form)) <= 2 * edits]
        ours = [form for form in close if distance(word, form, swaps=True) <= edits]
        if whoosh and ours == [form for form in close if distance(word, form, swaps=False) <= edits]:
            return wq.FuzzyTerm(field(part, FOLDED), word, maxdist=edits, prefixlength=0)
        return wq.Or([wq.Term(field(part, FOLDED), form) for form in ours])

    def name(self) -> Pair:
        name = self.rng.choice([*NAMES, "region"])
        value = self.rng.choice([value for value in _VALUES[name] if value])
        words = [form for form, _, _ in tokenize(value)]
        keys = [self.stem(form) if name == "region" else fold(form) for form in words]
        called, place = self.rng.choice(_CALLED[name]), field(name, STEMS)
        if self.rng.random() < 0.5:
            return f'{called}"{value}"', wq.Phrase(place, keys)
        chosen = self.rng.choice([k for k, word in enumerate(words) if name != "region" or word not in STOPS])
        return called + respell(words[chosen], self.rng), wq.Term(place, keys[chosen])

    def every(self) -> Pair:
        text, tree = self.rng.choice(
            [
                ("*", wq.Every()),
                ("*:*", wq.Every()),
                ("titlu:*", wq.Every(field("title", STEMS))),
                ("sursa:*", wq.Every(field("source", STEMS))),
                ("data:*", wq.Every("date")),
                ("region:*", wq.Every(field("region", STEMS))),
            ]
        )
        return text, tree

    # Dates.

    def day(self) -> dt.date:
        return dt.date(2022, 12, 1) + dt.timedelta(days=self.rng.randrange(1100))

    def moment(self) -> tuple[str, int, int]:
        """A date as written, where it begins, and where what comes after it begins."""
        day, kind = self.day(), self.rng.randrange(4)
        if kind == 0:
            return f"{day.year}", midnight(dt.date(day.year, 1, 1)), midnight(dt.date(day.year + 1, 1, 1))
        if kind == 1:
            after = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
            return f"{day.year}-{day.month:02}", midnight(day.replace(day=1)), midnight(after)
        if kind == 2:
            hour = dt.datetime(day.year, day.month, day.day, self.rng.randrange(4, 24), tzinfo=_BUCHAREST)
            start = micros(hour)
            return hour.strftime("%Y-%m-%dT%H:00"), start, start + 60_000_000
        return day.isoformat(), midnight(day), midnight(day + dt.timedelta(days=1))

    def interval(self, start: int | None, end: int | None) -> wq.Query:
        """From `start` to before `end`."""
        if start is not None and end is not None and start >= end:
            return wq.NullQuery
        return wq.NumericRange("date", start, None if end is None else end - 1)

    def span(self) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
        """Two dates of which the first ends before the second begins."""
        while True:
            one, two = self.moment(), self.moment()
            if one[2] <= two[1]:
                return one, two

    def date(self) -> Pair:
        name, kind = self.rng.choice(["data:", "date:", "Data:"]), self.rng.randrange(4)
        (text, start, end) = self.moment()
        if kind == 0:
            return name + text, self.interval(start, end)
        if kind == 1:
            sign = self.rng.choice([">=", ">", "<=", "<"])
            bounds = {">=": (start, None), ">": (end, None), "<=": (None, end), "<": (None, start)}
            return name + sign + text, self.interval(*bounds[sign])
        one, two = self.span()
        if kind == 2:
            left, right = self.rng.choice("[{"), self.rng.choice("]}")
            low, high = one[2] if left == "{" else one[1], two[1] if right == "}" else two[2]
            if low >= high:
                return name + text, self.interval(start, end)
            return f"{name}{left}{one[0]} TO {two[0]}{right}", self.interval(low, high)
        if self.rng.random() < 0.5:
            return f"{name}[{one[0]} TO ]", self.interval(one[1], None)
        return f"{name}[TO {one[0]}]", self.interval(None, one[2])

    def bounded(self, options: dict[str, object]) -> wq.Query:
        (since, start, _), (until, _, end) = self.span()
        kept = self.rng.choice([("since",), ("until",), ("since", "until")])
        options |= {key: {"since": since, "until": until}[key] for key in kept}
        return self.interval(start if "since" in kept else None, end if "until" in kept else None)

    def filtered(self, options: dict[str, object]) -> wq.Query:
        name = self.rng.choice([*NAMES, "region"])
        known = [value for value in _VALUES[name] if value]
        values = self.rng.sample([*known, "Nimeni"], self.rng.randint(1, 3))
        options["filters"] = {name: values if len(values) > 1 or self.rng.random() < 0.5 else values[0]}
        return wq.Or([wq.Term(field(name, "whole"), cleaned(value)) for value in values])

    # Combinations.

    def leaf(self) -> Pair:
        kinds = [self.term] * 4 + [self.phrase, self.exact, self.prefix, self.wildcard, self.name, self.date]
        return self.fuzzy(whoosh=False) if self.rng.random() < 0.05 else self.rng.choice(kinds)()

    def tree(self) -> Pair:
        return self.expression(self.rng.choice([1, 1, 1, 1, 2, 2, 3]))

    def operand(self, depth: int) -> Pair:
        """A leaf, or a combination in parentheses."""
        if depth == 0 or self.rng.random() < 0.6:
            return self.leaf()
        text, tree = self.expression(depth - 1)
        return f"({text})" + self.weight(), tree

    def negated(self, depth: int) -> Pair:
        text, tree = self.operand(depth)
        return self.rng.choice(["NU ", "NOT ", "-"]) + text, without(tree)

    def conjunction(self, depth: int) -> Pair:
        """Operands joined by AND, which binds more than OR."""
        pairs = [
            self.negated(depth) if self.rng.random() < 0.15 else self.operand(depth)
            for _ in range(self.rng.randint(1, 2))
        ]
        return f" {self.rng.choice(['ȘI', 'AND', 'ŞI', 'SI'])} ".join(text for text, _ in pairs), _all(pairs)

    def alternatives(self, depth: int) -> Pair:
        """Conjunctions joined by OR, which binds more than standing side by side."""
        pairs = [self.conjunction(depth) for _ in range(self.rng.choice([1, 1, 2]))]
        return f" {self.rng.choice(['SAU', 'OR'])} ".join(text for text, _ in pairs), _any(pairs)

    def expression(self, depth: int) -> Pair:
        kind = self.rng.random()
        if kind < 0.2:
            return self.signed(depth)
        if kind < 0.5:
            return self.alternatives(depth)
        join = _all if self.match == "all" else _any
        pairs = [
            self.operand(depth) if self.rng.random() < 0.6 else self.plain_alternatives(depth)
            for _ in range(self.rng.randint(2, 3))
        ]
        return " ".join(text for text, _ in pairs), join(pairs)

    def plain_alternatives(self, depth: int) -> Pair:
        # Of two or more, so that no lone minus stands side by side with others: `signed` does that.
        pairs = [self.conjunction(depth), self.operand(depth)]
        return " SAU ".join(text for text, _ in pairs), _any(pairs)

    def signed(self, depth: int) -> Pair:
        """Operands side by side, some with a sign: those with + must match, those with - must not."""
        plain = [self.operand(depth) for _ in range(self.rng.randint(1, 2))]
        must = [self.operand(depth) for _ in range(self.rng.randint(0, 2))]
        barred = [self.operand(depth) for _ in range(self.rng.randint(0 if must else 1, 2))]
        written = [text for text, _ in plain] + [f"+{text}" for text, _ in must] + [f"-{text}" for text, _ in barred]
        self.rng.shuffle(written)
        wanted = _all(must) if must else _any(plain)
        if self.match == "all":
            wanted = _all(plain + must)
        return " ".join(written), wq.And([wanted, wq.Not(_any(barred))]) if barred else wanted


def _all(pairs: Sequence[Pair]) -> wq.Query:
    return pairs[0][1] if len(pairs) == 1 else wq.And([tree for _, tree in pairs])


def _any(pairs: Sequence[Pair]) -> wq.Query:
    return pairs[0][1] if len(pairs) == 1 else wq.Or([tree for _, tree in pairs])

"""Random queries in two languages at once: a newsindex string, and a `whoosh.query` tree that means the same.

Only what both engines define alike. Side by side means AND or OR, as `match` has it. Negations are written for Whoosh
as everything without something, since its Or and Not do not go together. A word that may be read as several is an Or of
them to Whoosh, and a phrase an Or over the product of its words' readings.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import attrs
from oracle_articles import AUTHORS, REGIONS, SECTIONS, SOURCES, STOPS, TAGS, WORDS, plain, respell
from oracle_spelling import distance, lacks
from oracle_whoosh import EXACT, FOLDED, NAMES, REGION, STEMS, Oracle, cleaned, field
from Stemmer import Stemmer as Snowball
from whoosh import query as wq

import newsindex as ni
from newsindex.analysis import Stemmer, fold, is_bare, tokenize

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

_SHORTEST_ROOT = 4


@attrs.frozen
class Pair:
    """A part of a query and what it means to Whoosh.

    Attributes:
        related: for a word, those derived from the same one: they stand in for it beside others with match="any".
    """

    text: str
    tree: wq.Query
    related: wq.Query | None = None


@attrs.frozen
class Case:
    """A search and what it means to Whoosh.

    Attributes:
        narrow: what it would mean if each word had one reading and no relatives.
        seen: how often a word had several "readings", "loose" ones by the words of the index, and "derived" words.
    """

    kind: str
    text: str
    tree: wq.Query
    options: dict[str, object]
    narrow: wq.Query
    seen: Counter[str]


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
        self.snowball = Snowball("romanian")
        self.match = "all"
        self.plainly = False  # whether all words are typed without diacritics
        self.bare = self.narrow = False
        self.typed: list[str] = []
        self.seen: Counter[str] = Counter()
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
        state = self.rng.getstate()
        self.bare, self.narrow = False, True
        _, narrow, _ = self.attempt(kind)
        # All that is typed decides how each word is read, so it has to be known before.
        self.bare, self.narrow = is_bare("".join(self.typed)), False
        self.rng.setstate(state)
        text, tree, options = self.attempt(kind)
        return Case(kind, text, tree, options, narrow, self.seen)

    def attempt(self, kind: str) -> tuple[str, wq.Query, dict[str, object]]:
        self.typed, self.seen = [], Counter()
        self.match = self.rng.choice(["all", "all", "any"])
        self.plainly = self.rng.random() < 0.2
        made = self.kinds[kind]()
        tree = made.tree
        options: dict[str, object] = {"match": self.match}
        if self.rng.random() < 0.15:
            tree = wq.And([tree, self.bounded(options)])
        if self.rng.random() < 0.15:
            tree = wq.And([tree, self.filtered(options)])
        return made.text, tree, options

    # Words.

    def spell(self, word: str) -> str:
        """A word as it is typed in this query."""
        return plain(word) if self.plainly else respell(word, self.rng)

    def terms(self, part: str, form: str) -> list[str]:
        """The terms that a form may mean in a part, by the lexicon and by the forms that the articles have."""
        if self.narrow:
            return [self.stem(form)]
        found = dict.fromkeys(self.stem.readings(form, self.bare))
        self.seen["readings"] += len(found) > 1
        if form.isalpha() and (self.bare or not self.stem.knows(form)):
            several = len(found)
            for other in self.oracle.spellings["text" if part == "body" else part].get(fold(form), ()):
                if lacks(form, other) or lacks(other, form):
                    found[self.stem(other)] = None
            self.seen["loose"] += len(found) > several
        return list(found)

    def stems(self, part: str, words: str, slop: int = 1) -> wq.Query:
        """What words next to each other mean."""
        place = field(part, STEMS)
        readings = [self.terms(part, form) for form, _, _ in tokenize(words)]
        if len(readings) == 1:
            found = [wq.Term(place, term) for term in readings[0]]
        else:
            found = [wq.Phrase(place, list(terms), slop=slop) for terms in itertools.product(*readings)]
        return found[0] if len(found) == 1 else wq.Or(found)

    def related(self, part: str, form: str) -> wq.Query | None:
        """The words of a part that share the Snowball stem of a form's class, being derived from the same word."""
        root = self.root(self.stem(form))
        if self.narrow or not form.isalpha() or len(root) < _SHORTEST_ROOT:
            return None
        terms = self.oracle.vocabulary["text" if part == "body" else part, STEMS]
        found = [term for term in terms if term.startswith(root) and self.root(term) == root]
        self.seen["derived"] += bool(set(found) - set(self.stem.readings(form, self.bare)))
        return wq.Or([wq.Term(field(part, STEMS), term) for term in found])

    def root(self, term: str) -> str:
        return str(self.snowball.stemWord(term.removesuffix("-")))

    def word(self, part: str, called: str, word: str, weight: str = "") -> Pair:
        """A word as typed, after the name of a field."""
        self.typed.append(word)
        forms = tokenize(word)
        related = self.related(part, forms[0][0]) if len(forms) == 1 else None
        return Pair(called + word + weight, self.stems(part, word), related)

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
        word = self.spell(self.rng.choice(WORDS))
        if self.rng.random() < 0.1:
            # Hyphens join into a phrase.
            word = f"{word}-{self.spell(self.rng.choice(WORDS))}"
        return self.word(part, name, word, self.weight())

    def phrase(self) -> Pair:
        part, name = self.part()
        forms = self.window(part, self.rng.randint(2, 4))
        quotes = self.rng.choice(['""', "„”", "«»", "“”"])
        words = " ".join(map(self.spell, forms))
        self.typed.append(words)
        return Pair(name + quotes[0] + words + quotes[1] + self.weight(), self.stems(part, words))

    def slop(self) -> Pair:
        part, name = self.part()
        between = self.rng.randrange(5)
        forms = self.window(part, 2, self.rng.randint(0, 5))
        words = " ".join(map(plain, forms) if self.plainly else forms)
        self.typed.append(words)
        # Whoosh counts steps, from 1 for neighbours; we count the words between.
        return Pair(f'{name}"{words}"~{between}', self.stems(part, words, between + 1))

    def stop_words(self) -> Pair:
        """Free stop words, which are not asked for where something else is."""
        pairs = [self.leaf() for _ in range(self.rng.randint(1, 2))]
        stops = [plain(stop) if self.plainly else stop for stop in self.rng.sample(STOPS, self.rng.randint(1, 3))]
        self.typed += stops
        words = [pair.text for pair in pairs] + stops
        self.rng.shuffle(words)
        return Pair(" ".join(words), _all(pairs) if self.match == "all" else _some(pairs))

    def exact(self) -> Pair:
        part, name = self.part()
        forms = self.window(part, self.rng.randint(1, 3))
        if self.rng.random() < 0.2:
            forms[0] = self.rng.choice(WORDS)
        self.typed += forms
        if len(forms) == 1:
            return Pair(f"{name}={forms[0]}", wq.Term(field(part, EXACT), forms[0]))
        words = " ".join(forms)
        return Pair(f'{name}="{words}"', wq.Phrase(field(part, EXACT), forms))

    def prefix(self) -> Pair:
        part, name = self.part()
        begun = self.spell(self.rng.choice(WORDS))[: self.rng.randint(2, 6)]
        self.typed.append(begun)
        return Pair(f"{name}{begun}*", wq.Prefix(field(part, FOLDED), fold(tokenize(begun)[0][0])))

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
        self.typed.append(pattern)
        return Pair(name + pattern, wq.Wildcard(field(part, FOLDED), fold(pattern)))

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
        self.typed.append(word)
        return Pair(written, self.similar(part, word, edits, whoosh))

    def similar(self, part: str, word: str, edits: int, whoosh: bool) -> wq.Query:
        """Whoosh's own fuzzy term; where swapped letters make a difference, which it does not know, the words found.

        Also without `whoosh`, since its automata are too slow for hundreds of queries.
        """
        # An edit takes one letter away and brings one in at most; this spares most of the slow comparisons.
        letters = set(word)
        near = (form for form in self.oracle.vocabulary[part, FOLDED] if abs(len(form) - len(word)) <= edits)
        close = [form for form in near if len(letters.symmetric_difference(form)) <= 2 * edits]
        ours = [form for form in close if distance(word, form, swaps=True) <= edits]
        if whoosh and ours == [form for form in close if distance(word, form, swaps=False) <= edits]:
            return wq.FuzzyTerm(field(part, FOLDED), word, maxdist=edits, prefixlength=0)
        return wq.Or([wq.Term(field(part, FOLDED), form) for form in ours])

    def name(self) -> Pair:
        name = self.rng.choice([*NAMES, REGION])
        value = self.rng.choice([value for value in _VALUES[name] if value])
        words = [form for form, _, _ in tokenize(value)]
        called = self.rng.choice(_CALLED[name])
        quoted = self.rng.random() < 0.5
        chosen = self.rng.choice([word for word in words if name != REGION or word not in STOPS])
        if name == REGION:
            if not quoted:
                return self.word(name, called, self.spell(chosen))
            value = plain(value) if self.plainly else value
            self.typed.append(value)
            return Pair(f'{called}"{value}"', self.stems(name, value))
        typed = value if quoted else self.spell(chosen)
        self.typed.append(typed)
        place = field(name, STEMS)
        if quoted:
            return Pair(f'{called}"{value}"', wq.Phrase(place, [fold(word) for word in words]))
        return Pair(called + typed, wq.Term(place, fold(chosen)))

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
        return Pair(text, tree)

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
            return Pair(name + text, self.interval(start, end))
        if kind == 1:
            sign = self.rng.choice([">=", ">", "<=", "<"])
            bounds = {">=": (start, None), ">": (end, None), "<=": (None, end), "<": (None, start)}
            return Pair(name + sign + text, self.interval(*bounds[sign]))
        one, two = self.span()
        if kind == 2:
            left, right = self.rng.choice("[{"), self.rng.choice("]}")
            low, high = one[2] if left == "{" else one[1], two[1] if right == "}" else two[2]
            if low >= high:
                return Pair(name + text, self.interval(start, end))
            return Pair(f"{name}{left}{one[0]} TO {two[0]}{right}", self.interval(low, high))
        if self.rng.random() < 0.5:
            return Pair(f"{name}[{one[0]} TO ]", self.interval(one[1], None))
        return Pair(f"{name}[TO {one[0]}]", self.interval(None, one[2]))

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
        inner = self.expression(depth - 1)
        return Pair(f"({inner.text})" + self.weight(), inner.tree)

    def negated(self, depth: int) -> Pair:
        inner = self.operand(depth)
        return Pair(self.rng.choice(["NU ", "NOT ", "-"]) + inner.text, without(inner.tree))

    def conjunction(self, depth: int) -> Pair:
        """Operands joined by AND, which binds more than OR."""
        pairs = [
            self.negated(depth) if self.rng.random() < 0.15 else self.operand(depth)
            for _ in range(self.rng.randint(1, 2))
        ]
        return Pair(f" {self.rng.choice(['ȘI', 'AND', 'ŞI', 'SI'])} ".join(_texts(pairs)), _all(pairs))

    def alternatives(self, depth: int) -> Pair:
        """Conjunctions joined by OR, which binds more than standing side by side."""
        pairs = [self.conjunction(depth) for _ in range(self.rng.choice([1, 1, 2]))]
        return Pair(f" {self.rng.choice(['SAU', 'OR'])} ".join(_texts(pairs)), _any(pairs))

    def expression(self, depth: int) -> Pair:
        kind = self.rng.random()
        if kind < 0.2:
            return self.signed(depth)
        if kind < 0.5:
            return self.alternatives(depth)
        pairs = [
            self.operand(depth) if self.rng.random() < 0.6 else self.plain_alternatives(depth)
            for _ in range(self.rng.randint(2, 3))
        ]
        return Pair(" ".join(_texts(pairs)), _all(pairs) if self.match == "all" else _some(pairs))

    def plain_alternatives(self, depth: int) -> Pair:
        # Of two or more, so that no lone minus stands side by side with others: `signed` does that.
        pairs = [self.conjunction(depth), self.operand(depth)]
        return Pair(" SAU ".join(_texts(pairs)), _any(pairs))

    def signed(self, depth: int) -> Pair:
        """Operands side by side, some with a sign: those with + must match, those with - must not."""
        plain = [self.operand(depth) for _ in range(self.rng.randint(1, 2))]
        must = [self.operand(depth) for _ in range(self.rng.randint(0, 2))]
        barred = [self.operand(depth) for _ in range(self.rng.randint(0 if must else 1, 2))]
        written = _texts(plain) + [f"+{pair.text}" for pair in must] + [f"-{pair.text}" for pair in barred]
        self.rng.shuffle(written)
        wanted = _all(must) if must else _some(plain) if len(plain) > 1 else plain[0].tree
        if self.match == "all":
            wanted = _all(plain + must)
        return Pair(" ".join(written), wq.And([wanted, wq.Not(_any(barred))]) if barred else wanted)


def _texts(pairs: Sequence[Pair]) -> list[str]:
    return [pair.text for pair in pairs]


def _all(pairs: Sequence[Pair]) -> wq.Query:
    return pairs[0].tree if len(pairs) == 1 else wq.And([pair.tree for pair in pairs])


def _any(pairs: Sequence[Pair]) -> wq.Query:
    return pairs[0].tree if len(pairs) == 1 else wq.Or([pair.tree for pair in pairs])


def _some(pairs: Sequence[Pair]) -> wq.Query:
    """Any of what stands side by side, or words derived from the same ones."""
    return wq.Or([tree for pair in pairs for tree in (pair.tree, pair.related) if tree is not None])

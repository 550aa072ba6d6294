"""The classes of queries, and queries of each class drawn from the articles that they will be asked of.

Words are drawn by how many articles have them, so that a class means the same in any corpus; all words of an AND or an
OR come from one article, as those of a person with something in mind would; phrases are runs of words that recur;
questions are stretches of running text.

Engines differ in more than speed: newsindex reads words without diacritics in every way they can be meant and looks
for beginnings and similar spellings among forms, others know one term of a word and nothing of forms. Only queries that
mean the same articles to all of them are comparable, and only such are drawn.
"""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex import Article
from newsindex.analysis import FormTable, Stemmer, fold, is_bare, is_stop_word, tokenize
from newsindex.article import BUCHAREST

COMMON: Final = 0.05  # a word is common from this share of the articles
MEDIUM: Final = 0.005
RARE: Final = 0.001  # and rare up to this one
SLOP: Final = 3
ROOT: Final = 4  # letters from which on newsindex takes words with one root for related
_ATTEMPTS: Final = 30  # for each query wanted, before a class is taken for exhausted
_PHRASE_WORDS: Final = 3_000_000  # of running text are searched for phrases that recur
_LOOSE_PHRASES: Final = 5_000  # are looked at in all of the text
_BLOCK: Final = 20_000  # articles whose text is laid end to end
_RARE_LETTER: Final = 10_000  # is one that not even one in so many words has
_DAY: Final = dt.timedelta(days=1)


@attrs.frozen
class Query:
    """One query, before an engine's adapter spells it.

    Attributes:
        words: in lower case; for "prefix" the one word that is begun; none for "dates".
        shape: "all", "any" (joined by OR), "phrase", "prefix", "fuzzy" (one edit allowed), "exact" (this form of the
            word only), "question" (any of the words, and those derived from them), or "dates" (every article).
        slop: how many other words may stand in a phrase.
        field: "title", or None for title and body.
        since, until: the first and the last day that the articles are of (Europe/Bucharest), or None and None.
        source: what the articles come from.
        sort: "relevance" or "newest".
        fetch: what is read of each hit beyond its row: "rows" is nothing, "snippets" a snippet, "articles" all.
        derived: terms that newsindex adds to a question by itself, for engines that do not.
    """

    words: tuple[str, ...] = ()
    shape: str = "all"
    slop: int = 0
    field: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    source: str | None = None
    sort: str = "relevance"
    fetch: str = "rows"
    derived: tuple[str, ...] = ()

    def text(self, slop_of_neighbours: int = 0) -> str:
        """The words in the syntax that newsindex shares with its peers; Whoosh calls neighbours a slop of 1.

        >>> Query(("ploi", "banat"), "phrase", slop=3).text(slop_of_neighbours=1)
        '"ploi banat"~4'
        """
        if self.shape == "phrase":
            text = f'"{" ".join(self.words)}"' + (f"~{self.slop + slop_of_neighbours}" if self.slop else "")
        else:
            before, between, after = _SYNTAX[self.shape]
            text = before + between.join(self.words) + after
        return f"{self.field}:{text}" if self.field else text


_SYNTAX: Final = {  # what stands before, between and after the words
    "all": ("", " ", ""),
    "any": ("", " OR ", ""),
    "prefix": ("", "", "*"),
    "fuzzy": ("", "", "~1"),
    "exact": ("=", "", ""),
    "question": ("", " ", ""),
    "dates": ("", "", "*"),
}


class Drawer:
    """Draws queries from articles; the same articles and seed give the same queries."""

    def __init__(self, articles: Iterable[Article], seed: int) -> None:
        self._rng = random.Random(seed)
        table = FormTable()
        self._titles: list[NDArray[np.int32]] = []
        self._bodies: list[NDArray[np.int32]] = []
        self._facts: list[tuple[dt.date | None, str | None]] = []  # date and source; the texts are not kept
        for article in articles:
            self._titles.append(table.scan(article.title))
            self._bodies.append(table.scan(article.body))
            self._facts.append((article.date, article.source))
        self._forms = table.forms()
        stemmer = Stemmer()
        readings = [stemmer.readings(form, True) for form in self._forms]  # as in an article without diacritics
        names = [first for first, *_ in readings]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._stems = np.array([numbers[name] for name in names], np.int64)
        self._named_so = np.array([fold(one) == fold(form) for one, form in zip(names, self._forms, strict=True)], bool)
        self._letters = np.array([form.isalpha() for form in self._forms], bool)
        self._usable = np.array([_usable(form) for form in self._forms], bool)
        counts = np.zeros(len(numbers), np.int64)
        for title, body in zip(self._titles, self._bodies, strict=True):
            counts[np.unique(self._stems[np.concatenate((title, body))])] += 1
        self._df = counts[self._stems]  # by form: articles that have some form of its stem
        self._by_fold = sorted((fold(form), number) for number, form in enumerate(self._forms))
        self._by_stem = sorted((name, number) for number, found in enumerate(readings) for name in found)
        self._stemmer = stemmer
        self._runs: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._loose: NDArray[np.int64] | None = None

    def draw(self, kind: str, count: int) -> list[Query]:
        """Up to `count` distinct queries of a class, one of `CLASSES`; none where the articles have no such thing."""
        make = CLASSES[kind]
        found: dict[Query, None] = {}
        for _ in range(count * _ATTEMPTS):
            if len(found) == count:
                break
            query = make(self)
            if query is not None and self._means_one_thing(query):
                found[query] = None
        return list(found)

    def _means_one_thing(self, query: Query) -> bool:
        if query.shape in ("prefix", "fuzzy", "exact"):
            return True
        bare = is_bare("".join(query.words))
        words = [word for word in query.words if query.shape != "question" or not is_stop_word(word)]
        return all(self._has_one_class(word, bare) for word in words)

    def _has_one_class(self, form: str, bare: bool) -> bool:
        """Whether a word is of one class in a query, which may be bare of diacritics, and where it is spelled alike."""
        classes = set(self._stemmer.readings(form, bare))
        if bare or not self._stemmer.knows(form):
            low, high = (bisect_left(self._by_fold, (fold(form) + end,)) for end in ("", "\0"))
            classes.update(self._stemmer(self._forms[number]) for _, number in self._by_fold[low:high])
        return len(classes) == 1

    # Words.

    def _of_band(self, low: float, high: float) -> NDArray[np.int64]:
        """The forms that occur in between `low` and `high` of all articles, counting at least one article."""
        edge = max(high * len(self._facts), 1)
        return np.flatnonzero(self._usable & (self._df >= low * len(self._facts)) & (self._df <= edge))

    def _choose(self, forms: NDArray[np.int64]) -> str | None:
        return self._forms[self._rng.choice(forms)] if len(forms) else None

    def _from_article(self, number: int, count: int, low: float = MEDIUM, *, title: bool = False) -> tuple[str, ...]:
        """Words of one article with different stems, each in at least the share `low` of all articles and in two."""
        words = np.unique(self._titles[number] if title else self._bodies[number])
        words = words[self._usable[words] & (self._df[words] >= max(low * len(self._facts), 2))]
        _, first = np.unique(self._stems[words], return_index=True)
        if len(first) < count:
            return ()
        return tuple(self._forms[word] for word in self._rng.sample(words[first].tolist(), count))

    def _any_article(self) -> int:
        return self._rng.randrange(len(self._facts))

    def term(self, low: float, high: float, sort: str = "relevance", fetch: str = "rows") -> Query | None:
        """One word of a band of frequencies."""
        word = self._choose(self._of_band(low, high))
        return None if word is None else Query((word,), sort=sort, fetch=fetch)

    def several(self, count: int, shape: str) -> Query | None:
        """Words of one article."""
        words = self._from_article(self._any_article(), count)
        return Query(words, shape) if words else None

    def question(self) -> Query | None:
        """Six to twelve words of running text, at least three of them with a meaning."""
        body = self._bodies[self._any_article()]
        count = self._rng.randint(6, 12)
        begin = self._rng.randrange(max(len(body) - count, 0) + 1)
        words = body[begin : begin + count]
        content = [word for word in words.tolist() if not is_stop_word(self._forms[word])]
        if len(words) < count or len(content) < 3 or not (self._letters[words].all() and self._usable[content].all()):
            return None
        derived = dict.fromkeys(term for word in content for term in self._derived(word))
        return Query(tuple(self._forms[word] for word in words.tolist()), "question", derived=tuple(derived))

    def _derived(self, form: int) -> list[str]:
        """The terms of words that newsindex takes for derived from the same one as a form."""
        own = self._stemmer.readings(self._forms[form], True)[0]
        root = self._stemmer.derivation(own)
        if len(root) < ROOT:
            return []
        begun = dict.fromkeys(name for name, _ in _beginning(self._by_stem, root))
        return [name for name in begun if name != own and self._stemmer.derivation(name) == root]

    def of_title(self) -> Query | None:
        """A word of a title, looked for in titles."""
        words = self._from_article(self._any_article(), 1, title=True)
        return Query(words, field="title") if words else None

    def in_month(self) -> Query | None:
        """A common word of an article and the month that it is of."""
        number = self._any_article()
        day, words = self._day(number), self._from_article(number, 1, COMMON)
        if day is None or not words:
            return None
        since = day.replace(day=1)
        return Query(words, since=since, until=(since + 31 * _DAY).replace(day=1) - _DAY)

    def in_week(self) -> Query | None:
        """A phrase of two words and a week in which it was written."""
        row = self._any_run((1,))
        day = None if row is None else self._day(row[-1])
        if row is None or day is None:
            return None
        since = day - self._rng.randrange(7) * _DAY
        return Query(self._spell(row), "phrase", since=since, until=since + 6 * _DAY)

    def dates(self) -> Query | None:
        """All articles of some days in a row, from a day to three months, the newest first."""
        since = self._day(self._any_article())
        length = self._rng.randrange(92)
        return None if since is None else Query((), "dates", since=since, until=since + length * _DAY, sort="newest")

    def _day(self, number: int) -> dt.date | None:
        date, _ = self._facts[number]
        if isinstance(date, dt.datetime):
            date = date.astimezone(BUCHAREST).date()
        return date if date is None or 1 < date.year < dt.MAXYEAR else None  # else there is no day before or after

    def from_source(self) -> Query | None:
        """A word of an article and the source that it comes from."""
        number = self._any_article()
        source, words = self._facts[number][1], self._from_article(number, 1)
        return Query(words, source=source) if words and source and not {*"'\"\\"} & {*source} else None

    def prefix(self) -> Query | None:
        """The beginning of a word of which forms and stems make no difference.

        newsindex looks for forms that begin so, Whoosh has stems alone: only beginnings that mean the same articles to
        both are comparable.
        """
        word = self._choose(self._of_band(MEDIUM, 1.0))
        if word is None or len(word) < 6:
            return None
        begun = fold(word)[: self._rng.randint(4, len(word) - 2)]
        alike, of_terms = ({number for _, number in _beginning(x, begun)} for x in (self._by_fold, self._by_stem))
        return Query((begun,), "prefix") if alike == of_terms else None

    def fuzzy(self) -> Query | None:
        """A word with a mistake, of which forms and stems make no difference either.

        Nor does it whether two letters that changed places are one edit.
        """
        word = self._choose(self._alone)
        if word is None or len(word) < 6:
            return None
        place = self._rng.randrange(1, len(word))
        typed = fold(word[:place] + self._rng.choice(("", self._rng.choice("aeinrst"))) + word[place + 1 :])
        near, swapped = _edits(typed, self._alphabet)
        forms, names = self._numbers
        found = set().union(*(forms.get(one, ()) for one in near))
        same = found == set().union(*(names.get(one, ()) for one in near))
        same = same and not any(one in forms or one in names for one in swapped)
        return Query((typed,), "fuzzy") if found and same else None

    @cached_property
    def _alone(self) -> NDArray[np.int64]:
        """The forms that are their word's only one and spelled as its term."""
        return np.flatnonzero(self._usable & self._named_so & (np.bincount(self._stems)[self._stems] == 1))

    @cached_property
    def _alphabet(self) -> list[str]:
        """All letters but very rare ones, of which foreign alphabets have hundreds."""
        names = [name for entries in (self._by_fold, self._by_stem) for name, _ in entries]
        counts = Counter(letter for name in names for letter in {*name})
        return sorted(letter for letter, count in counts.items() if count * _RARE_LETTER >= len(names))

    @cached_property
    def _numbers(self) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
        """The forms of each folded spelling, and of each term."""
        tables: tuple[dict[str, set[int]], dict[str, set[int]]] = {}, {}
        for table, entries in zip(tables, (self._by_fold, self._by_stem), strict=True):
            for name, number in entries:
                table.setdefault(name, set()).add(number)
        return tables

    def exact(self) -> Query | None:
        """A form of a word that has others."""
        band = self._of_band(MEDIUM, 1.0)
        word = self._choose(band[np.bincount(self._stems)[self._stems[band]] > 1])
        return None if word is None else Query((word,), "exact")

    # Phrases.

    def phrase(self, offsets: tuple[int, ...]) -> Query | None:
        """Words that stand so far behind a first one, and do so again elsewhere."""
        row = self._any_run(offsets)
        return None if row is None else Query(self._spell(row), "phrase")

    def loose_phrase(self) -> Query | None:
        """Two words with another one between them, nowhere near each other in the other order."""
        if self._loose is None:
            runs = self._recurring((2,))
            chosen = self._rng.sample(range(len(runs)), min(_LOOSE_PHRASES, len(runs)))
            self._loose = self._never_reversed(runs[chosen], SLOP + 1)
        return Query(self._spell(self._rng.choice(self._loose)), "phrase", SLOP) if len(self._loose) else None

    def _spell(self, run: NDArray[np.int64]) -> tuple[str, ...]:
        return tuple(self._forms[word] for word in run[:-1].tolist())

    def _any_run(self, offsets: tuple[int, ...]) -> NDArray[np.int64] | None:
        if offsets not in self._runs:
            self._runs[offsets] = self._recurring(offsets)
        runs = self._runs[offsets]
        return self._rng.choice(runs) if len(runs) else None

    def _recurring(self, offsets: tuple[int, ...]) -> NDArray[np.int64]:
        """Rows of forms and the number of their article.

        There is a row for each run of stems that occurs twice, or for every run where none does. All are words of
        letters, with different stems; the first and the last have a meaning.
        """
        step = max(1, -(-sum(map(len, self._bodies)) // _PHRASE_WORDS))
        text, articles = _laid_out(self._bodies[::step], max(offsets))
        begins = np.arange(len(text) - max(offsets))
        rows = np.stack([text[begins + offset] for offset in (0, *offsets)], axis=1)
        rows = np.concatenate((rows, articles[begins, None] * step), axis=1)
        rows = rows[(rows >= 0).all(axis=1)]
        words = rows[:, :-1]
        rows = rows[self._letters[words].all(axis=1) & self._usable[words[:, [0, -1]]].all(axis=1)]
        stems = self._stems[rows[:, :-1]]
        for one in range(stems.shape[1]):
            for other in range(one):
                differ = stems[:, one] != stems[:, other]
                rows, stems = rows[differ], stems[differ]
        # One number for each run; three stems of two million fit.
        keys = stems @ (int(self._stems.max(initial=0)) + 1) ** np.arange(stems.shape[1])
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        recurring: NDArray[np.int64] = rows[np.sort(first[counts > 1] if (counts > 1).any() else first)]
        return recurring

    def _never_reversed(self, rows: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
        """The rows of which the second word stands nowhere up to `reach` words before the first.

        Most engines take a phrase with slop in either order, newsindex as it is written.
        """
        first, second = self._stems[rows[:, 0]], self._stems[rows[:, 1]]
        base = int(self._stems.max(initial=0)) + 1
        begins = np.zeros(base, bool)
        begins[second] = True
        reversed_ = np.zeros(0, np.int64)
        for text in self._blocks(reach):
            stems = np.where(text < 0, -1, self._stems[text])
            places = np.flatnonzero(begins[stems[:-reach]] & (stems[:-reach] >= 0))
            for distance in range(1, reach + 1):
                pairs = stems[places] * base + stems[places + distance]
                reversed_ = np.union1d(reversed_, pairs[np.isin(pairs, second * base + first)])
        kept: NDArray[np.int64] = rows[~np.isin(second * base + first, reversed_)]
        return kept

    def _blocks(self, gap: int) -> Iterator[NDArray[np.int64]]:
        """All text, block by block."""
        for texts in (self._titles, self._bodies):
            for start in range(0, len(texts), _BLOCK):
                yield _laid_out(texts[start : start + _BLOCK], gap)[0]


def _laid_out(texts: list[NDArray[np.int32]], gap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts end to end, each with `gap` times -1 behind it, and the number of each one's text."""
    separator = np.full(gap, -1, np.int64)
    text = np.concatenate([part for one in texts for part in (one, separator)])
    return text, np.repeat(np.arange(len(texts)), [len(one) + gap for one in texts])


def _edits(word: str, alphabet: list[str]) -> tuple[set[str], set[str]]:
    """What one letter inserted, dropped or replaced makes of a word, itself included; and what two swapped ones do.

    >>> near, swapped = _edits("ab", ["a", "b"])
    >>> sorted(near), sorted(swapped)
    (['a', 'aa', 'aab', 'ab', 'aba', 'abb', 'b', 'bab', 'bb'], ['ba'])
    """
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    near = {head + tail[1:] for head, tail in cuts}
    near |= {head + letter + tail[skip:] for head, tail in cuts for letter in alphabet for skip in (0, 1)}
    return near, {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1} - near


def _usable(form: str) -> bool:
    """Whether a form is a word with a meaning, which engines read back from a query as it is."""
    return len(form) > 2 and form.isalpha() and not is_stop_word(form) and [t[0] for t in tokenize(form)] == [form]


def _beginning(entries: list[tuple[str, int]], begun: str) -> list[tuple[str, int]]:
    low, high = bisect_left(entries, (begun,)), bisect_left(entries, (begun + "\U0010ffff",))
    return entries[low:high]


CLASSES: Final[dict[str, Callable[[Drawer], Query | None]]] = {
    "common term": lambda drawer: drawer.term(COMMON, 1.0),
    "rare term": lambda drawer: drawer.term(0.0, RARE),
    "AND of 2": lambda drawer: drawer.several(2, "all"),
    "AND of 3": lambda drawer: drawer.several(3, "all"),
    "OR of 3": lambda drawer: drawer.several(3, "any"),
    "OR of 8": lambda drawer: drawer.several(8, "any"),
    "phrase of 2": lambda drawer: drawer.phrase((1,)),
    "phrase of 3": lambda drawer: drawer.phrase((1, 2)),
    "phrase with slop": Drawer.loose_phrase,
    "term in a month": Drawer.in_month,
    "phrase in a week": Drawer.in_week,
    "dates, newest first": Drawer.dates,
    "term, newest first": lambda drawer: drawer.term(COMMON, 1.0, sort="newest"),
    "term in titles": Drawer.of_title,
    "term of a source": Drawer.from_source,
    "prefix": Drawer.prefix,
    "fuzzy": Drawer.fuzzy,
    "exact form": Drawer.exact,
    "whole question": Drawer.question,
    "ten snippets": lambda drawer: drawer.term(COMMON, 1.0, fetch="snippets"),
    "ten whole articles": lambda drawer: drawer.term(COMMON, 1.0, fetch="articles"),
}

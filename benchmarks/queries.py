"""The classes of queries, and queries of each class drawn from the articles that they will be asked of.

Words are drawn by how many articles have them, so that a class means the same in any corpus; all words of an AND or an
OR come from one article, as those of a person with something in mind would; phrases are runs of words that recur.

newsindex reads words without diacritics in every way they can be meant, and other engines as one word: only queries
that can be meant in one way are comparable.
"""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
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
_ATTEMPTS: Final = 30  # for each query wanted, before a class is taken for exhausted
_PHRASE_WORDS: Final = 3_000_000  # of running text are searched for phrases that recur


@attrs.frozen
class Query:
    """One query, before an engine's adapter spells it.

    Attributes:
        words: in lower case; for a prefix the one word that is begun.
        shape: "all", "any", "phrase" or "prefix".
        slop: how many other words may stand in a phrase.
        field: "title", or None for title and body.
        month: the first day of the month that the articles are of (Europe/Bucharest).
        source: what the articles come from.
    """

    words: tuple[str, ...]
    shape: str = "all"
    slop: int = 0
    field: str | None = None
    month: dt.date | None = None
    source: str | None = None

    def text(self, slop_of_neighbours: int = 0) -> str:
        """The words in the syntax that newsindex shares with Whoosh, which calls neighbours a slop of 1.

        >>> Query(("ploi", "banat"), "phrase", slop=3).text(slop_of_neighbours=1)
        '"ploi banat"~4'
        """
        if self.shape == "phrase":
            text = f'"{" ".join(self.words)}"' + (f"~{self.slop + slop_of_neighbours}" if self.slop else "")
        elif self.shape == "prefix":
            text = f"{self.words[0]}*"
        else:
            text = (" OR " if self.shape == "any" else " ").join(self.words)
        return f"{self.field}:{text}" if self.field else text


class Drawer:
    """Draws queries from articles; the same articles and seed give the same queries."""

    def __init__(self, articles: Sequence[Article], seed: int) -> None:
        self._rng = random.Random(seed)
        self._articles = articles
        table = FormTable()
        self._titles = [table.scan(article.title) for article in articles]
        self._bodies = [table.scan(article.body) for article in articles]
        self._forms = table.forms()
        stemmer = Stemmer()
        readings = [stemmer.readings(form, True) for form in self._forms]  # as in an article without diacritics
        names = [first for first, *_ in readings]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._stems = np.array([numbers[name] for name in names], np.int64)
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
        bare = is_bare("".join(query.words))
        return query.shape == "prefix" or all(self._has_one_class(word, bare) for word in query.words)

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
        edge = max(high * len(self._articles), 1)
        return np.flatnonzero(self._usable & (self._df >= low * len(self._articles)) & (self._df <= edge))

    def _choose(self, forms: NDArray[np.int64]) -> str | None:
        return self._forms[self._rng.choice(forms)] if len(forms) else None

    def _from_article(self, number: int, count: int, low: float = MEDIUM, *, title: bool = False) -> tuple[str, ...]:
        """Words of one article with different stems, each in at least the share `low` of all articles and in two."""
        words = np.unique(self._titles[number] if title else self._bodies[number])
        words = words[self._usable[words] & (self._df[words] >= max(low * len(self._articles), 2))]
        _, first = np.unique(self._stems[words], return_index=True)
        if len(first) < count:
            return ()
        return tuple(self._forms[word] for word in self._rng.sample(words[first].tolist(), count))

    def _any_article(self) -> int:
        return self._rng.randrange(len(self._articles))

    def term(self, low: float, high: float) -> Query | None:
        """One word of a band of frequencies."""
        word = self._choose(self._of_band(low, high))
        return None if word is None else Query((word,))

    def several(self, count: int, shape: str) -> Query | None:
        """Words of one article."""
        words = self._from_article(self._any_article(), count)
        return Query(words, shape) if words else None

    def of_title(self) -> Query | None:
        """A word of a title, looked for in titles."""
        words = self._from_article(self._any_article(), 1, title=True)
        return Query(words, field="title") if words else None

    def in_month(self) -> Query | None:
        """A common word of an article and the month that it is of."""
        number = self._any_article()
        date, words = self._articles[number].date, self._from_article(number, 1, COMMON)
        if date is None or not words:
            return None
        if isinstance(date, dt.datetime):
            date = date.astimezone(BUCHAREST).date()
        return Query(words, month=date.replace(day=1))

    def from_source(self) -> Query | None:
        """A word of an article and the source that it comes from."""
        number = self._any_article()
        source, words = self._articles[number].source, self._from_article(number, 1)
        return Query(words, source=source) if words and source and "'" not in source else None

    def prefix(self) -> Query | None:
        """The beginning of a word of which forms and stems make no difference.

        newsindex looks for forms that begin so, Whoosh has stems alone: only beginnings that mean the same articles to
        both are comparable.
        """
        word = self._choose(self._of_band(MEDIUM, 1.0))
        if word is None or len(word) < 6:
            return None
        begun = fold(word)[: self._rng.randint(4, len(word) - 2)]
        same = _beginning(self._by_fold, begun) == _beginning(self._by_stem, begun)
        return Query((begun,), "prefix") if same else None

    # Phrases.

    def phrase(self, offsets: tuple[int, ...], slop: int = 0) -> Query | None:
        """Words that stand so far behind a first one, and do so again elsewhere."""
        if offsets not in self._runs:
            self._runs[offsets] = self._recurring(offsets)
        runs = self._runs[offsets]
        if not len(runs):
            return None
        return Query(tuple(self._forms[word] for word in self._rng.choice(runs).tolist()), "phrase", slop)

    def _recurring(self, offsets: tuple[int, ...]) -> NDArray[np.int64]:
        """Rows of forms: one for each run of stems that occurs twice, or for every run where none does.

        All are words of letters, with different stems; the first and the last have a meaning.
        """
        step = max(1, -(-sum(map(len, self._bodies)) // _PHRASE_WORDS))
        separator = np.full(max(offsets), -1, np.int64)
        text = np.concatenate([part for body in self._bodies[::step] for part in (body, separator)])
        begins = np.arange(len(text) - max(offsets))
        rows = np.stack([text[begins + offset] for offset in (0, *offsets)], axis=1)
        rows = rows[(rows >= 0).all(axis=1)]
        rows = rows[self._letters[rows].all(axis=1) & self._usable[rows[:, [0, -1]]].all(axis=1)]
        stems = self._stems[rows]
        for one in range(rows.shape[1]):
            for other in range(one):
                differ = stems[:, one] != stems[:, other]
                rows, stems = rows[differ], stems[differ]
        # One number for each run; three stems of two million fit.
        keys = stems @ (int(self._stems.max(initial=0)) + 1) ** np.arange(rows.shape[1])
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        recurring: NDArray[np.int64] = rows[np.sort(first[counts > 1] if (counts > 1).any() else first)]
        return recurring


def _usable(form: str) -> bool:
    """Whether a form is a word with a meaning, which engines read back from a query as it is."""
    return len(form) > 2 and form.isalpha() and not is_stop_word(form) and [t[0] for t in tokenize(form)] == [form]


def _beginning(entries: list[tuple[str, int]], begun: str) -> set[int]:
    low, high = bisect_left(entries, (begun,)), bisect_left(entries, (begun + "\U0010ffff",))
    return {number for _, number in entries[low:high]}


CLASSES: Final[dict[str, Callable[[Drawer], Query | None]]] = {
    "common term": lambda drawer: drawer.term(COMMON, 1.0),
    "rare term": lambda drawer: drawer.term(0.0, RARE),
    "AND of 2": lambda drawer: drawer.several(2, "all"),
    "AND of 3": lambda drawer: drawer.several(3, "all"),
    "OR of 3": lambda drawer: drawer.several(3, "any"),
    "phrase of 2": lambda drawer: drawer.phrase((1,)),
    "phrase of 3": lambda drawer: drawer.phrase((1, 2)),
    "phrase with slop": lambda drawer: drawer.phrase((2,), slop=SLOP),
    "term in a month": Drawer.in_month,
    "term in titles": Drawer.of_title,
    "term of a source": Drawer.from_source,
    "prefix": Drawer.prefix,
}

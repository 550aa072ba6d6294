"""newsindex's analysis for engines that take none of Python's: terms as text. For the adapters alone.

An article becomes two strings, its title and its body, of terms with blanks between them. A word that has several
readings is all their terms, joined by `ALSO`: they stand in one place. Terms are spelled so that every tokenizer and
every query parser leaves them whole: `_` stands for the hyphen, which tokens do not have, but names of terms do.

Making the strings is not timed, which favours those engines: newsindex's own analysis is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import attrs

from benchmarks.queries import Query
from newsindex import Article
from newsindex.analysis import FormTable, Stemmer, is_bare, is_stop_word
from newsindex.article import micros

ALSO: Final = "|"  # no token and no name of a term holds one
GAP: Final = 5  # positions between title and body at least, so that no phrase reaches across
_BATCH: Final = 5_000  # articles
_DAY: Final = dt.timedelta(days=1)

_stemmer: Final = Stemmer()


@attrs.frozen
class Analyzed:
    """An article and the terms of its title and body."""

    article: Article
    title: str
    body: str


def analyzed(articles: Iterable[Article | Analyzed]) -> Iterator[Analyzed]:
    """The articles with their terms; those that have them already as they are."""
    forms = FormTable()
    names: dict[bool, list[str]] = {False: [], True: []}  # of each form's terms, in bare articles and in others
    rest = iter(articles)
    while batch := list(islice(rest, _BATCH)):
        scans = [(forms.scan(one.title), forms.scan(one.body)) if isinstance(one, Article) else None for one in batch]
        new = forms.forms(len(names[False]))
        for bare, known in names.items():
            known += [ALSO.join(map(spelled, _stemmer.readings(form, bare))) for form in new]
        for one, scan in zip(batch, scans, strict=True):
            if isinstance(one, Analyzed) or scan is None:
                yield one  # type: ignore[misc]  # it has no scan because it is analyzed
                continue
            of = names[is_bare(one.title) and is_bare(one.body)].__getitem__
            yield Analyzed(one, *(" ".join(map(of, part.tolist())) for part in scan))


def spelled(term: str) -> str:
    """The name of a term as engines get it.

    >>> spelled("kovesi-")
    'kovesi_'
    """
    return term.replace("-", "_")


def in_terms(query: Query) -> Query:
    """The query as an engine needs it whose index holds terms: they stand in place of the words.

    A question becomes an OR of its words, and of those derived from them, which newsindex adds by itself; stop words,
    which it leaves out there, are left out. What is a prefix or a fuzzy word is left as it was typed.

    >>> in_terms(Query(("guvernul", "orașelor"))).text()
    'guvern oraș'
    """
    if query.shape in ("prefix", "fuzzy"):
        return query
    question, bare = query.shape == "question", is_bare("".join(query.words))
    own = [_stemmer.readings(word, bare)[0] for word in query.words if not (question and is_stop_word(word))]
    words = tuple(dict.fromkeys(map(spelled, (*own, *query.derived))))
    return attrs.evolve(query, words=words, shape="any" if question else query.shape)


def interval(query: Query) -> tuple[int, int] | None:
    """The moments, in microseconds, from which and before which a query's articles were published."""
    if query.since is None or query.until is None:
        return None
    return micros(query.since), micros(query.until + _DAY)

"""The page of a search is the first of all matches, each of them scored: for 10,000 random queries.

Searches score few articles, those whose bounds promise enough. Here the same is found by scoring all, in indexes whose
lists have many blocks, whose segments differ in the lengths of their articles, and with and without deleted articles.
"""

import itertools
import random

import numpy as np
import pytest
from searcher_twins import STEMMER, live, scored

from newsindex.analysis import fold
from newsindex.article import Article, micros
from newsindex.query.nodes import (
    And,
    Dates,
    Derived,
    Everything,
    Form,
    Fuzzy,
    Maybe,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
)
from newsindex.searcher.executor import is_scored
from newsindex.searcher.page import Search
from newsindex.searcher.ranking import Ranking
from newsindex.searcher.widening import widen

CHAPTERS = 20
QUERIES = 500  # in each chapter
_FORMS = (
    "de și în la pe cu guvern guvernul guvernului guverne guvernele buget bugetul bugetului bugete țară țara țări "
    "țările țării președinte președintele președintelui președinți ploaie ploi ploile ploaia școală școala școli "
    "școlile om oameni oamenii omul ministru ministrul miniștri miniștrii oraș orașul orașe orașele declară declarat "
    "declarație declarația declarații fată fata fete față fața fețe mare mari tare tari soldat soldați soldații "
    "lege legea legii legi alegeri alegerile alegerilor parlament parlamentul parlamentului primar primarul primari "
    "declarativ declarare declarant declarator "
    "spital spitalul spitale drum drumul drumuri mașină mașini mașina apă apa ape an ani anul anii preț prețul prețuri"
)
_SYLLABLES = ["ba", "ce", "di", "lo", "mu", "ra", "se", "ti", "vo", "nu", "ga", "ple"]
_NAMES = ["".join(parts) for parts in itertools.product(_SYLLABLES, _SYLLABLES, ["nu", "rescu", "l"])]
VOCABULARY = [*_FORMS.split(), *_NAMES]
_WEIGHTS = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(VOCABULARY))))
SOURCES = ["Radio Delta", "Știri", "Meteo", None]
DAYS = [f"20{year}-{month:02}-{day:02}" for year in (23, 24, 25) for month in (1, 5, 9) for day in (1, 2, 15)]


def article(rng, name, title, body):
    """Words as frequent as in a language, one article in five without diacritics, some twice the same."""
    words = rng.choices(VOCABULARY, cum_weights=_WEIGHTS, k=rng.randint(0, title) + rng.randint(1, body))
    words = [fold(word) for word in words] if rng.random() < 0.2 else words
    cut = rng.randint(0, min(title, len(words)))
    return Article(
        id=name,
        title=" ".join(words[:cut]),
        body=" ".join(words[cut:]),
        date=rng.choice([*DAYS, None]),
        source=rng.choice(SOURCES),
        tags=tuple(rng.sample(["meteo", "sport", "buget local"], k=rng.randint(0, 2))),
    )


def index(seed, *segments):
    """Segments of (articles, longest title, longest body, share of deleted articles), of which some have a twin."""
    rng = random.Random(seed)
    parts, seen = [], []
    for number, (count, title, body, dead) in enumerate(segments):
        articles = []
        for k in range(count):
            one = article(rng, f"{number}-{k}", title, body)
            if seen and rng.random() < 0.1:
                like = rng.choice(seen)
                one = Article(id=one.id, title=like.title, body=like.body, date=one.date, source=one.source)
            articles.append(one)
            seen.append(one)
        parts.append(live(articles, [doc for doc in range(count) if rng.random() < dead]))
    return parts


@pytest.fixture(scope="module")
def indexes():
    made = [
        index(1, (9000, 3, 9, 0)),
        index(2, (1500, 5, 60, 0), (2500, 2, 7, 0), (300, 9, 2, 0)),
        index(3, (1200, 2, 5, 0.3), (1800, 6, 40, 0.2)),
        index(4, (700, 0, 12, 0), (150, 8, 90, 0.5), (2000, 4, 15, 0)),
    ]
    return [(parts, Ranking(parts)) for parts in made]


# ------------------------------------------------------------------------------------------------ queries


def word_of(rng):
    """Frequent words and rare ones, one query in three without diacritics."""
    form = rng.choice(VOCABULARY[: rng.choice([6, 80, 500])])
    return fold(form) if rng.random() < 0.3 else form


def stem_of(rng):
    """A word as the planner has it, or taken as any of its readings."""
    form = word_of(rng)
    first, *others = STEMMER.readings(form, rng.random() < 0.5)
    return Stem(first, rng.choice([form, form, ""]), tuple(others), rng.random() < 0.3 or not STEMMER.knows(form))


def pattern_of(rng):
    form = word_of(rng)
    kind = rng.randrange(12)
    if kind == 0:
        return Form(form)
    if kind == 1:
        return Prefix(fold(form)[: rng.randint(2, 5)])
    if kind == 2:
        return rng.choice([Fuzzy(fold(form), 1, 1), Wildcard(fold(form)[:3] + "?*")])
    if kind == 3 and len(form) > 3:
        return Derived(STEMMER.derivation(STEMMER(form)), (STEMMER(form),))
    return stem_of(rng)


def word(rng):
    field = rng.choice(["text", "text", "text", "text", "title", "body"])
    return Word(field, pattern_of(rng), rng.choice([1.0, 1.0, 1.0, 0.25, 2.0]))


def plain_word(rng):
    return Word("text", stem_of(rng), rng.choice([1.0, 1.0, 0.25, 2.0]))


def phrase(rng):
    patterns = tuple(pattern_of(rng) if rng.random() < 0.3 else stem_of(rng) for _ in range(rng.choice([2, 2, 3])))
    return Phrase(rng.choice(["text", "text", "title", "body"]), patterns, rng.choice([0, 0, 1, 3, 8]))


def dates(rng):
    since, until = sorted(micros(Article(date=day).date) for day in rng.choices(DAYS, k=2))
    return Dates(rng.choice([since, None]), rng.choice([until, until + 1, None]))


def filter_of(rng):
    one = rng.choice(
        [OneOf("source", ("Știri",)), OneOf("source", ("meteo", "Radio Delta")), OneOf("tags", ("sport",))]
    )
    return rng.choice([one, one, Not(one), Unscored(word(rng), 0.3), Not(word(rng)), Word("source", Stem("radio"))])


def nested(rng):
    parts = tuple(rng.choice([word, phrase, any_words, all_words, better, filtered])(rng) for _ in range(2))
    return rng.choice([And, Or])((*parts, word(rng)) if rng.random() < 0.5 else parts)


def any_words(rng):
    """As of a question: mostly plain words, which are walked without looking at anything else."""
    kind = plain_word if rng.random() < 0.7 else word
    return Or(tuple(kind(rng) for _ in range(rng.randint(2, 8))))


def question(rng):
    """Words and those that are derived from them: of many terms, as of declară, or of few."""
    words = [plain_word(rng) for _ in range(rng.randint(1, 4))]
    derived = [Derived("declar", (rng.choice(["declara", "declarare"]),)), *(pattern_of(rng) for _ in range(2))]
    plan = Or((*words, *(Word("text", one, 0.25) for one in derived if isinstance(one, Derived))))
    return rng.choice([plan, plan, And((plan, dates(rng))), And(plan.children)])


def all_words(rng):
    kind = plain_word if rng.random() < 0.7 else word
    return And(tuple(kind(rng) for _ in range(rng.randint(2, 4))))


def filtered(rng):
    return And((rng.choice([word, plain_word, any_words, phrase])(rng), rng.choice([dates, filter_of])(rng)))


def better(rng):
    return Maybe(rng.choice([word, all_words])(rng), rng.choice([word, phrase, any_words])(rng))


def alike(rng):
    """Nothing but filters: all matches are worth the same, or what `Unscored` says."""
    few = And((dates(rng), filter_of(rng)))
    return rng.choice([few, few, few, few, Everything(), Or((filter_of(rng), Unscored(dates(rng), 1.5)))])


KINDS = [plain_word, word, all_words, any_words, any_words, question, phrase, filtered, nested, better, alike]


def pages(rng):
    """(limit, offset) of a page: mostly the first ten."""
    return rng.choice([(10, 0), (10, 0), (10, 0), (10, 10), (1, 0), (3, 7), (25, 0), (10, 300), (50, 40)])


# ------------------------------------------------------------------------------------------------ all of them


def best_of_all(parts, ranking, plan, first, end):
    """How many match, and the hits from `first` to `end` of all matches in order, each of them scored."""
    rows = []
    for number, (one, (docs, scores)) in enumerate(zip(parts, scored(parts, plan, ranking), strict=True)):
        columns = np.empty((len(docs), 4))
        scores = scores if is_scored(plan) else np.ones(len(docs))
        columns.T[:] = scores, one.segment.dates_of(docs), np.full(len(docs), number), docs
        rows.append(columns)
    table = np.concatenate(rows)
    order = np.lexsort((table[:, 3], table[:, 2], table[:, 1], table[:, 0]))[::-1]
    return len(table), table[order[first:end]].tolist()


@pytest.mark.parametrize("chapter", range(CHAPTERS))
def test_a_page_is_the_first_of_all_matches_scored(indexes, chapter):
    rng = random.Random(chapter)
    found = 0
    for _ in range(QUERIES):
        parts, ranking = rng.choice(indexes)
        plan = widen(rng.choice(KINDS)(rng), parts)
        limit, offset = pages(rng)
        ready = Search(parts, plan, ranking)
        page = ready.page(limit, offset)
        if rng.random() < 0.04:
            # By the search itself, which has another way to go where all is wanted.
            whole = ready.page(None)
            assert [*page.found] == [*whole.found][offset : offset + limit], plan
            assert len(whole.found) == page.total
        total, best = best_of_all(parts, ranking, plan, offset, offset + limit)
        assert (page.total, ready.count()) == (total, total), plan
        rows = [[*one] for one in page.found]
        assert rows == best, plan
        found += bool(best)
    assert found > QUERIES * 0.7


def test_questions_have_words_of_many_terms(indexes):
    parts, ranking = indexes[0]
    [[leaf]] = [leaves for leaves in Search(parts, question(random.Random(1)), ranking)._way.leaves if leaves[0].wide]
    assert leaf.group.size > 100

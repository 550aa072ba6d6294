"""The slow, obviously right search: every article tokenised and looked at word by word."""

import itertools
import random
from fnmatch import fnmatchcase

import numpy as np

from newsindex.analysis import Stemmer, fold, tokenize
from newsindex.article import Article
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import Form, Fuzzy, Phrase, Prefix, Stem, Word
from newsindex.store.directory import MemoryDirectory
from newsindex.store.sections import SectionReader, SectionWriter, new_uid

STEMMER = Stemmer()
_WORDS = (
    "guvern guvernul guvernului țară ţara tara țări buget bugetul bugete ploaie ploi ploile și de la om oameni "
    "Bucu\u00adrești nord-coreean școala scoala scoală"
)
VOCABULARY = _WORDS.split()
DATES = [None, "2025-01-01", "2025-01-02", "2025-01-02T23:30:00+02:00", "2024-12-31", "2023-06-01"]


def live(articles, dead=()):
    """A segment of articles in a file in memory, and those of its docids that live."""
    directory = MemoryDirectory()
    builder = SegmentBuilder(STEMMER)
    for article in articles:
        builder.add(article)
    with directory.create("one.seg") as file:
        writer = SectionWriter(file, "segment", new_uid())
        writer.finish(builder.write(writer)[0])
    reader = SectionReader(directory, "one.seg")
    segment = Segment(reader, reader.meta, directory.path / "one.seg")
    alive = np.ones(segment.articles, bool)
    alive[list(dead)] = False
    return LiveSegment(segment, alive)


def random_articles(seed, count):
    rng = random.Random(seed)

    def words(most):
        return " ".join(rng.choices(VOCABULARY, k=rng.randint(0, most)))

    return [
        Article(
            id=str(number),
            title=words(4),
            body=words(12),
            date=rng.choice(DATES),
            source=rng.choice([None, "Radio Delta", "Ştiri", "Știri"]),
            tags=tuple(rng.choices(["meteo", "sport", "buget local"], k=rng.randint(0, 2))),
        )
        for number in range(count)
    ]


def field_forms(article, field):
    """The runs of forms of a field; no phrase goes from one run into another."""
    texts = {
        "text": [article.title, article.body],
        "title": [article.title],
        "body": [article.body],
        "source": [article.source or ""],
        "tags": list(article.tags),
    }[field]
    return [[form for form, _, _ in tokenize(text)] for text in texts]


def edits(a, b):
    """Optimal string alignment by its definition."""
    table = {}
    for i, j in itertools.product(range(len(a) + 1), range(len(b) + 1)):
        if not i or not j:
            table[i, j] = i + j
            continue
        choices = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1])]
        if i > 1 and j > 1 and a[i - 2 : i] == b[j - 1] + b[j - 2]:
            choices.append(table[i - 2, j - 2] + 1)
        table[i, j] = min(choices)
    return table[len(a), len(b)]


def is_meant(form, pattern, stemmed=True):
    """Whether a pattern means a form."""
    if isinstance(pattern, Stem):
        return (STEMMER(form) if stemmed else fold(form)) == pattern.stem
    if isinstance(pattern, Form):
        return form == pattern.form
    if isinstance(pattern, Prefix):
        return fold(form).startswith(pattern.prefix)
    if isinstance(pattern, Fuzzy):
        start = fold(form).startswith(pattern.form[: pattern.prefix])
        return start and edits(fold(form), pattern.form) <= pattern.distance
    return fnmatchcase(fold(form), pattern.pattern)


def how_often(article, leaf):
    """How often a word or phrase occurs in an article."""
    stemmed = leaf.field not in ("source", "tags")
    runs = field_forms(article, leaf.field)
    if isinstance(leaf, Word):
        return sum(is_meant(form, leaf.pattern, stemmed) for run in runs for form in run)
    assert isinstance(leaf, Phrase)
    return sum(phrases_in([[is_meant(form, one, stemmed) for form in run] for one in leaf.patterns], leaf.slop)
               for run in runs)  # fmt: skip


def phrases_in(rows, slop):
    """From each place of the first word, the shortest run that has the others behind one another."""
    found = 0
    for first in range(len(rows[0])):
        if not rows[0][first]:
            continue
        at, ends = first, True
        for row in rows[1:]:
            at = next((place for place in range(at + 1, len(row)) if row[place]), None)
            if at is None:
                ends = False
                break
        found += ends and at - first - (len(rows) - 1) <= slop
    return found

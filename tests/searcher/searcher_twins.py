"""The slow, obviously right search: every article tokenised and looked at word by word."""

import itertools
import random
from fnmatch import fnmatchcase

import numpy as np
from inverted_twins import write_inverted

from newsindex.analysis import Stemmer, fold, is_bare, is_spelling, tokenize
from newsindex.article import Article
from newsindex.inverted._columns import Numbers
from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted._postings import PostingList
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.query.nodes import Derived, Form, Fuzzy, Phrase, Prefix, Stem, Word
from newsindex.searcher.executor import Executor, in_field
from newsindex.searcher.page import Search
from newsindex.searcher.ranking import Ranking
from newsindex.searcher.terms import phrase_tally, word_tallies
from newsindex.store.directory import MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import new_uid

STEMMER = Stemmer()
_WORDS = (
    "guvern guvernul guvernului țară ţara tara țări buget bugetul bugete ploaie ploi ploile și de la om oameni "
    "Bucu\u00adrești nord-coreean școala scoala scoală presedintele președinți declară declarație față fată"
)
VOCABULARY = _WORDS.split()
# Words of an article without diacritics, several of which may be several words.
BARE = "tari tara fata peste scoala presedintele putin guvern declara declaratia om de".split()  # noqa: SIM905
DATES = [None, "2025-01-01", "2025-01-02", "2025-01-02T23:30:00+02:00", "2024-12-31", "2023-06-01"]


def live(articles, dead=()):
    """A segment of articles in a file in memory, and those of its docids that live."""
    return opened(written(articles), dead)


def written(articles):
    """A directory in memory, with a segment of articles in its only file."""
    directory = MemoryDirectory()
    builder = SegmentBuilder(STEMMER)
    for article in articles:
        builder.add(article)
    with directory.create("one.seg") as file:
        writer = SectionWriter(file, "segment", new_uid())
        writer.finish(write_inverted(builder, writer).description)
    return directory


def damage(directory, section, place):
    """Change one byte of a section of such a file."""
    data = bytearray(directory.map("one.seg"))
    data[data.index(SectionReader(directory, "one.seg").raw(section).tobytes()) + place] ^= 0x40
    with directory.create("one.tmp") as file:
        file.write(data)
    directory.replace("one.tmp", "one.seg")


def opened(directory, dead=()):
    """What `written` wrote, and those of its docids that live."""
    reader = SectionReader(directory, "one.seg")
    segment = Segment(reader, reader.meta, directory.path / "one.seg")
    return LiveSegment(segment, np.array(sorted(dead), np.uint32))


def numbers(array):
    """A column of whole numbers, in a file in memory."""
    directory = MemoryDirectory()
    with directory.create("one.seg") as file:
        writer = SectionWriter(file, "segment", new_uid())
        writer.add("numbers", array)
        writer.finish({})
    return Numbers(SectionReader(directory, "one.seg"), "numbers")


def search(parts, plan):
    """A plan made ready for some segments."""
    return Search(parts, plan, Ranking(parts))


def scored(parts, plan, ranking=None):
    """(docids, scores) of all live matches in each segment; `ranking` is that of the segments if it is at hand."""
    ranking, found = ranking or Ranking(parts), []
    for one in parts:
        executor = Executor(one, ranking)
        docs = executor.live_matches(plan).docs
        found.append((docs, executor.score(plan, docs)))
    return found


def frequencies(one, leaf, low, high):
    """(docids, counts): where in an interval of docids a leaf is found, and how often it is counted there."""
    docs = Executor(one, None).run(leaf, low, high).docs
    if isinstance(leaf, Phrase):
        return docs, in_field(leaf, phrase_tally(one.segment, leaf, docs))
    counts = [in_field(leaf, tally) for tally in word_tallies(one.segment, leaf, docs)]
    none = np.zeros(len(docs), np.int32)
    return docs, sum(counts, none) if not isinstance(leaf.pattern, Stem) else np.max([none, *counts], axis=0)


def posting_list(occurrences, lengths, field="text", forms=300):
    """A posting list in memory, of {docid: [(position, form number)]}."""
    sections = bytearray(), bytearray()
    writer = PostingWriter(sections[0].extend, sections[1].extend, lengths)
    rows = [(doc, *pair) for doc in sorted(occurrences) for pair in occurrences[doc]]
    writer.field(field)
    writer.begin(forms)
    writer.add(*(np.array(column, np.int32) for column in zip(*rows, strict=True)))
    writer.end()
    writer.finish()
    postings, positions = (np.frombuffer(bytes(section), np.uint8) for section in sections)
    return PostingList(Pages(postings), Pages(positions), 0, len(postings) - 8, len(lengths.title))


def random_articles(seed, count):
    rng = random.Random(seed)

    def words(most, vocabulary):
        return " ".join(rng.choices(vocabulary, k=rng.randint(0, most)))

    def random_vocabulary():
        return BARE if rng.random() < 0.2 else VOCABULARY

    return [
        Article(
            id=str(number),
            title=words(4, vocabulary),
            body=words(12, vocabulary),
            date=rng.choice(DATES),
            source=rng.choice([None, "Radio Delta", "Ştiri", "Știri"]),
            tags=tuple(rng.choices(["meteo", "sport", "buget local"], k=rng.randint(0, 2))),
        )
        for number in range(count)
        for vocabulary in [random_vocabulary()]
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


def read(form, stemmed=True, bare=False):
    """The terms that a form is indexed under."""
    return STEMMER.readings(form, bare) if stemmed else (fold(form),)


def derived_terms(form, pattern, stemmed, bare):
    """The terms of a form that are derived from the same word as a pattern's."""
    terms = set(read(form, stemmed, bare)) - set(pattern.stems)
    return [term for term in terms if term.startswith(pattern.root) and STEMMER.derivation(term) == pattern.root]


def is_meant(form, pattern, stemmed=True, bare=False):
    """Whether a pattern means a form in an article that is `bare` or not."""
    if isinstance(pattern, Stem):
        terms = {pattern.stem, *pattern.others}
        return not terms.isdisjoint(read(form, stemmed, bare))
    if isinstance(pattern, Derived):
        return bool(derived_terms(form, pattern, stemmed, bare))
    if isinstance(pattern, Form):
        return form == pattern.form
    if isinstance(pattern, Prefix):
        return fold(form).startswith(pattern.prefix)
    if isinstance(pattern, Fuzzy):
        start = fold(form).startswith(pattern.form[: pattern.prefix])
        return start and edits(fold(form), pattern.form) <= pattern.distance
    return fnmatchcase(fold(form), pattern.pattern)


def loosened(leaf, articles):
    """A leaf whose words that are taken loosely name the terms of all forms of the field that look like them."""
    field = "text" if leaf.field == "body" else leaf.field
    forms = {form for article in articles for run in field_forms(article, field) for form in run}

    def words(pattern):
        if not isinstance(pattern, Stem) or not pattern.loose:
            return pattern
        alike = {form for form in forms if is_spelling(pattern.form, form) or is_spelling(form, pattern.form)}
        homes = {read(form, leaf.field not in ("source", "tags"))[0] for form in alike}
        return Stem(pattern.stem, pattern.form, (*pattern.others, *sorted(homes)), True)

    if isinstance(leaf, Word):
        return Word(leaf.field, words(leaf.pattern))
    return Phrase(leaf.field, tuple(map(words, leaf.patterns)), leaf.slop)


def how_often(article, leaf):
    """How often a word or phrase occurs in an article; words taken loosely have been `loosened`."""
    stemmed = leaf.field not in ("source", "tags")
    bare = is_bare(article.title + article.body)
    runs = field_forms(article, leaf.field)
    if isinstance(leaf, Word) and isinstance(leaf.pattern, Stem):
        # Of several readings the one that is most frequent in the article is meant.
        terms = {leaf.pattern.stem, *leaf.pattern.others}
        return max(sum(term in read(form, stemmed, bare) for run in runs for form in run) for term in terms)
    if isinstance(leaf, Word) and isinstance(leaf.pattern, Derived):
        # Each word as often as it has derived readings, and no more is claimed: they count little.
        return sum(len(derived_terms(form, leaf.pattern, stemmed, bare)) for run in runs for form in run)
    if isinstance(leaf, Word):
        return sum(is_meant(form, leaf.pattern, stemmed, bare) for run in runs for form in run)
    assert isinstance(leaf, Phrase)
    return sum(
        phrases_in([[is_meant(form, one, stemmed, bare) for form in run] for one in leaf.patterns], leaf.slop)
        for run in runs
    )


def lengths_of(article):
    """How many words the title and the body of an article have."""
    return tuple(len(run) for run in field_forms(article, "text"))


def worth(article, leaf, means):
    """BM25F of a word or phrase in an article but for its weight; `means` are of the lengths of titles and of bodies.

    Of several terms that a word may be the one counts that is worth most; the occurrences of the forms that another
    pattern means add up. What is spelled as it was asked for counts again by a quarter, and if just so by a twentieth.
    """
    parts = ["title", "body"] if leaf.field == "text" else [leaf.field]
    ways = [_ways(article, leaf, part) for part in parts]
    best = 0.0
    for terms in zip(*ways, strict=True):
        value = 0.0
        for share, way in ((1.0, 0), (0.25, 1), (0.05, 2)):
            shares = 0.0
            for part, counts in zip(parts, terms, strict=True):
                shares += counts[way] * _share_of_one(article, part, means)
            value += share * 1.9 * shares / (0.9 + shares)
        best = max(best, value)
    return best


def _share_of_one(article, part, means):
    title, body = lengths_of(article)
    if part == "title":
        return 4.0 / (0.5 + 0.5 * title / means[0])
    return 1 / (0.25 + 0.75 * body / means[1]) if part == "body" else 1.0


def _ways(article, leaf, part):
    """How often each term of a leaf occurs in a part of an article, how often alike, and how often just as typed."""
    stemmed = part not in ("source", "tags")
    bare = is_bare(article.title + article.body)
    runs = field_forms(article, part)
    if isinstance(leaf, Phrase):
        asked = any(isinstance(one, Stem) and one.form for one in leaf.patterns)
        tests = [is_meant, is_alike, is_typed] if asked else [is_meant]
        counts = [
            sum(
                phrases_in([[test(form, one, stemmed, bare) for form in run] for one in leaf.patterns], leaf.slop)
                for run in runs
            )
            for test in tests
        ]
        return [(*counts, 0, 0)[:3]]
    if not isinstance(leaf.pattern, Stem):
        return [(how_often(article, Word(part, leaf.pattern)), 0, 0)]
    found = []
    for term in {leaf.pattern.stem, *leaf.pattern.others}:
        forms = [form for run in runs for form in run if term in read(form, stemmed, bare)]
        # As what else it may be read a form is spelled in no way at all.
        own = [form for form in forms if read(form, stemmed)[0] == term]
        own = own if leaf.pattern.form else []
        alike = sum(is_alike(form, leaf.pattern, stemmed) for form in own)
        found.append((len(forms), alike, sum(is_typed(form, leaf.pattern, stemmed) for form in own)))
    return found


def is_alike(form, pattern, stemmed=True, bare=False):
    """Whether a form is spelled as a pattern asks, but for diacritics that a loose word lacks; most ask for nothing."""
    if not isinstance(pattern, Stem) or not pattern.form:
        return is_meant(form, pattern, stemmed, bare)
    if read(form, stemmed)[0] not in (pattern.stem, *pattern.others):
        return False
    return form == pattern.form or (pattern.loose and is_spelling(pattern.form, form))


def is_typed(form, pattern, stemmed=True, bare=False):
    """Whether a form is spelled just as a pattern asks."""
    if not isinstance(pattern, Stem) or not pattern.form:
        return is_meant(form, pattern, stemmed, bare)
    return form == pattern.form and is_alike(form, pattern, stemmed, bare)


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

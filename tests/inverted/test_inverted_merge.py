"""A segment that was merged says the same as one that was built at once of the articles that live."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import (
    STEMMER,
    MemorySections,
    build,
    content,
    living,
    merge,
    random_article,
    terms_of,
    write_inverted,
    write_merged,
)

from newsindex.analysis import is_bare, tokenize
from newsindex.article import Article, micros
from newsindex.errors import CorruptIndexError
from newsindex.inverted import merge as merging
from newsindex.inverted._invert import GAP
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.columns import UNDATED
from newsindex.inverted.merge import Merger
from newsindex.inverted.segment import Segment
from newsindex.store.directory import MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import new_uid


def moment(article):
    return UNDATED if article.date is None else micros(article.date)


def in_order(articles):
    return sorted(articles, key=moment)


def split(rng, articles, count):
    cuts = sorted(rng.randrange(len(articles) + 1) for _ in range(count - 1))
    return [articles[low:high] for low, high in zip([0, *cuts], [*cuts, len(articles)], strict=True)]


def through_files(pieces):
    """Merge (articles, dead docids) with the files of a real store in between."""
    directory = MemoryDirectory()

    def written(name, write):
        with directory.create(name) as file:
            writer = SectionWriter(file, "segment", new_uid())
            writer.finish(write(writer))
        reader = SectionReader(directory, name, kind="segment")
        return Segment(reader, reader.meta, directory.path / name)

    sources = []
    for number, (articles, dead) in enumerate(pieces):
        builder = build_only(articles)
        sources.append(
            living(written(f"{number}.seg", lambda sink, b=builder: write_inverted(b, sink).description), dead)
        )
    return written("merged.seg", lambda sink: write_merged(sources, sink))


def build_only(articles):
    builder = SegmentBuilder(STEMMER)
    for article in articles:
        builder.add(article)
    return builder


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 14), st.integers(1, 5), st.sampled_from([0, 0.3, 1]), st.booleans())
def test_merged_says_what_built_at_once_says(seed, count, parts, dead, files):
    rng = random.Random(seed)
    articles = [random_article(rng, number) for number in range(count)]
    pieces, live = [], []
    for part in split(rng, articles, parts):
        gone = [doc for doc in range(len(part)) if rng.random() < dead]
        pieces.append((part, gone))
        live += [article for doc, article in enumerate(in_order(part)) if doc not in gone]
    merged = through_files(pieces) if files else merge([(build(part), gone) for part, gone in pieces])
    assert content(merged) == content(build(live))


def test_lists_of_many_blocks_are_merged():
    rng = random.Random(7)
    articles = [random_article(rng, number) for number in range(900)]
    pieces, live = [], []
    for part in split(rng, articles, 3):
        gone = rng.sample(range(len(part)), len(part) // 3)
        pieces.append((build(part), gone))
        live += [article for doc, article in enumerate(in_order(part)) if doc not in set(gone)]
    merged = merge(pieces)
    assert max(merged.posting_list(term).df for term in range(len(merged.terms))) > 256
    assert content(merged) == content(build(live))


def test_merging_goes_on_from_merged_segments():
    rng = random.Random(8)
    articles = [random_article(rng, number) for number in range(120)]
    first = merge([(build(articles[:40]), []), (build(articles[40:80]), [])])
    assert content(merge([(first, []), (build(articles[80:]), [])])) == content(build(articles))


def test_terms_forms_and_fields_of_which_nothing_lives_are_gone():
    gone = Article(id="1", title="unic", body="țară", extra={"key": "special"}, date="2025-01-01")
    kept = Article(id="2", title="alt", body="țări", date="2025-01-02")
    merged = merge([(build([gone, kept]), [0]), (build([Article(id="3", body="țări")]), [])])
    assert set(terms_of(merged, "title")) == {"alt"}
    assert terms_of(merged, "extra.key") == {}
    assert merged.value("extra.key", 1) is None
    assert merged.find("1") is None
    assert [merged.find(one) for one in "23"] == [1, 0]


def test_merging_nothing_but_the_dead_leaves_an_empty_segment():
    articles = [random_article(random.Random(3), number) for number in range(4)]
    merged = merge([(build(articles), range(4))])
    assert merged.articles == 0
    assert merged.find("a1") is None
    assert content(merged) == content(build([]))


def test_the_merger_says_where_each_article_came_from():
    old = build([Article(id="x", date="2025-01-02"), Article(id="y", date="2025-01-01")])
    new = build([Article(id="z", date="2025-01-02"), Article(id="u")])
    merger = Merger([living(old, [0]), living(new)])
    assert [one.tolist() for one in merger.order] == [[1, 0, 1], [0, 1, 1]]
    assert [one.tolist() for one in merger.renumbered] == [[-1, 1], [0, 2]]


def test_columns_that_are_not_in_order_are_damage():
    segment = build([Article(id=str(k), date=f"2025-01-0{k}") for k in (1, 2, 3)])
    for name, change in (("dates", lambda column: column[::-1]), ("ids.docs", np.zeros_like)):
        sections = MemorySections()
        sections.arrays = segment._sections.arrays | {name: change(segment._sections.arrays[name]).copy()}
        fields = [
            {"name": field, "terms": [one.first_term, one.end_term], "forms": [one.first_form, one.end_form]}
            for field, one in segment.fields.items()
        ]
        damaged = Segment(sections, {"articles": 3, "words": segment.words, "fields": fields}, Path("damaged"))
        with pytest.raises(CorruptIndexError, match=name):
            merge([(damaged, [])])


# ------------------------------------------------------------------------------------------------ building


def test_a_built_segment_holds_the_words_of_its_articles_in_all_their_readings():
    rng = random.Random(11)
    articles = [random_article(rng, number) for number in range(60)]
    segment = build(articles)
    expected, readings = {}, 0
    for doc, article in enumerate(in_order(articles)):
        bare = is_bare(article.title + article.body)
        position = 0
        for part in (article.title, article.body):
            for form, _, _ in tokenize(part):
                first, *others = STEMMER.readings(form, bare)
                expected.setdefault(first, {}).setdefault(doc, set()).add((position, form))
                for other in others:
                    expected.setdefault(other, {}).setdefault(doc, set()).add((position, (form, other)))
                    readings += 1
                position += 1
            position += GAP
    found = terms_of(segment, "text")
    assert {term: {doc: set(pairs) for doc, pairs in docs.items()} for term, docs in found.items()} == expected
    assert all(pairs == sorted(pairs, key=lambda pair: pair[0]) for docs in found.values() for pairs in docs.values())
    assert readings > 100
    assert [segment.id(doc) for doc in range(60)] == [article.id for article in in_order(articles)]


def test_names_are_neither_stemmed_nor_read_in_other_ways():
    segment = build([Article(id="1", body="tari", source="Tari Fata", tags=("tari",), author="Țări")])
    assert terms_of(segment, "source") == {"tari": {0: [(0, "tari")]}, "fata": {0: [(1, "fata")]}}
    assert terms_of(segment, "tags") == {"tari": {0: [(0, "tari")]}}
    assert terms_of(segment, "author") == {"tari": {0: [(0, "țări")]}}
    for field, others in (("source", 0), ("tags", 0), ("text", len(STEMMER.readings("tari", bare=True)) - 1)):
        low, high = segment.readings(field)
        assert high - low == others, field


def test_terms_of_readings_go_with_the_last_bare_article():
    bare = Article(id="1", body="tari", date="2025-01-01")
    spelled = Article(id="2", body="tari, țări", date="2025-01-02")
    merged = merge([(build([bare]), [0]), (build([spelled]), [])])
    assert content(merged) == content(build([spelled])) == content(build([bare, spelled], [0]))
    assert set(terms_of(merged, "text")) == {"tare", "țară"}
    kept = merge([(build([bare]), []), (build([spelled]), [0])])
    assert content(kept) == content(build([bare]))
    assert set(terms_of(kept, "text")) == set(STEMMER.readings("tari", bare=True))


def test_articles_taken_back_leave_nothing():
    rng = random.Random(12)
    articles = [random_article(rng, number) for number in range(30)]
    removed = set(range(0, 30, 3))
    kept = [article for number, article in enumerate(articles) if number not in removed]
    assert content(build(articles, removed)) == content(build(kept))


def test_dates_come_back_as_given_and_bound_intervals():
    dates = [None, "0001-01-01", "1969-12-31T23:59:59+00:00", "2025-03-30", "2025-10-26T03:30:00+02:00", "9999-12-31"]
    articles = [Article(id=str(number), date=date) for number, date in enumerate(dates)]
    segment = build(articles)
    assert [segment.date(doc) for doc in range(6)] == [article.date for article in articles]
    assert segment.interval(None, None) == (1, 6)
    day = micros(articles[3].date)
    assert segment.interval(day, day + 1) == (3, 4)
    assert segment.interval(day + 1, day) == (4, 4)
    assert np.array_equal(segment.find_many(["5", "no", "0"]), [5, -1, 0])


def test_memory_of_the_sources_is_given_back_on_the_way(monkeypatch):
    rng = random.Random(11)
    articles = [random_article(rng, number) for number in range(60)]
    # Lists that are handed over in several chunks.
    articles += [Article(id=f"{k}", body=" ".join(map(str, rng.choices(range(50), k=800_000)))) for k in range(4)]
    pieces = [(build(articles[:31]), []), (build(articles[31:]), [])]
    released = []
    monkeypatch.setattr(MemorySections, "release", lambda sections: released.append(sections))
    merge(pieces)
    whole = len(released)
    assert {id(one) for one in released} == {id(segment._sections) for segment, _ in pieces}
    monkeypatch.setattr(merging, "_ARTICLES", 10)
    merge(pieces)
    assert len(released) > whole
    chunks = sum(len(segment.postings) for segment, _ in pieces) >> 20
    assert chunks > 1
    assert whole >= 2 * (chunks + 3)

"""What patterns resolve to, and how often words and phrases occur, against a look at every word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import STEMMER, field_forms, how_often, is_meant, live, random_articles

from newsindex.analysis import fold
from newsindex.article import Article
from newsindex.query.nodes import Form, Fuzzy, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher.terms import document_frequency, leaf_frequencies, resolve

ARTICLES = random_articles(1, 300)
SEGMENT = live(ARTICLES).segment
GAP = 128  # positions between two texts of a field; no slop that a query may ask for reaches across
IN_ORDER = [ARTICLES[int(SEGMENT.id(doc))] for doc in range(SEGMENT.articles)]
FORMS = sorted({form for article in ARTICLES for run in field_forms(article, "text") for form in run})
FIELDS = ["text", "title", "body", "source", "tags"]

forms = st.sampled_from([*FORMS, "nimic", "ț"])
patterns = st.one_of(
    forms.map(lambda form: Stem(STEMMER(form))),
    forms.map(lambda form: Stem(fold(form))),
    forms.map(Form),
    st.builds(lambda form, size: Prefix(fold(form)[:size]), forms, st.integers(0, 6)),
    st.text(st.sampled_from("aeotgubr?*"), min_size=1, max_size=6).map(Wildcard),
    st.builds(lambda form, size: Wildcard(fold(form)[:size] + "*"), forms, st.integers(1, 6)),
    st.builds(
        lambda form, drop, distance, prefix: Fuzzy(fold(form)[drop:], distance, prefix),
        forms, st.integers(0, 2), st.integers(0, 2), st.integers(0, 3),
    ),
)  # fmt: skip


def expected(leaf, low, high):
    counts = {doc: how_often(IN_ORDER[doc], leaf) for doc in range(low, high)}
    return {doc: count for doc, count in counts.items() if count}


def found(leaf, low, high):
    docs, counts = leaf_frequencies(SEGMENT, leaf, low, high)
    assert docs.dtype == counts.dtype == np.int32
    assert docs.tolist() == sorted(docs.tolist())
    return dict(zip(docs.tolist(), counts.tolist(), strict=True))


bounds = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted) | st.just((0, 300))


@settings(max_examples=250)
@given(st.sampled_from(FIELDS), patterns, bounds)
def test_words(field, pattern, interval):
    leaf = Word(field, pattern)
    assert found(leaf, *interval) == expected(leaf, *interval)


@settings(max_examples=250)
@given(st.sampled_from(FIELDS), st.lists(patterns, min_size=2, max_size=3), st.integers(0, 4), bounds)
def test_phrases(field, words, slop, interval):
    leaf = Phrase(field, tuple(words), slop)
    wanted = expected(leaf, *interval)
    assert found(leaf, *interval) == wanted


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("pattern", [Stem("guvern"), Form("țara"), Prefix("t"), Wildcard("?a*a"), Fuzzy("bugt", 1, 1)])
def test_resolve_gives_all_forms_that_are_meant_and_no_others(field, pattern):
    field = "text" if field == "body" else field
    bounds = SEGMENT.fields[field]
    every = [
        (number, SEGMENT.forms[number].rpartition("\0")[2]) for number in range(bounds.first_form, bounds.end_form)
    ]
    stemmed = field not in ("source", "tags")
    wanted = {}
    for number, form in every:
        if is_meant(form, pattern, stemmed):
            wanted.setdefault(int(SEGMENT.form_terms[number]), set()).add(int(SEGMENT.form_numbers[number]))
    alternatives = resolve(SEGMENT, field, pattern)
    assert sorted((one.postings.df, one.postings.forms) for one in alternatives) == sorted(
        (SEGMENT.posting_list(term).df, SEGMENT.posting_list(term).forms) for term in wanted
    )
    chosen = [set(range(one.postings.forms)) if one.forms is None else set(one.forms.tolist()) for one in alternatives]
    assert sorted(map(sorted, chosen)) == sorted(map(sorted, wanted.values()))


def test_a_field_that_no_article_has_gives_nothing():
    leaf = Word("extra.nowhere", Prefix(""))
    assert [one.tolist() for one in leaf_frequencies(SEGMENT, leaf, 0, 300)] == [[], []]
    phrase = Phrase("extra.nowhere", (Prefix(""), Stem("om")))
    assert [one.tolist() for one in leaf_frequencies(SEGMENT, phrase, 0, 300)] == [[], []]


@settings(max_examples=50)
@given(patterns)
def test_the_document_frequency_is_at_least_the_true_one(pattern):
    assert len(expected(Word("text", pattern), 0, 300)) <= document_frequency(SEGMENT, "text", pattern) <= 300


def test_no_phrase_goes_from_title_to_body_or_from_tag_to_tag():
    segment = live([Article(id="1", title="ploi", body="mari", tags=("ploi", "mari"))]).segment
    for field in ("text", "tags"):
        for slop, count in ((0, 0), (100, 0), (GAP - 1, 0), (GAP, 1)):
            leaf = Phrase(field, (Form("ploi"), Form("mari")), slop)
            assert len(leaf_frequencies(segment, leaf, 0, 1)[0]) == count

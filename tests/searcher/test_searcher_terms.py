"""What patterns resolve to, and how often words and phrases occur, against a look at every word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import STEMMER, field_forms, frequencies, how_often, is_meant, live, loosened, random_articles

from newsindex.analysis import fold, is_spelling
from newsindex.article import Article
from newsindex.errors import CorruptIndexError
from newsindex.inverted._occurrences import ALIKE, CHOSEN, TYPED
from newsindex.query.nodes import And, Derived, Form, Fuzzy, Not, Phrase, Prefix, Stem, Wildcard, Word
from newsindex.searcher.terms import document_frequency, phrase_tally, resolve, word_tallies
from newsindex.searcher.widening import widen

ARTICLES = random_articles(1, 300)
LIVE = live(ARTICLES)
SEGMENT = LIVE.segment
GAP = 128  # positions between two texts of a field; no slop that a query may ask for reaches across
IN_ORDER = [ARTICLES[int(SEGMENT.id(doc))] for doc in range(SEGMENT.articles)]
FORMS = sorted({form for article in ARTICLES for run in field_forms(article, "text") for form in run})
FIELDS = ["text", "title", "body", "source", "tags"]

forms = st.sampled_from([*FORMS, "nimic", "ț"])


def as_asked(form, bare):
    """A word as the planner has it."""
    first, *others = STEMMER.readings(form, bare)
    return Stem(first, form, tuple(others), bare or not STEMMER.knows(form))


patterns = st.one_of(
    forms.map(lambda form: Stem(STEMMER(form))),
    forms.map(lambda form: Stem(fold(form))),
    st.builds(as_asked, forms | forms.map(fold), st.booleans()),
    st.sampled_from(["declara", "declarație", "guvern", "ploaie"]).map(
        lambda lemma: Derived(STEMMER.derivation(lemma), (lemma,))
    ),
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
    leaf = loosened(leaf, ARTICLES)
    counts = {doc: how_often(IN_ORDER[doc], leaf) for doc in range(low, high)}
    return {doc: count for doc, count in counts.items() if count}


def found(leaf, low, high):
    docs, counts = frequencies(LIVE, widen(leaf, [LIVE]), low, high)
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
@pytest.mark.parametrize("pattern", [Form("țara"), Prefix("t"), Wildcard("?a*a"), Fuzzy("bugt", 1, 1), Prefix("")])
def test_resolve_gives_all_forms_that_are_meant_and_no_others(field, pattern):
    """Among them none that is another word read anew: those would count a word twice."""
    field = "text" if field == "body" else field
    wanted = {}
    for number in range(*real_forms(field)):
        if is_meant(spelling(number), pattern):
            term, place = SEGMENT.forms.payload(number)
            wanted.setdefault(term, set()).add(place)
    meant = resolve(SEGMENT, field, pattern)
    assert sorted((postings.df, postings.forms) for postings in meant.lists) == sorted(
        (SEGMENT.posting_list(term).df, SEGMENT.posting_list(term).forms) for term in wanted
    )
    chosen = marked(meant, CHOSEN)
    assert sorted(chosen) == sorted(map(sorted, wanted.values()))
    assert meant.every == (CHOSEN if wanted else 0)
    assert meant.df == sum(postings.df for postings in meant.lists)
    whole = [len(numbers) == postings.forms for postings, numbers in zip(meant.lists, chosen, strict=True)]
    assert [bool(rest) for rest in meant.rests] == whole


def marked(meant, mark):
    """Of each term the numbers of the forms that have a mark."""
    return [
        [k for k in range(postings.forms) if (marks[k] if k < len(marks) else rest) & mark]
        for postings, marks, rest in zip(meant.lists, meant.marks, meant.rests, strict=True)
    ]


@pytest.mark.parametrize(
    ("terms", "numbers"), [([0], [10**6]), ([0], [-1]), ([-1], [0]), ([10**6], [0]), ([0, 0], [0])]
)
def test_forms_that_no_term_has_are_refused(terms, numbers):
    with pytest.raises(CorruptIndexError):
        SEGMENT.gather("text", np.array(terms, np.int64), np.array(numbers, np.int64))


@settings(max_examples=50)
@given(st.lists(st.integers(0, len(SEGMENT.forms) - 1), unique=True), st.randoms())
def test_forms_are_gathered_in_any_order(numbers, rng):
    """Over blocks of the dictionary that lie apart; and terms taken whole are those with all of their forms."""
    rng.shuffle(numbers)
    pairs = [SEGMENT.forms.payload(number) for number in numbers]
    meant = SEGMENT.gather("text", *np.array(pairs, np.int64).reshape(-1, 2).T.copy())
    terms = sorted({term for term, _ in pairs})
    assert marked(meant, CHOSEN) == [sorted(place for one, place in pairs if one == term) for term in terms]
    whole = SEGMENT.whole("text", terms)
    for one in (meant, whole):
        assert [found.df for found in one.lists] == [SEGMENT.posting_list(term).df for term in terms]
    assert all(len(numbers) == found.forms for numbers, found in zip(marked(whole, CHOSEN), whole.lists, strict=True))


def spelling(number):
    return SEGMENT.forms.entry(number).decode().rpartition("\0")[2]


def name_of(term):
    return SEGMENT.terms.entry(term).decode()


def real_forms(field):
    """The dictionary entries of a field that are forms, and not readings of others."""
    return SEGMENT.fields[field].first_form, SEGMENT.readings(field)[0]


@given(
    forms.map(fold), st.lists(forms.map(STEMMER), max_size=2), st.booleans(), st.sampled_from(["text", "title", "tags"])
)
def test_strangers_are_the_forms_of_other_terms(folded, names, own, field):
    names = (*names, *(STEMMER.readings(folded, True) if own else ()))
    rows = [(spelling(number), *SEGMENT.forms.payload(number)) for number in range(*real_forms(field))]
    wanted = [(form, name_of(term), term, place) for form, term, place in rows if fold(form) == folded]
    assert SEGMENT.strangers(field, names, folded) == [row for row in wanted if row[1] not in names]


def test_a_field_that_does_not_occur_has_no_strangers():
    assert SEGMENT.strangers("extra.nimic", (), "banca") == []


@settings(max_examples=150)
@given(forms | forms.map(fold), st.booleans(), st.sampled_from(["text", "title"]))
def test_a_word_means_its_terms_and_knows_which_forms_are_spelled_as_asked(form, bare, field):
    pattern = as_asked(form, bare)
    (whole,) = [loosened(Word(field, pattern), ARTICLES)]
    terms = {whole.pattern.stem, *whole.pattern.others}
    numbers = {"alike": set(), "typed": set()}
    for number in range(*real_forms(field)):
        place = SEGMENT.forms.payload(number)
        own = spelling(number)
        if own == form:
            numbers["typed"].add(place)
        if own == form or (pattern.loose and is_spelling(form, own)):
            numbers["alike"].add(place)
    bounds = SEGMENT.fields[field]
    found_terms = terms.intersection(map(name_of, range(bounds.first_term, bounds.end_term)))
    meant = resolve(SEGMENT, field, widen(Word(field, pattern), [LIVE]).pattern)
    assert len(meant) == len(found_terms)
    assert [len(numbers) for numbers in marked(meant, CHOSEN)] == [postings.forms for postings in meant.lists]
    assert all(rest & CHOSEN for rest in meant.rests)
    for way, mark in (("alike", ALIKE), ("typed", TYPED)):
        sizes = sorted(len(some) for some in marked(meant, mark) if some)
        by_term = [sum(place[0] == term for place in numbers[way]) for term in {place[0] for place in numbers[way]}]
        assert sizes == sorted(by_term)
        assert bool(meant.every & mark) == bool(sizes)


def test_the_body_has_a_word_whatever_reading_the_title_has_of_it():
    """A word that may be two, one of them in the title and the other in the body, is in the body."""
    pattern = as_asked("fata", bare=True)
    one = live([Article(id="1", title="față față", body="o fată")])
    assert [found.tolist() for found in frequencies(one, Word("body", pattern), 0, 1)] == [[0], [1]]
    one = live([Article(id="1", title="față", body="nimic"), Article(id="2", body="fețele")])
    assert frequencies(one, Word("body", pattern), 0, 2)[0].tolist() == [1]


def test_what_is_taken_loosely_is_in_the_body_only_where_it_is():
    """Forms that look like a word may be in bodies only, and other forms of theirs in titles."""
    one = live([Article(id="1", title="guvernele", body="x"), Article(id="2", body="guvernul")])
    lacking = Stem("guvernu-", "guvernul", (), True)
    for field, docs in (("text", [0, 1]), ("body", [1])):
        assert frequencies(one, widen(Word(field, lacking), [one]), 0, 2)[0].tolist() == docs


def test_loose_words_are_widened_by_all_segments_and_by_live_articles_only():
    alike, other = Article(id="1", body="Prodăneți și țara"), Article(id="2", body="Prodan și țara")
    word = Word("text", as_asked("prodaneti", bare=True))
    terms = {STEMMER("prodăneți")} - {word.pattern.stem, *word.pattern.others}
    assert terms
    for segments, more in (
        ([live([alike]), live([other])], terms),
        ([live([other]), live([alike])], terms),
        ([live([alike], dead=[0]), live([other])], set()),
        ([live([other])], set()),
    ):
        assert set(widen(word, segments).pattern.others) - set(word.pattern.others) == more
    assert widen(And((word, Not(word))), [live([alike])]) == And((wide := widen(word, [live([alike])]), Not(wide)))
    strict = Word("text", Stem("x", "prodaneti"))
    assert widen(strict, [live([alike])]) == strict


@given(
    st.sampled_from(["", "g", "guvern", "de", "pl", "ț", "zzz"]),
    st.sampled_from(["text", "title", "source", "x"]),
    st.integers(0, 30),
)
def test_the_terms_that_begin_with_a_prefix_are_those_that_do(prefix, field, limit):
    bounds = SEGMENT.fields.get(field)
    places = range(bounds.first_term, bounds.end_term) if bounds else ()
    wanted = [(at, SEGMENT.terms.entry(at).decode()) for at in places]
    wanted = [(at, name) for at, name in wanted if name.startswith(prefix)][:limit]
    first, names = SEGMENT.terms_from(field, prefix, limit)
    assert list(enumerate(names, first)) == wanted


def test_a_field_that_no_article_has_gives_nothing():
    docs = np.arange(0, 300, 7, dtype=np.int32)
    leaf = Word("extra.nowhere", Prefix(""))
    assert [one.tolist() for one in frequencies(LIVE, leaf, 0, 300)] == [[], []]
    assert word_tallies(SEGMENT, leaf, docs) == []
    phrase = Phrase("extra.nowhere", (Prefix(""), Stem("om")))
    assert [one.tolist() for one in frequencies(LIVE, phrase, 0, 300)] == [[], []]
    assert not phrase_tally(SEGMENT, phrase, docs).any()


@settings(max_examples=100)
@given(st.sampled_from(FIELDS), patterns, st.lists(patterns, max_size=2), st.sets(st.integers(0, 299), max_size=40))
def test_tallies_of_any_articles_say_how_much_of_the_text_is_title(field, first, more, docs):
    """Also of articles that do not have the words: the executor tallies all that may match."""
    leaf = Phrase(field, (first, *more), 3) if more else Word(field, first)
    leaf, asked = widen(leaf, [LIVE]), loosened(leaf, ARTICLES)
    wanted = np.array(sorted(docs), np.int32)
    tallies = [phrase_tally(SEGMENT, leaf, wanted)] if more else word_tallies(SEGMENT, leaf, wanted)
    assert all(tally.shape == (len(docs), 6) and tally.dtype == np.int32 for tally in tallies)
    for i, doc in enumerate(sorted(docs)):
        for k, part in ((0, "text" if field == "body" else field), (1, "title")):
            if part == "title" and field not in ("text", "body", "title"):
                continue
            whole = Phrase(part, asked.patterns, 3) if more else Word(part, asked.pattern)
            counts = [int(tally[i, k]) for tally in tallies]
            if field == "title":
                counts = [int(tally[i, 0]) for tally in tallies]
            total = max(counts, default=0) if more or isinstance(first, Stem) else sum(counts)
            assert total == how_often(IN_ORDER[doc], whole)


@settings(max_examples=50)
@given(patterns)
def test_the_document_frequency_is_at_least_the_true_one(pattern):
    widened = widen(Word("text", pattern), [LIVE]).pattern
    found = document_frequency([SEGMENT], [resolve(SEGMENT, "text", widened)])
    assert len(expected(Word("text", pattern), 0, 300)) <= found <= 300


def test_no_phrase_goes_from_title_to_body_or_from_tag_to_tag():
    one = live([Article(id="1", title="ploi", body="mari", tags=("ploi", "mari"))])
    for field in ("text", "tags"):
        for slop, count in ((0, 0), (100, 0), (GAP - 1, 0), (GAP, 1)):
            leaf = Phrase(field, (Form("ploi"), Form("mari")), slop)
            assert len(frequencies(one, leaf, 0, 1)[0]) == count

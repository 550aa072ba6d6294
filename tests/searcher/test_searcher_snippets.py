"""Snippets: the right words marked in the text as it was given, in bounded length and time."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_twins import STEMMER

from newsindex.analysis import tokenize
from newsindex.inverted import _dictionary
from newsindex.inverted.columns import pack
from newsindex.query.nodes import (
    And,
    Dates,
    Derived,
    Everything,
    Form,
    Fuzzy,
    Not,
    Or,
    Phrase,
    Prefix,
    Stem,
    Wildcard,
    Word,
)
from newsindex.searcher.snippets import Highlighter, matcher, matching_positions


def show(body, plan, title="", chars=200):
    return Highlighter(plan, STEMMER).snippet(title, body, chars=chars, before="[", after="]")


def stem(word):
    return Stem(STEMMER(word), word)


def word(text, field="text"):
    return Word(field, stem(text))


def phrase(text, slop=0, field="text"):
    return Phrase(field, tuple(map(stem, text.split())), slop)


@pytest.mark.parametrize(
    ("body", "plan", "expected"),
    [
        ("Au căzut ploi mari.", word("ploi"), "Au căzut [ploi] mari"),
        ("La Bucu\u00adrești plouă", word("bucurești"), "La [Bucu\u00adrești] plouă"),
        ("Preşedintele a plecat", word("președintele"), "[Preşedintele] a plecat"),
        ("Pres\u0326edintele a plecat", word("președintele"), "[Pres\u0326edintele] a plecat"),
        ("Ploaie, ploaie!", word("ploaie"), "[Ploaie], [ploaie]"),
        ("în 10.000 de case", Word("text", Form("10000")), "în [10.000] de case"),
        ("S.U.A. și UE", Word("text", Form("sua")), "[S.U.A]. și UE"),
        ("țara, tara, țării", Word("text", Form("țara")), "[țara], tara, țării"),
        ("țara, tara, Țării", Word("text", Prefix("tar")), "[țara], [tara], [Țării]"),
        ("ministru, miniștri", Word("text", Wildcard("minist*u")), "[ministru], miniștri"),
        ("buget, bugte, budget", Word("text", Fuzzy("buget", 1)), "[buget], [bugte], [budget]"),
        ("om omu oma altul", Word("text", Fuzzy("om", 1, 3)), "[om] [omu] [oma] altul"),
        ("rând\n\n  ploi\tmari", word("ploi"), "rând [ploi] mari"),
        # Without a diacritic anywhere the text may mean either, with one it says what it means.
        ("In fata, tara", word("față"), "In [fata], tara"),
        ("În fata, țara", word("față"), "În fata, țara"),
        ("fată, față, fata și", Word("text", Stem("fată", "fata", ("față",), True)), "[fată], [față], [fata] și"),
        ("țări, tari și", Word("text", Stem("tare", "tari", ("țară",), True)), "[țări], [tari] și"),
        ("țări, tari și", Word("text", Stem("tare", "tari")), "țări, [tari] și"),
        ("declarația, declară", Word("text", Derived("declar", ("declara",))), "[declarația], declară"),
        ("Soldatii, tari", Word("text", Form("țări")), "Soldatii, tari"),
    ],
)
def test_marks_stand_where_the_words_do(body, plan, expected):
    assert show(body, plan) == expected


def test_phrases_are_marked_only_where_they_stand_whole():
    body = "ploi slabe, apoi ploi mari și vânt; mari ploi"
    assert show(body, phrase("ploi mari")) == "ploi slabe, apoi [ploi] [mari] și vânt; mari ploi"
    assert show("ploi foarte mari, ploi", phrase("ploi mari", 1)) == "[ploi] foarte [mari], ploi"
    assert show("ploi foarte foarte mari", phrase("ploi mari", 1)) == "ploi foarte foarte mari"


def test_several_leaves_and_what_is_not_searched_for():
    body = "Ploi și vânt, dar nu soare"
    assert show(body, And((word("ploi"), word("vânt")))) == "[Ploi] și [vânt], dar nu soare"
    assert show(body, And((word("ploi"), Not(word("soare"))))) == "[Ploi] și vânt, dar nu soare"
    assert show(body, Or((word("soare"), Word("source", Stem("ploi"))))) == "Ploi și vânt, dar nu [soare]"


def test_the_title_is_shown_where_only_it_has_the_word():
    assert show("Nimic aici.", word("ploi"), title="Ploi mari") == "[Ploi] mari"
    assert show("Ploi aici.", word("ploi", "title"), title="Ploi mari") == "[Ploi] mari"
    assert show("Ploi aici.", word("ploi", "body"), title="Ploi mari") == "[Ploi] aici"
    assert show("", word("ploi"), title="Ploi mari") == "[Ploi] mari"


def test_without_a_word_it_is_the_beginning():
    body = "Primul cuvânt al textului. " * 20
    for plan in (Everything(), Dates(None, None), word("absent")):
        shown = show(body, plan, chars=40)
        assert shown == "Primul cuvânt al textului. Primul cuvânt …"
    assert show("Scurt.", Everything()) == "Scurt."
    assert show("", Everything(), title="Doar titlul") == "Doar titlul"
    assert show("", Everything()) == ""


def test_title_and_body_are_bare_together():
    assert show("In fata lor", word("față"), title="Stiri") == "In [fata] lor"
    assert show("In fata lor", word("față"), title="Știri") == "In fata lor"
    assert show("Nimic și atât", word("față"), title="In fata") == "Nimic și atât"


def test_ellipses_say_where_the_text_goes_on():
    body = "umplutură " * 100 + "ploi " + "umplutură " * 100
    shown = show(body, word("ploi"), chars=100)
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "[ploi]" in shown
    assert not show("ploi " + body, word("ploi"), chars=100).startswith("…")


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(["ploi", "vânt", "Bucu\u00adrești", "ţară", "de", "foarte-foarte", "\n", "x" * 70]),
             max_size=120),
    st.integers(20, 300),
)  # fmt: skip
def test_length_and_marks(words, chars):
    body = " ".join(words)
    shown = show(body, word("ploi"), chars=chars)
    bare = shown.removeprefix("… ").removesuffix(" …").replace("[", "").replace("]", "")
    assert len(bare) <= chars
    assert bare in re.sub(r"\s+", " ", body).strip() or not body.strip()
    assert set(re.findall(r"\[(.*?)\]", shown)) <= {"ploi"}
    assert ("ploi" in words) == ("[ploi]" in shown)


def test_a_word_longer_than_the_snippet_is_still_shown():
    long = "a" * 100
    assert show(f"ceva {long} altceva", Word("text", Prefix("aaa")), chars=20) == f"ceva [{long}] …"


def test_a_long_body_is_read_to_a_bound():
    body = "umplutură " * 100_000 + "ploi"
    shown = show(body, word("ploi"), chars=100)
    assert "[" not in shown
    assert len(shown) <= 102
    many = show("ploi " * 200_000, word("ploi"), chars=100)
    assert 5 <= many.count("[ploi]") <= 25
    # A phrase of a word with itself has a place to begin at every word, and no rest to search through each time.
    assert "[a] [a] [a]" in show("a " * 500_000, Phrase("text", (Form("a"),) * 3), chars=100)


# ------------------------------------------------------------------------------------------------ matchers

letters = st.text(st.sampled_from("aebțt"), min_size=1, max_size=7)


def entry(form):
    data, starts = pack([form.encode()])
    return data, starts, 0, 1


def points(text):
    return np.array(list(map(ord, text)), np.uint32)


@settings(max_examples=500)
@given(
    st.text(st.sampled_from("aebt"), min_size=1, max_size=7), st.text(st.sampled_from("aebt?*"), min_size=1, max_size=7)
)
def test_globs_agree_with_the_index(form, pattern):
    index = len(_dictionary.wildcard(*entry(form), points(pattern))) == 1
    assert matcher(Wildcard(pattern), STEMMER)(form) == index


@settings(max_examples=500)
@given(letters, st.text(st.sampled_from("aebt"), min_size=1, max_size=7), st.integers(0, 2), st.integers(0, 4))
def test_fuzzy_agrees_with_the_index(form, wanted, distance, prefix):
    folded = form.replace("ț", "t")
    near = len(_dictionary.fuzzy(*entry(folded), points(wanted), distance)) == 1
    index = near and folded.startswith(wanted[:prefix])
    assert matcher(Fuzzy(wanted, distance, prefix), STEMMER)(form) == index


def test_a_pattern_of_stars_takes_no_time():
    assert not matcher(Wildcard("*a" * 60 + "b"), STEMMER)("a" * 120)


@settings(max_examples=200)
@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), min_size=2, max_size=3),
       st.integers(0, 3))  # fmt: skip
def test_phrases_are_marked_where_the_kernel_counts_them(forms, words, slop):
    leaf = Phrase("text", tuple(map(Form, words)), slop)
    expected = set()
    for first in [place for place, form in enumerate(forms) if form == words[0]]:
        run = [first]
        for wanted in words[1:]:
            run += [place for place in range(run[-1] + 1, len(forms)) if forms[place] == wanted][:1] or [
                len(forms) + 99
            ]
        if run[-1] - first - (len(words) - 1) <= slop and run[-1] < len(forms):
            expected.update(run)
    assert matching_positions(forms, [leaf], STEMMER, False) == expected


def test_offsets_are_those_of_the_text_as_given():
    text = "Ni\u0326s\u0327te ţări: Bucu\u00adrești, S.U.A., 10.000"
    for form, start, end in tokenize(text):
        shown = show(text, Word("text", Form(form)))
        assert f"[{text[start:end]}]" in shown

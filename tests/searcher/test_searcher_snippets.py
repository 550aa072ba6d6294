"""Snippets: the right words marked in the text as it was given, in bounded length and time, as a slow twin has them."""

import itertools
import random
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from searcher_twins import BARE, STEMMER, VOCABULARY, is_meant, live, random_articles

from newsindex.analysis import clean, fold, is_bare, tokenize
from newsindex.article import Article
from newsindex.errors import CorruptIndexError
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
from newsindex.searcher._snippets import densest, folded_forms, line
from newsindex.searcher.snippets import Highlighter
from newsindex.searcher.terms import resolve


def show(body, plan, title="", chars=200):
    segment = live([Article(title=title, body=body)]).segment
    return Highlighter(plan).snippet(segment, 0, body, chars=chars, before="[", after="]")


def stem(word):
    return Stem(STEMMER(word), word)


def word(text, field="text"):
    return Word(field, stem(text))


def phrase(text, slop=0, field="text"):
    return Phrase(field, tuple(map(stem, text.split())), slop)


@pytest.mark.parametrize(
    ("body", "plan", "expected"),
    [
        ("Au căzut ploi mari.", word("ploi"), "Au căzut [ploi] mari."),
        ("La Bucu\u00adrești plouă", word("bucurești"), "La [Bucu\u00adrești] plouă"),
        ("Preşedintele a plecat", word("președintele"), "[Preşedintele] a plecat"),
        ("Pres\u0326edintele a plecat", word("președintele"), "[Pres\u0326edintele] a plecat"),
        ("Ploaie, ploaie!", word("ploaie"), "[Ploaie], [ploaie]!"),
        ("în 10.000 de case", Word("text", Form("10000")), "în [10.000] de case"),
        ("S.U.A. și UE", Word("text", Form("sua")), "[S.U.A]. și UE"),
        ("țara, tara, țării", Word("text", Form("țara")), "[țara], tara, țării"),
        ("țara, tara, Țării", Word("text", Prefix("tar")), "[țara], [tara], [Țării]"),
        ("ministru, miniștri", Word("text", Wildcard("minist*u")), "[ministru], miniștri"),
        ("buget, bugte, budget", Word("text", Fuzzy("buget", 1)), "[buget], [bugte], [budget]"),
        ("om omu oma altul", Word("text", Fuzzy("om", 1, 3)), "[om] [omu] [oma] altul"),
        ("bug et, buget", Word("text", Fuzzy("buget", 2, 4)), "bug et, [buget]"),
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
    assert show("mari, ploi", phrase("ploi mari"), title="Ploi mari") == "[Ploi] [mari]"
    assert show("mari", phrase("ploi mari", 100), title="Ploi") == "mari"


def test_several_leaves_and_what_is_not_searched_for():
    body = "Ploi și vânt, dar nu soare"
    assert show(body, And((word("ploi"), word("vânt")))) == "[Ploi] și [vânt], dar nu soare"
    assert show(body, And((word("ploi"), Not(word("soare"))))) == "[Ploi] și vânt, dar nu soare"
    assert show(body, Or((word("soare"), Word("source", Stem("ploi"))))) == "Ploi și vânt, dar nu [soare]"


def test_the_title_is_shown_where_only_it_has_the_word():
    assert show("Nimic aici.", word("ploi"), title="Ploi mari") == "[Ploi] mari"
    assert show("Ploi aici.", word("ploi", "title"), title="Ploi mari") == "[Ploi] mari"
    assert show("Ploi aici.", word("ploi", "body"), title="Ploi mari") == "[Ploi] aici."
    assert show("Nimic aici.", word("ploi", "body"), title="Ploi mari") == "Nimic aici."
    assert show("", word("ploi"), title="Ploi mari") == "[Ploi] mari"


def test_without_a_word_it_is_the_beginning():
    body = "Primul cuvânt al textului. " * 20
    for plan in (Everything(), Dates(None, None), word("absent")):
        shown = show(body, plan, chars=40)
        assert shown == "Primul cuvânt al textului. Primul cuvânt …"
    assert show("Scurt.", Everything()) == "Scurt."
    assert show("", Everything(), title="Doar titlul") == "Doar titlul"
    assert show("", Everything()) == ""
    assert show("x" * 100, Everything(), chars=30) == "x" * 30 + " …"


def test_title_and_body_are_bare_together():
    assert show("In fata lor", word("față"), title="Stiri") == "In [fata] lor"
    assert show("In fata lor", word("față"), title="Știri") == "In fata lor"
    assert show("Nimic și atât", word("față"), title="In fata") == "Nimic și atât"


def test_ellipses_say_where_the_text_goes_on():
    body = "umplutură " * 100 + "ploi " + "umplutură " * 100
    shown = show(body, word("ploi"), chars=100)
    assert re.fullmatch(r"… (umplutură )+\[ploi\]( umplutură)+ …", shown)
    assert 80 <= len(shown) <= 106
    assert abs(shown.index("[ploi]") - len(shown) // 2) <= 15
    assert not show("ploi " + body, word("ploi"), chars=100).startswith("…")
    assert not show(body + "ploi ploi!", word("ploi"), chars=100).endswith("…")


def test_the_part_with_the_most_of_what_was_asked_for_is_shown():
    far = " umplutură" * 30
    plan = And((word("ploi"), word("vânt")))
    assert "[ploi] cu [vânt]" in show(f"ploi, ploi, ploi {far} ploi cu vânt {far} vânt", plan)
    assert "[ploi], [ploi]" in show(f"ploi {far} ploi, ploi {far} ploi", word("ploi"))
    assert show(f"ploi {far} ploi", word("ploi")).startswith("[ploi]")


@settings(max_examples=100, deadline=None)
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
    assert len(re.findall("ploi", shown)) == shown.count("[ploi]")
    assert ("ploi" in words) == ("[ploi]" in shown)
    assert "\n" not in shown


def test_a_text_without_blanks_is_cut():
    assert show("\n" + "x" * 70, word("ploi"), chars=20) == "x" * 19 + " …"


def test_a_word_longer_than_the_snippet_is_still_shown():
    long = "a" * 100
    assert show(f"ceva {long} altceva", Word("text", Prefix("aaa")), chars=20) == f"… [{long}] …"


def test_a_long_body_is_read_to_a_bound():
    body = "umplutură " * 30_000 + "ploi"
    shown = show(body, word("ploi"), chars=100)
    assert "[" not in shown
    assert len(shown) <= 102
    many = show("ploi " * 60_000, word("ploi"), chars=100)
    assert 5 <= many.count("[ploi]") <= 25
    # A phrase of a word with itself has a place to begin at every word, and no rest to search through each time.
    assert "[a] [a] [a]" in show("a " * 120_000, Phrase("text", (Form("a"),) * 3), chars=100)


def test_a_body_of_another_article_is_damage():
    segment = live([Article(body="unu doi ploi")]).segment
    with pytest.raises(CorruptIndexError, match="article 0"):
        Highlighter(word("ploi")).snippet(segment, 0, "unu doi", chars=50, before="", after="")


# ---------------------------------------------------------------------------------------------- the twin


def places(forms, leaf, bare):
    """The positions of the words that make a leaf match some words."""
    if isinstance(leaf, Word):
        return {at for at, form in enumerate(forms) if is_meant(form, leaf.pattern, bare=bare)}
    found = set()
    for first, form in enumerate(forms):
        run = [first]
        if not is_meant(form, leaf.patterns[0], bare=bare):
            continue
        for pattern in leaf.patterns[1:]:
            after = (at for at in range(run[-1] + 1, len(forms)) if is_meant(forms[at], pattern, bare=bare))
            run.append(next(after, 9999))
        if run[-1] - first - (len(run) - 1) <= leaf.slop:
            found.update(run)
    return found


def whole(article, leaves):
    """The text that a snippet shows, marked from end to end."""
    bare = is_bare(article.title) and is_bare(article.body)
    for text, field in ((article.body, "body"), (article.title, "title")):
        tokens = tokenize(text)
        forms = [form for form, _, _ in tokens]
        hits = set().union(*(places(forms, leaf, bare) for leaf in leaves if leaf.field in ("text", field)))
        if hits:
            for at in sorted(hits, reverse=True):
                _, start, end = tokens[at]
                text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
            return text
    return article.body or article.title


def random_pattern(rng):
    form = clean(rng.choice([*VOCABULARY, *BARE])).lower().split("-")[0].replace("\u00ad", "")
    folded = fold(form)
    return rng.choice(
        [
            stem(form),
            stem(form),
            Stem(STEMMER(form), form, STEMMER.readings(form, True)[1:]),
            Derived(STEMMER.derivation(STEMMER(form)), (STEMMER(form),)),
            Form(form),
            Prefix(folded[: rng.randint(1, 4)]),
            Wildcard("*" + folded[rng.randint(1, 2) :]),
            Wildcard(folded[0] + "?" * rng.randint(0, 4) + "*" + folded[-1]),
            Fuzzy(folded, rng.randint(1, 2), rng.randint(0, 3)),
        ]
    )


def random_leaf(rng):
    field = rng.choice(["text", "text", "body", "title"])
    if rng.random() < 0.6:
        return Word(field, random_pattern(rng))
    return Phrase(field, tuple(random_pattern(rng) for _ in range(rng.randint(2, 3))), rng.randint(0, 3))


def test_random_articles_are_marked_as_the_twin_marks_them():
    articles = random_articles(7, 60)
    segment = live(articles).segment
    by_id = {article.id: article for article in articles}
    rng = random.Random(7)
    marked = 0
    for _ in range(150):
        leaves = [random_leaf(rng) for _ in range(rng.randint(1, 3))]
        highlighter = Highlighter(Or(tuple(leaves)))
        for doc in rng.sample(range(segment.articles), 10):
            article = by_id[segment.id(doc)]
            shown = highlighter.snippet(segment, doc, article.body, chars=10_000, before="[", after="]")
            assert shown == whole(article, leaves), leaves
            marked += "[" in shown
    assert 400 <= marked <= 1400


def test_places_are_the_positions_of_occurrences():
    segment = live(random_articles(8, 200)).segment
    rng = random.Random(8)
    found = 0
    for _ in range(1_000):
        meant = resolve(segment, rng.choice(["text", "title"]), random_pattern(rng))
        for postings, marks, rest in zip(meant.lists, meant.marks, meant.rests, strict=True):
            doc, base, words = rng.randrange(segment.articles), rng.choice([0, 0, 3]), rng.choice([2, 5, 1_000])
            positions = postings.occurrences(np.array([doc], np.int32), marks, rest)[1].tolist()
            expected = [position - base for position in positions if base <= position < base + words]
            assert postings.places(doc, marks, rest, base, words) == expected
            found += len(expected)
    assert found > 50


dirty = st.lists(
    st.sampled_from(["Ploi", "tari", "Bucu\u00adrești", "s\u0327i", "a\u0306", "ţ", " ", " ", ", ", "\u00ad", "\u200b",
                     "S.U.A.", "10 000", "10.000", "😀", "中文", "İ", "\u0344", "K", "ﬁ", "각", "\u1100\u1161",
                     "é\u0323", "q\u0301\u0323", "a\u00ad\u0302\u00ad", "\u0958", "\u11a8"]),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(dirty)
@example("\u00ad\u00adploi\u00ad")
@example("a\u0306\u00ad x\u00ady a\u0306")
def test_offsets_are_those_of_the_text_as_given(text):
    spans = [(start, end) for _, start, end in tokenize(text)]
    every = list(range(len(spans)))
    assert densest(text, [every], 10**6, 10**6)[2:] == (spans, False)
    assert densest(text, [every[::2], every[::2]], 10**6, 10**6)[2:] == (spans[::2], False)
    assert densest(text, [[*every, len(spans)]], 10**6, 10**6)[2:] == (spans, True)


@settings(max_examples=300)
@given(st.lists(st.lists(st.integers(0, 25), max_size=6, unique=True), min_size=1, max_size=4), st.integers(1, 80),
       st.integers(0, 80), st.randoms())  # fmt: skip
def test_the_densest_run_is_that_of_the_twin(rows, run, more, rng):
    text = " ".join("x" * rng.randint(1, 12) for _ in range(26))
    spans = [(start, end) for _, start, end in tokenize(text)]
    wanted = sorted({at for row in rows for at in row})

    def worth(part):
        hits = [(row, at) for row, ats in enumerate(rows) for at in ats if at in part]
        return len({row for row, _ in hits}), len(hits), -part[0]

    runs = [wanted[i:k] for i in range(len(wanted)) for k in range(i + 1, len(wanted) + 1)]
    runs = [part for part in runs if len(part) == 1 or spans[part[-1]][1] - spans[part[0]][0] <= run]
    start, end, found, missing = densest(text, rows, run, run + more)
    assert not missing
    if not runs:
        assert (start, end, found) == (0, 0, [])
        return
    best = max(runs, key=worth)
    assert (start, end) == (spans[best[0]][0], spans[best[-1]][1])
    near = [spans[at] for at in wanted if max(end, spans[at][1]) - min(start, spans[at][0]) <= run + more]
    assert set(near) <= set(found) <= {spans[at] for at in wanted}
    assert {spans[at] for at in best} <= set(found)
    assert found == sorted(found)


def unpacked(text):
    data, starts = folded_forms(text)
    return [bytes(data[start:end]).decode() for start, end in itertools.pairwise(starts.tolist())]


@settings(max_examples=300)
@given(dirty | st.text())
def test_folded_forms_are_the_tokens_folded(text):
    assert unpacked(text) == [fold(form) for form, _, _ in tokenize(text)]


def test_every_character_may_be_folded_before_it_is_read():
    ranges = range(0x3400), range(0xA000, 0xAC80), range(0xF900, 0x10200)  # the others are their own folding
    characters = [chr(c) for some in ranges for c in some]
    for around in ("{} ", "a{}b ", "1{}2 "):
        text = "".join(map(around.format, characters))
        assert unpacked(text) == [fold(form) for form, _, _ in tokenize(text)]


# ------------------------------------------------------------------------------------------------ the line


def slow_around(text, first, last, chars):
    size = max(chars, last - first)
    start = max(0, first - (size - (last - first)) // 2)
    end = min(len(text), start + size)
    start = max(0, end - size)
    if start and not text[start - 1].isspace():
        blank = re.compile(r"\s").search(text, start, first)
        start = blank.end() if blank else first
    if end < len(text) and not text[end].isspace():
        cut = max((at for at in range(last, end) if text[at].isspace()), default=last)
        end = cut if text[start:cut].strip() else end
    return start, end


def slow_line(text, first, last, chars, spans, before, after):
    start, end = slow_around(text, first, last, chars)
    pieces, at = [], start
    for opened, closed in spans:
        if start <= opened and closed <= end:
            pieces += [text[at:opened], before, text[opened:closed], after]
            at = closed
    found = ["…"] if any(map(str.isalnum, text[:start])) else []
    found += "".join([*pieces, text[at:end]]).split()
    return " ".join(found + (["…"] if any(map(str.isalnum, text[end:])) else []))


line_texts = st.text(st.sampled_from("aăț1„… \n\t\xa0\u2003\U0001f600"), max_size=60)


@settings(max_examples=500)
@given(line_texts, st.data(), st.sampled_from(["**", "", " <b> ", "\n", "ă"]), st.sampled_from(["**", " ", "</b>"]))
def test_the_line_is_that_of_the_twin(text, data, before, after):
    places = st.integers(0, len(text))
    first, last = sorted(data.draw(st.tuples(places, places)))
    bounds = sorted(data.draw(st.sets(places, max_size=8)))
    spans = list(zip(bounds[::2], bounds[1::2], strict=False))
    chars = data.draw(st.integers(0, 70))
    assert line(text, first, last, chars, spans, before, after) == slow_line(
        text, first, last, chars, spans, before, after
    )


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (3, 2), (0, 6)])
def test_a_part_that_the_text_does_not_have(first, last):
    with pytest.raises(ValueError, match="of 5"):
        line("cinci", first, last, 20, [], "<", ">")


def test_a_token_before_the_first_is_refused():
    with pytest.raises(ValueError, match="token number -1"):
        densest("cinci", [[0], [-1]], 20, 40)

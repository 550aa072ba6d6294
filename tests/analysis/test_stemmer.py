"""`Stemmer`: which forms are of one class, what a form without diacritics may be, and the same in bulk; stop words."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.analysis import STOP_WORDS, Stemmer, fold, is_spelling, is_stop_word, stemmer, tokenize
from newsindex.inverted.columns import pack
from newsindex.inverted.entries import form_entry

STEMMER = Stemmer()

CLASSES = {
    "om": "om omul oameni oamenii omului oamenilor",
    "soldat": "soldat soldatul soldați soldații soldaților soldatului soldatilor",
    "ministru": "ministru ministrul miniștri miniștrii miniștrilor",
    "președinte": "președinte președintele președinți președinților președintelui",
    "țară": "țară țara țări țării țările țărilor",
    "copil": "copil copilul copii copiii copiilor",
    "război": "război războiul războaie războaielor",
    "micșora": "micșora micșorată micșorează micșorat micșorând",
    "aventură": "aventură aventura aventuri aventurile",
    "bucurești": "bucurești bucureștiul bucureștiului",
    "cluj": "cluj clujul clujului",
    "guvern": "guvern guvernul guvernului guverne guvernele",
    "știre": "știre știri știrea știrile știrilor",
    "oraș": "oraș orașul orașe orașele orașelor",
    "națiune": "națiune națiuni națiunea națiunile",
    "câine": "câine câinele câini cîine cîinele cîini",
    "român": "român românul români romîn romîni",
}


@pytest.mark.parametrize("lemma", CLASSES)
def test_all_forms_of_a_word_are_of_the_class_that_its_lemma_names(lemma: str) -> None:
    assert {form: STEMMER(form) for form in CLASSES[lemma].split()} == dict.fromkeys(CLASSES[lemma].split(), lemma)


@pytest.mark.parametrize(
    "forms",
    [
        "iohannis iohannisului",
        "erdoğan erdogan erdoğanului erdoganului",
        "orbán orban orbánului orbanului",
        "müller muller müllerului",
        "șahin sahin șahinului sahinului",
        "gökçe gokce gökçei",
        "tiktoker tiktokeri tiktokerilor",
    ],
)
def test_what_the_lexicon_does_not_know_has_a_class_of_its_own_kind(forms: str) -> None:
    assert not any(map(STEMMER.knows, forms.split()))
    (name,) = {STEMMER(form) for form in forms.split()}
    assert name.endswith("-")
    assert fold(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("soldat", "soldează"),
        ("țări", "tari"),
        ("față", "fată"),
        ("peste", "pește"),
        ("ministru", "minister"),
        ("declară", "declarație"),
        ("copil", "copie"),
        ("puțin", "putin"),
        ("putin", "putem"),
    ],
)
def test_other_words_are_of_other_classes(one: str, other: str) -> None:
    assert STEMMER(one) != STEMMER(other)


@pytest.mark.parametrize("form", ["g20", "10000,50", "covid19ului", "2024", "m2urilor"])
def test_forms_with_a_digit_are_only_folded(form: str) -> None:
    assert STEMMER(form) == form
    assert STEMMER.readings(form, bare=True) == (form,)
    assert STEMMER("łódź2") == "lodz2"


# ------------------------------------------------------------------------------------------- readings


@pytest.mark.parametrize(
    ("form", "first", "among"),
    [
        ("tari", "tare", {"țară"}),
        ("fata", "fată", {"față"}),
        ("peste", "peste", {"pește"}),
        ("pana", "pană", {"până"}),
        ("mana", "mană", {"mână"}),
        ("scoala", "scula", {"școală"}),
    ],
)
def test_a_bare_form_may_be_several_words_and_is_itself_first(form: str, first: str, among: set[str]) -> None:
    assert STEMMER.readings(form) == (first,)
    found = STEMMER.readings(form, bare=True)
    assert found[0] == first
    assert among <= set(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("form", ["țări", "față", "om", "oameni", "război"])
def test_a_form_that_can_be_one_word_only_has_one_reading(form: str) -> None:
    assert STEMMER.readings(form) == STEMMER.readings(form, bare=True) == (STEMMER(form),)


def test_a_long_unknown_form_is_the_word_whose_diacritics_it_lacks_in_any_text() -> None:
    assert not STEMMER.knows("presedintele")
    for bare in (False, True):
        assert STEMMER.readings("presedintele", bare)[0] == "președinte"
        assert STEMMER.readings("soldatilor", bare)[0] == "soldat"


def test_a_short_one_may_be_a_name() -> None:
    assert not STEMMER.knows("putin")
    (own,) = STEMMER.readings("putin")
    assert own != "puțin"
    bare = STEMMER.readings("putin", bare=True)
    assert bare[0] == own
    assert "puțin" in bare


@pytest.mark.parametrize(("form", "lemma"), [("ședinta", "ședință"), ("sedință", "ședință"), ("războiu", None)])
def test_a_form_with_some_of_its_diacritics(form: str, lemma: str | None) -> None:
    readings = STEMMER.readings(form)
    assert (lemma in readings) if lemma else (len(readings) == 1)


@pytest.mark.parametrize(
    ("form", "full", "expected"),
    [
        ("tari", "țări", True),
        ("țari", "țări", True),
        ("tari", "tari", True),
        ("țari", "tări", False),
        ("țări", "tari", False),
        ("tar", "țări", False),
        ("tare", "țări", False),
        ("", "", True),
        ("orban", "orbán", True),
    ],
)
def test_is_spelling(form: str, full: str, expected: bool) -> None:
    assert is_spelling(form, full) is expected


# ------------------------------------------------------------------------------------------- in bulk

COMMON = [form for forms in CLASSES.values() for form in forms.split()]
SEVERAL = "tari fata peste pana mana scoala putin presedintele ședinta sedinta iohannis g20 şahin scula sat".split()  # noqa: SIM905
words = st.sampled_from([*COMMON, *SEVERAL]) | st.sampled_from(COMMON).map(fold)
letters = st.text(st.sampled_from("abcdeilmnorstuăâîșțşţ12"), max_size=12) | st.text(max_size=12)


def slow_readings(form: str, bare: bool) -> tuple[str, ...]:
    """The twin of `Stemmer.readings`; of a form that the lexicon does not have, its own class is taken from there."""
    lexicon = stemmer._lexicon()
    known, others = [], []
    for entry in range(*lexicon.group(fold(form))):
        spelling = lexicon.form(entry)
        if spelling == form:
            known.append(lexicon.class_of(entry))
        elif form.isascii() or is_spelling(form, spelling):
            others.append(lexicon.class_of(entry))
    if not known and (form.isascii() or not others):
        (own,) = set(STEMMER.readings(form)) - set(others) or {STEMMER(form)}
        if form.isascii() and len(form) >= 8:
            return tuple(dict.fromkeys([*others, own]))
        known.append(own)
    return tuple(dict.fromkeys(known + others if (bare and form.isascii()) or not known else known))


@settings(max_examples=300)
@given(words | letters, st.booleans())
def test_readings_are_those_of_the_twin(text: str, bare: bool) -> None:
    for form, _, _ in tokenize(text):
        assert STEMMER.readings(form, bare) == slow_readings(form, bare)


@settings(max_examples=200)
@given(st.lists(words | letters), st.randoms())
def test_one_by_one_and_in_bulk_are_the_same(texts: list[str], random: Random) -> None:
    stemmer = Stemmer()
    distinct = {form for text in texts for form, _, _ in tokenize(text)}
    forms = sorted(distinct, key=lambda form: form_entry(form, fold(form)))
    in_bare = [random.random() < 0.5 for _ in forms]
    classes = stemmer.classify(
        pack([form.encode() for form in forms]),
        pack([form_entry(form, fold(form)) for form in forms]),
        np.array(in_bare, bool),
    )
    assert (np.diff(classes.forms) >= 0).all()
    data, starts = classes.names
    names = [data[begin:end].tobytes().decode() for begin, end in pairwise(starts.tolist())]
    readings = [[names[first]] for first in classes.firsts]
    for form, other in zip(classes.forms.tolist(), classes.others.tolist(), strict=True):
        readings[form].append(names[other])
    for form, found, bare, anywhere in zip(forms, map(tuple, readings), in_bare, classes.always.tolist(), strict=True):
        assert found == stemmer.readings(form, bare)
        assert all(found)
        assert len(set(found)) == len(found)
        assert found[0] == stemmer(form) == stemmer.readings(form, bare=True)[0]
        assert set(stemmer.readings(form)) <= set(stemmer.readings(form, bare=True))
        if anywhere:
            assert found == stemmer.readings(form)
        else:
            assert len(stemmer.readings(form)) == 1


def test_nothing_in_bulk_is_nothing() -> None:
    classes = STEMMER.classify(pack([]), pack([]), np.zeros(0, bool))
    assert len(classes.firsts) == len(classes.forms) == len(classes.others) == len(classes.always) == 0
    assert classes.names[1].tolist() == [0]


# ------------------------------------------------------------------------------------------- derived words


@pytest.mark.parametrize(
    "forms", ["declara declarație declarat", "guvern guvernare guvernator", "iohannis- iohannisul"]
)
def test_derived_words_share_what_snowball_leaves(forms: str) -> None:
    first, *others = (STEMMER.derivation(form) for form in forms.split())
    assert all(other == first for other in others)
    assert STEMMER.derivation("ministru") != first


# ------------------------------------------------------------------------------------------- the object


def test_an_index_can_record_which_stemmer_it_was() -> None:
    assert STEMMER.name == "romanian-lexicon"
    lexicon, rules = STEMMER.version.split(", ")
    assert lexicon.startswith("simplemma ")
    assert rules == f"lemmagen3 {version('lemmagen3')}"
    assert STEMMER.version == Stemmer().version


def test_other_rules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stemmer, "RULES", "3.0.1")
    with pytest.raises(ImportError, match=r"its words would be others; install lemmagen3 3\.0\.1"):
        stemmer._rules.__wrapped__()
    # Without the directory that is looked for first:
    monkeypatch.setattr(stemmer, "_installed", lambda package: "3.0.1")
    assert stemmer._rules.__wrapped__().lemma("guvernele") == "guvern"


def test_a_pickled_stemmer_works() -> None:
    assert pickle.loads(pickle.dumps(STEMMER))("guvernului") == "guvern"  # noqa: S301 - as Whoosh does


def test_threads_share_a_stemmer() -> None:
    forms = [
        f"{root}{end}"
        for root in ("guvern", "oraș", "regiun", "țăr", "soldaț", "xilofonistic")
        for end in ("ul", "ului", "ele", "elor", "ea", "ii", "ilor", "ește", "ând")
    ]
    expected = [(Stemmer().readings(form, bare=True), Stemmer().derivation(form)) for form in forms]
    shared, start = Stemmer(), threading.Barrier(8)

    def work(rotation: int) -> bool:
        start.wait()
        order = [*range(rotation, len(forms)), *range(rotation)] * 5
        return all(
            (shared._readings(forms[i], bare=True), shared.derivation(forms[i])) == expected[i]
            and shared(forms[i]) == expected[i][0][0]
            for i in order
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_remembered_forms_are_bounded() -> None:
    stemmer = Stemmer()
    for i in range(20_000):
        stemmer(f"cuvânt{i}")
    assert 0 < stemmer.readings.cache_info().currsize <= 16_384


def test_stop_words_are_forms_as_the_tokenizer_gives_them() -> None:
    for word in STOP_WORDS:
        assert [form for form, _, _ in tokenize(word)] == [word]
    assert 150 <= len(STOP_WORDS) <= 200


@pytest.mark.parametrize(
    "word",
    [
        "și",
        "şi",
        "si",
        "să",
        "sa",
        "că",
        "ca",
        "de",
        "la",
        "în",
        "in",
        "pe",
        "cu",
        "care",
        "este",
        "sunt",
        "nu",
        "se",
        "o",
        "un",
        "a",
        "al",
        "lui",
        "într",
        "s",
        "n",
    ],
)
def test_function_words_are_stop_words(word: str) -> None:
    assert is_stop_word(word)


@pytest.mark.parametrize(
    "word",
    [
        "fata",
        "față",
        "fața",
        "tari",
        "țări",
        "tare",
        "casa",
        "casă",
        "pana",
        "pană",
        "până",
        "peste",
        "pește",
        "tine",
        "ține",
        "intre",
        "intră",
        "ii",
        "v",
        "ai",
        "ati",
        "as",
        "mie",
        "mine",
        "noi",
        "nouă",
        "om",
        "mai",
        "an",
        "ani",
        "guvern",
        "două",
        "zi",
        "cui",
        "drept",
        "sat",
        "sale1",
        "oi",
    ],
)
def test_content_words_are_not(word: str) -> None:
    assert not is_stop_word(word)

"""The compiler's rules on small dictionaries, the file that it writes, and `Lexicon` against a slow twin."""

from __future__ import annotations

import hashlib
import itertools
import struct
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex import analysis
from newsindex.analysis import lexicon_compiler as compiler
from newsindex.analysis._lexicon import Lexicon
from newsindex.analysis.lexicon_compiler import CORRECTIONS, NOUNS, Classes, compiled, normal, normalised
from newsindex.inverted.columns import pack


def dictionary(text: str) -> dict[str, str]:
    """Rows of a lemma and its forms."""
    return {form: lemma for lemma, *forms in map(str.split, text.strip().splitlines()) for form in forms}


def classes(text: str) -> dict[str, str]:
    rows = dictionary(text)
    class_of = Classes(rows)
    return {form: class_of(form) for form in rows}


def verb(lemma: str, root: str, *more: str) -> str:
    """A row for a verb of the first conjugation: enough forms, one of them a gerund."""
    endings = ["a", "ez", "ezi", "ează", "ăm", "ați", "am", "ai", "ând", "ase"]
    return " ".join([lemma, *(root + ending for ending in endings), *more])


SOLDER = verb("solda", "sold", "soldat", "soldați", "soldată")
REDUCE = verb("micșora", "micșor", "micșorat")

# ------------------------------------------------------------------------------------------- the rules


def test_a_noun_with_forms_of_its_own_comes_before_a_verb() -> None:
    found = classes(f"{SOLDER}\nsoldat soldatul soldatului soldații soldaților")
    assert {found[form] for form in ("soldat", "soldatul", "soldaților")} == {"soldat"}
    assert found["soldează"] == found["soldând"] == "solda"


def test_a_noun_with_too_few_forms_is_an_accident_of_the_list() -> None:
    found = classes(f"{verb('pleca', 'plec', 'ploc')}\nploc plocul plocului plocuri")
    assert found["plocul"] == "ploc"
    assert found["ploc"] == "pleca"
    assert compiler.LEAST_NOUN == 4
    assert classes(f"{verb('pleca', 'plec', 'ploc')}\nploc plocul plocului plocuri plocurile")["ploc"] == "ploc"


def test_the_forms_of_a_verb_stay_with_it_though_its_infinitive_is_a_form_of_a_noun() -> None:
    found = classes(f"{verb('influența', 'influenț')}\ninfluență influența influențe influențele influență")
    assert found["influențează"] == found["influențând"] == "influența"
    assert found["influențele"] == found["influența"] == "influență"


def test_a_gerund_is_no_noun() -> None:
    found = classes(f"{REDUCE}\nmicșorând micșorânda micșorândă micșorânde micșorândei")
    assert found["micșorând"] == "micșora"


def test_participles_are_with_their_verb() -> None:
    # micșorată has micșorat as its lemma, which itself is a form of the verb.
    found = classes(f"{REDUCE}\nmicșorat micșorată micșorate micșoratul micșoratei")
    assert set(found.values()) == {"micșora"}


def test_a_participle_that_is_its_own_lemma_is_known_by_its_ending() -> None:
    found = classes(f"{verb('picta', 'pict')}\npictat pictat pictată pictate")
    assert found["pictată"] == found["pictat"] == found["pictează"] == "picta"


def test_without_a_feminine_it_is_no_participle() -> None:
    found = classes(f"{verb('canta', 'cant')}\ncantat cantat cantatul cantați")
    assert found["cantatul"] == "cantat"


def test_a_plural_in_uri_is_of_a_noun() -> None:
    found = classes(f"{verb('trata', 'trat', 'tratament')}\nmandat mandat mandată mandatul mandaturi mandaturile")
    assert found["mandatul"] == "mandat"


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_nouns_that_look_like_participles_keep_to_themselves(noun: str) -> None:
    root = noun.removesuffix("at").removesuffix("it")
    found = classes(f"{verb(root + 'a', root)}\n{noun} {noun} {noun}ă {noun}ul {noun}ului {noun}e")
    assert found[f"{noun}ul"] == found[noun] == noun


@pytest.mark.parametrize("line", [line.strip() for line in CORRECTIONS.split("\n") if line.strip()])
def test_corrections_hold_whatever_the_dictionary_says(line: str) -> None:
    lemma, _, forms = line.partition(": ")
    found = classes("\n".join(f"zzz {form}" for form in forms.split()) + f"\n{forms.split()[0]} oarecare")
    assert {found[form] for form in forms.split()} == {lemma}
    if forms.split()[0] != "oarecare":
        assert found["oarecare"] == lemma, "what points at a corrected form follows it"


def test_the_lemma_of_the_lemma() -> None:
    found = classes("războaie războaiele\nrăzboi războaie războiul război")
    assert set(found.values()) == {"război"}


def test_of_two_lemmas_that_point_at_each_other_the_one_with_more_forms_stands_for_both() -> None:
    found = classes("aventură aventura aventuri aventurile\naventura aventură")
    assert set(found.values()) == {"aventură"}
    tied = classes("beta alfa\nalfa beta")
    assert set(tied.values()) == {"alfa"}, "the first in order, where they have as many"


def test_lemmas_in_a_long_circle_come_to_an_end() -> None:
    found = classes("unu doi\ndoi trei\ntrei unu")
    assert set(found) == {"unu", "doi", "trei"}


# ------------------------------------------------------------------------------------------- normalisation


@pytest.mark.parametrize(
    ("word", "expected"),
    [("ŞTIRI", "știri"), ("Ţară", "țară"), ("t\u0326ara\u0306", "țară"), ("Ștefan", "ștefan"), ("îN", "în")],
)
def test_words_are_those_of_the_tokenizer(word: str, expected: str) -> None:
    assert normal(word) == expected
    assert [form for form, _, _ in analysis.tokenize(word)] == [expected]


def test_where_spellings_coincide_lower_case_with_commas_decides() -> None:
    rows = [("Ştire", "wrong"), ("știre", "right"), ("ŞTIRE", "wrong"), ("Alba", "alb"), ("pește", "Peşte")]
    for order in (rows, rows[::-1]):
        assert normalised(order) == {"știre": "right", "alba": "alb", "pește": "pește"}


def test_what_is_no_word_of_letters_is_left_out() -> None:
    assert normalised([("într-o", "unu"), ("g20", "g"), ("abc", "a b"), ("", "gol"), ("bun", "bun")]) == {"bun": "bun"}


# ------------------------------------------------------------------------------------------- the file

SMALL = dictionary("țară țări țara țară\ntare tari tare\nom oameni om")


def test_the_layout_byte_by_byte() -> None:
    file = compiled({"țări": "țară", "tari": "tare", "om": "om"}, "test 1.0")
    entries = [b"om", b"tari", b"tari\0" + "țări".encode()]
    names = [b"om", b"tare", "țară".encode()]
    body = struct.pack("<4q", 3, sum(map(len, entries)), 3, sum(map(len, names)))
    body += struct.pack("<4I", 0, 2, 6, 17) + struct.pack("<4I", 0, 2, 6, 12) + struct.pack("<3I", 0, 1, 2)
    body += b"".join(entries) + b"".join(names)
    assert file == b"RoLexic1" + hashlib.blake2b(body, digest_size=16).digest() + b"test 1.0".ljust(32) + body


def test_the_source_and_the_identity_are_read_back() -> None:
    lexicon = Lexicon(compiled(SMALL, "test 1.0"))
    assert (lexicon.source, lexicon.size) == ("test 1.0", len(SMALL))
    assert lexicon.identity == Lexicon(compiled(SMALL, "test 2.0")).identity, "the words make it"
    assert lexicon.identity != Lexicon(compiled(SMALL | {"oameni": "oameni"}, "test 1.0")).identity


def test_every_file_that_is_cut_off_or_too_long_is_refused() -> None:
    file = compiled(SMALL, "test")
    for size in range(len(file)):
        with pytest.raises(ValueError, match=r"no lexicon|cut off"):
            Lexicon(file[:size])
    with pytest.raises(ValueError, match="too long"):
        Lexicon(file + b"\0")
    with pytest.raises(ValueError, match="no lexicon"):
        Lexicon(b"x" + file[1:])


@pytest.mark.parametrize("field", range(4))
@pytest.mark.parametrize("change", [1, -1, 1 << 20, -(1 << 20), 1 << 62, -(1 << 62)])
def test_sizes_that_do_not_fit_the_file_are_refused(field: int, change: int) -> None:
    file = bytearray(compiled(SMALL, "test"))
    (size,) = struct.unpack_from("<q", file, 56 + 8 * field)
    struct.pack_into("<q", file, 56 + 8 * field, size + change)
    with pytest.raises(ValueError, match=r"cut off or too long|impossible sizes"):
        Lexicon(bytes(file))


def test_offsets_and_classes_that_lead_astray_are_refused() -> None:
    whole = compiled(SMALL, "test")
    forms, classes = len(SMALL), struct.unpack_from("<q", whole, 72)[0]
    numbers = forms + 1 + classes + 1 + forms
    for place, number in (
        (0, 1),
        (1, 1 << 31),
        (forms, 0),
        (forms + 1, 1),
        (forms + 2, 1 << 31),
        (numbers - 1, classes),
    ):
        file = bytearray(whole)
        struct.pack_into("<I", file, 88 + 4 * place, number)
        with pytest.raises(ValueError, match=r"follow one another|of no class"):
            Lexicon(bytes(file))


def test_entries_that_are_not_there_are_index_errors() -> None:
    lexicon = Lexicon(compiled(SMALL, "test"))
    for place in (-1, len(SMALL), 1 << 40):
        for look in (lexicon.form, lexicon.class_of):
            with pytest.raises(IndexError):
                look(place)


def test_an_empty_lexicon_knows_nothing() -> None:
    lexicon = Lexicon(compiled({}, "none"))
    assert (lexicon.size, lexicon.group("om"), lexicon.find("om"), lexicon.find("")) == (0, (0, 0), -1, -1)
    places, _, sizes, _ = lexicon.match(*pack([b"om"]))
    assert (places.tolist(), sizes.tolist()) == ([-1], [0])


# ------------------------------------------------------------------------------------------- look-ups

letters = st.text(st.sampled_from("aăâtțsșz"), min_size=1, max_size=4)
lexicons = st.dictionaries(letters, st.text(st.sampled_from("bcăș"), min_size=1, max_size=3), max_size=25)


def entry(form: str) -> bytes:
    plain = analysis.fold(form)
    return plain.encode() if plain == form else f"{plain}\0{form}".encode()


@settings(max_examples=300)
@given(lexicons, st.lists(letters | st.text(max_size=3), max_size=12, unique=True))
def test_look_ups_against_a_slow_twin(rows: dict[str, str], queries: list[str]) -> None:
    lexicon = Lexicon(compiled(rows, "twin"))
    class_of = Classes(rows)
    forms = sorted(rows, key=entry)
    assert [lexicon.form(place) for place in range(lexicon.size)] == forms
    assert [lexicon.class_of(place) for place in range(lexicon.size)] == [class_of(form) for form in forms]
    # The empty text is no word, and a zero byte is in none.
    asked = [text for text in {*queries, *list(rows)[:5]} if "\0" not in text and text]
    for text in asked:
        folded = analysis.fold(text)
        same = [place for place, form in enumerate(forms) if analysis.fold(form) == folded]
        low, high = lexicon.group(folded)
        assert list(range(low, high)) == same
        expected = forms.index(text) if text in rows else -1
        assert {lexicon.find(text, near) for near in range(-1, lexicon.size + 2)} == {expected}
    ordered = sorted(asked, key=entry)
    places, firsts, sizes, plain = lexicon.match(*pack([entry(text) for text in ordered]))
    assert plain.tolist() == [text.isascii() for text in ordered]
    names, lengths = lexicon.class_names(np.arange(lexicon.classes_size))
    ends = np.cumsum([0, *lengths]).tolist()
    called = {names[start:end].decode() for start, end in itertools.pairwise(ends)}
    assert called == set(map(class_of, rows))
    assert len(called) == lexicon.classes_size
    assert places.dtype == firsts.dtype == sizes.dtype == np.int32
    for text, place, first, size in zip(ordered, places.tolist(), firsts.tolist(), sizes.tolist(), strict=True):
        assert place == lexicon.find(text)
        low, high = lexicon.group(analysis.fold(text))
        assert size == high - low
        assert not size or first == low


# ------------------------------------------------------------------------------------------- the real one


@pytest.fixture(scope="module")
def real() -> Lexicon:
    return Lexicon((files("newsindex.analysis") / "lexicon.bin").read_bytes())


def test_the_compiler_folds_as_the_tokenizer_does(real: Lexicon) -> None:
    forms = [real.form(place) for place in range(real.size)]
    assert len(forms) > 300_000
    assert [form for form in forms if compiler.fold(form) != analysis.fold(form)] == []
    assert [form for form in forms if normal(form) != form] == []
    entries = [entry(form) for form in forms]
    assert all(one < other for one, other in itertools.pairwise(entries))


def test_every_form_is_found_where_it_is(real: Lexicon) -> None:
    forms = [real.form(place) for place in range(0, real.size, 97)]
    places, firsts, sizes, _ = real.match(*pack([entry(form) for form in forms]))
    assert places.tolist() == list(range(0, real.size, 97)) == [real.find(form) for form in forms]
    groups = [real.group(analysis.fold(form)) for form in forms]
    assert [(first, first + size) for first, size in zip(firsts.tolist(), sizes.tolist(), strict=True)] == groups


def test_it_is_what_the_compiler_makes_of_the_dictionary(real: Lexicon) -> None:
    """The corrections and nouns still say something about this dictionary, and its bytes are those announced."""
    file = (files("newsindex.analysis") / "lexicon.bin").read_bytes()
    assert hashlib.blake2b(file[56:], digest_size=16).hexdigest() == real.identity
    for line in filter(str.strip, CORRECTIONS.split("\n")):
        lemma, _, forms = line.strip().partition(": ")
        assert {real.class_of(real.find(form)) for form in forms.split()} == {lemma}
    for noun in NOUNS:
        assert real.class_of(real.find(noun)) == noun


def test_the_compiler_can_be_imported_before_the_package_is_built() -> None:
    code = (
        "import importlib.util as u, sys;"
        "s = u.spec_from_file_location('lexicon_compiler', sys.argv[1]); m = u.module_from_spec(s);"
        "s.loader.exec_module(m); m.compiled({'om': 'om'}, 'x');"
        "print([name for name in sys.modules if name.startswith(('newsindex', 'numpy'))])"
    )
    command = [sys.executable, "-c", code, str(compiler.__file__)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"

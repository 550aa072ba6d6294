"""The tokenizer: every rule as a row, and a slow twin under Hypothesis."""

import time
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tokenizer_twin import INVISIBLE, composed, shape, twice_cedilla, twin

from newsindex.analysis import MAX_FORM, FormTable, clean, tokenize
from newsindex.analysis._tokens import dot_groups

ROWS = [
    # words, case, letters of all sorts
    ("", ""),
    ("   \n\t ", ""),
    ("...,,,--", ""),
    ("guvern", "guvern"),
    ("Guvernul României", "guvernul româniei"),
    ("ȚARĂ ȘI ÎNSĂ", "țară și însă"),
    ("ȘTIRI", "știri"),
    ("Łódź Québec Győr", "łódź québec győr"),
    ("Москва Αθήνα", "москва αθήνα"),
    ("ΣΑΣ", "σασ"),
    ("İstanbul IĞDIR", "istanbul iğdir"),
    ("Straße", "straße"),
    ("ﬁnal", "ﬁnal"),
    ("北京 2025", "北京 2025"),
    ("가나다", "가나다"),
    ("𝐚𝐛 c", "𝐚𝐛 c"),
    ("m² ½", "m2 ½"),
    ("CO₂ x⁰¹²³⁴⁵⁶⁷⁸⁹ y₀₁₂₃₄₅₆₇₈₉", "co2 x0123456789 y0123456789"),
    ("10² 3,5² 1½ 2٣", "10 2 3,5 2 1 ½ 2 ٣"),
    ("10\u0306²", "10\u03062"),
    ("١٢٣", "١٢٣"),
    # the spellings of dirty news
    ("şi ţară Şcoală Ţepeş", "și țară școală țepeș"),
    ("preşedinte președinte", "președinte președinte"),
    ("Bucu\u00adrești", "bucurești"),
    ("pri\u00adva\u00adti\u00adzările", "privatizările"),
    ("Ro\u00admâ\u00adnia", "românia"),
    ("\u00adacasă\u00ad", "acasă"),
    ("a \u00ad b", "a b"),
    ("\ufeffArticol", "articol"),
    ("cu\u200bvânt cu\u200cvânt cu\u200dvânt", "cuvânt cuvânt cuvânt"),
    ("cu\u2060vânt cu\u200evânt cu\u200fvânt", "cuvânt cuvânt cuvânt"),
    ("\u202acuvânt\u202c \u2066alt\u2069", "cuvânt alt"),
    ("10\u00ad.000", "10000"),
    ("S\u00ad.U.\u200bA.", "sua"),
    ("s\u0326i t\u0326ara\u0306", "și țară"),
    ("s\u0327i t\u0327ara\u0306", "și țară"),
    ("i\u0302n mi\u0302na\u0306", "în mînă"),
    ("s\u00ad\u0326i", "și"),
    ("b\u0326ine", "b\u0326ine"),
    ("\u0326bine", "bine"),
    ("a\u0326.b.", "a\u0326 b"),
    ("A\u030angstrom \u212bngstrom", "ångstrom ångstrom"),
    ("1\ufe0f\u20e3 loc", "1 loc"),
    ("😀Ploi😀în👍🏽Banat", "ploi în banat"),
    ("a\ud800b", "a b"),
    # clitics, hyphens, apostrophes
    ("s-a", "s a"),
    ("S-AU", "s au"),
    ("într-o", "într o"),
    ("într\u2010un", "într un"),
    ("dintr\u2011un", "dintr un"),
    ("printr\u2013un", "printr un"),
    ("nord-coreean", "nord coreean"),
    ("trupele nord-coreene", "trupele nord coreene"),
    ("80-a", "80 a"),
    ("al II-lea", "al ii lea"),
    ("i-l", "i l"),
    ("dom'le", "dom le"),
    ("dom’le", "dom le"),
    ("domʼle", "dom le"),
    ("dom‘le", "dom le"),
    ("ducându-se-ntr-o", "ducându se ntr o"),
    ("-a-", "a"),
    ("a--b", "a b"),
    # everything else separates
    ("x_y", "x y"),
    ("a/b", "a b"),
    ("ion@ziar.ro", "ion ziar ro"),
    ("#alegeri", "alegeri"),
    ("www.ziar.ro/stiri", "www ziar ro stiri"),
    ('„Bună” «ziua» "azi"', "bună ziua azi"),
    ("a+b=c", "a b c"),
    ("AT&T", "at t"),
    ("50%", "50"),
    ("5°C", "5 c"),
    ("și/sau", "și sau"),
    ("una;alta:treia", "una alta treia"),
    ("final.Început", "final început"),
    ("a…b", "a b"),
    ("rând\nnou", "rând nou"),
    # digits and letters adjoin
    ("G20", "g20"),
    ("A1", "a1"),
    ("covid19 covid-19", "covid19 covid 19"),
    ("F16s", "f16s"),
    ("4x4", "4x4"),
    ("5G", "5g"),
    ("2k25", "2k25"),
    # thousands
    ("10000", "10000"),
    ("10.000", "10000"),
    ("1.234.567", "1234567"),
    ("1.234.567.890 lei", "1234567890 lei"),
    ("10\u00a0000", "10000"),
    ("10\u202f000 de lei", "10000 de lei"),
    ("1\u00a0234\u00a0567", "1234567"),
    ("10 000", "10000"),
    ("1\u2009234\u2007567", "1234567"),
    ("1 234\u00a0567\u202f890", "1234567890"),
    ("10  000", "10 000"),
    ("10\n000 10\t000 10\u2003000", "10 000 10 000 10 000"),
    ("10 000-12 000", "10000 12000"),
    ("10 000 km2", "10000 km2"),
    ("0722 123 456", "0722 123 456"),
    ("021 123 456", "021 123 456"),
    ("+40 722 123 456", "40722123456"),
    ("2024 100 000", "2024 100 000"),
    ("10 000 5", "10 000 5"),
    ("10 000 5000", "10 000 5000"),
    ("10 0000", "10 0000"),
    ("1 000 000 00", "1 000 000 00"),
    ("10 000.500", "10 000500"),
    ("10 000.", "10000"),
    ("1.234 567", "1234 567"),
    ("19.30 100", "19 30 100"),
    ("15:30 100", "15 30 100"),
    ("1/2 300", "1 2 300"),
    ("3,5 300", "3,5 300"),
    ("1,2,3 400", "1 2 3 400"),
    ("1 000,50; 1 000,5,6", "1000,50 1000 5 6"),
    ("a1 000; 1 000a", "a1 000 1000a"),
    ("2024, 10 000", "2024 10000"),
    ("1.234\u00a0567", "1234 567"),
    ("10.000.", "10000"),
    ("(10.000)", "10000"),
    ("10.000km", "10000km"),
    ("021.123.456", "021123456"),
    ("1.234.56", "1 234 56"),
    ("1.2345", "1 2345"),
    ("1.23", "1 23"),
    ("1234.567", "1234 567"),
    ("1.234.5678", "1 234 5678"),
    ("1.234.567.8", "1 234 567 8"),
    ("A10.000", "a10 000"),
    ("10..000", "10 000"),
    ("10.\u00a0000", "10 000"),
    ("1.000-2.000", "1000 2000"),
    ("1.000.000-2.000.000", "1000000 2000000"),
    # dates, hours, versions, addresses
    ("15.08.2025", "15 08 2025"),
    ("15.08.2025.", "15 08 2025"),
    ("12.34.567", "12 34 567"),
    ("5.12.345", "5 12 345"),
    ("2\u00a034\u00a0567", "2 34 567"),
    ("10.30", "10 30"),
    ("10:30", "10 30"),
    ("3.11.2", "3 11 2"),
    ("2023-2025", "2023 2025"),
    ("1/2", "1 2"),
    # decimals and lists
    ("3,5", "3,5"),
    ("3,5%", "3,5"),
    ("3,5kg", "3,5kg"),
    ("10.000,50", "10000,50"),
    ("1.234.567,8 lei", "1234567,8 lei"),
    ("10\u00a0000,5", "10000,5"),
    ("1234,5", "1234,5"),
    ("3,", "3"),
    ("3, 5", "3 5"),
    (",5", "5"),
    ("3,a", "3 a"),
    ("a3,5", "a3 5"),
    ("3a,5", "3a 5"),
    ("1,2,3", "1 2 3"),
    ("1,234,567", "1 234 567"),
    ("12,34,56,78", "12 34 56 78"),
    ("3,5.", "3,5"),
    ("3,5.000", "3,5 000"),
    ("12.34,5", "12 34,5"),
    ("-3,5", "3,5"),
    # abbreviations
    ("S.U.A.", "sua"),
    ("S.U.A", "sua"),
    ("SUA", "sua"),
    ("U.E.", "ue"),
    ("U.E. și S.U.A., azi", "ue și sua azi"),
    ("a.c.", "ac"),
    ("î.Hr.", "î hr"),
    ("Ș.A.M.D.", "șamd"),
    ("Ş.A.", "șa"),
    ("J.K.Rowling", "jk rowling"),
    ("J.K. Rowling", "jk rowling"),
    ("J. K. Rowling", "j k rowling"),
    ("S. U. A.", "s u a"),
    ("d.Hr.", "d hr"),
    ("xS.U.A.", "xs ua"),
    ("1.S.U.A.", "1 sua"),
    ("S.1.A.", "s 1 a"),
    ("A.1", "a 1"),
    ("S.U.A.1", "sua 1"),
    ("S.U.A1", "su a1"),
    ("S..U.", "s u"),
    ("S.", "s"),
    ("(S.U.A.)", "sua"),
    ("S.U.A.-China", "sua china"),
    ("a.b.c.d.e", "abcde"),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_rules(text: str, expected: str) -> None:
    assert [form for form, _, _ in tokenize(text)] == expected.split(" " if expected else None)


@pytest.mark.parametrize(("text", "_expected"), ROWS)
def test_twin_agrees_on_the_rows(text: str, _expected: str) -> None:
    assert [form for form, _, _ in tokenize(text)] == [form for form, _, _ in twin(text)]


OFFSETS = [
    ("S-a dus.", [("s", 0, 1), ("a", 2, 3), ("dus", 4, 7)]),
    ("în S.U.A. azi", [("în", 0, 2), ("sua", 3, 8), ("azi", 10, 13)]),
    ("10.000,50 lei", [("10000,50", 0, 9), ("lei", 10, 13)]),
    ("\ufeffBucu\u00adrești\u00ad, azi", [("bucurești", 1, 11), ("azi", 14, 17)]),
    ("s\u0326i t\u0326ara\u0306", [("și", 0, 3), ("țară", 4, 10)]),
    ("s\u00ad\u0326\u00adi\u00ad x", [("și", 0, 5), ("x", 7, 8)]),
    ("a\u0306\u00ad b", [("ă", 0, 2), ("b", 4, 5)]),
    ("😀 da", [("da", 2, 4)]),
    ("\u1112\u1161\u11ab b", [("한", 0, 3), ("b", 4, 5)]),
    ("q\u0323\u0307 q\u0307\u0323", [("q\u0323\u0307", 0, 3), ("q\u0323\u0307", 4, 7)]),
]


@pytest.mark.parametrize(("text", "expected"), OFFSETS)
def test_offsets_are_those_of_the_text_as_given(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert tokenize(text) == expected


ALPHABET = (
    "aăâîsșşȘŞtțţȚŢSUAi  ..,,-'’_/:0123456789\n\t"
    "\u00ad\u200b\u200d\u2060\ufeff\u202a\u00a0\u202f\u2007\u2009"
    "\u0326\u0327\u0306\u0302\u0323\u0307\u20e3\ufe0f\u0344\u0958\u093c"
    "İıßﬁΣς²₂½٣中가\u1112\u1161\u11a8\u212b𝐚😀\U0001d165\U000110ba\U00011099\U0002f800\ud800"
)
dirty = st.text(st.sampled_from(ALPHABET), max_size=40) | st.text(max_size=40)
groups = st.sampled_from(["0", "7", "12", "345", "100", "000", "008", "2024", "12345"])
gaps = list(" \u00a0\u2007\u2009\u202f")
grouped = st.lists(groups | st.sampled_from([*gaps, *gaps, *".,:/-\n"]), max_size=14).map("".join)
numeric = st.text(st.sampled_from("00123456789.,:/\u00a0\u202f\u2009ab²\n    "), max_size=40)


@settings(max_examples=1500, deadline=None)
@given(dirty | numeric | grouped)
def test_forms_are_the_twins(text: str) -> None:
    assert [form for form, _, _ in tokenize(text)] == [form for form, _, _ in twin(text)]


@settings(max_examples=800, deadline=None)
@given(dirty | numeric | grouped)
def test_offsets_are_the_twins_where_nothing_composes(text: str) -> None:
    kept = [i for i, c in enumerate(text) if ord(c) not in INVISIBLE]
    if composed(text) != "".join(text[i] for i in kept):
        text = composed(text)
        kept = list(range(len(text)))
    assert tokenize(text) == [(form, kept[start], kept[end - 1] + 1) for form, start, end in twin(text)]


@settings(max_examples=800, deadline=None)
@given(dirty | grouped)
@example("s\u0326\u0326i.\u0326a")
@example("\U0002f800\ufe0f\u11a8t")
@example("=\u0338\u11a8")
def test_the_slice_of_a_token_is_that_token(text: str) -> None:
    end_before = 0
    for form, start, end in tokenize(text):
        assert end_before <= start < end <= len(text)
        assert [(form, 0, end - start)] == tokenize(text[start:end])
        assert ord(text[start]) not in INVISIBLE
        assert ord(text[end - 1]) not in INVISIBLE
        end_before = end


@settings(max_examples=800, deadline=None)
@given(dirty | numeric | grouped)
def test_cleaning_first_changes_no_form(text: str) -> None:
    assume(not twice_cedilla(text))
    assert [form for form, _, _ in tokenize(clean(text))] == [form for form, _, _ in tokenize(text)]


@settings(max_examples=500, deadline=None)
@given(st.lists(dirty | numeric | grouped, max_size=5))
def test_scan_gives_the_same_tokens(texts: list[str]) -> None:
    table = FormTable()
    scanned = [table.scan(text) for text in texts]
    for text, ids in zip(texts, scanned, strict=True):
        assert [table.form(i) for i in ids.tolist()] == [form for form, _, _ in tokenize(text)]


@settings(max_examples=800, deadline=None)
@given(dirty | numeric | grouped)
def test_dots_for_the_spaces_of_numbers_leave_the_tokens_and_no_space_in_any(text: str) -> None:
    dotted = dot_groups(text)
    assert tokenize(dotted) == tokenize(text)
    assert not any(c.isspace() for _, start, end in tokenize(text) for c in dotted[start:end])
    assert [
        (old, new) for old, new in zip(text, dotted, strict=True) if old != new and (not old.isspace() or new != ".")
    ] == []


def test_every_character_is_classified_as_python_does() -> None:
    # The planes with letters and marks of all kinds, the composed ideographs, and the last marks.
    for first in (*range(0, 0x20000, 0x400), 0x2F800, 0xE0000):
        text = ";".join(f"z{chr(c)}z" for c in range(first, first + 0x400))
        assert [form for form, _, _ in tokenize(text)] == [form for form, _, _ in twin(text)]


def test_composing_by_pieces_is_composing_the_whole() -> None:
    text = unicodedata.normalize("NFD", "Președinția Țării însă, Việt Nam, 한국") + "q\u0323\u0307\u0958"
    assert [form for form, _, _ in tokenize(text)] == [form for form, _, _ in twin(text)]


def test_long_forms_are_cut_and_keep_their_offsets() -> None:
    text = "ă" * (MAX_FORM + 5) + " b"
    assert tokenize(text) == [("ă" * MAX_FORM, 0, MAX_FORM + 5), ("b", MAX_FORM + 6, MAX_FORM + 7)]
    assert tokenize("1" * 200 + ",5")[0][0] == "1" * MAX_FORM
    assert tokenize("a." * 200)[0] == ("a" * MAX_FORM, 0, 399)
    astral = tokenize("𝐚" * 200)
    assert astral == [("𝐚" * MAX_FORM, 0, 200)]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "ă",
        "1",
        "1.",
        "1,",
        "1.234.",
        "1\u00a0234.",
        "1 ",
        "1 234 ",
        "12 345 6789 ",
        "a.",
        "a\u0306",
        "a\u00ad",
        "\u0306",
        "1,2.",
        "𝐚",
    ],
)
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    def took(size: int) -> float:
        text = unit * (size // len(unit))
        runs = []
        for _ in range(3):
            start = time.process_time()  # of this process, whatever else the machine does
            FormTable().scan(text)
            tokenize(text)
            runs.append(time.process_time() - start)
        return min(runs)

    # Four times the text in far less than the 16 times that a quadratic rule would take. What a shorter one takes fits
    # in the caches, and would be compared with what does not.
    assert took(400_000) < 10 * took(100_000)


@pytest.mark.parametrize("value", [None, 3, b"text", ["text"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="must be a str, not"):
        tokenize(value)  # type: ignore[arg-type]


def test_subclasses_of_str_are_text() -> None:
    class Title(str):
        __slots__ = ()

    assert tokenize(Title("Țara")) == [("țara", 0, 4)]


def test_the_twin_knows_every_shape() -> None:
    assert "".join(map(shape, "aĂ70²\u0306.,:/ \u00a0\u2007\u2009\u202f\n\t-")) == "LLD0NM.,:/GGGGG___"

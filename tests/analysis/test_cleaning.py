"""`clean` and `fold`."""

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizer_twin import INVISIBLE, twice_cedilla

from newsindex.analysis import clean, fold, fold_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Agerpres", "Agerpres"),
        ("Bucu\u00adreşti", "București"),
        ("Ştiri din Ţară, şi ţări", "Știri din Țară, și țări"),
        ("S\u0327tiri s\u0326i", "Știri și"),
        ("s\u00ad\u0326i", "și"),
        ("\ufeff\u2066a\u2069\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202e", "a"),
        ("a\u00a0b\u202fc", "a\u00a0b\u202fc"),
        ("❤\ufe0f", "❤\ufe0f"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@settings(max_examples=500)
@given(st.text(st.sampled_from("aăşţŞŢsS\u00ad\u0326\u0327\u0323\u031b\u200d\u212b가\u11a8")) | st.text())
def test_clean_text_is_clean(text: str) -> None:
    assume(not twice_cedilla(text))
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not {ord(c) for c in cleaned} & {*INVISIBLE, *map(ord, "şţŞŢ")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("abc 123", "abc 123"),
        ("ăâîșțĂÂÎȘȚ", "aaistAAIST"),
        ("şţ", "st"),
        ("éèêëüöőűçñøØåÅ", "eeeeuooucnoOaA"),
        ("Łódź đak Ħ ı ǿ", "Lodz dak H i o"),
        ("Việt Nam", "Viet Nam"),
        ("ά й", "α и"),
        ("ß þ æ ﬁ ² 中 가 😀", "ß þ æ ﬁ ² 中 가 😀"),
        ("≠", "≠"),
        ("b\u0326", "b\u0326"),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@settings(max_examples=300)
@given(st.text())
def test_folding_keeps_places_and_is_done_once(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded
    table = fold_table()
    assert folded == "".join(chr(table[ord(c)]) if ord(c) < 65536 else c for c in text)


def test_the_table_is_a_read_only_buffer_of_code_units() -> None:
    table = fold_table()
    assert (table.readonly, table.format, table.itemsize, len(table)) == (True, "H", 2, 65536)


def test_lower_case_letters_fold_to_lower_case() -> None:
    for c in map(chr, range(65536)):
        if c.islower() and not 0xD800 <= ord(c) < 0xE000:
            assert not fold(c).isupper(), c


@pytest.mark.parametrize("function", [clean, fold])
def test_what_is_no_text_is_refused(function: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        function(None)  # type: ignore[operator]

"""`Rules` finds the lemmas that lemmagen3 finds, whose rules they are; and bytes that are no rules harm nobody."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from random import Random

import lemmagen3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.analysis._rules import Rules

FILE = (Path(lemmagen3.__file__).with_name("models") / "ro.bin").read_bytes()
RULES = Rules(FILE)
ORACLE = lemmagen3.Lemmatizer("ro")
ROOTS = ["guvern", "oraş", "regiun", "ţăr", "soldaţ", "xilofonistic", "abrac", "zbâr", "g", "covid", "străbunic", "a"]
ENDS = ["", "ul", "ului", "ele", "elor", "ea", "ii", "ilor", "eşte", "ând", "a", "ă", "e", "i", "u", "o", "are", "ism"]


@pytest.mark.parametrize("root", ROOTS)
def test_lemmas_are_those_of_lemmagen3(root: str) -> None:
    words = [root + end for end in ENDS] + [root * 2 + end for end in ENDS]
    assert [RULES.lemma(word) for word in words] == [ORACLE.lemmatize(word) for word in words]


@given(st.text("abcdeilmnorstuăâîşţ-xж漢", max_size=63))
@settings(max_examples=500)
def test_so_are_those_of_any_text(word: str) -> None:
    assert RULES.lemma(word) == ORACLE.lemmatize(word)


@pytest.mark.parametrize("size", [126, 127, 128, 129, 254, 255])
def test_so_are_those_of_long_words(size: int) -> None:
    word = "x" * (size - 9) + "guvernele"
    assert RULES.lemma(word) == ORACLE.lemmatize(word)


@pytest.mark.parametrize("file", [b"", b"\1", struct.pack("<I", 0), FILE[:-1], FILE + b"\0"])
def test_what_is_no_file_of_rules_is_refused(file: bytes) -> None:
    with pytest.raises(ValueError, match="no rules"):
        Rules(file)


@given(st.binary(min_size=1, max_size=60), st.text("abc\1\0", max_size=12))
@settings(max_examples=1000)
def test_rules_of_any_bytes_end(data: bytes, word: str) -> None:
    with suppress(ValueError):
        assert isinstance(Rules(struct.pack("<I", len(data)) + data).lemma(word), str)


@pytest.mark.parametrize("size", [127, 128, 129, 200, 255])
def test_no_byte_behind_a_word_is_compared_with_an_ending(size: int) -> None:
    """Places are counted in a byte, and come around. What was read only a sanitizer sees."""
    data = bytes([1]) + struct.pack("<I", 6 + size) + bytes([size]) + b"x" * size + bytes([0, 0, 0, 0])
    with suppress(ValueError):
        assert Rules(struct.pack("<I", len(data)) + data).lemma("abcde") == "abcde"


def test_damaged_rules_end() -> None:
    rng = Random(5)
    for _ in range(300):
        damaged = bytearray(FILE[:4000])
        damaged[:4] = struct.pack("<I", len(damaged) - 4)
        for _ in range(20):
            damaged[rng.randrange(4, 400)] = rng.randrange(256)
        with suppress(ValueError):
            assert isinstance(Rules(bytes(damaged)).lemma("guvernele"), str)

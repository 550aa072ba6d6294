"""The table of what a Romanian reader takes for words, as written and in each of the ways that real texts are dirty."""

from __future__ import annotations

import re
import unicodedata

import pytest
from tokenizer_table import ALIKE, TABLE, UNLIKE
from tokenizer_twin import composed, twin

from newsindex.analysis import FormTable, clean, tokenize

ROWS = [(text, expected) for rows in TABLE.values() for text, expected in rows]
TO_CEDILLA = str.maketrans("șțȘȚ", "şţŞŢ")
VARIANTS = {
    "as written": lambda text: text,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "cleaned": clean,
    "with cedillas": lambda text: text.translate(TO_CEDILLA),
    "with cedillas, decomposed": lambda text: unicodedata.normalize("NFD", text.translate(TO_CEDILLA)),
    "hyphenated softly": lambda text: re.sub(r"(?<=\w)(?=\w)", "\u00ad", text),
    "decomposed, hyphenated softly": lambda text: "\u00ad".join(unicodedata.normalize("NFD", text)),
    "amid a text": lambda text: f"; {text} ;",
}


def forms(text: str) -> list[str]:
    return [form for form, _, _ in tokenize(text)]


def test_the_table_is_large_and_says_nothing_twice() -> None:
    texts = [text for text, _ in ROWS]
    assert len(texts) >= 200
    assert len(set(texts)) == len(texts)
    assert all(rows for rows in TABLE.values())


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_row(text: str, expected: str) -> None:
    for variant, change in VARIANTS.items():
        changed = change(text)
        assert (variant, forms(changed)) == (variant, expected.split(" "))
        assert (variant, [form for form, _, _ in twin(changed)]) == (variant, expected.split(" "))
        assert (variant, scanned(changed)) == (variant, expected.split(" "))
        check_offsets(changed)


def scanned(text: str) -> list[str]:
    table = FormTable()
    return [table.form(number) for number in table.scan(text).tolist()]


def check_offsets(text: str) -> None:
    """The slice of a token is that token, and no letter or digit lies outside the slices."""
    rest = list(text)
    for form, start, end in tokenize(text):
        assert tokenize(text[start:end]) == [(form, 0, end - start)]
        rest[start:end] = " " * (end - start)
    assert not any(map(str.isalnum, composed("".join(rest)).replace("ʼ", " ")))


@pytest.mark.parametrize("spellings", ALIKE, ids=lambda spellings: spellings[0])
def test_spellings_that_are_one(spellings: tuple[str, ...]) -> None:
    assert len(set(spellings)) == len(spellings) > 1
    assert {" ".join(forms(spelling)) for spelling in spellings} == {" ".join(forms(spellings[0]))}


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_spellings_that_are_two(one: str, other: str) -> None:
    assert forms(one) != forms(other)

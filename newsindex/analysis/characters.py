"""What dirty Romanian text must lose before anything looks at it: one table of characters, one function.

The tokenizer (`_tokens.pyx`) drops and unifies the same characters while it reads; `clean` is for the short
texts that are compared whole, such as a source or an author. Any module may call it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Invisible characters that sit inside words without meaning anything: the soft hyphen, zero-width space and
# joiners, the word joiner, the byte-order mark, and the marks and brackets that steer bidirectional text.
IGNORABLE: Final = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

# Before Unicode 3.0 there was no s or t with a comma below, and keyboards kept producing the cedilla for decades.
COMMA_LETTERS: Final = {"ş": "ș", "ţ": "ț", "Ş": "Ș", "Ţ": "Ț"}

# Letters whose stroke, or missing dot, Unicode does not treat as a diacritic although people type the base letter.
STROKE_LETTERS: Final = dict(zip("łŁøØđĐħĦŧŦðÐıƀɃǥǤƶƵ", "lLoOdDhHtTdDibBgGzZ", strict=True))

# Raised and lowered digits: CO₂ and m² are typed CO2 and m2, by those who ask and by half of those who write.
SHIFTED_DIGITS: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789", strict=True))

# By Unicode a letter, by use an apostrophe.
LETTER_APOSTROPHE: Final = "ʼ"

# What a text has that uses Romanian diacritics: the letters, or the marks of decomposed ones (breve, circumflex,
# comma and cedilla below).
_DIACRITICS = re.compile("[ăâîșțĂÂÎȘȚşţŞŢ\u0306\u0302\u0326\u0327]")

_IGNORABLE = re.compile(f"[{IGNORABLE}]+")
_UNIFY = str.maketrans(COMMA_LETTERS)


def clean(text: str) -> str:
    """The text composed (NFC), without invisible characters and with comma letters for cedilla letters; case is kept.

    >>> clean("Bucu\\u00adreşti")
    'București'
    """
    if text.isascii():
        return text
    # Dropping comes first: an invisible character between a letter and its mark would keep them from composing.
    return unicodedata.normalize("NFC", _IGNORABLE.sub("", text)).translate(_UNIFY)


def is_bare(text: str) -> bool:
    """Whether a text has none of the Romanian diacritics, so that its words may lack theirs.

    >>> is_bare("Müller in Bucuresti"), is_bare("Müller în Bucuresti")
    (True, False)
    """
    return text.isascii() or _DIACRITICS.search(text) is None

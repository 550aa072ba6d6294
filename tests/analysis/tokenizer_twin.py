"""The slow, obviously right tokenizer: the rules as one regular expression over the shape of the text.

The shape has one letter for each character: L letter, D digit, N other number, M mark; the separators that some
rule knows stay, and all others are spaces.
"""

import re
import unicodedata

INVISIBLE = {0x00AD, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}

_DIGITS = "|".join(rf"(?<!D{dot})D{{1,3}}+(?:{dot}DDD)++(?!D|{dot}D)" for dot in (r"\.", "\u00a0", "\u202f"))
_WHOLE = f"(?>{_DIGITS}|D++)"
_NUMBER = f"(?:(?<!D,){_WHOLE},D++(?!,D)|{_WHOLE})[LDNM]*"
_ABBREVIATION = r"L(?:\.L(?![LDNM]))+"
_TOKEN = re.compile(f"{_ABBREVIATION}|{_NUMBER}|[LDN][LDNM]*")


def composed(text):
    return unicodedata.normalize("NFC", "".join(c for c in text if ord(c) not in INVISIBLE))


def twice_cedilla(text):
    """Whether a letter carries two cedillas: a comma for one of them makes a text that composes otherwise again."""
    return "\u0327\u0327" in unicodedata.normalize("NFD", composed(text))


def shape(c):
    if c in "0123456789":
        return "D"
    if c.isalpha() and c != "ʼ":
        return "L"
    if c.isalnum() and c != "ʼ":
        return "N"
    if ord(c) < 0x10000 and not 0xFE00 <= ord(c) <= 0xFE0F and unicodedata.category(c) in ("Mn", "Mc"):
        return "M"
    return c if c in ".,\u00a0\u202f" else " "


def lower(c):
    small = "i" if c == "İ" else c.lower()
    return {"ş": "ș", "ţ": "ț"}.get(small, small if len(small) == 1 else c)


def twin(text):
    """Tokens as (form, start, end) with offsets in composed(text)."""
    text = composed(text)
    tokens = []
    for match in _TOKEN.finditer("".join(map(shape, text))):
        kept = re.sub("[.\u00a0\u202f]", "", text[match.start() : match.end()])
        tokens.append(("".join(map(lower, kept))[:128], *match.span()))
    return tokens

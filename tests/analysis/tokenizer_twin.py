"""The slow, obviously right tokenizer: the rules as one regular expression over the shape of the text.

The shape has one letter for each character: L letter, D digit, 0 the digit zero, N other number, M mark, G a space that
may stand between groups of digits; the other separators that some rule knows stay, and all the rest are _.
"""

import re
import unicodedata

INVISIBLE = {0x00AD, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}

_D = "[0D]"
_DOTTED = rf"(?<!{_D}\.){_D}{{1,3}}+(?:\.{_D}{{3}})++(?!{_D}|\.{_D})"
_SPACED = rf"(?<!{_D}[.,:/G])D{_D}{{0,2}}+(?:G{_D}{{3}})++(?!{_D}|[.G]{_D})"
_WHOLE = f"(?>{_DOTTED}|{_SPACED}|{_D}++)"
_NUMBER = f"(?:(?<!{_D},){_WHOLE},{_D}++(?!,{_D})|{_WHOLE})(?:[L0DM][L0DNM]*)?"
_ABBREVIATION = r"L(?:\.L(?![L0DNM]))+"
_TOKEN = re.compile(f"{_ABBREVIATION}|{_NUMBER}|[L0DN][L0DNM]*")
_GAPS = " \u00a0\u2007\u2009\u202f"


def composed(text):
    return unicodedata.normalize("NFC", "".join(c for c in text if ord(c) not in INVISIBLE))


def twice_cedilla(text):
    """Whether a letter carries two cedillas: a comma for one of them makes a text that composes otherwise again."""
    return "\u0327\u0327" in unicodedata.normalize("NFD", composed(text))


def shape(c):
    if c in "0123456789":
        return "0" if c == "0" else "D"
    if c.isalpha() and c != "ʼ":
        return "L"
    if c.isalnum() and c != "ʼ":
        return "N"
    if ord(c) < 0x10000 and not 0xFE00 <= ord(c) <= 0xFE0F and unicodedata.category(c) in ("Mn", "Mc"):
        return "M"
    if c in _GAPS:
        return "G"
    return c if c in ".,:/" else "_"


def lower(c):
    if unicodedata.decomposition(c).startswith(("<super> 003", "<sub> 003")):
        return str(unicodedata.digit(c, c))
    small = "i" if c == "İ" else c.lower()
    return {"ş": "ș", "ţ": "ț"}.get(small, small if len(small) == 1 else c)


def twin(text):
    """Tokens as (form, start, end) with offsets in composed(text)."""
    text = composed(text)
    tokens = []
    for match in _TOKEN.finditer("".join(map(shape, text))):
        kept = re.sub(f"[.{_GAPS}]", "", text[match.start() : match.end()])
        tokens.append(("".join(map(lower, kept))[:128], *match.span()))
    return tokens

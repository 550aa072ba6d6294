"""Offsets through cleaning: where the characters of a composed, stripped text stood in the text as it was given.

For `tokenize` only; indexing needs no offsets. Clean texts never come here.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from newsindex.analysis.characters import IGNORABLE

_KEPT = re.compile(f"[^{IGNORABLE}]+")


def align(text: str) -> tuple[str, list[int], list[int]]:
    """The text composed (NFC) and without invisible characters, and where each of its characters starts and ends.

    A character made of a letter and its marks starts at the letter and ends after the last of the marks.

    >>> align("s\\u00ada\\u0306")
    ('să', [0, 2], [1, 4])
    """
    origin: list[int] = []
    for kept in _KEPT.finditer(text):
        origin += range(*kept.span())
    text = "".join(_KEPT.findall(text))
    ends = [where + 1 for where in origin]
    if unicodedata.is_normalized("NFC", text):
        return text, origin, ends
    return _compose(text, origin, ends)


def _compose(text: str, starts: list[int], ends: list[int]) -> tuple[str, list[int], list[int]]:
    parts: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    for match in _pieces().finditer(text):
        i, k = match.span()
        piece = match[0]
        composed = unicodedata.normalize("NFC", piece)
        parts.append(composed)
        if composed == piece:
            new_starts += starts[i:k]
            new_ends += ends[i:k]
        else:  # which mark went where is not worth knowing: every part stands for the whole
            new_starts += [starts[i]] * len(composed)
            new_ends += [ends[k - 1]] * len(composed)
    return "".join(parts), new_starts, new_ends


@functools.cache
def _pieces() -> re.Pattern[str]:
    # One character and the marks that may combine with it, looked up in the two planes that have any. Enclosing marks
    # and variation selectors never combine. Hangul vowels and finals are no marks but join the letter before them.
    marks = "".join(
        c
        for c in map(chr, range(0x300, 0x20000))
        if unicodedata.category(c) in ("Mn", "Mc") and not "\ufe00" <= c <= "\ufe0f"
    )
    return re.compile(
        f"(?:[\u1100-\u1112\uac00-\ud7a3][\u1161-\u1175\u11a8-\u11c2]*|.)[{re.escape(marks)}]*", re.DOTALL
    )

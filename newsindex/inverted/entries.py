"""The entries of a dictionary of forms, one by one; `_strings.entries` makes those of a whole vocabulary.

Writing and searching know them from here. What they mean is written in `newsindex.inverted._dictionary`.
"""

from __future__ import annotations

from typing import Final

READING: Final = b"\xff"  # begins the entry of a form read as another word; no UTF-8 has that byte, nor one above it


def form_entry(form: str, folded: str) -> bytes:
    """The entry of a form in a dictionary of forms, as `_strings.entries` makes them for many."""
    return folded.encode() if form == folded else folded.encode() + b"\0" + form.encode()


def reading_entry(form: bytes, other: bytes) -> bytes:
    """The entry of a form where it is read as one of the term `other`; both in UTF-8."""
    return READING + form + b"\0" + other

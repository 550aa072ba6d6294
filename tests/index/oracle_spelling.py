"""How spellings differ, written once more and plainly: for the queries that the index is compared with Whoosh by."""

from __future__ import annotations

from newsindex.analysis import fold


def lacks(form: str, full: str) -> bool:
    """Whether a form is another one without some of its diacritics."""
    return len(form) == len(full) and all(
        typed in (letter, fold(letter)) for typed, letter in zip(form, full, strict=True)
    )


def distance(a: str, b: str, swaps: bool) -> int:
    """Edits from `a` to `b`: insert, delete, replace and, with `swaps`, swap neighbours (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (x != y))
            if swaps and i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]

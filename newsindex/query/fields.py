"""The names of fields: what a query may call them, and which field of the index each one is.

One table for query strings, builders, hand-made trees, filters and facets, so that a name means the same everywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from newsindex.errors import QueryError
from newsindex.query.lexer import shown
from newsindex.query.nodes import BODY, EXTRA, METADATA, TEXT, TITLE

DATE: Final = "date"

_NAMES: Final = {
    TEXT: ("text",),
    TITLE: ("title", "titlu"),
    BODY: ("body", "corp"),
    "source": ("source", "sursa", "sursă"),
    "author": ("author", "autor"),
    "section": ("section", "secțiune", "secțiunea"),
    "tags": ("tags", "tag", "etichetă", "etichete"),
    DATE: ("date", "data"),
}


@lru_cache(maxsize=1024)
def simplify(name: str) -> str:
    """A name without case and diacritics, whether they are written with comma, cedilla or combining marks.

    >>> simplify("Secţiune")
    'sectiune'
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_FIELDS: Final = {simplify(name): field for field, names in _NAMES.items() for name in names}

_LONGEST_GUESSED: Final = 100  # characters of a mistaken name that are compared with the names there are


def known(name: str | None) -> str | None:
    """The field that every index has under this name, or None where it can only be a key of `extra`.

    >>> known("Etichetă"), known(None), known("region")
    ('tags', 'text', None)
    """
    return TEXT if name is None else _FIELDS.get(name) or _FIELDS.get(simplify(name))


def is_prose(field: str) -> bool:
    """Whether a field holds running text, whose words are stemmed, and not names, whose words are kept whole."""
    return field not in METADATA and field != DATE


def is_facet(field: str) -> bool:
    """Whether a field of the index holds whole values, for filters and facets."""
    return field in METADATA or field.startswith(EXTRA)


def resolve(
    name: str | None, extra: Collection[str] = (), *, query: str | None = None, position: int | None = None
) -> str:
    """The index's field of this name: one of its own, or `extra.KEY` for a key of `extra`.

    A key is found as it is written, else without regard to case and diacritics. `extra.KEY` names a key that one of the
    index's own fields would hide.

    Args:
        name: as written in a query; None is the default field, title and body together.
        extra: the keys of `extra` that occur in the index.
        query, position: where the name stands, for the error.

    Raises:
        QueryError: there is no such field, or several keys that differ only in case or diacritics.

    >>> resolve("Titlu"), resolve("region", {"region"}), resolve("extra.date", {"date"})
    ('title', 'extra.region', 'extra.date')
    """
    field = known(name)
    if field is not None:
        return field
    assert name is not None  # noqa: S101 -- None is known
    key = name[len(EXTRA) :] if name.casefold().startswith(EXTRA) else name
    for candidate in (key, name):
        if candidate in extra:
            return EXTRA + candidate
    plain = simplify(key)
    alike = [candidate for candidate in extra if simplify(candidate) == plain]
    if len(alike) == 1:
        return EXTRA + alike[0]
    if alike:
        raise QueryError(
            f"{name!r} may be any of the fields {', '.join(sorted(alike))}",
            query=query,
            position=position,
            hint="write the one you mean with its capitals and diacritics",
        )
    raise QueryError(f"there is no field {shown(name)}", query=query, position=position, hint=_suggest(plain, extra))


def _suggest(plain: str, extra: Collection[str]) -> str:
    names = {**{simplify(key): key for key in extra}, **_FIELDS}
    import difflib  # only for mistakes

    close = difflib.get_close_matches(plain[:_LONGEST_GUESSED], names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    known = sorted(extra)
    keys = "".join(f", {key}" for key in known[:20]) + (", …" if len(known) > 20 else "")
    return f'{guess}the fields are {", ".join(_NAMES)}{keys}; a colon that is no field goes into quotes: "a:b"'

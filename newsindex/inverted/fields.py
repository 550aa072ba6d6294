"""Which fields an article has in the index, and what each is made of.

    text            title, a gap, body: what a query without a field searches
    title           the title alone
    source, author, section, tags, extra.KEY
                    metadata; also kept whole, as columns for filters and facets

There is no field for the body: it is the text less the title.
"""

from __future__ import annotations

from typing import Any, Final

from newsindex.analysis import clean

TEXT: Final = "text"
TITLE: Final = "title"
BODY: Final = "body"  # a field of queries only
METADATA: Final = ("source", "author", "section", "tags")
EXTRA: Final = "extra."  # prefixes the name of an extra key, so that it never collides with a field of its own
LONGEST_VALUE: Final = 100  # characters; a longer value of an extra is searched by its words, but is no facet
MAX_EXTRA_FIELDS: Final = 256  # distinct extra names in one index


def is_stemmed(field: str) -> bool:
    """Whether words of `field` are stemmed; those of names (source, author, section, tags) are only folded."""
    return field not in METADATA


def scalar(value: Any) -> list[str]:
    """The text of a JSON scalar; objects, lists and null are stored with the article but not searched."""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str | int | float):
        return [str(value)] if value != "" else []
    return []


def facet_values(field: str, values: list[str]) -> list[str]:
    """Those of `values` that are kept whole: of spellings that are one value the first."""
    if field.startswith(EXTRA):
        values = [value for value in values if len(value) <= LONGEST_VALUE]
    if len(values) == 1:
        return values
    distinct: dict[str, str] = {}
    for value in values:
        distinct.setdefault(clean(value).strip(), value)
    return list(distinct.values())

"""A record of any format, which is a mapping of names to JSON values, becomes an `Article`.

Here alone is decided which names mean which field. Called by `newsindex.ingest.reader`; the format modules make the
records.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from newsindex.article import Article

# The first name that has a value gives the field; the other names go to `extra` like any unknown one.
NAMES: Final = {
    "id": ("id",),
    "title": ("title", "headline"),
    "body": ("text", "body", "content"),
    "date": ("date", "published"),
    "source": ("source",),
    "author": ("author",),
    "section": ("section",),
    "tags": ("tags",),
    "url": ("url",),
}
KNOWN: Final = frozenset(name for names in NAMES.values() for name in names)
TEXT_NAMES: Final = (*NAMES["title"], *NAMES["body"])


class Record(NamedTuple):
    """One article as its file spells it: `number` is that of its line or, in a .json file, its place from 1."""

    number: int
    values: dict[str, Any]


def has_text(names: Iterable[str]) -> bool:
    """Whether some of `names` is one for a title or a body: what has none is no article.

    >>> has_text({"headline": "Ploi în Banat"}), has_text(["nume", "preț"])
    (True, False)
    """
    return any(name in TEXT_NAMES for name in names)


def to_article(values: dict[str, Any]) -> Article:
    """The article that a record describes; unknown names become `extra`, null and missing ones the defaults.

    Raises:
        ArticleError: a value that its field cannot hold.

    >>> article = to_article({"id": 7, "text": "Plouă.", "lead": "Pe scurt"})
    >>> article.id, article.body, article.extra
    ('7', 'Plouă.', {'lead': 'Pe scurt'})
    """
    rest = dict(values)
    fields: dict[str, Any] = {}
    for field, names in NAMES.items():
        for name in names:
            value = rest.get(name)
            if value is None or value == "":
                rest.pop(name, None)
            elif field not in fields:
                fields[field] = rest.pop(name)
    if "id" in fields:
        fields["id"] = _id(fields["id"])
    return Article(**fields, extra=rest)


def _id(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return value

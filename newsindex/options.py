"""What callers pass to searches besides the query: checked, and made one kind. For `newsindex.index`.

What cannot be understood is a `QueryError`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import NoneType
from typing import Any, Final

from newsindex.errors import QueryError
from newsindex.query import dates
from newsindex.query.lexer import MAX_CLAUSES, check_text, shown

Filters = Mapping[str, str | Sequence[str]] | None

SORTS: Final = ("relevance", "newest", "oldest")

_KEPT_LENGTH: Final = 200  # characters: longer queries are not kept
_KEPT_DATES: Final = frozenset((str, dt.date, NoneType))


def checked_count(name: str, value: object) -> int:
    """A number of hits or values that the option `name` asks for."""
    if type(value) is not int or value < 0:
        raise QueryError(f"{name} cannot be {shown(value)}", hint="pass a whole number from 0 up")
    return value


def search_key(
    query: object, match: object, since: object, until: object, filters: Any, now: dt.datetime | None
) -> tuple[object, ...] | None:
    """What a search depends on besides the generation; None if it is not to be kept. Date words count from a day."""
    if type(query) is not str or len(query) > _KEPT_LENGTH or (filters is not None and type(filters) is not dict):
        return None
    # Exact types: others may be equal and mean something else, as times before and after clocks are put back do.
    if type(match) is not str or type(since) not in _KEPT_DATES or type(until) not in _KEPT_DATES:
        return None
    if filters and any(type(field) is not str or type(value) is not str for field, value in filters.items()):
        return None
    pairs = tuple(filters.items()) if filters else ()
    return query, match, since, until, pairs, None if now is None else dates.today(now)


def check_page(limit: int | None, offset: int, sort: str) -> None:
    """Make sure that these name a page of hits."""
    if limit is not None:
        checked_count("limit", limit)
    checked_count("offset", offset)
    if sort not in SORTS:
        raise QueryError(f"cannot sort by {shown(sort)}", hint=f"use one of {', '.join(SORTS)}")


def filters_of(filters: Mapping[str, str | Sequence[str]]) -> Mapping[str, str | Sequence[str]]:
    """The filters by field."""
    if not isinstance(filters, Mapping):
        raise QueryError(f"filters cannot be {shown(filters)}", hint='pass {field: value}, {"source": "Agerpres"} say')
    return filters


def values_of(field: str, value: object) -> tuple[str, ...]:
    """The values of which the filter on a field asks for one."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        raise QueryError(f"the filter on {field!r} cannot be {shown(value)}", hint="pass a text or a list of texts")
    values = tuple(islice(values, MAX_CLAUSES + 1))  # an iterator may have no end
    if len(values) > MAX_CLAUSES:
        raise QueryError(f"the filter on {shown(field)} has more than {MAX_CLAUSES} values", hint="ask several times")
    if not all(isinstance(one, str) for one in values):
        raise QueryError(f"the filter on {field!r} cannot be {shown(value)}", hint="pass a text or a list of texts")
    return tuple([check_text(one, f"a value of the filter on {field!r}") for one in values])

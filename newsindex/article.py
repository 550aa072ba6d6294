"""`Article`: one news article as it goes into an index and comes out of it.

Anyone may build one; `newsindex.ingest` builds them from files. Everything after this module may
rely on what its validators promise: text that encodes to UTF-8, dates that are None, a
`datetime.date` or an aware `datetime.datetime`, JSON values in `extra`, and an id.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from newsindex.errors import ArticleError

BUCHAREST: Final = ZoneInfo("Europe/Bucharest")
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_NO_OFFSET: Final = dt.timedelta()
_MAX_DEPTH: Final = 32  # nesting of `extra`: deeper values would recurse without bound
_MAX_VALUES: Final = 100_000  # of `extra`, where JSON repeats what is shared, and tags: an iterator may have no end
_MAX_CHARACTERS: Final = 1 << 28  # of these: one text may be there many times
_TOO_MUCH: Final = object()  # stands for them until they are refused
_MAX_INT_BITS: Final = 4096  # integers in `extra`: Python refuses to write those of more than 4,300 digits


def to_date(value: object) -> dt.date | None:
    """Turn what callers write as a date into a date or an aware datetime.

    A naive datetime is local time in Europe/Bucharest. The result carries a fixed UTC offset, so that
    two equal moments compare equal whichever zone object they came with. An ISO string with a time gives a
    datetime, without one a date; the empty string is None.

    Raises:
        ValueError: not an ISO 8601 date, or a year outside 1 to 9999.
        TypeError: neither a date, a string nor None.

    >>> to_date("2025-08-15")
    datetime.date(2025, 8, 15)
    >>> to_date("2025-08-15T10:30").isoformat()
    '2025-08-15T10:30:00+03:00'
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        value = dt.date.fromisoformat(text) if len(text) <= 10 else dt.datetime.fromisoformat(text)
    if isinstance(value, dt.datetime):
        moment = value.replace(tzinfo=BUCHAREST) if value.tzinfo is None else value
        offset = moment.utcoffset()
        return moment.replace(tzinfo=dt.timezone(offset or dt.timedelta()), fold=0)
    if value is None or isinstance(value, dt.date):
        return value
    raise TypeError(f"a date must be a date, a datetime, an ISO string or None, not {type(value).__name__}")


def micros(date: dt.date) -> int:
    """The moment of a date in microseconds since 1970-01-01T00:00Z; of a date without time, its first in Bucharest.

    Computed on integers, since the first and last days of the calendar overflow when they are shifted to UTC.

    >>> micros(dt.date(1970, 1, 1))
    -7200000000
    """
    if not isinstance(date, dt.datetime):
        return _first_moment(date)
    if date.tzinfo is None:
        date = date.replace(tzinfo=BUCHAREST)
    offset = date.utcoffset() or _NO_OFFSET
    days = date.toordinal() - _EPOCH - offset.days
    seconds = 86_400 * days + 3600 * date.hour + 60 * date.minute + date.second - offset.seconds
    return 1_000_000 * seconds + date.microsecond - offset.microseconds


@lru_cache(1 << 12)
def _first_moment(date: dt.date) -> int:
    # Many articles are of the same day.
    return micros(dt.datetime(date.year, date.month, date.day, tzinfo=BUCHAREST))


def _convert_date(value: object) -> Any:
    # A converter cannot name the article, so what it cannot read is left for the validator to refuse.
    if value is None or type(value) is dt.date:
        return value
    try:
        return to_date(value)
    except (ValueError, TypeError):
        return value


def _convert_tags(value: object) -> Any:
    if value == ():
        return value
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        return value
    tags = tuple(islice(value, _MAX_VALUES + 1))
    if len(tags) > _MAX_VALUES:
        return _TOO_MUCH
    stripped = (tag.strip() if isinstance(tag, str) else tag for tag in tags)
    return tuple(tag for tag in stripped if tag != "")


def _convert_extra(value: object) -> Any:
    try:
        return _plain(value, 0, iter(range(_MAX_VALUES)))
    except StopIteration:
        return _TOO_MUCH


def _take(value: object, room: Iterator[int]) -> None:
    """Take the room of a key or value, of several where it is a long text; StopIteration where there is too little."""
    next(islice(room, len(value) * _MAX_VALUES // _MAX_CHARACTERS, None) if isinstance(value, str) else room)


def _plain(value: object, depth: int, room: Iterator[int]) -> Any:
    # Tuples become lists, as they would on their way through JSON, so that what is read back is equal.
    _take(value, room)
    if isinstance(value, Mapping) and depth <= _MAX_DEPTH:
        plain = {}
        for key, item in value.items():
            _take(key, room)
            plain[key] = _plain(item, depth + 1, room)
        return plain
    if isinstance(value, list | tuple) and depth <= _MAX_DEPTH:
        return [_plain(item, depth + 1, room) for item in value]
    return value


def _clean_text(article: str | None, field: str, text: object) -> None:
    if not isinstance(text, str):
        raise ArticleError(
            f"article {article!r}, field {field!r}: text expected, found {type(text).__name__}; pass a str",
            article=article,
            field=field,
        )
    position = text.find("\0")
    fault = "a NUL character"
    if position < 0:
        try:
            text.encode()
            return
        except UnicodeEncodeError as error:
            position, fault = error.start, f"a lone surrogate {text[error.start]!a}"
    raise ArticleError(
        f"article {article!r}, field {field!r}: {fault} at character {position}; remove it or decode the source "
        "with the right encoding",
        article=article,
        field=field,
    )


def _are_clean(title: object, body: object, *others: object) -> bool:
    """Whether some texts, or Nones, are such as `_clean_text` accepts; False where that is not certain."""
    if type(title) is not str or type(body) is not str:
        return False
    texts = [title, body]
    for text in others:
        if type(text) is str:
            texts.append(text)
        elif text is not None:
            return False
    whole = " ".join(texts)
    if "\0" in whole:
        return False
    try:
        whole.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_date(value: object) -> bool:
    """Whether a value is what `to_date` makes; False if that is not certain."""
    if value is None or type(value) is dt.date:
        return True
    return type(value) is dt.datetime and type(value.tzinfo) is dt.timezone


def _is_json_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() <= _MAX_INT_BITS
    return value is None


def _shown(value: object) -> str:
    # Of texts a beginning, of containers and the like their type: a message shall not be as long as an article.
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:60] + "…")
    if isinstance(value, float | bool | None | dt.date):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if value.bit_length() <= 64 else "an integer of many digits"
    return f"a value of type {type(value).__name__}"


def _clean_json(article: str | None, field: str, value: object, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise ArticleError(
            f"article {article!r}, field {field!r}: nested deeper than {_MAX_DEPTH} levels; flatten it",
            article=article,
            field=field,
        )
    if isinstance(value, str):
        _clean_text(article, field, value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _clean_text(article, field, key)
            _clean_json(article, field, item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _clean_json(article, field, item, depth + 1)
    elif not _is_json_scalar(value):
        raise ArticleError(
            f"article {article!r}, field {field!r}: {_shown(value)} is no JSON value; use text, numbers, true, false, "
            "null, lists and objects",
            article=article,
            field=field,
        )


@attrs.frozen(kw_only=False)
class Article:
    """One article. Immutable; equal to another with the same fields.

    Attributes:
        id: unique within an index, not empty; adding an article replaces the one with the same id. Defaults to
            a hash of `url`, or where there is none of date, title and body.
        title, body: plain text; paragraphs of the body are separated by line ends.
        date: when it was published: None, a `datetime.date`, or an aware `datetime.datetime` with a fixed
            offset. Takes ISO strings and naive datetimes too (local time in Europe/Bucharest).
        source, author, section, url: short text or None.
        tags: a tuple of short texts; a string is split at commas and semicolons.
        extra: any further JSON values by name; each name is a field of the query language. They nest up to 32 deep, and
            like tags they are at most 100,000, names, lists and objects included, and at most 268,435,456 characters.

    Raises:
        ArticleError: a field that cannot be stored as it is; the message names the article and the field.

    >>> article = Article(title="Ploi în Banat", date="2025-03-02", source="Meteo")
    >>> article.date
    datetime.date(2025, 3, 2)
    >>> article.id == Article(title="Ploi în Banat", date="2025-03-02").id
    True
    """

    id: str = attrs.field(default=None, kw_only=False)
    title: str = ""
    body: str = ""
    date: dt.date | None = attrs.field(default=None, converter=_convert_date)
    source: str | None = None
    author: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = attrs.field(default=(), converter=_convert_tags)
    url: str | None = None
    extra: dict[str, Any] = attrs.field(factory=dict, converter=_convert_extra, hash=False)

    def __attrs_post_init__(self) -> None:
        if not _is_date(self.date):
            self._check_date()
        # Most articles are in order, which is seen faster by a look at all their texts together.
        if not _are_clean(self.title, self.body, self.source, self.author, self.section, self.url):
            self._check_texts()
        if self.tags or self.extra or type(self.tags) is not tuple or type(self.extra) is not dict:
            self._check_tags_and_extra()
        if self.id is None:
            object.__setattr__(self, "id", self._hash())
        _clean_text(repr(self.id), "id", self.id)
        if not self.id:
            raise ArticleError("an article's id is empty; pass None to have one made", article="", field="id")

    def _check_texts(self) -> None:
        for field in ("title", "body"):
            _clean_text(self.id, field, getattr(self, field))
        for field in ("source", "author", "section", "url"):
            if getattr(self, field) is not None:
                _clean_text(self.id, field, getattr(self, field))

    def _check_date(self) -> None:
        try:
            to_date(self.date)
        except (ValueError, TypeError) as error:
            raise ArticleError(
                f"article {self.id!r}, field 'date': {_shown(self.date)} is no date; write it as 2025-08-15 or "
                "2025-08-15T10:30:00+03:00",
                article=self.id,
                field="date",
            ) from error

    def _check_tags_and_extra(self) -> None:
        for field in ("tags", "extra"):
            if getattr(self, field) is _TOO_MUCH:
                raise self._too_much(field)
        if not isinstance(self.tags, tuple):
            raise ArticleError(
                f"article {self.id!r}, field 'tags': a list of texts expected, found {_shown(self.tags)}",
                article=self.id,
                field="tags",
            )
        size = 0
        for tag in self.tags:
            _clean_text(self.id, "tags", tag)
            size += len(tag)
            if size > _MAX_CHARACTERS:
                raise self._too_much("tags")
        if not isinstance(self.extra, dict):
            raise ArticleError(
                f"article {self.id!r}, field 'extra': a mapping expected, found {_shown(self.extra)}",
                article=self.id,
                field="extra",
            )
        for key, value in self.extra.items():
            _clean_text(self.id, "extra", key)
            _clean_json(self.id, key, value)

    def _too_much(self, field: str) -> ArticleError:
        return ArticleError(
            f"article {self.id!r}, field {field!r}: more than {_MAX_VALUES:,} values or {_MAX_CHARACTERS:,} "
            "characters; pass fewer",
            article=self.id,
            field=field,
        )

    def _hash(self) -> str:
        import hashlib  # loads OpenSSL, which only this needs

        date = self.date.isoformat() if self.date is not None else ""
        # NUL cannot occur in the parts, so joining them with it is unambiguous.
        key = self.url or "\0".join((date, self.title, self.body))
        return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

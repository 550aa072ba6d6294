"""What the tests of reliability share: articles in numbers, all that an index can be asked about them, other formats.

An archive is told from another by its answers, so `answers` asks for everything that readers ask for: each kind of
query in each order, the articles themselves, and counts by period and by source.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import xxhash

import newsindex as ni
from newsindex.store import sections

Question = Callable[[ni.Index], object]

SOURCES: Final = ("Agerpres", "Mediafax", "Gazeta de Vest", "Știrea zilei")
SUBJECTS: Final = ("guvernul", "primăria", "ministerul", "președintele", "comisia", "opoziția", "orașul")
VERBS: Final = ("a anunțat", "a respins", "discută", "amână", "va finanța", "a pierdut")
THINGS: Final = ("bugetul", "podul", "legea pensiilor", "spitalele", "alegerile", "școlile", "autostrada")
FIRST_DAY: Final = date(2024, 1, 1)


def article(number: int, version: int = 0) -> ni.Article:
    """An article that only its number and version make; some lack a date, a source or diacritics."""
    subject, verb, thing = (
        words[(number // step + version) % len(words)] for words, step in ((SUBJECTS, 1), (VERBS, 3), (THINGS, 5))
    )
    body = " ".join(
        f"{subject.capitalize()} {verb} {thing} în ședința {number + line}." for line in range(1 + number % 7)
    )
    if number % 11 == 0:
        body = body.translate(str.maketrans("ăâîșțĂÂÎȘȚ", "aaistAAIST"))
    return ni.Article(
        id=f"a{number}",
        title=f"{subject.capitalize()} și {thing}",
        body=f"{body} Versiunea {version}, articolul cu numărul {number}.",
        date=None if number % 13 == 0 else FIRST_DAY + timedelta(days=number % 400),
        source=None if number % 17 == 0 else SOURCES[number % len(SOURCES)],
        author=f"Autor {number % 5}",
        tags=(thing, "știri") if number % 2 else (),
        extra={"ediția": str(number % 3)},
    )


def articles(numbers: Iterable[int], version: int = 0) -> list[ni.Article]:
    """The articles with these numbers."""
    return [article(number, version) for number in numbers]


QUERIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("guvernul", {}),
    ("presedintele spitale", {}),
    ("buget pod autostrada", {"match": "any"}),
    ('"a anunțat bugetul"', {}),
    ('"guvernul bugetul"~3', {}),
    ("=școlile", {}),
    ("spit*", {}),
    ("șc?li*", {}),
    ("bugetull~1", {}),
    ("titlu:legea -guvernul", {}),
    ("sursa:Mediafax SAU eticheta:știri", {"sort": "newest"}),
    ("numărul", {"sort": "oldest", "since": "2024-02-01", "until": "2024-08-31"}),
    ("ședința", {"filters": {"source": "Gazeta de Vest"}}),
    ("data:2024-03", {}),
    ("comisia opoziția", {"match": "any", "recency": "30d", "near": "2024-05-05"}),
    ("ediția:2 versiunea", {}),
)


def _search(query: str, options: dict[str, Any]) -> Question:
    def ask(ix: ni.Index) -> object:
        res = ix.search(query, limit=20, **options)
        page = [(hit.id, round(hit.score, 4), hit.title, hit.date, hit.source, hit.snippet()) for hit in res]
        return res.total, page

    return ask


_COUNTS: Final[dict[str, Question]] = {
    "timeline": lambda ix: ix.timeline("numărul", by="month"),
    "facets": lambda ix: ix.facets("numărul", "source"),
    "articles": lambda ix: {one.id: one for one in ix},
}
QUESTIONS: Final = {f"{query} {options}": _search(query, options) for query, options in QUERIES} | _COUNTS


def answers(ix: ni.Index) -> dict[str, object]:
    """Everything that this archive answers, by question; equal for two archives that hold the same."""
    return {name: ask(ix) for name, ask in QUESTIONS.items()}


def findings(ix: ni.Index) -> dict[str, object]:
    """What this archive answers but for the order and the scores of hits.

    These depend on how articles lie in segments, and on deleted ones until a merge drops them; all else does not.
    """
    said: dict[str, object] = {name: ask(ix) for name, ask in _COUNTS.items()}
    for query, options in QUERIES:
        res = ix.search(query, limit=None, **options)
        said[f"{query} {options}"] = (
            res.total,
            {hit.id: (hit.title, hit.date, hit.source, hit.snippet()) for hit in res},
        )
    return said


def to_format(path: Path, version: int) -> None:
    """Make a file one of another format, which has the number in its footers too."""
    begin = b'{"format":%d,"kind"'
    data = bytearray(path.read_bytes().replace(begin % sections.FORMAT, begin % version))
    start, length = struct.unpack("<QQ", data[-48:-32])
    footer = data[start : start + length]
    data[-32:-24] = xxhash.xxh3_64_intdigest(footer).to_bytes(8, "little")
    data[-16:-8] = version.to_bytes(8, "little")
    path.write_bytes(data)

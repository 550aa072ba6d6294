"""A searchable full-text archive of Romanian news articles in one directory.

>>> import tempfile
>>> import newsindex as ni
>>> place = tempfile.TemporaryDirectory()
>>> ix = ni.create(place.name)
>>> ix.add([ni.Article(title="Pod nou peste Mureș", body="Lucrările au început vineri.", date="2025-03-07")])
1
>>> [hit.title for hit in ix.search("lucrarile data:2025-03")]
['Pod nou peste Mureș']
>>> place.cleanup()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from newsindex.article import Article
from newsindex.errors import (
    ArticleError,
    CorruptIndexError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    IndexVersionError,
    NewsIndexError,
    QueryError,
    StorageError,
)

if TYPE_CHECKING:
    from newsindex.analysis import RomanianAnalyzer
    from newsindex.index import Index, create, open, search
    from newsindex.ingest import read_articles
    from newsindex.query.builders import between, field, phrase, words
    from newsindex.rescuing import rescue
    from newsindex.results import Explanation, Hit, Report, Rescue, Results, Stats
    from newsindex.writer import Writer

# Imported when they are first asked for: numpy alone takes as long as all the rest.
_LATER = {
    "Explanation": "results",
    "Hit": "results",
    "Index": "index",
    "Report": "results",
    "Rescue": "results",
    "Results": "results",
    "RomanianAnalyzer": "analysis",
    "Stats": "results",
    "Writer": "writer",
    "between": "query.builders",
    "create": "index",
    "field": "query.builders",
    "open": "index",
    "phrase": "query.builders",
    "read_articles": "ingest",
    "rescue": "rescuing",
    "search": "index",
    "words": "query.builders",
}

__all__ = [
    "Article",
    "ArticleError",
    "CorruptIndexError",
    "Explanation",
    "Hit",
    "Index",
    "IndexExistsError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexVersionError",
    "NewsIndexError",
    "QueryError",
    "Report",
    "Rescue",
    "Results",
    "RomanianAnalyzer",
    "Stats",
    "StorageError",
    "Writer",
    "between",
    "create",
    "field",
    "open",
    "phrase",
    "read_articles",
    "rescue",
    "search",
    "words",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return __all__

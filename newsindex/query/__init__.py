"""How a question is asked: query strings, Python builders and dates, down to the plan that `newsindex.searcher` runs.

The way of a query: string -> `language.read` -> a tree, or a `whoosh.query` tree as `language.parse` and `builders`
make it -> `plan.plan` -> the nodes of `newsindex.query.nodes`. The names exported here make Whoosh's trees, and are
loaded on first use, since Whoosh alone takes longer to import than the rest of newsindex.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsindex.query.builders import between, field, phrase, words
    from newsindex.query.language import parse

__all__ = ["between", "field", "parse", "phrase", "words"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'language' if name == 'parse' else 'builders'}"), name)

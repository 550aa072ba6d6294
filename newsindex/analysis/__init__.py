"""Text to terms: cleaning, the tokenizer, stems and stop words. Knows neither files nor the index.

Indexing and querying both come here and nowhere else for what a word is, which is why they agree. Importing this
loads neither Whoosh nor PyStemmer: `RomanianAnalyzer` is imported when it is asked for, PyStemmer at the first stem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newsindex.analysis._forms import FormTable
from newsindex.analysis._tokens import MAX_FORM, dot_groups, fold, fold_table, tokenize
from newsindex.analysis.characters import clean, is_bare
from newsindex.analysis.stemmer import Stemmer, is_spelling
from newsindex.analysis.stop_words import STOP_WORDS, is_stop_word

if TYPE_CHECKING:
    from newsindex.analysis.whoosh_analyzer import RomanianAnalyzer

__all__ = [
    "MAX_FORM",
    "STOP_WORDS",
    "FormTable",
    "RomanianAnalyzer",
    "Stemmer",
    "clean",
    "dot_groups",
    "fold",
    "fold_table",
    "is_bare",
    "is_spelling",
    "is_stop_word",
    "tokenize",
]


def __getattr__(name: str) -> Any:
    if name == "RomanianAnalyzer":
        from newsindex.analysis.whoosh_analyzer import RomanianAnalyzer

        return RomanianAnalyzer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The package's names, what importing it loads, and its docstring examples."""

import doctest
import importlib
import subprocess
import sys

import pytest

from newsindex import analysis


def test_exported_names() -> None:
    assert analysis.__all__ == [
        "MAX_FORM", "STOP_WORDS", "FormTable", "RomanianAnalyzer", "Stemmer", "clean", "fold", "fold_table",
        "is_stop_word", "tokenize",
    ]  # fmt: skip
    for name in analysis.__all__:
        assert getattr(analysis, name) is not None


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = analysis.nonsense


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, newsindex.analysis as a; a.tokenize('Țara'); a.fold('ț');"
        "print([m for m in ('whoosh', 'Stemmer', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "module", ["_forms", "_tokens", "alignment", "characters", "stemmer", "stop_words", "whoosh_analyzer"]
)
def test_docstring_examples(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"newsindex.analysis.{module}"))
    assert result.attempted > 0
    assert result.failed == 0

"""The package's names, what importing it loads, and its docstring examples."""

import doctest
import importlib
import subprocess
import sys

import pytest

from newsindex import analysis


def test_exported_names() -> None:
    assert analysis.__all__ == [
        "MAX_FORM", "STOP_WORDS", "FormTable", "RomanianAnalyzer", "Stemmer", "clean", "dot_groups", "fold",
        "fold_table", "is_bare", "is_spelling", "is_stop_word", "tokenize",
    ]  # fmt: skip
    for name in analysis.__all__:
        assert getattr(analysis, name) is not None


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = analysis.nonsense


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, newsindex.analysis as a; a.tokenize('Țara'); a.fold('ț'); a.is_bare('Țara'); a.Stemmer();"
        "from newsindex.analysis import stemmer; assert not stemmer._lexicon.cache_info().currsize;"
        "print([m for m in ('whoosh', 'Stemmer', 'lemmagen3', 'simplemma', 'setuptools') if m in sys.modules])"
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


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Stirea zilei", True),
        ("Știrea zilei", False),
        ("Ştirea zilei", False),
        ("S\u0326tirea zilei", False),
        ("S\u0327tirea zilei", False),
        ("TARA MEA", True),
        ("TARÂ", False),
        ("a\u0306", False),
        ("i\u0302", False),
        ("Müller, Orbán, Erdoğan", True),
        ("„citat” – 3 €", True),
        ("Bucu\u00adresti", True),
        ("", True),
    ],
)
def test_a_text_is_bare_without_any_romanian_diacritic(text: str, bare: bool) -> None:
    assert analysis.is_bare(text) is bare

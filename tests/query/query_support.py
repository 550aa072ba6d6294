"""A stemmer under which tests of the language need no Romanian, and plans without what words say of their spelling."""

from __future__ import annotations

from typing import Any

from newsindex.analysis import Stemmer, fold
from newsindex.query._nodes import Node, Stem


class Folding(Stemmer):
    """Every word is known, is of the class that its folded form names, and has no relatives."""

    def readings(self, form: str, bare: bool = False) -> tuple[str, ...]:
        return (fold(form),)

    def __init__(self) -> None:
        """There is nothing to load."""

    def knows(self, form: str) -> bool:
        return True

    def derivation(self, term: str) -> str:
        return ""


def classes(made: Any) -> Any:
    """A plan with nothing but its class left of each word."""
    if isinstance(made, Stem):
        return Stem(made.stem)
    if isinstance(made, tuple):
        return tuple(map(classes, made))
    if isinstance(made, Node):
        return type(made)(*(classes(getattr(made, name)) for name in made.__match_args__))
    return made

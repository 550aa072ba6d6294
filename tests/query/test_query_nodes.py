"""The nodes of plans: values that do not change."""

from __future__ import annotations

import copy

import pytest

from newsindex.query.nodes import And, Dates, Everything, Form, Fuzzy, Nothing, Or, Phrase, Prefix, Stem, Word

X = Stem("x", "xul", ("y",), True)


def test_nodes_are_equal_where_their_class_and_what_they_hold_is():
    same = And((Word("text", Stem("x", "xul", ("y",), True)), Everything()))
    assert And((Word("text", X), Everything())) == same
    assert hash(And((Word("text", X), Everything()))) == hash(same)
    assert len({Form("x"), Prefix("x"), Form("x"), Everything(), Nothing(), Everything()}) == 4
    assert And((Everything(),)) != Or((Everything(),))
    assert Word("text", X) != Word("title", X)
    assert Word("text", X) != Word("text", X, 2)
    assert Word("text", X) != "text"


@pytest.mark.parametrize(
    "node", [X, Word("text", X, 2), Phrase("body", (X, Form("z")), 3), Fuzzy("x", 1), Dates(1, None)]
)
def test_nodes_say_what_they_hold_and_can_be_copied(node):
    assert eval(repr(node)) == node  # noqa: S307 -- of nodes made above
    assert copy.copy(node) == node


def test_nodes_do_not_change():
    with pytest.raises(AttributeError):
        X.stem = "y"
    with pytest.raises(AttributeError):
        X.other = "y"


def test_nodes_take_no_other_types():
    for make in (lambda: Stem(None), lambda: Stem("x", others=["y"]), lambda: Word("text", "x"), lambda: And([X])):
        with pytest.raises(TypeError):
            make()

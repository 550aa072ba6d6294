"""Hostile input: whatever is asked, there is a plan or a QueryError, without recursion and in bounded work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import lexer_twin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import query as wq

from newsindex.errors import QueryError
from newsindex.query import nodes
from newsindex.query._lexer import scan
from newsindex.query.language import parse, read
from newsindex.query.lexer import MAX_CLAUSES, MAX_DEPTH
from newsindex.query.nodes import leaves
from newsindex.query.plan import plan


def planned(text: str, match: str = "all") -> nodes.Plan:
    return plan(read(text, match), extra_fields={"region"}, query=text)


def refused(text: str, message: str, position: int | None) -> None:
    for match in ("all", "any"):
        with pytest.raises(QueryError, match=message) as caught:
            planned(text, match)
        assert caught.value.position == position


def with_small_stack(frames: int, run: Callable[[], object]) -> None:
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + frames)
    try:
        run()
    finally:
        sys.setrecursionlimit(limit)


def test_parentheses() -> None:
    assert planned("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH) == planned("x")
    refused("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1), "deeper than 100", MAX_DEPTH)
    refused("(" * 10_000 + "x" + ")" * 10_000, "deeper than 100", MAX_DEPTH)
    refused("(" * 10_000, "deeper than 100", MAX_DEPTH)
    refused(")" * 10_000, "closes nothing", 0)


def test_depth_costs_no_stack() -> None:
    for opening in ("(x ", "(x SAU ", "+(x ", "NU (", "titlu:(x "):
        text = opening * MAX_DEPTH + "y" + ")" * MAX_DEPTH
        with_small_stack(60, lambda text=text: planned(text, "any"))


def test_nested_required_groups_take_no_exponential_time() -> None:
    # Whoosh's own AndMaybe group asks each of its children twice.
    found = planned("+(x " * 99 + "y" + ")" * 99 + " z", "any")
    assert len(list(leaves(found))) == 101


def test_depth_of_the_plan() -> None:
    with pytest.raises(QueryError, match="deeper than 100 levels"):
        planned("(x SAU y ȘI NU " * 99 + "z" + ")" * 99)


def test_bytes() -> None:
    refused("x" * 100_000, "limit is 65536", None)
    refused("ă" * 40_000, "has 80000 bytes", None)
    assert planned("x" * 65_536)
    assert planned(" " * 65_535 + "x")


def test_clauses() -> None:
    assert len(list(leaves(planned(" ".join(f"x{n}" for n in range(MAX_CLAUSES)), "any")))) == MAX_CLAUSES
    assert [leaf.boost for leaf in leaves(planned("x " * MAX_CLAUSES, "any"))] == [MAX_CLAUSES]
    refused("x " * (MAX_CLAUSES + 1), "more than 1024", 2 * MAX_CLAUSES)
    refused(f'"{"x " * (MAX_CLAUSES + 1)}"', "more than 1024", 0)
    refused("x-" * (MAX_CLAUSES + 1), "more than 1024", 0)
    refused("NU " * 20_000, "too many operators", 3 * 8192)


def test_trees_by_hand() -> None:
    tree: wq.Query = wq.Term("text", "x")
    for _ in range(5000):
        tree = wq.And([tree])
    with_small_stack(60, lambda: plan(tree))
    for _ in range(1000):
        tree = wq.Or([wq.Not(tree), wq.Term("text", "y")])
    with pytest.raises(QueryError, match="deeper than 100 levels"):
        plan(tree)
    with pytest.raises(QueryError, match="more than 1024 words"):
        plan(wq.Or([wq.Term("text", f"x{i}") for i in range(MAX_CLAUSES + 1)]))
    with pytest.raises(QueryError, match="more than 1024 words"):
        plan(wq.Phrase("text", ["x"] * 10**6))
    assert len(list(leaves(plan(wq.Or([wq.Term("text", f"x{i}") for i in range(MAX_CLAUSES)]))))) == MAX_CLAUSES


def test_trees_that_share_or_contain_themselves() -> None:
    tree: wq.Query = wq.Every()
    for _ in range(60):
        tree = wq.And([tree, tree])
    with pytest.raises(QueryError, match="nodes"):
        plan(tree)
    loop = wq.And([wq.Every()])
    loop.subqueries.append(loop)
    with pytest.raises(QueryError, match="nodes"):
        plan(loop)


def is_sound(plan: nodes.Plan, under_and: bool = False) -> bool:
    """The promises of `newsindex.query.plan`: where Not may stand, and what groups hold."""
    if isinstance(plan, nodes.And):
        positive = [child for child in plan.children if not isinstance(child, nodes.Not)]
        flat = not any(isinstance(child, nodes.And) for child in plan.children)
        return bool(positive) and len(plan.children) > 1 and flat and all(is_sound(c, True) for c in plan.children)
    if isinstance(plan, nodes.Or):
        flat = not any(isinstance(child, nodes.Or) for child in plan.children)
        return len(plan.children) > 1 and flat and all(map(is_sound, plan.children))
    if isinstance(plan, nodes.Not):
        return under_and and is_sound(plan.child)
    if isinstance(plan, nodes.Maybe):
        return is_sound(plan.required) and is_sound(plan.optional)
    if isinstance(plan, nodes.Phrase):
        return len(plan.patterns) > 1
    return is_sound(plan.child) if isinstance(plan, nodes.Unscored) else True


Outcome = tuple[object, QueryError | None]


def outcome(make: Callable[[], object]) -> Outcome:
    try:
        return make(), None
    except QueryError as error:
        return None, error


def check_alike(one: Outcome, other: Outcome) -> None:
    assert one[0] == other[0]
    assert str(one[1]) == str(other[1])
    assert getattr(one[1], "position", None) == getattr(other[1], "position", None)


def check_both_ways(text: str, match: str) -> None:
    """The lexer against its twin, and the tree of a search against the one of Whoosh."""

    def cut(scan: Callable[[str], list[Any]]) -> list[tuple[object, ...]]:
        return [(one.kind, one.start, one.end, one.text, one.parts, one.number) for one in scan(text)]

    check_alike(outcome(lambda: cut(scan)), outcome(lambda: cut(lexer_twin.scan)))
    own, whoosh = (outcome(lambda make=make: plan(make(text, match), query=text)) for make in (read, parse))
    check_alike(own, whoosh)


def check(text: str, match: str) -> None:
    error: QueryError | None = None
    check_both_ways(text, match)
    try:
        lexemes = scan(text)
        assert [0, *(lexeme.end for lexeme in lexemes)] == [*(lexeme.start for lexeme in lexemes), len(text)]
        assert is_sound(planned(text, match))
    except QueryError as caught:
        error = caught
    assert error is None or error.position is None or 0 <= error.position <= len(text)


@pytest.mark.parametrize(
    "piece",
    ["(", ")", "()", '"', '""', "[", "]", "^", "~", "-", "+-", "- ", ",", "a:", "\\", "=", "*", "?", "a-", "SAU ",
     "a NU ", "<", ">1", "_", "1,", "titlu:", "[a ", "data:[2025 TO "],
)  # fmt: skip
def test_long_repetitions(piece: str) -> None:
    for text in (piece * (65_000 // len(piece)), piece * 300 + "x"):
        check(text, "all")
        check(text, "any")


MATCH = st.sampled_from(["all", "any"])
PIECES = st.sampled_from(
    ["x", "guvern", "de", "într-o", "=x", "x*", "m?n", "x~1", '"x y"', "„x de”~2", '="x"', "titlu:", "sursa:", "nimic:",
     "data:", "2025", "2025-02", "[2024 TO 2025]", "{2024 LA}", ">=2025", "ȘI", "SAU", "NU", "AND", "+", "-", "(", ")",
     "^2", "*", "*:*", " ", " ", " ", " ", "\\", ",", "“", "~", '"', "🙂", "\u0327", "\n", "10.000", "S.U.A."]
)  # fmt: skip


@given(st.text(), MATCH)
def test_any_text(text: str, match: str) -> None:
    check(text, match)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=25).map("".join), MATCH)
def test_texts_that_look_like_queries(text: str, match: str) -> None:
    check(text, match)


LEAVES = st.sampled_from(
    ["x", "de", "=y", "z*", "w~1", '"x y"', "titlu:x", "data:2025", "*", "-x", "+y", "NU z", "x^2", "într-o"]
)


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # A plus inside an alternative is the one contradiction that sound parts can make.
    def join(parts: list[str], glue: str, ending: str) -> str:
        return f"({glue.join(part.lstrip('+') if 'SAU' in glue else part for part in parts)}){ending}"

    return st.builds(join, st.lists(inner, min_size=1, max_size=4), st.sampled_from([" ", " ȘI ", " SAU "]),
                     st.sampled_from(["", "^2", "^0.5"]))  # fmt: skip


@settings(max_examples=300)
@given(st.recursive(LEAVES, grouped, max_leaves=30), MATCH)
def test_sound_queries_have_plans(text: str, match: str) -> None:
    assert is_sound(planned(text, match))

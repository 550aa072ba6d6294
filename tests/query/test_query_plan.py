"""The planner on trees made by hand: each kind of node that has a meaning, and each that has none."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from query_support import Folding, classes
from whoosh import query as wq
from whoosh.query import spans

from newsindex.analysis import Stemmer, fold, is_stop_word, tokenize
from newsindex.errors import QueryError
from newsindex.query import dates
from newsindex.query.builders import words
from newsindex.query.language import parse, read
from newsindex.query.nodes import (
    And,
    Dates,
    Derived,
    Everything,
    Filled,
    Form,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    Or,
    Phrase,
    Plan,
    Prefix,
    Stem,
    Unscored,
    Wildcard,
    Word,
    leaves,
)
from newsindex.query.plain import DERIVED, plan_plain
from newsindex.query.plan import plan


def planned(tree: wq.Query) -> Plan:
    made: Plan = classes(plan(tree, extra_fields={"region"}, stemmer=Folding()))
    return made


def term(text: str, field: str | None = "text", boost: float = 1.0) -> wq.Term:
    return wq.Term(field, text, boost=boost)


def word(stem: str, boost: float = 1.0) -> Word:
    return Word("text", Stem(stem), boost)


x, y, z, de = (term(text) for text in ("x", "y", "z", "de"))
X, Y, Z, DE = (word(text) for text in ("x", "y", "z", "de"))
MARCH, APRIL = dates.interval("2025-03"), dates.interval("2025-04")

MEANT: list[tuple[wq.Query, Plan]] = [
    (term("Ştiri", None), word("stiri")),
    (term("=Ştiri"), Word("text", Form("știri"))),
    (term("x", "sursa"), Word("source", Stem("x"))),
    (term("x", "region"), Word("extra.region", Stem("x"))),
    (term("2025-03", "data"), Dates(*MARCH)),
    (term(">2025-03", "date"), Dates(MARCH[1], None)),
    (
        wq.Phrase("text", ["x", "într-o", ",", "=y"], slop=3),
        Phrase("text", (Stem("x"), Stem("intr"), Stem("o"), Form("y")), 2),
    ),
    (wq.Phrase("date", ["2025-03"]), Dates(*MARCH)),
    (wq.Prefix(None, "Inflați"), Word("text", Prefix("inflati"))),
    (wq.Prefix("text", ""), Everything()),
    (wq.Prefix("date", ""), Dates(None, None)),
    (wq.Wildcard(None, "Minis?R*u"), Word("text", Wildcard("minis?r*u"))),
    (wq.Wildcard("body", "inflați*"), Word("body", Prefix("inflati"))),
    (wq.Wildcard("body", "x"), Word("body", Stem("x"))),
    (wq.Wildcard("text", "*"), Everything()),
    (wq.Wildcard("titlu", "**"), Filled("title")),
    (wq.FuzzyTerm(None, "Iohaniș", maxdist=2), Word("text", Fuzzy("iohanis", 2, 1))),
    (wq.TermRange("data", "2025-03", "2025-04"), Dates(MARCH[0], APRIL[1])),
    (wq.TermRange("data", "2025-03", None, startexcl=True), Dates(MARCH[1], None)),
    (wq.TermRange("data", None, "2025-03", endexcl=True), Dates(None, MARCH[0])),
    (
        wq.DateRange("date", dt.datetime(2025, 3, 1), dt.datetime(2025, 4, 1), endexcl=True),
        Dates(*MARCH),
    ),
    (
        wq.DateRange("date", dt.datetime(2025, 3, 1), None, startexcl=True),
        Dates(MARCH[0] + 1, None),
    ),
    (wq.DateRange("date", None, dt.datetime(2025, 3, 1)), Dates(None, MARCH[0] + 1)),
    (wq.Every(), Everything()),
    (wq.Every("title"), Filled("title")),
    (wq.Every("source"), Word("source", Wildcard("*"))),
    (wq.Every("date"), Dates(None, None)),
    (wq.NullQuery, Nothing()),
    # groups
    (wq.And([x, wq.And([y, wq.And([z])])]), And((X, Y, Z))),
    (wq.Or([x, wq.Or([y, z])]), Or((X, Y, Z))),
    (wq.DisjunctionMax([x, y]), Or((X, Y))),
    (wq.And([x, wq.Every()]), X),
    (wq.And([wq.Every(), wq.Every()]), Everything()),
    (wq.And([x, wq.NullQuery]), Nothing()),
    (wq.Or([x, wq.NullQuery]), X),
    (wq.Or([wq.NullQuery, wq.NullQuery]), Nothing()),
    (wq.Or([x, wq.Every()]), Or((X, Everything()))),
    (wq.And([x, term("2024", "date"), term("2025", "date")]), Nothing()),
    (
        wq.And([x, wq.TermRange("date", "2024", "2025-03"), term("2025", "date")]),
        And((X, Dates(dates.interval("2025")[0], MARCH[1]))),
    ),
    # negation
    (wq.Not(x), And((Everything(), Not(X)))),
    (wq.Not(wq.Not(x)), Unscored(X)),
    (wq.Not(wq.Every()), Nothing()),
    (wq.Not(wq.NullQuery), Everything()),
    (wq.And([x, wq.Not(wq.Not(y))]), And((X, Unscored(Y)))),
    (wq.And([wq.Not(x), wq.Not(y)]), And((Everything(), Not(X), Not(Y)))),
    (wq.And([x, wq.And([wq.Not(y), wq.Not(z)])]), And((X, Not(Y), Not(Z)))),
    (wq.Or([x, wq.Not(y)]), Or((X, And((Everything(), Not(Y)))))),
    (wq.AndNot(x, y), And((X, Not(Y)))),
    (wq.AndNot(x, wq.NullQuery), X),
    # scores
    (wq.AndMaybe(x, y), Maybe(X, Y)),
    (wq.AndMaybe(x, wq.Not(y)), Maybe(X, And((Everything(), Not(Y))))),
    (wq.AndMaybe(x, wq.NullQuery), X),
    (wq.Require(x, y), And((X, Unscored(Y)))),
    (wq.ConstantScoreQuery(x), Unscored(X, 1.0)),
    (wq.ConstantScoreQuery(wq.ConstantScoreQuery(x, 5), 2), Unscored(X, 2)),
    (wq.ConstantScoreQuery(wq.Not(x), 2), Unscored(And((Everything(), Not(X))), 2)),
    (
        wq.And([wq.Or([term("x", boost=2.0), y], boost=3.0), z], boost=0.5),
        And((Or((word("x", 3.0), word("y", 1.5))), word("z", 0.5))),
    ),
    (wq.And([wq.ConstantScoreQuery(x, 2.0)], boost=3.0), Unscored(X, 6.0)),
    # stop words
    (de, DE),
    (wq.And([de, x]), X),
    (wq.Or([wq.And([de, term("la")]), x]), X),
    (wq.And([de, wq.Not(x)]), And((DE, Not(X)))),
    (wq.AndNot(de, x), And((DE, Not(X)))),
    (wq.AndNot(x, de), And((X, Not(DE)))),
    (wq.AndMaybe(de, x), Maybe(DE, X)),
    (wq.AndMaybe(x, de), X),
    (wq.Require(x, de), And((X, Unscored(DE)))),
    (wq.And([de, wq.Every()]), DE),
    (wq.And([de, term("x", "sursa")]), Word("source", Stem("x"))),
    (wq.And([term("de", "sursa"), x]), And((Word("source", Stem("de")), X))),
    (wq.And([term("într-o"), x]), X),
    (wq.And([term(","), x]), X),
]


@pytest.mark.parametrize(("tree", "expected"), MEANT, ids=[repr(tree)[:70] for tree, _ in MEANT])
def test_meaning(tree: wq.Query, expected: Plan) -> None:
    assert planned(tree) == expected


class Stranger(wq.Query):  # type: ignore[misc]
    """A query of someone else's."""


UNMEANT: list[tuple[object, str]] = [
    (None, "must be text or a whoosh.query object, not NoneType"),
    (Stranger(), "Stranger queries are not supported"),
    (wq.Regex("text", "a+"), "Regex.*Wildcard"),
    (wq.Variations("text", "a"), "Variations.*Term"),
    (wq.Ordered([x, y]), "Ordered.*Phrase"),
    (wq.Sequence([x, y]), "Sequence.*Phrase"),
    (wq.Otherwise(x, y), "Otherwise"),
    (wq.NumericRange("date", 1, 2), "NumericRange.*between"),
    (wq.NestedParent(x, y), "NestedParent"),
    (spans.SpanFirst(x), "SpanFirst"),
    (spans.SpanNear(x, y), "SpanNear.*Phrase"),
    (wq.And([x, wq.Regex("text", "a")]), "Regex"),
    (wq.Or([x, y], minmatch=2), "minmatch"),
    (term("x", "nimic"), "no field 'nimic'"),
    (term("x", 5), "name must be text"),  # type: ignore[arg-type]
    (term(b"x"), "must be text, not bytes"),  # type: ignore[arg-type]
    (term(None), "must be text"),  # type: ignore[arg-type]
    (term("\ud800"), "surrogate"),
    (term("x" * 70_000), "limit is 65536"),
    (term(","), "no word"),
    (wq.And([]), "no word"),
    (term("x", boost=-1.0), "weight"),
    (term("x", boost=math.nan), "weight"),
    (term("x", boost=math.inf), "weight"),
    (term("x", boost="2"), "weight"),  # type: ignore[arg-type]
    (wq.And([wq.And([x], boost=1e6)], boost=1e6), "weight"),
    (term("x", boost=10**5000), "weight"),
    (wq.ConstantScoreQuery(x, math.nan), "score"),
    (wq.ConstantScoreQuery(x, -1.0), "score"),
    (wq.Phrase("text", "abc"), "words of a phrase"),
    (wq.Phrase("text", ["x", None]), "must be text"),
    (wq.Phrase("text", ["x", "y"], slop=0), "slop"),
    (wq.Phrase("text", ["x", "y"], slop=10**5000), "slop"),
    (wq.Phrase("date", ["cândva"]), "no date"),
    (wq.Prefix("date", "2025"), "no date"),
    (wq.Prefix("text", "x" * 101), "too long"),
    (wq.Prefix("text", "x-"), "right before"),
    (wq.Prefix("text", "-"), "right before"),
    (wq.Wildcard("text", "?"), "without a letter"),
    (wq.Wildcard("text", "-*-"), "without a letter"),
    (wq.Wildcard("text", "-"), "no letter"),
    (wq.Wildcard("text", "x*" * 60), "too long"),
    (wq.FuzzyTerm("text", "x", maxdist=10**5000), "distance"),
    (wq.FuzzyTerm("text", "x", maxdist=3), "distance"),
    (wq.FuzzyTerm("text", "x", maxdist=0), "distance"),
    (wq.FuzzyTerm("text", "x", maxdist=math.nan), "distance"),
    (wq.FuzzyTerm("text", "x", prefixlength=-1), "prefix"),
    (wq.FuzzyTerm("text", "x" * 101), "too long"),
    (wq.FuzzyTerm("date", "2025"), "no date"),
    (wq.TermRange("title", "a", "b"), "no ranges"),
    (wq.TermRange("date", "2026", "2025"), "no time lies"),
    (wq.TermRange("date", 2024, 2025), "must be text"),
    (wq.DateRange("title", dt.datetime(2025, 1, 1), None), "no ranges"),
    (wq.DateRange("date", dt.datetime(2025, 1, 2), dt.datetime(2025, 1, 1)), "no time lies"),
]


@pytest.mark.parametrize(("tree", "message"), UNMEANT, ids=[f"{message}-{i}" for i, (_, message) in enumerate(UNMEANT)])
def test_what_has_no_meaning(tree: wq.Query, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        planned(tree)
    assert caught.value.hint


STEMMER = Stemmer()

WORDS: list[tuple[str, Stem]] = [
    # A query with a diacritic says what it means.
    ("Preşedinţilor", Stem("președinte", "președinților")),
    ("față", Stem("față", "față")),
    ("tari țări", Stem("tare", "tari")),
    # A wholly bare one is read every way, and forms that differ in diacritics only are meant too.
    ("tari", Stem("tare", "tari", ("țară",), True)),
    ("om", Stem("om", "om", (), True)),
    # What the lexicon does not know may be spelled in more ways than one, in any query.
    ("Erdoğan însă", Stem(STEMMER("erdoğan"), "erdoğan", (), True)),
    # Numbers have one spelling.
    ("G20", Stem("g20", "g20")),
    ("10.000", Stem("10000", "10000")),
]


@pytest.mark.parametrize(("text", "expected"), WORDS, ids=[text for text, _ in WORDS])
def test_words_are_those_of_the_analysis(text: str, expected: Stem) -> None:
    made = next(leaf for leaf in leaves(plan(parse(text))) if isinstance(leaf, Word))
    pattern = made.pattern
    assert isinstance(pattern, Stem)
    assert (pattern.stem, pattern.form, pattern.loose) == (expected.stem, expected.form, expected.loose)
    assert set(expected.others) <= set(pattern.others)
    assert not pattern.others or pattern.loose


def test_names_are_folded_and_not_inflected() -> None:
    assert plan(term("Preşedinţilor", "autor")) == Word("author", Stem("presedintilor"))


@pytest.mark.parametrize(
    ("query", "bare"),
    [
        ("tari", True),
        ("tari sursa:știri", False),
        ("tari titlu:țări", False),
        ('tari "față în față"', False),
        ("tari NU țări", False),
        ("tari +țări", False),
        ("tari inflați*", False),
        ("tari Iohaniș~1", False),
        ("tari =țări", False),
        ("tari data:mâine", True),
        ('tari data:"săptămâna trecută"', True),
        ('tari data:["întâi martie 2024" TO 2025]', True),
        ("tari Müller Orbán", True),
        ("tari sursă:alfa", True),
        ("tari ȘI masa", True),
    ],
)
def test_a_query_is_bare_when_none_of_its_texts_but_dates_has_a_diacritic(query: str, bare: bool) -> None:
    made = plan(parse(query))
    assert plan(parse(query), query=query) == made == plan(read(query), query=query)
    first = next(leaf for leaf in leaves(made) if isinstance(leaf, Word))
    assert isinstance(first.pattern, Stem)
    assert first.pattern.form == "tari"
    assert ("țară" in first.pattern.others, first.pattern.loose) == (bare, bare)


def related(made: Plan) -> list[tuple[str, float]]:
    """The roots of the words that stand in for others, and what they count."""
    return [
        (leaf.pattern.root, leaf.boost)
        for leaf in leaves(made)
        if isinstance(leaf, Word) and isinstance(leaf.pattern, Derived)
    ]


def test_derived_words_stand_in_where_any_word_will_do_and_nowhere_else() -> None:
    assert related(plan(parse("declară guvernul", "any"))) == [("declar", DERIVED), ("guvern", DERIVED)]
    assert related(plan(words("declară guvernul", "any"))) == [("declar", DERIVED), ("guvern", DERIVED)]
    assert related(plan(parse("declară^2 guvernul", "any"))) == [("declar", 2 * DERIVED), ("guvern", DERIVED)]
    assert related(plan(parse("declară guvernul"))) == []
    assert related(plan(parse("declară SAU guvernul"))) == []
    assert related(plan(parse('"declară guvernul"', "any"))) == []
    assert related(plan(wq.Or([term("declară"), term("guvernul")]))) == []


def test_lone_words_and_quoted_ones_have_no_derived_words() -> None:
    assert related(plan(parse("declară", "any"))) == []
    assert related(plan(words("declară", "any"))) == []
    assert related(plan(parse('"declară" om', "any"))) == []


def test_short_roots_numbers_names_and_exact_forms_have_no_derived_words() -> None:
    # The root of om is too short to tell its relatives; a number has none; names and =forms are not inflected.
    assert related(plan(parse("om 2025 g20 =declară sursa:declară declar* decl?ră declară~1", "any"))) == []


def test_derived_words_count_towards_the_limit_of_clauses() -> None:
    text = " ".join(f"declar{letter}" for letter in "aăei") + " "
    with pytest.raises(QueryError, match="more than 1024 words"):
        plan(parse(text * 200, "any"))


def test_all_stop_words_are_searched_for_together() -> None:
    text = "și de la care nu"
    assert all(is_stop_word(word) for word in text.split())
    made = classes(plan(parse(text), stemmer=Folding()))
    assert [leaf.pattern for leaf in leaves(made) if isinstance(leaf, Word)] == [
        Stem(fold(word)) for word in text.split()
    ]


def test_equal_words_and_phrases_of_a_group_are_one() -> None:
    made = plan(
        parse('x y^2 "x y"^0.5 x^0.25 titlu:x (z SAU z^3 SAU "x y") "x y"~1 "x y" -x -x', "all"), stemmer=Folding()
    )
    x, y, z = Stem("x"), Stem("y"), Stem("z")
    phrase = Phrase("text", (x, y), 0, 1.0)
    assert classes(made) == And(
        (
            Word("text", x, 1.25),
            Word("text", y, 2.0),
            Phrase("text", (x, y), 0, 1.5),
            Word("title", x),
            Or((Word("text", z, 4.0), phrase)),
            Phrase("text", (x, y), 1, 1.0),
            Not(Word("text", x)),
            Not(Word("text", x)),
        )
    )
    assert classes(plan(parse("x x", "all"), stemmer=Folding())) == Word("text", x, 2.0)
    assert classes(plan(parse("x SAU x", "any"), stemmer=Folding())) == Word("text", x, 2.0)


def test_leaves_are_what_an_article_may_match_by() -> None:
    made = classes(plan(parse('x -y titlu:"z w" (a1 SAU NU b1) data:2025', "all"), stemmer=Folding()))
    found = [leaf.pattern if isinstance(leaf, Word) else leaf.patterns for leaf in leaves(made)]
    assert found == [Stem("x"), (Stem("z"), Stem("w")), Stem("a1")]
    assert list(leaves(Unscored(Maybe(X, Y)))) == [X, Y]


PLAIN = st.sampled_from(["guvern", "Țara", "tara", "si", "de", "la", "10k", "covid19", "a1", "declară", "CO", "i"])
SHAPES = st.sampled_from(["{}", '"{}"', '"{}"~3', '"{}"~99', '"{}"~0'])
JOINTS = st.sampled_from([" ", " OR ", " SAU "])


@given(st.lists(PLAIN, min_size=1, max_size=6), SHAPES, JOINTS, st.sampled_from(["all", "any"]))
def test_plain_queries_are_planned_as_their_trees_are(words, shape, joint, match):
    text = shape.format(joint.join(words))
    made = plan_plain(text, match, Stemmer())
    assert made in (None, plan(parse(text, match), query=text))
    assert made is not None or shape.endswith("~0") or any(len(tokenize(word)) > 1 for word in words)


@pytest.mark.parametrize("text", ["a1 SAU b1 c1", "a1 SAU SAU b1", "SAU a1", "a1 SAU", "a1 SI b1", "a1 SAU NU"])
def test_what_is_not_plain_is_left_to_the_parser(text):
    assert plan_plain(text, "all", Stemmer()) is None

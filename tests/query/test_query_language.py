"""The language: every row of its grammar from string to plan, and every way to get it wrong."""

from __future__ import annotations

import unicodedata

import pytest
from query_support import Folding, classes
from whoosh import query as wq

from newsindex.errors import QueryError
from newsindex.query import dates, fields
from newsindex.query.language import parse
from newsindex.query.nodes import (
    And,
    Dates,
    Everything,
    Filled,
    Form,
    Fuzzy,
    Maybe,
    Not,
    Or,
    Pattern,
    Phrase,
    Plan,
    Prefix,
    Stem,
    Wildcard,
    Word,
)
from newsindex.query.plan import plan

EXTRA = {"region", "Știri", "date"}


# Stemming is the analysis' business: here the class of a word is its folded form.
def planned(text: str, match: str = "all") -> Plan:
    made: Plan = classes(plan(parse(text, match), extra_fields=EXTRA, query=text, stemmer=Folding()))
    return made


def word(stem: str, field: str = "text", boost: float = 1.0) -> Word:
    return Word(field, Stem(stem), boost)


def phrase(*patterns: str | Pattern, slop: int = 0, field: str = "text", boost: float = 1.0) -> Phrase:
    return Phrase(field, tuple(Stem(p) if isinstance(p, str) else p for p in patterns), slop, boost)


X, Y, Z, W = (word(letter) for letter in "xyzw")

GRAMMAR: list[tuple[str, Plan]] = [
    # words
    ("guvern", word("guvern")),
    ("x y", And((X, Y))),
    ("Preşedintele", word("presedintele")),
    ("x, y; z!", And((X, Y, Z))),
    ("x - y – z + 🙂 w", And((X, Y, Z, W))),
    ("x -- y", And((X, Y))),
    ("x\ty\n z\x01w", And((X, Y, Z, W))),
    ("într-o", phrase("intr", "o")),
    ("nord-x", phrase("nord", "x")),
    ("zf.ro", phrase("zf", "ro")),
    ("S.U.A.", word("sua")),
    ("ora 12:30", And((word("ora"), phrase("12", "30")))),
    ("http://x.ro/y", phrase("http", "x", "ro", "y")),
    ("X: y", And((X, Y))),
    ("x::y", phrase("x", "y")),
    # phrases
    ('"x y"', phrase("x", "y")),
    ("„x y”", phrase("x", "y")),
    ('„x y"', phrase("x", "y")),
    ("«x y»", phrase("x", "y")),
    ("“x y”", phrase("x", "y")),
    ('"x y"~3', phrase("x", "y", slop=3)),
    ('"x y"~0', phrase("x", "y")),
    ('"x, y (z)?"', phrase("x", "y", "z")),
    ('"guvernul de la palat"', phrase("guvernul", "de", "la", "palat")),
    ('"x ŞI titlu:y"', phrase("x", "si", "titlu", "y")),
    (r'"x \"y\""', phrase("x", "y")),
    ('"x"', X),
    ('"de"', word("de")),
    ('x"y z"', And((X, phrase("y", "z")))),
    # exact forms
    ("=Faţa", Word("text", Form("fața"))),
    ("=într-o", phrase(Form("într"), Form("o"))),
    ('="trupelor x"', phrase(Form("trupelor"), Form("x"))),
    ('"=președintele x"', phrase(Form("președintele"), "x")),
    ("x=y", phrase("x", "y")),
    (r"\=x", X),
    (r'"\=x y"', phrase("x", "y")),
    # patterns
    ("Inflați*", Word("text", Prefix("inflati"))),
    ("inflaţi**", Word("text", Prefix("inflati"))),
    ("minis?ru", Word("text", Wildcard("minis?ru"))),
    ("*ș**x*", Word("text", Wildcard("*s*x*"))),
    ("nord-core*", phrase("nord", Prefix("core"))),
    ("nord-c?re*-x", phrase("nord", Wildcard("c?re*"), "x")),
    (r"x\*y", phrase("x", "y")),
    ("*", Everything()),
    ("**", Everything()),
    ("*:*", Everything()),
    ("* x", X),
    ("titlu:*", Filled("title")),
    ("body:*", Filled("body")),
    ("autor:*", Word("author", Wildcard("*"))),
    ("Iohanis~", Word("text", Fuzzy("iohanis", 1))),
    ("Iohaniș~1", Word("text", Fuzzy("iohanis", 1))),
    ("Iohanis~2", Word("text", Fuzzy("iohanis", 2))),
    ("nord-corean~", phrase(Fuzzy("nord", 1), Fuzzy("corean", 1))),
    # fields
    ("titlu:x", word("x", "title")),
    ("titlu:ŞI", word("si", "title")),
    ("sursa:Ziarele", word("ziarele", "source")),
    ("etichetă:=Știri", Word("tags", Form("știri"))),
    ("titlu:(x y) z", And((word("x", "title"), word("y", "title"), Z))),
    ("titlu:(x corp:y)", And((word("x", "title"), word("y", "body")))),
    ('titlu:"x y"~2', phrase("x", "y", field="title", slop=2)),
    ('autor:="x y"', phrase(Form("x"), Form("y"), field="author")),
    ("region:x", word("x", "extra.region")),
    ("Regiòn:x", word("x", "extra.region")),
    ("stiri:x", word("x", "extra.Știri")),
    ("extra.date:x", word("x", "extra.date")),
    ("extra.region:x", word("x", "extra.region")),
    # dates
    ("data:2025-08-15", Dates(*dates.interval("2025-08-15"))),
    ("data:2025-08", Dates(*dates.interval("2025-08"))),
    ("date:2025", Dates(*dates.interval("2025"))),
    ("data:2025-08-15T10:30", Dates(*dates.interval("2025-08-15T10:30"))),
    ("data:2025-08-15T10:30:00+03:00", Dates(*dates.interval("2025-08-15T10:30:00"))),
    ('data:"2025-08-15 10:30"', Dates(*dates.interval("2025-08-15 10:30"))),
    ("data:[2025-01 TO 2025-03]", Dates(*dates.span("2025-01", "2025-03"))),
    ("data:[ 2025-01  la  2025-03 ]", Dates(*dates.span("2025-01", "2025-03"))),
    ("data:{2025-01 TO 2025-03}", Dates(*dates.interval("2025-02"))),
    ("data:{2025-01 TO 2025-03]", Dates(*dates.span("2025-02", "2025-03"))),
    ("data:[2025-01 TO 2025-03}", Dates(*dates.span("2025-01", "2025-02"))),
    ("data:[2025-01 TO]", Dates(dates.interval("2025-01")[0], None)),
    ("data:[* LA 2025-01]", Dates(None, dates.interval("2025-01")[1])),
    ("data:[TO]", Dates(None, None)),
    ("data:*", Dates(None, None)),
    ("data:>=2025-08", Dates(dates.interval("2025-08")[0], None)),
    ("data:>2025-08", Dates(dates.interval("2025-08")[1], None)),
    ("data:<=2025-08", Dates(None, dates.interval("2025-08")[1])),
    ("data:<2025-08", Dates(None, dates.interval("2025-08")[0])),
    ('data:>="2025-08"', Dates(dates.interval("2025-08")[0], None)),
    ("data:>=2025 data:<2026", Dates(*dates.interval("2025"))),
    ("data:(2024 SAU >=2026)", Or((Dates(*dates.interval("2024")), Dates(dates.interval("2026")[0], None)))),
    ("+data:2025 x", And((X, Dates(*dates.interval("2025"))))),
    # operators
    ("x ȘI y", And((X, Y))),
    ("x SAU y", Or((X, Y))),
    ("x SAU y ȘI z", Or((X, And((Y, Z))))),
    ("x SAU y z", And((Or((X, Y)), Z))),
    ("x ȘI NU y SAU z", Or((And((X, Not(Y))), Z))),
    ("x SAU NU y", Or((X, And((Everything(), Not(Y)))))),
    ("x NU y", And((X, Not(Y)))),
    ("NU x", And((Everything(), Not(X)))),
    ("NU x NU y", And((Everything(), Not(X), Not(Y)))),
    ("x -y", And((X, Not(Y)))),
    ("x -titlu:(y z)", And((X, Not(And((word("y", "title"), word("z", "title"))))))),
    ('x -"y z"', And((X, Not(phrase("y", "z"))))),
    ("(x y)-z", And((X, Y, Not(Z)))),
    ("+x +y", And((X, Y))),
    ("x ȘI +y", And((X, Y))),
    ("x ȘI -y", And((X, Not(Y)))),
    ("NU(x SAU y)", And((Everything(), Not(Or((X, Y)))))),
    ("x și y", And((X, Y))),
    ('x "ȘI" y', And((X, word("si"), Y))),
    ("=NU x", And((Word("text", Form("nu")), X))),
    ("((x)) ((y) z)", And((X, Y, Z))),
    # weights
    ("x^2 y", And((word("x", boost=2.0), Y))),
    ("x^0.5", word("x", boost=0.5)),
    ('"x y"~1^3', phrase("x", "y", slop=1, boost=3.0)),
    ("(x SAU titlu:y^2)^3", Or((word("x", boost=3.0), word("y", "title", boost=6.0)))),
    ("titlu:(x y)^2", And((word("x", "title", 2.0), word("y", "title", 2.0)))),
    ("x~1^2", Word("text", Fuzzy("x", 1), 2.0)),
    ("x*^2", Word("text", Prefix("x"), 2.0)),
    ("(x y)^2 ȘI z", And((word("x", boost=2.0), word("y", boost=2.0), Z))),
    # stop words
    ("guvernul de la", word("guvernul")),
    ("s-a x", X),
    ("de la", And((word("de"), word("la")))),
    ("de -x", And((word("de"), Not(X)))),
    ("x -de", And((X, Not(word("de"))))),
    ("+de x", And((word("de"), X))),
    ("x =de", And((X, Word("text", Form("de"))))),
    ("titlu:de x", X),
    ("sursa:De x", And((word("de", "source"), X))),
    ("x (de SAU la)", X),
]


@pytest.mark.parametrize(("text", "expected"), GRAMMAR, ids=[text for text, _ in GRAMMAR])
def test_grammar(text: str, expected: Plan) -> None:
    assert planned(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x y", Or((X, Y))),
        ("+x y z", Maybe(X, Or((Y, Z)))),
        ("+x +y z", Maybe(And((X, Y)), Z)),
        ("+x +y", And((X, Y))),
        ("x y -z", And((Or((X, Y)), Not(Z)))),
        ("x NU z", And((X, Not(Z)))),
        ("+x y -z", And((Maybe(X, Y), Not(Z)))),
        ("-x -y", And((Everything(), Not(X), Not(Y)))),
        ("x y ȘI z", Or((X, And((Y, Z))))),
        ("+x ȘI y z", Maybe(And((X, Y)), Z)),
        ("(+x y)^2 z", Or((Maybe(word("x", boost=2.0), word("y", boost=2.0)), Z))),
        ("de x la y", Or((X, Y))),
        ("+(de la) x", Maybe(Or((word("de"), word("la"))), X)),
        ("de la", Or((word("de"), word("la")))),
        ("x ȘI y", And((X, Y))),
    ],
)
def test_any_word_may_match(text: str, expected: Plan) -> None:
    assert planned(text, "any") == expected


@pytest.mark.parametrize("operator", ["ȘI", "ŞI", "SI", "AND", "S\u0326I", "S\u0327I"])
def test_spellings_of_and(operator: str) -> None:
    assert planned(f"x {operator} y", "any") == And((X, Y))


@pytest.mark.parametrize("operator", ["SAU", "OR"])
def test_spellings_of_or(operator: str) -> None:
    assert planned(f"x {operator} y") == Or((X, Y))


@pytest.mark.parametrize("operator", ["NU ", "NOT ", "-"])
def test_spellings_of_not(operator: str) -> None:
    assert planned(f"x {operator}y") == And((X, Not(Y)))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("text", "text"),
        ("title", "titlu title TITLU Titlu"),
        ("body", "corp body"),
        ("source", "sursa sursă source Sursă"),
        ("author", "autor author"),
        ("section", "secțiune secţiune sectiune section SECȚIUNE"),
        ("tags", "etichetă eticheta tag tags ETICHETĂ"),
    ],
)
def test_names_of_fields(field: str, names: str) -> None:
    for name in names.split():
        for form in ("NFC", "NFD"):
            assert planned(f"{unicodedata.normalize(form, name)}:zid") == word("zid", field)


# The text, what the message says, and the position of the fault.
ERRORS = [
    ("", "empty", 0),
    (" \n", "empty", 0),
    (",.;! 🙂 -", "empty", 0),
    ("x\0", "NUL", 1),
    ("xy\ud800", "lone surrogate", 2),
    ("x " * 40_000, "limit is 65536", None),
    ("x ȘI", "nothing to work on", 2),
    ("SAU x", "nothing to work on", 0),
    ("NU", "nothing to work on", 0),
    ("x (NU)", "nothing to work on", 3),
    ("x ȘI SAU y", "nothing to work on", 5),
    ("x ȘI ,", "nothing to work on", 2),
    ("NU NU x", "nothing to work on", 0),
    ("NU -x", "nothing to work on", 0),
    ("x -,y", "nothing to work on", 2),
    ("x --y", "more than one sign", 2),
    ("+x SAU y", "optional", 0),
    ("titlu:-x", "behind a field", 6),
    ("()", "nothing between", 0),
    ("x ( , )", "nothing between", 2),
    ("(x", "never closed", 0),
    ("x (y (z)", "never closed", 2),
    ("x) y", "closes nothing", 1),
    ("x ]", "closes nothing", 2),
    ("x »", "closes nothing", 2),
    ('x "y', "never closed", 2),
    ("x „y", "never closed", 2),
    ("«x”", "never closed", 0),
    ('x ""', "no word between", 2),
    ('"..."', "no word between", 0),
    ("[x", "never closed", 0),
    ("[VIDEO] x", "no range", 0),
    ("titlu:", "nothing follows", 0),
    ("x titlu: y", "nothing follows", 2),
    ("(titlu:)", "nothing follows", 1),
    ("titlu:, x", "nothing to work on", 0),
    ("titlu:corp:x", "inside another field", 6),
    ("x regiune:y", "no field 'regiune'", 2),
    ("(region:x SAU nimic:(y z))", "no field 'nimic'", 14),
    ("x~3", "letters that may differ", 1),
    ("x~0", "letters that may differ", 1),
    ("x~a", "letters that may differ", 1),
    ("x~" + "1" * 5000, "letters that may differ", 1),
    ("x ~2", "behind no word", 2),
    ("x*~1", "fuzzy too", 2),
    ('"x y"~', "words that may stand between", 5),
    ('"x y"~101', "words that may stand between", 5),
    ('"x y"~-1', "words that may stand between", 5),
    ("x^", "no weight", 1),
    ("x^1001", "no weight", 1),
    ("x^-1", "no weight", 1),
    ("x^1e9", "no weight", 1),
    ("x^" + "9" * 5000, "no weight", 1),
    ("x ^2", "stands behind nothing", 2),
    ("^2", "stands behind nothing", 0),
    ("x^2^3", "stands behind nothing", 3),
    ("=", "before no word", 0),
    ("= x", "before no word", 0),
    ("=(x y)", "before a group", 0),
    ("=x*", "one exact form", 0),
    ("=x~", "one exact form", 0),
    ("x ?", "needs a letter", 2),
    ("x *?*", "needs a letter", 2),
    ("x nord-*", "right before", 2),
    ("x *-nord", "without a letter", 2),
    ("x*" + "y" * 100, "too long", 0),
    ("y" * 101 + "~", "too long", 0),
    ("x titlu:[2024 TO 2025]", "dates only", 8),
    ("[2024 TO 2025]", "dates only", 0),
    (">5", "dates only", 0),
    ("titlu:>=x", "dates only", 6),
    ("x data:cândva", "no date", 2),
    ("x data:2025-02-30", "calendar", 2),
    ("x data:[2025-03 TO 2025-01]", "no time lies", 7),
    ("data:{2025 TO 2025}", "no time lies", 5),
    ("data:[cândva TO azi]", "no date", 5),
    ("data:[2025 2026]", "no range", 5),
    ("data:[2024 TO 2025 TO 2026]", "no range", 5),
    ("data:>=", "no date follows", 5),
    ("data:>=cândva", "no date", 0),
    ("data:2025*", "no date", 0),
    ("data:2025~", "no date", 0),
    ("data:=2025", "no date", 0),
    ("((x^1000)^1000)^1000^1000", "stands behind nothing", 20),
    ("(((x^1000)^1000)^1000)^1000", "weight", 3),
]


@pytest.mark.parametrize(("text", "message", "position"), ERRORS, ids=[ascii(text)[:40] for text, _, _ in ERRORS])
def test_errors_say_what_where_and_how_to_go_on(text: str, message: str, position: int | None) -> None:
    with pytest.raises(QueryError) as caught:
        planned(text)
    error = caught.value
    assert message in str(error)
    assert (error.position, error.query) == (position, text)
    assert error.hint
    assert len(str(error)) < 500


def test_what_is_no_text_is_no_query() -> None:
    with pytest.raises(QueryError, match="must be text, not bytes"):
        parse(b"x")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="match is 'some'"):
        parse("x", match="some")


def test_an_unknown_field_brings_the_known_ones() -> None:
    with pytest.raises(QueryError, match=r"did you mean 'titlu'\?.*title.*region"):
        planned("titul:x")


def test_keys_that_differ_in_case_only_are_told_apart() -> None:
    assert fields.resolve("Region", {"Region", "REGION"}) == "extra.Region"
    with pytest.raises(QueryError, match="REGION, Region"):
        fields.resolve("region", {"Region", "REGION"})


def test_the_tree_holds_raw_words_and_their_positions() -> None:
    tree = parse("Guvernul titlu:„de la”")
    assert isinstance(tree, wq.And)
    assert [(leaf.fieldname, leaf.startchar) for leaf in tree] == [("text", 0), ("title", 9)]
    assert tree[0].text == "Guvernul"
    assert tree[1].words == ["de", "la"]

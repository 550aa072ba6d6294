"""Builders: literal texts, and trees that Whoosh's & and | leave as they are meant."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from query_support import Folding, classes
from whoosh import query as wq

from newsindex import query as api
from newsindex.errors import QueryError
from newsindex.query import dates
from newsindex.query.builders import between, field, phrase, words
from newsindex.query.language import parse
from newsindex.query.nodes import And, Dates, Form, Not, Or, Phrase, Plan, Stem, Word
from newsindex.query.plan import plan

X, Y, Z = (Word("text", Stem(letter)) for letter in "xyz")


def planned(tree: wq.Query) -> Plan:
    made: Plan = classes(plan(tree, extra_fields={"region", "an"}, stemmer=Folding()))
    return made


def test_importing_the_package_leaves_whoosh_alone() -> None:
    code = "import sys, newsindex.query; assert 'whoosh' not in sys.modules; newsindex.query.words('x')"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_searching_with_strings_leaves_whoosh_alone(tmp_path) -> None:
    code = """if True:
        import sys, newsindex
        index = newsindex.create(sys.argv[1])
        index.add([newsindex.Article(id="1", title="Ploi în Banat", body="Râurile au crescut.")])
        assert index.search("raurile crescut", limit=5)[0].snippet() == "**Râurile** au **crescut**."
        assert index.search('titlu:ploi~1 -zăpadă +("au crescut"~2 SAU mar*)', match="any").total == 1
        assert not {"whoosh", "rich", "dateparser"} & set(sys.modules)
        assert index.search(newsindex.words("ploi")).total == 1 and "whoosh" in sys.modules
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, tmp_path / "ix"], check=True, timeout=60)


def test_the_package_exports_the_builders() -> None:
    assert sorted(api.__all__) == api.__all__
    assert [getattr(api, name) for name in api.__all__] == [between, field, parse, phrase, words]
    with pytest.raises(AttributeError):
        _ = api.nothing  # type: ignore[attr-defined]


def test_texts_are_literal() -> None:
    assert planned(words("x ȘI -y", field="titlu")) == planned(words("x și y", field="title"))
    assert planned(words('=x "y* (z')) == And((X, Y, Z))
    assert planned(words("x* y~2 z^3", match="any")) == Or(
        (X, Phrase("text", (Stem("y"), Stem("2"))), Phrase("text", (Stem("z"), Stem("3"))))
    )
    assert planned(phrase("=x titlu:y")) == Phrase("text", (Stem("x"), Stem("titlu"), Stem("y")))


def test_phrase() -> None:
    assert planned(phrase("x, de y", slop=2, field="corp")) == Phrase("body", (Stem("x"), Stem("de"), Stem("y")), 2)
    assert planned(phrase("de")) == Word("text", Stem("de"))


def test_words() -> None:
    assert planned(words("x y")) == And((X, Y))
    assert planned(words("x y", match="any")) == Or((X, Y))
    assert planned(words("x", match="any")) == X
    assert planned(words("de la x")) == X


def test_field() -> None:
    assert planned(field("sursa", "X Y")) == Phrase("source", (Stem("x"), Stem("y")))
    assert planned(field("etichetă", ["x", "y"])) == Or((Word("tags", Stem("x")), Word("tags", Stem("y"))))
    assert planned(field("tag", ("x",))) == Word("tags", Stem("x"))
    assert planned(field("region", "x")) == Word("extra.region", Stem("x"))
    assert planned(field("an", 2025)) == Word("extra.an", Stem("2025"))
    assert planned(field("data", "2025-08")) == Dates(*dates.interval("2025-08"))
    assert planned(field("data", ">=2025-08")) == Dates(dates.interval("2025-08")[0], None)
    assert planned(field("date", dt.date(2025, 8, 15))) == Dates(*dates.interval("2025-08-15"))


def test_between() -> None:
    expected = dates.bounds("2025-07", "2025-08")
    assert planned(between("2025-07", "2025-08")) == expected
    assert planned(between(dt.date(2025, 7, 1), dt.date(2025, 8, 31))) == expected
    assert planned(between(since="2025-07")) == Dates(expected.since, None)
    assert planned(between(until="2025-08")) == Dates(None, expected.until)
    assert planned(between()) == Dates(None, None)
    moment = dt.datetime(2025, 10, 26, 3, 30, fold=1)
    assert planned(between(moment, moment)) == dates.bounds(moment, moment)


@pytest.mark.parametrize(
    "build",
    [
        lambda: words(""),
        lambda: words("., !"),
        lambda: words("x", match="every"),
        lambda: words("x\ud800"),
        lambda: words("x" * 70_000),
        lambda: words(None),
        lambda: phrase("x", slop=-1),
        lambda: phrase("x", slop=10**5000),
        lambda: phrase("x", slop=101),
        lambda: phrase("x", slop=1.5),
        lambda: phrase("x", field=1),
        lambda: field("titlu", ""),
        lambda: field("titlu", None),
        lambda: field("titlu", True),
        lambda: field("titlu", 10**5000),
        lambda: field("titlu", []),
        lambda: field("data", "cândva"),
        lambda: field("data", None),
        lambda: between("cândva"),
        lambda: between("2025-02", "2025-01"),
        lambda: between(2025),
    ],
)
def test_errors_come_at_once(build: object) -> None:
    with pytest.raises(QueryError) as caught:
        build()  # type: ignore[operator]
    assert caught.value.hint


def test_trees_survive_being_combined() -> None:
    # Each of these comes out wrong when it is built of the node that Whoosh has for it.
    assert planned(between("2024", "2027") & between("2025", "2026")) == dates.bounds("2025", "2026")
    assert planned(between("2024", "2024") & between("2026", "2026") & words("x")) == planned(wq.NullQuery)
    assert planned(between() & between("2025")) == dates.bounds("2025", None)
    assert planned(parse("data:[2024 TO 2027]") & parse("data:[2025 TO 2026]")) == dates.bounds("2025", "2026")
    assert planned(parse("*") & words("x")) == X
    assert planned(parse("titlu:*") & words("x", field="titlu")) != Word("title", Stem("x"))
    assert planned(parse('"x"^3') & words("y")) == And((Word("text", Stem("x"), 3.0), Y))
    assert planned(phrase("de") & words("x")) == And((Word("text", Stem("de")), X))
    assert planned((words("x") & parse("=y") & between()) | words("z")) == Or(
        (And((X, Word("text", Form("y")), Dates(None, None))), Z)
    )
    assert planned(words("x") - words("y z")) == And((X, Not(And((Y, Z)))))
    assert planned((words("x y") | words("z")) & parse("x y -z", "any")) == And(
        (Or((And((X, Y)), Z)), Or((X, Y)), Not(Z))
    )

"""Hostile queries: whatever is asked of an index, it answers or says QueryError, and soon.

What a query string may look like on its way to a plan is tested in tests/query. Here every question goes through a
whole index, as readers ask it: hits with their snippets, counts, facets and a timeline. Work is counted, not timed,
but in the long run, which also measures on an archive of many words.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import reliability_support as support
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from whoosh import query as wq

import newsindex as ni
from newsindex.query.lexer import MAX_BYTES, MAX_CLAUSES
from newsindex.searcher import widening

LONG_SEED = int(os.environ.get("NEWSINDEX_SEED", "5"))
SECONDS, MEGABYTES = 1.0, 200  # what one query may take, by the issue; SLACK for a machine under load
SLACK = 3.0


@pytest.fixture(scope="module")
def ix(tmp_path_factory: pytest.TempPathFactory) -> ni.Index:
    """An index of two segments, in one of which articles have died."""
    made = ni.create(tmp_path_factory.mktemp("queries") / "index")
    made.add(support.articles(range(80)))
    made.add(support.articles(range(60, 110), version=1))
    return made


def ask(ix: ni.Index, query: Any, **options: Any) -> bool:
    """Ask all that can be asked by one query; whether it was answered. Any error but QueryError is one of the test."""
    refused = ""
    try:
        res = ix.search(query, **options)
    except ni.QueryError as error:
        refused = str(error)
    if refused:
        assert len(refused) < 1_000, "an error is not as long as what it is about"
        return False
    assert 0 <= len(res) <= res.total <= len(ix)
    for hit in res:
        hit.snippet(chars=60)
    if not options:
        assert ix.count(query) == res.total
        assert sum(ix.facets(query, "source", limit=10).values()) <= res.total
        assert sum(ix.timeline(query, by="year").values()) <= res.total
    return True


# Strings.

WORDS = st.one_of(
    st.sampled_from(["guvernul", "bugetul", "a", "de", "școlile", "=legea", "spit*", "*ul", "șc?li*", "*", "?*?*?*",
                     "*a*", "bugetull~1", "autostrada~2", "a~2", "*a*-*e*", "a-b*-c", "într-o", '"a anunțat"~3',
                     '="a respins"', "„podul”", "2024", "10.000", "🙂", "\u202eguvern", "\u0301", "x" * 90 + "*"]),
    st.text(st.characters(), min_size=1, max_size=6),
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        "titlu:",
        "title:",
        "body:",
        "sursa:",
        "source:",
        "autor:",
        "eticheta:",
        "tag:",
        "ediția:",
        "nimic:",
        "data:",
        "date:",
    ]
)
DATES = st.sampled_from(
    ["data:2024", "data:2024-02", "date:[2024-01-01 TO 2024-02-31]", "data:[* TO martie 2024]", "data:>=2024-03-01",
     "data:ieri", 'data:"15 august 2024"', "data:0001", "data:9999-12-31", "data:[2025 TO 2024]", "data:" + "9" * 50]
)  # fmt: skip
OPERATORS = st.sampled_from(
    [" ", " ȘI ", " SAU ", " NU ", " AND ", " OR ", " NOT ", " +", " -", " AND NU ", " SAU SAU ", ", "]
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map("".join),
        inner.map("({})".format),
        inner.map("NU {}".format),
        inner.map("({})^2".format),
        st.tuples(FIELDS, inner).map("({0[0]}({0[1]}))".format),
        inner.map('"{}"~2'.format),
    )


SOUND = st.recursive(st.one_of(WORDS, DATES, st.tuples(FIELDS, WORDS).map("".join)), compound, max_leaves=12)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates and controls too


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A query with a piece taken out, doubled, or something put in its place."""
    text = draw(SOUND)
    start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    piece = draw(st.one_of(st.just(""), st.just(text[start:end] * 2), st.sampled_from('()"[]~^*?:=+-\\\0\ud800')))
    return text[:start] + piece + text[end:]


def test_strings_of_any_kind(ix: ni.Index, long: bool) -> None:
    counts = [0, 0]

    @seed(LONG_SEED)
    @settings(max_examples=20_000 if long else 120, database=None)
    @given(st.one_of(SOUND, broken(), ANYTHING), st.sampled_from(["all", "any"]))
    def check(text: str, match: str) -> None:
        counts[ask(ix, text)] += 1
        ask(ix, text, match=match, sort="newest")

    check()
    assert min(counts) > 0, "answered and refused ones"
    print(f"{sum(counts)} strings (seed {LONG_SEED}): {counts[1]} answered, {counts[0]} refused, 0 other errors")


MANY = 100_000
BIG = {
    "a megabyte": "x" * (1 << 20),
    "a megabyte of words": "guvernul " * (1 << 17),
    "open": "(" * MANY,
    "deep": "(" * MANY + "x" + ")" * MANY,
    "clauses": "x " * MANY,
    "alternatives": "x SAU " * MANY + "x",
    "combining": "e" + "\u0301" * 30_000,
    "combining alone": "\u0327" * 30_000,
    "right to left": "\u202e\u200f" * 8_000 + "guvernul",
    "jamo": "\u1112\u1161\u11ab" * 7_000,
    "ligatures": "ﷺ" * 20_000,
    "stars": "*" * 60_000,
    "questions": "?" * 60_000,
    "one of both": "?*" * 49,
    "a long pattern": "*a" * 50,
    "a pattern too long": "*a" * 51,
    "fuzzy": "x" * 99 + "~2",
    "too long for fuzzy": "x" * 101 + "~2",
    "surrogate": "guvernul \ud800",
    "nul": "guvernul \0",
    "quotes": '"' * 60_000,
    "fields": "titlu:" * 10_000 + "x",
    "dates": "data:[2024 TO 2025] SAU " * 1_000 + "x",
    "boosts": "x^" + "9" * 5_000,
    "slop": '"a b"~' + "9" * 5_000,
    "negations": "NU " * 8_000 + "x",
    "far": "guvernul~3",
    "wide": '"a b"~101',
}
WHY = {
    **dict.fromkeys(("a megabyte", "open", "deep", "clauses", "alternatives"), "the limit is 65536"),
    **dict.fromkeys(("stars", "a pattern too long", "too long for fuzzy"), "keep it to 100"),
    **dict.fromkeys(("slop", "wide"), "a number from 0 to 100"),
    "dates": "more than 1024 words",
    "boosts": "a number from 0 to 1000",
    "far": "write ~1 or ~2",
}


@pytest.mark.parametrize("name", BIG)
def test_big_strings(ix: ni.Index, name: str) -> None:
    for match in ("all", "any"):
        answered = ask(ix, BIG[name], match=match)
        assert not answered or len(BIG[name].encode()) <= MAX_BYTES
    if name in WHY:
        with pytest.raises(ni.QueryError, match=WHY[name]):
            ix.search(BIG[name])


def test_as_many_clauses_as_there_may_be(ix: ni.Index) -> None:
    assert ix.search("+a " * MAX_CLAUSES).total > 0
    for clause in ("a*", "bugetull~1", "=bugetul", '"a anunțat"', "titlu:pod", "data:2024"):
        clauses = MAX_CLAUSES // 2 - 1
        assert ix.search(" SAU ".join([clause] * clauses)).total == ix.count(clause)
        assert ix.search("a " + f" -({clause})" * clauses).total == ix.count(f"a -({clause})")
    assert not ask(ix, " ".join(["*a*"] * (MAX_CLAUSES + 1)))


# Trees.


def test_as_many_nodes_as_there_may_be(ix: ni.Index) -> None:
    half = [wq.Every()] * 8_190
    assert ask(ix, wq.And([wq.And(half), wq.And(half)]))
    assert not ask(ix, wq.And([wq.And(half), wq.And(half), *half[:4]]))


def chain(depth: int, wrap: Callable[[wq.Query], wq.Query]) -> wq.Query:
    tree: wq.Query = wq.Term("text", "guvernul")
    for _ in range(depth):
        tree = wrap(tree)
    return tree


def holding(node: wq.Query, **attributes: Any) -> wq.Query:
    for name, value in attributes.items():
        setattr(node, name, value)
    return node


def lacking(node: wq.Query, name: str) -> wq.Query:
    delattr(node, name)
    return node


def around_itself(node: wq.Query, name: str) -> wq.Query:
    return holding(node, **{name: [node] if name == "subqueries" else node})


def term(text: Any = "guvernul", **attributes: Any) -> wq.Query:
    return holding(wq.Term("text", "x"), text=text, **attributes)


def trees() -> Iterator[Any]:
    yield chain(MANY, lambda tree: wq.And([tree]))
    yield chain(MANY, lambda tree: wq.Or([tree, wq.Every()]))
    yield chain(MANY, wq.Not)
    yield chain(60, lambda tree: wq.And([tree, tree]))
    yield wq.Or([wq.Term("text", f"x{number}") for number in range(MANY)])
    yield from (around_itself(kind([wq.Every()]), "subqueries") for kind in (wq.And, wq.Or, wq.DisjunctionMax))
    yield around_itself(wq.Not(wq.Every()), "query")
    yield around_itself(wq.ConstantScoreQuery(wq.Every()), "child")
    yield from (around_itself(kind(wq.Every(), wq.Every()), "a") for kind in (wq.AndMaybe, wq.AndNot, wq.Require))
    yield from (None, 5, b"x", [], object(), wq.Term, wq.NullQuery, wq.Query())
    for value in (None, 5, b"x", ["x"], "", "\ud800", "a\0", "x" * (1 << 20), object()):
        yield from (
            term(value),
            holding(wq.Prefix("text", "x"), text=value),
            holding(wq.Wildcard("text", "x*"), text=value),
        )
        yield from (
            holding(wq.FuzzyTerm("text", "x"), text=value),
            holding(wq.Phrase("text", ["x"]), words=[value, "x"]),
        )
        yield from (term(fieldname=value), holding(wq.Every(), fieldname=value))
        yield from (holding(wq.TermRange("date", "2024", "2025"), start=value), wq.Not(term(value)))
        yield holding(wq.DateRange("date", dt.datetime(2024, 1, 1), None), startdate=value)
        yield holding(wq.And([wq.Every()]), subqueries=value)
        yield holding(wq.And([wq.Every()]), subqueries=[value])
        yield holding(wq.Not(wq.Every()), query=value)
    for number in (-1, "2", None, 10**400, float("nan"), float("inf"), True, object()):
        yield from (term(boost=number), holding(wq.Phrase("text", ["a", "b"]), slop=number))
        yield holding(wq.FuzzyTerm("text", "guvernul"), maxdist=number)
        yield holding(wq.FuzzyTerm("text", "guvernul"), prefixlength=number)
        yield holding(wq.ConstantScoreQuery(wq.Every()), score=number)
        yield wq.And([wq.Every(), term(startchar=number, text=5)])
    for endless in (itertools.repeat("x"), itertools.repeat(wq.Every()), range(10**12)):
        yield holding(wq.And([wq.Every()]), subqueries=endless)
        yield holding(wq.Phrase("text", ["x"]), words=endless)
    yield wq.And([holding(wq.Phrase("text", ["x"]), words=["x"] * MANY)] * 1_000)
    yield from (lacking(term(), name) for name in ("text", "fieldname", "boost"))
    yield from (lacking(wq.And([wq.Every()]), "subqueries"), lacking(wq.Not(wq.Every()), "query"))
    yield from (wq.Regex("text", "(a+)+b"), wq.Variations("text", "x"), wq.NumericRange("date", 1, 2))


def test_trees_of_any_kind(ix: ni.Index) -> None:
    outcomes = [ask(ix, tree) for tree in trees()]
    assert True in outcomes
    assert outcomes.count(False) > 100


# Options.

HUGE = 10**30
OPTIONS: tuple[dict[str, Any], ...] = (
    *({name: value} for name in ("limit", "offset") for value in (-1, HUGE, -HUGE, 1.5, "10", True, [], object())),
    *({"limit": HUGE, "offset": HUGE, "sort": sort} for sort in ("relevance", "newest", "oldest")),
    *(
        {name: value}
        for name in ("since", "until", "near", "recency")
        for value in (0, HUGE, 1.5, b"x", [], object(), "", "\ud800", "a\0", "x" * (1 << 20), "9" * 5_000, "0001")
    ),
    *({name: value} for name in ("sort", "match") for value in (None, 5, [], {}, "", "\ud800", b"all")),
    *({"filters": {name: "a"}} for name in (1, None, "\ud800", "", "x" * MANY)),
    *({"filters": value} for value in ([], "source", 5)),
    *(
        {"filters": {"source": value}}
        for value in (None, 5, b"x", [], [5], [["a"]], {"a": 1}, "", "\ud800", "a\0", "x" * (1 << 20), ["x"] * MANY)
    ),
    {"since": "2025", "until": "2024"},
    {"since": "0001-01-01", "until": "9999-12-31"},
    {"recency": "99999y", "near": "0001-01-01"},
)  # fmt: skip


def test_options_of_any_kind(ix: ni.Index) -> None:
    outcomes = [ask(ix, "guvernul", **options) for options in OPTIONS]
    assert min(outcomes.count(True), outcomes.count(False)) > 10


def test_filters_without_an_end(ix: ni.Index) -> None:
    numbers = itertools.count()
    for endless in (numbers, itertools.repeat("Agerpres")):
        with pytest.raises(ni.QueryError, match=f"more than {MAX_CLAUSES} values"):
            ix.search("guvernul", filters={"source": endless})
    assert next(numbers) == MAX_CLAUSES + 1, "none is taken in vain"
    values = ["Agerpres"] * MAX_CLAUSES
    assert ix.count("guvernul", filters={"source": values}) == ix.count("guvernul", filters={"source": "Agerpres"}) > 0


def test_arguments_of_other_questions(ix: ni.Index) -> None:
    for value in (None, 5, b"x", [], "", "\ud800", "a\0", "x" * (1 << 20), object()):
        assert ix.get(value) is None  # type: ignore[arg-type]
        assert value not in ix
        for ask_it in (
            lambda value=value: ix.explain("guvernul", value),
            lambda value=value: ix.facets("guvernul", value),
            lambda value=value: ix.timeline("guvernul", by=value),
        ):
            with pytest.raises(ni.QueryError):
                ask_it()
    assert ix.facets("guvernul", "source", limit=HUGE) == ix.facets("guvernul", "source")


# The limit on what patterns cost.


@pytest.mark.parametrize(
    "query",
    ["*a*", "c* *a*", "NU *a*", "guvernul NU *a*", "*a*-guvernul", "titlu:*a*", "ediția:* SAU *a*",
     "a* SAU (x ȘI *a*)", "a~2",
     " ".join(["*z*"] * 20), " ".join(["guvernul~2"] * 20)],
)  # fmt: skip
def test_patterns_that_cost_too_much(ix: ni.Index, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    assert ask(ix, query)  # and what it means is kept now
    monkeypatch.setattr(widening, "MAX_EFFORT", 300)
    fresh = ni.open(ix.path)
    for one in (fresh, fresh, ix):
        for question in (one.search, one.count, one.timeline, lambda query, one=one: one.facets(query, "source")):
            one.snapshot().searches.clear()
            with pytest.raises(ni.QueryError, match="limit of 300 looks at a word; write more letters"):
                question(query)
    assert fresh.count("guvernul bugetul", match="any") > 0, "what has no pattern costs none of it"


def test_the_limit_is_what_the_patterns_cost_together(ix: ni.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(query: str) -> int:
        """The least limit under which a query is answered."""
        low, high = 0, 1 << 20
        while low < high:
            middle = (low + high) // 2
            monkeypatch.setattr(widening, "MAX_EFFORT", middle)
            one.snapshot().searches.clear()
            low, high = (low, middle) if ask(one, query) else (middle + 1, high)
        return low

    one = ni.open(ix.path)
    forms = sum(segment.segment.fields["text"].end_form for segment in one.snapshot().segments)
    once = cost("*a*")
    assert once > forms // 3, "it looks at every word of the text"
    both = once + cost("*e*")
    assert abs(cost("*a* *e*") - both) <= 2
    assert abs(cost("*a* *e* pod*") - both - cost("pod*")) <= 3
    assert cost("*a* *a*") == once, "it is looked for once"
    assert cost("pod*") < once // 4, "it looks only at words that begin so"


def test_words_that_cost_too_much_together(ix: ni.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "MAX_EFFORT", 300)
    for query in (
        "+(guvernul SAU x) " * 200,
        "(guvernul x) SAU " * 200 + "x",
        '"' + "guvernul " * 200 + '"~50',
        "NU guvernul " * 200,
        "+(=guvernul SAU x) " * 20,
        "(body:guvernul x) SAU " * 20 + "x",
        '"în ședința" SAU "a anunțat" SAU NU "în ședința"',
        '"cu numărul în ședința articolul"',
        'guvernul NU ("în ședința"~9 "a anunțat"~9 titlu:"guvernul și"~9)',
    ):
        with pytest.raises(ni.QueryError, match="limit of 300 looks at a word"):
            ix.search(query)
    assert ask(ix, "(guvernul x) SAU " * 20 + "x"), "few words read what they like"
    assert ask(ix, "+guvernul " * 200), "so does one that is asked for often"
    assert ask(ix, "=guvernul SAU =legea SAU body:guvernul SAU body:legea")
    assert ask(ix, '"a anunțat" SAU "în ședința"'), "so do those of few phrases"
    assert ask(ix, '"xyz a anunțat" "xyz în ședința" "în ședința xyz"~9'), "and those of phrases with a rare word"


# In the long run: how long, and in how much memory, on an archive of very many words.

LETTERS = "aeioustrnlcdmpvgbfhzj"
_COMMON = "guvernul și primăria în ședința articolul cu numărul versiunea a anunțat respins discută bugetul podul legea"
COMMON = _COMMON.split()
DATES_APART = " SAU ".join(f"data:{year}-{month:02}" for year in range(2000, 2060) for month in range(1, 13))
WORST = (
    "*", "*a*", "*ul", "*e*", "c*", "????????e", "*ul-*a", "c*-a*", "autor:*a*", "titlu:*a*", "titlu:*", "a~2", "aab~2",
    "NU *a*", "NU c*", "NU de", "NU xyz", "* -(* -(* -c*))", "(" * 60 + "c*" + ")" * 60, "c* *a*", "*a*b*c*d*e*",
    '"în ședința"', '"în ședința"~5', '"cu numărul în ședința"~100', '"în în în în în în"~50', "art*-c*-*ul-???e",
    " SAU ".join(f'"{one} {other}"~50' for one, other in itertools.pairwise(COMMON)),
    "+guvernul " * 1_000, "guvernul SAU " * 1_000 + "x", "+(guvernul SAU x) " * 400, "(guvernul de) SAU " * 400 + "x",
    '"' + "guvernul " * 1_000 + '"~50', "a " + "-guvernul " * 30,
    " ".join(COMMON * 2), " SAU ".join(COMMON * 2), " SAU ".join(COMMON * 16),
    " SAU ".join(f"{word}~2" for word in COMMON), " ".join(f"{word}~1" for word in COMMON),
    *(" SAU ".join(map(shape.format, LETTERS)) for shape in ("*{}*", "{}*", "*{}", "NU *{}*", "a{}~2", "{}e~1")),
    " ".join(f"{one}{other}*" for one in LETTERS for other in LETTERS),
    " SAU ".join(f"{one}{other}avel~2" for one in LETTERS for other in LETTERS),
    DATES_APART, f"({DATES_APART}) c*", "data:[2024 TO 2025] c* -art*",
    "x" * (1 << 20), "(" * MANY, "x " * MANY, "e" + "\u0301" * 30_000,
)  # fmt: skip

CHILD = """
import json, sys, time
import newsindex as ni

ix = ni.open(sys.argv[1])
ask = {
    "search": ix.search,
    "search near a date": lambda query: ix.search(query, recency="30d"),
    "newest": lambda query: ix.search(query, sort="newest"),
    "oldest": lambda query: ix.search(query, sort="oldest"),
    "all": lambda query: ix.search(query, limit=None),
    "snippets": lambda query: [hit.snippet() for hit in ix.search(query)],
    "count": ix.count,
    "timeline": ix.timeline,
    "facets": lambda query: ix.facets(query, "source"),
}
print(json.dumps(list(ask)), flush=True)
for line in sys.stdin:
    kind, query = json.loads(line)
    began, answered = time.perf_counter(), True
    try:
        ask[kind](query)
    except ni.QueryError:
        answered = False
    print(json.dumps([time.perf_counter() - began, answered]), flush=True)
"""


def measured(place: Path, environment: dict[str, str]) -> Iterator[tuple[str, float, float, bool]]:
    """Each question by each of the worst queries, asked of a child: seconds, megabytes, and whether it was answered.

    The megabytes are the most that it had meanwhile beside mapped files, those kept for questions before included.
    """
    command = [sys.executable, "-c", CHILD, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        kinds, opened = json.loads(child.stdout.readline()), anonymous(child.pid)
        for query, kind in itertools.product(WORST, kinds):
            child.stdin.write(json.dumps([kind, query]) + "\n")
            child.stdin.flush()
            most = opened
            while not select.select([child.stdout], [], [], 0.002)[0]:
                most = max(most, anonymous(child.pid))
            seconds, answered = json.loads(child.stdout.readline())
            yield f"{kind}: {query[:60]}", seconds, most - opened, answered


def anonymous(process: int) -> float:
    """How many megabytes of memory a process has that are no file's."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def test_the_worst_queries_on_many_words(tmp_path: Path, long: bool, child_environment: dict[str, str]) -> None:
    count = 300_000 if long else 300
    made = ni.create(tmp_path / "index")
    made.add(many_words(count))
    rows = [*measured(made.path, child_environment)]
    assert len(rows) > 5 * len(WORST)
    for name, seconds, megabytes, _ in rows:
        assert megabytes <= MEGABYTES, name
        assert not long or seconds <= SLACK * SECONDS, name
    refused = sum(not answered for *_, answered in rows)
    slowest, largest = max(rows, key=lambda row: row[1]), max(row[2] for row in rows)
    print(f"{len(rows)} questions to {count:,} articles: {refused} refused, at most {largest:.0f} MB and", end=" ")
    print(f"{slowest[1]:.2f} s for {slowest[0]}")


def many_words(count: int) -> Iterator[ni.Article]:
    """Articles each of which brings words that no other has."""
    letters = "".join(LETTERS)

    def word(number: int) -> str:
        made = ""
        while number:
            number, letter = divmod(number, len(letters))
            made += letters[letter]
        return made

    for number in range(count):
        own = " ".join(word(7919 * (20 * number + k) + 1) for k in range(10))
        one = support.article(number)
        yield ni.Article(id=one.id, title=one.title, body=f"{one.body} {own}", date=one.date, source=one.source)

"""The public API, line by line as it is promised."""

from __future__ import annotations

import datetime as dt
import gc
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import newsindex as ni

ARTICLES = [
    ni.Article(
        id="pod",
        title="Pod nou peste Mureș",
        body="Guvernul a dat bani pentru un pod nou. Lucrările încep luni.",
        date="2025-01-10",
        source="Agerpres",
        author="Ana Pop",
        section="Extern",
        tags=("drumuri", "poduri mari"),
        url="https://exemplu.ro/pod",
        extra={"region": "Mureș", "pagina": 3, "foto": [{"lat": 1.5, "autor": None}], "exclusiv": True},
    ),
    ni.Article(
        id="buget",
        title="Guvernul a votat bugetul",
        body="Bugetul guvernului are bani pentru drumuri.",
        date=dt.datetime(2025, 3, 30, 1, 30, tzinfo=ZoneInfo("Europe/Bucharest")),
        source="Mediafax",
        section="Politică",
        tags="drumuri",
    ),
    ni.Article(
        id="meci",
        title="Meci amânat",
        body="Ploaia a oprit meciul.",
        date="2024-12-31",
        source="Agerpres",
        section="Sport",
    ),
    ni.Article(id="vechi", title="Meci vechi", body="Un meci de demult.", source="Radio Nord", section="Sport"),
    ni.Article(id="unu", title="Prima zi", body="Un guvern de demult.", date=dt.date.min),
    ni.Article(id="ultima", title="Ultima zi", body="Un guvern de mâine.", date=dt.date.max),
]


@pytest.fixture
def ix(tmp_path: Path) -> ni.Index:
    index = ni.create(tmp_path / "index")
    assert index.add(ARTICLES) == len(ARTICLES)
    return index


def ids(results: ni.Results) -> list[str]:
    return [hit.id for hit in results]


def found(ix: ni.Index, query: object, **options: object) -> set[str]:
    results = ix.search(query, **{"limit": None, **options})
    assert results.total == len(results)
    return set(ids(results))


# Making and opening.


def test_create_open_and_exist_ok(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    with pytest.raises(ni.IndexNotFoundError):
        ni.open(place)
    first = ni.create(place)
    assert len(first) == 0
    assert bool(first)
    assert repr(first) == f"<newsindex.Index of 0 articles in {str(place)!r}>"
    first.add(ARTICLES[:1])
    with pytest.raises(ni.IndexExistsError, match="exist_ok"):
        ni.create(place)
    assert len(ni.create(place, exist_ok=True)) == 1
    assert len(ni.open(place)) == len(ni.open(str(place))) == 1
    assert ni.open(place).path == place


def test_create_with_exist_ok_needs_no_lock(ix: ni.Index) -> None:
    with ix.writer():
        assert len(ni.create(ix.path, exist_ok=True)) == len(ARTICLES)
        with pytest.raises(ni.IndexExistsError):
            ni.create(ix.path)


def test_search_in_one_call(ix: ni.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(ni.search(ix.path, "bugetul", limit=1)) == ["buget"]
    with pytest.raises(ni.IndexNotFoundError):
        ni.search(tmp_path / "none", "buget")
    opened: list[object] = []
    monkeypatch.setattr("newsindex.index.open", opened.append)
    ix.add([ni.Article(id="alt", title="Alt buget")])
    # Cached, under whatever path it is asked for, and still up to date.
    monkeypatch.chdir(tmp_path)
    assert ni.search("index", "buget").total == ni.search(str(ix.path), "buget").total == 2
    assert opened == []


# Writing.


def test_a_writer_commits_on_a_clean_exit(ix: ni.Index) -> None:
    with ix.writer(timeout=10.0) as w:
        w.add(ni.Article(id="nou", title="Ceva nou"))
        assert "nou" not in ix
    assert "nou" in ix
    with pytest.raises(ni.NewsIndexError, match="closed"):
        w.add(ARTICLES[0])


def test_a_writer_rolls_back_on_an_exception(ix: ni.Index) -> None:
    def fail() -> None:
        with ix.writer() as w:
            w.add(ni.Article(id="kept", title="Rămâne"))
            w.commit()
            w.add(ni.Article(id="lost", title="Se pierde"))
            w.delete("pod")
            raise ZeroDivisionError("the caller's own")

    with pytest.raises(ZeroDivisionError):
        fail()
    assert "kept" in ix
    assert "lost" not in ix
    assert "pod" in ix
    with ix.writer(timeout=0) as w:
        assert w.delete("pod")


def test_several_commits_and_an_empty_one(ix: ni.Index) -> None:
    with ix.writer() as w:
        generation = ix.stats().generation
        w.commit()
        assert ix.stats().generation == generation
        for number in range(3):
            w.add(ni.Article(id=f"n{number}", title="Știre"))
            w.commit()
            assert len(ix) == len(ARTICLES) + number + 1
        w.add(ni.Article(id="undone", title="Știre"))
        w.rollback()
        w.add(ni.Article(id="done", title="Știre"))
    assert found(ix, "știre") == {"n0", "n1", "n2", "done"}


def test_adding_replaces(ix: ni.Index) -> None:
    assert ix.add([ni.Article(id="pod", title="Podul s-a dărâmat", date="2026-01-01")]) == 1
    assert len(ix) == len(ARTICLES)
    assert found(ix, "mureș") == set()
    assert found(ix, "dărâmat") == {"pod"}
    with ix.writer() as w:
        w.add(ni.Article(id="pod", title="Prima"))
        w.add(ni.Article(id="pod", title="A doua"))
    assert ix.get("pod") == ni.Article(id="pod", title="A doua")
    assert found(ix, "prima") == {"unu"}
    assert ix.add(iter([])) == 0


def test_delete_says_whether_it_was_there(ix: ni.Index) -> None:
    with ix.writer() as w:
        assert w.delete("pod") is True
        assert w.delete("pod") is False
        assert w.delete("nimic") is False
        w.add(ARTICLES[0])
        assert w.delete("pod") is True
        for nonsense in ("", "\ud800", None, 3):
            assert w.delete(nonsense) is False
    assert "pod" not in ix
    assert len(ix) == len(ARTICLES) - 1


def test_deleting_everything(ix: ni.Index) -> None:
    with ix.writer() as w:
        assert all(w.delete(article.id) for article in ARTICLES)
    assert (len(ix), list(ix), ix.count("*"), ix.timeline("*")) == (0, [], 0, {})
    ix.optimize()
    assert ix.check().ok
    assert ix.stats().first is None
    assert ix.add(ARTICLES) == len(ARTICLES)
    assert set(ix) == set(ARTICLES)


# Searching.


def test_pages(ix: ni.Index) -> None:
    all_ids = ids(ix.search("*", limit=None, sort="newest"))
    assert all_ids == ["ultima", "buget", "pod", "meci", "unu", "vechi"]
    assert ids(ix.search("*", sort="oldest")) == ["unu", "meci", "pod", "buget", "ultima", "vechi"]
    for offset in range(8):
        for limit in (0, 1, 2, 10):
            page = ix.search("*", limit=limit, offset=offset, sort="newest")
            assert ids(page) == all_ids[offset : offset + limit]
            assert page.total == 6
    assert len(ix.search("*")) == 6


def test_results_are_a_sequence(ix: ni.Index) -> None:
    results = ix.search("guvern", limit=2)
    assert results.total == 4
    assert len(results) == len(list(results)) == 2
    assert [results[0], results[-1]] == list(results) == list(results[0:2]) == list(reversed(results))[::-1]
    assert results[1:] == results.hits[1:]
    for outside in (2, -3):
        with pytest.raises(IndexError):
            results[outside]


def test_a_hit_is_made_when_it_is_looked_at(ix: ni.Index) -> None:
    def made() -> int:
        return sum(type(one) is ni.Hit for one in gc.get_objects())

    before, results = made(), ix.search("*", limit=None)
    assert (len(results), made()) == (len(ix), before)
    last = results[-1]
    assert (made(), last.id, last.score) == (before + 1, "vechi", 1.0)
    kept = {hit: hit.id for hit in results}
    assert (kept[results[-1]], kept[last], len(kept)) == ("vechi", "vechi", len(ix))
    assert last == ix.search("*", limit=None)[-1] != results[0]
    assert last != ix.search("titlu:vechi")[0], "another score"
    assert last != "vechi"


def test_hits(ix: ni.Index) -> None:
    hit = ix.search("titlu:pod")[0]
    article = ARTICLES[0]
    assert (hit.id, hit.title, hit.date, hit.source) == ("pod", article.title, dt.date(2025, 1, 10), "Agerpres")
    assert hit.article == article
    assert hit.score > 0
    assert (hit.article.tags, hit.article.extra) == (article.tags, article.extra)
    undated = ix.search("titlu:vechi")[0]
    assert (undated.date, undated.source) == (None, "Radio Nord")
    late = ix.search("titlu:buget")[0]
    assert late.date == ARTICLES[1].date
    assert late.date.isoformat() == "2025-03-30T01:30:00+02:00"


def test_snippets(ix: ni.Index) -> None:
    hit = ix.search("lucrările luni")[0]
    assert "**Lucrările**" in hit.snippet()
    assert "**luni**" in hit.snippet(chars=200, before="**", after="**")
    assert "<b>Lucrările</b>" in hit.snippet(20, "<b>", "</b>")
    assert "\n" not in hit.snippet()
    for chars in (19, 10_001, -1):
        with pytest.raises(ni.QueryError, match="use 20 to 10000"):
            hit.snippet(chars)


def test_dates_of_every_kind(ix: ni.Index) -> None:
    march = {"buget"}
    for since in (dt.date(2025, 3, 30), "2025-03-30", "2025-03", dt.datetime(2025, 3, 30), "2025-03-30T01:30"):
        assert found(ix, "*", since=since, until="9999-12-30") == march
    for since in ("2025-03-30T01:31", dt.datetime(2025, 3, 29, 23, 30, 1, tzinfo=dt.UTC), "2025-03-29T23:31Z"):
        assert found(ix, "*", since=since) == {"ultima"}
    assert found(ix, "*", until=dt.date(2025, 1, 10)) == {"unu", "meci", "pod"}
    assert found(ix, "*", until="2025-01-09") == {"unu", "meci"}
    assert found(ix, "*", since="2025", until="2025") == {"pod", "buget"}
    assert found(ix, "pod data:2025-01", since="2025-02") == set()


def test_the_edges_of_the_calendar(ix: ni.Index) -> None:
    assert found(ix, "*", until="0001-01-01") == found(ix, "data:0001") == {"unu"}
    assert found(ix, "*", since="9999-12-31") == found(ix, "data:9999-12-31") == {"ultima"}
    assert found(ix, "*", since=dt.date.min, until=dt.date.max) == {"unu", "meci", "pod", "buget", "ultima"}
    assert ix.get("unu").date == dt.date.min
    assert ix.get("ultima").date == dt.date.max
    assert (ix.stats().first, ix.stats().last) == (dt.date.min, dt.date.max)
    years = ix.timeline("*", by="year")
    assert (len(years), sum(years.values())) == (9999, 5)
    assert ids(ix.search("guvern", near="9999-12-31"))[0] in {"ultima", "buget"}
    assert len(ix.search("guvern", recency="1d", near=dt.date.min)) == 4


def test_match(ix: ni.Index) -> None:
    assert found(ix, "meci buget") == set()
    assert found(ix, "meci buget", match="any") == {"meci", "vechi", "buget"}
    assert ix.count("meci buget", match="any") == 3
    assert ix.facets("meci buget", "source", match="any") == {"Agerpres": 1, "Mediafax": 1, "Radio Nord": 1}
    assert sum(ix.timeline("meci buget", match="any").values()) == 2


def test_filters(ix: ni.Index) -> None:
    assert found(ix, "*", filters={"source": "Agerpres"}) == {"pod", "meci"}
    assert found(ix, "*", filters={"section": ["Sport", "Extern"]}) == {"pod", "meci", "vechi"}
    assert found(ix, "*", filters={"section": ["Sport", "Extern"], "source": "Agerpres"}) == {"pod", "meci"}
    assert found(ix, "*", filters={"etichetă": "poduri mari"}) == {"pod"}
    assert found(ix, "*", filters={"region": "Mureş"}) == {"pod"}
    assert found(ix, "*", filters={"pagina": "3"}) == found(ix, "exclusiv:true") == {"pod"}
    # Whole values, unlike the same name in a query.
    assert found(ix, "*", filters={"tags": "poduri"}) == set()
    assert found(ix, "etichetă:poduri") == {"pod"}
    assert found(ix, "*", filters={"source": []}) == set()
    assert found(ix, "*", filters={}) == found(ix, "*")


def test_ranking_options(ix: ni.Index) -> None:
    same = [ni.Article(id=f"s{day}", title="Târg de toamnă", date=f"2025-10-{day:02}") for day in (1, 10, 20)]
    ix.add(same)
    plain = ix.search("târg", sort="relevance")
    near = ix.search("târg", near="2025-10-10")
    assert near[0].id == "s10"
    assert ids(ix.search("târg", near=dt.date(2025, 10, 1))) == ["s1", "s10", "s20"]
    assert ids(ix.search("târg", recency="7d")) == ["s20", "s10", "s1"] == ids(plain)
    for hit in ix.search("târg", recency="7d", near="2025-10-10"):
        before = next(other.score for other in plain if other.id == hit.id)
        assert before < hit.score <= 2 * before
    # A date stands for its noon, and an article of that date for its first moment.
    assert near[0].score == pytest.approx(plain[0].score * (1 + 0.5 ** (0.5 / 30)))


def test_recency_counts_from_now(ix: ni.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    ix.add([ni.Article(id=f"s{year}", title="Târg de toamnă", date=f"{year}-10-01") for year in (2000, 2010)])
    monkeypatch.setattr(ix, "_clock", lambda: dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    assert ids(ix.search("târg", recency="1y")) == ["s2000", "s2010"]


def test_a_better_answer_ranks_first(ix: ni.Index) -> None:
    assert ids(ix.search("guvern buget", match="any"))[0] == "buget"
    assert ids(ix.search("meci"))[0] in {"meci", "vechi"}
    scores = [hit.score for hit in ix.search("guvern")]
    assert scores == sorted(scores, reverse=True)
    assert {hit.score for hit in ix.search("data:2025")} == {1.0}


# Summaries.


def test_count_facets_and_timeline(ix: ni.Index) -> None:
    assert ix.count("guvern") == 4
    assert ix.count("guvern", since="2025", until="2025", filters={"source": "Mediafax"}) == 1
    assert ix.facets("*", "source") == {"Agerpres": 2, "Mediafax": 1, "Radio Nord": 1}
    assert list(ix.facets("*", "source", limit=2).items()) == [("Agerpres", 2), ("Mediafax", 1)]
    assert ix.facets("*", "tags", 5) == {"drumuri": 2, "poduri mari": 1}
    assert ix.facets("guvern", "secțiune", since="2025-02", until="2025-04") == {"Politică": 1}
    assert ix.facets("nimic", "source") == {}
    assert ix.timeline("*", since="2024-12", until="2025-03") == {
        dt.date(2024, 12, 1): 1,
        dt.date(2025, 1, 1): 1,
        dt.date(2025, 2, 1): 0,
        dt.date(2025, 3, 1): 1,
    }
    assert ix.timeline("meci", by="day") == {dt.date(2024, 12, 31): 1}
    assert ix.timeline("meci", by="week") == {dt.date(2024, 12, 30): 1}
    assert ix.timeline("pod", by="year") == {dt.date(2025, 1, 1): 1}


def test_explain(ix: ni.Index) -> None:
    hit = ix.search("pod nou")[0]
    explanation = ix.explain("pod nou", hit.id)
    assert isinstance(explanation, ni.Explanation)
    assert explanation.matches
    assert explanation.score == pytest.approx(hit.score) == pytest.approx(sum(one.score for one in explanation.details))
    assert "pod" in str(explanation)
    missed = ix.explain("pod meci", "meci")
    assert (missed.matches, missed.score) == (False, 0.0)
    assert [detail.matches for detail in missed.details] == [False, True]
    assert ix.explain("*", "meci").score == ix.search("*")[0].score == 1.0


def test_check_optimize_and_stats(ix: ni.Index) -> None:
    ix.add(ARTICLES[:2])
    before = ix.stats()
    assert isinstance(before, ni.Stats)
    assert (before.articles, before.deleted, before.segments, before.undated) == (6, 2, 2, 1)
    report = ix.check()
    assert isinstance(report, ni.Report)
    assert (report.ok, report.articles, report.segments, report.errors) == (True, 6, 2, ())
    ix.optimize()
    after = ix.stats()
    assert (after.articles, after.deleted, after.segments) == (6, 0, 1)
    assert after.bytes < before.bytes
    assert after.generation > before.generation
    assert set(after.fields) == {"region", "pagina", "foto", "exclusiv"}
    assert ix.check().ok
    ix.optimize()
    assert ix.stats() == after


# A collection.


def test_collection(ix: ni.Index) -> None:
    assert ix.get("pod") == ARTICLES[0]
    assert ix.get("nimic") is None
    assert ix.get("\ud800") is None
    assert "pod" in ix
    assert ARTICLES[0] in ix
    assert "nimic" not in ix
    assert "\ud800" not in ix
    assert 3 not in ix
    assert len(ix) == 6
    assert sorted(ix, key=lambda article: article.id) == sorted(ARTICLES, key=lambda article: article.id)


# Queries built in Python.


def test_builders(ix: ni.Index) -> None:
    query = ni.phrase("pod nou") & ni.field("sursa", "Agerpres") & ni.between("2025-01", dt.date(2025, 1, 31))
    assert found(ix, query) == {"pod"}
    assert found(ix, ni.words("meci buget", match="any")) == {"meci", "vechi", "buget"}
    assert found(ix, ni.words("pod") | ni.words("meci", field="titlu")) == {"pod", "meci", "vechi"}
    assert found(ix, ni.phrase("guvernul bani", slop=2)) == {"pod", "buget"}
    assert found(ix, ni.phrase("guvernul bani", slop=1)) == {"buget"}
    assert found(ix, ni.phrase("guvernul bani", slop=2, field="titlu")) == set()
    assert found(ix, ni.field("section", ["Sport", "Extern"])) == {"pod", "meci", "vechi"}
    assert found(ix, ni.field("pagina", 3)) == {"pod"}
    assert found(ix, ni.between(None, "2024")) == {"unu", "meci"}
    assert ix.count(ni.words("pod")) == 1
    assert ix.facets(ni.words("meci"), "section") == {"Sport": 2}
    assert ix.explain(ni.words("meci"), "meci").matches


def test_builders_mix_with_parsed_strings(ix: ni.Index) -> None:
    from newsindex.query.language import parse

    assert found(ix, parse("guvern SAU meci") & ni.between("2024", "2025")) == {"pod", "buget", "meci"}


def test_every_article(ix: ni.Index) -> None:
    assert found(ix, "*") == found(ix, "*:*") == {article.id for article in ARTICLES}
    assert found(ix, "*", filters={"section": "Sport"}, until="2024") == {"meci"}

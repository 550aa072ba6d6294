"""Bad input: each gives the named error with a hint, and nothing is lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import newsindex as ni
from newsindex.inverted.fields import MAX_EXTRA_FIELDS
from newsindex.store import manifest as manifests

ARTICLES = [
    ni.Article(id="pod", title="Pod nou", body="De la pod se vede râul.", date="2025-01-10", source="Agerpres"),
    ni.Article(id="meci", title="Meci amânat", body="Un meci pe ploaie.", date="2025-02-11", extra={"region": "Lunca"}),
]


@pytest.fixture
def ix(tmp_path: Path) -> ni.Index:
    index = ni.create(tmp_path / "index")
    index.add(ARTICLES)
    return index


def answers(ix: ni.Index) -> bool:
    """Whether the index still holds what it held, to this object and to a new one."""
    return all(
        set(one) == set(ARTICLES) and [hit.id for hit in one.search("pod")] == ["pod"] and one.check().ok
        for one in (ix, ni.open(ix.path))
    )


# Directories.


def test_no_such_directory(tmp_path: Path) -> None:
    place = tmp_path / "nimic"
    with pytest.raises(ni.IndexNotFoundError, match=r"newsindex\.create") as caught:
        ni.open(place)
    assert caught.value.path == place
    assert not place.exists()


def test_a_directory_that_vanishes(ix: ni.Index) -> None:
    moved = ix.path.rename(ix.path.with_name("elsewhere"))
    for use in (ix.writer, lambda: ix.search("pod"), lambda: len(ix), ix.check):
        with pytest.raises(ni.IndexNotFoundError):
            use()
    moved.rename(ix.path)
    assert answers(ix)


@pytest.mark.parametrize("foreign", [[], ["notes.txt", "1.seg", "manifest.txt"]])
def test_not_an_index(tmp_path: Path, foreign: list[str]) -> None:
    for name in foreign:
        (tmp_path / name).write_text(name)
    with pytest.raises(ni.IndexNotFoundError, match=r"no index here; make one with newsindex\.create"):
        ni.open(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(foreign)
    ix = ni.create(tmp_path)
    ix.add(ARTICLES)
    ix.add(ARTICLES)  # whose commit sweeps
    ix.optimize()
    assert answers(ix)
    for name in foreign:
        assert (tmp_path / name).read_text() == name


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    with pytest.raises(ni.IndexNotFoundError):
        ni.open(path)
    with pytest.raises(ni.StorageError):
        ni.create(path)
    with pytest.raises(ni.StorageError, match="not a file"):
        ni.create(path / "index")
    assert path.read_text() == "text"


@pytest.mark.parametrize(("format_", "remedy"), [(2, "upgrade newsindex"), (0, "index the articles again")])
def test_an_index_of_another_format(ix: ni.Index, format_: int, remedy: str) -> None:
    path = ix.path / manifests.NAME
    before = path.read_bytes()
    content = json.loads(before)["manifest"] | {"format": format_, "unknown": {"to": "us"}}
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    files = sorted(os.listdir(ix.path))
    for use in (lambda: ni.open(ix.path), lambda: ix.search("pod"), lambda: ix.add(ARTICLES), ix.writer, ix.check):
        with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
            use()
        assert (caught.value.found, caught.value.supported) == (format_, manifests.FORMAT)
    with pytest.raises(ni.IndexExistsError):
        ni.create(ix.path)
    with pytest.raises(ni.IndexVersionError):
        ni.create(ix.path, exist_ok=True)
    assert sorted(set(os.listdir(ix.path)) | {"write.lock"}) == sorted({*files, "write.lock"})
    path.write_bytes(before)
    assert answers(ix)


def test_an_index_of_another_stemmer(ix: ni.Index) -> None:
    path = ix.path / manifests.NAME
    content = json.loads(path.read_bytes())["manifest"]
    content["analyzer"]["version"] = "99.0"
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    with pytest.raises(ni.IndexVersionError, match=r"stemmed by .* 99\.0, this newsindex has .* install that version"):
        ni.open(ix.path)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"[]", b"null", b'{"checksum": "", "manifest": {"format": 1}}'])
def test_a_damaged_manifest(ix: ni.Index, damage: bytes) -> None:
    path = ix.path / manifests.NAME
    before = path.read_bytes()
    path.write_bytes(damage)
    for use in (lambda: ni.open(ix.path), lambda: ix.search("pod"), ix.writer):
        with pytest.raises(ni.CorruptIndexError, match="restore it from a backup") as caught:
            use()
        assert caught.value.path == path
    report = ix.check()
    assert not report.ok
    assert report.errors[0].path == path
    path.write_bytes(before)
    assert answers(ix)


def test_a_lost_manifest_is_not_replaced_by_an_empty_one(ix: ni.Index) -> None:
    """The first commit after that would sweep away every article."""
    path = ix.path / manifests.NAME
    before = path.read_bytes()
    path.unlink()
    for use in (lambda: ni.open(ix.path), lambda: ni.create(ix.path), lambda: ni.create(ix.path, exist_ok=True)):
        with pytest.raises(
            ni.CorruptIndexError, match="the file is missing, and those that it listed are not"
        ) as caught:
            use()
        assert caught.value.path == path
    assert [error.path for error in ix.check().errors] == [path]
    path.write_bytes(before)
    assert answers(ix)


def test_a_missing_segment(ix: ni.Index) -> None:
    (segment,) = ix.path.glob("*.seg")
    moved = segment.rename(ix.path / "away")
    with pytest.raises(ni.CorruptIndexError, match="the file is missing") as caught:
        ni.open(ix.path)
    assert caught.value.path == segment
    assert [error.path for error in ix.check().errors] == [segment]
    moved.rename(segment)
    assert answers(ix)


def test_damage_is_found_wherever_it_is(ix: ni.Index) -> None:
    (segment,) = ix.path.glob("*.seg")
    before = segment.read_bytes()
    for place in range(0, len(before), max(1, len(before) // 150)):
        segment.write_bytes(before[:place] + bytes([before[place] ^ 0x40]) + before[place + 1 :])
        report = ix.check()
        assert not report.ok, place
        assert {error.path for error in report.errors} == {segment}
        for query in ("pod", '"de la"', "m*", "data:2025", "sursa:agerpres"):
            # Right, or refused; never wrong.
            with contextlib.suppress(ni.CorruptIndexError):
                found = {hit.article for hit in ni.open(ix.path).search(query)}
                assert found == {"m*": {ARTICLES[1]}, "data:2025": set(ARTICLES)}.get(query, {ARTICLES[0]}), place
    for length in (0, 1, len(before) // 2, len(before) - 1):
        segment.write_bytes(before[:length])
        assert not ix.check().ok
        with pytest.raises(ni.CorruptIndexError):
            next(iter(ni.open(ix.path)))
    segment.write_bytes(before)
    assert answers(ni.open(ix.path))


# Writers.

CHILD = """
import sys, newsindex
with newsindex.open(sys.argv[1]).writer() as w:
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer(ix: ni.Index, child_environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", CHILD, str(ix.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        for use in (lambda: ix.writer(timeout=0), lambda: ix.writer(timeout=0.05)):
            with pytest.raises(ni.IndexLockedError, match="pass a longer timeout") as caught:
                use()
            assert (caught.value.holder, caught.value.host) == (child.pid, os.uname().nodename)
            assert str(child.pid) in str(caught.value)
        assert answers(ix)
        child.kill()
    # The kernel took the lock from the dead.
    with ix.writer(timeout=5) as w:
        w.add(ARTICLES[0])
    assert answers(ix)


def test_a_second_writer_of_the_same_process(ix: ni.Index) -> None:
    with ix.writer() as w:
        for one in (ix, ni.open(ix.path)):
            with pytest.raises(ni.IndexLockedError) as caught:
                one.writer(timeout=0)
            assert caught.value.holder == os.getpid()
        w.add(ARTICLES[0])
    assert answers(ix)


def test_a_read_only_directory(
    read_only: tuple[Path, Callable[[], contextlib.AbstractContextManager[None]]],
) -> None:
    place, unprivileged = read_only
    with unprivileged(), pytest.raises(ni.StorageError, match="give this user the right") as caught:
        ni.create(place)
    assert caught.value.path.parent == place
    assert os.listdir(place) == []
    ix = ni.create(place)
    ix.add(ARTICLES)
    files = sorted(os.listdir(place))
    with unprivileged():
        for use in (lambda: ix.add(ARTICLES), ix.writer, ix.optimize):
            with pytest.raises(ni.StorageError, match="give this user the right"):
                use()
        # What needs no writing works.
        assert answers(ix)
        assert answers(ni.create(place, exist_ok=True))
    assert sorted(os.listdir(place)) == files
    ix.add(ARTICLES)
    assert answers(ix)


# Articles.


@pytest.mark.parametrize("fault", ["exception", "no article"])
def test_a_failing_iterator_leaves_the_index_as_it_was(ix: ni.Index, fault: str) -> None:
    def articles() -> Iterator[Any]:
        yield ni.Article(id="nou", title="Nou")
        yield ni.Article(id="pod", title="Alt pod")
        if fault == "exception":
            raise ZeroDivisionError("the caller's own")
        yield {"title": "Nou"}

    with pytest.raises(ZeroDivisionError if fault == "exception" else ni.ArticleError):
        ix.add(articles())
    assert answers(ix)
    with ix.writer(timeout=0) as w:
        assert w.delete("nou") is False


def test_an_article_refused_costs_no_other(ix: ni.Index) -> None:
    with ix.writer() as w:
        w.add(ni.Article(id="nou", title="Nou"))
        for nonsense in (None, "text", {"title": "x"}, ix):
            with pytest.raises(ni.ArticleError, match=r"make one with newsindex\.Article"):
                w.add(nonsense)
    assert "nou" in ix


def test_extra_fields_are_limited(ix: ni.Index) -> None:
    known = len(ix.stats().fields)
    room = MAX_EXTRA_FIELDS - known
    with ix.writer() as w:
        w.add(ni.Article(id="full", title="Plin", extra={f"k{n}": n for n in range(room - 1)}))
        with pytest.raises(ni.ArticleError, match="256 extra fields already; put the data under fewer names") as caught:
            w.add(ni.Article(id="over", title="Prea plin", extra={"new": 1, "newer": 2}))
        assert (caught.value.article, caught.value.field) == ("over", "newer")
        # The one refused took no name away from others.
        w.add(ni.Article(id="last", title="Ultimul", extra={"other": "da", "region": "Lunca"}))
        with pytest.raises(ni.ArticleError):
            w.add(ni.Article(id="over", extra={"more": 1}))
    assert len(ix.stats().fields) == MAX_EXTRA_FIELDS
    assert (ix.count("other:da"), ix.count("region:lunca"), ix.count("k7:7")) == (1, 2, 1)
    assert "over" not in ix
    assert ix.check().ok


# Queries.

BAD_QUERIES = [
    ("", "the query is empty"),
    (" \t", "the query is empty"),
    ("!!! … –", "the query is empty"),
    ("(pod", "never closed"),
    ("pod)", "closes nothing"),
    ('"pod', "never closed"),
    ("„pod", "never closed"),
    ("[2024 TO", "never closed"),
    ("()", "nothing between"),
    ("pod ȘI", "nothing to work on"),
    ("SAU pod", "nothing to work on"),
    ("NU", "nothing to work on"),
    ("x" * 100_000, "the limit is 65536; shorten it"),
    ("pod " * 25_000, "the limit is 65536; shorten it"),
    ("x " * 2_000, "more than 1024 words .*; shorten it"),
    ("(" * 10_000 + "pod" + ")" * 10_000, "nest deeper than 100 .* simplify"),
    ("(" * 10_000, "nest deeper than 100"),
    ("culoare:roșu", "there is no field 'culoare'.* the fields are"),
    ("titllu:pod", "did you mean 'titlu'"),
    ("data:mereu", "'mereu' is no date.* write 2025"),
    ("data:2025-13", "not in the calendar.* write 2025"),
    ("data:2025-02-30", "not in the calendar"),
    ("data:[2025 TO 2024]", "write the earlier date first"),
    ("data:pod*", "a pattern is no date"),
    ("[2024 TO 2025]", "for dates only"),
    ("pod~9", "write ~1 or ~2"),
    ("pod^x", "is no weight"),
    ("=pod*", "leave out one of them"),
    ("titlu:", "nothing follows the field"),
    ("pod\0", "NUL"),
    ("pod\ud800", "lone surrogate"),
    (None, "must be text or a whoosh.query object"),
    (3, "must be text or a whoosh.query object"),
    (b"pod", "must be text or a whoosh.query object"),
    (["pod"], "must be text or a whoosh.query object"),
]


def refused(use: Callable[[], object], message: str) -> ni.QueryError:
    with pytest.raises(ni.QueryError, match=message) as caught:
        use()
    error = caught.value
    assert error.hint
    assert error.hint in str(error)
    assert len(str(error)) < 1000
    return error


@pytest.mark.parametrize(("query", "message"), BAD_QUERIES, ids=lambda value: repr(value)[:30])
def test_bad_queries(ix: ni.Index, query: Any, message: str) -> None:
    for use in (
        lambda: ix.search(query),
        lambda: ix.search(query, match="any", sort="newest"),
        lambda: ix.count(query),
        lambda: ix.facets(query, "source"),
        lambda: ix.timeline(query),
        lambda: ix.explain(query, "pod"),
        lambda: ni.search(ix.path, query),
    ):
        error = refused(use, message)
        if isinstance(query, str):
            assert error.query in query
            assert error.position is None or 0 <= error.position <= len(query)
    assert answers(ix)


def test_a_bad_query_to_an_empty_index(tmp_path: Path) -> None:
    ix = ni.create(tmp_path / "empty")
    refused(lambda: ix.search("(pod"), "never closed")
    refused(lambda: ix.search("region:x"), "no field")
    assert ix.search("pod").total == 0


def test_stop_words_alone_are_looked_for(ix: ni.Index) -> None:
    assert [hit.id for hit in ix.search("de la")] == ["pod"]
    assert [hit.id for hit in ix.search("pe un")] == ["meci"]
    assert ix.count("de pe") == 0
    assert ix.count("de pe", match="any") == 2
    assert ix.count('"la de"') == 0
    # Beside another word they are not asked for.
    assert ix.count("meci de la") == 1


BAD_OPTIONS = [
    ({"limit": -1}, "limit cannot be -1; pass a whole number"),
    ({"limit": "10"}, "limit cannot be '10'"),
    ({"limit": 2.0}, "limit cannot be"),
    ({"limit": True}, "limit cannot be"),
    ({"offset": -1}, "offset cannot be -1; pass a whole number"),
    ({"offset": None}, "offset cannot be None"),
    ({"sort": "date"}, "cannot sort by 'date'; use one of relevance, newest, oldest"),
    ({"sort": None}, "cannot sort by None"),
    ({"match": "some"}, 'pass "all" or "any"'),
    ({"match": None}, 'pass "all" or "any"'),
    ({"recency": "soon"}, "'soon' is no half-life; write a number with d, w, m or y"),
    ({"recency": "0d"}, "is no half-life"),
    ({"recency": 30}, "is no half-life"),
    ({"near": "odată"}, "is no date"),
    ({"near": 5}, "must be a date"),
    ({"since": "cândva"}, "is no date"),
    ({"since": "2025-02-30"}, "not in the calendar"),
    ({"until": 2025}, "must be a date"),
    ({"since": dt.date(2025, 2, 1), "until": dt.date(2025, 1, 1)}, "write the earlier date first"),
    ({"filters": {"culoare": "roșu"}}, "there is no field 'culoare'"),
    ({"filters": {"titlu": "Pod nou"}}, "no field of whole values"),
    ({"filters": {"date": "2025"}}, "use since and until"),
    ({"filters": {"source": 3}}, "pass a text or a list of texts"),
    ({"filters": {"source": ["Agerpres", None]}}, "pass a text or a list of texts"),
    ({"filters": {"source": {"Agerpres": 1}}}, "pass a text or a list of texts"),
    ({"filters": {3: "Agerpres"}}, "a field's name must be text"),
    ({"filters": ["source"]}, "filters cannot be"),
    ({"filters": "source"}, "filters cannot be"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS, ids=lambda value: repr(value)[:40] if value else "")
def test_bad_options(ix: ni.Index, options: dict[str, Any], message: str) -> None:
    refused(lambda: ix.search("pod", **options), message)
    refused(lambda: ni.search(ix.path, "pod", **options), message)
    if options.keys() <= {"since", "until", "filters", "match"}:
        refused(lambda: ix.count("pod", **options), message)
        refused(lambda: ix.facets("pod", "source", **options), message)
        refused(lambda: ix.timeline("pod", **options), message)
    assert answers(ix)


def test_bad_arguments_elsewhere(ix: ni.Index) -> None:
    refused(lambda: ix.search("pod", limit=-(10**5000)), "limit cannot be an integer of many digits")
    refused(lambda: ix.timeline("pod", by="hour"), "'hour' is no period; use one of day, week, month, year")
    refused(lambda: ix.timeline("pod", by=None), "is no period")
    refused(lambda: ix.facets("pod", "titlu"), "no field of whole values")
    refused(lambda: ix.facets("pod", "culoare"), "there is no field")
    refused(lambda: ix.facets("pod", 3), "a field's name must be text")
    refused(lambda: ix.facets("pod", "source", limit=-1), "limit cannot be -1")
    refused(lambda: ix.explain("pod", "nimic"), "there is no article 'nimic'")
    refused(lambda: ix.explain("pod", "\ud800"), "there is no article")
    refused(lambda: ix.explain("pod", 3), "there is no article 3")
    refused(lambda: ix.search("pod")[0].snippet(chars=5), "use 20 to 10000")
    refused(lambda: ni.phrase("…"), "pass at least one word")
    refused(lambda: ni.words("pod", match="some"), 'pass "all" or "any"')
    refused(lambda: ni.field("data", "mereu"), "is no date")
    refused(lambda: ni.between("2025", "2024"), "write the earlier date first")
    with pytest.raises(ValueError, match="pass seconds from 0 up"):
        ix.writer(timeout=-1)
    assert answers(ix)

"""`read_articles` as a whole: round trips, counting, skipping, progress, laziness."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import gc
import json
import logging
import re
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsindex.ingest
from newsindex.article import Article
from newsindex.errors import ArticleError
from newsindex.ingest import ArticleReader, read_articles, reader
from newsindex.ingest.paths import CODECS, FORMATS
from newsindex.ingest.records import KNOWN

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
filled = text.filter(bool)
dates = st.none() | st.dates() | st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=3))]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
articles = st.builds(
    Article,
    id=st.none() | filled,
    title=text,
    body=text,
    date=dates,
    source=st.none() | filled,
    author=st.none() | filled,
    section=st.none() | filled,
    tags=st.lists(filled.map(str.strip).filter(bool), max_size=3),
    url=st.none() | filled,
    extra=st.dictionaries(text.filter(lambda name: name not in KNOWN), json_values, max_size=3),
)


def as_record(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "text": article.body,
        "date": article.date.isoformat() if article.date else None,
        "source": article.source,
        "author": article.author,
        "section": article.section,
        "tags": list(article.tags),
        "url": article.url,
        **article.extra,
    }


def back(name: str, data: bytes) -> list[Article]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return list(read_articles(path))


@settings(deadline=None)
@given(st.lists(articles, max_size=5), st.booleans())
def test_round_trip_through_jsonl_and_json(batch, ascii_only):
    records = [json.dumps(as_record(article), ensure_ascii=ascii_only) for article in batch]
    assert back("a.jsonl", "".join(record + "\n" for record in records).encode()) == batch
    assert back("a.json", f"[{','.join(records)}]".encode()) == batch


@settings(deadline=None)
@given(
    st.lists(
        st.builds(Article, id=filled, title=text, body=text, date=dates, source=st.none() | filled),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_round_trip_through_tables(batch, delimiter, quoting):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=quoting)
            writer.writerow(["ID", "Headline", "Content", "Published", "Source"])
            for article in batch:
                date = article.date.isoformat() if article.date else ""
                writer.writerow([article.id, article.title, article.body, date, article.source or ""])
        assert list(read_articles(path)) == batch


one_line = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)


@settings(deadline=None)
@given(
    one_line.map(str.strip).filter(lambda title: title and not title.startswith(("date", "\ufeff"))),
    st.lists(one_line, max_size=4).map(lambda lines: "\n".join(lines).rstrip("\n")),
    st.none() | st.dates(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_round_trip_through_seed_text(title, body, date, end):
    first = f" date {date.isoformat()} {title}" if date else title
    [article] = back("a.txt", f"{first}\n{body}\n".replace("\n", end).encode())
    assert article == Article(title=title, body=body, date=date)


@pytest.fixture
def mixed(tmp_path):
    (tmp_path / "a.txt").write_text(" date ieri Ploi.\n")
    (tmp_path / "b.jsonl").write_text('{"text": "x"}\n{\n{"text": "y", "date": "z"}\n{"text": "w", "date": "z"}\n')
    (tmp_path / "c.jsonl.gz").write_text("not gzip")
    (tmp_path / "d.txt").write_text("Ninge.\n")
    return tmp_path


def test_skipping_counts_exactly_and_says_so_once(mixed, caplog):
    found = read_articles(mixed, on_error="skip")
    assert [article.title + article.body for article in found] == ["x", "Ninge."]
    assert (found.read, found.skipped) == (2, 5)
    assert found.reasons == {"field 'date'": 3, "not JSON": 1, "damaged compression": 1}
    assert [str(error).split(": ")[0] for error in found.errors] == [
        str(mixed / "a.txt") + ", line 1",
        str(mixed / "b.jsonl") + ", line 2",
        str(mixed / "b.jsonl") + ", line 3",
        str(mixed / "b.jsonl") + ", line 4",
        str(mixed / "c.jsonl.gz"),
    ]
    [record] = caplog.records
    assert (record.name, record.levelno) == ("newsindex", logging.WARNING)
    assert record.getMessage().startswith(
        "2 articles read, 5 skipped (3 x field 'date', 1 x not JSON, 1 x damaged compression); the first: "
    )
    assert list(found) == []
    assert len(caplog.records) == 1


def test_nothing_is_logged_when_nothing_was_skipped(tmp_path, caplog):
    (tmp_path / "d.txt").write_text("Ninge.\n")
    assert len(list(read_articles(tmp_path, on_error="skip"))) == 1
    assert caplog.records == []


def test_raising_ends_the_iteration_at_the_first_bad_record(mixed):
    (mixed / "a.txt").unlink()
    found = read_articles(mixed)
    assert next(found).body == "x"
    with pytest.raises(ArticleError, match=r"b\.jsonl, line 2: not JSON"):
        next(found)
    assert list(found) == []
    assert (found.read, found.skipped, found.errors) == (1, 0, [])


def test_the_errors_kept_are_capped_and_hold_nothing_else_alive(tmp_path):
    (tmp_path / "a.jsonl").write_text("{\n" * (reader.MAX_ERRORS + 50))
    found = read_articles(tmp_path, on_error="skip")
    assert list(found) == []
    assert found.skipped == reader.MAX_ERRORS + 50
    assert len(found.errors) == reader.MAX_ERRORS
    for error in found.errors:
        assert error.__traceback__ is error.__cause__ is error.__context__ is None


@pytest.mark.parametrize("value", ["ignore", "", None, True])
def test_a_wrong_on_error_fails_at_the_call(tmp_path, value):
    with pytest.raises(ValueError, match='write on_error="raise" or on_error="skip"'):
        read_articles(tmp_path, on_error=value)


def test_progress_in_bytes_on_disk_grows_to_the_total(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"text": "' + "plouă " * 100 + '"}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "' + "plouă " * 100 + '"}\n' * 2000)
    found = read_articles(tmp_path, on_error="skip")
    assert found.bytes_total == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert found.bytes_read == 0
    seen = [found.bytes_read for _ in found]
    assert seen == sorted(seen)
    assert seen[0] <= found.bytes_total
    assert found.bytes_read == found.bytes_total


def test_articles_come_before_the_file_is_read_to_its_end(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "plouă"}\n' * 200_000)
    found = read_articles(tmp_path)
    assert isinstance(found, ArticleReader)
    assert iter(found) is found
    next(found)
    assert 0 < found.bytes_read < found.bytes_total
    found.close()
    assert list(found) == []


def test_a_reader_that_is_dropped_closes_its_file(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "plouă"}\n' * 10)
    found = read_articles(tmp_path)
    next(found)
    del found
    gc.collect()  # an open file would be a ResourceWarning, which is an error in these tests


def test_a_file_that_vanishes_is_named(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Plouă.")
    found = read_articles(tmp_path, on_error="skip")
    (tmp_path / "a.txt").unlink()
    assert len(list(found)) == 1
    assert found.reasons == {"unreadable file": 1}
    assert "a.txt: cannot be read (No such file or directory)" in str(found.errors[0])


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_memory_does_not_grow_with_the_file(tmp_path, name):
    def peak(count):
        row = '{"text": "' + "plouă " * 50 + '"}\n'
        header = "text\n" if name == "a.csv" else ""
        (tmp_path / name).write_text(header + (row if not header else "plouă " * 50 + "\n") * count)
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_articles(tmp_path / name)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(15_000) < 1.3 * peak(5_000)  # 5,000 rows are more than the sample that is always held


def test_text_and_jsonl_of_one_directory_are_both_read(tmp_path):
    (tmp_path / "a.txt").write_text(" date 2025-03-02 Ploi.\nPlouă.\n")
    (tmp_path / "all.jsonl").write_text('{"title": "Ploi.", "text": "Plouă.", "date": "2025-03-02"}\n')
    first, second = read_articles(str(tmp_path))
    assert first == second


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(FORMATS),
    st.sampled_from(["", *CODECS]),
    st.binary(max_size=60) | st.text(st.sampled_from('[]{}",:;\t\n atext1dș'), max_size=60).map(str.encode),
)
def test_whatever_is_in_a_file_only_an_article_error_comes_of_it(suffix, codec, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{suffix}{codec}")
        path.write_bytes(data)
        skipping = read_articles(path, on_error="skip")
        kept = list(skipping)
        assert skipping.read == len(kept)
        assert skipping.bytes_read == skipping.bytes_total == len(data)
        before_the_error = []
        refused = contextlib.nullcontext()
        if skipping.skipped:
            refused = pytest.raises(ArticleError, match=re.escape(str(skipping.errors[0])))
        with refused:
            for article in read_articles(path):
                before_the_error.append(article)  # noqa: PERF402 - what came before the error counts
        assert before_the_error == kept[: len(before_the_error)]


def test_exported_names():
    assert newsindex.ingest.__all__ == ["ArticleReader", "read_articles"]


def test_the_import_leaves_formats_for_later():
    code = "import sys, newsindex.ingest; print(*{'csv', 'json', 'zstandard', 'gzip', 'logging'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

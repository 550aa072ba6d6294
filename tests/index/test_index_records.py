"""Records of buffered articles: how they are encoded and compressed, and a writer whose threads fail or end."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsindex as ni
from newsindex.inverted import rows
from newsindex.inverted.rows import ProseRows
from newsindex.records import BufferedRecords, encode_article
from newsindex.store import articles as stored

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(
    texts, st.none() | texts, st.none() | texts, st.lists(texts, max_size=3), st.dictionaries(texts, values, max_size=4)
)
def test_a_record_is_a_line_of_json_and_the_body(body, source, url, tags, extra):
    article = ni.Article(id="1", body=body, source=source, url=url, tags=tags, extra=extra)
    fields = {"source": source, "tags": list(article.tags), "url": url, "extra": article.extra}
    kept = {name: value for name, value in fields.items() if value or value == ""}
    expected = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    assert encode_article(article) == f"{expected}\n{body}".encode()


def test_compressing_goes_on_where_it_failed(monkeypatch):
    records = BufferedRecords()
    for number in range(2500):
        records.append(b"un articol cu numarul %d" % number)
    before = records.nbytes
    frames, calls = stored.ArticleWriter.frames, []

    def failing(self, batch, threads=2):
        calls.append(len(batch))
        if len(calls) == 2:
            raise MemoryError("no memory left")
        return frames(self, batch, threads)

    monkeypatch.setattr(stored.ArticleWriter, "frames", failing)
    with pytest.raises(MemoryError, match="no memory left"), records.compressing():
        pass
    with pytest.raises(ValueError, match="not compressed yet"):
        records.write(None, [])
    with records.compressing():
        pass
    assert calls == [1000, 1000, 1000, 500]
    assert records.nbytes != before


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("newsindex-")]


def articles(count):
    return [
        ni.Article(id=str(n), title=f"Titlul {n}", body=f"Corpul articolului {n} despre buget") for n in range(count)
    ]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 500)


def test_no_thread_outlives_its_writer(tmp_path, small_batches):
    index = ni.create(tmp_path / "ix")
    with index.writer() as writer:
        for article in articles(200):
            writer.add(article)
        assert threads()
    assert threads() == []
    with index.writer() as writer:
        for article in articles(200):
            writer.add(article)
        writer.rollback()
        assert threads() == []
    assert len(index) == 200


def test_a_commit_that_failed_on_a_thread_may_be_tried_again(tmp_path, small_batches, monkeypatch):
    index = ni.create(tmp_path / "ix")
    scan = ProseRows._scan
    with index.writer() as writer:
        for article in articles(60):
            writer.add(article)
        monkeypatch.setattr(ProseRows, "_scan", lambda *_: 1 / 0)
        writer.add(ni.Article(id="last", body="ultimul"))
        with pytest.raises(ZeroDivisionError):
            writer.commit()
        assert len(index) == 0
        monkeypatch.setattr(ProseRows, "_scan", scan)
        writer.commit()
    assert len(index) == 61
    assert index.count("buget") == 60
    assert index.check().ok


def test_an_article_that_could_not_be_added_leaves_the_version_before(tmp_path, small_batches, monkeypatch):
    index = ni.create(tmp_path / "ix")
    with index.writer() as writer:
        for article in articles(60):
            writer.add(article)
        monkeypatch.setattr(ProseRows, "_hand_over", lambda _: 1 / 0)
        failed = 0
        while not failed:
            try:
                writer.add(ni.Article(id="7", body="versiunea nouă " * 20))
            except ZeroDivisionError:
                failed += 1
        monkeypatch.undo()
    assert len(index) == 60
    assert index.check().ok

"""The public API as a caller uses it. Never run: mypy checks it, with every type that a caller may rely on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import newsindex as ni


def articles() -> Iterator[ni.Article]:
    """Articles from the caller's own data, and from files."""
    yield ni.Article(title="Pod nou", body="Lucrările au început.", date="2025-03-07", tags=["drumuri"])
    yield ni.Article(id="1", date=dt.date(2025, 3, 7), tags="drumuri, poduri", extra={"region": "Mureș", "page": 3})
    yield ni.Article("2", "Titlu", "Text", dt.datetime(2025, 3, 7, 10, 30), "Agerpres", "Ana Pop", "Extern", ("a", "b"))
    yield ni.Article(date=None, url=None)
    found: Iterator[ni.Article] = ni.read_articles("seeds")
    yield from found
    yield from ni.read_articles(Path("seeds") / "*.txt", on_error="skip")


def write(path: Path) -> ni.Index:
    """Every way to change an index."""
    ix = ni.create(str(path), exist_ok=True)
    assert_type(ix, ni.Index)
    with ix.writer(timeout=10.0) as w:
        assert_type(w, ni.Writer)
        for article in articles():
            w.add(article)
        assert_type(w.delete("1"), bool)
        w.commit()
        w.rollback()
    assert_type(ix.add(articles(), progress=True), int)
    assert_type(ix.add([ni.Article(title="Unu")]), int)
    ix.optimize()
    return ni.open(path)


def read(ix: ni.Index) -> None:
    """Every way to ask."""
    results = ix.search(
        "pod nou",
        limit=None,
        offset=10,
        since="2025-01",
        until=dt.date(2025, 12, 31),
        match="any",
        sort="newest",
        filters={"source": "Agerpres", "section": ["Sport", "Extern"]},
        recency="30d",
        near=dt.datetime(2025, 3, 7, tzinfo=dt.UTC),
    )
    assert_type(results, ni.Results)
    assert_type(results.total, int)
    assert_type(len(results), int)
    assert_type(results[0], ni.Hit)
    assert_type(results[:3], tuple[ni.Hit, ...])
    assert_type(ni.search("archive", "pod", limit=5), ni.Results)
    for hit in results:
        show(hit)
    assert_type(ix.count("pod", since="2025", until="2025-06", filters={"source": "Agerpres"}), int)
    assert_type(ix.facets("pod", "source", limit=5), dict[str, int])
    assert_type(ix.timeline("pod", by="week"), dict[dt.date, int])


def show(hit: ni.Hit) -> None:
    """What a hit has."""
    assert_type(hit.id, str)
    assert_type(hit.score, float)
    assert_type(hit.title, str)
    assert_type(hit.date, dt.date | None)
    assert_type(hit.source, str | None)
    assert_type(hit.article, ni.Article)
    assert_type(hit.article.tags, tuple[str, ...])
    assert_type(hit.snippet(chars=200, before="**", after="**"), str)


def look(ix: ni.Index) -> None:
    """An index as a collection, and its state."""
    assert_type(ix.get("1"), ni.Article | None)
    assert_type("1" in ix, bool)
    assert_type(len(ix), int)
    assert_type(list(ix), list[ni.Article])
    explanation = ix.explain("pod", "1")
    assert_type(explanation, ni.Explanation)
    assert_type(explanation.details, tuple[ni.Explanation, ...])
    assert_type(ix.check().ok, bool)
    assert_type(ix.check().errors, tuple[ni.CorruptIndexError | ni.IndexVersionError, ...])
    assert_type([file.readable for file in ix.check().files], list[int])
    saved = ni.rescue("archive", Path("rescued"))
    assert_type(saved, ni.Rescue)
    assert_type(saved.lost, tuple[str, ...])
    assert_type(saved.files[0].articles, int | None)
    assert_type(ix.stats().articles, int)
    assert_type(ix.stats().first, dt.date | None)


def build(ix: ni.Index) -> ni.Results:
    """Queries built in Python; `whoosh` has no types, so neither have they."""
    query = ni.phrase("pod nou", slop=2, field="titlu") & ni.words("râu mal", match="any")
    query |= ni.field("sursa", ["Agerpres", "Mediafax"]) & ni.between("2025-01", dt.date(2025, 6, 30))
    analyzer = ni.RomanianAnalyzer(stem=False, stop_words={"de", "la"})
    assert_type(analyzer.stem, bool)
    return ix.search(query)


def errors(path: Path) -> str:
    """Every error and its facts."""
    try:
        look(write(path))
    except ni.IndexLockedError as error:
        assert_type(error.holder, int | None)
        assert_type(error.host, str | None)
        return f"{error.path.name}"
    except ni.IndexVersionError as error:
        assert_type(error.found, int | str)
        return str(error.supported)
    except ni.CorruptIndexError as error:
        assert_type(error.section, str | None)
        return str(error.path)
    except (ni.IndexNotFoundError, ni.IndexExistsError, ni.StorageError) as error:
        assert_type(error.path, Path)
        return str(error)
    except ni.QueryError as error:
        assert_type(error.position, int | None)
        return error.hint
    except ni.ArticleError as error:
        assert_type(error.article, str | None)
        return error.field or ""
    except ni.NewsIndexError:
        raise
    return ""

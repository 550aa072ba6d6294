"""The article that the project's owner gave, and one of our own with the same traits, found as promised."""

from __future__ import annotations

from pathlib import Path

import pytest

import newsindex as ni

QUERIES = [
    ('"trupele nord-coreene"', {}),
    ('"soldaților nord-coreeni"', {"since": "2025-08-01"}),
    ("titlu:Putin data:2025-08", {}),
    ('"regiunea kursk"', {}),
    ("presedintele coreei de nord", {}),
]

OWN = """ date 2025-08-15 Președintele rus Vladimir Putin a mulțumit într-o scrisoare pentru „trupele nord-coreene”.
Textul a fost citit vineri, la a 80-a aniversare a eliberării Coreei de Nord, și îi numește pe oameni „eroici”.
Mesajul amintește de participarea soldaților nord-coreeni la luptele din regiunea Kursk, unde au ajuns peste 10.000.
"""


def index_of(path: Path, place: Path) -> ni.Index:
    ix = ni.create(place)
    others = [
        ni.Article(id="ploi", title="Ploi în nord", body="Soldații au ridicat diguri.", date="2025-08-15"),
        ni.Article(id="vechi", title="Putin, la Kursk", body="Regiunea a fost vizitată de trupe.", date="2025-07-15"),
    ]
    assert ix.add([*ni.read_articles(path), *others]) == 3
    return ix


@pytest.fixture(params=["owner's", "own"])
def seeded(request: pytest.FixtureRequest, repository: Path, tmp_path: Path) -> tuple[ni.Index, str]:
    """An index that holds the article among others, and its id."""
    path = tmp_path / "seed.txt"
    if request.param == "own":
        path.write_text(OWN, encoding="utf-8")
    else:
        found = sorted((repository.parent / "shared" / "seeds").glob("*.txt"))
        if not found:
            pytest.skip("the owner's seed lies beside this repository only")
        path = found[0]
    (article,) = ni.read_articles(path)
    return index_of(path, tmp_path / "index"), article.id


@pytest.mark.parametrize(("query", "options"), QUERIES)
def test_it_is_found(seeded: tuple[ni.Index, str], query: str, options: dict[str, str]) -> None:
    ix, article_id = seeded
    results = ix.search(query, **options)
    assert [hit.id for hit in results] == [article_id]
    assert results.total == ix.count(query, **options) == 1
    assert "**" in results[0].snippet()


@pytest.mark.parametrize(("query", "options"), QUERIES)
def test_it_is_not_found_in_another_month(seeded: tuple[ni.Index, str], query: str, options: dict[str, str]) -> None:
    ix, article_id = seeded
    # With since= in August there is no July at all; without, only what was published then may remain.
    assert article_id not in {hit.id for hit in ix.search(f"{query} data:2025-07", limit=None, **options)}
    assert ix.search('"regiunea kursk" data:2025-07').total == 0


def test_the_article_is_as_written(seeded: tuple[ni.Index, str]) -> None:
    ix, article_id = seeded
    hit = ix.search('"trupele nord-coreene"')[0]
    assert hit.title.startswith("Președintele rus Vladimir Putin")
    assert str(hit.date) == "2025-08-15"
    assert hit.article == ix.get(article_id)
    assert "10.000" in hit.article.body

"""The same articles in Whoosh and in newsindex: thousands of random queries find the same ones in both."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import attrs
import pytest
from oracle_articles import article, articles
from oracle_queries import Queries
from oracle_whoosh import Oracle

import newsindex as ni

COUNTS = {
    "term": 300,
    "phrase": 300,
    "slop": 200,
    "stop words": 100,
    "exact": 150,
    "prefix": 200,
    "wildcard": 150,
    "fuzzy": 80,
    "name": 200,
    "date": 250,
    "every": 30,
    "tree": 300,
}


# In so many of a hundred cases of a kind, at least, some word has several readings, or readings that only the words of
# the index suggest, or words derived from it; and in so many it makes a difference to what is found.
READ = {
    "term": {"readings": 10, "differs": 5},
    "phrase": {"readings": 15, "loose": 1, "differs": 3},
    "slop": {"readings": 15, "differs": 3},
    "stop words": {"readings": 8, "derived": 3, "differs": 4},
    "name": {"readings": 3, "differs": 1},
    "tree": {"readings": 15, "loose": 5, "derived": 10, "differs": 5},
}


@pytest.fixture(scope="module")
def everything(repository: Path) -> list[ni.Article]:
    seeds = {article.id: article for article in ni.read_articles(repository / "seeds" / "seeds.jsonl")}
    return articles(400, seed=1) + list(seeds.values())


@pytest.fixture(scope="module")
def oracle(everything: list[ni.Article]) -> Oracle:
    return Oracle(everything)


@pytest.fixture(scope="module")
def index(everything: list[ni.Article], tmp_path_factory: pytest.TempPathFactory) -> ni.Index:
    """The articles in several segments, with older versions of some and with others that were deleted."""
    ix = ni.create(tmp_path_factory.mktemp("oracle"))
    rng = random.Random(2)
    shuffled = rng.sample(everything, len(everything))
    decoys = [article(number, rng) for number in range(1000, 1000 + len(everything) // 4)]
    with ix.writer() as writer:
        for start in range(0, len(shuffled), 120):
            for one in decoys[start // 4 : start // 4 + 30]:
                writer.add(one)
            for one in shuffled[start + 120 : start + 150]:
                writer.add(attrs.evolve(one, title="Trenul vechi", source="Nimeni"))
            for one in shuffled[start : start + 120]:
                writer.add(one)
            writer.commit()
        for one in decoys:
            assert writer.delete(one.id)
    return ix


def test_there_is_something_to_compare(index: ni.Index, everything: list[ni.Article]) -> None:
    stats = index.stats()
    assert len(index) == stats.articles == len(everything)
    assert stats.segments >= 4
    assert stats.deleted > 100
    assert sum(COUNTS.values()) >= 2000


@pytest.mark.parametrize("kind", COUNTS)
def test_both_find_the_same(kind: str, index: ni.Index, oracle: Oracle, everything: list[ni.Article]) -> None:
    queries = Queries(everything, oracle, seed=len(kind))
    sizes: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for _ in range(COUNTS[kind]):
        case = queries.case(kind)
        expected = oracle.ids(case.tree)
        results = index.search(case.text, limit=None, **case.options)
        found = {hit.id for hit in results}
        assert found == expected, f"{case.text!r} with {case.options} for {case.tree}"
        assert results.total == len(results) == len(found)
        assert index.count(case.text, **case.options) == len(expected)
        seen.update(thing for thing, times in case.seen.items() if times)
        seen["differs"] += str(case.narrow) != str(case.tree) and oracle.ids(case.narrow) != expected
        sizes["none" if not found else "all" if len(found) == len(everything) else "some"] += 1
    # Two engines that find nothing agree too.
    assert sizes["some"] > COUNTS[kind] * 0.4, sizes
    for thing, share in READ.get(kind, {}).items():
        assert seen[thing] * 100 >= share * COUNTS[kind], (thing, seen)


def test_merging_changes_no_answer(
    index: ni.Index, oracle: Oracle, everything: list[ni.Article], tmp_path: Path
) -> None:
    merged = ni.create(tmp_path / "merged")
    with merged.writer(memory=100_000) as writer:
        for article in index:
            writer.add(article)
    assert merged.stats().segments > 1
    merged.optimize()
    assert merged.stats().segments == 1
    queries = Queries(everything, oracle, seed=99)
    for number in range(150):
        case = queries.case(list(COUNTS)[number % len(COUNTS)])
        assert {hit.id for hit in merged.search(case.text, limit=None, **case.options)} == oracle.ids(case.tree), case

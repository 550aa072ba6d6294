"""A state machine: whatever is added, replaced, deleted, committed, undone, merged and reopened, the index is a dict.

The dict is searched by brute force: every article is tokenised anew for every question.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import newsindex as ni
from newsindex.analysis import Stemmer, is_bare, tokenize

WORDS = ["tren", "trenul", "trenuri", "pod", "podul", "râu", "rau", "și", "de", "oraș", "orașe", "S.U.A.", "s-a"]
SOURCES = ["Gazeta", "Ecoul Luncii", None]
DAYS = [dt.date(2024, 1, 31), dt.date(2024, 2, 1), dt.date(2024, 4, 10), None]
MOMENT = dt.datetime(2024, 1, 31, 23, 30, tzinfo=dt.UTC)  # the first of February in Bucharest
STEM = Stemmer()

ids = st.sampled_from([f"id{number}" for number in range(12)])
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
articles = st.builds(
    ni.Article,
    id=ids,
    title=texts,
    body=texts,
    date=st.sampled_from([*DAYS, MOMENT]),
    source=st.sampled_from(SOURCES),
    extra=st.sampled_from([{}, {"region": "Lunca"}, {"pagina": 3}]),
)


def readings(text: str, bare: bool) -> list[set[str]]:
    """What each word of a text may be, in a query or an article that is `bare` or not."""
    return [set(STEM.readings(form, bare)) for form, _, _ in tokenize(text)]


def holds(article: ni.Article, text: str) -> bool:
    """Whether the words of a query stand next to each other in the title or in the body."""
    words = readings(text, is_bare(text))
    bare = is_bare(article.title) and is_bare(article.body)
    for part in (readings(article.title, bare), readings(article.body, bare)):
        for k in range(len(part) - len(words) + 1):
            if all(one & other for one, other in zip(words, part[k:], strict=False)):
                return True
    return False


def day(article: ni.Article) -> dt.date | None:
    return dt.date(2024, 2, 1) if article.date == MOMENT else article.date


class Machine(RuleBasedStateMachine):
    """An index, a dict of what is committed in it, and one of what is pending."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        # So small that articles spill and segments merge all the time.
        self.small = mock.patch.multiple("newsindex.merging", FANOUT=3, TIER_FLOOR=1 << 12)
        self.small.start()
        self.index = ni.create(self.place.name)
        self.committed: dict[str, ni.Article] = {}
        self.pending: dict[str, ni.Article] = {}
        self.writer: ni.Writer | None = None

    @initialize(memory=st.sampled_from([1, 3_000, 1 << 20]))
    def budget(self, memory: int) -> None:
        self.memory = memory

    def writing(self) -> ni.Writer:
        if self.writer is None:
            self.writer = self.index.writer(timeout=0, memory=self.memory)
        return self.writer

    def finish(self, commit: bool) -> None:
        """Leave the writer as a `with` block does."""
        if self.writer is not None:
            if commit:
                self.writer.__exit__(None, None, None)
            else:
                error = RuntimeError("the caller's own")
                self.writer.__exit__(RuntimeError, error, None)
            self.writer = None
        if commit:
            self.committed = dict(self.pending)
        else:
            self.pending = dict(self.committed)

    @rule(article=articles)
    def add(self, article: ni.Article) -> None:
        self.writing().add(article)
        self.pending[article.id] = article

    @rule(found=st.lists(articles, min_size=2, max_size=6))
    def add_some(self, found: list[ni.Article]) -> None:
        for article in found:
            self.add(article)

    @rule(article_id=ids)
    def delete(self, article_id: str) -> None:
        assert self.writing().delete(article_id) == (article_id in self.pending)
        self.pending.pop(article_id, None)

    @rule()
    def commit(self) -> None:
        self.writing().commit()
        self.committed = dict(self.pending)
        self.agree()

    @rule()
    def rollback(self) -> None:
        self.writing().rollback()
        self.pending = dict(self.committed)
        self.agree()

    @rule()
    def optimize(self) -> None:
        self.writing().optimize()
        self.committed = dict(self.pending)
        stats = self.index.stats()
        assert (stats.segments, stats.deleted) == (1 if self.committed else 0, 0)
        self.agree()

    @rule(commit=st.booleans())
    def leave(self, commit: bool) -> None:
        self.finish(commit)
        self.agree()

    @rule()
    def reopen(self) -> None:
        self.finish(commit=False)
        self.index = ni.open(self.place.name)
        self.agree()

    @precondition(lambda self: self.writer is None)
    @rule(found=st.lists(articles, max_size=5))
    def add_by_another_object(self, found: list[ni.Article]) -> None:
        assert ni.open(self.place.name).add(found) == len(found)
        self.committed |= {article.id: article for article in found}
        self.pending = dict(self.committed)

    @invariant()
    def readers_see_what_is_committed(self) -> None:
        assert len(self.index) == len(self.committed)

    def agree(self) -> None:
        """All that can be asked, asked of both."""
        index, expected = self.index, self.committed
        assert {article.id: article for article in index} == expected
        for number in range(13):
            article_id = f"id{number}"
            assert index.get(article_id) == expected.get(article_id)
            assert (article_id in index) == (article_id in expected)
        for text in ("trenul", "rau", "SUA", "orase"):
            self.same(text, [article for article in expected.values() if holds(article, text)])
        for text in ("tren și pod", "s-a de", "de podul", "râu râu"):
            self.same(f'"{text}"', [article for article in expected.values() if holds(article, text)])
        january = [article for article in expected.values() if day(article) == dt.date(2024, 1, 31)]
        self.same("data:2024-01", january)
        self.same("*", [article for article in expected.values() if day(article)], since="2024")
        self.same(
            "*", [article for article in expected.values() if article.source == "Gazeta"], filters={"source": "Gazeta"}
        )
        self.summaries()

    def same(self, query: str, expected: list[ni.Article], **options: object) -> None:
        wanted = {article.id for article in expected}
        assert {hit.id for hit in self.index.search(query, limit=None, **options)} == wanted
        assert self.index.count(query, **options) == len(wanted)

    def summaries(self) -> None:
        """Facets, timeline and statistics."""
        expected = self.committed.values()
        sources = Counter(article.source for article in expected if article.source)
        assert self.index.facets("*", "source") == sources
        months = Counter(found.replace(day=1) for article in expected if (found := day(article)))
        assert {month: n for month, n in self.index.timeline("*").items() if n} == months
        newest = [hit.date for hit in self.index.search("*", limit=3, sort="newest")]
        assert newest == sorted_newest(expected)[:3]
        stats = self.index.stats()
        assert stats.articles == len(expected)
        assert stats.undated == sum(article.date is None for article in expected)

    def teardown(self) -> None:
        try:
            self.finish(commit=True)
            report = self.index.check()
            assert report.ok, report.errors
            assert report.articles == len(self.committed)
            self.agree()
        finally:
            self.small.stop()
            self.place.cleanup()


def sorted_newest(articles: object) -> list[object]:
    """The dates of articles, newest first, undated ones last; the moment is later than the day that it is on."""
    dated = [article.date for article in articles if article.date is not None]  # type: ignore[attr-defined]
    key = {dt.date(2024, 1, 31): 0, dt.date(2024, 2, 1): 1, MOMENT: 2, dt.date(2024, 4, 10): 3}
    undated = sum(article.date is None for article in articles)  # type: ignore[attr-defined]
    return sorted(dated, key=key.__getitem__, reverse=True) + [None] * undated


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)

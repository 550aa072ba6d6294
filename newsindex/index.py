"""`Index`: the archive in one directory, and the functions that make and open one.

An index object is cheap, may be shared by threads and kept for as long as one likes: each search takes the generation
that was committed last, by a look at the manifest's stamp.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from newsindex._hits import Hits
from newsindex.analysis import Stemmer
from newsindex.article import BUCHAREST, Article
from newsindex.errors import IndexExistsError, IndexNotFoundError, IndexVersionError, QueryError
from newsindex.inverted.columns import UNDATED
from newsindex.options import check_page, checked_count, filters_of, search_key, values_of
from newsindex.query import dates, fields
from newsindex.query.lexer import shown
from newsindex.query.nodes import And, Everything, OneOf, Plan
from newsindex.query.plain import plan_plain
from newsindex.results import Explanation, Report, Results, Stats
from newsindex.searcher.page import Search
from newsindex.searcher.ranking import closeness
from newsindex.searcher.widening import terms_meant, widen
from newsindex.snapshot import Snapshot, open_snapshot
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory, DiskDirectory, storage_errors
from newsindex.store.manifest import Manifest

if TYPE_CHECKING:
    from whoosh.query import Query

    from newsindex.options import Filters
    from newsindex.writer import Writer

    When = dt.date | str | None

MEMORY: Final = 256 << 20  # bytes that a writer may use, about

_cache: dict[Path, Index] = {}


def create(path: str | os.PathLike[str], exist_ok: bool = False) -> Index:
    """Make an empty index in a directory, which is made too where it is missing.

    Args:
        path: the directory. Files of others in it are left alone.
        exist_ok: open the index that is there already, instead of raising.

    Raises:
        IndexExistsError: there is an index already.
        CorruptIndexError: there is one that has lost its manifest.
        StorageError: the system refuses to write there.
    """
    directory = DiskDirectory(Path(path), make=True)
    if directory.stamp(manifests.NAME) is None:
        from newsindex.store.lock import WriterLock

        with WriterLock(directory):
            # Another process may have been faster.
            if directory.stamp(manifests.NAME) is None:
                manifests.refuse_orphans(directory)
                now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
                manifests.publish(directory, Manifest(0, analyzer=_analyzer(Stemmer()), created=now))
                return Index(directory)
    if not exist_ok:
        raise IndexExistsError(
            f"{directory.path}: an index is here already; open() it, or pass exist_ok=True", path=directory.path
        )
    return Index(directory)


def open(path: str | os.PathLike[str]) -> Index:  # noqa: A001 -- the API calls it so
    """Open the index in a directory.

    Raises:
        IndexNotFoundError: there is none.
        IndexVersionError: it was written by another version of newsindex, or of its stemmer.
        CorruptIndexError: its files are damaged.
        StorageError: the system refuses to read it.
    """
    if not os.path.isdir(path):
        # What keeps this process from looking is another error.
        with storage_errors(os.fspath(path), "read"), suppress(FileNotFoundError, NotADirectoryError, ValueError):
            os.stat(path)
        raise IndexNotFoundError(f"{path}: no such directory; make an index with newsindex.create()", path=path)
    return Index(DiskDirectory(Path(path)))


def search(path: str | os.PathLike[str], query: str | Query, **options: Any) -> Results:
    """Search the index in a directory, opening it once: `open(path).search(query, **options)` for scripts."""
    place = Path(os.path.realpath(path))  # which no loop of links keeps from an answer
    index = _cache.get(place)
    if index is None:
        index = _cache[place] = open(place)
    return index.search(query, **options)


def _analyzer(stemmer: Stemmer) -> dict[str, str]:
    return {"name": stemmer.name, "version": stemmer.version}


class Index:
    """A searchable archive of articles. Made by `create` and `open`.

    >>> import tempfile
    >>> place = tempfile.TemporaryDirectory()
    >>> index = create(place.name)
    >>> index.add([Article(id="1", title="Ploi în Banat", body="Râurile au crescut.", date="2025-03-02")])
    1
    >>> results = index.search("raurile crescut", since="2025-03")
    >>> results.total, results[0].title
    (1, 'Ploi în Banat')
    >>> place.cleanup()
    """

    def __init__(
        self,
        directory: Directory,
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(BUCHAREST),
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._stemmer = Stemmer()
        self._opened: tuple[tuple[int, int, int] | None, Snapshot] | None = None
        self.snapshot()

    def __repr__(self) -> str:
        return f"<newsindex.Index of {len(self):,} articles in {str(self.path)!r}>"

    @property
    def path(self) -> Path:
        """The directory."""
        return self._directory.path

    def _check_analyzer(self, manifest: Manifest) -> None:
        expected = _analyzer(self._stemmer)
        if manifest.analyzer != expected:
            raise IndexVersionError(
                f"{self.path}: its words were stemmed by {_name(manifest.analyzer)}, this newsindex has "
                f"{_name(expected)}; install that version, or index the articles again",
                path=self.path,
                found=_name(manifest.analyzer),
                supported=_name(expected),
            )

    def snapshot(self) -> Snapshot:
        """The generation committed last."""
        # Stamped before it is read: a commit in between makes the stamp old, and the next call reads again. Two threads
        # may both open a generation, and have it open twice; waiting for one another would cost more, and could last.
        stamp = self._directory.stamp(manifests.NAME)
        opened = self._opened
        if opened is None or stamp != opened[0]:
            snapshot = open_snapshot(self._directory, opened[1] if opened else None)
            self._check_analyzer(snapshot.manifest)
            opened = self._opened = stamp, snapshot
        return opened[1]

    # Writing.

    def writer(self, timeout: float = 10.0, memory: int = MEMORY) -> Writer:
        """The right to write, for one writer at a time; use it in a `with` statement.

        Args:
            timeout: seconds to wait for another writer to finish.
            memory: bytes that it may use, about; at as many, or half of them while a merge goes on beside, what
                is buffered is written to disk.

        Raises:
            IndexLockedError: another writer did not finish in time; the error says who it is.
            StorageError: the system refuses to write there.
        """
        from newsindex.store.lock import WriterLock
        from newsindex.writer import Writer

        lock = WriterLock(self._directory)
        try:
            lock.acquire(timeout)
            return Writer(self._directory, lock, self.snapshot, self._stemmer, memory)
        except BaseException:
            lock.release()
            raise

    def add(self, articles: Iterable[Article], progress: bool = False) -> int:
        """Add articles, or replace those with the same ids, in one commit; returns how many were added.

        Args:
            articles: any iterable, such as `read_articles(path)`; an error in it leaves the index as it was.
            progress: show a progress bar on standard error.
        """
        if not progress:
            return self._add(articles)
        from newsindex.progress import track

        # Closed at once, also when the writer fails: the bar's line ends before an error is printed.
        with closing(track(articles)) as tracked:
            return self._add(tracked)

    def _add(self, articles: Iterable[Article]) -> int:
        count = 0
        with self.writer() as writer:
            for article in articles:
                writer.add(article)
                count += 1
        return count

    def optimize(self) -> None:
        """Merge all segments into one and drop deleted articles for good: the smallest and fastest form.

        Raises:
            IndexLockedError: another writer is at work.
            StorageError: the system refuses to write; the index is as before.
        """
        with self.writer() as writer:
            writer.optimize()

    # Searching.

    def search(
        self,
        query: str | Query,
        limit: int | None = 10,
        offset: int = 0,
        since: When = None,
        until: When = None,
        match: str = "all",
        sort: str = "relevance",
        filters: Filters = None,
        recency: str | None = None,
        near: When = None,
    ) -> Results:
        """Find articles.

        Args:
            query: a string in the query language (`*` is every article), or any `whoosh.query` object.
            limit: how many hits to return; None for all. That takes half a second and 70 MB for a million articles that
                have one word, and more for each further word that they are ranked by.
            offset: how many to skip before them.
            since, until: dates, both inclusive: objects, ISO text such as "2025-08", or Romanian such as "ieri",
                "15 august 2025" and "acum 3 luni" (see `newsindex.query.date_words`), counted from the index's clock.
            match: "all" (every word must occur) or "any".
            sort: "relevance", "newest" or "oldest"; undated articles come last in the latter two.
            filters: {field: value} or {field: [values]}; an article must have one of them, whole, in each field.
            recency: a half-life such as "30d": up to twice the score for articles near to now.
            near: a date: up to twice the score for articles near to that instead.

        Raises:
            QueryError: the query or an option cannot be understood.
            CorruptIndexError: a damaged file was touched.
        """
        check_page(limit, offset, sort)
        snapshot = self.snapshot()
        search = self._prepare(snapshot, query, match, since, until, filters)
        factor = None if recency is None and near is None else closeness(recency, near, self._clock())
        page = search.page(limit, offset, sort, factor)
        return Results(page.total, Hits(page.found, snapshot.segments, search.highlighter))

    def _prepare(
        self, snapshot: Snapshot, query: str | Query, match: str, since: When, until: When, filters: Filters
    ) -> Search:
        """A query, understood and made ready; a generation keeps the latest, for when they are asked again."""
        # Only text can count from today; of a query only the date of a field, and that takes a colon.
        timeless = type(query) is str and ":" not in query and not isinstance(since, str) and not isinstance(until, str)
        now = None if timeless else self._clock()
        key = search_key(query, match, since, until, filters, now)
        search = None if key is None else snapshot.searches.get(key)
        if search is None:
            plan = self._plan(snapshot, query, match, since, until, filters, now)
            search = Search(snapshot.live, plan, snapshot.ranking)
            if key is not None:
                snapshot.keep(key, search, terms_meant(plan, snapshot.live))
        return search

    def _plan(
        self,
        snapshot: Snapshot,
        query: str | Query,
        match: str,
        since: When,
        until: When,
        filters: Filters,
        now: dt.datetime | None,
    ) -> Plan:
        asked = self._plan_query(query, match, snapshot.manifest.fields, now)
        parts: list[Plan] = [] if isinstance(asked, Everything) else [asked]
        if since is not None or until is not None:
            parts.append(dates.bounds(since, until, now))
        if filters is not None:
            parts += [
                OneOf(self._facet(snapshot, field), values_of(field, value))
                for field, value in filters_of(filters).items()
            ]
        return widen(And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else asked, snapshot.live)

    def _plan_query(self, query: str | Query, match: str, extra: Sequence[str], now: dt.datetime | None) -> Plan:
        text = query if isinstance(query, str) else None
        if text is not None and (made := plan_plain(text, match, self._stemmer)) is not None:
            return made
        # Most queries are plain, and loading these takes as long as opening an index.
        from newsindex.query.language import read
        from newsindex.query.plan import plan as plan_tree

        tree = query if text is None else read(text, match, now)
        return plan_tree(tree, extra_fields=extra, query=text, stemmer=self._stemmer, now=now)

    @staticmethod
    def _facet(snapshot: Snapshot, name: str) -> str:
        """The metadata field of this name."""
        if not isinstance(name, str):
            raise QueryError(f"a field's name must be text, not {type(name).__name__}", hint="pass a str")
        field = fields.resolve(name, snapshot.manifest.fields)
        if not fields.is_facet(field):
            raise QueryError(
                f"{shown(name)} is no field of whole values",
                hint="use source, author, section, tags or an extra field; for dates use since and until",
            )
        return field

    def count(
        self,
        query: str | Query,
        since: When = None,
        until: When = None,
        filters: Filters = None,
        match: str = "all",
    ) -> int:
        """How many articles match; see `search`."""
        snapshot = self.snapshot()
        return self._prepare(snapshot, query, match, since, until, filters).count()

    def facets(
        self,
        query: str | Query,
        field: str,
        limit: int = 10,
        since: When = None,
        until: When = None,
        filters: Filters = None,
        match: str = "all",
    ) -> dict[str, int]:
        """How many of the articles that match have each value of a field: the `limit` most frequent first.

        Raises:
            QueryError: `field` is none of whole values; or see `search`.
        """
        from newsindex.searcher import aggregate

        snapshot = self.snapshot()
        matches = self._prepare(snapshot, query, match, since, until, filters).matches()
        return aggregate.facets(snapshot.live, matches, self._facet(snapshot, field), checked_count("limit", limit))

    def timeline(
        self,
        query: str | Query,
        by: str = "month",
        since: When = None,
        until: When = None,
        filters: Filters = None,
        match: str = "all",
    ) -> dict[dt.date, int]:
        """How many of the articles that match fall into each day, week, month or year.

        The keys are the first days of the periods (weeks begin on Monday), in order, from the first that has an article
        to the last, those without included. Days are those of Europe/Bucharest; undated articles are not counted.

        Raises:
            QueryError: `by` is no period; or see `search`.
        """
        from newsindex.searcher import aggregate

        snapshot = self.snapshot()
        matches = self._prepare(snapshot, query, match, since, until, filters).matches()
        return aggregate.timeline(snapshot.live, matches, by)

    def explain(self, query: str | Query, article_id: str, match: str = "all") -> Explanation:
        """Why an article is found by a query, or is not, and where its score comes from.

        Raises:
            QueryError: there is no such article; or see `search`.
        """
        from newsindex.searcher.explain import explain

        snapshot = self.snapshot()
        plan = self._prepare(snapshot, query, match, None, None, None).plan
        place = snapshot.find(article_id)
        if place is None:
            raise QueryError(f"there is no article {shown(article_id)}", hint="look for its id with search()")
        segment, doc = place
        return explain(snapshot.ranking, plan, segment.live, doc)

    # A collection of articles.

    def get(self, article_id: str) -> Article | None:
        """The article with this id, or None."""
        place = self.snapshot().find(article_id)
        return None if place is None else place[0].articles.read(place[1])

    def __contains__(self, article: object) -> bool:
        """Whether there is an article with this id; an `Article` stands for its id."""
        article_id = article.id if isinstance(article, Article) else article
        return self.snapshot().find(article_id) is not None

    def __len__(self) -> int:
        return len(self.snapshot())

    def __bool__(self) -> bool:
        """True, also when there are no articles: an index is there."""
        return True

    def __iter__(self) -> Iterator[Article]:
        """All articles, of the generation at the start: segment after segment, each by date."""
        return self.snapshot().articles()

    # Looking after it.

    def check(self) -> Report:
        """Read everything, verify every checksum and invariant. Damage is in the report, not raised.

        Raises:
            IndexNotFoundError: it is gone.
            IndexVersionError: all of it is written in another format by now.
            StorageError: the system refuses to read it.
        """
        from newsindex.check import check

        return check(self._directory)

    def stats(self) -> Stats:
        """Counts and sizes."""
        from newsindex.searcher import aggregate

        snapshot = self.snapshot()
        segments = [segment.segment for segment in snapshot.segments]
        dates = np.concatenate(
            [np.zeros(0, np.int64), *(one.segment.dates.whole()[one.live.alive] for one in snapshot.segments)]
        )
        dated = dates[dates != UNDATED]
        entries = snapshot.manifest.segments
        return Stats(
            articles=len(snapshot),
            deleted=sum(entry.deleted for entry in entries),
            segments=len(entries),
            bytes=manifests.size(self._directory) + sum(segment.size for segment in snapshot.segments),
            generation=snapshot.manifest.generation,
            terms=sum(len(segment.terms) for segment in segments),
            words=sum(sum(segment.words.values()) for segment in segments),
            undated=len(dates) - len(dated),
            first=aggregate.local_day(int(dated.min())) if len(dated) else None,
            last=aggregate.local_day(int(dated.max())) if len(dated) else None,
            fields=snapshot.manifest.fields,
            analyzer=_name(snapshot.manifest.analyzer),
        )


def _name(analyzer: Mapping[str, Any]) -> str:
    return f"{analyzer.get('name')} {analyzer.get('version')}"

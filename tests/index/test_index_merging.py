"""Merges in the background: what is added, deleted, undone and broken while one is held at a call of the test's."""

from __future__ import annotations

import errno
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from reliability_directory import FailingDirectory

import newsindex as ni
from newsindex.store.directory import DiskDirectory
from newsindex.threads import Task, Worker

THREAD = "newsindex-merge"


class HeldDirectory(FailingDirectory):
    """A directory that holds the thread of a merge at its call number `at` of `create`, or has it fail there.

    The first is that of the segment, when the merge knows what lives; the second that of the file beside it.
    """

    def __init__(self, place: Path) -> None:
        super().__init__(DiskDirectory(place), error=errno.ENOSPC)
        self.at = 0
        self.refusing = False
        self.held = threading.Event()
        self.gate = threading.Event()

    def hold(self, at: int = 2) -> None:
        self.at = at
        self.held.clear()
        self.gate.clear()

    def _refuses(self, name: str) -> bool:
        if name == "create" and threading.current_thread().name.startswith(THREAD) and self.at:
            self.at -= 1
            if not self.at:
                self.held.set()
                assert self.refusing or self.gate.wait(60)
                return self.refusing
        return False


def article(number: int, version: int = 0) -> ni.Article:
    return ni.Article(
        id=f"a{number}",
        title=f"Podul numărul {number}",
        body=f"Versiunea v{version} despre pod și oraș.",
        date=f"2024-01-{number % 28 + 1:02}",
        source=random.Random(number).choice(["Gazeta", "Ecoul"]),
    )


def content(ix: ni.Index) -> dict[str, ni.Article]:
    found = {one.id: one for one in ix}
    assert len(found) == len(ix) == ix.count("pod")
    assert {hit.id for hit in ix.search("oraș", limit=None)} == found.keys()
    assert all(ix.get(name) == one for name, one in found.items())
    return found


def expected(numbers: Any, version: int = 0) -> dict[str, ni.Article]:
    return {f"a{number}": article(number, version) for number in numbers}


def merge_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD)]


def files(ix: ni.Index) -> set[str]:
    return {path.name for path in ix.path.iterdir() if path.suffix in (".seg", ".del")}


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with mock.patch("newsindex.merging.FANOUT", 3):
        yield


@pytest.fixture
def directory(tmp_path: Path) -> HeldDirectory:
    """Two segments of ten articles each: with the next a merge is due."""
    ix = ni.create(tmp_path / "index")
    ix.add(map(article, range(10)))
    ix.add(map(article, range(10, 20)))
    return HeldDirectory(ix.path)


@pytest.fixture
def ix(directory: HeldDirectory) -> ni.Index:
    return ni.Index(directory)


def begin(directory: HeldDirectory, writer: ni.Writer, at: int = 2) -> None:
    """Commit ten more, and wait until the merge is held."""
    directory.hold(at)
    for number in range(20, 30):
        writer.add(article(number))
    writer.commit()
    assert directory.held.wait(60)


@pytest.mark.parametrize("at", [1, 2])
def test_what_dies_while_a_merge_runs_is_dead_in_what_comes_of_it(
    directory: HeldDirectory, ix: ni.Index, at: int
) -> None:
    before = ix.search("pod", limit=None)
    with ix.writer() as writer:
        begin(directory, writer, at)
        assert ix.stats().segments == 3
        assert content(ix) == expected(range(30))
        assert writer.delete("a3")
        writer.commit()  # a tombstone that is published while the merge runs, and others that are not
        assert not writer.delete("a3")
        assert writer.delete("a12")
        writer.add(article(25, 1))
        assert ix.stats().segments == 3
        directory.gate.set()
    left = expected(n for n in range(30) if n not in (3, 12, 25)) | expected([25], 1)
    assert content(ix) == left
    assert content(ni.open(ix.path)) == left
    assert ix.check().ok
    assert (ix.stats().segments, ix.stats().deleted) == (2, 3)
    assert files(ix) == ix.snapshot().manifest.files
    assert merge_threads() == []
    assert {hit.article.id for hit in before} == expected(range(20)).keys()  # which files that are gone tell
    ix.optimize()
    assert content(ix) == left
    assert (ix.stats().segments, ix.stats().deleted) == (1, 0)


def test_a_commit_lists_what_a_merge_before_it_made(directory: HeldDirectory, ix: ni.Index) -> None:
    with ix.writer() as writer:
        begin(directory, writer)
        directory.gate.set()
        while not writer._merging.done:
            threading.Event().wait(0.01)
        assert ix.stats().segments == 3
        writer.add(article(30))
        writer.commit()
        assert ix.stats().segments == 2
        assert content(ix) == expected(range(31))


def test_sources_of_which_nothing_lives_at_the_end_of_a_merge_leave_nothing(
    directory: HeldDirectory, ix: ni.Index
) -> None:
    with ix.writer() as writer:
        begin(directory, writer)
        for number in range(30):
            assert writer.delete(f"a{number}")
        writer.add(article(40))
        writer.commit()
        assert content(ix) == expected([40])
        assert ix.stats().segments == 1
        directory.gate.set()
    assert content(ix) == expected([40])
    assert (ix.stats().segments, ix.stats().deleted) == (1, 0)
    assert files(ix) == ix.snapshot().manifest.files


def test_a_rollback_gives_a_merge_up_and_the_next_commit_begins_it_again(
    directory: HeldDirectory, ix: ni.Index
) -> None:
    with ix.writer() as writer:
        begin(directory, writer)
        writer.delete("a1")
        writer.add(article(50))
        threading.Timer(0.2, directory.gate.set).start()
        writer.rollback()
        assert merge_threads() == []
        assert content(ix) == expected(range(30))
        assert files(ix) == ix.snapshot().manifest.files
        assert ix.stats().segments == 3
    assert content(ix) == expected(range(30))
    assert ix.stats().segments == 1


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_ends_the_thread_before_the_lock_is_free(
    directory: HeldDirectory, ix: ni.Index, error: type[BaseException]
) -> None:

    def write() -> None:
        with ix.writer() as writer:
            begin(directory, writer)
            writer.add(article(60))
            threading.Timer(0.2, directory.gate.set).start()
            raise error

    with pytest.raises(error):
        write()
    assert merge_threads() == []
    assert content(ix) == expected(range(30))
    with ix.writer(timeout=0):
        pass
    assert content(ix) == expected(range(30))
    assert ix.stats().segments == 1


def test_closing_without_a_commit_loses_what_is_pending_and_gives_the_merge_up(
    directory: HeldDirectory, ix: ni.Index
) -> None:
    writer = ix.writer()
    begin(directory, writer)
    writer.delete("a1")
    threading.Timer(0.2, directory.gate.set).start()
    writer.close()
    assert merge_threads() == []
    assert content(ix) == expected(range(30))
    assert ix.stats().segments == 3
    with ix.writer(timeout=0):
        assert files(ix) == ix.snapshot().manifest.files  # what the merge left was swept


def test_closing_after_a_commit_ends_the_merge_and_publishes_it(directory: HeldDirectory, ix: ni.Index) -> None:
    writer = ix.writer()
    begin(directory, writer)
    directory.gate.set()
    writer.close()
    writer.close()
    assert ix.stats().segments == 1
    assert content(ix) == expected(range(30))


def test_a_failed_merge_is_raised_by_the_next_commit_which_loses_nothing(
    directory: HeldDirectory, ix: ni.Index
) -> None:
    directory.refusing = True
    with ix.writer() as writer:
        begin(directory, writer)
        while not writer._merging.done:
            threading.Event().wait(0.01)
        writer.add(article(30))
        writer.delete("a0")
        with pytest.raises(ni.StorageError, match="No space left"):
            writer.commit()
        assert content(ni.open(ix.path)) == expected(range(1, 31))
        writer.add(article(31))
        writer.commit()
    assert content(ix) == expected(range(1, 32))
    assert ix.stats().segments < 3
    assert files(ix) == ix.snapshot().manifest.files


def test_a_merge_that_fails_last_is_raised_by_closing(directory: HeldDirectory, ix: ni.Index) -> None:
    directory.refusing = True
    with pytest.raises(ni.StorageError, match="No space left"), ix.writer() as writer:
        begin(directory, writer)
    assert merge_threads() == []
    assert content(ix) == expected(range(30))
    with ix.writer(timeout=0):
        pass
    assert ix.stats().segments == 1
    assert content(ix) == expected(range(30))


def test_a_damaged_segment_fails_its_merge_and_not_the_commit(directory: HeldDirectory, ix: ni.Index) -> None:
    victim = ix.snapshot().segments[0].sections
    start = next(one.offset for one in victim._sections.values() if one.name == "postings")
    with (ix.path / ix.snapshot().segments[0].entry.name).open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 8)
    with pytest.raises(ni.CorruptIndexError, match="postings"):
        ni.open(ix.path).add(map(article, range(20, 30)))
    assert {one.id for one in ni.open(ix.path)} == expected(range(30)).keys()


def test_what_a_killed_writer_left_of_a_merge_is_swept(directory: HeldDirectory, ix: ni.Index, tmp_path: Path) -> None:
    with ix.writer() as writer:
        begin(directory, writer)
        writer.add(article(70))
        left = ni.Index(DiskDirectory(shutil.copytree(ix.path, tmp_path / "left")))
        directory.gate.set()
    assert files(left) > left.snapshot().manifest.files
    assert content(left) == expected(range(30))
    assert left.check().ok
    with left.writer(timeout=0):
        assert files(left) == left.snapshot().manifest.files
    assert left.stats().segments == 1
    assert content(left) == expected(range(30))


def test_optimizing_gives_up_a_merge_that_runs(directory: HeldDirectory, ix: ni.Index) -> None:
    with ix.writer() as writer:
        begin(directory, writer)
        writer.delete("a4")
        threading.Timer(0.2, directory.gate.set).start()
        writer.optimize()
        assert content(ix) == expected(n for n in range(30) if n != 4)
        assert (ix.stats().segments, ix.stats().deleted) == (1, 0)
        assert files(ix) == ix.snapshot().manifest.files


def test_segments_that_no_commit_has_listed_are_merged_and_undone(directory: HeldDirectory, ix: ni.Index) -> None:
    """Each article is a segment: with the first a merge is begun."""
    directory.hold()
    with ix.writer(memory=1) as writer:
        writer.add(article(5, 1))
        assert directory.held.wait(60)
        for number in range(20, 24):
            writer.add(article(number))
        assert writer.delete("a21")
        directory.gate.set()
        writer.add(article(5, 2))
        writer.add(article(6, 2))
        assert content(ni.open(ix.path)) == expected(range(20))
        writer.rollback()
        assert content(ix) == expected(range(20))
        assert files(ix) == ix.snapshot().manifest.files
        for number in range(20, 24):
            writer.add(article(number, 3))
        writer.commit()
        assert content(ix) == expected(range(20)) | expected(range(20, 24), 3)
    assert content(ix) == expected(range(20)) | expected(range(20, 24), 3)
    assert ix.check().ok
    assert ix.stats().segments <= 3


def test_segments_that_no_commit_has_listed_are_gone_when_they_are_merged(
    directory: HeldDirectory, ix: ni.Index
) -> None:
    listed = ix.snapshot().manifest.files
    with mock.patch("newsindex.merging.TIER_FLOOR", 1 << 30), ix.writer(memory=1) as writer:
        for number in range(20, 26):
            writer.add(article(number))
            while writer._merging.begun and not writer._merging.done:
                threading.Event().wait(0.01)
        writer.add(article(26))
        assert files(ix) - writer._merging.names == listed | {segment.entry.name for segment in writer._segments}
        assert len(writer._segments) < 5
        assert content(ni.open(ix.path)) == expected(range(20))
    assert content(ix) == expected(range(27))


@pytest.mark.parametrize("seed", range(3))
def test_an_index_that_was_merged_all_the_time_is_like_one_that_never_was(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    steps = [(rng.choice(["add"] * 8 + ["delete", "commit"]), rng.randrange(60)) for _ in range(250)]
    indexes = []
    for fanout in (2, 1000):
        ix = ni.create(tmp_path / str(fanout))
        with mock.patch("newsindex.merging.FANOUT", fanout), ix.writer(memory=3_000) as writer:
            for version, (step, number) in enumerate(steps):
                if step == "add":
                    writer.add(article(number, version))
                elif step == "delete":
                    writer.delete(f"a{number}")
                else:
                    writer.commit()
        indexes.append(ix)
    merged, whole = indexes
    assert merged.stats().segments < 20 < whole.stats().segments
    assert content(merged) == content(whole)
    assert merged.check().ok
    for query in ("pod", "oraș gazeta", '"numărul 7"', "versiunea"):
        pages = [[(hit.id, hit.score) for hit in ix.search(query, limit=None)] for ix in indexes]
        assert sorted(pages[0]) == sorted(pages[1])


@pytest.mark.usefixtures("interrupt_in")
def test_who_is_interrupted_while_closing_leaves_the_lock_to_the_thread(directory: HeldDirectory, ix: ni.Index) -> None:
    def interrupt() -> None:
        assert writer._merging._running is not None
        writer._merging._running.stop.wait()
        for _ in range(2):
            time.sleep(0.2)  # it waits
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    writer = ix.writer()
    begin(directory, writer)
    writer.add(article(30))  # which is lost
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        writer.close()
    interrupting.join()
    with pytest.raises(ni.IndexLockedError):
        ni.open(ix.path).writer(timeout=0)
    with pytest.raises(ni.NewsIndexError, match="closed"):
        writer.rollback()
    directory.gate.set()
    with ni.open(ix.path).writer() as other:
        assert files(ix) == ix.snapshot().manifest.files
        other.add(article(31))
    assert content(ix) == expected([*range(30), 31])


def test_a_writer_that_is_forgotten_leaves_the_lock_to_the_thread(directory: HeldDirectory, ix: ni.Index) -> None:
    begin(directory, ix.writer())
    with pytest.raises(ni.IndexLockedError):
        ni.open(ix.path).writer(timeout=0)
    directory.gate.set()
    with ni.open(ix.path).writer() as other:
        assert files(ix) == ix.snapshot().manifest.files
        other.add(article(30))
    assert content(ix) == expected(range(31))
    assert merge_threads() == []


def test_a_merge_whose_beginning_was_interrupted_is_given_up(directory: HeldDirectory, ix: ni.Index) -> None:
    def interrupted(name: str) -> Worker:
        worker = Worker(name)

        def begin(task: Task[Any]) -> None:
            Worker.begin(worker, task)
            assert directory.held.wait(60)
            threading.Timer(0.2, directory.gate.set).start()
            raise KeyboardInterrupt

        mock.patch.object(worker, "begin", begin).start()
        return worker

    with ix.writer() as writer:
        with mock.patch("newsindex.merging.Worker", interrupted), pytest.raises(KeyboardInterrupt):
            begin(directory, writer)
        assert merge_threads() == []
        writer.rollback()
        assert files(ix) == ix.snapshot().manifest.files
        writer.add(article(30))
    assert content(ix) == expected(range(31))

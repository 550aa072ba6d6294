"""Work where the system gives too little: `python reliability_limits.py LIMIT INDEX PLACE STEP MOST`.

Below the directory PLACE it works on copies of INDEX, with ever more left of what LIMIT names: STEP more each time,
until work of every kind succeeds twice in a row. It prints how often that was refused and how often it was done. What
is refused must say why, change nothing, and be done once there is enough; otherwise this fails.
`test_reliability_limits` starts it in a process of its own, whose limits nobody else feels.

LIMIT is one of `LIMITS`. For "disk" a file system of a few megabytes is mounted on PLACE, so the process must be one
that may do so, and nobody else should see that.
"""

from __future__ import annotations

import errno
import gc
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Final
from unittest import mock

import attrs
from reliability_change import content
from reliability_support import article

import newsindex as ni

LINES: Final = 60  # of each new article: more than a megabyte in all, so that threads read and sort them
FRESH: Final = [attrs.evolve(one, body=one.body * LINES) for one in (article(number, 1) for number in range(30, 150))]
DISK: Final = 8 << 20  # bytes of the file system that fills up
_PAGE: Final = bytes(resource.getpagesize())


def _soft(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))


@contextmanager
def _limited(kind: int, value: int) -> Iterator[None]:
    before = resource.getrlimit(kind)[0]
    _soft(kind, value)
    try:
        yield
    finally:
        _soft(kind, before)


def address_space(place: Path, room: int) -> AbstractContextManager[None]:
    """So many bytes more than what is mapped now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return _limited(resource.RLIMIT_AS, pages * resource.getpagesize() + room)


def file_size(place: Path, room: int) -> AbstractContextManager[None]:
    """No file longer than this."""
    return _limited(resource.RLIMIT_FSIZE, room)


def open_files(place: Path, room: int) -> AbstractContextManager[None]:
    """So many more than are open now, which have the lowest numbers."""
    lowest = os.dup(0)
    os.close(lowest)
    return _limited(resource.RLIMIT_NOFILE, lowest + room)


@contextmanager
def disk(place: Path, room: int) -> Iterator[None]:
    """So many bytes, in whole pages, of the file system."""
    gc.collect()  # or files that are removed but mapped still would go in the midst of the block, and leave room
    ballast = place.parent / "ballast"
    with ballast.open("wb", buffering=0) as file:
        # To the last page: what the system says is free is only about right.
        try:
            while file.write(_PAGE):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        file.truncate(max(0, file.tell() - room))
    try:
        yield
    finally:
        ballast.unlink()


@attrs.frozen
class Limit:
    """How it is set, and what the system says where it is reached."""

    left: Callable[[Path, int], AbstractContextManager[None]]
    errors: frozenset[int]


LIMITS: Final = {
    "memory": Limit(address_space, frozenset([errno.ENOMEM])),
    "file": Limit(file_size, frozenset([errno.EFBIG])),
    "files": Limit(open_files, frozenset([errno.EMFILE])),
    "disk": Limit(disk, frozenset([errno.ENOSPC])),
}


def change(w: ni.Writer) -> None:
    """Delete one article, add others."""
    w.delete("a0")
    for one in FRESH:
        w.add(one)
    w.commit()


def give_up(w: ni.Writer) -> None:
    """What is left to those who do not try again."""
    w.rollback()
    change(w)


class Trial:
    """Work under one limit, on copies of an index."""

    def __init__(self, limit: Limit, prepared: Path, place: Path) -> None:
        self.limit, self.prepared, self.place = limit, prepared, place
        self.counts = Counter[str]()
        self.old = content(ni.open(prepared))
        shutil.copytree(prepared, place)
        with ni.open(place).writer() as w:
            change(w)
        self.new = content(ni.open(place))

    def refused(self, room: int, work: Callable[[], object]) -> bool:
        """Whether work is refused where there is so much left, which it must be with the right words."""
        try:
            with self.limit.left(self.place, room):
                work()
        except (MemoryError, ni.StorageError) as error:
            self._verify(error)
            self.counts["refused"] += 1
            return True
        self.counts["done"] += 1
        return False

    def _verify(self, error: MemoryError | ni.StorageError) -> None:
        """That an error tells of the limit, with the right words."""
        if isinstance(error, MemoryError):
            assert errno.ENOMEM in self.limit.errors
        else:
            assert isinstance(error.__cause__, OSError)
            assert error.__cause__.errno in self.limit.errors, error
            assert error.path.is_relative_to(self.place), error
            assert re.search("; (free|raise|close) [a-z]", str(error)), error

    def write(self, room: int, memory: int, mend: Callable[[ni.Writer], None]) -> bool:
        """Make the change under the limit, then again without; whether it was refused."""
        shutil.rmtree(self.place)
        ix = ni.open(shutil.copytree(self.prepared, self.place))
        with ix.writer(timeout=0, memory=memory) as w:
            refused = self.refused(room, lambda: change(w))
            said = content(ni.open(self.place))
            assert said == self.new or (refused and said == self.old)
            self._mend(w, mend, refused)
            assert content(ni.open(self.place)) == self.new
        assert ix.check().ok
        return refused

    def _mend(self, w: ni.Writer, mend: Callable[[ni.Writer], None], refused: bool) -> None:
        """Try again without the limit."""
        while w._merging.begun and not w._merging.done:
            time.sleep(0.001)
        # One that a commit had begun may have met the limit, too: the next commit says so when it is done.
        late = mend is change and w._merging.failed
        try:
            mend(w)
        except (MemoryError, ni.StorageError) as error:
            if not late:
                raise
            self._verify(error)
            assert content(ni.open(self.place)) == self.new
            self.counts["merge refused"] += 1
            w.commit()
        except ni.NewsIndexError as error:
            torn = "interrupted in the midst of its work; call rollback" in str(error)
            if not (refused and torn):
                raise
            self.counts["torn"] += 1
            give_up(w)

    def merge(self, room: int) -> bool:
        """Merge all segments under the limit, then again without; whether it was refused."""
        ix = ni.open(self.place)
        with ix.writer(timeout=0) as w:
            w.add(FRESH[0])  # so that there is something to merge
            w.commit()
        refused = self.refused(room, ix.optimize)
        assert content(ni.open(self.place)).keys() == self.new.keys()
        ix.optimize()
        assert ix.stats().segments == 1
        assert ix.check().ok
        return refused

    def read(self, room: int) -> bool:
        """Open the index and ask it everything, under the limit; whether that was refused."""
        said: list[object] = []
        ix = ni.open(self.place)
        right = content(ix)
        refused = self.refused(room, lambda: said.append((content(ni.open(self.place)), content(ix), ix.check().ok)))
        assert refused or said == [(right, right, True)]
        assert content(ix) == right
        return refused


def main() -> None:
    name, prepared, place, step, most = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:])
    if name == "disk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)], check=True)
    with mock.patch("newsindex.merging.FANOUT", 3):
        trial = Trial(LIMITS[name], prepared, place / "index")
        enough = 0
        for number in count():
            room = number * step
            refused = trial.write(room, *((1 << 26, change) if number % 2 else (1 << 20, give_up)))
            refused = trial.merge(room) or refused
            refused = (name in ("memory", "files") and trial.read(room)) or refused
            enough = 0 if refused else enough + 1
            if enough == 2:
                break
            assert room < most, f"{room} is not enough for {name}"
    print(f"{name}: {dict(trial.counts)}")


if __name__ == "__main__":
    main()

"""Disks that fail: at the N-th call of a `Directory`, at the system's own calls below it, and by a loss of power.

All tests that need a failing disk take it from here, those of `newsindex.store` by the fixture `failing`.
"""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable, Iterator
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import attrs

from newsindex.store.directory import Directory, storage_errors

ERRORS: Final = (errno.EIO, errno.ENOSPC, errno.EINTR)


class _File:
    """A file of a failing directory; its calls count too."""

    def __init__(self, inner: Any, directory: FailingDirectory, path: Path) -> None:
        self.inner, self.directory, self.path = inner, directory, path

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        if name == "tell":  # asks nothing of the system
            return method
        return lambda *data: self.directory.call(f"file.{name}", self.path, method, *data)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *exception: object) -> None:
        self.inner.close()


class FailingDirectory:
    """Passes calls on to `inner`, but refuses `lasts` of them (None: all) from call number `fails` (None: never) on.

    `failed` says whether one was refused. With `late`, a call that is refused was done all the same, a write by half:
    disks may report that they failed after they have done what they were told.
    """

    def __init__(
        self,
        inner: Any,
        fails: int | None = None,
        lasts: int | None = None,
        error: int = errno.EIO,
        late: bool = False,
    ) -> None:
        self.inner, self.fails, self.lasts, self.error, self.late = inner, fails, lasts, error, late
        self.calls: list[str] = []
        self.failed = False
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        return self.inner.path

    def fail_after(self, calls: int) -> None:
        """Let so many calls pass from now on."""
        self.fails = len(self.calls) + calls

    def recover(self) -> None:
        """Refuse nothing any more."""
        self.fails = None

    def _refuses(self, name: str) -> bool:
        with self._lock:
            number = len(self.calls)
            self.calls.append(name)
            refuses = self.fails is not None and 0 <= number - self.fails < (self.lasts or number + 1)
            self.failed = self.failed or refuses
        return refuses

    def call(self, name: str, path: Path, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Count a call, and do it or refuse it."""
        if not self._refuses(name):
            return method(*arguments, **options)
        if self.late:
            if name == "file.write":
                data = memoryview(arguments[0])
                arguments = (bytes(data)[: data.nbytes // 2],)
            done = method(*arguments, **options)
            if name == "create":
                done.close()
        with storage_errors(path, name):
            raise OSError(self.error, os.strerror(self.error))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            path = self.path / arguments[0] if arguments and isinstance(arguments[0], str) else self.path
            result = self.call(name, path, method, *arguments, **options)
            return _File(result, self, path) if name == "create" else result

        return call


class FailingSystem:
    """Stands for the module `os` below a `DiskDirectory`; what its calls do is up to `fault`.

    Args:
        fault: is asked at each call by its number, name, function and arguments, and does it or not.
    """

    _CALLS: Final = frozenset(
        ["open", "close", "read", "write", "fsync", "fstat", "stat", "unlink", "utime", "replace", "listdir"]
    )

    def __init__(self, fault: Callable[[int, str, Callable[..., Any], tuple[Any, ...]], Any]) -> None:
        self._fault = fault
        self.calls = 0
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        if name not in self._CALLS:
            return function

        def call(*arguments: Any, **options: Any) -> Any:
            with self._lock:
                number, self.calls = self.calls, self.calls + 1
            return self._fault(number, name, lambda *given: function(*given, **options), arguments)

        return call


# A loss of power.


class Loss(NamedTuple):
    """What a loss of power leaves of what was not synced.

    Attributes:
        kept: the share of a file's unsynced bytes that is there.
        rest: what stands in place of the others: nothing, or this byte up to the file's length (None: noise).
        entries: which creations, renames and removals happened: "none", "all", "some", by chance, or just "removals".
    """

    kept: float
    rest: bytes | None
    entries: str


_NOTHING: Final = b""
LOSSES: Final = tuple(
    Loss(kept, rest, entries)
    for (kept, rest), entries in product(
        ((0, _NOTHING), (0.1, _NOTHING), (0.5, _NOTHING), (0, b"\0"), (0.5, None)), ("none", "all", "some", "removals")
    )
)


@attrs.define(eq=False)
class _Inode:
    """A file, whatever it is called."""

    data: bytearray


class RecordingDirectory:
    """Passes calls on to `inner`, and notes what was written and what was synced: a clone can be made at any of them.

    What it holds when it is made counts as synced. Calls of threads are done one after another.
    """

    def __init__(self, inner: Directory) -> None:
        self.inner = inner
        self._lock = threading.RLock()
        self._first = {name: _Inode(bytearray(inner.path.joinpath(name).read_bytes())) for name in inner.names()}
        self._live = dict(self._first)
        self._journal: list[tuple[str, Any]] = []

    @property
    def path(self) -> Path:
        return self.inner.path

    def note(self, event: str, what: Any) -> None:
        """Put an event into the journal; with "facts" the test says what is true from now on."""
        with self._lock:
            self._journal.append((event, what))

    def _rename(self, changes: dict[str, _Inode | None]) -> None:
        self.note("entries", changes)
        self._live.update(changes)  # type: ignore[arg-type]

    def create(self, name: str) -> _RecordedFile:
        with self._lock:
            file, inode = self.inner.create(name), _Inode(bytearray())
            self._rename({name: inode})
            return _RecordedFile(file, self, inode, self._lock)

    def replace(self, source: str, target: str) -> None:
        with self._lock:
            self.inner.replace(source, target)
            self._rename({source: None, target: self._live[source]})

    def remove(self, name: str) -> None:
        with self._lock:
            self.inner.remove(name)
            self._rename({name: None})

    def sync(self) -> None:
        with self._lock:
            self.inner.sync()
            self.note("directory", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def clones(self, losses: tuple[Loss, ...] = LOSSES) -> Iterator[tuple[Any, dict[str, bytes]]]:
        """What is on the disk if power is lost after any call: the facts in force then, and all files.

        Nothing from before the first facts, and a disk that was seen with these facts already is left out.
        """
        entries: dict[str, _Inode | None] = dict(self._first)
        written = {inode: len(inode.data) for inode in self._first.values()}
        synced = dict(written)
        pending: list[dict[str, _Inode | None]] = []
        facts = None
        seen = set()
        for moment, (event, what) in enumerate(self._journal):
            match event:
                case "facts":
                    facts = what
                case "entries":
                    pending.append(what)
                case "write":
                    inode, written[inode] = what
                case "sync":
                    synced[what] = written.get(what, 0)
                case "directory":
                    for change in pending:
                        entries.update(change)
                    pending.clear()
            for loss in losses if facts is not None else ():
                disk = []
                for name, inode in _entries_after(entries, pending, loss.entries, moment):
                    length, safe = written.get(inode, 0), synced.get(inode, 0)
                    kept = safe + int(loss.kept * (length - safe))
                    disk.append((name, inode, kept, length, loss.rest if kept < length else _NOTHING))
                key = (id(facts), tuple(disk))
                if key not in seen:
                    seen.add(key)
                    yield facts, {name: _content(*file) for name, *file in disk}


def _entries_after(
    entries: dict[str, _Inode | None], pending: list[dict[str, _Inode | None]], which: str, seed: int
) -> list[tuple[str, _Inode]]:
    chance = random.Random(seed)
    left = dict(entries)
    for change in pending:
        removal = all(inode is None for inode in change.values())
        if which == "all" or (which == "some" and chance.random() < 0.5) or (which == "removals" and removal):
            left.update(change)
    return sorted(((name, inode) for name, inode in left.items() if inode is not None), key=itemgetter(0))


def _content(inode: _Inode, kept: int, length: int, rest: bytes | None) -> bytes:
    lost = length - kept
    return bytes(inode.data[:kept]) + (random.Random(kept).randbytes(lost) if rest is None else rest * lost)


class _RecordedFile:
    def __init__(self, inner: Any, directory: RecordingDirectory, inode: _Inode, lock: Any) -> None:
        self.inner, self.directory, self.inode, self.lock = inner, directory, inode, lock

    def write(self, data: Any) -> None:
        with self.lock:
            self.inner.write(data)
            self.inode.data += bytes(memoryview(data))
            self.directory.note("write", (self.inode, len(self.inode.data)))

    def sync(self) -> None:
        with self.lock:
            self.inner.sync()
            self.directory.note("sync", self.inode)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __enter__(self) -> _RecordedFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.inner.close()

"""`WriterLock`: one writer at a time, by a lock of the operating system on `write.lock`.

The kernel frees the lock when its holder dies, however it dies, so there is no stale lock to break. Who holds it
stands in `write.lock.json`, for messages only: it is written after locking and means nothing without the lock.
`newsindex.index` takes the lock for as long as a writer lives; readers never do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import re
from pathlib import Path
from typing import Final, Self

import attrs
import filelock

from newsindex.errors import CorruptIndexError, IndexLockedError, IndexNotFoundError, StorageError
from newsindex.forks import tell
from newsindex.store.directory import TEMPORARY, Directory, DiskDirectory, storage_errors

NAME: Final = "write.lock"
HOLDER_NAME: Final = "write.lock.json"

_MAX_HOLDER_BYTES: Final = 4096
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,255}")  # what goes into a message must not steer a terminal


@attrs.frozen
class Holder:
    """Who holds the lock.

    Attributes:
        pid: its process id.
        host: the machine that it runs on.
        since: when it took the lock.
    """

    pid: int
    host: str
    since: dt.datetime

    @classmethod
    def me(cls) -> Holder:
        """This process, from now on."""
        return cls(os.getpid(), os.uname().nodename, dt.datetime.now(dt.UTC).replace(microsecond=0))

    @classmethod
    def parse(cls, data: bytes) -> Holder | None:
        """Who wrote `data`; None where it does not say so in full.

        >>> Holder.parse(b'{"pid": 12, "host": "redactie", "since": "2025-03-02T10:00:00+00:00"}').pid
        12
        """
        try:
            content = json.loads(data.decode())
            pid, host, since = content["pid"], content["host"], dt.datetime.fromisoformat(content["since"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        sound = type(pid) is int and pid > 0 and isinstance(host, str) and _HOST.fullmatch(host) and since.tzinfo
        return cls(pid, host, since) if sound else None

    def encode(self) -> bytes:
        """The bytes that `parse` reads."""
        return json.dumps({"pid": self.pid, "host": self.host, "since": self.since.isoformat()}).encode()

    def __str__(self) -> str:
        seconds = max(0, round((dt.datetime.now(dt.UTC) - self.since).total_seconds()))
        held = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
        return f"process {self.pid} on {self.host} has held it for {held}, since {self.since.isoformat()}"


class WriterLock:
    """The right to write to the index in a directory. One object stands for one writer and cannot be taken twice.

    Args:
        place: the directory, or where it is. The lock itself is the operating system's, on a file that stays empty.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place, WriterLock(place) as lock:
    ...     try:
    ...         WriterLock(place).acquire(timeout=0)
    ...     except IndexLockedError as error:
    ...         error.holder == os.getpid()
    True
    """

    def __init__(self, place: Directory | str | Path) -> None:
        self._directory: Directory = DiskDirectory(place) if isinstance(place, str | Path) else place
        self._lock: filelock.BaseFileLock | None = None
        self._file: int | None = None  # which file is locked
        tell(self)

    def acquire(self, timeout: float = 10.0) -> None:
        """Take the lock, waiting for it up to `timeout` seconds; 0 tries once.

        Raises:
            IndexLockedError: another writer holds it still; this object included, if it took it before.
            IndexNotFoundError: the directory is missing.
            StorageError: the system refuses to write there, or its file system has no locks.
            ValueError: a timeout below 0.
        """
        if not timeout >= 0:
            raise ValueError(f"timeout cannot be {timeout}; pass seconds from 0 up")
        path = self._directory.path
        # A new object each time: filelock's own would let its holder in twice. Not bound to a thread, since a writer
        # may be closed by another one than opened it.
        lock = filelock.FileLock(path / NAME, thread_local=False, is_singleton=False)
        try:
            with storage_errors(path / NAME, "lock"):
                os.stat(path)  # filelock would make it
                acquired = self._try(lock, timeout)
        except FileNotFoundError as error:
            raise IndexNotFoundError(
                f"{path}: no such directory; make an index with newsindex.create()", path=path
            ) from error
        except NotImplementedError as error:
            raise self._no_locks() from error
        if not acquired:
            raise self._locked(timeout)
        try:
            if isinstance(lock, filelock.SoftFileLock):
                # What filelock falls back to is the mere existence of a file, which outlives a killed holder.
                raise self._no_locks()
            self._note_holder()
            self._file = self._file_there()
        except BaseException:
            lock.release()
            raise
        self._lock = lock

    def _try(self, lock: filelock.BaseFileLock, timeout: float) -> bool:
        try:
            lock.acquire(timeout=timeout)
        except filelock.Timeout:  # an OSError, so it must not reach storage_errors
            return False
        return True

    def verify(self) -> None:
        """Make sure that the lock that is held is the one that others would take.

        Who removes its file, by itself or with the whole index, lets others lock a new one in its place.

        Raises:
            StorageError: it is not, or the system refuses to tell.
        """
        if self._file_there() != self._file:
            path = self._directory.path / NAME
            raise StorageError(
                f"{path}: somebody has removed it while it was locked, so that another writer may be at work; "
                "close this one, and take a new one from index.writer()",
                path=path,
            )

    def _file_there(self) -> int | None:
        stamp = self._directory.stamp(NAME)
        return stamp[0] if stamp else None

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        lock, self._lock = self._lock, None
        if lock is not None:
            try:
                if self._file_there() == self._file:  # else it is noted who holds another one
                    self._remove_holder()
            finally:
                lock.release()

    def after_fork(self) -> None:
        """The lock stays the parent's: filelock has closed the child's copy of its descriptor, and with that alone the
        child neither frees it nor keeps it when the parent dies."""
        self._lock = None

    def __enter__(self) -> Self:
        if self._lock is None:
            self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def _note_holder(self) -> None:
        try:
            self._write_holder()
        except StorageError as error:
            # A full disk must not keep out the writer that would sweep it.
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._remove_holder()  # of another one

    def _remove_holder(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._directory.remove(HOLDER_NAME)

    def _write_holder(self) -> None:
        with self._directory.create(HOLDER_NAME + TEMPORARY) as file:
            file.write(Holder.me().encode())
        self._directory.replace(HOLDER_NAME + TEMPORARY, HOLDER_NAME)

    def _read_holder(self) -> Holder | None:
        # Whatever is wrong with it, a message is all that suffers.
        try:
            return Holder.parse(self._directory.read(HOLDER_NAME, _MAX_HOLDER_BYTES))
        except (FileNotFoundError, CorruptIndexError, StorageError):
            return None

    def _locked(self, timeout: float) -> IndexLockedError:
        holder = self._read_holder()
        return IndexLockedError(
            f"{self._directory.path}: another writer holds the index and did not let go within {timeout:g} s: "
            f"{holder or 'its process is unknown'}; wait until it is done, pass a longer timeout, or end that process",
            path=self._directory.path,
            holder=holder.pid if holder else None,
            host=holder.host if holder else None,
        )

    def _no_locks(self) -> StorageError:
        path = self._directory.path
        return StorageError(f"{path}: its file system has no file locks; keep the index on a local disk", path=path)

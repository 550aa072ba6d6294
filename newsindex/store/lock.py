"""`WriterLock`: one writer at a time, by a lock of the operating system on `write.lock`.

The kernel frees the lock (`flock`) when its holder dies, however it dies, so there is no stale lock to break. Who holds
it stands in `write.lock.json`, for messages only: it is written after locking and means nothing without the lock.
`newsindex.index` takes the lock for as long as a writer lives; readers never do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import json
import os
import re
import time
from pathlib import Path
from typing import Final, Self

import attrs

from newsindex.errors import CorruptIndexError, IndexLockedError, IndexNotFoundError, StorageError
from newsindex.forks import tell
from newsindex.store.directory import TEMPORARY, Directory, DiskDirectory, storage_errors

NAME: Final = "write.lock"
HOLDER_NAME: Final = "write.lock.json"

_MAX_HOLDER_BYTES: Final = 4096
_PAUSE: Final = 0.05  # seconds between two attempts
_NO_LOCKS: Final = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)
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

    _descriptor: int | None = None  # of the locked file

    def __init__(self, place: Directory | str | Path) -> None:
        self._directory: Directory = DiskDirectory(place) if isinstance(place, str | Path) else place
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
        end = time.monotonic() + timeout
        while self._descriptor is not None or not self._try():
            left = end - time.monotonic()
            if left <= 0:
                raise self._locked(timeout)
            time.sleep(min(left, _PAUSE))
        try:
            self._note_holder()
            self._file = self._file_there()
        except BaseException:
            self._close()
            raise

    def _try(self) -> bool:
        path = self._directory.path / NAME
        try:
            with storage_errors(path, "lock"):
                return self._lock(path)
        except FileNotFoundError as error:
            raise IndexNotFoundError(
                f"{path.parent}: no such directory; make an index with newsindex.create()", path=path.parent
            ) from error
        except StorageError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_LOCKS:
                raise StorageError(
                    f"{path}: its file system has no file locks; keep the index on a local disk", path=path
                ) from error
            raise

    def _lock(self, path: Path) -> bool:
        # The lock belongs to this opening of the file, so that two writers of one process exclude each other, too. That
        # is noted before it is locked, so that no interrupt can lose what has the lock.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody may have removed it meanwhile, and others would lock a new one.
            locked = os.path.samestat(os.fstat(self._descriptor), os.stat(path))
        except (BlockingIOError, FileNotFoundError):
            locked = False
        except BaseException:
            self._close()
            raise
        if not locked:
            self._close()
        return locked

    def _close(self) -> None:
        """Free the lock, also where a child that was not made by Python has a copy of the descriptor."""
        if self._descriptor is not None:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            finally:
                self._forget()

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
        if self._descriptor is not None:
            try:
                if self._file_there() == self._file:  # else it is noted who holds another one
                    self._remove_holder()
            finally:
                self._close()

    def after_fork(self) -> None:
        """The lock stays the parent's: the child neither frees it nor keeps it when the parent dies."""
        self._forget()

    def _forget(self) -> None:
        # Never closed twice: its number may be another file's by then.
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        if self._descriptor is None:
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

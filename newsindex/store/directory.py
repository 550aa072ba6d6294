"""`Directory`: the one door between the library and the file system.

Every byte that newsindex.store reads or writes passes through this protocol, so that a test can fail the N-th call,
lose what was not synced or fill the disk without touching the code under test. `DiskDirectory` is the real one,
`MemoryDirectory` a small twin for tests. `newsindex.index` makes them and hands them to the rest of this package.

What the operating system refuses becomes a `StorageError` that names the path, the cause and the remedy. Only of who
asks for a file `FileNotFoundError` passes as it is: whether a missing one is an empty index, damage or a lost race is
the caller's to say. Where the directory itself is missing, or what was just written to it, somebody has removed the
index, and that is an `IndexNotFoundError`.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import re
import stat
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from newsindex.errors import CorruptIndexError, IndexNotFoundError, StorageError

if TYPE_CHECKING:
    from typing_extensions import Buffer

TEMPORARY: Final = ".tmp"  # a file under such a name is nobody's until it is renamed, and may be replaced at any time

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_DROP: Final[int | None] = getattr(mmap, "MADV_DONTNEED", None)  # not every system knows this

_REMEDIES: Final = {
    errno.EACCES: "give this user the right to it, or use another directory",
    errno.EPERM: "give this user the right to it, or use another directory",
    errno.EROFS: "mount the file system writable, or copy the index to one that is",
    errno.ENOSPC: "free some space on the disk and try again",
    errno.EDQUOT: "free some space or raise this user's quota, and try again",
    errno.EFBIG: "raise the limit on the size of a file, or use another file system",
    errno.EMFILE: "close indexes that are no longer used, or raise the limit on open files (ulimit -n)",
    errno.ENFILE: "close programs that hold many files open, or raise the system's limit on open files",
    errno.ENOMEM: "free some memory, or raise the limit on address space (ulimit -v)",
    errno.ENOTDIR: "pass the directory of an index, not a file",
    errno.EISDIR: "move away the directory that stands where a file belongs",
    errno.EIO: "the disk may be failing: check it before trying again",
    errno.EINTR: "try again",
}


def _refused(path: str | Path, action: str, error: OSError) -> StorageError:
    remedy = _REMEDIES.get(error.errno or 0, "remove the cause and try again")
    return StorageError(f"{path}: cannot {action}: {error.strerror or error}; {remedy}", path=path)


@contextlib.contextmanager
def storage_errors(path: str | Path, action: str) -> Iterator[None]:
    """Turn an `OSError` of the block into a `StorageError` about `path`; `FileNotFoundError` passes.

    >>> with storage_errors("archive", "write"):
    ...     raise OSError(errno.ENOSPC, "Disk full")
    Traceback (most recent call last):
    newsindex.errors.StorageError: archive: cannot write: Disk full; free some space on the disk and try again
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refused(path, action, error) from error


@contextlib.contextmanager
def _present(place: Path) -> Iterator[None]:
    """What is missing in the block was there, or the directory `place` is not."""
    try:
        yield
    except FileNotFoundError as error:
        raise IndexNotFoundError(
            f"{place}: no such directory, or somebody has removed what was just written to it; make an index with "
            "newsindex.create(), or restore it from a backup",
            path=place,
        ) from error


class OutputFile(Protocol):
    """A new file, written once from beginning to end. Leaving its `with` block closes it but does not sync it."""

    def write(self, data: Buffer) -> None:
        """Append all of `data`, which must be contiguous in memory."""

    def tell(self) -> int:
        """The number of bytes written so far."""

    def sync(self) -> None:
        """Return when what was written so far would survive a loss of power."""

    def close(self) -> None:
        """Close the file; closing it again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class Directory(Protocol):
    """A flat directory of files under names made of ASCII letters, digits, dots, dashes and underscores.

    Any method raises ValueError on another name and StorageError on what the system refuses. Those that ask for a file,
    or remove it, raise FileNotFoundError where it is missing, the others IndexNotFoundError where the directory is.
    """

    @property
    def path(self) -> Path:
        """Where it is, for messages."""

    def create(self, name: str) -> OutputFile:
        """A new file, empty. A leftover of that name is replaced where it ends in .tmp and a StorageError elsewhere."""

    def map(self, name: str) -> memoryview:
        """All bytes of a file, read-only, mapped for as long as the view or anything made of it lives."""

    def release(self, view: memoryview) -> None:
        """Give back the memory that reading a mapped file took. `view`, of all of it, and whatever is made of it stay
        valid: what is read again comes from the file again."""

    def read(self, name: str, limit: int) -> bytes:
        """All bytes of a small file; CorruptIndexError where they are more than `limit`."""

    def size(self, name: str) -> int:
        """The length of a file in bytes."""

    def stamp(self, name: str) -> tuple[int, int, int] | None:
        """What differs once a file was replaced (inode, modification time in ns, size); None where it is missing."""

    def replace(self, source: str, target: str) -> None:
        """Rename `source` to `target`, replacing it in one step: readers see the old file or the new one.

        Raises:
            IndexNotFoundError: `source`, which was just written, is gone.
        """

    def remove(self, name: str) -> None:
        """Remove a file; views of it stay valid."""

    def names(self) -> list[str]:
        """The names of all files, sorted; foreign ones too."""

    def sync(self) -> None:
        """Return when creations, renames and removals so far would survive a loss of power."""


@contextlib.contextmanager
def new_file(directory: Directory, name: str) -> Iterator[OutputFile]:
    """A new file for the block to write, closed when it ends and removed again where it fails.

    A disk that is full needs that room to try again. Files that the block misses are an IndexNotFoundError.
    """
    file = directory.create(name)
    try:
        with _present(directory.path), file:
            yield file
    except BaseException:
        # What a failing disk does not even remove is swept by a later commit; the block's error says more.
        with contextlib.suppress(FileNotFoundError, StorageError):
            directory.remove(name)
        raise


@lru_cache(maxsize=64)  # every search names the manifest
def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an index file; use letters, digits, dots, dashes and underscores")
    return name


def _bytes_of(data: Buffer) -> memoryview:
    view = memoryview(data)
    # A view with a zero in its shape cannot be cast.
    return view.cast("B") if view.nbytes else memoryview(b"")


class _DiskFile:
    """An `OutputFile` without a buffer: what `write` returned from is the system's, and no error comes late."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._size = 0

    def write(self, data: Buffer) -> None:
        view = _bytes_of(data)
        with storage_errors(self._path, "write"):
            # One call may write less than it was given: Linux stops at 2 GiB, a full disk anywhere.
            while view:
                written = os.write(self._descriptor, view)
                if not written:
                    raise OSError(errno.EIO, "the system took nothing of it")  # and might for ever
                self._size += written
                view = view[written:]

    def tell(self) -> int:
        return self._size

    def sync(self) -> None:
        with storage_errors(self._path, "sync"):
            os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            # Whatever close() reports, the descriptor is gone and must not be closed again.
            descriptor, self._descriptor = self._descriptor, -1
            with storage_errors(self._path, "close"):
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class DiskDirectory:
    """A `Directory` of the file system.

    With `make`, the directory and its parents are made where they are missing, durably.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     directory = DiskDirectory(Path(place) / "archive", make=True)
    ...     with directory.create("000001.seg") as file:
    ...         file.write(b"bytes")
    ...         file.sync()
    ...     directory.names(), bytes(directory.map("000001.seg"))
    (['000001.seg'], b'bytes')
    """

    def __init__(self, path: str | Path, *, make: bool = False) -> None:
        self._path = Path(path)
        self._root = os.fspath(self._path)
        if make:
            self._make()

    @property
    def path(self) -> Path:
        return self._path

    def _make(self) -> None:
        with storage_errors(self._path, "make the directory"):
            missing = [place for place in (self._path, *self._path.parents) if not place.exists()]
            for place in reversed(missing):
                place.mkdir(exist_ok=True)
                try:
                    DiskDirectory(place.parent).sync()
                except StorageError:
                    place.rmdir()  # who tries again would take what is there for durable
                    raise

    def create(self, name: str) -> OutputFile:
        path = self._path / _checked(name)
        if name.endswith(TEMPORARY):
            with contextlib.suppress(FileNotFoundError):
                self.remove(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with _present(self._path), storage_errors(path, "create"):
            return _DiskFile(os.open(path, flags, 0o666), path)

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[tuple[int, int]]:
        """The descriptor and size of an existing file."""
        path = f"{self._root}/{_checked(name)}"  # opening an index opens many files, and a Path takes as long as a call
        with storage_errors(path, "read"):
            # Without O_NONBLOCK, opening a FIFO that somebody put here would wait for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise CorruptIndexError(path, reason="not a regular file")
                yield descriptor, status.st_size
            finally:
                os.close(descriptor)

    def map(self, name: str) -> memoryview:
        with self._opened(name) as (descriptor, size):
            # The system maps no empty file. The view keeps the map, and the map a descriptor of its own.
            return memoryview(mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)) if size else memoryview(b"")

    def release(self, view: memoryview) -> None:
        # Pages that nobody may write to are the file's own, so nothing is lost, whichever thread reads them meanwhile.
        if _DROP is not None and isinstance(view.obj, mmap.mmap):
            with storage_errors(self._path, "release the pages of a file"):
                view.obj.madvise(_DROP)

    def read(self, name: str, limit: int) -> bytes:
        with self._opened(name) as (descriptor, size):
            if size > limit:
                raise CorruptIndexError(
                    self._path / name, reason="file too large", expected=f"at most {limit} bytes", found=size
                )
            parts = []
            while part := os.read(descriptor, size):
                parts.append(part)
                size -= len(part)
            return b"".join(parts)

    def size(self, name: str) -> int:
        with storage_errors(self._path / _checked(name), "read"):
            return os.stat(self._path / name).st_size

    def stamp(self, name: str) -> tuple[int, int, int] | None:
        # Every search asks for the manifest's stamp: a Path and a context manager would cost ten times the call itself.
        try:
            status = os.stat(f"{self._root}/{_checked(name)}")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(self._path / name, "read", error) from error
        return status.st_ino, status.st_mtime_ns, status.st_size

    def replace(self, source: str, target: str) -> None:
        old, new = self._path / _checked(source), self._path / _checked(target)
        with _present(self._path), storage_errors(new, "replace"):
            # The kernel's own times advance in ticks of some milliseconds and a freed inode is used again at once, so
            # two quick replacements could get the same stamp. This clock is finer.
            now = time.time_ns()
            os.utime(old, ns=(now, now))
            os.replace(old, new)

    def remove(self, name: str) -> None:
        with storage_errors(self._path / _checked(name), "remove"):
            os.unlink(self._path / name)

    def names(self) -> list[str]:
        with _present(self._path), storage_errors(self._path, "list"):
            return sorted(os.listdir(self._path))

    def sync(self) -> None:
        with _present(self._path), storage_errors(self._path, "sync"):
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class _MemoryFile:
    def __init__(self, inode: int) -> None:
        self.data = bytearray()
        self.inode = inode

    def write(self, data: Buffer) -> None:
        self.data += _bytes_of(data)

    def tell(self) -> int:
        return len(self.data)

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class MemoryDirectory:
    """A `Directory` that lives as long as the object.

    >>> directory = MemoryDirectory()
    >>> with directory.create("a.tmp") as file:
    ...     file.write(b"bytes")
    >>> directory.replace("a.tmp", "a")
    >>> directory.names(), directory.read("a", limit=100), directory.stamp("a.tmp")
    (['a'], b'bytes', None)
    """

    def __init__(self) -> None:
        self._files: dict[str, _MemoryFile] = {}
        self._created = 0

    @property
    def path(self) -> Path:
        return Path("memory")

    def _file(self, name: str) -> _MemoryFile:
        try:
            return self._files[_checked(name)]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path / name)) from None

    def create(self, name: str) -> OutputFile:
        if _checked(name) in self._files and not name.endswith(TEMPORARY):
            with storage_errors(self.path / name, "create"):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self._created += 1
        self._files[name] = _MemoryFile(self._created)
        return self._files[name]

    def map(self, name: str) -> memoryview:
        return memoryview(self._file(name).data).toreadonly()

    def release(self, view: memoryview) -> None:
        pass

    def read(self, name: str, limit: int) -> bytes:
        data = self._file(name).data
        if len(data) > limit:
            raise CorruptIndexError(
                self.path / name, reason="file too large", expected=f"at most {limit} bytes", found=len(data)
            )
        return bytes(data)

    def size(self, name: str) -> int:
        return len(self._file(name).data)

    def stamp(self, name: str) -> tuple[int, int, int] | None:
        file = self._files.get(_checked(name))
        return (file.inode, 0, len(file.data)) if file else None

    def replace(self, source: str, target: str) -> None:
        with _present(self.path):
            self._files[_checked(target)] = self._file(source)
        if source != target:
            del self._files[source]

    def remove(self, name: str) -> None:
        self._file(name)
        del self._files[name]

    def names(self) -> list[str]:
        return sorted(self._files)

    def sync(self) -> None:
        pass

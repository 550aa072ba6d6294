"""Which files a path means: a file, everything readable under a directory, or what a glob matches.

Called by `newsindex.ingest.reader` alone. The search is finished before the first article is read, so that a wrong
path fails at the call, the order never depends on the file system, and the size of the work is known; it keeps one
short string per file. A directory may hold anything, so a search never follows a symbolic link (no loop, no way out
of the tree) and takes regular files only; a path that is named in full is followed.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterator
from typing import Final

import attrs

from newsindex.ingest.faults import InputError, shown, system_error

FORMATS: Final = (".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
CODECS: Final = (".gz", ".zst")

_KNOWN: Final = f"{', '.join(FORMATS)}, each also with {' or '.join(CODECS)} behind it"


@attrs.define
class Found:
    """What a path turned out to mean.

    Attributes:
        files: the files to read, in a fixed order.
        size: their bytes on disk.
        faults: directories that could not be searched.
        links: how many symbolic links the search passed by.
    """

    files: list[str] = attrs.field(factory=list)
    size: int = 0
    faults: list[InputError] = attrs.field(factory=list)
    links: int = 0


def split_suffix(path: str) -> tuple[str, str] | None:
    """The format and the codec that a file's name stands for, or None for a name that stands for neither.

    >>> split_suffix("arhiva/2025.JSONL.gz"), split_suffix("a.txt"), split_suffix("a.tar.gz")
    (('.jsonl', '.gz'), ('.txt', ''), None)
    """
    stem, suffix = os.path.splitext(path.lower())
    codec = ""
    if suffix in CODECS:
        codec, suffix = suffix, os.path.splitext(stem)[1]
    return (suffix, codec) if suffix in FORMATS else None


def find(path: str) -> Found:
    """Find the files that `path` means.

    Raises:
        ArticleError: there is nothing at that path, or nothing that can be read.
    """
    found = Found()
    name = shown(path)
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if not _is_pattern(path) or isinstance(error, PermissionError):
            raise _no_such_path(name, error) from error
        _search(_expand(path, found), found)
        if not found.files and not found.faults:
            raise InputError(name, _nothing("the pattern matches", found), kind="no input") from None
        return found
    if stat.S_ISDIR(status.st_mode):
        _search([path], found)
        if not found.files and not found.faults:
            raise InputError(name, _nothing("the directory holds", found), kind="no input")
    elif not stat.S_ISREG(status.st_mode):
        raise InputError(
            name,
            "neither a file nor a directory but a pipe, socket or device; write the articles to a file first",
            kind="unreadable file",
        )
    elif split_suffix(path) is None:
        raise InputError(name, f"the ending says nothing known; name the file *{_KNOWN}", kind="unknown format")
    else:
        found.files, found.size = [path], status.st_size
    return found


def _no_such_path(name: str, error: OSError | ValueError) -> InputError:
    if isinstance(error, FileNotFoundError | ValueError):
        return InputError(name, "no such file or directory; check the path", kind="no input")
    return system_error(name, error)


def _nothing(what: str, found: Found) -> str:
    links = f" (symbolic links are not followed: {found.links} passed by)" if found.links else ""
    return f"{what} no file to read{links}; articles are read from *{_KNOWN}"


def _search(roots: list[str], found: Found) -> None:
    """Add the readable files at and under `roots`. Roots are followed, links below them are not."""
    seen: set[str] = set()  # a glob can match a directory and a file in it
    for root in roots:
        stack = [root]
        while stack:
            path = stack.pop()
            try:
                status = os.stat(path) if path == root else os.lstat(path)
                if stat.S_ISLNK(status.st_mode):
                    found.links += 1
                elif stat.S_ISDIR(status.st_mode):
                    stack.extend(os.path.join(path, name) for name in reversed(_names(path)))
                elif stat.S_ISREG(status.st_mode) and split_suffix(path) and path not in seen:
                    seen.add(path)
                    found.files.append(path)
                    found.size += status.st_size
            except OSError as error:
                found.faults.append(system_error(shown(path), error))


def _names(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder or ".") if not name.startswith("."))


def _is_pattern(path: str) -> bool:
    return any(character in path for character in "*?[")


def _expand(pattern: str, found: Found) -> list[str]:
    """The paths that match a glob, sorted.

    The standard library's own glob walks through links to directories and so can be kept busy for ever by two of them.
    """
    paths = ["/" if pattern.startswith("/") else ""]
    parts = [part for part in pattern.split("/") if part]
    for index, part in enumerate(parts):
        if part == "**":
            if index == len(parts) - 1:
                break  # what is left are directories, and they are searched through anyway
            grown = [folder for path in paths for folder in _folders(path, found)]
        elif _is_pattern(part):
            grown = [match for path in paths for match in _matches(path, part, found)]
        else:
            grown = [joined for path in paths if os.path.lexists(joined := os.path.join(path, part))]
        paths = sorted(set(grown))
    return [path or "." for path in paths]


def _matches(folder: str, part: str, found: Found) -> Iterator[str]:
    if folder and not os.path.isdir(folder):
        return
    try:
        names = os.listdir(folder or ".") if part.startswith(".") else _names(folder)
    except OSError as error:
        found.faults.append(system_error(shown(folder), error))
        return
    for name in names:
        if fnmatch.fnmatchcase(name, part):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found.links += 1
            else:
                yield path


def _folders(root: str, found: Found) -> Iterator[str]:
    stack = [root]
    while stack:
        folder = stack.pop()
        if folder and not os.path.isdir(folder):
            continue
        yield folder
        stack.extend(_matches(folder, "*", found))

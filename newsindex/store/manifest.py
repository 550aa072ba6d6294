"""`manifest.json`: which files make up the index, and how a new set of them takes the place of the old.

A commit is one renamed file: the writer makes new segments and tombstones durable, then publishes a `Manifest` that
lists them. Readers load it, map what it lists and never look at anything else, so they see one generation whole. What
no manifest lists was left by a writer that died and is swept by the next one, which holds the lock. `newsindex.index`
calls all of this.

The file is JSON for people to read, ``{"checksum": hex, "manifest": {...}}``; the checksum is xxh3_64 of the manifest
as compact JSON with sorted keys in UTF-8. Nothing in it is trusted: `SegmentEntry` and `Manifest` check themselves,
whoever makes them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final

import attrs
import xxhash

from newsindex.errors import CorruptIndexError, IndexNotFoundError, IndexVersionError
from newsindex.store.directory import TEMPORARY, Directory
from newsindex.store.sections import is_uid

FORMAT: Final = 1
NAME: Final = "manifest.json"
MAX_BYTES: Final = 16 << 20  # some 50,000 segments; merging keeps them under a hundred

_MAX_COUNTED: Final = 1 << 48  # commits and files of an index that is read; from more a writer could not go on counting

_SEGMENT: Final = re.compile(r"([0-9]{6,15})\.seg")
_TOMBSTONES: Final = re.compile(r"([0-9]{6,15})-([0-9]{6,15})\.del")


def segment_name(number: int) -> str:
    """The name of a segment file.

    >>> segment_name(7)
    '000007.seg'
    """
    return f"{number:06}.seg"


def tombstones_name(segment: str, number: int) -> str:
    """The name of the tombstones of a segment: its number and one of their own, since tombstones are replaced too.

    >>> tombstones_name("000007.seg", 12)
    '000007-000012.del'
    """
    return f"{segment.removesuffix('.seg')}-{number:06}.del"


def is_index_file(name: str) -> bool:
    """Whether `name` is one that a segment or tombstones can have.

    >>> is_index_file("000007.seg"), is_index_file("000007-000012.del"), is_index_file("notes.txt")
    (True, True, False)
    """
    return bool(_SEGMENT.fullmatch(name) or _TOMBSTONES.fullmatch(name))


def _check(condition: bool, attribute: attrs.Attribute[Any], value: object) -> None:
    if not condition:
        raise ValueError(f"{attribute.name} cannot be {value!r}")


def _count(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    # bool is an int to isinstance, and 1.0 equals 1; neither is what was written.
    _check(type(value) is int and 0 <= value < 1 << 63, attribute, value)


def _uid(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _check(is_uid(value), attribute, value)


def _matching(pattern: re.Pattern[str]) -> Callable[[object, attrs.Attribute[Any], object], None]:
    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        _check(isinstance(value, str) and pattern.fullmatch(value) is not None, attribute, value)

    return validate


def _moment(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _check(isinstance(value, str), attribute, value)
    dt.datetime.fromisoformat(str(value))


@attrs.frozen
class SegmentEntry:
    """One segment as a manifest lists it.

    Attributes:
        name, uid: of its file.
        size: of its file, in bytes.
        articles: how many it holds, deleted ones included.
        deleted: how many of them its tombstones hide.
        tombstones, tombstones_uid: of the file of its tombstones; None as long as there are none.

    Raises:
        ValueError: a value that no segment can have.
    """

    name: str = attrs.field(validator=_matching(_SEGMENT))
    uid: str = attrs.field(validator=_uid)
    size: int = attrs.field(validator=_count)
    articles: int = attrs.field(validator=_count)
    deleted: int = attrs.field(default=0, validator=_count)
    tombstones: str | None = attrs.field(default=None, validator=attrs.validators.optional(_matching(_TOMBSTONES)))
    tombstones_uid: str | None = attrs.field(default=None, validator=attrs.validators.optional(_uid))

    def __attrs_post_init__(self) -> None:
        if self.deleted > self.articles:
            raise ValueError(f"{self.deleted} of {self.articles} articles cannot be deleted")
        if (self.tombstones is None) != (self.tombstones_uid is None) or (self.deleted and self.tombstones is None):
            raise ValueError(f"tombstones of {self.name} are half there")
        if self.tombstones is not None and not self.tombstones.startswith(f"{self.name.removesuffix('.seg')}-"):
            raise ValueError(f"{self.tombstones} cannot be the tombstones of {self.name}")

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return (self.name,) if self.tombstones is None else (self.name, self.tombstones)


def numbers(name: str) -> list[int]:
    """The numbers in the name of a file; those of newer files are larger.

    >>> numbers("000007-000012.del")
    [7, 12]
    """
    return [int(digits) for digits in re.findall("[0-9]+", name)]


@attrs.frozen
class Manifest:
    """One generation of an index.

    Attributes:
        generation: grows by one with each commit.
        segments: in the order in which searches visit them.
        analyzer: name, version and whatever else says how the words were made; a JSON object.
        fields: the names of the extra fields that articles have.
        next_file: the number of the next new file; larger than that of any file that was ever published.
        created: when the index was made, ISO 8601.
        format: the version of the format of everything in the directory.

    Raises:
        ValueError: a value that no manifest can have.

    >>> segment = SegmentEntry(name="000001.seg", uid="0" * 32, size=4096, articles=2)
    >>> manifest = Manifest(1, (segment,), {"name": "romanian"}, next_file=2, created="2025-03-02T10:00:00+00:00")
    >>> sorted(manifest.files)
    ['000001.seg']
    """

    generation: int = attrs.field(validator=_count)
    segments: tuple[SegmentEntry, ...] = ()
    analyzer: dict[str, Any] = attrs.field(factory=dict, validator=attrs.validators.instance_of(dict), hash=False)
    fields: tuple[str, ...] = ()
    next_file: int = attrs.field(default=1, validator=_count)
    created: str = attrs.field(kw_only=True, validator=_moment)
    format: int = attrs.field(default=FORMAT, kw_only=True, validator=attrs.validators.in_((FORMAT,)))

    def __attrs_post_init__(self) -> None:
        if not all(isinstance(field, str) for field in self.fields) or len(set(self.fields)) < len(self.fields):
            raise ValueError("a field is no text, or listed twice")
        if len(self.files) < sum(len(entry.files) for entry in self.segments):
            raise ValueError("a file is listed twice")
        if any(number >= self.next_file for name in self.files for number in numbers(name)):
            raise ValueError(f"next_file cannot be {self.next_file}: a file has that number or a larger one")

    @property
    def files(self) -> frozenset[str]:
        """The names of all files that the generation consists of, without the manifest's own."""
        return frozenset(name for entry in self.segments for name in entry.files)


def _checksum(manifest: object) -> str:
    canonical = json.dumps(manifest, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return f"{xxhash.xxh3_64_intdigest(canonical.encode()):016x}"


def _encode(manifest: Manifest) -> bytes:
    content = attrs.asdict(manifest)
    document = {"checksum": _checksum(content), "manifest": content}
    data = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    if len(data) > MAX_BYTES:
        raise ValueError(f"a manifest of {len(data)} bytes is too large; use fewer extra fields or merge segments")
    return data


def _decode(content: dict[str, Any]) -> Manifest:
    lists = [content[key] for key in ("segments", "fields")]
    if not all(isinstance(items, list) for items in lists):
        raise ValueError("segments and fields must be lists")
    for key in ("generation", "next_file"):
        if content[key] > _MAX_COUNTED:
            raise ValueError(f"{key} cannot be {content[key]}")
    segments = tuple(SegmentEntry(**entry) for entry in lists[0])
    return Manifest(**{**content, "segments": segments, "fields": tuple(lists[1])})


def load(directory: Directory) -> Manifest:
    """Read the manifest that was published last.

    Raises:
        IndexNotFoundError: there is none: nothing was ever committed here.
        IndexVersionError: the index is written in another format.
        CorruptIndexError: the manifest is damaged, or missing beside files of an index.
        StorageError: the system refuses to read it.
    """
    path = directory.path / NAME
    try:
        document = json.loads(directory.read(NAME, MAX_BYTES).decode())
        content = document["manifest"]
        expected, found = document.get("checksum"), _checksum(content)
        version = content["format"]
        if type(version) is not int:  # True and 1.0 equal 1
            raise ValueError(f"format cannot be {version!r}")
        # Another format may have another checksum. But what is right by ours, if it were of ours, is ours and damaged.
        if version != FORMAT and expected != _checksum({**content, "format": FORMAT}):
            remedy = "upgrade newsindex to read it" if version > FORMAT else "index the articles again"
            raise IndexVersionError(
                f"{directory.path}: an index of format {version}, this newsindex reads format {FORMAT}; {remedy}",
                path=directory.path,
                found=version,
                supported=FORMAT,
            )
        if expected == found and document.keys() == {"checksum", "manifest"}:
            return _decode(content)
    except FileNotFoundError as error:
        with contextlib.suppress(IndexNotFoundError):  # where there is no directory either
            refuse_orphans(directory)
        raise IndexNotFoundError(
            f"{directory.path}: no index here; make one with newsindex.create() or check the path", path=directory.path
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"not a manifest: {type(error).__name__}: {error}"
        raise CorruptIndexError(path, "manifest", reason=reason) from error
    raise CorruptIndexError(path, "manifest", expected=expected, found=found)


def size(directory: Directory) -> int:
    """Of the manifest, in bytes; 0 where there is none."""
    stamp = directory.stamp(NAME)
    return stamp[2] if stamp else 0


def refuse_orphans(directory: Directory) -> None:
    """Where the manifest is missing, but not the files that it listed: a new one would have them swept.

    Raises:
        CorruptIndexError: there are such files. No writer ever leaves any without a manifest.
    """
    if any(map(is_index_file, directory.names())):
        raise CorruptIndexError(directory.path / NAME, reason="the file is missing, and those that it listed are not")


def publish(directory: Directory, manifest: Manifest) -> None:
    """Make `manifest` the index, durably. The caller has synced all files that it lists, and the directory, before.

    When it raises, the index is the old generation or the new one; when it returns, the new one, whatever happens.

    Raises:
        StorageError: the system refuses to write.
        ValueError: the manifest is too large to be read again.

    >>> from newsindex.store.directory import MemoryDirectory
    >>> directory = MemoryDirectory()
    >>> publish(directory, Manifest(generation=0, created="2025-03-02T10:00:00+00:00"))
    >>> load(directory).generation
    0
    """
    data = _encode(manifest)
    with directory.create(NAME + TEMPORARY) as file:
        file.write(data)
        file.sync()
    directory.replace(NAME + TEMPORARY, NAME)
    directory.sync()


def sweep(directory: Directory, manifest: Manifest, spared: Collection[str] = ()) -> list[str]:
    """Remove the index files that `manifest` does not list, and only those; foreign files and those `spared` stay.

    Call it only under the lock: another writer's new files are not listed yet.

    Returns:
        The names of the files that were removed.
    """
    listed = manifest.files.union(spared)
    ours = (name for name in directory.names() if is_index_file(name) or name == NAME + TEMPORARY)
    stale = [name for name in ours if name not in listed]
    for name in stale:
        with contextlib.suppress(FileNotFoundError):
            directory.remove(name)
    return stale

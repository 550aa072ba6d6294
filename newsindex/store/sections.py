"""One immutable file of named arrays with checksums: what a segment, or the tombstones of one, is on disk.

`newsindex.index` hands the arrays of `newsindex.inverted` to a `SectionWriter`; searches take them from a
`SectionReader` as views of the mapped file, without a copy. Neither knows what they mean.

All numbers are little endian. The file::

    magic       8 bytes: 89 'NIX' 0D 0A 1A 0A. A transfer as text would change it
    sections    the arrays, in the order of the footer
    table       one u8 per page of each section, in that order: its checksum
    footer      JSON in UTF-8:
                  {"format": 3, "kind": "segment" or "tombstones", "uid": 32 hexadecimal digits, "meta": {...},
                   "page": 16384, "sections": [{"name", "dtype", "offset", "length"}, ...]}
                offset and length in bytes; dtype one of u1 u2 u4 u8 i4 i8 f4 f8
    trailer     u8 footer offset, u8 footer length, u8 footer checksum, u8 table checksum, u8 format version,
                8 bytes 'NIX:end' 0A

Each section and the table begin at the next multiple of 64 after what stands before them, the bytes between are zero,
and footer and trailer follow the table without a gap; so the place of everything follows from the lengths, and a reader
accepts no other. The last 16 bytes, version and end magic, stay in place in every future format.

A checksum is xxh3_64 of a page, 16,384 bytes of one section (its last page may be shorter), seeded with the page's
number plus xxh3_64 of '<uid>/<section name>', modulo 2^64: a page does not pass for another one of its section, of
another section or of another file. The table's is seeded with xxh3_64 of the uid; the footer's, which holds the uid,
with 0. Pages are verified when they are first touched, so that opening costs the same for any size.
"""

from __future__ import annotations

import functools
import json
import os
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs
import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest as _digest

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.forks import cached_property
from newsindex.store.directory import Directory, OutputFile

if TYPE_CHECKING:
    from typing_extensions import Buffer

FORMAT: Final = 3
KINDS: Final = ("segment", "tombstones")
PAGE: Final = 16_384  # a page costs as much to verify as to fault in; smaller ones, and calls cost more than bytes
ALIGNMENT: Final = 64
MAX_FOOTER_BYTES: Final = 16 << 20  # bounds what is parsed on opening; meta is for facts, arrays are for data
DTYPES: Final = {name: np.dtype(f"<{name}") for name in ("u1", "u2", "u4", "u8", "i4", "i8", "f4", "f8")}

_MAGIC: Final = b"\x89NIX\r\n\x1a\n"
_END: Final = b"NIX:end\n"
FOOTER_BEGIN: Final = b'{"format":%d,"kind":"' % FORMAT
_TRAILER: Final = struct.Struct("<QQQQQ8s")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_ENTRY: Final = frozenset(("name", "dtype", "offset", "length"))
_UID: Final = re.compile(r"[0-9a-f]{32}")
_MASK: Final = (1 << 64) - 1


def new_uid() -> str:
    """A random identity for a new file: 32 hexadecimal digits.

    >>> len(new_uid())
    32
    """
    return os.urandom(16).hex()


def is_uid(text: object) -> bool:
    """Whether `text` is what `new_uid` makes.

    >>> is_uid("0123456789abcdef" * 2), is_uid("0123")
    (True, False)
    """
    return isinstance(text, str) and _UID.fullmatch(text) is not None


def _aligned(position: int) -> int:
    return -(-position // ALIGNMENT) * ALIGNMENT


def _seed(uid: str, section: str) -> int:
    return _digest(f"{uid}/{section}".encode())


def _table_checksum(table: Buffer, uid: str) -> int:
    return _digest(table, _digest(uid.encode()))


def _dtype_name(array: npt.NDArray[Any]) -> str:
    name = array.dtype.str[1:]
    if array.ndim != 1 or name not in DTYPES:
        raise ValueError(f"a section holds a 1-d array of {', '.join(DTYPES)}; convert {array.ndim}-d {array.dtype}")
    return name


@attrs.define
class _Section:
    name: str
    dtype: str
    offset: int
    length: int
    first: int  # the number of its first page in the table
    verified: bytearray = attrs.field(factory=bytearray)  # 1 for each page that was
    seed: int | None = None  # until it is asked for, as opening looks at all sections and searches at few

    def entry(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "offset": self.offset, "length": self.length}

    @property
    def pages(self) -> int:
        return -(-self.length // PAGE)


class SectionWriter:
    """Writes one file of sections from front to back; memory stays at one page and the checksums.

    After an error the file is unfinished, which a reader notices; remove it.

    Args:
        file: freshly created and empty; `finish` closes it.
        kind: "segment" or "tombstones".
        uid: the identity of the file, from `new_uid`.

    >>> from newsindex.store.directory import MemoryDirectory
    >>> directory = MemoryDirectory()
    >>> with directory.create("000001.seg") as file:
    ...     writer = SectionWriter(file, "segment", new_uid())
    ...     writer.add("lengths", np.array([3, 1, 2], "u4"))
    ...     size = writer.finish({"articles": 3})
    >>> size == directory.size("000001.seg")
    True
    """

    def __init__(self, file: OutputFile, kind: str, uid: str) -> None:
        if kind not in KINDS:
            raise ValueError(f"unknown kind of file {kind!r}; use one of {', '.join(KINDS)}")
        if not is_uid(uid):
            raise ValueError(f"{uid!r} is no uid; take one from new_uid()")
        self._file = file
        self._kind = kind
        self._uid = uid
        self._sections: list[_Section] = []
        self._names: set[str] = set()
        self._checksums: list[int] = []
        self._open: _Section | None = None
        self._page = bytearray()  # the begun page of the open section
        file.write(_MAGIC)

    def add(self, name: str, array: npt.NDArray[Any] | bytes) -> None:
        """Write a whole section: a 1-d array of one of `DTYPES`, or bytes, which are u1."""
        values = np.frombuffer(array, "u1") if isinstance(array, bytes) else array
        self.open(name, _dtype_name(values))
        self.write(values)
        self.close_section()

    def open(self, name: str, dtype: str) -> None:
        """Begin a section that is too large for memory; `write` its chunks, then `close_section`."""
        if self._open is not None:
            raise ValueError(f"section {self._open.name!r} is still open; close it before {name!r}")
        if not _NAME.fullmatch(name) or name in self._names:
            raise ValueError(f"{name!r} is no new name of a section; use 1 to 100 ASCII letters, digits and ._:/-")
        if dtype not in DTYPES:
            raise ValueError(f"unknown dtype {dtype!r}; use one of {', '.join(DTYPES)}")
        offset = self._pad()
        self._names.add(name)
        self._open = _Section(name, dtype, offset, 0, len(self._checksums))
        self._seed = _seed(self._uid, name)

    def write(self, chunk: npt.NDArray[Any] | bytes | bytearray | memoryview) -> None:
        """Append a chunk to the open section: an array of its dtype, or bytes."""
        section = self._open
        if section is None:
            raise ValueError("no section is open; call open() first")
        if isinstance(chunk, np.ndarray):
            if _dtype_name(chunk) != section.dtype:
                raise ValueError(f"section {section.name!r} is {section.dtype}, not {chunk.dtype}; convert the chunk")
            chunk = np.ascontiguousarray(chunk, DTYPES[section.dtype]).data
        view = memoryview(chunk)
        if view.nbytes:
            section.length += view.nbytes
            self._pass(section, view.cast("B"))

    def _pass(self, section: _Section, view: memoryview) -> None:
        # Gathering small chunks to pages saves a call of the system for each; whole pages go by without a copy.
        if self._page:
            taken = min(PAGE - len(self._page), len(view))
            self._page += view[:taken]
            view = view[taken:]
            if len(self._page) == PAGE:
                self._flush(section)
        whole = len(view) - len(view) % PAGE
        if whole:
            for start in range(0, whole, PAGE):
                self._sum(section, view[start : start + PAGE])
            self._file.write(view[:whole])
        self._page += view[whole:]

    def _sum(self, section: _Section, page: Buffer) -> None:
        self._checksums.append(_digest(page, (self._seed + len(self._checksums) - section.first) & _MASK))

    def _flush(self, section: _Section) -> None:
        self._sum(section, self._page)
        self._file.write(self._page)
        self._page.clear()

    def close_section(self) -> None:
        """End the open section."""
        section = self._open
        if section is None:
            raise ValueError("no section is open; call open() first")
        if section.length % DTYPES[section.dtype].itemsize:
            raise ValueError(f"section {section.name!r}: {section.length} bytes are no whole number of {section.dtype}")
        if self._page:
            self._flush(section)
        self._sections.append(section)
        self._open = None

    def finish(self, meta: dict[str, Any]) -> int:
        """Write what makes the file readable, sync and close it.

        Args:
            meta: any JSON object; it comes back as `SectionReader.meta`.

        Returns:
            The size of the file in bytes.
        """
        if self._open is not None:
            raise ValueError(f"section {self._open.name!r} is still open; close it first")
        self._pad()
        table = np.array(self._checksums, "<u8").tobytes()
        self._file.write(table)
        offset, footer = self._file.tell(), self._footer(meta)
        self._file.write(footer)
        checksums = _digest(footer), _table_checksum(table, self._uid)
        self._file.write(_TRAILER.pack(offset, len(footer), *checksums, FORMAT, _END))
        self._file.sync()
        size = self._file.tell()
        self._file.close()
        return size

    def _footer(self, meta: dict[str, Any]) -> bytes:
        content = {
            "format": FORMAT,
            "kind": self._kind,
            "uid": self._uid,
            "meta": meta,
            "page": PAGE,
            "sections": [section.entry() for section in self._sections],
        }
        footer = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        if len(footer) > MAX_FOOTER_BYTES:
            raise ValueError(f"meta is too large: a footer of {len(footer)} bytes; put data into sections")
        return footer

    def _pad(self) -> int:
        position = self._file.tell()
        self._file.write(bytes(_aligned(position) - position))
        return _aligned(position)


class SectionReader:
    """Reads a file of sections; as many threads as like may share it.

    Opening reads trailer and footer. Every method raises CorruptIndexError on bytes that are not what was written.

    Args:
        directory, name: where the file is.
        kind, uid: what the manifest says the file is; None to take any.

    Attributes:
        path: of the file, for messages.
        meta: what was passed to `SectionWriter.finish`.
        kind, uid: see `SectionWriter`.
        size: of the file, in bytes.
        release: a function that gives back the memory of what was read so far; it may be read again.

    Raises:
        FileNotFoundError: the file is missing.
        IndexVersionError: it is written in another format.
        CorruptIndexError: it is damaged, or not the file that was asked for.

    >>> from newsindex.store.directory import MemoryDirectory
    >>> directory = MemoryDirectory()
    >>> with directory.create("000001.seg") as file:
    ...     writer = SectionWriter(file, "segment", new_uid())
    ...     writer.add("lengths", np.array([3, 1, 2], "u4"))
    ...     _ = writer.finish({"articles": 3})
    >>> reader = SectionReader(directory, "000001.seg", kind="segment")
    >>> reader.meta["articles"], reader.array("lengths", "u4").tolist(), reader.check()
    (3, [3, 1, 2], [])
    """

    def __init__(self, directory: Directory, name: str, *, kind: str | None = None, uid: str | None = None) -> None:
        self.path = directory.path / name
        self._view = directory.map(name)
        self.release = functools.partial(directory.release, self._view)
        self.size = len(self._view)
        self._footer_start, self._table_checksum, data = self._read_trailer()
        footer = self._read_footer(data)
        self.kind: str = footer["kind"]
        self.uid: str = footer["uid"]
        self.meta: dict[str, Any] = footer["meta"]
        for fact, expected, found in (("kind", kind, self.kind), ("uid", uid, self.uid)):
            if expected not in (None, found):
                self._damaged(None, f"another file stands in its place: its {fact} differs", expected, found)
        self._sections: dict[str, _Section] = {}
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._lay_out(footer["sections"])
        self._bytes = np.frombuffer(self._view, "u1")

    def _damaged(self, section: str | None, reason: str, expected: object = None, found: object = None) -> NoReturn:
        raise CorruptIndexError(self.path, section, reason=reason, expected=expected, found=found)

    def _verify_checksum(self, section: str, expected: int, found: int) -> None:
        if expected != found:
            self._damaged(section, "checksum mismatch", f"{expected:016x}", f"{found:016x}")

    def _read_trailer(self) -> tuple[int, int, bytes]:
        """Where the footer begins, the checksum of the table, and the footer."""
        if self.size < (least := ALIGNMENT + _TRAILER.size):
            self._damaged(None, "file too short", f"at least {least} bytes", self.size)
        offset, length, checksum, table, version, end = _TRAILER.unpack(self._view[-_TRAILER.size :])
        if end != _END or bytes(self._view[: len(_MAGIC)]) != _MAGIC:
            self._damaged(None, "no newsindex file, or one that was cut off: it does not begin and end as one")
        # Another format has another footer, and its number is small: else it is the version that is damaged.
        if version != FORMAT and 0 < version < 256 and FOOTER_BEGIN not in bytes(self._view[-MAX_FOOTER_BYTES:]):
            remedy = "upgrade newsindex to read it" if version > FORMAT else "index the articles again"
            message = f"{self.path}: written in format {version}, this newsindex reads format {FORMAT}; {remedy}"
            raise IndexVersionError(message, path=self.path, found=version, supported=FORMAT)
        if version != FORMAT:
            self._damaged("trailer", "another format than that of the footer", FORMAT, version)
        footer = self._view[offset : offset + length]
        if length > MAX_FOOTER_BYTES or offset + length + _TRAILER.size != self.size:
            self._damaged("trailer", "footer out of place", self.size - _TRAILER.size, f"{offset} + {length}")
        self._verify_checksum("footer", checksum, _digest(footer))
        return offset, table, bytes(footer)

    def _read_footer(self, data: bytes) -> dict[str, Any]:
        try:
            footer = json.loads(data.decode())
        except (ValueError, RecursionError) as error:
            raise CorruptIndexError(self.path, "footer", reason=f"no JSON: {error}") from error
        expected = {"format", "kind", "uid", "meta", "page", "sections"}
        if not isinstance(footer, dict) or footer.keys() != expected:
            self._damaged("footer", "other keys than expected", sorted(expected))
        for key, value in (("format", FORMAT), ("page", PAGE)):
            if type(footer[key]) is not int or footer[key] != value:
                self._damaged("footer", f"{key} differs", value, footer[key])
        if footer["kind"] not in KINDS or not is_uid(footer["uid"]):
            self._damaged("footer", "kind or uid is none", KINDS, f"{footer['kind']!r}, {footer['uid']!r}")
        if not isinstance(footer["meta"], dict) or not isinstance(footer["sections"], list):
            self._damaged("footer", "meta is no object or sections is no list")
        return footer

    def _lay_out(self, entries: list[object]) -> None:
        """Fill the sections, each of which must stand exactly where its predecessors' lengths put it."""
        position, pages = len(_MAGIC), 0
        for entry in entries:
            section = self._parse_section(entry, pages)
            if section.name in self._sections or section.offset != _aligned(position):
                self._damaged(section.name, "listed twice or out of place", _aligned(position), section.offset)
            position = section.offset + section.length
            if position > self.size:
                self._damaged(section.name, "reaches past the end of the file", f"at most {self.size}", position)
            section.verified = bytearray(section.pages)
            pages += len(section.verified)
            self._sections[section.name] = section
        self._table_start = _aligned(position)
        self._table_stop = self._table_start + 8 * pages
        if self._table_stop != self._footer_start:
            self._damaged("table", "it does not end where the footer begins", self._footer_start, self._table_stop)

    def _parse_section(self, entry: object, first: int) -> _Section:
        if not isinstance(entry, dict) or entry.keys() != _ENTRY:
            self._damaged("footer", "an entry of the sections has other keys than expected")
        name, dtype, offset, length = entry["name"], entry["dtype"], entry["offset"], entry["length"]
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(dtype, str) or dtype not in DTYPES:
            self._damaged("footer", "a section's name or dtype is none", list(DTYPES), f"{name!r}, {dtype!r}")
        if type(offset) is not int or type(length) is not int or length < 0 or length % DTYPES[dtype].itemsize:
            self._damaged(name, f"offset or length is none for {dtype}", found=f"{offset!r}, {length!r}")
        return _Section(name, dtype, offset, length, first)

    def names(self) -> list[str]:
        """The names of the sections, as they follow each other."""
        return list(self._sections)

    def __contains__(self, name: object) -> bool:
        return name in self._sections

    def _section(self, name: str) -> _Section:
        section = self._sections.get(name)
        if section is None:
            self._damaged(name, "section is missing")
        return section

    def array(self, name: str, dtype: str | None = None) -> npt.NDArray[Any]:
        """A whole section, read-only, verified once when it is first asked for.

        Args:
            name: of the section; one that is missing is a CorruptIndexError, so ask `in` where it is optional.
            dtype: one of `DTYPES` that the section must be of; None takes any.
        """
        section = self._section(name)
        if dtype not in (None, section.dtype):
            self._damaged(name, "dtype differs", dtype, section.dtype)
        array = self._arrays.get(name)
        if array is None:
            self.verify(name, 0, section.length)
            array = self._arrays[name] = self.unverified(name)[0]
        return array

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        """The bytes of a section, read-only and NOT verified: call `verify` for every range before using it."""
        section = self._section(name)
        return self._bytes[section.offset : section.offset + section.length]

    def unverified(self, name: str) -> tuple[npt.NDArray[Any], bytearray]:
        """A section, read-only and NOT verified, and of each page 1 if it was, else 0.

        For readers that ask more often than they have to verify.
        """
        section = self._section(name)
        return self.raw(name).view(DTYPES[section.dtype]), section.verified

    def verify(self, name: str, start: int, stop: int) -> None:
        """Verify the pages of a section that hold its bytes from `start` to `stop`, unless this reader did before.

        A range outside the section is a CorruptIndexError too: ranges come from other arrays of the file.
        """
        section = self._sections.get(name) or self._section(name)
        if not 0 <= start <= stop <= section.length:
            self._damaged(name, "range outside the section", f"0 to {section.length}", f"{start} to {stop}")
        first, end = start // PAGE, (stop + PAGE - 1) // PAGE
        # Two threads that race from here verify a page twice, which does no harm.
        page = section.verified.find(0, first, end)
        while page >= 0:
            self._verify_checksum(name, *self._checksums(section, page, self._table))
            section.verified[page] = 1
            page = section.verified.find(0, page, end)

    def _checksums(self, section: _Section, page: int, table: memoryview) -> tuple[int, int]:
        """What the checksum of a page should be, and is."""
        if section.seed is None:
            section.seed = _seed(self.uid, section.name)
        start, stop = section.offset + page * PAGE, section.offset + section.length
        data = self._view[start : start + PAGE if start + PAGE < stop else stop]
        return table[section.first + page], _digest(data, (section.seed + page) & _MASK)

    def _raw_table(self) -> npt.NDArray[np.uint64]:
        return self._bytes[self._table_start : self._table_stop].view("<u8")

    def _verify_table(self) -> None:
        self._verify_checksum("table", self._table_checksum, _table_checksum(self._raw_table().data, self.uid))

    @cached_property
    def _table(self) -> memoryview:
        self._verify_table()
        return self._raw_table().data

    def check(self) -> list[CorruptIndexError]:
        """Read every byte again; an error for each section, table and gap that is damaged, an empty list if none is."""
        return list(self._damages())

    def _damages(self) -> Iterator[CorruptIndexError]:
        try:
            self._verify_table()
        except CorruptIndexError as error:
            yield error  # and on: a damaged table still tells which pages it agrees with
        end = len(_MAGIC)
        for section in self._sections.values():
            if any(self._view[end : section.offset]):
                yield CorruptIndexError(self.path, section.name, reason="bytes before it are not zero")
            end = section.offset + section.length
            yield from self._damaged_pages(section)
        if any(self._view[end : self._table_start]):
            yield CorruptIndexError(self.path, "table", reason="bytes before it are not zero")

    def _damaged_pages(self, section: _Section) -> Iterator[CorruptIndexError]:
        table = self._raw_table().data
        pairs = (self._checksums(section, page, table) for page in range(section.pages))
        bad = [(page, expected, found) for page, (expected, found) in enumerate(pairs) if expected != found]
        if bad:
            page, expected, found = bad[0]
            yield CorruptIndexError(
                self.path,
                section.name,
                reason=f"checksum mismatch in {len(bad)} of {section.pages} pages, the first is {page}",
                expected=f"{expected:016x}",
                found=f"{found:016x}",
            )

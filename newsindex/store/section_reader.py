"""`SectionReader`: reads one file of sections; `newsindex.store.sections` describes it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.forks import cached_property
from newsindex.store.directory import Directory
from newsindex.store.sections import (
    ALIGNMENT,
    DTYPES,
    END,
    FOOTER_BEGIN,
    FORMAT,
    KINDS,
    MAGIC,
    MAX_FOOTER_BYTES,
    PAGE,
    TRAILER,
    Section,
    aligned,
    footer_checksum,
    is_name,
    is_uid,
    page_checksum,
    seed_of,
    table_checksum,
)

_FORMAT: Final = b'{"format":'  # a footer begins so in every format that has had one
_ENTRY: Final = frozenset(("name", "dtype", "offset", "length"))


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
    >>> from newsindex.store.section_writer import SectionWriter
    >>> from newsindex.store.sections import new_uid
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
        self._bytes = np.frombuffer(self._view, "u1")
        self.release = functools.partial(directory.release, self._view)
        self.size = len(self._view)
        self._sections: dict[str, Section] = {}
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._read(kind, uid)

    def _read(self, kind: str | None, uid: str | None) -> None:
        self._take(*self._read_trailer(self.size, END), kind, uid)

    def _take(self, footer_start: int, checksum: int, data: bytes, kind: str | None, uid: str | None) -> None:
        """Take the footer `data`, which begins at `footer_start`, and the table before it, of this checksum."""
        self._footer_start, self._table_checksum = footer_start, checksum
        footer = self._read_footer(data)
        self.kind: str = footer["kind"]
        self.uid: str = footer["uid"]
        self.meta: dict[str, Any] = footer["meta"]
        for fact, expected, found in (("kind", kind, self.kind), ("uid", uid, self.uid)):
            if expected not in (None, found):
                self._damaged(None, f"another file stands in its place: its {fact} differs", expected, found)
        self._lay_out(footer["sections"])

    def _damaged(self, section: str | None, reason: str, expected: object = None, found: object = None) -> NoReturn:
        raise CorruptIndexError(self.path, section, reason=reason, expected=expected, found=found)

    def _verify_checksum(self, section: str, expected: int, found: int) -> None:
        if expected != found:
            self._damaged(section, "checksum mismatch", f"{expected:016x}", f"{found:016x}")

    def _read_trailer(self, size: int, magic: bytes) -> tuple[int, int, bytes]:
        """Of a file that ends at `size`: where the footer begins, the checksum of the table, and the footer."""
        if size < (least := ALIGNMENT + TRAILER.size):
            self._damaged(None, "file too short", f"at least {least} bytes", size)
        offset, length, checksum, table, version, end = TRAILER.unpack(self._view[size - TRAILER.size : size])
        if end != magic or bytes(self._view[: len(MAGIC)]) != MAGIC:
            self._damaged(None, "no newsindex file, or one that was cut off: it does not begin and end as one")
        # Another format has another footer, and its number is small: else it is the version that is damaged.
        if version != FORMAT and 0 < version < 256 and not self._has_our_footer(size):
            remedy = "upgrade newsindex to read it" if version > FORMAT else "index the articles again"
            message = f"{self.path}: written in format {version}, this newsindex reads format {FORMAT}; {remedy}"
            raise IndexVersionError(message, path=self.path, found=version, supported=FORMAT)
        if version != FORMAT:
            self._damaged("trailer", "another format than that of the footer", FORMAT, version)
        footer = self._view[offset : offset + length]
        if length > MAX_FOOTER_BYTES or offset + length + TRAILER.size != size:
            self._damaged("trailer", "footer out of place", size - TRAILER.size, f"{offset} + {length}")
        self._verify_checksum("footer", checksum, footer_checksum(footer))
        return offset, table, bytes(footer)

    def _has_our_footer(self, size: int) -> bool:
        """Whether what last looks like a footer, of any format, is one of ours."""
        tail = bytes(self._view[max(0, size - MAX_FOOTER_BYTES) : size])
        return tail.startswith(FOOTER_BEGIN, max(0, tail.rfind(_FORMAT)))

    def _read_footer(self, data: bytes) -> dict[str, Any]:
        try:
            footer = json.loads(data.decode())
            if b"\\u" in data:  # by which alone JSON can say what is no text: half of a surrogate pair
                json.dumps(footer, ensure_ascii=False).encode()
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
        self._sections.clear()
        position, pages = len(MAGIC), 0
        for entry in entries:
            section = self._parse_section(entry, pages)
            if section.name in self._sections or section.offset != aligned(position):
                self._damaged(section.name, "listed twice or out of place", aligned(position), section.offset)
            position = section.offset + section.length
            if position > self.size:
                self._damaged(section.name, "reaches past the end of the file", f"at most {self.size}", position)
            section.verified = bytearray(section.pages)
            pages += len(section.verified)
            self._sections[section.name] = section
        self._table_start = aligned(position)
        self._table_stop = self._table_start + 8 * pages
        if self._table_stop != self._footer_start:
            self._damaged("table", "it does not end where the footer begins", self._footer_start, self._table_stop)

    def _parse_section(self, entry: object, first: int) -> Section:
        if not isinstance(entry, dict) or entry.keys() != _ENTRY:
            self._damaged("footer", "an entry of the sections has other keys than expected")
        name, dtype, offset, length = entry["name"], entry["dtype"], entry["offset"], entry["length"]
        if not is_name(name) or not isinstance(dtype, str) or dtype not in DTYPES:
            self._damaged("footer", "a section's name or dtype is none", list(DTYPES), f"{name!r}, {dtype!r}")
        if type(offset) is not int or type(length) is not int or length < 0 or length % DTYPES[dtype].itemsize:
            self._damaged(name, f"offset or length is none for {dtype}", found=f"{offset!r}, {length!r}")
        return Section(name, dtype, offset, length, first)

    def names(self) -> list[str]:
        """The names of the sections, as they follow each other."""
        return list(self._sections)

    def __contains__(self, name: object) -> bool:
        return name in self._sections

    def _section(self, name: str) -> Section:
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

    def _checksums(self, section: Section, page: int, table: memoryview) -> tuple[int, int]:
        """What the checksum of a page should be, and is."""
        if section.seed is None:
            section.seed = seed_of(self.uid, section.name)
        start, stop = section.offset + page * PAGE, section.offset + section.length
        data = self._view[start : start + PAGE if start + PAGE < stop else stop]
        return table[section.first + page], page_checksum(data, section.seed, page)

    def _raw_table(self) -> npt.NDArray[np.uint64]:
        return self._bytes[self._table_start : self._table_stop].view("<u8")

    def _verify_table(self) -> None:
        self._verify_checksum("table", self._table_checksum, table_checksum(self._raw_table().data, self.uid))

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
        end = len(MAGIC)
        for section in self._sections.values():
            if any(self._view[end : section.offset]):
                yield CorruptIndexError(self.path, section.name, reason="bytes before it are not zero")
            end = section.offset + section.length
            yield from self._damaged_pages(section)
        if any(self._view[end : self._table_start]):
            yield CorruptIndexError(self.path, "table", reason="bytes before it are not zero")

    def _damaged_pages(self, section: Section) -> Iterator[CorruptIndexError]:
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

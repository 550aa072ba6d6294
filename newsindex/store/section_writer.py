"""`SectionWriter`: writes one file of sections; `newsindex.store.sections` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from newsindex.store.directory import OutputFile
from newsindex.store.sections import (
    CHECKPOINT,
    DTYPES,
    END,
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

if TYPE_CHECKING:
    from typing_extensions import Buffer


def _dtype_name(array: npt.NDArray[Any]) -> str:
    name = array.dtype.str[1:]
    if array.ndim != 1 or name not in DTYPES:
        raise ValueError(f"a section holds a 1-d array of {', '.join(DTYPES)}; convert {array.ndim}-d {array.dtype}")
    return name


class SectionWriter:
    """Writes one file of sections from front to back; memory stays at one page and the checksums.

    After an error the file is unfinished, which a reader notices; remove it.

    Args:
        file: freshly created and empty; `finish` closes it.
        kind: "segment" or "tombstones".
        uid: the identity of the file, from `new_uid`.

    >>> from newsindex.store.directory import MemoryDirectory
    >>> from newsindex.store.sections import new_uid
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
        self._sections: list[Section] = []
        self._names: set[str] = set()
        self._checksums: list[int] = []
        self._open: Section | None = None
        self._page = bytearray()  # the begun page of the open section
        file.write(MAGIC)

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
        if not is_name(name) or name in self._names:
            raise ValueError(f"{name!r} is no new name of a section; use 1 to 100 ASCII letters, digits and ._:/-")
        if dtype not in DTYPES:
            raise ValueError(f"unknown dtype {dtype!r}; use one of {', '.join(DTYPES)}")
        offset = self._pad()
        self._names.add(name)
        self._open = Section(name, dtype, offset, 0, len(self._checksums))
        self._seed = seed_of(self._uid, name)

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

    def _pass(self, section: Section, view: memoryview) -> None:
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

    def _sum(self, section: Section, page: Buffer) -> None:
        self._checksums.append(page_checksum(page, self._seed, len(self._checksums) - section.first))

    def _flush(self, section: Section) -> None:
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

    def checkpoint(self, meta: dict[str, Any]) -> None:
        """Write the section by which all that was written so far is found where the rest of the file is damaged.

        Args:
            meta: as for `finish`.
        """
        if self._open is not None:
            raise ValueError(f"section {self._open.name!r} is still open; close it first")
        end = self._end(meta, CHECKPOINT)
        self.open("checkpoint", "u1")
        self.write(end)
        self.close_section()

    def finish(self, meta: dict[str, Any]) -> int:
        """Write what makes the file readable, sync and close it.

        Args:
            meta: any JSON object; it comes back as `SectionReader.meta`.

        Returns:
            The size of the file in bytes.
        """
        if self._open is not None:
            raise ValueError(f"section {self._open.name!r} is still open; close it first")
        self._file.write(self._end(meta, END))
        self._file.sync()
        size = self._file.tell()
        self._file.close()
        return size

    def _end(self, meta: dict[str, Any], magic: bytes) -> bytes:
        """Table, footer and trailer, to be written next: they begin at the next multiple of ALIGNMENT."""
        table, footer = np.array(self._checksums, "<u8").tobytes(), self._footer(meta)
        checksums = footer_checksum(footer), table_checksum(table, self._uid)
        start = self._pad() + len(table)
        return table + footer + TRAILER.pack(start, len(footer), *checksums, FORMAT, magic)

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
        self._file.write(bytes(aligned(position) - position))
        return aligned(position)

"""One immutable file of named arrays with checksums: what a segment, or the tombstones of one, is on disk.

This is the format. Writers of the index hand the arrays of `newsindex.inverted` to a `SectionWriter`; searches take
them from a `SectionReader` as views of the mapped file, without a copy. Neither knows what they mean.

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

A section named `checkpoint` holds what would end the file where it begins: table, footer and trailer of the sections
before it, but for the end magic, 'NIX:now' 0A. Whoever salvages a file that was cut off behind it, or whose end is
damaged, finds those sections by it. Nobody else reads it.
"""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np
from xxhash import xxh3_64_intdigest

if TYPE_CHECKING:
    from typing_extensions import Buffer

FORMAT: Final = 3
KINDS: Final = ("segment", "tombstones")
PAGE: Final = 16_384  # a page costs as much to verify as to fault in; smaller ones, and calls cost more than bytes
ALIGNMENT: Final = 64
MAX_FOOTER_BYTES: Final = 16 << 20  # bounds what is parsed on opening; meta is for facts, arrays are for data
DTYPES: Final = {name: np.dtype(f"<{name}") for name in ("u1", "u2", "u4", "u8", "i4", "i8", "f4", "f8")}

MAGIC: Final = b"\x89NIX\r\n\x1a\n"
END: Final = b"NIX:end\n"
CHECKPOINT: Final = b"NIX:now\n"
FOOTER_BEGIN: Final = b'{"format":%d,"kind":"' % FORMAT
TRAILER: Final = struct.Struct("<QQQQQ8s")

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
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


def is_name(text: object) -> bool:
    """Whether a section may be called so.

    >>> is_name("ids.starts"), is_name("")
    (True, False)
    """
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def aligned(position: int) -> int:
    """Where a section, or the table, begins after what ends at `position`."""
    return -(-position // ALIGNMENT) * ALIGNMENT


def seed_of(uid: str, section: str) -> int:
    """What the numbers of a section's pages are added to, to seed their checksums."""
    return xxh3_64_intdigest(f"{uid}/{section}".encode())


def page_checksum(data: Buffer, seed: int, page: int) -> int:
    """The checksum of page number `page` of a section."""
    return xxh3_64_intdigest(data, (seed + page) & _MASK)


def table_checksum(table: Buffer, uid: str) -> int:
    """The checksum of the table."""
    return xxh3_64_intdigest(table, xxh3_64_intdigest(uid.encode()))


def footer_checksum(footer: Buffer) -> int:
    """The checksum of the footer."""
    return xxh3_64_intdigest(footer)


@attrs.define
class Section:
    """Where a section is.

    Attributes:
        offset, length: in bytes.
        first: the number of its first page in the table.
        verified: 1 for each page that was.
        seed: see `seed_of`; None until it is asked for, as opening looks at all sections and searches at few.
    """

    name: str
    dtype: str
    offset: int
    length: int
    first: int
    verified: bytearray = attrs.field(factory=bytearray)
    seed: int | None = None

    def entry(self) -> dict[str, Any]:
        """What the footer says of it."""
        return {"name": self.name, "dtype": self.dtype, "offset": self.offset, "length": self.length}

    @property
    def pages(self) -> int:
        """How many checksums it has."""
        return -(-self.length // PAGE)

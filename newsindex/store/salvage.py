"""`SalvagedSections`: what is left of a damaged file of sections, for `newsindex.remains`.

`SectionReader` refuses a file whose trailer, footer or table of checksums is damaged, as a search that went on would
leave out what cannot be read. Who wants to save what can be read needs less. Each page has a checksum that is seeded
with the file's uid, the section's name and the page's number: a page that agrees with it is as it was written, whatever
happened around it; a damaged footer or table only makes fewer pages agree. Where the end of the file is damaged, or cut
off, a checkpoint says where the sections before it are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.forks import cached_property
from newsindex.store.section_reader import SectionReader
from newsindex.store.sections import CHECKPOINT, FOOTER_BEGIN, FORMAT, MAX_FOOTER_BYTES, TRAILER, aligned

_CHUNK: Final = 1 << 20
_MAX_TRIALS: Final = 100  # of what looks like a checkpoint: none but one does, unless somebody wants it to


class SalvagedSections(SectionReader):
    """Reads the pages that are intact, where a footer says at least where they are.

    Attributes:
        rest: the bytes behind the checkpoint by which the sections were found, of which nothing is known; none where
            it was the end of the file that told.

    Raises:
        FileNotFoundError: the file is missing.
        IndexVersionError: it is written in another format.
        CorruptIndexError: nothing of it can be read, or it is not the file that was asked for.
    """

    rest: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)

    def _read(self, kind: str | None, uid: str | None) -> None:
        try:
            super()._read(kind, uid)
        except (CorruptIndexError, IndexVersionError):
            if not self._read_checkpoint(kind, uid):
                found = self._find_footer()
                if found is None:
                    raise
                # The table's checksum was the trailer's to say; nothing here asks for it.
                self._take(found[0], 0, found[1], kind, uid)

    def _read_checkpoint(self, kind: str | None, uid: str | None) -> bool:
        """Take the checkpoint; whether it is there, and intact."""
        for end in islice(self._checkpoints(), _MAX_TRIALS):
            try:
                self._take(*self._read_trailer(end, CHECKPOINT), kind, uid)
            except (CorruptIndexError, IndexVersionError):
                continue
            self.rest = self._bytes[aligned(end) :]
            return True
        return False

    def _checkpoints(self) -> Iterator[int]:
        """Where what looks like a checkpoint ends, the last first: any text may have its words, but not its numbers."""
        for start in range((self.size - 1) // _CHUNK * _CHUNK, -1, -_CHUNK):
            chunk = bytes(self._view[start : start + _CHUNK + len(CHECKPOINT) - 1])  # with one that begins in it
            place = chunk.rfind(CHECKPOINT)
            while place >= 0:
                end = start + place + len(CHECKPOINT)
                if end >= TRAILER.size:
                    offset, length, _, _, version, _ = TRAILER.unpack(self._view[end - TRAILER.size : end])
                    if offset + length + TRAILER.size == end and version == FORMAT:
                        yield end
                place = chunk.rfind(CHECKPOINT, 0, place)

    def _find_footer(self) -> tuple[int, bytes] | None:
        """Where the last footer of our format begins, and its bytes, unverified; None where there is none."""
        low = max(0, self.size - MAX_FOOTER_BYTES)
        tail = bytes(self._view[low:])
        place = tail.rfind(FOOTER_BEGIN)
        if place < 0:
            return None
        text = tail[place:].decode("utf-8", "surrogateescape")  # what follows it is no text
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return None
        return low + place, text[:end].encode("utf-8", "surrogateescape")

    @cached_property
    def _table(self) -> memoryview:
        return self._raw_table().data

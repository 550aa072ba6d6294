"""`SalvagedSections`: what is left of a damaged file of sections, for `newsindex.rescuing`.

`SectionReader` refuses a file whose trailer, footer or table of checksums is damaged, as a search that went on would
leave out what cannot be read. Who wants to save what can be read needs less: each page has a checksum that is seeded
with the file's uid, the section's name and the page's number. A page that agrees with its checksum is as it was
written, whatever happened around it; a damaged footer or table only makes fewer pages agree.
"""

from __future__ import annotations

import json

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.forks import cached_property
from newsindex.store.sections import FOOTER_BEGIN, MAX_FOOTER_BYTES, SectionReader


class SalvagedSections(SectionReader):
    """Reads the pages that are intact, where the footer says at least where they are.

    Raises:
        FileNotFoundError: the file is missing.
        IndexVersionError: it is written in another format.
        CorruptIndexError: nothing of it can be read, or it is not the file that was asked for.
    """

    def _read_trailer(self) -> tuple[int, int, bytes]:
        try:
            return super()._read_trailer()
        except (CorruptIndexError, IndexVersionError):
            found = self._find_footer()
            if found is None:
                raise
            # The table's checksum was the trailer's to say; nothing here asks for it.
            return found[0], 0, found[1]

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

"""What is found of a file of sections that has lost its end: all that stands before a checkpoint."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest

from newsindex.errors import CorruptIndexError
from newsindex.store.directory import MemoryDirectory
from newsindex.store.salvage import SalvagedSections
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import ALIGNMENT, CHECKPOINT, FOOTER_BEGIN, FORMAT, PAGE, TRAILER, footer_checksum

UID = "00112233445566778899aabbccddeeff"
META = {"articles": 3}
NUMBERS = np.arange(5000, dtype="u8")  # three pages
TEXT = b"Parlamentul " * 3000


def written(*, text: bytes = TEXT, meta: dict[str, Any] = META, last: bytes = TEXT) -> bytes:
    """A file of two sections, a checkpoint and a third."""
    directory = MemoryDirectory()
    with directory.create("file.tmp") as file:
        writer = SectionWriter(file, "segment", UID)
        writer.add("numbers", NUMBERS)
        writer.add("text", text)
        writer.checkpoint(meta)
        writer.add("more", last)
        writer.finish(meta | {"whole": True})
    return bytes(directory.map("file.tmp"))


def opened(kind: type[SectionReader], data: bytes, uid: str | None = UID) -> SectionReader:
    directory = MemoryDirectory()
    with directory.create("file.tmp") as file:
        file.write(data)
    return kind(directory, "file.tmp", kind="segment", uid=uid)


def salvaged(data: bytes, uid: str | None = UID) -> SalvagedSections:
    found = opened(SalvagedSections, data, uid)
    assert isinstance(found, SalvagedSections)
    return found


def places(data: bytes) -> tuple[int, int, int]:
    """Where the checkpoint begins and ends, and where the last section begins."""
    sections = opened(SectionReader, data)._sections
    one = sections["checkpoint"]
    return one.offset, one.offset + one.length, sections["more"].offset


def test_a_checkpoint_is_what_would_end_the_file_there_but_for_its_last_bytes() -> None:
    data, directory = written(), MemoryDirectory()
    with directory.create("file.tmp") as file:
        writer = SectionWriter(file, "segment", UID)
        writer.add("numbers", NUMBERS)
        writer.add("text", TEXT)
        writer.finish(META)
    _, end, more = places(data)
    assert data[:end] == bytes(directory.map("file.tmp"))[:-8] + CHECKPOINT
    assert more % ALIGNMENT == 0
    assert more - end < ALIGNMENT


def test_a_sound_file_is_read_by_its_end() -> None:
    found = salvaged(written())
    assert found.meta == META | {"whole": True}
    assert found.names() == ["numbers", "text", "checkpoint", "more"]
    assert len(found.rest) == 0


@pytest.mark.parametrize("left", [0, 1, 7, 100, PAGE, len(TEXT) - 1])
def test_a_file_that_was_cut_off_behind_its_checkpoint_has_what_stands_before(left: int) -> None:
    data = written()
    _, end, more = places(data)
    for stop in (more + left, end):
        with pytest.raises(CorruptIndexError, match="cut off"):
            opened(SectionReader, data[:stop])
        found = salvaged(data[:stop])
        assert (found.meta, found.names()) == (META, ["numbers", "text"])
        assert found.array("numbers").tolist() == NUMBERS.tolist()
        assert bytes(found.array("text")) == TEXT
        assert bytes(found.rest) == (TEXT[:left] if stop == more + left else b"")


def test_a_file_that_was_cut_off_before_the_footer_of_its_checkpoint_has_nothing() -> None:
    data = written()
    start, end, _ = places(data)
    footer = data.rindex(b'{"format"', 0, end)
    for stop in (footer + 100, footer, start, start - 1, 100, 0):
        with pytest.raises(CorruptIndexError):
            salvaged(data[:stop])


def test_a_file_that_was_cut_off_behind_the_footer_of_its_checkpoint_has_what_stands_before() -> None:
    data = written()
    _, end, _ = places(data)
    for left in (1, 8, TRAILER.size):
        found = salvaged(data[: end - left])
        assert (found.names(), len(found.rest)) == (["numbers", "text"], 0)


@pytest.mark.parametrize("size", [1, 8, TRAILER.size, 200, 4096])
def test_where_the_end_is_damaged_the_checkpoint_says_where_sections_are(size: int) -> None:
    data = written()
    found = salvaged(data[:-size] + bytes(size))
    assert (found.meta, found.names()) == (META, ["numbers", "text"])
    assert bytes(found.rest) == (data[:-size] + bytes(size))[places(data)[2] :]


def test_pages_before_a_checkpoint_are_verified_as_ever() -> None:
    data = bytearray(written()[:-1])
    data[ALIGNMENT + PAGE] ^= 1  # the second page of the numbers
    found = salvaged(bytes(data))
    found.verify("numbers", 0, PAGE)
    found.verify("numbers", 2 * PAGE, NUMBERS.nbytes)
    with pytest.raises(CorruptIndexError, match="checksum mismatch"):
        found.verify("numbers", PAGE, 2 * PAGE)


@pytest.mark.parametrize("part", ["footer", "trailer", "magic"])
def test_a_damaged_checkpoint_leaves_what_the_end_says_as_far_as_it_can_be_read(part: str) -> None:
    data = bytearray(written())
    _, end, _ = places(bytes(data))
    data[{"footer": end - TRAILER.size - 20, "trailer": end - 30, "magic": end - 1}[part]] ^= 1
    data[-1] ^= 1
    found = salvaged(bytes(data))
    assert found.names() == ["numbers", "text", "checkpoint", "more"]
    assert len(found.rest) == 0


def test_a_file_has_one_checkpoint_between_sections() -> None:
    writer = SectionWriter(MemoryDirectory().create("file.tmp"), "segment", UID)
    writer.add("numbers", NUMBERS)
    writer.checkpoint(META)
    with pytest.raises(ValueError, match="no new name"):
        writer.checkpoint(META)
    writer.open("text", "u1")
    with pytest.raises(ValueError, match="still open"):
        writer.checkpoint(META)


def test_the_checkpoint_of_another_file_is_not_taken() -> None:
    data = written()
    with pytest.raises(CorruptIndexError, match="another file stands in its place"):
        salvaged(data[:-1], "0" * 32)
    assert salvaged(data[:-1], None).uid == UID


def test_texts_with_the_words_of_a_checkpoint_hide_none() -> None:
    for text in (CHECKPOINT * 100_000, bytes([3, 0, 0, 0, 0, 0, 0, 0]) + CHECKPOINT * 100_000, CHECKPOINT[1:]):
        data = written(text=text, last=text)
        assert salvaged(data[:-1]).names() == ["numbers", "text"]
        start, _, _ = places(data)
        with pytest.raises(CorruptIndexError):
            salvaged(data[:start])


def test_a_file_of_forged_checkpoints_is_given_up_soon() -> None:
    data, end = bytearray(written()[:64]), 64
    for _ in range(1000):
        footer = FOOTER_BEGIN + bytes(300)
        data += footer + TRAILER.pack(end, len(footer), 0, 0, FORMAT, CHECKPOINT)
        end = len(data)
    with (
        mock.patch.object(
            SalvagedSections, "_read_trailer", autospec=True, side_effect=SectionReader._read_trailer
        ) as read,
        pytest.raises(CorruptIndexError),
    ):
        salvaged(bytes(data))
    assert read.call_count == 101


def test_an_end_that_contradicts_itself_does_not_stand_in_the_way_of_a_checkpoint() -> None:
    """Somebody has made its checksum right."""
    data = written()
    start, length = TRAILER.unpack(data[-TRAILER.size :])[:2]
    more = places(data)[2]
    footer = data[start : start + length].replace(b'"offset":%d' % more, b'"offset":%d' % (more + ALIGNMENT))
    trailer = TRAILER.pack(start, length, footer_checksum(footer), *TRAILER.unpack(data[-TRAILER.size :])[3:])
    with pytest.raises(CorruptIndexError, match="listed twice or out of place"):
        opened(SectionReader, data[:start] + footer + trailer)
    found = salvaged(data[:start] + footer + trailer)
    assert (found.meta, found.names()) == (META, ["numbers", "text"])


def test_a_checkpoint_is_found_wherever_it_lies() -> None:
    """Also where its last bytes lie in two of the parts in which they are looked for."""
    size = 1 << 20
    _, end, _ = places(written(text=bytes(size)))
    size -= -(-(end - (1 << 20)) // ALIGNMENT) * ALIGNMENT + ALIGNMENT
    ends = set()
    for more in range(3 * ALIGNMENT):
        data = written(text=bytes(size), meta={"articles": 3, "note": "x" * more})
        _, end, rest = places(data)
        ends.add(end)
        assert len(salvaged(data[: rest + 5]).rest) == 5
    assert ends >= {(1 << 20) + past for past in range(len(CHECKPOINT))}

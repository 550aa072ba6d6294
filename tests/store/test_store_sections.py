"""Files of sections: the bytes are the ones specified, every damaged bit is noticed, what is sound comes back."""

from __future__ import annotations

import json
import struct
import threading

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.errors import CorruptIndexError, IndexVersionError, StorageError
from newsindex.store.directory import DiskDirectory, MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import DTYPES, PAGE, is_uid, new_uid

UID = "00112233445566778899aabbccddeeff"
FOOTER = (
    b'{"format":3,"kind":"segment","uid":"00112233445566778899aabbccddeeff","meta":{"articles":3},"page":16384,'
    b'"sections":[{"name":"lengths","dtype":"u2","offset":64,"length":6},'
    b'{"name":"words","dtype":"u1","offset":128,"length":3}]}'
)
GOLDEN = b"".join(
    [
        bytes.fromhex("89 4e 49 58 0d 0a 1a 0a"),  # magic
        bytes(56),  # to 64
        bytes.fromhex("0300 0100 0200"),  # section lengths: 3, 1, 2
        bytes(58),  # to 128
        bytes.fromhex("61 70 61"),  # section words: "apa"
        bytes(61),  # to 192
        bytes.fromhex("f50cd692fa2fb23b"),  # table: the only page of lengths
        bytes.fromhex("5b07bf17fa1de3ae"),  # the only page of words
        FOOTER,  # at 208
        bytes.fromhex("d000000000000000"),  # trailer: footer offset 208
        bytes.fromhex("e300000000000000"),  # footer length 227
        bytes.fromhex("753c55d0a56bd495"),  # footer checksum
        bytes.fromhex("d579fc62bff3d76f"),  # table checksum
        bytes.fromhex("0300000000000000"),  # format version
        bytes.fromhex("4e49583a656e640a"),  # end magic: "NIX:end\n"
    ]
)


def store(data, directory=None):
    directory = directory or MemoryDirectory()
    with directory.create("file.tmp") as file:
        file.write(data)
    return directory


def read(data, **options):
    return SectionReader(store(bytes(data)), "file.tmp", **options)


def write(arrays, meta=None, uid=UID, kind="segment", directory=None):
    directory = directory or MemoryDirectory()
    with directory.create("file.tmp") as file:
        writer = SectionWriter(file, kind, uid)
        for name, array in arrays.items():
            writer.add(name, array)
        writer.finish(meta or {})
    return bytes(directory.map("file.tmp"))


def contents(reader):
    return {name: reader.array(name).tolist() for name in reader.names()}, reader.meta, reader.kind, reader.uid


def resealed(data, change):
    """A file whose footer was changed by somebody who knows the checksums."""
    offset, length, _, table, version, end = struct.unpack("<QQQQQ8s", data[-48:])
    footer = json.loads(data[offset : offset + length])
    footer = change(footer) or footer
    text = footer if isinstance(footer, bytes) else json.dumps(footer).encode()
    trailer = struct.pack("<QQQQQ8s", offset, len(text), xxhash.xxh3_64_intdigest(text), table, version, end)
    return data[:offset] + text + trailer


def test_golden_bytes_are_written(directory):
    arrays = {"lengths": np.array([3, 1, 2], "u2"), "words": b"apa"}
    assert write(arrays, {"articles": 3}, directory=directory) == GOLDEN


def test_golden_bytes_are_read(directory):
    reader = SectionReader(store(GOLDEN, directory), "file.tmp", kind="segment", uid=UID)
    assert contents(reader) == ({"lengths": [3, 1, 2], "words": [97, 112, 97]}, {"articles": 3}, "segment", UID)
    assert reader.check() == []
    assert reader.size == len(GOLDEN) == 483
    assert reader.array("lengths").dtype == np.dtype("<u2")
    assert "words" in reader
    assert "letters" not in reader


def test_golden_checksums_follow_the_specification():
    digest = xxhash.xxh3_64_intdigest
    pages = [(b"\3\0\1\0\2\0", "lengths"), (b"apa", "words")]
    table = b"".join(digest(page, seed=digest(f"{UID}/{name}".encode())).to_bytes(8, "little") for page, name in pages)
    assert GOLDEN[192:208] == table
    assert GOLDEN[-32:-24] == digest(FOOTER).to_bytes(8, "little")
    assert GOLDEN[-24:-16] == digest(table, seed=digest(UID.encode())).to_bytes(8, "little")


def test_a_file_cut_off_anywhere_is_noticed():
    for length in range(len(GOLDEN)):
        with pytest.raises(CorruptIndexError):
            read(GOLDEN[:length])


def test_a_file_that_grew_is_noticed():
    for extra in (b"\0", b"\n", GOLDEN):
        with pytest.raises(CorruptIndexError):
            read(GOLDEN + extra)


def test_every_flipped_bit_is_noticed():
    for position in range(len(GOLDEN)):
        for bit in range(8):
            data = bytearray(GOLDEN)
            data[position] ^= 1 << bit
            try:
                reader = read(data)
            except CorruptIndexError:
                continue
            assert reader.check(), f"bit {bit} of byte {position}"


def test_no_flipped_bit_gives_another_value():
    sound = contents(read(GOLDEN))
    for position in range(len(GOLDEN)):
        data = bytearray(GOLDEN)
        data[position] ^= 0x10
        try:
            found = contents(read(data))
        except CorruptIndexError:
            continue
        assert found == sound


def test_swapped_sections_are_noticed():
    data = write({"a": b"first", "b": b"other"})
    swapped = bytearray(data)
    swapped[64:69], swapped[128:133] = data[128:133], data[64:69]
    swapped[192:200], swapped[200:208] = data[200:208], data[192:200]
    table = xxhash.xxh3_64_intdigest(bytes(swapped[192:208]), seed=xxhash.xxh3_64_intdigest(UID.encode()))
    swapped[-24:-16] = table.to_bytes(8, "little")
    for name in "ab":
        with pytest.raises(CorruptIndexError, match="checksum mismatch"):
            read(swapped).array(name)
    assert len(read(swapped).check()) == 2


def test_swapped_pages_are_noticed():
    data = bytearray(write({"a": bytes(PAGE) + b"\1" * PAGE}))
    data[64 : 64 + 2 * PAGE] = b"\1" * PAGE + bytes(PAGE)
    table = slice(64 + 2 * PAGE, 64 + 2 * PAGE + 16)
    first, second = data[table][:8], data[table][8:]
    data[table] = second + first
    seed = xxhash.xxh3_64_intdigest(UID.encode())
    data[-24:-16] = xxhash.xxh3_64_intdigest(bytes(data[table]), seed=seed).to_bytes(8, "little")
    [error] = read(data).check()
    assert "2 of 2 pages" in str(error)


def test_a_section_of_another_file_is_noticed():
    data = bytearray(write({"a": b"mine!"}))
    other = write({"a": b"other"}, uid="f" * 32)
    data[64:69] = other[64:69]
    with pytest.raises(CorruptIndexError) as caught:
        read(data).array("a")
    assert caught.value.section == "a"
    assert caught.value.expected != caught.value.found
    data[128:136] = other[128:136]
    with pytest.raises(CorruptIndexError, match="table"):
        read(data).array("a")


def test_another_file_in_its_place_is_noticed():
    with pytest.raises(CorruptIndexError, match="another file stands in its place: its uid"):
        read(GOLDEN, uid="f" * 32)
    with pytest.raises(CorruptIndexError, match="another file stands in its place: its kind"):
        read(GOLDEN, kind="tombstones")


@pytest.mark.parametrize(("version", "remedy"), [(4, "upgrade newsindex"), (2, "index the articles again")])
def test_another_format_version_is_named(version, remedy):
    data = bytearray(GOLDEN)
    data[-16:-8] = version.to_bytes(8, "little")
    with pytest.raises(CorruptIndexError, match="another format than that of the footer"):
        read(data)
    start, length = struct.unpack("<QQ", data[-48:-32])
    data[start : start + length] = data[start : start + length].replace(b'"format":3', b'"format":%d' % version)
    for checksum in (xxhash.xxh3_64_intdigest(data[start : start + length]), 7):  # theirs may be another one
        data[-32:-24] = checksum.to_bytes(8, "little")
        with pytest.raises(IndexVersionError, match=remedy) as caught:
            read(data)
        assert (caught.value.found, caught.value.supported) == (version, 3)


def change_section(**values):
    return lambda footer: footer["sections"][1].update(values)


HOSTILE = {
    "no JSON": lambda footer: b"{",
    "half of a character in a name": lambda footer: footer["meta"].update(fields=[{"name": "a\ud800"}]),
    "not UTF-8": lambda footer: b'"\xff"',
    "deep": lambda footer: b"[" * 200_000,
    "a huge number": lambda footer: b"9" * 10_000,
    "a list": lambda footer: b"[]",
    "null": lambda footer: b"null",
    "no meta": lambda footer: footer.pop("meta") and None,
    "an unknown key": lambda footer: footer.update(more=1),
    "another format": lambda footer: footer.update(format=4),
    "a format that is true": lambda footer: footer.update(format=True),
    "another page": lambda footer: footer.update(page=0),
    "another kind": lambda footer: footer.update(kind="index"),
    "a kind that is a list": lambda footer: footer.update(kind=[]),
    "an upper-case uid": lambda footer: footer.update(uid=UID.upper()),
    "a uid that is a number": lambda footer: footer.update(uid=1),
    "another uid": lambda footer: footer.update(uid="f" * 32),
    "meta that is a list": lambda footer: footer.update(meta=[]),
    "sections that are an object": lambda footer: footer.update(sections={}),
    "a section that is a number": lambda footer: footer.update(sections=[1]),
    "a section with another key": change_section(more=1),
    "a section missing": lambda footer: footer["sections"].pop() and None,
    "a section twice": lambda footer: footer["sections"].append(footer["sections"][1]),
    "a name twice": change_section(name="lengths"),
    "a name that is a number": change_section(name=1),
    "a name with a line end": change_section(name="a\n"),
    "an unknown dtype": change_section(dtype="O"),
    "a dtype that is a list": change_section(dtype=["u1"]),
    "a length that is no multiple": change_section(dtype="u2"),
    "an offset off its place": change_section(offset=129),
    "an overlap": change_section(offset=64),
    "a negative offset": change_section(offset=-64),
    "an offset that is true": change_section(offset=True),
    "an offset that is 128.0": change_section(offset=128.0),
    "an offset past the end": change_section(offset=1 << 70),
    "a negative length": change_section(length=-3),
    "a length past the end": change_section(length=1 << 62),
    "a length that is null": change_section(length=None),
    "a table too short": change_section(length=1 << 17),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_footer_is_refused(change):
    with pytest.raises(CorruptIndexError):
        read(resealed(GOLDEN, change)).array("words")


def test_a_hostile_footer_that_changes_nothing_is_taken():
    assert contents(read(resealed(GOLDEN, lambda footer: None))) == contents(read(GOLDEN))


def test_a_dtype_other_than_asked_for_is_noticed():
    reader = read(GOLDEN)
    assert reader.array("lengths", "u2").tolist() == [3, 1, 2]
    with pytest.raises(CorruptIndexError, match="expected u4, found u2"):
        reader.array("lengths", "u4")
    with pytest.raises(CorruptIndexError, match="section is missing"):
        reader.array("letters")


def test_check_goes_on_past_the_first_damage():
    data = bytearray(write({"a": b"1" * (3 * PAGE), "b": b"22", "c": b"33"}))
    data[64] ^= 1
    data[64 + 2 * PAGE] ^= 1
    data[64 + 3 * PAGE + 64] ^= 1
    data[64 + 3 * PAGE + 2] ^= 1
    reader = read(data)
    errors = reader.check()
    assert [error.section for error in errors] == ["a", "c", "c"]
    assert "2 of 3 pages, the first is 0" in str(errors[0])
    assert "before it are not zero" in str(errors[1])
    assert reader.array("b").tobytes() == b"22"


def test_check_reads_again_what_was_verified(tmp_path):
    write({"a": b"12345"}, directory=DiskDirectory(tmp_path))
    reader = SectionReader(DiskDirectory(tmp_path), "file.tmp")
    assert reader.array("a").tobytes() == b"12345"
    with open(tmp_path / "file.tmp", "r+b") as file:
        file.seek(64)
        file.write(b"6")
    assert [error.section for error in reader.check()] == ["a"]


def test_pages_are_verified_when_they_are_touched():
    data = bytearray(write({"before": b"x", "a": bytes(range(256)) * (5 * PAGE // 256) + b"end"}))
    start = 128
    data[start + 2 * PAGE + 7] ^= 1
    reader = read(data)
    raw = reader.raw("a")
    assert not raw.flags.writeable
    for first, last in ((0, 0), (0, 2 * PAGE), (3 * PAGE, 5 * PAGE + 3), (5 * PAGE, 5 * PAGE + 3), (1, 2)):
        reader.verify("a", first, last)
    for first, last in ((0, 2 * PAGE + 1), (2 * PAGE, 2 * PAGE + 1), (3 * PAGE - 1, 3 * PAGE), (0, 5 * PAGE + 3)):
        for _ in range(2):
            with pytest.raises(CorruptIndexError, match="checksum mismatch"):
                reader.verify("a", first, last)
    assert reader.unverified("a")[1] == bytes([1, 1, 0, 1, 1, 1])
    with pytest.raises(CorruptIndexError):
        reader.array("a")
    with pytest.raises(CorruptIndexError, match="missing"):
        reader.unverified("b")


@pytest.mark.parametrize(("start", "stop"), [(-1, 0), (0, 4), (2, 1), (4, 4), (-2, -1), (1 << 63, 1 << 64)])
def test_a_range_outside_the_section_is_noticed(start, stop):
    reader = read(GOLDEN)
    reader.array("words")
    with pytest.raises(CorruptIndexError, match="range outside the section"):
        reader.verify("words", start, stop)


def test_a_damaged_table_is_noticed_before_it_is_used():
    data = bytearray(GOLDEN)
    data[200] ^= 1
    reader = read(data)
    with pytest.raises(CorruptIndexError, match="table") as caught:
        reader.verify("lengths", 0, 6)
    assert caught.value.section == "table"
    assert [error.section for error in reader.check()] == ["table", "words"]


def test_what_is_verified_by_now_can_be_seen():
    reader = read(write({"a": np.arange(3 * PAGE // 4, dtype="i4")}))
    array, verified = reader.unverified("a")
    assert (array.dtype, array.tolist(), bytes(verified)) == ("<i4", list(range(3 * PAGE // 4)), b"\0\0\0")
    reader.verify("a", PAGE, PAGE + 1)
    assert bytes(verified) == b"\0\1\0"
    reader.array("a")
    assert bytes(verified) == b"\1\1\1"


def test_arrays_are_views_made_once():
    directory = store(GOLDEN)
    reader = SectionReader(directory, "file.tmp")
    array = reader.array("lengths")
    assert array is reader.array("lengths")
    assert not array.flags.writeable
    assert not array.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_threads_share_a_reader():
    reader = read(write({"a": np.arange(100_000, dtype="u4")}))
    seen, start = [], threading.Barrier(4)

    def work():
        start.wait()
        for page in range(6):
            reader.verify("a", page * PAGE, page * PAGE + 10)
        seen.append(int(reader.array("a").sum()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [sum(range(100_000))] * 4


def arrays_of(dtype):
    numbers = st.binary(max_size=200).map(lambda data: data[: len(data) // dtype.itemsize * dtype.itemsize])
    return numbers.map(lambda data: np.frombuffer(data, dtype))


names = st.from_regex(r"[a-zA-Z0-9][a-z0-9._:/-]{0,10}", fullmatch=True)
arrays = st.sampled_from(list(DTYPES.values())).flatmap(arrays_of)
scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(names, arrays, max_size=6), st.dictionaries(st.text(max_size=4), scalars, max_size=3))
def test_round_trip(arrays, meta):
    reader = read(write(arrays, meta))
    assert reader.names() == list(arrays)
    assert reader.meta == meta
    assert reader.check() == []
    for name, array in arrays.items():
        assert reader.array(name).dtype == array.dtype
        assert reader.array(name).tobytes() == array.tobytes()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([0, 1, 7, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE]), max_size=6))
def test_streaming_in_any_chunks_gives_the_same_file(sizes):
    data = bytes(range(251)) * (sum(sizes) // 251 + 1)
    chunks, position = [], 0
    for size in sizes:
        chunks.append(data[position : position + size])
        position += size
    directory = MemoryDirectory()
    with directory.create("file.tmp") as file:
        writer = SectionWriter(file, "segment", UID)
        writer.open("a", "u1")
        for number, chunk in enumerate(chunks):
            writer.write(np.frombuffer(chunk, "u1") if number % 2 else chunk)
        writer.close_section()
        writer.add("b", b"after")
        size = writer.finish({})
    assert size == directory.size("file.tmp")
    assert bytes(directory.map("file.tmp")) == write({"a": data[:position], "b": b"after"})
    assert SectionReader(directory, "file.tmp").check() == []


def test_arrays_of_any_layout_are_written_little_endian():
    numbers = np.arange(10)
    plain = write({"a": np.arange(0, 10, 2, dtype="<u4")})
    assert write({"a": numbers.astype("<u4")[::2]}) == plain
    assert write({"a": numbers.astype(">u4")[::2]}) == plain


def writer():
    return SectionWriter(MemoryDirectory().create("file.tmp"), "segment", UID)


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.array(["a"]), np.array([True]), np.array([None]), np.array(1)])
def test_what_is_no_section_is_refused(array):
    with pytest.raises(ValueError, match="1-d array of u1, u2"):
        writer().add("a", array)


@pytest.mark.parametrize("name", ["", "a b", "ă", "a\n", "-a", "a" * 101])
def test_names_are_checked(name):
    with pytest.raises(ValueError, match="no new name of a section"):
        writer().add(name, b"")


def test_misuse_of_the_writer_is_refused():
    begun = writer()
    begun.open("a", "u4")
    with pytest.raises(ValueError, match="'a' is still open"):
        begun.open("b", "u4")
    with pytest.raises(ValueError, match="'a' is still open"):
        begun.finish({})
    with pytest.raises(ValueError, match="is u4, not int64"):
        begun.write(np.array([1], "i8"))
    begun.write(b"123")
    with pytest.raises(ValueError, match="no whole number of u4"):
        begun.close_section()
    begun.write(b"4")
    begun.close_section()
    for call in (begun.close_section, lambda: begun.write(b"")):
        with pytest.raises(ValueError, match="no section is open"):
            call()
    with pytest.raises(ValueError, match="no new name"):
        begun.add("a", b"")
    with pytest.raises(ValueError, match="unknown dtype"):
        begun.open("b", "f2")
    for kind, uid, complaint in (("index", UID, "unknown kind"), ("segment", "1", "no uid")):
        with pytest.raises(ValueError, match=complaint):
            SectionWriter(MemoryDirectory().create("x"), kind, uid)


def test_a_footer_that_no_reader_would_take_is_not_written(monkeypatch):
    monkeypatch.setattr("newsindex.store.section_writer.MAX_FOOTER_BYTES", 200)
    with pytest.raises(ValueError, match="meta is too large"):
        writer().finish({"text": "x" * 200})
    with pytest.raises(ValueError, match="JSON"):
        writer().finish({"number": float("nan")})


def test_a_failure_anywhere_while_writing_is_raised(failing):
    def attempt(fails):
        directory = failing(MemoryDirectory(), fails)
        write({"a": b"1", "b": bytes(PAGE)}, directory=directory)
        return directory.calls

    calls = attempt(1000)
    assert "file.sync" in calls
    for number in range(len(calls)):
        with pytest.raises(StorageError):
            attempt(number)


def test_a_missing_file_is_the_caller_s_matter(directory):
    with pytest.raises(FileNotFoundError):
        SectionReader(directory, "000001.seg")


def test_uids():
    assert is_uid(new_uid())
    assert new_uid() != new_uid()
    assert not any(is_uid(value) for value in (None, 1, "", "f" * 31, "F" * 32, "f" * 32 + "\n"))

"""The manifest: what is published is loaded, what is damaged is named, a failed commit leaves the old or the new."""

from __future__ import annotations

import json

import pytest

from newsindex.errors import CorruptIndexError, IndexNotFoundError, IndexVersionError, StorageError
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory, MemoryDirectory
from newsindex.store.manifest import (
    NAME,
    Manifest,
    SegmentEntry,
    is_index_file,
    load,
    publish,
    segment_name,
    sweep,
    tombstones_name,
)

UID = "0123456789abcdef" * 2
CREATED = "2025-03-02T10:00:00+00:00"


def manifest(generation=7, **changes):
    segments = (
        SegmentEntry("000001.seg", UID, 4096, 10, 3, "000001-000004.del", UID[::-1]),
        SegmentEntry("000003.seg", UID, 512, 2),
    )
    values = {
        "generation": generation,
        "segments": segments,
        "analyzer": {"name": "romanian", "version": 1},
        "fields": ("lead", "regiune", "secțiune"),
        "next_file": 5,
        "created": CREATED,
    }
    return Manifest(**{**values, **changes})


def document(directory=None):
    directory = directory or MemoryDirectory()
    publish(directory, manifest())
    return json.loads(directory.read(NAME, 1 << 20))


def load_document(content, sealed=True):
    if sealed:
        content["checksum"] = manifests._checksum(content["manifest"])
    return load_bytes(json.dumps(content).encode())


def load_bytes(data):
    directory = MemoryDirectory()
    with directory.create(NAME) as file:
        file.write(data)
    return load(directory)


def put(directory, *names):
    for name in names:
        directory.create(name).close()


def test_what_is_published_is_loaded(directory):
    for generation in (7, 8):
        publish(directory, manifest(generation))
        assert load(directory) == manifest(generation)
        assert directory.names() == [NAME]


def test_the_file_is_json_for_people(directory):
    content = document(directory)
    assert content.keys() == {"checksum", "manifest"}
    assert content["manifest"]["generation"] == 7
    assert content["manifest"]["segments"][1]["tombstones"] is None
    assert "secțiune" in directory.read(NAME, 1 << 20).decode()


def test_the_files_of_a_generation():
    assert manifest().files == {"000001.seg", "000001-000004.del", "000003.seg"}


def test_no_manifest_is_no_index(directory, tmp_path):
    with pytest.raises(IndexNotFoundError, match=r"no index here; make one with newsindex\.create") as caught:
        load(directory)
    assert caught.value.path == directory.path
    with pytest.raises(IndexNotFoundError):
        load(DiskDirectory(tmp_path / "missing"))


def test_every_flipped_bit_is_noticed_or_harmless():
    directory = MemoryDirectory()
    publish(directory, manifest())
    sound = directory.read(NAME, 1 << 20)
    harmless = 0
    for position in range(len(sound)):
        for bit in range(8):
            data = bytearray(sound)
            data[position] ^= 1 << bit
            try:
                assert load_bytes(bytes(data)) == manifest()
                harmless += 1
            except CorruptIndexError:
                pass
    # White space between the parts of a JSON document is the only thing that may change.
    assert harmless < sound.count(b" ") * 3 + sound.count(b"\n") * 3


def test_a_manifest_cut_off_is_noticed():
    directory = MemoryDirectory()
    publish(directory, manifest())
    data = directory.read(NAME, 1 << 20)
    for length in range(len(data) - 1):
        with pytest.raises(CorruptIndexError, match=NAME):
            load_bytes(data[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"null",
        b"1",
        b'"manifest"',
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"manifest": 1}',
        b'{"manifest": []}',
        b'{"manifest": {"format": 1}}',
        b'{"manifest": {"format": 1}, "checksum": "0000000000000000"}',
        b'{"manifest": {"format": 1, "x": NaN}, "checksum": ""}',
        b'{"manifest": {"format": 1, "x": "\\ud800"}, "checksum": ""}',
    ],
)
def test_what_is_no_manifest_is_named(data):
    with pytest.raises(CorruptIndexError):
        load_bytes(data)


def test_another_checksum_is_named():
    content = document()
    content["manifest"]["generation"] = 8
    with pytest.raises(CorruptIndexError, match="checksum mismatch") as caught:
        load_document(content, sealed=False)
    assert caught.value.expected != caught.value.found
    assert caught.value.section == "manifest"


@pytest.mark.parametrize(("version", "remedy"), [(2, "upgrade newsindex"), (0, "index the articles again")])
def test_another_format_version_is_named(version, remedy):
    content = document()
    content["manifest"] = {"format": version, "all else": "unknown"}
    with pytest.raises(IndexVersionError, match=remedy) as caught:
        load_document(content, sealed=False)
    assert (caught.value.found, caught.value.supported) == (version, 1)


def test_a_format_that_alone_is_damaged_is_no_other_format():
    content = document()
    load_document(content)
    content["checksum"] = manifests._checksum(content["manifest"])
    content["manifest"]["format"] = 3
    with pytest.raises(CorruptIndexError, match="checksum mismatch"):
        load_document(content, sealed=False)


def test_files_without_a_manifest_are_no_empty_directory():
    directory = MemoryDirectory()
    with directory.create("notes.txt") as file:
        file.write(b"")
    with pytest.raises(IndexNotFoundError):
        load(directory)
    with directory.create("000001.seg") as file:
        file.write(b"")
    with pytest.raises(CorruptIndexError, match="the file is missing, and those that it listed are not") as caught:
        load(directory)
    assert caught.value.path.name == "manifest.json"


BAD_VALUES = [
    *(("generation", value) for value in (-1, True, 1.0, "1", None, 1 << 63, (1 << 48) + 1)),
    *(("format", value) for value in (True, 1.0, "1", None)),
    *(("next_file", value) for value in (4, -1, None, 1 << 62)),
    *(("created", value) for value in ("", "yesterday", 1, None)),
    *(("analyzer", value) for value in ([], None, "romanian")),
    *(("fields", value) for value in ("lead", {}, [1], ["a", "a"], [[]], None)),
    *(("segments", value) for value in ({}, [1], [{}], [None], ["000001.seg"], None)),
    ("more", 1),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_bad_values_are_refused_whatever_the_checksum_says(key, value):
    content = document()
    content["manifest"][key] = value
    with pytest.raises(CorruptIndexError, match="not a manifest"):
        load_document(content)


BAD_SEGMENTS = [
    *(("name", value) for value in ("../1.seg", "1.seg", "000001.del", "000001.seg\n", "000002.seg", "x", 1, None)),
    *(("uid", value) for value in ("", UID.upper(), UID + "0", 1, None)),
    *((key, value) for key in ("size", "articles", "deleted") for value in (-1, True, "1", 1.0, None)),
    ("deleted", 11),
    *(("tombstones", value) for value in (None, "000002-000004.del", "000001.seg", "000003.seg", "../etc/passwd", 1)),
    *(("tombstones_uid", value) for value in (None, "", 1)),
    ("tombstones", "000001-000005.del"),
    ("more", 1),
]


@pytest.mark.parametrize(("key", "value"), BAD_SEGMENTS)
def test_bad_segments_are_refused(key, value):
    content = document()
    content["manifest"]["segments"][0][key] = value
    with pytest.raises(CorruptIndexError, match="not a manifest"):
        load_document(content)


def test_a_segment_listed_twice_is_refused():
    content = document()
    content["manifest"]["segments"] *= 2
    with pytest.raises(CorruptIndexError, match="listed twice"):
        load_document(content)


def test_missing_keys_are_refused():
    for key in ("generation", "segments", "fields", "created", "format"):
        content = document()
        del content["manifest"][key]
        with pytest.raises(CorruptIndexError):
            load_document(content)


def test_the_same_checks_guard_the_writer():
    with pytest.raises(ValueError, match="next_file cannot be 3"):
        manifest(next_file=3)
    with pytest.raises(ValueError, match="generation cannot be -1"):
        manifest(generation=-1)


def test_a_manifest_too_large_to_load_is_neither_published_nor_loaded(directory, monkeypatch):
    publish(directory, manifest())
    size = directory.size(NAME)
    monkeypatch.setattr(manifests, "MAX_BYTES", size - 1)
    with pytest.raises(CorruptIndexError, match="too large"):
        load(directory)
    with pytest.raises(ValueError, match="too large"):
        publish(directory, manifest())
    assert directory.names() == [NAME]


def test_publishing_keeps_the_order_that_makes_it_durable(failing):
    directory = failing(MemoryDirectory(), 1000)
    publish(directory, manifest())
    assert directory.calls == ["create", "file.write", "file.sync", "replace", "sync"]


def test_a_failure_anywhere_leaves_the_old_or_the_new(directory, failing):
    publish(directory, manifest(1))
    for fails in range(5):
        with pytest.raises(StorageError, match="disk may be failing"):
            publish(failing(directory, fails), manifest(2))
        # The rename is the fourth call; only what follows it may fail with the new generation in place.
        assert load(directory).generation == (1 if fails < 4 else 2)
    publish(directory, manifest(3))
    assert load(directory).generation == 3
    assert directory.names() == [NAME]


def test_sweeping_removes_our_unlisted_files_and_nothing_else(directory):
    publish(directory, manifest())
    listed = ["000001-000004.del", "000001.seg", "000003.seg"]
    foreign = ["000001.seg.bak", "1.seg", "notes.txt", "write.lock", "write.lock.json"]
    stale = ["000001-000002.del", "000002.seg", "000009.seg", "1000000.seg", "manifest.json.tmp"]
    put(directory, *listed, *foreign, *stale)
    assert sweep(directory, load(directory)) == stale
    assert directory.names() == sorted([*listed, *foreign, NAME])
    assert sweep(directory, load(directory)) == []


def test_sweeping_ignores_what_somebody_else_removed(directory, failing, monkeypatch):
    put(directory, "000009.seg")
    names = directory.names()
    directory.remove("000009.seg")
    monkeypatch.setattr(directory, "names", lambda: names)
    assert sweep(directory, manifest()) == ["000009.seg"]
    put(directory, "000009.seg")
    with pytest.raises(StorageError):
        sweep(failing(directory, 1), manifest())


def test_names():
    assert segment_name(1_234_567) == "1234567.seg"
    assert tombstones_name(segment_name(1_234_567), 3) == "1234567-000003.del"
    assert is_index_file(segment_name(1))
    assert is_index_file(tombstones_name(segment_name(1), 2))
    for name in ("1.seg", "000001.seg.tmp", "000001.del", "x000001.seg", "٠٠٠٠٠١.seg", "000001.seg\n", ""):
        assert not is_index_file(name)

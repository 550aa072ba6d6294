"""Compressed files: every format inside, several members, and each way to be damaged."""

from __future__ import annotations

import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from newsindex.errors import ArticleError
from newsindex.ingest import compressed, read_articles

LINES = "".join(f'{{"id": {number}, "text": "Plouă de {number} zile"}}\n' for number in range(2000)).encode()
PACK = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor(write_checksum=True).compress}
SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"  # zstd: magic number, length 4, ignored content

codecs = pytest.mark.parametrize("codec", [".gz", ".zst"])


def read(path, data, **options):
    path.write_bytes(data)
    return list(read_articles(path, **options))


def expand(codec, data, size=1 << 17):
    return b"".join(compressed.expand("a", codec, iter([data[at : at + size] for at in range(0, len(data), size)])))


@codecs
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", " date 2025-03-02 Ploi.\nPlouă.\n"),
        ("a.jsonl", '{"title": "Ploi.", "text": "Plouă.", "date": "2025-03-02"}'),
        ("a.ndjson", '{"title": "Ploi.", "text": "Plouă.", "date": "2025-03-02"}'),
        ("a.json", '[{"title": "Ploi.", "text": "Plouă.", "date": "2025-03-02"}]'),
        ("a.csv", "title,text,date\nPloi.,Plouă.,2025-03-02\n"),
        ("a.tsv", "title\ttext\tdate\nPloi.\tPlouă.\t2025-03-02\n"),
    ],
)
def test_every_format(tmp_path, codec, name, text):
    [plain] = read(tmp_path / name, text.encode())
    [packed] = read(tmp_path / (name + codec), PACK[codec](text.encode()))
    assert plain == packed
    assert (plain.title, plain.body) == ("Ploi.", "Plouă.")


@codecs
@given(parts=st.lists(st.binary(max_size=50), min_size=1, max_size=4), size=st.integers(1, 9))
def test_members_however_the_bytes_are_cut(codec, parts, size):
    assert expand(codec, b"".join(map(PACK[codec], parts)), size) == b"".join(parts)


def test_padding_of_gzip_members():
    assert expand(".gz", gzip.compress(b"a") + b"\0" * 10 + gzip.compress(b"b") + b"\0" * 100_000) == b"ab"


def test_a_skippable_zstd_frame_is_skipped():
    assert expand(".zst", SKIPPABLE_FRAME + PACK[".zst"](b"a")) == b"a"


def test_a_zstd_frame_that_does_not_say_its_size():
    stream = zstandard.ZstdCompressor().compressobj()
    assert expand(".zst", stream.compress(LINES) + stream.flush()) == LINES


@codecs
def test_a_truncated_file_is_named_wherever_it_is_cut(tmp_path, codec):
    whole = PACK[codec](LINES)
    for length in [*range(20), len(whole) // 2, *range(len(whole) - 12, len(whole))]:
        with pytest.raises(ArticleError) as caught:
            read(tmp_path / f"a.jsonl{codec}", whole[:length])
        assert str(caught.value).startswith(f"{tmp_path / 'a.jsonl'}{codec}: not a whole ")
        assert "it ends too early" in str(caught.value)


@codecs
def test_what_came_before_the_cut_is_kept_when_skipping(tmp_path, codec):
    path = tmp_path / f"a.jsonl{codec}"
    members = PACK[codec](LINES) + PACK[codec](LINES)
    path.write_bytes(members[:-3])
    reader = read_articles(path, on_error="skip")
    articles = list(reader)
    assert len(articles) >= 2000
    assert articles[0].body == "Plouă de 0 zile"
    assert reader.reasons["damaged compression"] == 1
    assert reader.bytes_read == reader.bytes_total


@codecs
def test_a_changed_byte_is_never_passed_over(codec):
    whole = bytearray(PACK[codec](LINES))
    whole[len(whole) // 2] ^= 0x55
    with pytest.raises(ArticleError, match="not a whole"):
        expand(codec, bytes(whole))


@codecs
def test_what_is_not_compressed_at_all_is_named(tmp_path, codec):
    with pytest.raises(ArticleError, match=r"a\.jsonl\.(gz|zst): not a whole (gzip|zstd) file"):
        read(tmp_path / f"a.jsonl{codec}", LINES)


@codecs
def test_rubbish_behind_the_last_member_is_named(codec):
    with pytest.raises(ArticleError, match="not a whole"):
        expand(codec, PACK[codec](b"a") + b"rubbish")


@codecs
def test_a_bomb_is_refused(codec, monkeypatch):
    monkeypatch.setattr(compressed, "MIN_SUSPECT_BYTES", 1 << 20)
    with pytest.raises(ArticleError, match="unpack to more than 500 times as many"):
        expand(codec, PACK[codec](b"\n" * (64 << 20)))


@codecs
def test_a_step_gives_a_bounded_block(codec):
    data = PACK[codec](b"\n" * (100 << 20))
    blocks = compressed.expand("a", codec, iter([data]))
    assert max(len(block) for block in blocks) <= 36 << 20


def test_a_zstd_window_beyond_the_limit_is_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=28, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = stream.compress(b"abc" * 100) + stream.flush()
    with pytest.raises(ArticleError, match="not a whole zstd file"):
        expand(".zst", data)

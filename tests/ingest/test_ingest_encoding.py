"""Which encoding a file is taken for, and what is said of bytes that are in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.errors import ArticleError
from newsindex.ingest import encoding, read_articles

PROSE = "Primăria începe luni înlocuirea şinelor de tramvai, iar circulaţia va fi oprită până în toamnă. "


def read(path, data):
    path.write_bytes(data)
    [article] = read_articles(path)
    return article.title


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (PROSE, "cp1250"),
        (PROSE + "„Avem timp”, a spus primarul – şi a zâmbit…", "cp1250"),
        (PROSE + "Preţul: 5 €", "cp1250"),
        (PROSE + "«Da», © Agenţia", "cp1250"),
        (PROSE + "Miloš şi Žarko au plecat, cu Šimon.", "cp1250"),
        (PROSE + "Miloš şi Žarko au plecat, cu Šimon.", "iso8859-2"),
        (PROSE, "iso8859-2"),
        (PROSE.upper(), "cp1250"),
        ("Sosesc tramvaiele la Cluj, a spus „primarul”", "cp1250"),
    ],
)
def test_old_encodings_of_romanian_are_decoded(tmp_path, text, codec):
    assert read(tmp_path / "a.txt", text.encode(codec)) == text.strip()


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Мэр сообщил, что трамваи прибудут весной", "cp1251"),
        ("Les tramways arrivent à Bucarest, où l'été sera très chaud", "cp1252"),
        ("A presidência não respondeu às questões da oposição, diz o jornal da manhã", "cp1252"),
        ("Über die Straßenbahn in München wird geredet", "cp1252"),
        ("Új villamosok érkeznek a városba, közölte a főpolgármester", "cp1250"),
        (PROSE.replace("ş", "s").replace("ţ", "t"), "cp852"),
        ("電車が来る", "shift_jis"),
    ],
)
def test_other_encodings_are_refused_and_not_guessed(tmp_path, text, codec):
    data = text.encode(codec)
    first = next(at for at, byte in enumerate(data) if byte >= 0x80)
    with pytest.raises(ArticleError, match="is not UTF-8") as caught:
        read(tmp_path / "a.txt", data)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'a.txt'}: byte {data[first]:#04x} at byte offset {first} ")
    assert said.endswith("convert it to UTF-8")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc8", b"\xe3", b"\xed\xa0\x80"])
def test_damaged_utf8_is_not_taken_for_an_old_encoding(tmp_path, bad):
    data = PROSE.encode() + bad + b"!"
    with pytest.raises(ArticleError, match=f"at byte offset {len(PROSE.encode())} "):
        read(tmp_path / "a.txt", data)


def test_binary_data_is_refused(tmp_path):
    with pytest.raises(ArticleError, match="byte 0xff at byte offset 3 "):
        read(tmp_path / "a.txt", b"abc\xff\x00\x01" * 100)


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_damaged_utf16_is_named_with_its_offset(tmp_path, mark):
    good = ("\ufeff" + "Știri").encode(mark)
    path = tmp_path / "a.txt"
    with pytest.raises(ArticleError, match=f"reads as utf-16, but not at byte offset {len(good)} "):
        read(path, good + b"x")


def test_offsets_of_bad_bytes_in_lines_count_from_the_start_of_the_file(tmp_path):
    path = tmp_path / "a.jsonl"
    good = b"\xef\xbb\xbf" + '{"text": "știri și țări"}\n'.encode()
    path.write_bytes(good + b'{"text": "a\xff"}\n{"text": "b"}\n')
    reader = read_articles(path, on_error="skip")
    assert [article.body for article in reader] == ["știri și țări", "b"]
    assert f"line 2: byte 0xff at byte offset {len(good) + 11} is not UTF-8" in str(reader.errors[0])


def test_what_is_past_the_sample_is_not_guessed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "SAMPLE_BYTES", 10)
    path = tmp_path / "a.jsonl"
    line = '{"text": "Şedinţă în ţară"}\n'
    monkeypatch.setattr("newsindex.ingest.reader._BLOCK_BYTES", 8)
    path.write_bytes(b'{"text": "plain"}\n' + line.encode("cp1250"))
    with pytest.raises(ArticleError, match=r"line 2: byte 0xaa at byte offset 28 "):
        list(read_articles(path))


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 7))
def test_utf8_is_always_taken_for_utf8(text, cut):
    data = text.encode()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert encoding.guess(data) == "utf-8"
        assert encoding.guess(data[:-cut]) == "utf-8"


@given(st.binary())
def test_any_bytes_have_an_encoding_that_python_knows(data):
    name = encoding.guess(data)
    assert name in ("utf-8", "utf-16", "utf-32", "cp1250", "iso8859-2")
    if name in ("cp1250", "iso8859-2"):
        assert data.decode(name).isprintable() or any(byte in b"\t\n\x0b\x0c\r\xa0\xad" for byte in data)


def slow_lines(data: bytes) -> list[tuple[int, str]]:
    parts = data.split(b"\n")
    if not parts[-1]:
        parts.pop()
    return [(number, part.decode()) for number, part in enumerate(parts, 1)]


@given(st.text(st.sampled_from("aș\n\r\u2028")), st.integers(1, 5))
def test_lines_however_the_bytes_are_cut(text, size):
    data = text.encode()
    blocks = iter([data[at : at + size] for at in range(0, len(data), size)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "SAMPLE_BYTES", 1)
        found = [(line.number, line.text) for line in encoding.lines("a", blocks)]
    assert found == slow_lines(data)


def test_a_line_over_the_limit_costs_no_memory_and_not_the_next_line(monkeypatch):
    monkeypatch.setattr(encoding, "MAX_RECORD_BYTES", 10)
    monkeypatch.setattr(encoding, "SAMPLE_BYTES", 1)
    blocks = [b"abc\n", *[b"x" * 8] * 50, b"\n", b"0123456789\nd"]
    lines = list(encoding.lines("a.jsonl", iter(blocks)))
    assert [(line.number, line.text) for line in lines] == [(1, "abc"), (2, ""), (3, "0123456789"), (4, "d")]
    assert "a.jsonl, line 2: 400 bytes long, more than 10" in str(lines[1].fault)
    assert [bool(line.fault) for line in lines] == [False, True, False, False]


def test_a_text_over_the_limit_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ArticleError, match=r"a\.txt: longer than 10 bytes"):
        encoding.whole("a.txt", iter([b"x" * 11]), 10)
    assert encoding.whole("a.txt", iter([b"x" * 10]), 10) == "x" * 10

"""Bytes in, text out: which encoding a file is in, its lines, its whole. Called by the format modules.

A file is UTF-8 if it can be; UTF-16 and UTF-32 if it says so by a byte-order mark; else one of the two old encodings
of Romanian if it reads as Romanian in it. What is left is refused, with the offset of the first byte at fault:
a wrong guess would fill an archive with words that nobody can find.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from newsindex.ingest.faults import InputError

MAX_RECORD_BYTES: Final = 256 << 20  # the longest line, table row or text file, as UTF-8
SAMPLE_BYTES: Final = 1 << 20  # how much of a file its encoding is judged by

_MARKS: Final = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Both encodings have these ten letters at the same places.
_ROMANIAN: Final = "ăâîşţĂÂÎŞŢ".encode("cp1250")
# Typography in cp1250. 8859-2 has control characters, or letters that Romanian lacks, at most of these places.
_SIGNS: Final = bytes(
    byte for byte in range(0x80, 0x100) if not bytes([byte]).decode("cp1250", "replace").isalpha() and byte != 0xAA
)
_UNDEFINED: Final = bytes([0x81, 0x83, 0x88, 0x90, 0x98])  # no character in cp1250, a control character in 8859-2
_CONTROLS: Final = bytes(range(9)) + bytes(range(14, 32)) + b"\x7f"
_WINDOWS_ONLY: Final = re.compile(rb"[\x80-\x9f]")
# Š and Ž before a small letter, š and ž behind a letter: cp1250 has © ® ą ľ there, and its own š ž below 0xA0.
_ISO_LETTERS: Final = re.compile(rb"[\xa9\xae][a-z]|[A-Za-z][\xb9\xbe]")


class Line(NamedTuple):
    """One line of a text file, without its line feed.

    `number` counts from 1. Where the line could not be read, `fault` says why, and `text` only keeps its place.
    """

    number: int
    text: str
    fault: InputError | None


def guess(sample: bytes) -> str:
    r"""The encoding of a file that begins with `sample`: utf-8, utf-16, utf-32, cp1250 or iso8859-2.

    It is utf-8 also where no other encoding is likely; decoding will then say which byte is wrong.

    >>> guess("„știri”".encode()), guess("„Şedinţă”, în iulie".encode("cp1250"))
    ('utf-8', 'cp1250')
    """
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if sample.startswith(codecs.BOM_UTF8) or _mostly_utf8(sample) or not _reads_as_romanian(sample):
        return "utf-8"
    if not _WINDOWS_ONLY.search(sample) and _ISO_LETTERS.search(sample):
        return "iso8859-2"
    return "cp1250"


def _mostly_utf8(sample: bytes) -> bool:
    """Whether `sample` is UTF-8, or was before some of it was damaged."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # not final: the sample may end within a character
    except UnicodeDecodeError:
        sound = sample.decode("utf-8", "ignore")
        characters = len(sound) - len(sound.encode("ascii", "ignore"))
        return characters >= sample.decode("utf-8", "replace").count("\ufffd")
    return True


def _reads_as_romanian(sample: bytes) -> bool:
    def count(of: bytes) -> int:
        return len(sample) - len(sample.translate(None, of))

    if count(_UNDEFINED) or count(_CONTROLS):
        return False
    plain = count(bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1)))
    romanian = count(_ROMANIAN)
    foreign = count(bytes(range(0x80, 0x100))) - romanian - count(_SIGNS)
    # One letter in twelve of Romanian prose has a diacritic; other languages in one byte per letter use other letters.
    return foreign <= romanian and foreign + romanian <= plain


def utf8(file: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text as UTF-8. What should be UTF-8 already comes back untouched, mark and mistakes included.

    Raises:
        ArticleError: another encoding, with a sequence that it does not allow.
    """
    start, rest = _sample(blocks)
    encoding = guess(start)
    blocks = chain([start], rest)
    return blocks if encoding == "utf-8" else _transcode(file, encoding, blocks)


def _sample(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    sample = bytearray()
    try:
        for block in blocks:
            sample += block
            if len(sample) >= SAMPLE_BYTES:
                break
    except (InputError, OSError) as error:
        # The file is damaged further on: what comes before is still read, and the error raised in its place.
        return bytes(sample), _fail(error)
    return bytes(sample), blocks


def _fail(error: Exception) -> Iterator[bytes]:
    raise error
    yield b""  # makes this a generator, so that it raises when it is read and not when it is called


def _transcode(file: str, encoding: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    taken = 0
    for block in chain(blocks, [b""]):
        waiting = len(decoder.getstate()[0])
        try:
            yield decoder.decode(block, final=not block).encode()
        except UnicodeDecodeError as error:
            raise InputError(
                file,
                f"the file reads as {encoding}, but not at byte offset {taken - waiting + error.start:,} "
                f"({error.reason}); convert it to UTF-8",
                kind="encoding",
            ) from None
        taken += len(block)


def whole(file: str, blocks: Iterator[bytes], limit: int = MAX_RECORD_BYTES) -> str:
    """The text of a file of at most `limit` bytes, without its byte-order mark.

    Raises:
        ArticleError: too large, or not in an encoding that can be told.
    """
    data = bytearray()
    for block in utf8(file, blocks):
        data += block
        if len(data) > limit:
            raise InputError(
                file, f"longer than {limit:,} bytes; split it, or write one article a line as .jsonl", kind="too long"
            )
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _not_utf8(file, error, offset=0) from None


def lines(file: str, blocks: Iterator[bytes]) -> Iterator[Line]:
    """The lines of a text file of any length, each of at most `MAX_RECORD_BYTES`.

    A line that cannot be read is a `Line` with a fault, since the next one may be sound.
    """
    number = offset = size = 0
    pieces: list[bytes] = []
    for block in utf8(file, blocks):
        *ended, rest = block.split(b"\n")
        for piece in ended:
            number += 1
            pieces.append(piece)
            size += len(piece)
            yield _line(file, number, offset, pieces, size)
            offset += size + 1
            pieces, size = [], 0
        size += len(rest)
        if size <= MAX_RECORD_BYTES:
            pieces.append(rest)
        else:
            pieces.clear()
    if size:
        yield _line(file, number + 1, offset, pieces, size)


def _line(file: str, number: int, offset: int, pieces: list[bytes], size: int) -> Line:
    if size > MAX_RECORD_BYTES:
        message = f"{size:,} bytes long, more than {MAX_RECORD_BYTES:,}; split the article"
        return Line(number, "", InputError(file, message, kind="too long", line=number))
    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    if number == 1 and data.startswith(codecs.BOM_UTF8):
        data, offset = data[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
    try:
        return Line(number, data.decode(), None)
    except UnicodeDecodeError as error:
        return Line(number, data.decode(errors="replace"), _not_utf8(file, error, offset=offset, line=number))


def _not_utf8(file: str, error: UnicodeDecodeError, *, offset: int, line: int | None = None) -> InputError:
    return InputError(
        file,
        f"byte {error.object[error.start]:#04x} at byte offset {offset + error.start:,} is not UTF-8, and the file "
        "does not read as Romanian in cp1250 or iso-8859-2; convert it to UTF-8",
        kind="encoding",
        line=line,
    )

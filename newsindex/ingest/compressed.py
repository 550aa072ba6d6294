"""Blocks of a plain, gzip or zstd file in, blocks of its content out. Called by `newsindex.ingest.reader` alone.

The decoders are driven by hand because the ready-made readers are not strict enough for files from elsewhere: a
truncated zstd file simply ends, and neither says how much a few bytes may grow to. Input goes in by steps so small
that no step can fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

import attrs

from newsindex.ingest.faults import InputError

MAX_RATIO: Final = 500  # content per compressed byte: news packs 3 to 10 times, a bomb a thousand times and more
MIN_SUSPECT_BYTES: Final = 256 << 20  # less content than this is never called a bomb
MAX_WINDOW_BYTES: Final = 128 << 20  # what a zstd frame may ask for; the zstd tool's own default


class _Decoder(Protocol):
    """What `zlib` and `zstandard` decoder objects have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@attrs.frozen
class _Codec:
    """How to decode one compression: `step` bytes at a time, which give at most about 32 MiB."""

    name: str
    new: Callable[[], _Decoder]
    error: type[Exception]
    step: int
    padding: bytes = b""  # bytes that may stand between and behind the members


def expand(file: str, codec: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a file given as blocks of its bytes; `codec` is ``""``, ``".gz"`` or ``".zst"``.

    Raises:
        ArticleError: damaged, truncated, or of a size out of all proportion; names the file.

    >>> import gzip
    >>> b"".join(expand("a.txt.gz", ".gz", iter([gzip.compress(b"ploi")])))
    b'ploi'
    """
    return _inflate(file, _codec(codec), blocks) if codec else blocks


def _codec(suffix: str) -> _Codec:
    if suffix == ".gz":
        import zlib

        # Deflate grows at most 1032-fold, so 32 KiB give at most 33 MiB; tape tools pad gzip files with zeros.
        return _Codec("gzip", lambda: zlib.decompressobj(wbits=31), zlib.error, 32 << 10, b"\0")
    import zstandard

    factory = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    # A zstd block of 4 bytes can stand for 128 KiB, so 1 KiB gives at most 32 MiB.
    return _Codec("zstd", factory.decompressobj, zstandard.ZstdError, 1 << 10)


def _inflate(file: str, codec: _Codec, blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codec.new()
    begun = finished = False  # within a member; past the end of one
    taken = given = 0
    for block in blocks:
        taken += len(block)
        for at in range(0, len(block), codec.step):
            data = block[at : at + codec.step]
            while data:
                if finished and not begun and codec.padding and not (data := data.lstrip(codec.padding)):
                    break
                try:
                    content = decoder.decompress(data)
                except codec.error as error:
                    raise _damaged(file, codec.name, str(error)) from error
                given += len(content)
                if given > MIN_SUSPECT_BYTES and given > MAX_RATIO * taken:
                    raise InputError(
                        file,
                        f"{taken:,} bytes unpack to more than {MAX_RATIO} times as many, which no news does; "
                        "unpack the file yourself if you trust it",
                        kind="suspicious compression",
                    )
                if content:
                    yield content
                begun, data = not decoder.eof, decoder.unused_data if decoder.eof else b""
                if decoder.eof:
                    decoder, finished = codec.new(), True
    if begun or not finished:
        raise _damaged(file, codec.name, "it ends too early")


def _damaged(file: str, codec: str, cause: str) -> InputError:
    return InputError(
        file,
        f"not a whole {codec} file ({cause}); copy or compress it again",
        kind="damaged compression",
    )

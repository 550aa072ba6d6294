"""Damages whose author knows the format: every checksum is right, so all that stands in the way is what readers check.

Such a forgery may answer anything, as one that contradicts itself nowhere cannot be told from an index. But it must not
crash or hang the process, make it allocate more than there is, or raise anything but errors of the library. Started by
test_reliability_forging as ``python reliability_forging.py PLACE SEED COUNT``.
"""

from __future__ import annotations

import copy
import faulthandler
import json
import random
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import xxhash
from reliability_damage import (
    SECONDS,
    Damage,
    Files,
    Refused,
    apply,
    asked,
    files_of,
    limit_memory,
    observe,
    say,
)

import newsindex as ni
from newsindex.check import check
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory, MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter
from newsindex.store.sections import DTYPES

NASTY: Final = (0, 1, 2, 7, 63, 64, 127, 128, 255, 256, 16_384, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64)

HOWS: Final = (
    *("bits", "bytes", "numbers", "noise", "shorter", "longer", "empty", "reversed"),
    *("other", "dtype", "gone"),
)


def in_memory(files: Files) -> MemoryDirectory:
    directory = MemoryDirectory()
    for name, data in files.items():
        with directory.create(name) as file:
            file.write(data)
    return directory


# Sections.


def forged_section(files: Files, name: str, rng: random.Random) -> Damage:
    """A file written anew, with its uid and right checksums, of which one or two sections are others."""
    reader = SectionReader(in_memory(files), name)
    arrays = {section: reader.array(section).copy() for section in reader.names()}
    changed = rng.sample(sorted(arrays), min(len(arrays), rng.choice([1, 1, 1, 2])))
    how = [f"{section} {forge(arrays, section, rng)}" for section in changed]
    directory = MemoryDirectory()
    with directory.create(name) as file:
        writer = SectionWriter(file, reader.kind, reader.uid)
        for section, array in arrays.items():
            writer.add(section, array)
        writer.finish(reader.meta)
    return f"forge {name}: {', '.join(how)}", {name: bytes(directory.map(name))}


def forge(arrays: dict[str, Any], name: str, rng: random.Random) -> str:
    """Put another array in the place of one; says what it did."""
    whole = arrays[name]
    raw = bytearray(whole.tobytes())
    how = rng.choice(HOWS)
    if how == "bits" and raw:
        for _ in range(rng.randint(1, 4)):
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    elif how == "bytes" and raw:
        for _ in range(rng.randint(1, 4)):
            raw[rng.randrange(len(raw))] = rng.choice([0, 1, 2, 31, 32, 33, 127, 128, 255])
    elif how == "numbers" and raw:
        for _ in range(rng.randint(1, 3)):
            size = min(rng.choice([1, 2, 4, 8]), len(raw))
            at = rng.randrange(len(raw) - size + 1)
            raw[at : at + size] = (rng.choice(NASTY) % 2 ** (8 * size)).to_bytes(size, "little")
    elif how == "noise" and raw:
        at = rng.randrange(len(raw))
        size = min(rng.randint(1, 300), len(raw) - at)
        raw[at : at + size] = rng.randbytes(size)
    elif how == "shorter" and len(whole):
        del raw[rng.randrange(len(whole)) * whole.itemsize :]
    elif how == "longer":
        raw += rng.choice([bytes, rng.randbytes])(whole.itemsize * rng.choice([1, 2, 1000]))
    elif how == "empty":
        raw.clear()
    elif how == "other":
        other = rng.choice(sorted(arrays))
        how, arrays[name] = f"is {other}", arrays[other].copy()
        return how
    elif how == "dtype":
        dtype = rng.choice(sorted(DTYPES))
        how, arrays[name] = f"is {dtype}", whole.astype(DTYPES[dtype])
        return how
    elif how == "gone":
        del arrays[name]
        return how
    elif how == "reversed":
        raw = bytearray(whole[::-1].tobytes())
    arrays[name] = np.frombuffer(bytes(raw), whole.dtype)
    return how


# Footers and manifests.


def nasty(value: object, rng: random.Random) -> object:
    """Another value where this one stood."""
    if type(value) is int:
        near = (value + 1, value - 1, value + 64, value * 2, value * 2**40)
        return rng.choice([*NASTY, *near, -1, float(value), str(value), None])
    if isinstance(value, str):
        return rng.choice(["", value + "x", value[::-1], "\0", "\ud800", "../" + value, "x" * 100_000, 1, None, [], {}])
    return rng.choice([None, 0, [], {}, "", [value], True])


def mutate(content: Any, rng: random.Random) -> str:
    """Change one value somewhere in a JSON document; says where."""
    where = ""
    while True:
        key = rng.choice(list(content) if isinstance(content, dict) else range(len(content)))
        where += f".{key}"
        if isinstance(content[key], (dict, list)) and content[key] and rng.random() < 0.9:
            content = content[key]
            continue
        how = rng.choice(["nasty", "nasty", "nasty", "nasty", "gone", "twice"])
        if how == "nasty":
            content[key] = nasty(content[key], rng)
        elif how == "gone":
            del content[key]
        elif isinstance(content, list):
            content.append(copy.deepcopy(content[key]))
        else:
            content[f"{key}2"] = content[key]
        return where


def forged_footer(files: Files, name: str, rng: random.Random) -> Damage:
    """A file whose footer says something else; trailer and checksums are made to agree."""
    data = files[name]
    start, length, _, table, version, end = struct.unpack("<QQQQQ8s", data[-48:])
    content = json.loads(data[start : start + length])
    where = [mutate(content, rng) for _ in range(rng.choice([1, 1, 2]))]
    footer = json.dumps(content, separators=(",", ":")).encode()
    trailer = struct.pack("<QQQQQ8s", start, len(footer), xxhash.xxh3_64_intdigest(footer), table, version, end)
    return f"forge the footer of {name} at {where}", {name: data[:start] + footer + trailer}


def forged_manifest(files: Files, rng: random.Random) -> Damage:
    content = json.loads(files[manifests.NAME])["manifest"]
    where = [mutate(content, rng) for _ in range(rng.choice([1, 1, 2]))]
    try:
        checksum = manifests._checksum(content)
    except UnicodeEncodeError:  # of a lone surrogate, which then is in the file with any checksum
        checksum = "0" * 16
    data = json.dumps({"checksum": checksum, "manifest": content}).encode()
    return f"forge the manifest at {where}", {manifests.NAME: data}


def forgeries(files: Files, seed: int) -> Iterator[Damage]:
    """Without end."""
    rng = random.Random(seed)
    segments = sorted(name for name in files if name.endswith(".seg"))
    tombstones = sorted(name for name in files if name.endswith(".del"))
    while True:
        kind = rng.randrange(20)
        if kind < 13:
            yield forged_section(files, rng.choice(segments), rng)
        elif kind < 14:
            yield forged_section(files, rng.choice(tombstones), rng)
        elif kind < 18:
            yield forged_footer(files, rng.choice([*segments, *tombstones]), rng)
        else:
            yield forged_manifest(files, rng)


# What comes of one.


def write(place: Path, target: Path) -> list[str]:
    """Copy what is intact, and merge everything; the errors that were raised on purpose."""
    refused = []
    for change in (lambda: ni.rescue(place, target), lambda: ni.open(place).optimize()):
        try:
            change()
        except ni.NewsIndexError as error:
            refused.append(type(error).__name__)
    return refused


def try_forgeries(place: Path, seed: int, count: int) -> None:
    source, work, size = place / "several", place / f"forged-{seed}", (place / "size").read_text()
    files, questions = files_of(source), asked(size)
    ones = forgeries(files, seed)
    limit_memory()
    tally: Counter[str] = Counter()
    for number in range(count):
        name, changes = next(ones)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        say(next=name)
        apply(work, files, changes)
        # A manifest may have other fields, and other formats.
        said = observe(work, questions, (ni.CorruptIndexError, ni.IndexVersionError, ni.QueryError))
        try:
            tally["reported"] += not check(DiskDirectory(work)).ok
        except ni.IndexVersionError:
            tally["reported"] += 1
        tally["refused writes"] += len(write(work, place / f"forged-{seed}-{number}"))
        refused = sum(answer is Refused for answer in said.values())
        tally.update(forgeries=1, answers=len(said), refused=refused)
    faulthandler.cancel_dump_traceback_later()
    say(done=tally)


if __name__ == "__main__":
    faulthandler.enable()
    try_forgeries(Path(sys.argv[1]), *map(int, sys.argv[2:]))

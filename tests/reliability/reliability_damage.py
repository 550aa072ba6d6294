"""Damages to the files of an index, and a child process that tries them one by one.

A file system is stood for by a dict of names to bytes; a damage is what becomes of some of them. The child says which
damage comes next before it does it, so that whoever started it can name the one that ended or hung it. Started by
test_reliability_damage as ``python reliability_damage.py PLACE KIND SEED COUNT EVERY``; after each EVERY-th damage it
rescues what is intact.
"""

from __future__ import annotations

import faulthandler
import itertools
import json
import random
import resource
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from reliability_support import QUESTIONS, Question, articles

import newsindex as ni
from newsindex.check import check
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader

Files = dict[str, bytes]
Changes = dict[str, bytes | None]  # None: the file is gone
Damage = tuple[str, Changes]

SECONDS: Final = 300  # after which a damage has hung the process, on a machine under load too
ROOM: Final = 512 << 20  # bytes of memory beyond what is taken at the start; the index takes a thousandth of it
SIZES: Final = {"few": (30, 12, 6), "many": (300, 90, 40)}  # articles of three commits
BLOCK: Final = 4096


# Archives.


def build(place: Path, size: str) -> None:
    """Two indexes under `place` and all of their former generations: `several` segments, and one `optimised`."""
    first, second, third = SIZES[size]
    ix = ni.create(place / "growing")
    steps: list[Callable[[ni.Writer], object]] = [
        lambda w: [w.add(one) for one in articles(range(first))],
        lambda w: [w.add(one) for one in articles(range(first - 8, first + second), 1)],
        lambda w: [w.delete(f"a{number}") for number in range(0, first + second, 7)],
        lambda w: [w.add(one) for one in articles(range(first + second - 4, first + second + third), 2)],
    ]
    for number, step in enumerate(steps):
        with ix.writer() as w:
            step(w)
        shutil.copytree(ix.path, place / f"former{number}")
    shutil.copytree(ix.path, place / "several")
    ix.optimize()
    shutil.copytree(ix.path, place / "optimised")


def files_of(place: Path) -> Files:
    """The files of a directory."""
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def regions(place: Path, name: str) -> list[tuple[str, int, int]]:
    """The parts of a file of sections: what each is, where it begins and ends; those without a byte left out."""
    reader = SectionReader(DiskDirectory(place), name)
    parts, end = [("magic", 0, 8)], 8
    for section in reader._sections.values():
        parts += [("padding", end, section.offset), (section.name, section.offset, section.offset + section.length)]
        end = section.offset + section.length
    parts += [("padding", end, reader._table_start), ("table", reader._table_start, reader._table_stop)]
    parts += [("footer", reader._table_stop, reader.size - 48)]
    trailer = ("footer offset", "footer length", "footer checksum", "table checksum", "format", "end magic")
    parts += [(part, reader.size - 48 + 8 * k, reader.size - 40 + 8 * k) for k, part in enumerate(trailer)]
    return [part for part in parts if part[2] > part[1]]


# Damages.


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def zeroed(data: bytes, start: int) -> bytes:
    stop = min(start + BLOCK, len(data))
    return data[:start] + bytes(stop - start) + data[stop:]


def swapped(data: bytes, one: tuple[str, int, int], other: tuple[str, int, int]) -> bytes:
    """Two sections, one in the place of the other; where they differ in size, what is between them moves."""
    (_, a, b), (_, c, d) = sorted((one, other), key=lambda part: part[1])
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def every_region(place: Path, files: Files, rng: random.Random) -> Iterator[Damage]:
    """A flipped bit, zeros and a cut in each region of each file of sections."""
    for name in sorted(name for name in files if name.endswith((".seg", ".del"))):
        data = files[name]
        for part, start, stop in regions(place, name):
            bit = rng.randrange(8 * start, 8 * stop)
            yield f"flip bit {bit} of {name}, {part}", {name: flipped(data, bit)}
            yield f"cut {name} off at {start}, before {part}", {name: data[:start]}
            yield f"zero 4 KB of {name} at {start}, {part}", {name: zeroed(data, start)}


def every_swap(place: Path, files: Files, rng: random.Random) -> Iterator[Damage]:
    """Two sections of one file changed about: all that are of one size, and others."""
    for name in sorted(name for name in files if name.endswith(".seg")):
        pairs = list(itertools.combinations([part for part in regions(place, name) if part[0] != "padding"], 2))
        alike = [pair for pair in pairs if pair[0][2] - pair[0][1] == pair[1][2] - pair[1][1]]
        for one, other in [*alike, *rng.sample(pairs, 20)]:
            yield f"swap {one[0]} and {other[0]} of {name}", {name: swapped(files[name], one, other)}


def every_file(files: Files, formers: list[Files], rng: random.Random) -> Iterator[Damage]:
    """Files that are gone, longer, another generation's, or there twice."""
    ours = sorted(name for name in files if name.endswith((".seg", ".del", ".json")))
    for name in sorted(files):
        data = files[name]
        yield f"delete {name}", {name: None}
        yield f"empty {name}", {name: b""}
        for tail in (b"\n", bytes(BLOCK), data, rng.randbytes(rng.randint(1, 300))):
            yield f"append {len(tail)} bytes to {name}", {name: data + tail}
        yield f"duplicate {name}", {f"000099{name[6:]}" if name[0] == "0" else f"{name}.old": data}
        for other in ours:
            if other != name:
                yield f"put {other} in the place of {name}", {name: files[other]}
                yield f"exchange {other} and {name}", {name: files[other], other: data}
    for number, former in enumerate(formers):
        for name in sorted(former):
            for place in ours:
                if name.endswith(place[-4:]) and former[name] != files[place]:
                    yield f"put {name} of generation {number} in the place of {place}", {place: former[name]}


def at_random(files: Files, rng: random.Random) -> Iterator[Damage]:
    """Without end: some bytes of some file."""
    names = sorted(name for name in files if files[name])
    while True:
        name = rng.choice(names)
        data = files[name]
        at = rng.randrange(len(data))
        kind = rng.choice(["flip", "flip", "flip", "zero", "cut", "insert", "remove", "noise"])
        if kind == "flip":
            changed = flipped(data, bit := 8 * at + rng.randrange(8))
            yield f"flip bit {bit} of {name}", {name: changed}
        elif kind == "zero":
            yield f"zero 4 KB of {name} at {at}", {name: zeroed(data, at)}
        elif kind == "cut":
            yield f"cut {name} off at {at}", {name: data[:at]}
        else:
            size = rng.choice([1, 8, 64, 300])
            fresh = b"" if kind == "remove" else rng.randbytes(size)
            changed = data[:at] + fresh + data[at if kind == "insert" else at + size :]
            yield f"{kind} {size} bytes of {name} at {at}", {name: changed}


def damages(place: Path, formers: list[Files], seed: int, count: int) -> Iterator[Damage]:
    """So many: of every kind if there is room, else some of each, and the rest at random."""
    files, rng = files_of(place), random.Random(seed)
    kinds = [
        list(every_region(place, files, rng)),
        list(every_swap(place, files, rng)),
        list(every_file(files, formers, rng)),
    ]
    planned = sum(map(len, kinds))
    for kind in kinds:
        yield from kind if planned <= count else rng.sample(kind, count * len(kind) // (planned + planned // 4))
        count -= len(kind) if planned <= count else count * len(kind) // (planned + planned // 4)
    random_ones = at_random(files, rng)
    for _ in range(count):
        yield next(random_ones)


# What an archive says after one.


def asked(size: str) -> dict[str, Question]:
    """All questions: each is put by itself, so that one that is refused hides no other."""
    each = {f"get a{number}": lambda ix, number=number: ix.get(f"a{number}") for number in range(sum(SIZES[size]) + 1)}
    return QUESTIONS | each


class Refused:
    """What stands for an answer where an archive refused it, as it should."""


def observe(place: Path, questions: dict[str, Question], allowed: Any) -> dict[str, Any]:
    """The answer to each question, or `Refused`; any other exception is raised."""
    said: dict[str, Any] = {}
    ix = None
    for name, ask in questions.items():
        try:
            ix = ix or ni.open(place)
            said[name] = ask(ix)
        except allowed as error:
            if isinstance(error, ni.CorruptIndexError) and place not in error.path.parents:
                raise
            said[name] = Refused
            if ix is None:
                return dict.fromkeys(questions, Refused)
    return said


def apply(place: Path, files: Files, changes: Changes) -> None:
    """Make the directory hold `files`, but for the changes. Files are made anew, since old ones may be mapped still."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, data in (files | changes).items():
        if data is not None:
            (place / name).write_bytes(data)


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def try_rescue(work: Path, said: dict[str, Any], sound: dict[str, Any], ever: list[ni.Article]) -> str:
    """Copy what is intact; what is wrong with it, if anything is."""
    target = work.with_name(f"{work.name}-rescued")
    shutil.rmtree(target, ignore_errors=True)
    saved = ni.rescue(work, target)
    found = {one.id: one for one in ni.open(target)}
    whole = sound["articles"]
    if saved.articles != len(found) or saved.articles > sum(file.readable for file in saved.files):
        return "the number of articles"
    if saved.ok and found != whole:
        return "something is lost, and that was not told"
    if any(one not in ever for one in found.values()):
        return "articles that never were"
    if not saved.doubtful and any(whole.get(one.id) != one for one in found.values()):
        return "articles that are not in the index"
    if any(said[f"get {name}"] == one and name not in found for name, one in whole.items()):
        return "an article that can be read was not saved"
    if found.keys() & set(saved.lost):
        return "an article that was saved is told as lost"
    return ""


def limit_memory() -> None:
    """Whoever trusts a length in a file, and allocates for it, gets a MemoryError."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))


def try_damages(place: Path, kind: str, seed: int, count: int, every: int) -> None:
    """Do each damage, ask everything, and print what is wrong with the answers; after some, rescue what is intact."""
    source, work, size = place / kind, place / f"work-{kind}-{seed}", (place / "size").read_text()
    files, questions = files_of(source), asked(size)
    formers = [files_of(path) for path in sorted(place.glob("former*"))]
    sound, listed = observe(source, questions, ni.CorruptIndexError), manifests.load(DiskDirectory(source)).files
    generations = [observe(path, questions, ni.CorruptIndexError) for path in sorted(place.glob("former*"))]
    assert Refused not in [*sound.values(), *(answer for one in generations for answer in one.values())]
    ever = [one for said in (sound, *generations) for one in said["articles"].values()]
    limit_memory()
    tally: Counter[str] = Counter()
    for name, changes in damages(source, formers, seed, count):
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        say(next=name)
        apply(work, files, changes)
        said = observe(work, questions, ni.CorruptIndexError)
        report = check(DiskDirectory(work))
        wrong = [question for question in questions if said[question] not in (Refused, sound[question])]
        refused = sum(answer is Refused for answer in said.values())
        # An older manifest that finds all of its files is an older state, whole: what a backup is.
        restored = "manifest.json" in changes and said in generations
        if wrong and not restored:
            say(wrong=wrong[:5], damage=name)
        if report.ok and (refused or (wrong and not restored)):
            say(unreported=refused + len(wrong), damage=name)
        touched = [other for other in changes if other in listed and changes[other] != files[other]]
        if report.ok and touched and not restored:
            say(unreported=touched, damage=name)
        if not restored and tally["damages"] % every == 0:
            tally["rescues"] += 1
            wrong_rescue = try_rescue(work, said, sound, ever)
            if wrong_rescue:
                say(rescue=wrong_rescue, damage=name)
        tally.update(damages=1, answers=len(said), refused=refused, harmless=report.ok, restored=restored)
    faulthandler.cancel_dump_traceback_later()
    say(done=tally)


if __name__ == "__main__":
    faulthandler.enable()
    try_damages(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))

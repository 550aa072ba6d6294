"""Indexes of old stay readable: one is kept for each format, with what it answered when it was written.

What stands in `frozen/` was written once. A change that cannot read it raises the format of
`newsindex.store.manifest` or `newsindex.store.sections`, keeps the old directory to be refused by name, and adds one of
its own::

    PYTHONPATH=. python tests/reliability/test_reliability_versions.py

The directory is called after both formats. A new lexicon refuses all indexes that were made with another; then the
directory of the present format is removed and written anew.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
import xxhash
from reliability_support import answers, articles

import newsindex as ni
from newsindex.store import manifest as manifests
from newsindex.store import sections

FROZEN = Path(__file__).with_name("frozen")
CURRENT = f"{manifests.FORMAT}-{sections.FORMAT}"


def plain(value: Any) -> Any:
    """An answer as JSON has it."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, ni.Article):
        return plain(attrs.asdict(value))
    return value.isoformat() if isinstance(value, dt.date) else value


def write(place: Path) -> None:
    """Two segments, one with tombstones, and what they answer."""
    ix = ni.create(place)
    ix.add(articles(range(9)))
    with ix.writer() as w:
        for one in articles((5, 13), version=1):
            w.add(one)
        w.delete("a7")
    (place / "write.lock").unlink()
    lines = [f"{dumped(question)}: {dumped(said)}" for question, said in facts(place).items()]
    place.with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def facts(place: Path) -> dict[str, Any]:
    """What the index there answers."""
    return {question: plain(said) for question, said in answers(ni.open(place)).items()}


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A copy of the index of the present format."""
    return Path(shutil.copytree(FROZEN / CURRENT, tmp_path / "frozen"))


def test_the_present_format_has_its_index() -> None:
    assert (FROZEN / CURRENT / manifests.NAME).is_file()
    kept = [FROZEN / f"{CURRENT}.json", *(FROZEN / CURRENT).iterdir()]
    assert sum(path.stat().st_size for path in kept) < 30_000


@pytest.mark.parametrize("name", sorted(path.parent.name for path in FROZEN.glob("*/manifest.json")))
def test_a_frozen_index_answers_as_ever_or_is_refused_by_name(name: str, tmp_path: Path) -> None:
    place = shutil.copytree(FROZEN / name, tmp_path / "frozen")
    if name != CURRENT:
        with pytest.raises(ni.IndexVersionError, match="index the articles again"):
            ni.open(place)
        return
    expected = json.loads((FROZEN / f"{name}.json").read_text(encoding="utf-8"))
    said = facts(place)
    assert {question: said[question] for question in expected} == expected
    ix = ni.open(place)
    assert ix.check().ok
    # It can be written to, too, and merged.
    ix.add(articles([20]))
    ix.optimize()
    with ix.writer() as w:
        w.delete("a20")
    assert {one: plain(ix.get(one)) for one in expected["articles"]} == expected["articles"]


@pytest.mark.parametrize(("other", "remedy"), [(1, "upgrade newsindex"), (-1, "index the articles again")])
def test_a_manifest_of_another_format(frozen: Path, other: int, remedy: str) -> None:
    path = frozen / manifests.NAME
    content = json.loads(path.read_bytes())["manifest"] | {"format": manifests.FORMAT + other}
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    for use in (ni.open, lambda place: ni.rescue(place, frozen.with_name("saved"))):
        with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
            use(frozen)
        assert (caught.value.path, caught.value.found) == (frozen, manifests.FORMAT + other)
    assert not frozen.with_name("saved").exists()


@pytest.mark.parametrize(("other", "remedy"), [(1, "upgrade newsindex"), (-1, "index the articles again")])
@pytest.mark.parametrize("suffix", [".seg", ".del"])
def test_a_file_of_another_format(frozen: Path, suffix: str, other: int, remedy: str) -> None:
    path = sorted(frozen.glob(f"*{suffix}"))[0]
    data, version = bytearray(path.read_bytes()), sections.FORMAT + other
    start, length = struct.unpack("<QQ", data[-48:-32])
    footer = data[start : start + length].replace(b'{"format":%d,' % sections.FORMAT, b'{"format":%d,' % version)
    data[start : start + length] = footer
    data[-32:-24] = xxhash.xxh3_64_intdigest(footer).to_bytes(8, "little")
    data[-16:-8] = version.to_bytes(8, "little")
    path.write_bytes(data)
    with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
        ni.open(frozen)
    assert (caught.value.path, caught.value.found, caught.value.supported) == (path, version, sections.FORMAT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write(Path(made) / CURRENT)
        shutil.copytree(made, FROZEN, dirs_exist_ok=True)

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
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from reliability_support import answers, articles, to_format

import newsindex as ni
from newsindex.store import manifest as manifests
from newsindex.store import sections

FROZEN = Path(__file__).with_name("frozen")
CURRENT = f"{manifests.FORMAT}-{sections.FORMAT}"
OTHERS = pytest.mark.parametrize(("other", "remedy"), [(1, "upgrade newsindex"), (-1, "index the articles again")])


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


@OTHERS
def test_a_manifest_of_another_format(frozen: Path, other: int, remedy: str) -> None:
    path = frozen / manifests.NAME
    content = json.loads(path.read_bytes())["manifest"] | {"format": manifests.FORMAT + other}
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    for use in (ni.open, lambda place: ni.rescue(place, frozen.with_name("saved"))):
        with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
            use(frozen)
        assert (caught.value.path, caught.value.found) == (frozen, manifests.FORMAT + other)
    assert not frozen.with_name("saved").exists()


@OTHERS
@pytest.mark.parametrize(
    ("name", "readable", "saved"),
    [("000001.seg", [0, 2], 2), ("000002.seg", [7, 0], 7), ("000001-000003.del", [9, 2], 10)],
)
def test_a_file_of_another_format(
    frozen: Path, name: str, readable: list[int], saved: int, other: int, remedy: str
) -> None:
    """It is damage to that file, and the others can be read."""
    ix, path, version = ni.open(frozen), frozen / name, sections.FORMAT + other
    to_format(path, version)
    with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
        ni.open(frozen)
    assert (caught.value.path, caught.value.found, caught.value.supported) == (path, version, sections.FORMAT)
    report = ix.check()
    [error] = report.errors
    assert isinstance(error, ni.IndexVersionError)
    assert (error.path, error.section, error.found) == (path, None, version)
    assert (report.ok, report.articles) == (False, 9)
    rescue = ni.rescue(frozen, frozen.with_name("saved"))
    assert [str(one) for one in rescue.errors] == [str(error)]
    assert [one.readable for one in rescue.files] == [one.readable for one in report.files] == readable
    assert rescue.articles == len(ni.open(frozen.with_name("saved"))) == saved


@OTHERS
@pytest.mark.parametrize("manifest", [True, False])
def test_files_that_are_all_of_another_format(frozen: Path, other: int, remedy: str, manifest: bool) -> None:
    """That is no damage, and nothing can be read."""
    ix = ni.open(frozen)
    for path in frozen.glob("*.seg"):
        to_format(path, sections.FORMAT + other)
    if not manifest:
        (frozen / manifests.NAME).unlink()
    for use in (ix.check, lambda: ni.rescue(frozen, frozen.with_name("saved"))):
        with pytest.raises(ni.IndexVersionError, match=remedy) as caught:
            use()
        assert caught.value.path == frozen / "000001.seg"
    assert not frozen.with_name("saved").exists()


def test_damage_beside_a_file_of_another_format(frozen: Path) -> None:
    """Nothing can be read, but it is not the format alone."""
    ix = ni.open(frozen)
    to_format(frozen / "000001.seg", sections.FORMAT + 1)
    (frozen / "000002.seg").unlink()
    report = ix.check()
    assert [error.path.name for error in report.errors] == ["000001.seg", "000002.seg"]
    assert report.readable == 0
    saved = ni.rescue(frozen, frozen.with_name("saved"))
    assert [error.path.name for error in saved.errors] == ["000001.seg", "000002.seg"]
    assert saved.articles == 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write(Path(made) / CURRENT)
        shutil.copytree(made, FROZEN, dirs_exist_ok=True)

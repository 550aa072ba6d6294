"""Limits of the system, for real: a full disk, the longest file, open files, address space, the files of others."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import reliability_limits
from reliability_change import FRESH, OLD, alter, content, left
from reliability_support import articles

import newsindex as ni

Unprivileged = Callable[..., contextlib.AbstractContextManager[None]]

# By limit: what is left from trial to trial, in a short run and in a long one, and what must be enough.
STEPS = {
    "memory": (16 << 20, 1 << 18, 800 << 20),
    "file": (60_000, 499, 8 << 20),
    "files": (6, 1, 100),
    "disk": (80 << 10, 4 << 10, reliability_limits.DISK),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments."""
    ix = ni.create(tmp_path_factory.mktemp("limits"))
    ix.add(articles(range(15)))
    ix.add(articles(range(15, 30)))
    return ix.path


def unshared(tmp_path: Path) -> list[str]:
    """The command that gives a process mounts of its own; skips the test where there is none."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *user, "--mount"]
    try:
        trial = [*command, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
        subprocess.run(trial, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot mount a file system of its own here: {getattr(error, 'stderr', '') or error}")
    return command


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux has all of these limits")
@pytest.mark.parametrize("limit", STEPS)
def test_too_little(prepared: Path, tmp_path: Path, child_environment: dict[str, str], long: bool, limit: str) -> None:
    short, fine, most = STEPS[limit]
    before = unshared(tmp_path) if limit == "disk" else []
    work = [sys.executable, reliability_limits.__file__, limit, prepared, tmp_path, fine if long else short, most]
    ran = subprocess.run([*before, *map(str, work)], env=child_environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    print(f"{ran.stdout.strip()}, 0 lost, 0 wrong, 0 hung")
    assert "'refused'" in ran.stdout


# The files of others.


@pytest.fixture
def shared(read_only: tuple[Path, Unprivileged]) -> tuple[Path, Unprivileged]:
    """An index of somebody else, in a directory where everybody may write."""
    place, unprivileged = read_only
    ix = ni.create(place)
    ix.add(list(OLD.values())[:3])
    ix.add(list(OLD.values())[3:])
    return place, unprivileged


def test_a_lock_of_someone_else(shared: tuple[Path, Unprivileged]) -> None:
    place, unprivileged = shared
    with unprivileged(0o777):
        with pytest.raises(ni.StorageError, match=r"write\.lock: cannot lock: .*; give this user the right") as caught:
            ni.open(place).writer(timeout=0)
        assert caught.value.path == place / "write.lock"
        assert content(ni.open(place)) == OLD
    alter_and_commit(place)


@pytest.mark.parametrize("mode", [0o777, 0o1777], ids=["open", "sticky"])
def test_files_that_only_their_owner_replaces(shared: tuple[Path, Unprivileged], mode: int) -> None:
    """In a sticky directory nobody replaces the manifest of another. What was written for it, the owner sweeps."""
    place, unprivileged = shared
    for name in ("write.lock", "write.lock.json"):
        if place.joinpath(name).exists():
            place.joinpath(name).chmod(0o666)
    with unprivileged(mode):
        if mode == 0o777:
            ni.open(place).add(FRESH)
        else:
            with pytest.raises(ni.StorageError, match="give this user the right"):
                ni.open(place).add(FRESH)
            assert content(ni.open(place)) == OLD
    alter_and_commit(place)


def alter_and_commit(place: Path) -> None:
    ix = ni.open(place)
    with ix.writer(timeout=0) as w:
        alter(w)
    assert content(ix).keys() == OLD.keys() - {"a0"} | {one.id for one in FRESH}
    assert left(ix) == ix.snapshot().manifest.files
    assert ix.check().ok


def test_a_segment_that_only_its_owner_reads(shared: tuple[Path, Unprivileged]) -> None:
    place, unprivileged = shared
    secret = place / ni.open(place).snapshot().manifest.segments[0].name
    secret.chmod(0o600)
    with unprivileged(0o755):
        for use in (lambda: ni.open(place).search("numărul"), lambda: ni.open(place).check()):
            with pytest.raises(ni.StorageError, match=f"{secret}: cannot read: .*; give this user the right") as caught:
                use()
            assert caught.value.path == secret
    assert content(ni.open(place)) == OLD

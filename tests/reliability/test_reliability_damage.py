"""Damaged files: each answer is that of the undamaged archive or a CorruptIndexError, and `check` tells of all damage.

The damages are done by processes of their own (reliability_damage.py), so that one that ends or hangs them is seen, and
named. `NEWSINDEX_SEED` repeats a long run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import reliability_damage
from reliability_damage import build

SCRIPT = Path(reliability_damage.__file__)


@pytest.fixture(scope="module")
def seed(long: bool) -> int:
    return int(os.environ.get("NEWSINDEX_SEED", random.randrange(10**6))) if long else 1


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, long: bool) -> Path:
    """Where the archives are that are to be damaged."""
    made, size = tmp_path_factory.mktemp("damage"), "many" if long else "few"
    (made / "size").write_text(size)
    build(made, size)
    return made


def run(environment: dict[str, str], script: Path, *arguments: object) -> dict[str, Any]:
    """The tally of a child process that came to its end, and found nothing wrong."""
    command = [sys.executable, str(script), *map(str, arguments)]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = [json.loads(line) for line in child.stdout.splitlines()]
    last = next((one["next"] for one in reversed(said) if "next" in one), "before the first damage")
    assert child.returncode == 0, f"{arguments}: ended by {child.returncode} at: {last}\n{child.stderr}"
    assert [one for one in said if "next" not in one and "done" not in one] == [], arguments
    return said[-1]["done"]


@pytest.mark.parametrize("kind", ["several", "optimised"])
def test_damage_is_never_a_wrong_answer(
    place: Path, long: bool, seed: int, child_environment: dict[str, str], kind: str
) -> None:
    # The optimised index is one file without tombstones, so there is less of it to be damaged.
    count = {"several": 200, "optimised": 100} if not long else {"several": 3500, "optimised": 1500}
    done = run(child_environment, SCRIPT, place, kind, seed, count[kind], 1 if long else 6)
    print(f"seed {seed}, {kind}: {done}; 0 wrong, 0 hung, 0 crashed, 0 unreported")
    assert done["damages"] == count[kind]
    assert done["answers"] / 10 < done["refused"] < done["answers"], "some damage did harm, and some left answers"

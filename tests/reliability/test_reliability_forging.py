"""Files that were forged with right checksums: any answer, or an error of ours; no crash, hang or large allocation.

See reliability_forging.py, which a process of its own runs. `NEWSINDEX_SEED` repeats a long run.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import reliability_forging
from reliability_damage import build
from test_reliability_damage import run, seed

__all__ = ["seed"]  # a fixture


def test_no_forgery_crashes_or_hangs(
    tmp_path_factory: pytest.TempPathFactory, long: bool, seed: int, child_environment: dict[str, str]
) -> None:
    place, count = tmp_path_factory.mktemp("forging"), 3000 if long else 60
    (place / "size").write_text("few")
    build(place, "few")
    done = run(child_environment, Path(reliability_forging.__file__), place, seed, count)
    print(f"seed {seed}: {done}; 0 hung, 0 crashed")
    assert done["forgeries"] == count
    assert count / 2 < done["reported"], "most of them contradict themselves, and check tells so"
    assert 0 < done["refused"] < done["answers"], "some were refused, and some answered"

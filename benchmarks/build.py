"""One build in a process of its own: `run` starts it, and `python -m benchmarks.build` is it.

Only so can the memory of a build be told from that of the one before.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import attrs

from benchmarks.corpus import Corpus

_STATUS = Path("/proc/self/status")


@attrs.frozen
class Build:
    """What a build took.

    Attributes:
        seconds: wall time from the empty directory to the end of the commit.
        peak_mb: the most memory that the process ever held, in millions of bytes, the articles included.
        growth_mb: how much of that came on top of what it held before the build.
        disk_mb: the size of the index in millions of bytes.
    """

    seconds: float
    peak_mb: float
    growth_mb: float
    disk_mb: float


def run(engine: str, corpus: Corpus, directory: Path) -> Build:
    """Let a fresh process build an index in a new directory.

    Raises:
        RuntimeError: the process failed; what it wrote to standard error is the message.
    """
    directory.mkdir()
    # -P and the path of this process: the child shall import the very same packages.
    command = [sys.executable, "-P", "-m", "benchmarks.build", engine, str(corpus.file), str(directory)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"building with {engine} failed:\n{done.stderr}")
    return Build(**json.loads(done.stdout))


def _status_mb(name: str) -> float | None:
    if not _STATUS.exists():
        return None
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return int(lines[name].split()[0]) * 1024 / 1e6 if name in lines else None


def _peak_mb() -> float:
    # Linux hands the maximum of getrusage down from the process that started this one, so it is the second choice.
    peak = _status_mb("VmHWM")
    if peak is None:
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return peak


def _build(engine_name: str, file: Path, directory: Path) -> Build:
    from benchmarks.engines import load
    from newsindex import read_articles

    engine = load(engine_name)
    articles = list(read_articles(file))
    gc.collect()
    gc.freeze()  # the collector shall not walk through the articles again and again, whichever engine makes it run
    before = _status_mb("VmRSS") or _peak_mb()
    begin = time.perf_counter()
    engine.build(articles, directory)
    seconds = time.perf_counter() - begin
    peak = _peak_mb()
    disk = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return Build(seconds, peak, max(peak - before, 0.0), disk / 1e6)


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(_build(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))))

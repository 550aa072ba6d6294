"""One build in a process of its own: `run` starts it, and `python -m benchmarks.build` is it.

Only so can the memory of a build be told from that of the one before.

Up to `WHOLE` articles are read into memory, and made what the engine takes, before the clock starts. More of them would
fill the memory that is to be measured, so they are read while the engine builds, and the time that it waits for them is
taken off. What threads of the engine do meanwhile is no gift: the processor time that they use then is put on again,
divided by the `THREADS` that an engine may use. The truth is between that and all of it, for the reader takes a core.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Generic, TypeVar

import attrs

from benchmarks import children
from benchmarks.corpus import Corpus

T = TypeVar("T")

WHOLE: Final = 100_000
THREADS: Final = 2
_STATUS: Final = Path("/proc/self/status")


@attrs.frozen
class Build:
    """What a build took.

    Attributes:
        seconds: wall time from the empty directory to the end of the commit, less what it `waited`, plus its share of
            what was `overlapped`.
        peak_mb: the most memory that the process ever held, in millions of bytes, the articles included where they were
            read before.
        growth_mb: how much of that came on top of what it held before the build.
        disk_mb: the size of the index in millions of bytes.
        waited: seconds for articles, where they were read meanwhile; else 0.
        overlapped: seconds of processor time that other threads used while it waited.
    """

    seconds: float
    peak_mb: float
    growth_mb: float
    disk_mb: float
    waited: float = 0.0
    overlapped: float = 0.0


def run(engine: str, corpus: Corpus, directory: Path, whole: int = WHOLE) -> Build:
    """Let a fresh process build an index in a new directory.

    Raises:
        RuntimeError: the process failed; what it wrote to standard error is in the message.
    """
    directory.mkdir()
    how = "whole" if corpus.articles <= whole else "stream"
    return Build(**children.run("-m", "benchmarks.build", engine, how, str(corpus.file), str(directory)))


class _Waiting(Generic[T]):
    """The same items, the seconds that they took to come, and the processor time of other threads meanwhile."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self.seconds = self.overlapped = 0.0

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        wall, whole, own = time.perf_counter(), time.process_time(), time.thread_time()
        try:
            return next(self._items)
        finally:
            self.seconds += time.perf_counter() - wall
            self.overlapped += time.process_time() - whole - (time.thread_time() - own)


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


def _build(engine_name: str, how: str, file: Path, directory: Path) -> Build:
    from benchmarks.corpus import stream
    from benchmarks.engines import load

    engine = load(engine_name)
    prepared = engine.prepare(stream(file))
    articles = _Waiting(prepared) if how == "stream" else list(prepared)
    gc.collect()
    gc.freeze()  # the collector shall not walk through the articles again and again, whichever engine makes it run
    before = _status_mb("VmRSS") or _peak_mb()
    begin = time.perf_counter()
    own = engine.build(articles, directory)
    wall = time.perf_counter() - begin
    peak = _peak_mb()
    waited, overlapped = (
        (articles.seconds, max(articles.overlapped, 0.0)) if isinstance(articles, _Waiting) else (0.0, 0.0)
    )
    disk = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    seconds = wall - waited + overlapped / THREADS if own is None else own
    return Build(seconds, peak, max(peak - before, 0.0), disk / 1e6, waited, overlapped)


if __name__ == "__main__":
    name, how, file, directory = sys.argv[1:]
    print(json.dumps(attrs.asdict(_build(name, how, Path(file), Path(directory)))))

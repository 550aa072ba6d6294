"""Run tests with the extension modules built so that they report every byte they may not touch:

    python tests/reliability/sanitize.py [arguments of pytest]

Nothing but their own code checks bounds in kernels, and a read past an end mostly goes unnoticed. Here all extension
modules are compiled with AddressSanitizer and UndefinedBehaviorSanitizer, in a copy below build/sanitized, so that what
is installed stays as it is; the next run compiles what has changed. Where no test is named, those of KERNELS run, the
fuzzers of test_reliability_fuzz among them; `--long` and all else is passed to pytest. The first finding ends the
process with a report that names the line of C, beside which a comment quotes the line of Cython. Compiling takes
eight minutes of a processor's time the first time, and the tests then some twenty-five.

It takes gcc with its libasan and libubsan (they come with it), and what `pip install -e '.[test]'` brings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
COPY: Final = REPOSITORY / "build" / "sanitized"
COPIED: Final = ("newsindex", "tests", "seeds", "benchmarks", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")

# Python's own flags say -fwrapv, under which gcc does not look for overflows. A float that does not fit the integer it
# becomes is not among what "undefined" looks for.
CHECKS: Final = "-fsanitize=address,undefined,float-cast-overflow"
FLAGS: Final = (CHECKS, "-fno-sanitize-recover=all", "-fno-wrapv", "-fno-omit-frame-pointer", "-g", "-O1")

KERNELS: Final = (
    "tests/inverted",
    "tests/searcher",
    "tests/analysis",
    "tests/query",
    "tests/store",
    "tests/index",
    "tests/reliability/test_reliability_fuzz.py",
)


def renew(source: str, target: str) -> None:
    """Copy a file unless it is there already: what is compiled anew is what is younger than what came of it."""
    if not Path(target).exists() or Path(source).read_bytes() != Path(target).read_bytes():
        shutil.copyfile(source, target)


def build() -> None:
    """Bring the copy up to date, and compile what has changed in it."""
    unwanted = shutil.ignore_patterns("*.so", "*.c", "__pycache__")
    for name in COPIED:
        source, target = REPOSITORY / name, COPY / name
        if source.is_file():
            renew(str(source), str(target))
            continue
        if name != "newsindex":
            shutil.rmtree(target, ignore_errors=True)  # or tests that are gone would still be run
        shutil.copytree(source, target, ignore=unwanted, dirs_exist_ok=True, copy_function=renew)
    project = COPY / "pyproject.toml"
    quoted = ", ".join(f'"{flag}"' for flag in FLAGS)
    project.write_text(project.read_text().replace('"-O3"', quoted))
    command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "--quiet", "build_ext", "--inplace"]
    # CFLAGS are what makes the build heed that these modules are not the usual ones; the flags themselves come last.
    subprocess.run(command, cwd=COPY, check=True, env={**os.environ, "CC": "gcc", "CFLAGS": "-g", "LDFLAGS": CHECKS})


def library(name: str) -> str:
    """Where gcc has a library; Python was not linked to the sanitizers, so they have to be loaded before it."""
    found = subprocess.run(["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout
    return str(Path(found.strip()).resolve(strict=True))


def environment() -> dict[str, str]:
    """The environment in which Python loads such modules, and a finding ends it."""
    return {
        **os.environ,
        "PYTHONPATH": str(COPY),
        "LD_PRELOAD": " ".join(map(library, ("libasan.so", "libubsan.so", "libstdc++.so.6"))),
        "PYTHONMALLOC": "malloc",  # each object is a block of its own, with a fence around it
        # What Python keeps until it ends is no leak of ours. What cannot be allocated is a MemoryError, as always.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }


def main() -> int:
    COPY.mkdir(parents=True, exist_ok=True)
    build()
    wanted = sys.argv[1:]
    if not any((COPY / word.partition("::")[0]).exists() for word in wanted):
        wanted = [*wanted, *KERNELS]
    # Reports are written to the descriptor of stderr, which pytest would otherwise keep to itself when it is ended.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--capture=sys", *wanted]
    return subprocess.run(command, cwd=COPY, env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

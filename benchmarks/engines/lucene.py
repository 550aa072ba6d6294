"""Lucene's tools: the jars, the Java that runs them and the compiled child. For `benchmarks.engines.lucene_engine`.

    python -m benchmarks.engines.lucene         fetch the jars from Maven Central with Maven (once, 7 MB)

They lie in the folder that the environment variable NEWSINDEX_BENCHMARKS_CACHE names, else in the user's cache folder.
Java is that of JAVA_HOME, else the one on the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_HERE: Final = Path(__file__).parent / "java"
_POM: Final = _HERE / "pom.xml"
_SOURCE: Final = _HERE / "LuceneChild.java"
_OLDEST_JAVA: Final = 21  # for Lucene 10
_SECONDS: Final = 600  # for Maven, at most
_FETCH: Final = "fetch Lucene with `python -m benchmarks.engines.lucene`"


def lucene_version() -> str:
    """The version of Lucene that is asked for."""
    # The file is this project's own.
    found = ElementTree.parse(_POM).findtext(".//{*}dependency/{*}version")  # noqa: S314
    assert found is not None
    return found


def _folder() -> Path:
    named = os.environ.get("NEWSINDEX_BENCHMARKS_CACHE")
    place = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsindex"
    return place / f"lucene-{lucene_version()}"


@cache
def java_version() -> str:
    """The version of Java.

    Raises:
        ImportError: there is none, or it is too old for Lucene.
    """
    try:
        done = subprocess.run([_tool("java"), "-version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise ImportError(f"there is no Java to run: install Java {_OLDEST_JAVA} or set JAVA_HOME to one") from error
    version = re.search(r'version "([\d.]+)', done.stderr)
    if version is None or int(version[1].partition(".")[0]) < _OLDEST_JAVA:
        found = version[1] if version else "unknown"
        raise ImportError(
            f"Lucene {lucene_version()} needs Java {_OLDEST_JAVA}, and this is {found}; set JAVA_HOME to a newer one"
        )
    return version[1]


def _tool(name: str) -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / name) if home else name


def command(memory_mb: int) -> list[str]:
    """What runs the child, which is compiled at first use; its arguments are to follow.

    Raises:
        ImportError: Lucene was not fetched, or Java is missing, too old or without a compiler.
    """
    java_version()
    jars = _folder() / "jars"
    if not any(jars.glob("lucene-core-*.jar")):
        raise ImportError(f"{jars}: Lucene is not there; {_FETCH}")
    source = _SOURCE.read_bytes()
    classes = _folder() / f"child-{sha256(source).hexdigest()[:12]}-{java_version()}"
    if not classes.is_dir():
        _compile(jars, classes)
    return [
        *(_tool("java"), f"-Xmx{memory_mb}m", "--add-modules", "jdk.incubator.vector"),
        *("--enable-native-access=ALL-UNNAMED", "-cp", os.pathsep.join((str(jars / "*"), str(classes))), "LuceneChild"),
    ]


def _compile(jars: Path, classes: Path) -> None:
    partial = classes.with_name(f"{classes.name}.{os.getpid()}")
    arguments = [_tool("javac"), "-cp", str(jars / "*"), "-d", str(partial), str(_SOURCE)]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ImportError("Java has no compiler: install a JDK or set JAVA_HOME to one") from error
    if done.returncode:
        raise ImportError(f"{_SOURCE.name} does not compile; {_FETCH} again:\n{done.stderr}")
    if not classes.is_dir():  # another process may have been faster
        partial.rename(classes)


def fetch() -> None:
    """Fetch the jars.

    Raises:
        RuntimeError: Maven is missing, or it failed.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError("there is no mvn on the path: install Apache Maven")
    arguments = [maven, "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"]
    arguments.append(f"-DoutputDirectory={(_folder() / 'jars').resolve()}")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"Maven failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    try:
        fetch()
        command(64)
    except (RuntimeError, ImportError) as problem:
        sys.exit(str(problem))
    print(f"Lucene {lucene_version()} with Java {java_version()}: {_folder()}")

"""A few small articles, and ways to run the command line in a process of its own and on a terminal."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

import attrs
from click.testing import Result

import newsindex
from newsindex import Article

ARTICLES = (
    Article("1", "Viscol la munte", "Viscolul a închis drumul toată noaptea.", "2025-01-10", "Gazeta"),
    Article("2", "Trenul de noapte", "Trenul a întârziat din cauza viscolului.", "2025-01-12T10:30", "Ecoul"),
    Article("3", "Târg de ceramică", "Olarii au adus vase noi.", "2025-03-02", "Gazeta", extra={"regiune": "Sud"}),
    Article("4", "Fără dată", "Un tren fără dată.", None, None),
)

Run = Callable[..., Result]


def environment(**changes: str) -> dict[str, str]:
    """That of this process, with the newsindex that it has, and nothing that decides about colours or encodings."""
    decides = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING", "PYTHONUTF8", "TTY_COMPATIBLE"}
    kept = {name: value for name, value in os.environ.items() if name not in decides}
    return kept | {"PYTHONPATH": str(Path(newsindex.__file__).parents[1]), "TERM": "xterm-256color"} | changes


@attrs.frozen
class Session:
    """What a process left on its terminal and on its standard output, and its exit code."""

    screen: str
    stdout: str
    code: int


def on_terminal(*command: object, both: bool = True, columns: int = 80, **changes: str) -> Session:
    """Run Python with these arguments on a terminal of its own; not `both` leaves it standard error alone."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdin=slave,
        stdout=slave if both else subprocess.PIPE,
        stderr=slave,
        env=environment(**changes),
    )
    os.close(slave)
    screen = b""
    try:
        while chunk := os.read(master, 65536):
            screen += chunk
    except OSError:  # how Linux says that the last process has closed its end
        pass
    os.close(master)
    stdout, _ = process.communicate(timeout=60)
    return Session(screen.decode(), (stdout or b"").decode(), process.returncode)

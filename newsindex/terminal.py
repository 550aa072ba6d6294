"""How the command line prints: plain lines, lines in colours, JSON, notes on standard error.

Called by `newsindex.cli` and `newsindex.upkeep`.

Articles are written by others: nothing of their text reaches a terminal before `printable` has taken out what would
steer it, and none of it is ever read as markup. Rich is imported only where there are colours to print.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from shutil import get_terminal_size
from typing import Any, Final

import click

FOUND: Final = "bold red"  # the style of words found: between ** where there are no styles

# A line to print: pieces of text, each with a Rich style.
Line = list[tuple[str, str]]

_BLOCK: Final = "█"

# C1 controls, and what turns the direction of writing or ends a line.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""The text on one line, without characters that steer a terminal or turn the direction of writing.

    Escape sequences lose their escape character, and are seen. Soft hyphens and zero-width characters go too.

    >>> printable("Pod\u00adul\nnou \x1b[31mroșu\x9b0m")
    'Podul nou [31mroșu0m'
    """
    return "".join(character for character in re.sub(r"\s+", " ", text) if character.isprintable())


def prepare_output() -> None:
    """Let what the encoding of standard output lacks be printed as question marks."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def note(text: str, indent: int = 0) -> None:
    """Print a line on standard error."""
    click.echo(" " * indent + printable(text), err=True)


def print_json(value: Mapping[str, Any]) -> None:
    """Print an object on one line, readable where the output's encoding allows."""
    text = json.dumps(value, ensure_ascii=False)
    if not _has(text):
        text = json.dumps(value)
    # These stand in strings only, where an escape means the same and steers no terminal.
    click.echo(_UNSAFE.sub(lambda unsafe: f"\\u{ord(unsafe[0]):04x}", text))


def printer() -> Callable[[Line, int], None]:
    """What prints a line with an indent: in colours and wrapped, or plainly with ** around words found."""
    if not _is_styled():
        return lambda line, indent: click.echo(
            " " * indent + "".join(f"**{text}**" if style == FOUND else text for text, style in line)
        )
    from rich.console import Console
    from rich.text import Text

    console = Console(force_terminal=True, highlight=False)

    def styled(line: Line, indent: int) -> None:
        # By way of a string: writing by itself, Rich would answer a closed pipe with an exit code of its own.
        with console.capture() as shown:
            for row in Text.assemble(*line).wrap(console, max(console.width - indent, 20)):
                console.print(Text.assemble(" " * indent, row), soft_wrap=True)
        click.echo(shown.get(), nl=False, color=True)

    return styled


def _is_styled() -> bool:
    """Whether to print colours: to a terminal that has them, unless https://no-color.org asks not to."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _has(text: str) -> bool:
    """Whether the encoding of standard output has all the characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def bars(counts: Mapping[str, int]) -> list[Line]:
    """A line for each label with its count and a bar, the longest as wide as the terminal allows, up to 60 columns."""
    most = max(counts.values(), default=0)
    width = len(f"{most:,}")
    room = get_terminal_size().columns - max(map(len, counts), default=0) - width - 4
    block = _BLOCK if _has(_BLOCK) else "#"
    return [
        [
            (label, "cyan"),
            (f"  {count:>{width},}", "bold"),
            # Rounded up: one article is to be seen beside thousands.
            (f"  {block * -(-count * max(min(room, 60), 1) // most)}" if count else "", "green"),
        ]
        for label, count in counts.items()
    ]


def iso(date: dt.date | None) -> str | None:
    """A date for JSON.

    >>> iso(dt.date(2025, 3, 2)), iso(None)
    ('2025-03-02', None)
    """
    return None if date is None else date.isoformat()


def amount(number: int, noun: str) -> str:
    """A number of things.

    >>> amount(1, "hit"), amount(1234, "hit")
    ('1 hit', '1,234 hits')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def megabytes(size: int) -> str:
    """A number of bytes in megabytes.

    >>> megabytes(66_100_000)
    '66.1 MB'
    """
    return f"{size / 1e6:,.1f} MB"

"""Processes of their own for what has to be measured from a fresh start: memory, imports, caches that are empty."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def run(*arguments: str) -> Any:
    """What a fresh Python prints as JSON, started with these arguments: `-m` and a module, or `-c` and code.

    Raises:
        RuntimeError: the process failed; what it wrote to standard error is in the message.
    """
    # -P and the path of this process: the child shall import the very same packages.
    command = [sys.executable, "-P", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"a child process of the benchmarks failed ({' '.join(arguments[:3])}):\n{done.stderr}")
    return json.loads(done.stdout)

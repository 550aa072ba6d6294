"""Facts about the machine that go with every figure. Nothing that names a person, a host or a path."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def facts() -> dict[str, str | int | float | None]:
    """What a reader of the figures has to know, by name; None for what the system does not tell."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _proc("cpuinfo", "model name") or platform.processor() or None,
        "cpus": os.cpu_count(),
        "memory_gb": _memory_gb(),
    }


def _proc(file: str, key: str) -> str | None:
    path = Path("/proc", file)
    if not path.exists():
        return None
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


def _memory_gb() -> float | None:
    total = _proc("meminfo", "MemTotal")
    return round(int(total.split()[0]) * 1024 / 1e9, 1) if total else None

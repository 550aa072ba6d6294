"""Makes the benchmarks importable, which are no part of the installed package."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[2])

if ROOT not in sys.path:
    sys.path.append(ROOT)  # at the end: an installed newsindex comes before the one beside the benchmarks

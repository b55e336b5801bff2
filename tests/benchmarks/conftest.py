"""Makes the benchmark scripts importable: they are no package."""

from __future__ import annotations

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS / "accuracy"), str(BENCHMARKS / "packages")]

"""Runs clonedetect for the benchmarks: as its users do, through the command line, or in this process for many pairs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # clonedetect is measured as it stands in this checkout
sys.path.insert(0, str(ROOT))

Lines = tuple[str, int, int]  # path, first and last line


def here() -> dict[str, str]:
    """The environment of a process that imports clonedetect from this checkout."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}


class ScanFailed(RuntimeError):
    """A scan that ended with an error, with its last line."""


def scan_cli(left: Path, right: Path, *options: str, timeout: float = 1800) -> dict:
    """The report of `clonedetect scan LEFT RIGHT`, in a process of its own. Raises ScanFailed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "clonedetect", "scan", str(left), str(right), "--format", "json"]
        command += ["--out", folder, "--no-history", "--quiet", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=here())
        if done.returncode:
            raise ScanFailed((done.stderr.strip().splitlines() or ["no message"])[-1])
        return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


def scan_here(left: Path, right: Path, **options: object) -> dict:
    """The report of a scan in this process: no start-up, one worker."""
    from clonedetect import Options, scan
    from clonedetect.report.json_format import to_json

    given = {"jobs": 1, "history": False, "times": False, **options}
    return json.loads(to_json(scan(str(left), str(right), (), Options(**given))))


def maximal(found: Sequence[tuple[Lines, Lines]]) -> list[int]:
    """Which of some pairs of line ranges, the strongest first, are not mostly inside stronger ones on either side."""
    used: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
    kept = []
    for n, sides in enumerate(found):
        spans = [
            (used[side].setdefault(path, set()), range(first, last + 1))
            for side, (path, first, last) in enumerate(sides)
        ]
        if all(sum(line in taken for line in lines) * 2 <= len(lines) for taken, lines in spans):
            for taken, lines in spans:
                taken.update(lines)
            kept.append(n)
    return kept

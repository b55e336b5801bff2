"""What an evidence bundle costs: the time of `bundle` and of `verify` beside that of the scan itself, in one run.

    python benchmarks/bundle.py [LEFT RIGHT]

LEFT and RIGHT are origins; by default the two sides of a derivation of about 100,000 lines, put into git. Every command
runs in a process of its own, without the cache of parsed files.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "accuracy"), str(HERE / "packages")]

from derivations import derivations  # noqa: E402 - benchmarks are scripts: they add their own directories
from scans import here  # noqa: E402
from truth import count_lines  # noqa: E402


def default(folder: Path) -> tuple[list[str], int]:
    """The derivation whose sides together are nearest to 100,000 lines, each as a repository of one commit."""
    found = min(derivations(), key=lambda d: abs(count_lines(d.left) + count_lines(d.right) - 100_000))
    sides = []
    for name, tree in (("left", found.left), ("right", found.right)):
        git = ["git", f"--git-dir={folder / name}", f"--work-tree={tree}", "-c", "core.bare=false"]
        git += ["-c", "user.name=example", "-c", "user.email=example@example.org"]
        subprocess.run(["git", "init", "--quiet", "--bare", str(folder / name)], check=True)
        subprocess.run([*git, "add", "--all"], check=True, cwd=tree)
        subprocess.run([*git, "commit", "--quiet", "--message", found.name], check=True, cwd=tree)
        sides.append(str(folder / name))
    return sides, count_lines(found.left) + count_lines(found.right)


def timed(folder: Path, *words: str) -> float:
    """Seconds of one command with an empty cache."""
    environment = {**here(), "XDG_CACHE_HOME": tempfile.mkdtemp(dir=folder)}
    start = time.perf_counter()
    command = [sys.executable, "-m", "clonedetect", *words, "--quiet"]
    subprocess.run(command, check=True, env=os.environ | environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(sides: list[str]) -> int:
    """Command line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = 0
        if len(sides) != 2:
            sides, lines = default(folder)
        scan = timed(folder, "scan", *sides, "--out", str(folder / "report"))
        file = folder / "evidence.zip"
        bundle = timed(folder, "bundle", *sides, "--out", str(file))
        verify = timed(folder, "verify", str(file))
        print(f"{lines:,} lines; bundle of {file.stat().st_size:,} bytes")
        print("| | seconds | of the scan's |\n|---|---|---|")
        for what, seconds in (("scan --out", scan), ("bundle", bundle), ("verify", verify)):
            print(f"| {what} | {seconds:.1f} | {seconds / scan:.2f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Time and memory of clonedetect on two large trees, jscpd on the same trees in the same run.

    python benchmarks/speed.py LEFT RIGHT [--rounds 1] [--part NAME]...

LEFT and RIGHT are the trees of `accuracy/copied_from.py build`. Memory is the sum over the process tree (PSS, so that
shared pages count once), sampled every 50 ms. Parts: help, small, parse, exact, scan, jscpd, double.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from math import log
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "accuracy"), str(HERE / "packages")]

from peers import jscpd_binary, side_by_side
from scans import here
from truth import count_lines

PARTS = ("help", "small", "parse", "exact", "scan", "jscpd", "double")
BLIND = ("--ignore-identifiers", "--ignore-literals")
JSCPD = {"blind": BLIND, "type 3": (*BLIND, "--similarity", "--max-gap-lines", "5")}


@dataclass(frozen=True, slots=True)
class Run:
    """One process with its children: seconds of wall clock and of CPU, peak memory in bytes, exit status."""

    wall: float
    cpu: float
    peak: int
    status: int


def descendants(root: int) -> list[int]:
    """A process and everything below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += parents.get(one, [])
    return found


def memory(pids: list[int]) -> int:
    """The proportional resident memory of processes together, in bytes."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


def run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None, watch: bool = True) -> Run:
    """Runs a command and measures it."""
    before = os.times()
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    stop = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not stop.wait(0.05):
            peak = max(peak, memory(descendants(process.pid)))

    watcher = threading.Thread(target=sample, daemon=True)
    if watch:
        watcher.start()
    status = process.wait()
    wall = time.perf_counter() - start
    stop.set()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, cpu, peak, status)


def show(name: str, found: Run, note: str = "") -> None:
    """One line of the result."""
    flag = "" if found.status in (0, 1) else f" STATUS {found.status}"
    print(
        f"{name:34} {found.wall:8.2f} s wall {found.cpu:8.2f} s cpu {found.peak / 1e6:8.0f} MB{flag} {note}", flush=True
    )


def scan(left: Path, right: Path, home: Path, *options: str, watch: bool = True) -> Run:
    """`clonedetect scan` with JSON output and a cache of its own under `home`."""
    env = {**here(), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-m", "clonedetect", "scan", str(left), str(right), "--format", "json", "--no-history"]
    return run([*command, "--out", str(home / "out"), "--quiet", *options], env=env, watch=watch)


def parse_ratio(trees: list[Path]) -> None:
    """CPU of parse + columns + hashes against bare `Parser.parse` on the same bytes, in one process each, by turns."""
    code = """
import sys, time
from pathlib import Path
import tree_sitter_python
from tree_sitter import Language, Parser
data = [p.read_bytes() for root in sys.argv[2:] for p in sorted(Path(root).rglob("*.py"))]
if sys.argv[1] == "bare":
    parser = Parser(Language(tree_sitter_python.language()))
    start = time.process_time()
    for text in data:
        parser.parse(text)
else:
    from clonedetect.domain import SourceFile
    from clonedetect.fingerprint import fingerprint
    from clonedetect.normalise import blind_labels, raw_labels
    from clonedetect.parse import parse
    files = [SourceFile(str(number), str(number), text, "python") for number, text in enumerate(data)]
    start = time.process_time()
    (forest,) = parse([("left", files)], jobs=1)
    blind = blind_labels(forest)
    fingerprint(forest, blind, raw_labels(forest, blind), blind)
print(time.process_time() - start)
"""
    found: dict[str, list[float]] = {"bare": [], "columns": []}
    for name in ("bare", "columns", "bare", "columns"):
        done = subprocess.run(
            [sys.executable, "-c", code, name, *map(str, trees)], capture_output=True, text=True, env=here()
        )
        if done.returncode:
            print(f"parse: {name}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
            return
        found[name].append(float(done.stdout))
    bare, columns = min(found["bare"]), min(found["columns"])
    print(f"parse: bare {bare:.2f} s, parse + columns + hashes {columns:.2f} s, ratio {columns / bare:.2f} (limit 2.0)")


def half(tree: Path, out: Path) -> None:
    """Every second directory of a tree: half the input for the doubling measure."""
    for index, path in enumerate(sorted(tree.iterdir())):
        if path.is_dir() and index % 2 == 0:
            shutil.copytree(path, out / path.name)


def ten_files(folder: Path) -> tuple[Path, Path]:
    """Two trees of ten small files."""
    for side in ("left", "right"):
        for number in range(10):
            path = folder / side / f"module_{number}.py"
            path.parent.mkdir(exist_ok=True)
            body = "\n".join(
                f"def work_{side}_{number}_{i}(a, b):\n    c = a * {i} + b\n    return c - {number}\n"
                for i in range(30)
            )
            path.write_text(body, encoding="utf-8")
    return folder / "left", folder / "right"


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--part", action="append", choices=PARTS)
    given = parser.parse_args(arguments)
    parts = given.part or PARTS
    left, right = given.left.resolve(), given.right.resolve()
    lines = count_lines(left) + count_lines(right)
    print(f"{lines} lines of Python on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "help" in parts:
            found = [run([sys.executable, "-m", "clonedetect", "--help"], env=here(), watch=False) for _ in range(5)]
            show("clonedetect --help (best of 5)", min(found, key=lambda r: r.wall), "limit 0.3 s")
        if "small" in parts:
            one, two = ten_files(folder)
            found = [scan(one, two, folder / f"small{i}", watch=False) for i in range(3)]
            show("ten files each, cold (best of 3)", min(found, key=lambda r: r.wall), "limit 1 s")
        if "parse" in parts:
            parse_ratio([left, right])
        for number in range(given.rounds):
            if "scan" in parts:
                cold = scan(left, right, folder / f"large{number}")
                show("clonedetect cold", cold, "limit: jscpd type 3; 1200 MB")
                warm = scan(left, right, folder / f"large{number}")
                show("clonedetect warm", warm, f"{warm.wall / cold.wall:.2f} of cold (limit .25)")
            if "exact" in parts:
                cold = scan(left, right, folder / f"exact{number}", "--exact-only")
                show("clonedetect --exact-only cold", cold, "limit: jscpd blind; 1000 MB")
                warm = scan(left, right, folder / f"exact{number}", "--exact-only")
                show("clonedetect --exact-only warm", warm, f"{warm.wall / cold.wall:.2f} of cold (limit .25)")
            if "jscpd" in parts:
                trees = folder / "both"
                if not trees.is_dir():
                    side_by_side(left, right, trees)
                for mode, options in JSCPD.items():
                    command = [
                        jscpd_binary(),
                        ".",
                        "-f",
                        "python",
                        "-r",
                        "json",
                        "-o",
                        str(folder / "jscpd"),
                        "--max-size",
                        "10mb",
                    ]
                    show(f"jscpd {mode}", run([*command, "--no-gitignore", *options], cwd=trees))
        if "double" in parts:
            half(left, folder / "half-a")
            half(right, folder / "half-b")
            part = count_lines(folder / "half-a") + count_lines(folder / "half-b")
            one = scan(folder / "half-a", folder / "half-b", folder / "h1", watch=False)
            two = scan(left, right, folder / "h2", watch=False)
            show("half the directories", one, f"{part} lines")
            growth = (two.wall / one.wall) ** (0.6931 / max(0.01, log(lines / part)))
            show(
                "all",
                two,
                f"time x {two.wall / one.wall:.2f}, lines x {lines / part:.2f}: x {growth:.2f} a doubling (limit 2.2)",
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

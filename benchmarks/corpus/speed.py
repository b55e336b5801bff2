"""Speed and memory of a corpus of more than 500 public packages, and how a search grows with it.

    python benchmarks/corpus/speed.py [--part add|check|grow] [--repeat N]

`add` beside bare `Parser.parse` of the same files on one core; `check` of a repository of about 100,000 lines, warm,
whole and with five files staged; `grow`: the same search in an eighth, a quarter, a half and all of the corpus.
The first run fetches the packages and makes the corpora, which takes minutes; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent))

import duckdb
import tree_sitter
import tree_sitter_python
from store import Run, add, clonedetect, corpus_pins, full, git, home, host, unpacked

from clonedetect.corpus import read_any_manifest

SAMPLE = 60  # packages that `add` is timed on: about two million lines
STAGED = 5  # files


def best(runs: list[Run]) -> str:
    """The fastest of some runs in words."""
    one = min(runs, key=lambda run: run.wall)
    return f"{one.wall:6.2f} s wall, {min(r.cpu for r in runs):6.2f} s CPU, peak {max(r.peak for r in runs):5.0f} MB"


def fingerprints(root: Path) -> int:
    """How many a corpus holds."""
    prints = [str(path) for path in parts(root) if path.parent.parent.name == "prints"]
    rows = duckdb.connect().execute("select count(*) from read_parquet(?)", [prints]).fetchone()
    return rows[0] if rows else 0


def parts(root: Path) -> list[Path]:
    """The files that its manifest lists: those of segments that were merged lie there for a day longer."""
    manifest = read_any_manifest(root)
    return [root / "segments" / s.name / name for s in manifest.segments for name, _ in s.files] if manifest else []


def measure_add() -> None:
    """`corpus add` into an empty corpus, and what parsing alone takes."""
    pins = corpus_pins()[:SAMPLE]
    files = [p.read_bytes() for tree in unpacked(pins).values() for p in sorted(tree.rglob("*.py"))]
    lines = sum(data.count(b"\n") for data in files)
    with TemporaryDirectory(dir=home()) as name:
        done = add(Path(name) / "corpus", pins)
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
    start = time.process_time()
    for data in files:
        parser.parse(data)
    bare = time.process_time() - start
    print(f"add: {len(pins)} packages, {lines:,} lines: {lines / done.wall:,.0f} lines/s ({best([done])})")
    print(
        f"     bare parsing of the same on one core {lines / bare:,.0f} lines/s; CPU {done.cpu / bare:.2f} times that"
    )


def measure_check(root: Path, repeat: int) -> None:
    """`check --corpus`, warm: all files, then five staged ones."""
    mine = host(home() / "host")
    git(mine, "reset", "-q", "--hard")
    listed = clonedetect("corpus", "list", root).out.splitlines()
    lines = sum(path.read_bytes().count(b"\n") for path in mine.rglob("*.py"))
    size = sum(path.stat().st_size for path in parts(root))
    print(f"corpus: {len(listed)} packages, {sum(int(r.split()[-2]) for r in listed):,} lines, ", end="")
    print(f"{fingerprints(root):,} fingerprints in {size / 1e6:.0f} MB")
    clonedetect("check", mine, "--corpus", root, "--quiet", "--format", "json")  # fills the cache of parsed files
    whole = [clonedetect("check", mine, "--corpus", root, "-q", "--format", "json") for _ in range(repeat)]
    print(f"check of {lines:,} lines, warm:   {best(whole)}")
    for path in sorted((mine / "tornado").glob("*.py"))[:STAGED]:
        path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    git(mine, "add", "-A")
    staged = [clonedetect("check", mine, "--corpus", root, "--staged", "-q", "--format", "json") for _ in range(repeat)]
    git(mine, "reset", "-q", "--hard")
    print(f"check --staged with {STAGED} files: {best(staged)}")


def measure_growth(root: Path, repeat: int) -> None:
    """The same search in nested corpora; below 1, the exponent says that time grows slower than the corpus."""
    mine, pins = host(home() / "host"), corpus_pins()
    points = []
    for parts in (8, 4, 2, 1):
        part = root if parts == 1 else home() / f"part-{parts}"
        if parts > 1:
            add(part, pins[: len(pins) // parts])
        runs = [clonedetect("corpus", "search", part, mine, "-q", "--format", "json") for _ in range(repeat + 1)][1:]
        points.append((fingerprints(part), min(run.wall for run in runs)))
        print(f"search in {8 // parts}x, {points[-1][0]:,} fingerprints: {best(runs)}")
    (small, fast), (large, slow) = points[0], points[-1]
    exponent = math.log(slow / fast) / math.log(large / small)
    print(f"time grows as the corpus to the power of {exponent:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("add", "check", "grow"), action="append")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fresh", action="store_true", help="make the corpora anew")
    given = parser.parse_args(arguments)
    parts = given.part or ["add", "check", "grow"]
    home().mkdir(parents=True, exist_ok=True)
    if given.fresh:
        for name in ("full", "part-8", "part-4", "part-2"):
            shutil.rmtree(home() / name, ignore_errors=True)
    if "add" in parts:
        measure_add()
    if "check" in parts:
        measure_check(full(), given.repeat)
    if "grow" in parts:
        measure_growth(full(), given.repeat)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

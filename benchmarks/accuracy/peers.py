# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Other detectors on the same two trees, their findings as the same `Match` values.

    python benchmarks/accuracy/peers.py LEFT RIGHT [--truth TRUTH] [--tool NAME]...

jscpd comes with this environment (`pip install jscpd`); copydetect and compare50 pin old libraries and get a virtual
environment each under the benchmark cache. A tool that cannot be set up is left out, with the reason.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import cache
from truth import Match, read_truth, recall

PINS = {
    "copydetect": ("copydetect==0.5.0",),
    "compare50": ("compare50==1.2.15",),
    "python-minifier": ("python-minifier==3.4.0",),
    "pyobfus": ("pyobfus==0.9.1",),
    "pyupgrade": ("pyupgrade==3.22.0", "black==26.10.1"),
}
JSCPD_MODES = {
    "jscpd default": (),
    "jscpd similarity .6": ("--similarity=0.6",),
    "jscpd loosest": (
        "--ignore-identifiers=blind", "--ignore-literals", "--similarity=0.5", "--max-gap-lines", "5",
        "--min-tokens", "20",
    ),
}  # fmt: skip


class Missing(RuntimeError):
    """A tool that is not to be had here, with the reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a tool reported, and how long it took in seconds of wall clock."""

    matches: tuple[Match, ...]
    seconds: float


def environment(name: str) -> Path:
    """The `bin` directory of a tool's own virtual environment, made once. Raises Missing."""
    home = cache() / "venvs" / name
    marker = home / ".ready"
    if not marker.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True, timeout=300)
        command = [
            str(home / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            *PINS[name],
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
        if done.returncode:
            raise Missing(f"{name}: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}")
        marker.touch()
    return home / "bin"


def jscpd_binary() -> str:
    """The path of jscpd. Raises Missing."""
    beside = Path(sys.executable).parent / "jscpd"
    found = str(beside) if beside.is_file() else shutil.which("jscpd")
    if not found:
        raise Missing("jscpd: pip install jscpd==5.4.2")
    return found


def side_by_side(left: Path, right: Path, folder: Path) -> None:
    """Copies of both trees as `left` and `right` under `folder`: jscpd names files relative to one root."""
    for side, root in (("left", left), ("right", right)):
        for path in sorted(root.rglob("*.py")):
            target = folder / side / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def jscpd(left: Path, right: Path, options: tuple[str, ...]) -> Finding:
    """jscpd's clones with one part on each side."""
    binary = jscpd_binary()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        side_by_side(left, right, folder / "trees")
        command = [binary, ".", "-f", "python", "-r", "json", "-o", str(folder / "out"), "--max-size", "10mb"]
        command += ["--no-gitignore", "--max-lines", "100000", *options]
        start = time.perf_counter()
        subprocess.run(command, cwd=folder / "trees", capture_output=True, timeout=1800)
        seconds = time.perf_counter() - start
        report = folder / "out" / "jscpd-report.json"
        if not report.is_file():
            raise Missing("jscpd wrote no report")
        data = json.loads(report.read_text(encoding="utf-8"))
    found: list[Match] = []
    for clone in data["duplicates"]:
        sides: dict[str, tuple[str, tuple[int, int]]] = {}
        for part in (clone["firstFile"], clone["secondFile"]):
            side, _, path = part["name"].removeprefix("./").partition("/")
            sides[side] = (path, (part["start"], part["end"]))
        if len(sides) == 2:
            found.append(Match(*sides["left"], *sides["right"]))
    return Finding(tuple(found), seconds)


COPYDETECT = """
import json, sys
from copydetect import CopyDetector
left, right, out = sys.argv[1:]
d = CopyDetector(test_dirs=[left], ref_dirs=[right], extensions=["py"], display_t=0.0, autoopen=False, silent=True)
d.run()
def lines(text, slices):
    def line(at):
        return text.count("\\n", 0, int(at)) + 1
    return [(line(a), line(max(b - 1, a))) for a, b in zip(*slices)]
rows = []
cache = {}
def read(path):
    if path not in cache:
        cache[path] = open(path, encoding="utf-8").read()
    return cache[path]
for (one, two), (a, b) in d.slice_matrix.items():
    if len(a) == 2 and len(b) == 2:
        rows.append([one, lines(read(one), a), two, lines(read(two), b)])
json.dump(rows, open(out, "w"))
"""

COMPARE50 = """
import json, sys
from pathlib import Path
import compare50
from compare50 import _api, passes
from compare50._data import Score, Submission
left, right, out = sys.argv[1:]
def chain(tokens):
    for step in passes.structure.preprocessors:
        tokens = step(tokens)
    return tokens
def submission(root):
    root = Path(root)
    return Submission(root, [p.relative_to(root) for p in sorted(root.rglob("*.py"))], preprocessor=chain)
one, two = submission(left), submission(right)
texts = {}
def place(span):
    path = str(span.file.path)
    if path not in texts:
        texts[path] = open(path).read()
    text = texts[path]
    return [path, text.count("\\n", 0, span.start) + 1, text.count("\\n", 0, max(span.end - 1, span.start)) + 1]
rows = []
bar = _api._ProgressBar(disable=True) if hasattr(_api, "_ProgressBar") else None
with _api.progress_bar("", disable=True):
    for result in _api.compare([Score(one, two, 1)], set(), passes.structure):
        for group in result.groups:
            ours = [place(s) for s in group.spans if s.file.submission.id == one.id]
            theirs = [place(s) for s in group.spans if s.file.submission.id == two.id]
            rows += [[a, b] for a in ours for b in theirs]
json.dump(rows, open(out, "w"))
"""


def driven(name: str, script: str, left: Path, right: Path, timeout: float) -> tuple[list, float]:
    """The rows that a driver script writes in the environment of tool `name`. Raises Missing."""
    python = environment(name) / "python"
    with tempfile.TemporaryDirectory() as folder:
        side_by_side(left, right, Path(folder))
        out = Path(folder) / "rows.json"
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [str(python), "-c", script, f"{folder}/left", f"{folder}/right", str(out)],
                capture_output=True, text=True, timeout=timeout, env={"PYTHONHASHSEED": "50", "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Missing(f"{name}: not done in {timeout:.0f} s") from error
        seconds = time.perf_counter() - start
        if not out.is_file():
            raise Missing(f"{name}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        rows = json.loads(
            out.read_text(encoding="utf-8").replace(f"{folder}/left/", "").replace(f"{folder}/right/", "")
        )
    return rows, seconds


def copydetect(left: Path, right: Path, timeout: float = 600) -> Finding:
    """copydetect's copied slices. It gives the slices of both files, not which belongs to which: they are paired all
    with all, to its advantage."""
    rows, seconds = driven("copydetect", COPYDETECT, left, right, timeout)
    found = [Match(one, tuple(x), two, tuple(y)) for one, a, two, b in rows for x in a for y in b]
    return Finding(tuple(found), seconds)


def compare50(left: Path, right: Path, timeout: float = 600) -> Finding:
    """compare50's structure pass: each tree is one submission."""
    rows, seconds = driven("compare50", COMPARE50, left, right, timeout)
    found = [Match(a[0], (a[1], a[2]), b[0], (b[1], b[2])) for a, b in rows]
    return Finding(tuple(found), seconds)


TOOLS: dict[str, Callable[[Path, Path], Finding]] = {
    **{
        name: (lambda left, right, options=options: jscpd(left, right, options))
        for name, options in JSCPD_MODES.items()
    },
    "copydetect": copydetect,
    "compare50 structure": compare50,
}


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--tool", action="append", choices=sorted(TOOLS))
    given = parser.parse_args(arguments)
    for name in given.tool or TOOLS:
        try:
            finding = TOOLS[name](given.left, given.right)
        except Missing as error:
            print(f"left out: {error}")
            continue
        line = f"{name}: {len(finding.matches)} matches in {finding.seconds:.1f} s"
        if given.truth:
            found, count = recall(read_truth(given.truth), finding.matches)
            line += f", recall {found / max(count, 1):.3f} of {count}"
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

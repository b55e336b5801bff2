# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""The accuracy table: recall of functions of 6 lines of code and more by level and tool, unrelated lines flagged.

    python benchmarks/accuracy/table.py [--list test|development] [--package NAME]... [--level L]... [--tool T]...
                                        [--negatives N] [--work DIR]

A definition counts as found when the matches between its two places cover half of the lines of both. clonedetect's
pairs count at E <= .01 and unexplained; `clonedetect any E` shows what was reported at all. The last column is the
share of lines that the tool flags over N pairs of unrelated packages (an even sample of the half of the same name).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import Unavailable, cache, fetch, load
from launder import LEVELS, launder_directory, read_tree, write_tree
from others import REWRITERS, rewrite_directory
from peers import TOOLS, Missing
from scans import ScanFailed, scan_here
from truth import Match, count_lines, flagged, read_truth, recall, report_matches
from unrelated import pairs

COLUMNS = (*LEVELS, *REWRITERS)
OURS = ("clonedetect", "clonedetect any E")


def material(tree: Path, work: Path, name: str, column: str) -> Path:
    """The directory of one laundered tree, made once: `orig` beside it, `tree` and `truth.json` in it."""
    original = work / name / "orig"
    if not original.is_dir():
        tops = [path.name for path in sorted(tree.iterdir())]
        sources = {p: t for p, t in read_tree(tree).items() if "/tests/" not in p and "/test/" not in p}
        write_tree(sources, original)
        (work / name / "name").write_text(tops[0].removesuffix(".py"), encoding="utf-8")
    out = work / name / column
    if not (out / "truth.json").is_file():
        shutil.rmtree(out, ignore_errors=True)
        package = (work / name / "name").read_text(encoding="utf-8")
        if column in LEVELS:
            launder_directory(original, out, column, 1, package)
        else:
            rewrite_directory(original, out, column)
    return out


def matcher(tool: str) -> Callable[[Path, Path], list[list[Match]]]:
    """A function from two trees to the tool's matches; for clonedetect, at E <= .01 and at any E, of one scan."""
    if tool == "clonedetect":

        def ours(left: Path, right: Path) -> list[list[Match]]:
            report = scan_here(left, right)
            return [report_matches(report, max_e=0.01), report_matches(report)]

        return ours
    return lambda left, right: [list(TOOLS[tool](left, right).matches)]


def measure(
    tool: str, trees: dict[str, Path], columns: list[str], work: Path, negatives: list
) -> dict[str, dict[str, str]]:
    """The cells of a tool's rows by row and column."""
    names = OURS if tool == "clonedetect" else (tool,)
    rows: dict[str, dict[str, str]] = {name: {} for name in names}
    find = matcher(tool)
    for column in columns:
        totals = {name: [0, 0] for name in names}
        for package, tree in trees.items():
            try:
                out = material(tree, work, package, column)
                for name, matches in zip(names, find(work / package / "orig", out / "tree"), strict=True):
                    found, count = recall(read_truth(out / "truth.json"), matches)
                    totals[name][0] += found
                    totals[name][1] += count
                    print(f"{name} {package} {column}: {found} of {count}", file=sys.stderr)
            except (Missing, ScanFailed) as error:
                print(f"left out: {tool} on {package} {column}: {error}", file=sys.stderr)
        for name in names:
            found, count = totals[name]
            rows[name][column] = f"{found / count:.3f}" if count else "-"
    bad = dict.fromkeys(names, 0)
    lines = 0
    for (_, left), (_, right) in negatives:
        try:
            for name, matches in zip(names, find(left, right), strict=True):
                bad[name] += flagged(matches, "left") + flagged(matches, "right")
            lines += count_lines(left) + count_lines(right)
        except (Missing, ScanFailed) as error:
            print(f"left out: {tool} on {left.name} / {right.name}: {error}", file=sys.stderr)
    for name in names:
        rows[name]["unrelated"] = f"{100 * bad[name] / lines:.2f} %" if lines else "-"
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", choices=("test", "development"), default="test")
    parser.add_argument("--package", action="append")
    parser.add_argument("--level", action="append", choices=COLUMNS)
    parser.add_argument("--tool", action="append", choices=("clonedetect", *TOOLS))
    parser.add_argument("--negatives", type=int, default=20)
    parser.add_argument("--work", type=Path, default=None)
    given = parser.parse_args(arguments)
    work = given.work or cache() / "accuracy" / given.list
    columns = given.level or list(COLUMNS)
    try:
        pins = load(HERE.parent / "packages" / f"{given.list}.toml")
        trees = fetch([pin for pin in pins if not given.package or pin.name in given.package])
        negatives = pairs(given.list, given.negatives) if given.negatives else []
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    print(f"Recall on {', '.join(trees)}; {len(negatives)} unrelated pairs\n")
    print("| tool | " + " | ".join(columns) + " | unrelated lines flagged |")
    print("|---" * (len(columns) + 2) + "|")
    for tool in given.tool or ("clonedetect", *TOOLS):
        for name, cells in measure(tool, trees, columns, work, negatives).items():
            print(f"| {name} | " + " | ".join(cells[c] for c in (*columns, "unrelated")) + " |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Real derivations between public packages: is each one read as derived, how strongly, over how many fragments?

    python benchmarks/accuracy/derivations.py [--look] [--name LEFT]...

`--look` scans nothing: it prints the share of the smaller side's functions whose name and shape the other side has.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import Unavailable, fetch, load
from launder import read_tree, strip_docstrings
from scans import ScanFailed, scan_cli

STRENGTHS = ("none", "weak", "moderate", "strong", "decisive")


@dataclass(frozen=True, slots=True)
class Derivation:
    """Two trees, one of which comes from the other."""

    name: str
    how: str
    left: Path
    right: Path


def derivations() -> list[Derivation]:
    """The pairs of derivations.toml, fetched. Raises Unavailable."""
    packages = HERE.parent / "packages"
    rows = tomllib.loads((packages / "derivations.toml").read_text(encoding="utf-8"))["derivation"]
    wanted = {row[side] for row in rows for side in ("left", "right")}
    trees = fetch([pin for pin in load(packages / "derivation-packages.toml") if pin.name in wanted])
    return [
        Derivation(
            f"{r['left']} / {r['right']}",
            r["how"],
            trees[r["left"]] / r["left_dir"],
            trees[r["right"]] / r["right_dir"],
        )
        for r in rows
    ]


def shapes(root: Path) -> dict[str, list[Counter[str]]]:
    """By name, the node kinds of the functions of 6 lines and more, annotations left out."""
    found: dict[str, list[Counter[str]]] = {}
    for text in read_tree(root).values():
        tree = ast.parse(text)
        strip_docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and ast.unparse(node).count("\n") >= 5:
                for item in ast.walk(node):
                    if isinstance(item, ast.arg):
                        item.annotation = None
                kinds = (type(n).__name__.removeprefix("Async") for n in ast.walk(node) if not isinstance(n, ast.Await))
                found.setdefault(node.name, []).append(Counter(kinds))
    return found


def look(pair: Derivation) -> float:
    """The share of the smaller side's functions that the other side has by name and, to seven tenths, by shape."""
    sides = sorted((shapes(pair.left), shapes(pair.right)), key=lambda side: sum(map(len, side.values())))
    small = [(name, kinds) for name, items in sides[0].items() for kinds in items]
    alike = sum(
        any((kinds & other).total() >= 0.7 * (kinds | other).total() for other in sides[1].get(name, ()))
        for name, kinds in small
    )
    return alike / max(1, len(small))


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--look", action="store_true")
    parser.add_argument("--name", action="append")
    given = parser.parse_args(arguments)
    try:
        todo = [d for d in derivations() if not given.name or any(name in d.name for name in given.name)]
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    print(
        "| pair | how | " + ("equal |" if given.look else "strength | relation | pairs at E <= .01 | bits | seconds |")
    )
    print("|---" * (3 if given.look else 7) + "|")
    good = 0
    for pair in todo:
        if given.look:
            print(f"| {pair.name} | {pair.how} | {look(pair):.2f} |")
            continue
        start = time.perf_counter()
        try:
            report = scan_cli(pair.left, pair.right, "--vendored")
        except ScanFailed as error:
            print(f"| {pair.name} | {pair.how} | failed: {error} | | | | |")
            continue
        verdict = report["verdict"]
        sure = [
            p
            for p in report["clone_pairs"]
            if (p["e_value"] or 1) <= 0.01 and p["e_value"] is not None and not p["explained_by"]
        ]
        bits = sum(p["bits"] or 0 for p in sure)
        good += STRENGTHS.index(verdict["strength"]) >= 3 and verdict["relation"] == "derived"
        took = time.perf_counter() - start
        cells = (pair.name, pair.how, verdict["strength"], verdict["relation"], len(sure), f"{bits:.0f}", f"{took:.1f}")
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    if not given.look:
        print(f"\n{good} of {len(todo)} read derived at strong or better")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

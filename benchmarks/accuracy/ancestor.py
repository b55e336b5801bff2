# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Two derivations of one base, compared with the base given and without it.

    python benchmarks/accuracy/ancestor.py [--list test|development] [--package NAME]... [--left LEVEL] [--right LEVEL]

Both sides are laundered from the same package in different ways; with `--ancestor` its original nothing ought to count.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import Unavailable, cache, fetch, load
from scans import ROOT
from table import COLUMNS, material

sys.path.insert(0, str(ROOT))


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", choices=("test", "development"), default="test")
    parser.add_argument("--package", action="append")
    parser.add_argument("--left", choices=COLUMNS, default="4")
    parser.add_argument("--right", choices=COLUMNS, default="condensed")
    given = parser.parse_args(arguments)
    from clonedetect import Options, scan
    from clonedetect.report.json_format import to_json

    pins = load(HERE.parent / "packages" / f"{given.list}.toml")
    try:
        trees = fetch([pin for pin in pins if not given.package or pin.name in given.package])
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    print("| package | base | strength | relation | pairs that count | pairs explained by the base |")
    print("|---|---|---|---|---|---|")
    work = cache() / "accuracy" / given.list
    for name, tree in trees.items():
        left, right = (str(material(tree, work, name, level) / "tree") for level in (given.left, given.right))
        base = str(work / name / "orig")
        for ancestors in ((base,), ()):
            options = Options(jobs=1, history=False, times=False)
            report = json.loads(to_json(scan(left, right, ancestors, options)))
            strong = [p for p in report["clone_pairs"] if p["e_value"] <= 0.01]
            counted = sum(p["explained_by"] is None for p in strong)
            inherited = sum((p["explained_by"] or "").startswith("ancestor") for p in strong)
            verdict = report["verdict"]
            told = "given" if ancestors else "not given"
            print(f"| {name} | {told} | {verdict['strength']} | {verdict['relation']} | {counted} | {inherited} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

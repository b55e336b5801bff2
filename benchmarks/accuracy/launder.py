"""Launders a tree of Python files in known ways and writes the truth: what stands where afterwards.

    python benchmarks/accuracy/launder.py SOURCE OUT --level 1..6|condensed [--seed N] [--package NAME]

Levels add up: 1 layout, comments, docstrings; 2 consistent renames; 3 definitions reordered; 4 definitions moved
between files; 5 statements and expressions rewritten; 6 dead code, temporaries, inverted branches, early returns.
`condensed` is level 1, renames that differ from function to function, and the edits of DESIGN section 4.
Equal input, level and seed give equal bytes.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import shutil
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from condense import condense
from edits import rewrite
from expressions import Site
from moves import move_definitions, reorder
from names import Maps, Project, Renamer
from obscure import obscure
from truth import DEFINITIONS, Definition, Place, Truth, code_lines, definitions, docstring, write_truth

LEVELS = ("1", "2", "3", "4", "5", "6", "condensed")
# Share of the sites where an edit is made. With .3, jscpd loses about twice as much from level 4 to 5 and 6 as in the
# table of FIELD section 2, so the levels are somewhat harder than those.
RATES = {"5": 0.3, "6": 0.3, "condensed": 0.6}


def read_tree(root: Path) -> dict[str, str]:
    """The readable, parseable Python files under `root`, by posix path."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*.py")):
        try:
            text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
            ast.parse(text)
        except (UnicodeDecodeError, SyntaxError, ValueError, RecursionError):
            continue
        found[path.relative_to(root).as_posix()] = text
    return found


def strip_docstrings(tree: ast.Module) -> None:
    """Docstrings and other bare strings go; a body left empty gets `pass`."""
    for node in ast.walk(tree):
        if isinstance(node, (*DEFINITIONS, ast.Module)) and docstring(node) is not None:
            node.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])


def lay_out(tree: ast.Module, rng: random.Random) -> str:
    """The text of a tree in a layout that is not the original's: two-space indent, blank lines by chance."""
    plain = ast.unparse(tree) + "\n"
    lines = []
    for line in plain.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if line and rng.random() < 0.06:
            lines.append("")
        lines.append(" " * (indent // 2) + line[indent:])
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return text if ast.dump(ast.parse(text)) == ast.dump(ast.parse(plain)) else plain
        except SyntaxError:
            return plain


def mark(trees: dict[str, ast.Module], sources: dict[str, str]) -> list[Place]:
    """Gives every definition node its place in the original (`_place`) and returns the places."""
    places: list[Place] = []
    for path, tree in trees.items():
        for node, place in definitions(tree, path, code_lines(sources[path])):
            node._place = place
            places.append(place)
    return places


def launder(
    sources: dict[str, str], level: str, seed: int = 1, package: str = "", cut: bool = True, rate: float | None = None
):
    """The laundered files by path, and the truth rows.

    `rate` is the share of sites where levels 5, 6 and `condensed` edit (default: RATES).
    `package` is the project's top-level import name; `cut=False` leaves out the one edit of `condensed` that drops
    code. Raises ValueError on an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    sys.setrecursionlimit(20_000)
    rng = random.Random(f"{seed}:{level}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trees = {path: ast.parse(text) for path, text in sources.items()}
    places = mark(trees, sources)
    depth = 2 if level == "condensed" else int(level)
    for tree in trees.values():
        strip_docstrings(tree)
    project = Project(trees, package)
    maps = Maps(project, rng, per_function=level == "condensed")
    if depth >= 2:
        for path, tree in trees.items():
            Renamer(project, path, maps).run(tree)
    site = Site(rng, maps.vocabulary, RATES.get(level, 0.0) if rate is None else rate)
    if level == "condensed":
        uses = Counter(n.attr for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.Attribute))
        uses.update(
            n.value
            for t in trees.values()
            for n in ast.walk(t)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        )
        for tree in trees.values():
            condense(tree, site, uses, cut)
    if depth >= 3:
        for tree in trees.values():
            reorder(tree, rng)
    if depth >= 4:
        move_definitions(trees, rng)
    for tree in trees.values():
        if depth >= 5:
            rewrite(tree, site)
        if depth >= 6:
            obscure(tree, site)
    return _finish(trees, places, rng, maps)


def _finish(trees: dict[str, ast.Module], places: list[Place], rng: random.Random, maps: Maps):
    files: dict[str, str] = {}
    rows: dict[Place, Definition] = {}
    for path, tree in sorted(trees.items()):
        text = lay_out(ast.fix_missing_locations(tree), rng)
        files[path] = text
        written = list(definitions(ast.parse(text), path, code_lines(text)))
        before = [node for node, _ in definitions(tree, path, [])]
        if len(written) != len(before):
            raise ValueError(f"{path}: {len(before)} definitions became {len(written)} lines of text")
        for node, (_, right) in zip(before, written, strict=True):
            left = getattr(node, "_place", None)
            if left is not None:
                kept = getattr(node, "_kept", None)
                rename = ((left.name.split(".")[-1], right.name.split(".")[-1]),)
                rows[left] = Definition(
                    left, right, (kept,) if kept else (), rename if rename[0][0] != rename[0][1] else ()
                )
    return files, [rows.get(place, Definition(place, None)) for place in places]


def write_tree(files: dict[str, str], out: Path) -> None:
    """Writes files into a fresh directory `out`."""
    if out.exists():
        shutil.rmtree(out)
    for path, text in files.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="surrogateescape")


def launder_directory(source: Path, out: Path, level: str, seed: int = 1, package: str = "") -> Truth:
    """Launders `source` into `out/tree` and writes `out/truth.json`."""
    files, rows = launder(read_tree(source), level, seed, package or source.name)
    write_tree(files, out / "tree")
    truth = Truth(package or source.name, f"level {level}", seed, tuple(rows))
    write_truth(truth, out / "truth.json")
    return truth


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--level", choices=LEVELS, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", default="")
    given = parser.parse_args(arguments)
    truth = launder_directory(given.source, given.out, given.level, given.seed, given.package)
    kept = sum(row.right is not None for row in truth.definitions)
    print(f"{given.out}: {kept} of {len(truth.definitions)} definitions at level {given.level}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

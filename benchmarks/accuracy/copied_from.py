"""Copies that their own authors labelled: `# Copied from transformers.models.X with A->B`.

    python benchmarks/accuracy/copied_from.py build PACKAGE OUT     writes OUT/a, OUT/b and OUT/truth.json
    python benchmarks/accuracy/copied_from.py twins LEFT RIGHT OUT  truth of a package renamed as a whole
    python benchmarks/accuracy/copied_from.py check TRUTH REPORT    holds a report.json against either

`twins` takes the packages themselves, whose inner paths are equal (`.../Crypto` and `.../Cryptodome`), and so must the
scan whose report is checked. `PACKAGE` is an unpacked transformers (4.57.1 for the figures that are quoted).

The model directories that carry a label, or are the target of one, are split in two by the parity of the SHA-256 of
their name. Comments are blanked, so that line numbers hold and no label is left. A label counts when its target is
in the other half and the copy is true: the target's code, with the label's renames done, has the copy's syntax tree
(docstrings aside). Renames are told left to right.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import io
import json
import re
import sys
import textwrap
import tokenize
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from launder import read_tree, strip_docstrings, write_tree
from truth import (
    DEFINITIONS,
    Definition,
    Matches,
    Place,
    Truth,
    code_lines,
    definitions,
    read_truth,
    report_matches,
    write_truth,
)

LABEL = re.compile(r"^[ \t]*# Copied from transformers\.models\.(\w+)\.(\w+)\.([\w.]+)[ \t]*(?:with)?[ \t]*(.*)$", re.M)
RENAME = re.compile(r"^(?:with\s+)?(\S.*?)\s*->\s*(.*?)(\s+all-casing)?$")
SHARE = 0.7  # of the lines of both sides
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the copy's place and the name of its target, with the renames target to copy."""

    copy: Place
    target_path: str
    target_name: str
    renames: tuple[tuple[str, str], ...]


def half(directory: str) -> str:
    """Which tree a model directory belongs to."""
    return "ab"[hashlib.sha256(directory.encode()).digest()[0] & 1]


def without_comments(source: str) -> str:
    """The source with comments blanked; every line keeps its number."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            line = lines[row - 1]
            end = line[len(line.rstrip("\r\n")) :]
            lines[row - 1] = line[:column].rstrip() + end
    return "".join(lines)


def parse_renames(text: str) -> tuple[tuple[str, str], ...] | None:
    """The renames of a label in its order, `all-casing` spelt out; None where the text is not understood."""
    found: list[tuple[str, str]] = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        match = RENAME.match(part)
        if match is None:
            return None
        old, new, every = match.groups()
        found.append((old, new))
        if every:
            found += [(old.lower(), new.lower()), (old.upper(), new.upper())]
    return tuple(found)


def labels(sources: dict[str, str], starts: dict[str, dict[int, Place]]) -> tuple[list[Label], Counter[str]]:
    """All labels that stand on a definition, and why others were left out."""
    found: list[Label] = []
    left_out: Counter[str] = Counter()
    for path, text in sources.items():
        for match in LABEL.finditer(text):
            lines = text.splitlines()
            below = text.count("\n", 0, match.start()) + 2
            while below <= len(lines) and (not lines[below - 1].strip() or lines[below - 1].lstrip().startswith("#")):
                below += 1
            renames = parse_renames(match[4])
            if below not in starts[path]:
                left_out["label stands on no definition"] += 1
            elif renames is None:
                left_out["renames not understood"] += 1
            else:
                found.append(Label(starts[path][below], f"{match[1]}/{match[2]}.py", match[3], renames))
    return found, left_out


def segment(text: str, place: Place) -> str:
    """The source of a definition, dedented."""
    return textwrap.dedent("".join(text.splitlines(keepends=True)[place.start_line - 1 : place.end_line]))


def shape(code: str) -> str:
    """The syntax tree of a definition without docstrings and own name."""
    tree = _stripped(code)
    if isinstance(node := tree.body[0], DEFINITIONS):
        node.name = "_"
    return ast.dump(tree)


def changed_names(target: str, copy: str, renames: tuple[tuple[str, str], ...]) -> dict[str, str] | None:
    """The identifiers that differ between a target and its copy, or None where the copy is not true."""
    renamed = target
    for old, new in renames:
        renamed = renamed.replace(old, new)
    try:
        if shape(renamed) != shape(copy):
            return None
        original, copied = (IDENTIFIER.findall(ast.unparse(_stripped(code))) for code in (target, copy))
    except SyntaxError:
        return None
    if len(original) != len(copied):
        return {}
    return {a: b for a, b in zip(original, copied, strict=True) if a != b}


def _stripped(code: str) -> ast.Module:
    tree = ast.parse(code)
    strip_docstrings(tree)
    return tree


def build(package: Path, out: Path) -> None:
    """Writes the two trees and their truth from an unpacked `transformers` package."""
    models = package / "models" if (package / "models").is_dir() else package / "transformers" / "models"
    sources = read_tree(models)
    places: dict[str, list[Place]] = {}
    starts: dict[str, dict[int, Place]] = {}  # by the line of the `def` and of the first decorator
    for path, text in sources.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found_here = list(definitions(ast.parse(text), path, code_lines(text)))
        places[path] = [place for _, place in found_here]
        starts[path] = {line: place for node, place in reversed(found_here) for line in (node.lineno, place.start_line)}
    found, left_out = labels(sources, starts)
    by_name = {(place.path, place.name): place for items in places.values() for place in reversed(items)}
    directories = {label.copy.path.split("/")[0] for label in found} | {
        label.target_path.split("/")[0] for label in found
    }
    rows: list[Definition] = []
    for label in found:
        target = by_name.get((label.target_path, label.target_name))
        sides = (half(label.copy.path.split("/")[0]), half(label.target_path.split("/")[0]))
        if target is None:
            left_out["target not found"] += 1
        elif sides[0] == sides[1]:
            left_out["target in the same half"] += 1
        else:
            changed = changed_names(
                segment(sources[target.path], target), segment(sources[label.copy.path], label.copy), label.renames
            )
            if changed is None:
                left_out["not a true copy"] += 1
                continue
            flip = sides[0] == "a"  # the copy is on the left
            names = {
                old: [(a, b) for a, b in changed.items() if old in a and a.replace(old, new) == b]
                for old, new in label.renames
            }
            visible = [(old, new) for old, new in label.renames if names[old]]
            renames = tuple((new, old) if flip else (old, new) for old, new in visible)
            one, two = (label.copy, target) if flip else (target, label.copy)
            rows.append(Definition(one, two, (), renames))
    for side in "ab":
        files = {
            p: without_comments(t)
            for p, t in sources.items()
            if p.split("/")[0] in directories and half(p.split("/")[0]) == side
        }
        write_tree(files, out / side)
        print(f"{side}: {len(files)} files, {sum(t.count(chr(10)) for t in files.values())} lines")
    write_truth(Truth(package.name, "copied from", 0, tuple(rows)), out / "truth.json")
    print(
        f"{len(rows)} labelled pairs, {sum(len(row.renames) for row in rows)} visible renames; "
        f"left out: {dict(left_out)}"
    )


def twins(left: Path, right: Path, out: Path) -> None:
    """The truth of two packages that differ by their top-level name: every function with equal path and name."""
    one, two = read_tree(left), read_tree(right)

    def functions(sources: dict[str, str], path: str) -> dict[str, Place]:
        text = sources[path]
        found = [p for _, p in definitions(ast.parse(text), path, code_lines(text)) if p.kind != "class"]
        return {f"{p.name}#{sum(q.name == p.name for q in found[:i])}": p for i, p in enumerate(found)}

    rows: list[Definition] = []
    for path in sorted(one.keys() & two.keys()):
        ours, theirs = functions(one, path), functions(two, path)
        rows += [Definition(ours[name], theirs[name]) for name in ours if name in theirs]
    write_truth(Truth(left.name, "twins", 0, tuple(rows)), out)
    print(f"{len(rows)} functions")


def check(truth: Truth, report: dict) -> dict[str, float]:
    """What share of the labelled pairs and of their visible renames a report has."""
    index = Matches([*report_matches(report), *report_matches(report, whole=True)])
    renames = [(item["left"], item["right"]) for item in report["rename_map"]]
    missed: Counter[str] = Counter()
    pairs = 0
    for row in truth.definitions:
        good = index.found(row, SHARE)
        pairs += good
        if not good:
            size = f"{row.left.kind} of {min(row.left.code_lines, 20)} lines"
            missed[f"{size}: {row.left.path}:{row.left.name} / {row.right.path}"] += 1
    own = _pair_renames(report)
    wanted = found = 0
    lost: Counter[str] = Counter()
    for row in truth.definitions:
        near = own.get((row.left.path, row.right.path), [])
        for old, new in row.renames:
            wanted += 1
            if _said(old, new, near) or _said(old, new, renames):
                found += 1
            else:
                lost[f"{old} -> {new}"] += 1
    for text in [*list(missed)[:15], *(f"rename {name} x{count}" for name, count in lost.most_common(15))]:
        print("missed:", text, file=sys.stderr)
    count = len(truth.definitions)
    return {
        "pairs": count,
        "pairs_found": pairs / max(count, 1),
        "renames": wanted,
        "renames_found": found / max(wanted, 1),
    }


def _pair_renames(report: dict) -> dict[tuple[str, str], list[tuple[str, str]]]:
    own: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in report["clone_pairs"]:
        names = [(item["left"], item["right"]) for item in pair.get("renames") or ()]
        own.setdefault((pair["left"]["path"], pair["right"]["path"]), []).extend(names)
    return own


def _said(old: str, new: str, renames: list[tuple[str, str]]) -> bool:
    """Whether `old -> new` itself, or an identifier changed by exactly that, is among `renames`."""
    return any((a == old and b == new) or (a != b and old in a and a.replace(old, new) == b) for a, b in renames)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("build", "twins", "check"))
    parser.add_argument("paths", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    if given.command == "build":
        build(*given.paths)
    elif given.command == "twins":
        twins(*given.paths)
    else:
        report = json.loads(given.paths[1].read_text(encoding="utf-8"))
        print(json.dumps(check(read_truth(given.paths[0]), report), indent=1))
        print("top of the rename map:", [(r["left"], r["right"], r["support"]) for r in report["rename_map"][:5]])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

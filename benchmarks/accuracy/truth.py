"""Ground truth of a pair of trees, and how a report is held against it.

A truth file says which definition of the left tree stands where in the right one. A definition is *found* when the
reported matches that join the two cover a given share of the lines of both sides; every tool, ours or a peer, is
held against the same rule on the same `Match` values.
"""

from __future__ import annotations

import ast
import io
import json
import tokenize
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = "clonedetect-truth/1"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LAYOUT_TOKENS = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A definition in a tree: lines 1-based, inclusive, from its first decorator; `code_lines` leaves out blank lines,
    comments and docstrings."""

    path: str
    name: str
    kind: str  # class | function | method
    start_line: int
    end_line: int
    code_lines: int


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of the truth. `right` is None where the definition has no counterpart (inlined, dropped); `kept` are
    the left lines that survive where the copy holds only part of the original."""

    left: Place
    right: Place | None
    kept: tuple[Range, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """The definitions of a left tree and where they stand in the right one."""

    name: str
    how: str
    seed: int
    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """One reported correspondence: lines of a left file stand opposite lines of a right file."""

    left_path: str
    left: Range
    right_path: str
    right: Range


def write_truth(truth: Truth, path: Path) -> None:
    """Writes `truth` as JSON, one definition a line, in a stable order."""
    head = json.dumps({"schema": SCHEMA, "name": truth.name, "how": truth.how, "seed": truth.seed})
    rows = ",\n".join(json.dumps(asdict(definition), sort_keys=True) for definition in truth.definitions)
    path.write_text(f'{head[:-1]}, "definitions": [\n{rows}\n]}}\n', encoding="utf-8")


def read_truth(path: Path) -> Truth:
    """Reads what `write_truth` wrote. Raises ValueError on another schema."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if data.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not a {SCHEMA} file")
    rows = [
        Definition(
            Place(**row["left"]),
            Place(**row["right"]) if row["right"] else None,
            tuple((a, b) for a, b in row.get("kept") or ()),
            tuple((a, b) for a, b in row.get("renames") or ()),
        )
        for row in data["definitions"]
    ]
    return Truth(data["name"], data["how"], data["seed"], tuple(rows))


def code_lines(source: str) -> list[int]:
    """The sorted numbers of the lines that hold code: not blank, not a comment alone, not a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT_TOKENS:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (*DEFINITIONS, ast.Module)) and (text := docstring(node)) is not None:
            lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return sorted(lines)


def docstring(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.Expr | None:
    """The docstring statement of a module or definition."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def definitions(tree: ast.Module, path: str, code: list[int]) -> Iterator[tuple[ast.AST, Place]]:
    """Every class, function and method of a file in the order of the text, with its place."""

    def walk(node: ast.AST, outer: str, in_class: bool) -> Iterator[tuple[ast.AST, Place]]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, DEFINITIONS):
                yield from walk(child, outer, in_class)
                continue
            name = f"{outer}.{child.name}" if outer else child.name
            kind = "class" if isinstance(child, ast.ClassDef) else "method" if in_class else "function"
            start = min([child.lineno, *(item.lineno for item in child.decorator_list)])
            end = child.end_lineno or start
            count = bisect_right(code, end) - bisect_right(code, start - 1)
            yield child, Place(path, name, kind, start, end, count)
            yield from walk(child, name, isinstance(child, ast.ClassDef))

    yield from walk(tree, "", False)


def overlap(one: Range, two: Range) -> int:
    """How many lines two inclusive ranges share."""
    return max(0, min(one[1], two[1]) - max(one[0], two[0]) + 1)


def union_size(ranges: Iterable[Range]) -> int:
    """How many lines a set of inclusive ranges covers."""
    total, last = 0, 0
    for start, end in sorted(ranges):
        if end > last:
            total += end - max(start, last + 1) + 1
            last = end
    return total


class Matches:
    """Reported matches by file pair, for looking up what joins two definitions."""

    def __init__(self, matches: Iterable[Match]) -> None:
        self.by_pair: dict[tuple[str, str], set[tuple[Range, Range]]] = defaultdict(set)
        for match in matches:
            self.by_pair[match.left_path, match.right_path].add((match.left, match.right))

    def cover(self, left: Place, right: Place) -> tuple[list[Range], list[Range]]:
        """The lines of `left` and of `right` that matches between the two cover."""
        ours: list[Range] = []
        theirs: list[Range] = []
        for one, two in self.by_pair.get((left.path, right.path), ()):
            a = (max(one[0], left.start_line), min(one[1], left.end_line))
            b = (max(two[0], right.start_line), min(two[1], right.end_line))
            if a[0] <= a[1] and b[0] <= b[1]:
                ours.append(a)
                theirs.append(b)
        return ours, theirs

    def found(self, definition: Definition, share: float) -> bool:
        """Whether matches between the definition's two sides cover `share` of the lines of both."""
        if definition.right is None:
            return False
        ours, theirs = self.cover(definition.left, definition.right)
        kept = definition.kept or ((definition.left.start_line, definition.left.end_line),)
        inside = [(max(a, c), min(b, d)) for a, b in ours for c, d in kept if overlap((a, b), (c, d))]
        length = definition.right.end_line - definition.right.start_line + 1
        return union_size(inside) >= share * union_size(kept) and union_size(theirs) >= share * length


def recall(truth: Truth, matches: Iterable[Match], share: float = 0.5, lines: int = 6) -> tuple[int, int]:
    """(found, all) over the functions and methods with at least `lines` lines of code on the left.

    Definitions without a counterpart are left out; on the right at least two lines must be left to be found.
    """
    index = Matches(matches)
    wanted = [
        d
        for d in truth.definitions
        if d.left.kind != "class" and d.left.code_lines >= lines and d.right is not None and d.right.code_lines >= 2
    ]
    return sum(index.found(d, share) for d in wanted), len(wanted)


def flagged(matches: Iterable[Match], side: str) -> int:
    """How many lines of one side ("left" or "right") the matches cover, each line counted once."""
    by_path: dict[str, list[Range]] = defaultdict(list)
    for match in matches:
        path, lines = (match.left_path, match.left) if side == "left" else (match.right_path, match.right)
        by_path[path].append(lines)
    return sum(union_size(ranges) for ranges in by_path.values())


def report_matches(report: dict, max_e: float | None = None, whole: bool = False) -> list[Match]:
    """The matches of a clonedetect report.json: the regions of its pairs (or whole fragments where a pair has none,
    or `whole`), and all left-right combinations of its classes.

    With `max_e`, only unexplained pairs with an E-value of at most that. A class has no E-value of its own: it counts
    when one of its fragments is in a pair that does.
    """
    found: list[Match] = []
    good: set[tuple[str, str, int, int]] = set()
    for pair in report["clone_pairs"]:
        e_value = pair.get("e_value")
        if max_e is not None and (e_value is None or e_value > max_e or pair.get("explained_by")):
            continue
        left, right = pair["left"], pair["right"]
        good.add(("left", left["path"], left["start_line"], left["end_line"]))
        good.add(("right", right["path"], right["start_line"], right["end_line"]))
        regions = [] if whole else pair.get("regions") or []
        spans = [(tuple(r["left"]), tuple(r["right"])) for r in regions] or [
            ((left["start_line"], left["end_line"]), (right["start_line"], right["end_line"]))
        ]
        found.extend(Match(left["path"], one, right["path"], two) for one, two in spans)
    for group in report.get("clone_classes") or ():
        parts = group["fragments"]
        keys = {(f["side"], f["path"], f["start_line"], f["end_line"]) for f in parts}
        if max_e is not None and not keys & good:
            continue
        lefts = sorted(key[1:] for key in keys if key[0] == "left")
        rights = sorted(key[1:] for key in keys if key[0] == "right")
        found.extend(Match(a[0], a[1:], b[0], b[1:]) for a in lefts for b in rights)
    return found


def count_lines(root: Path) -> int:
    """Lines of all Python files under `root`."""
    return sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py"))

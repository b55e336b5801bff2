"""Alignment: what is the same, what was done to it, and that chance does not look like it."""

from __future__ import annotations

import ast
import inspect
import random
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from clonedetect.align.statements import align
from clonedetect.domain import Alignment, Edit, Region, Rename, Statement
from clonedetect.normalise.canonical import canonical

CONDENSED = Path(__file__).parents[2] / "fixtures" / "condensed"

LONG = '''
class Grid:
    def choose(self, width, height, wanted):
        """Doc."""
        assert width > 0
        area = width * height / self.config.patch
        self.log.info("choosing for %d", wanted)
        shapes = []
        for rows in range(1, wanted + 1):
            if wanted % rows == 0:
                shapes.append((rows, wanted // rows))
        best = None
        best_error = float("inf")
        for shape in shapes:
            error = abs(math.log(width / height) - math.log(shape[1] / shape[0]))
            if error < best_error:
                best_error = error
                best = shape
        self.cache["grid"] = best
        self.seen = self.seen + 1
        return best, area
'''
SHORT = """
def pick(w, h, n):
    options = [(r, n // r) for r in range(1, n + 1) if n % r == 0]
    return min(options, key=lambda o: abs(math.log(w / h) - math.log(o[1] / o[0])))
"""


def statements(source: str, first_line: int = 1) -> tuple[Statement, ...]:
    made = canonical(source, first_line)
    assert made is not None
    return made


def mirrored(alignment: Alignment) -> Alignment:
    other = {"inserted": "deleted", "deleted": "inserted", "joined": "split", "split": "joined"}
    return replace(
        alignment,
        pairs=tuple(sorted((j, i, score) for i, j, score in alignment.pairs)),
        regions=tuple(sorted((Region(r.right, r.left) for r in alignment.regions), key=lambda r: r.left)),
        edits=tuple(sorted((Edit(other.get(e.kind, e.kind), e.count) for e in alignment.edits), key=lambda e: e.kind)),
        renames=tuple(
            sorted(
                (Rename(r.right, r.left, r.kind, r.count) for r in alignment.renames), key=lambda r: (-r.count, r.left)
            )
        ),
    )


def edits(alignment: Alignment) -> dict[str, int]:
    return {edit.kind: edit.count for edit in alignment.edits}


def changed(old: str, new: str) -> Alignment:
    assert old in LONG
    return align(statements(LONG), statements(LONG.replace(old, new)))


def test_a_fragment_against_itself() -> None:
    one = statements(LONG)
    result = align(one, one)
    assert result.similarity == result.containment == 1.0
    assert result.pairs == tuple((place, place, 1.0) for place in range(len(one)))
    assert result.edits == result.renames == ()
    assert [(region.left, region.right) for region in result.regions] == [((2, 21), (2, 21))]


def test_nothing_against_something() -> None:
    result = align((), statements(SHORT))
    assert (result.similarity, result.pairs, edits(result)) == (0.0, (), {"inserted": 2})


def test_renaming_is_seen_and_costs_nothing() -> None:
    renamed = LONG.replace("wanted", "goal").replace("shapes", "options").replace("best_error", "least")
    result = align(statements(LONG), statements(renamed))
    assert result.similarity == 1.0
    # The other renamed names vanished in the canonical form.
    assert {(one.left, one.right) for one in result.renames} == {("wanted", "goal")}
    assert result.conflicts == 0


def test_mirror_image() -> None:
    left, right = statements(LONG), statements(SHORT)
    one, other = align(left, right), align(right, left)
    assert one.similarity == pytest.approx(other.similarity, abs=0.02)
    assert {(b, a) for a, b, _ in one.pairs} == {(a, b) for a, b, _ in other.pairs}


def test_region_cut_out_of_a_long_method() -> None:
    result = align(statements(LONG), statements(SHORT))
    assert result.containment > 0.75
    lines = {line for region in result.regions for line in range(region.left[0], region.left[1] + 1)}
    assert set(range(8, 18)) <= lines
    assert {("wanted", "n"), ("rows", "r"), ("width", "w"), ("height", "h")} <= {
        (one.left, one.right) for one in result.renames
    }
    found = edits(result)
    assert found["loop-to-comprehension"] >= 1
    assert found["loop-to-min"] >= 1
    assert found["assert-dropped"] == 1


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("wanted + 1", "wanted + 17", "literal-changed"),
        ("width * height", "width - height", "operator-changed"),
        ("        assert width > 0\n", "", "assert-dropped"),
        ('        """Doc."""\n', "", "docstring-dropped"),
        ("self.config.patch", "patch", "method-to-function"),
        ("self.seen = self.seen + 1", "self.seen += 1", "augmented-assignment"),
        ('        self.log.info("choosing for %d", wanted)\n', "", "deleted"),
        ("        return best, area", "        self.done.append(best)\n        return best, area", "inserted"),
        ("if wanted % rows == 0:", "if not wanted % rows != 0:", "negation"),
    ],
)
def test_edit_is_named(old: str, new: str, kind: str) -> None:
    result = changed(old, new)
    assert edits(result).get(kind, 0) >= 1
    assert result.similarity > 0.8


def test_moved_statement() -> None:
    line = '        self.log.info("choosing for %d", wanted)\n'
    moved = LONG.replace(line, "").replace("        self.seen", line + "        self.seen")
    result = align(statements(LONG), statements(moved))
    assert edits(result)["moved"] == 1
    assert result.similarity > 0.97


def test_repository_map_lifts() -> None:
    left = statements("def f(a, b):\n    c = g(a)\n    h(c, b, c)\n    return b")
    right = statements("def f(q, r):\n    s = g(r)\n    h(s, q, s)\n    return q")
    assert align(left, right, lifted={"a": "r", "b": "q", "c": "s"}).similarity >= align(left, right).similarity


def test_long_fragments_are_bounded() -> None:
    rng = random.Random(3)
    calls = [f"call{rng.randrange(50)}(v{n - 1}, {rng.randrange(9)})" for n in range(2500)]
    lines = [f"    v{n} = {call}\n    use(v{n}, v{n})\n" for n, call in enumerate(calls)]
    left = statements("def f(v):\n" + "".join(lines))
    right = statements("def f(v):\n" + "".join(lines[:1000] + lines[1200:]).replace("v7", "w7"))
    assert len(left) > 5000
    started = time.perf_counter()
    result = align(left, right)
    assert time.perf_counter() - started < 6
    assert result.containment > 0.9


def fragment(side: str, path: str, lines: list[int]) -> tuple[Statement, ...]:
    text = (CONDENSED / side / path).read_text(encoding="utf-8").splitlines(keepends=True)
    return statements("".join(text[lines[0] - 1 : lines[1]]), lines[0])


def covered(wanted: list[tuple[int, int]], found: list[tuple[int, int]]) -> float:
    want = {line for start, end in wanted for line in range(start, end + 1)}
    have = {line for start, end in found for line in range(start, end + 1)}
    return len(want & have) / len(want | have)


def test_condensed_pairs_are_found_and_described() -> None:
    with (CONDENSED / "expected.toml").open("rb") as file:
        expected = tomllib.load(file)
    pairs = expected["pairs"]
    lefts = [fragment(expected["left"], pair["left"], pair["left_lines"]) for pair in pairs]
    rights = [fragment(expected["right"], pair["right"], pair["right_lines"]) for pair in pairs]
    first = regions = renames = 0
    for place, pair in enumerate(pairs):
        results = [align(lefts[place], right) for right in rights]
        mine = results[place]
        first += mine.similarity == max(result.similarity for result in results)
        regions += (
            covered([tuple(one["right"]) for one in pair["regions"]], [one.right for one in mine.regions]) >= 0.5
            and covered([tuple(one["left"]) for one in pair["regions"]], [one.left for one in mine.regions]) >= 0.4
        )
        wanted = {(one["left"], one["right"]) for one in pair["renames"]}
        renames += 2 * len(wanted & {(one.left, one.right) for one in mine.renames}) >= len(wanted)
    assert len(pairs) >= 20
    assert first >= 0.85 * len(pairs)
    assert regions >= 0.85 * len(pairs)
    assert renames >= 0.85 * len(pairs)


def test_unrelated_functions_share_little() -> None:
    import argparse
    import shutil
    import statistics
    import tarfile

    functions: list[tuple[str, tuple[Statement, ...]]] = []
    for module in (argparse, shutil, statistics, tarfile):
        source = inspect.getsource(module)
        lines = source.splitlines(keepends=True)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and 10 <= (node.end_lineno or 0) - node.lineno <= 50:
                functions.append((module.__name__, statements("".join(lines[node.lineno - 1 : node.end_lineno]))))
    rng = random.Random(5)
    chosen = (rng.sample(functions, 2) for _ in range(600))
    scores = sorted(align(a, b).similarity for (one, a), (other, b) in chosen if one != other)
    assert len(scores) > 200
    assert scores[int(len(scores) * 0.95)] < 0.2
    assert scores[-1] < 0.45


@pytest.mark.parametrize("lifted", [{}, {"choose": "pick", "wanted": "n", "width": "h"}])
def test_left_and_right_change_places(lifted: dict[str, str]) -> None:
    there = align(statements(LONG), statements(SHORT), lifted=lifted)
    back = align(statements(SHORT), statements(LONG), lifted={b: a for a, b in lifted.items()})
    assert len(there.pairs) >= 2 and mirrored(there) == back

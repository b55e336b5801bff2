"""The ground truth of the fixtures names things that exist, and the clone types are what they say."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
VLM = FIXTURES / "vlm"
CASES = sorted(path.name for path in (FIXTURES / "clones").iterdir())


def expected(directory: Path) -> dict:
    return tomllib.loads((directory / "expected.toml").read_text(encoding="utf-8"))


def source(path: Path, cell: int | None = None) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    assert cell is not None
    lines = "".join(json.loads(text)["cells"][cell - 1]["source"]).split("\n")
    return "\n".join("pass" if line.startswith(("%", "!")) else line for line in lines)


def definitions(body: list[ast.stmt], prefix: str = ""):
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield prefix + node.name, node
            yield from definitions(node.body, f"{prefix}{node.name}.")


def bare(node: ast.AST) -> ast.AST:
    """The node without docstrings."""
    tree = ast.parse(ast.unparse(node))
    for inner in ast.walk(tree):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner, clean=False) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return tree


def blind(node: ast.AST) -> str:
    for inner in ast.walk(node):
        for name in ("id", "attr", "arg", "name"):
            if isinstance(getattr(inner, name, None), str):
                setattr(inner, name, "_")
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str | int | float):
            inner.value = 0
    return ast.dump(node)


def clone_type(left: ast.AST, right: ast.AST) -> int:
    a, b = bare(left), bare(right)
    if ast.dump(a) == ast.dump(b):
        return 1
    return 2 if blind(a) == blind(b) else 3


def test_every_planted_copy_exists_and_has_its_type() -> None:
    truth = expected(VLM)
    for pair in truth["pairs"]:
        left = source(VLM / "original" / pair["left"], pair.get("left_cell"))
        right = source(VLM / "copy" / pair["right"], pair.get("right_cell"))
        lefts, rights = (dict(definitions(ast.parse(text).body)) for text in (left, right))
        found = clone_type(lefts[pair["left_name"]], rights[pair["right_name"]])
        assert found == pair["type"], pair
    assert len(truth["pairs"]) >= 150
    assert sum("statement-changed" in pair.get("edits", ()) for pair in truth["pairs"]) == 2


def test_every_definition_of_the_copy_is_listed_or_its_own() -> None:
    truth = expected(VLM)
    listed = {(pair["right"], pair["right_name"]) for pair in truth["pairs"]}
    for path in (VLM / "copy").rglob("*.py"):
        name = path.relative_to(VLM / "copy").as_posix()
        if name in truth["own"]["files"]:
            continue
        for qualified, _ in definitions(ast.parse(path.read_text(encoding="utf-8")).body):
            assert (name, qualified) in listed


def test_renamed_names_are_on_their_sides() -> None:
    texts = {
        side: "\n".join(
            p.as_posix() + p.read_text(encoding="utf-8") for p in sorted((VLM / side).rglob("*.*")) if p.is_file()
        )
        for side in ("original", "copy")
    }
    for rename in expected(VLM)["renames"]:
        assert rename["left"] in texts["original"], rename
        assert rename["right"] in texts["copy"], rename


@pytest.mark.parametrize("case", CASES)
def test_clone_cases_hold_what_they_say(case: str) -> None:
    directory = FIXTURES / "clones" / case
    truth = expected(directory)
    assert bool(truth["pairs"]) == (case != "none")
    for pair in truth["pairs"]:
        parts = []
        for side in ("left", "right"):
            start, end = pair[f"{side}_lines"]
            lines = source(directory / side / pair[side], pair.get(f"{side}_cell")).split("\n")[start - 1 : end]
            text = "\n".join(lines)
            if case == "regions":
                text = "if True:\n" + text
            parts.append(ast.parse(text))
            if f"{side}_name" in pair and case != "regions":
                assert [node.name for node in parts[-1].body if hasattr(node, "name")] == [pair[f"{side}_name"]]
        assert clone_type(*parts) == pair["type"], pair
    for rename in truth.get("renames", ()):
        for side in ("left", "right"):
            assert any(rename[side] in p.read_text(encoding="utf-8") for p in (directory / side).rglob("*.*"))


@pytest.mark.parametrize(
    ("fixture", "functions_least", "kinds", "distractors"), [("condensed", 24, 16, 24), ("condensed_jobs", 16, 14, 4)]
)
def test_condensed_regions_lie_in_their_functions(
    fixture: str, functions_least: int, kinds: int, distractors: int
) -> None:
    directory = FIXTURES / fixture
    truth = expected(directory)
    sides = {"left": directory / truth["left"], "right": directory / truth["right"]}
    functions: dict[str, dict[tuple[str, str], ast.AST]] = {}
    for side, root in sides.items():
        functions[side] = {
            (path.relative_to(root).as_posix(), name): node
            for path in root.rglob("*.py")
            for name, node in definitions(ast.parse(path.read_text(encoding="utf-8")).body)
        }
    edits = set()
    for pair in truth["pairs"]:
        edits.update(pair["edits"])
        for side in ("left", "right"):
            node = functions[side][pair[side], pair[f"{side}_name"]]
            assert [node.lineno, node.end_lineno] == pair[f"{side}_lines"]
            names = {getattr(inner, field, None) for inner in ast.walk(node) for field in ("id", "arg", "attr", "name")}
            for rename in pair["renames"]:
                assert rename[side] in names, (pair["left_name"], rename)
            for region in pair["regions"]:
                assert node.lineno <= region[side][0] <= region[side][1] <= node.end_lineno
    assert len({(pair["left"], pair["left_name"]) for pair in truth["pairs"]}) >= functions_least
    assert len(edits) == kinds, "the kinds of edits of the design are used"
    for side in ("left", "right"):
        assert len(truth["distractors"][side]) >= distractors
        copies = {(pair[side], pair[f"{side}_name"]) for pair in truth["pairs"]}
        for path, name in truth["distractors"][side]:
            assert (path, name) in functions[side] and (path, name) not in copies

"""The laundering tool keeps meaning and tells the truth about lines; the measuring rules count as they say."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import copied_from
import launder
import pytest
import truth as truth_module
from truth import Definition, Match, Place, Truth, flagged, recall, report_matches

SOURCE = {
    "shop/__init__.py": "from .stock import Shelf, total\n",
    "shop/stock.py": '''"""Stock."""
import math
from .rules import clamp, LIMIT


def total(prices, tax=0.2, *, rounded=True):
    """Sum."""
    # every price
    amount = 0
    for price in prices:
        if price is None or price < 0:
            continue
        amount += 1
        amount = amount + price * (1 + tax) - 1
    if rounded:
        result = math.floor(amount)
    else:
        result = amount
    return result


def names(items, prefix="n"):
    found = []
    for item in items:
        if item and len(item) > 2:
            found.append(f"{prefix}:{item!r:>8}")
    table = {key: len(key) for key in found if not (key.endswith("x") and key.startswith("y"))}
    return found, table


class Shelf:
    """A shelf."""

    def __init__(self, size, label="s"):
        self.size = size
        self.label = label
        self.content = []

    def put(self, thing, count=1):
        low, high = 0, self.size
        if low <= count < high and isinstance(thing, (str, bytes)):
            self.content = self.content + [thing] * count
            return True
        return False

    def _room(self, spare):
        used = len(self.content)
        free = self.size - used - spare
        return free if free > 0 else 0

    def state(self):
        left = self._room(1)
        text = "full" if left == 0 else "open"
        half = int(left / 2)
        for _ in range(2):
            if half:
                half -= 1
        answer = (self.label, text, clamp(half), left)
        return answer


class Rack(Shelf):
    def state(self):
        base = super().state()
        return (*base, LIMIT)
''',
    "shop/rules.py": """LIMIT = 7


def _twice(value):
    return value * 2


def clamp(number):
    assert number is not None
    doubled = _twice(number)
    if doubled > LIMIT:
        return LIMIT
    elif doubled < 0:
        return 0
    else:
        return doubled
""",
}
PROBE = """
def probe(total, names, Shelf, Rack, put, state, clamp):
    out = [total([1.5, None, 2, -4, 30]), total([3.25], 0.5), names(["ab", "", "abcx", "yyyx"])]
    for kind in (Shelf, Rack):
        one = kind(9, "q")
        out += [getattr(one, put)("a", 3), getattr(one, put)(5, 1), getattr(one, put)("b", 20), getattr(one, state)()]
    return out + [clamp(v) for v in (-3, 0, 2, 50)]
"""


def load(files: dict[str, str]) -> dict[str, object]:
    """The names of all files in one namespace: statements run as soon as the names they need are there, so that import
    cycles of moved definitions do not matter."""
    space: dict[str, object] = {"__name__": "shop"}
    waiting = [node for path in sorted(files) for node in ast.parse(files[path]).body]
    waiting = [node for node in waiting if not (isinstance(node, ast.ImportFrom) and node.level)]
    for _ in range(20):
        late = []
        for node in waiting:
            try:
                exec(compile(ast.Module([node], []), "shop", "exec"), space)  # noqa: S102 - this file's own text
            except NameError:
                late.append(node)
        waiting = late
    assert not waiting
    return space


def outcome(names: dict[str, object], called: dict[str, str]) -> object:
    space: dict = {}
    exec(PROBE, space)  # noqa: S102 - the text above
    objects = {n: names[called[n]] for n in ("total", "names", "Shelf", "Rack", "clamp")}
    return space["probe"](**objects, put=called["put"], state=called["state"])


@pytest.mark.parametrize("level", launder.LEVELS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_laundered_code_does_what_the_original_does(level: str, seed: int) -> None:
    files, rows = launder.launder(SOURCE, level, seed, "shop", cut=False, rate=0.9)
    called = {row.left.name.split(".")[-1]: row.right.name.split(".")[-1] for row in rows if row.right}
    expected = outcome(load(SOURCE), {name: name for name in called})
    assert outcome(load(files), called) == expected


@pytest.mark.parametrize("level", launder.LEVELS)
def test_truth_lines_hold_the_definition_they_name(level: str) -> None:
    files, rows = launder.launder(SOURCE, level, 5, "shop")
    assert sum(row.right is not None for row in rows) >= len(rows) - 1  # an inlined helper may go
    for row in rows:
        if row.right is not None:
            text = "\n".join(files[row.right.path].splitlines()[row.right.start_line - 1 : row.right.end_line])
            node = ast.parse(textwrap.dedent(text)).body[0]
            assert node.name == row.right.name.split(".")[-1]
        left = SOURCE[row.left.path].splitlines()[row.left.start_line - 1]
        assert row.left.name.split(".")[-1] in left


def test_levels_change_what_they_say() -> None:
    one = launder.launder(SOURCE, "1", 1, "shop")[0]["shop/stock.py"]
    assert "every price" not in one and "Sum." not in one and "def total(prices" in one
    two = launder.launder(SOURCE, "2", 1, "shop")[0]["shop/stock.py"]
    assert "total" not in two and "math.floor" in two and "__init__" in two
    four = launder.launder(SOURCE, "4", 1, "shop")[1]
    assert any(row.left.path != row.right.path for row in four if row.right)
    six = launder.launder(SOURCE, "6", 1, "shop")[0]
    assert sum(map(len, six.values())) > sum(map(len, launder.launder(SOURCE, "4", 1, "shop")[0].values()))


def test_equal_seed_gives_equal_bytes_and_unknown_level_is_refused() -> None:
    assert launder.launder(SOURCE, "6", 4, "shop") == launder.launder(SOURCE, "6", 4, "shop")
    assert launder.launder(SOURCE, "6", 4, "shop") != launder.launder(SOURCE, "6", 5, "shop")
    with pytest.raises(ValueError, match="level must be one of"):
        launder.launder(SOURCE, "7", 1, "shop")


def place(path: str, start: int, end: int, lines: int = 8) -> Place:
    return Place(path, "f", "function", start, end, lines)


def report(**pair: object) -> dict:
    fragment = {"name": "f", "kind": "function"}
    base = {
        "e_value": 1e-5, "explained_by": None, "regions": [],
        "left": {"path": "a.py", "start_line": 1, "end_line": 10, **fragment},
        "right": {"path": "b.py", "start_line": 21, "end_line": 30, **fragment},
        "renames": [],
    }  # fmt: skip
    return {"clone_pairs": [{**base, **pair}], "clone_classes": [], "rename_map": []}


def test_a_definition_is_found_when_both_sides_are_covered() -> None:
    truth = Truth("t", "x", 0, (Definition(place("a.py", 1, 10), place("b.py", 21, 30)),))
    assert recall(truth, report_matches(report())) == (1, 1)
    assert recall(truth, report_matches(report(regions=[{"left": [1, 4], "right": [21, 30]}]))) == (0, 1)
    assert recall(
        truth,
        report_matches(report(regions=[{"left": [1, 4], "right": [21, 24]}, {"left": [7, 10], "right": [27, 30]}])),
    ) == (1, 1)
    assert recall(truth, report_matches(report(e_value=0.5), max_e=0.01)) == (0, 1)
    assert recall(truth, report_matches(report(explained_by="ancestor"), max_e=0.01)) == (0, 1)
    elsewhere = Truth("t", "x", 0, (Definition(place("a.py", 1, 10), place("c.py", 21, 30)),))
    assert recall(elsewhere, report_matches(report())) == (0, 1)


def test_classes_count_as_all_their_pairs_and_lines_are_flagged_once() -> None:
    fragments = [
        {"side": side, "path": path, "start_line": 1, "end_line": 10, "name": "f", "kind": "function"}
        for side, path in (("left", "a.py"), ("left", "b.py"), ("right", "c.py"))
    ]
    data = {"clone_pairs": [], "clone_classes": [{"id": "c", "fragments": fragments}]}
    matches = report_matches(data)
    assert {(m.left_path, m.right_path) for m in matches} == {("a.py", "c.py"), ("b.py", "c.py")}
    assert (flagged(matches, "left"), flagged(matches, "right")) == (20, 10)
    assert report_matches(data, max_e=0.01) == []
    assert flagged([Match("a", (1, 5), "b", (1, 5)), Match("a", (4, 8), "b", (1, 5))], "left") == 8


def test_code_lines_leave_out_blank_lines_comments_and_docstrings() -> None:
    assert truth_module.code_lines(
        '"""Doc."""\n\nx = 1  # one\n# two\ndef f():\n    """D\n    d"""\n    return 2\n'
    ) == [3, 5, 8]


def test_copied_from_labels_become_truth_and_renames_are_looked_for(tmp_path: Path) -> None:
    body = "class {0}Layer:\n    def run(self, x):\n        y = {0}Norm(x)\n        return y + 1\n"
    names = [f"m{i}" for i in range(20)]
    one = next(n for n in names if copied_from.half(n) == "a")
    two = next(n for n in names if copied_from.half(n) == "b")
    models = tmp_path / "pkg" / "models"
    for name, text in (
        (one, body.format("Bert")),
        (two, f"# Copied from transformers.models.{one}.code.BertLayer with Bert->Sage\n" + body.format("Sage")),
    ):
        (models / name).mkdir(parents=True)
        (models / name / "code.py").write_text(text)
    copied_from.build(tmp_path / "pkg", tmp_path / "out")
    truth = truth_module.read_truth(tmp_path / "out" / "truth.json")
    assert [(r.left.path, r.left.name, r.right.name, r.renames) for r in truth.definitions] == [
        (f"{one}/code.py", "BertLayer", "SageLayer", (("Bert", "Sage"),))
    ]
    assert "Copied" not in (tmp_path / "out" / "b" / two / "code.py").read_text()
    spans = {
        "left": {"path": f"{one}/code.py", "start_line": 1, "end_line": 4, "name": "BertLayer", "kind": "class"},
        "right": {"path": f"{two}/code.py", "start_line": 2, "end_line": 5, "name": "SageLayer", "kind": "class"},
    }
    found = copied_from.check(truth, report(**spans, renames=[{"left": "BertNorm", "right": "SageNorm"}]))
    assert (found["pairs_found"], found["renames_found"]) == (1.0, 1.0)
    assert copied_from.check(truth, report(**spans))["renames_found"] == 0.0

"""Every planted mark of the fixture pair is found by a general rule and shown; unrelated projects show none."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from clonedetect import Options, scan
from clonedetect.domain import Comparison
from clonedetect.domain.left_behind import LeftBehindFinding, Mark
from clonedetect.report import FORMATS
from clonedetect.report.text import to_text

ROOT = Path(__file__).parents[2]
PLANTED = tomllib.loads((ROOT / "fixtures" / "vlm" / "planted.toml").read_text("utf-8"))["planted"]
KINDS = {
    "dangling-auto-map": "dangling-reference",
    "dangling-import": "dangling-import",
    "unused-import": "unused-import",
    "special-tokens": "token",
    "old-name-in-message": "text",
    "comment": "text",
    "misspelling": "misspelling",
    "deleted-test": "name",
}
OPTIONS = Options(jobs=1, cache=False, times=False)


@pytest.fixture(scope="module")
def pair(vlm: Path) -> tuple[Comparison, Comparison]:
    sides = vlm / "original", vlm / "copy"
    return scan(*sides, options=OPTIONS), scan(*reversed(sides), options=OPTIONS)


def finding(comparison: Comparison) -> LeftBehindFinding:
    assert comparison.findings.left_behind is not None
    return comparison.findings.left_behind


def says(mark: Mark, value: str) -> bool:
    value = value.lstrip("# ")
    return value == mark.term or value in mark.term or value.split("{")[0].strip() in mark.term or (
        mark.term == f"typing:{value}"
    )  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [e for e in PLANTED if e["kind"] in KINDS],
    ids=lambda e: f"{e['kind']}-{e.get('right')}-{e['values'][0][:20]}",
)
def test_each_planted_mark_is_found_at_its_place(pair: tuple[Comparison, Comparison], entry: dict) -> None:
    marks = finding(pair[0]).marks
    for value in entry["values"]:
        hits = [m for m in marks if says(m, value) and m.right is not None and m.right.path == entry["right"]]
        if entry["kind"] != "deleted-test":
            hits = [mark for mark in hits if mark.kind == KINDS[entry["kind"]]]
        assert hits, value
        for mark in hits:
            assert mark.right is not None and mark.right.blob and mark.right.commit and mark.right.line >= 1
            if "left" in entry:
                assert mark.left is not None and (mark.left.path == entry["left"] or mark.kind in ("text", "token"))
        assert all(m.right is not None and m.right.gone for m in hits) == (entry["kind"] == "deleted-test")


def test_marks_point_at_their_lines(pair: tuple[Comparison, Comparison]) -> None:
    fixtures = {"left": ROOT / "fixtures" / "vlm" / "original", "right": ROOT / "fixtures" / "vlm" / "copy"}
    seen = 0
    for mark in finding(pair[0]).marks:
        for side, place in (("left", mark.left), ("right", mark.right)):
            if place is None or place.gone or place.path.endswith(".ipynb") or mark.kind == "name":
                continue
            line = (fixtures[side] / place.path).read_text("utf-8").split("\n")[place.line - 1]
            probe = mark.term.split(":")[-1] if mark.kind == "unused-import" else max(mark.term.split("{}"), key=len)
            assert probe.strip().lower().split(".")[-1] in line.lower() or mark.kind.startswith(("dangling", "project"))
            seen += 1
    assert seen > 40


@pytest.mark.parametrize("format", ["text", "md", "json", "html"])
def test_each_planted_mark_is_shown(pair: tuple[Comparison, Comparison], format: str) -> None:
    shown = to_text(pair[0], 260) if format == "text" else FORMATS[format](pair[0])
    shown = shown.replace("\\", "").replace("&#95;", "_")
    for value in ("heron.decoder", "configuration_heron.HeronConfig", "recieved", "HERON_MARKS", "functools", "v0.4.0"):
        assert value in shown, value
    if format == "json":
        report = json.loads(FORMATS[format](pair[0]))
        assert len(report["left_behind"]["marks"]) == len(finding(pair[0]).marks)


def test_evidence_states_its_null(pair: tuple[Comparison, Comparison]) -> None:
    evidence = [e for e in pair[0].evidence if e.channel == "left_behind"]
    assert {"weak", "moderate", "strong"} == {e.strength for e in evidence}
    for each in evidence:
        assert each.p_value is not None and 0 <= each.p_value <= 1
        assert each.null_hypothesis and each.limits and each.exhibits


def test_the_mirror_swaps_sides(pair: tuple[Comparison, Comparison]) -> None:
    swap = {"left": "right", "right": "left", "both": "both"}
    one, other = finding(pair[0]), finding(pair[1])
    assert {(m.kind, m.term, m.side, m.left, m.right) for m in one.marks} == {
        (m.kind, m.term, swap[m.side], m.right, m.left) for m in other.marks
    }
    assert {(c.kind, c.side, c.count, c.p_value) for c in one.counts} == {
        (c.kind, swap[c.side], c.count, c.p_value) for c in other.counts
    }
    assert one.looked == other.looked[::-1]


def test_the_unrelated_one_shows_nothing(vlm: Path) -> None:
    for side in ("original", "copy"):
        found = scan(vlm / side, vlm / "unrelated", options=OPTIONS)
        assert finding(found).marks == ()
        assert not [e for e in found.evidence if e.channel == "left_behind"]

"""`clonedetect predictions` and the predictions of `clonedetect scan`."""

from __future__ import annotations

import json

import pytest

KEYS = {
    "items", "errors", "identical_wrong", "exact_match", "kappa", "p_value", "adjusted_for_difficulty", "controls",
    "strength",
}  # fmt: skip


@pytest.fixture
def answers(tmp_path):
    made = []
    for name, wrong in (("left", range(30)), ("right", range(5, 33)), ("other", range(0, 90, 3))):
        rows = [{"id": n, "gold": "a", "pred": "b" if n in wrong else "a"} for n in range(100)]
        made.append(tmp_path / f"{name}.jsonl")
        made[-1].write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return made


def test_json_is_the_channels_object_under_its_key(clonedetect, answers):
    done = clonedetect("predictions", *answers[:2], "--control", answers[2], "--format", "json")
    found = json.loads(done.stdout)
    assert set(found) == {"predictions"} and set(found["predictions"]) >= KEYS
    assert found["predictions"]["errors"] == {"left": 30, "right": 28, "shared": 25}
    assert found["predictions"]["adjusted_for_difficulty"] is True
    assert [c["name"] for c in found["predictions"]["controls"]] == ["other.jsonl"]


@pytest.mark.parametrize("format", ["text", "md"])
def test_without_controls_it_says_so(clonedetect, answers, format):
    done = clonedetect("predictions", *answers[:2], "--format", format)
    assert done.returncode == 0
    assert "not adjusted for difficulty" in " ".join(done.stdout.split())


def test_errors_are_one_line(clonedetect, answers, tmp_path):
    for words in ((answers[0], tmp_path / "absent"), (*answers[:2], "--gold", tmp_path / "absent")):
        done = clonedetect("predictions", *words)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and "absent" in done.stderr


def test_scan_reports_them(clonedetect, answers, tmp_path, write):
    for side in ("a", "b"):
        write(tmp_path / side, {"m.py": "x = 1\n"})
    sides = ["scan", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "out"]
    done = clonedetect(*sides, "--left-predictions", answers[0], "--right-predictions", answers[1])
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["predictions"]["errors"]["shared"] == 25
    assert any(e["channel"] == "predictions" and "not adjusted" in e["limits"] for e in report["evidence"])
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Errors of both sides" in page and page.count("<svg") >= 1
    assert clonedetect(*sides, "--left-predictions", answers[0]).returncode == 2
    assert clonedetect(*sides, "--left-predictions", answers[0], "--right-predictions", "absent").returncode == 1

"""The table of what strengths mean is one: in the code, in the documentation and in the report."""

from __future__ import annotations

import sys
from pathlib import Path

from clonedetect.domain import STRENGTHS
from clonedetect.domain.calibration import CALIBRATION, DERIVED, UNRELATED

ROOT = Path(__file__).resolve().parents[2]


def test_counts_add_up_and_name_every_strength():
    assert tuple(row.strength for row in CALIBRATION) == STRENGTHS
    assert sum(row.unrelated for row in CALIBRATION) == UNRELATED
    assert sum(row.derived for row in CALIBRATION) == DERIVED


def test_the_page_shows_the_table():
    page = (ROOT / "docs" / "strengths.md").read_text("utf-8")
    assert f"| of {UNRELATED} unrelated pairs | of {DERIVED} real derivations |" in page
    for row in CALIBRATION:
        assert f"| {row.strength} | {row.meaning} | {row.unrelated} | {row.derived} |\n" in page


def test_the_report_shows_the_table(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "report"))
    from sample import sample

    from clonedetect.report.html import to_html

    page = to_html(sample())
    for row in CALIBRATION:
        assert f"{row.strength}</span></td><td>{row.meaning}</td>" in page
    sys.modules.pop("sample", None)

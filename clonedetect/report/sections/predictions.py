"""Predictions: errors and how they overlap."""

from __future__ import annotations

from typing import Final

from clonedetect.domain.predictions import PredictionsFinding
from clonedetect.report import wording
from clonedetect.report.sections.layout import Column, Figure, Section, Table

_WIDTH: Final = 500.0  # of the longest bar, in the figure's units
_LEFT: Final = 30.0


def section(finding: PredictionsFinding) -> Section:
    """What a `PredictionsFinding` shows."""
    errors = finding.errors
    adjusted = finding.adjusted_for_difficulty
    used = sum(control.used for control in finding.controls)
    first = (
        f"{wording.counted(finding.items, 'item')} compared. The left is wrong on {errors.left:,}, the right on "
        f"{errors.right:,}, both on {errors.shared:,}; on {finding.identical_wrong:,} both give the same wrong answer. "
    )
    first += (
        f"At the difficulty shown by {wording.counted(used, 'control model')}, {finding.expected or 0:,.1f} shared "
        "errors are expected."
        if adjusted
        else f"If all items were equally hard, {finding.expected_flat:,.1f} shared errors would be expected: "
        "not adjusted for difficulty, since no control model was given that can serve."
    )
    return Section(
        title="Predictions",
        paragraphs=(first, *(note[:1].upper() + note[1:] + "." for note in finding.notes)),
        tables=(_figures(finding), _controls(finding)),
        figures=(_overlap(finding),),
    )


def _figures(finding: PredictionsFinding) -> Table:
    null = "items of equal difficulty, by the controls" if finding.adjusted_for_difficulty else "all items equally hard"
    rows = [("shared errors", f"{finding.errors.shared:,}", wording.figure(finding.p_value), null)]
    if finding.identical_wrong_expected is not None:
        expected = f"{finding.identical_wrong_expected:,.1f} expected"
        rows.append(
            ("identical wrong answers", f"{finding.identical_wrong:,}", wording.figure(finding.identical_wrong_p_value),
             f"wrong answers as alike as with a control, {expected}" if finding.adjusted_for_difficulty
             else f"wrong answers fall at random, {expected}")
        )  # fmt: skip
    if finding.kappa is not None:
        interval = finding.kappa_interval or (finding.kappa, finding.kappa)
        units = f"{finding.groups:,} groups" if finding.groups else "items"
        rows.append(
            ("kappa (error consistency)", f"{finding.kappa:.3f}", "–",
             f"0 by chance; 95 % interval {interval[0]:.3f} to {interval[1]:.3f} over {units}")
        )  # fmt: skip
    if finding.capa is not None:
        rows.append(
            ("chance-adjusted agreement (Goel et al.)", f"{finding.capa:.3f}", "–",
             f"0 by chance at {finding.options:g} options")
        )  # fmt: skip
    test = finding.mcnemar
    only = f"{test.left_only:,} : {test.right_only:,}"
    rows.append(("wrong on one side only (McNemar)", only, wording.figure(test.p_value), "equally likely on both"))
    rows.append(("equal answers", wording.percent(finding.exact_match), "–", ""))
    columns = (Column("figure"), Column("value", "number"), Column("p", "number"), Column("null"))
    return Table("Figures", columns, tuple(rows))


def _controls(finding: PredictionsFinding) -> Table:
    columns = (
        Column("control"), Column("items", "number"), Column("errors", "number"), Column("shared with left", "number"),
        Column("shared with right", "number"), Column("used"),
    )  # fmt: skip
    rows = tuple(
        (c.name, f"{c.items:,}", f"{c.errors:,}", f"{c.shared_left:,}", f"{c.shared_right:,}",
         "yes" if c.used else f"no: {c.reason}")
        for c in finding.controls
    )  # fmt: skip
    return Table("Control models", columns, rows)


def _overlap(finding: PredictionsFinding) -> Figure:
    """Left and right errors as two bars that lie over each other as far as they are shared, above what is expected."""
    errors = finding.errors
    expected = finding.expected if finding.expected is not None else finding.expected_flat
    how = "expected at equal difficulty" if finding.adjusted_for_difficulty else "expected at flat difficulty"
    whole = errors.left + errors.right - min(errors.shared, expected)
    scale = _WIDTH / whole if whole else 0.0
    marks = [_bars("observed", errors.left, errors.right, float(errors.shared), 18, scale)]
    marks.append(_bars(how, errors.left, errors.right, expected, 98, scale))
    words = (
        f"{errors.left} errors of the left, {errors.right} of the right, {errors.shared} shared; "
        f"{expected:.1f} shared {how}"
    )
    return Figure(
        title="Errors of both sides",
        caption="how far the two bars lie over each other is the number of shared errors",
        words=words,
        svg=f'<svg viewBox="0 0 560 172">{"".join(marks)}</svg>',
    )


def _bars(name: str, left: int, right: int, shared: float, top: int, scale: float) -> str:
    begin = _LEFT + (left - shared) * scale
    shown = f"{shared:,.0f}" if shared == int(shared) else f"{shared:,.1f}"
    middle = begin + shared * scale / 2
    return (
        f'<text class="soft" x="{_LEFT:g}" y="{top}">{name}: left {left:,}, right {right:,}, shared {shown}</text>'
        f'<rect class="bar" x="{_LEFT:g}" y="{top + 8}" width="{left * scale:.1f}" height="20" rx="1"></rect>'
        f'<rect class="bar" x="{begin:.1f}" y="{top + 30}" width="{right * scale:.1f}" height="20" rx="1"></rect>'
        f'<rect class="bar2" x="{begin:.1f}" y="{top + 5}" width="{shared * scale:.1f}" height="48"></rect>'
        f'<text class="soft" x="{middle:.1f}" y="{top + 66}" text-anchor="middle">{shown}</text>'
    )

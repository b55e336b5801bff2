"""What shared errors and identical wrong answers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence, Strength

if TYPE_CHECKING:
    from clonedetect.domain.predictions import PredictionsFinding

UNADJUSTED = "not adjusted for difficulty"
LEAST_ERRORS = 10  # of each side; fewer say nothing
WEAK_P = 0.01
# (p, share of the smaller side's errors shared beyond what is expected) that a strength takes, with controls. The
# share keeps a large number of items from making a small difference between models look like evidence.
_RULES: tuple[tuple[Strength, float, float], ...] = (("strong", 1e-6, 0.5), ("moderate", 1e-4, 0.25))


def overlap_strength(finding: PredictionsFinding) -> Strength:
    """What the shared errors come to; never above weak where no control says how hard the items are."""
    if finding.p_value is None or min(finding.errors.left, finding.errors.right) < LEAST_ERRORS:
        return "none"
    return _strength(finding.p_value, finding.excess or 0.0, finding.adjusted_for_difficulty)


def identical_strength(finding: PredictionsFinding) -> Strength:
    """What the identical wrong answers come to; never above weak without controls: some wrong answers tempt all."""
    expected, p_value = finding.identical_wrong_expected, finding.identical_wrong_p_value
    if expected is None or p_value is None or finding.identical_wrong < LEAST_ERRORS:
        return "none"
    room = finding.errors.shared - expected
    excess = (finding.identical_wrong - expected) / room if room > 0 else 0.0
    return _strength(p_value, excess, finding.adjusted_for_difficulty)


def _strength(p_value: float, excess: float, adjusted: bool) -> Strength:
    if adjusted:
        for strength, most, least in _RULES:
            if p_value <= most and excess >= least:
                return strength
    return "weak" if p_value <= WEAK_P and excess > 0 else "none"


def predictions_strength(finding: PredictionsFinding) -> Strength:
    """The stronger of the two."""
    order: tuple[Strength, ...] = ("none", "weak", "moderate", "strong", "decisive")
    return max(overlap_strength(finding), identical_strength(finding), key=order.index)


def predictions_evidence(finding: PredictionsFinding) -> tuple[Evidence, ...]:
    """Evidence of the channel `predictions`: shared errors, and identical wrong answers with a null of their own."""
    errors, used = finding.errors, [c.name for c in finding.controls if c.used]
    if finding.adjusted_for_difficulty:
        null = f"independent models on items as hard as {len(used)} control models find them"
        expected, how = finding.expected or 0.0, "at equal item difficulty"
        limits = "Controls of another kind than the two models understate what independent models share."
    else:
        null = "independent models, all items equally hard"
        expected, how = finding.expected_flat, f"by chance, {UNADJUSTED}"
        limits = f"Shared errors are {UNADJUSTED}: independent models also fail on the same hard items."
    limits = " ".join((limits, *(note[0].upper() + note[1:] + "." for note in finding.notes)))
    out = [
        Evidence(
            channel="predictions",
            claim=(
                f"Of {finding.items:,} items the left gets {errors.left:,} wrong and the right {errors.right:,}, "
                f"{errors.shared:,} of them both; {expected:,.1f} are expected {how}."
            ),
            strength=overlap_strength(finding),
            statistic="shared errors",
            value=float(errors.shared),
            null_hypothesis=null,
            p_value=finding.p_value,
            exhibits=tuple(used),
            limits=limits,
        )
    ]
    if finding.identical_wrong and finding.identical_wrong_p_value is not None:
        by = "a control gives the same wrong answer" if used else f"wrong answers fall at random, {UNADJUSTED}"
        out.append(
            Evidence(
                channel="predictions",
                claim=(
                    f"{finding.identical_wrong:,} of the {errors.shared:,} shared errors are the same wrong answer; "
                    f"{finding.identical_wrong_expected or 0.0:,.1f} are expected."
                ),
                strength=identical_strength(finding),
                statistic="identical wrong answers",
                value=float(finding.identical_wrong),
                null_hypothesis=f"independent models: {by}",
                p_value=finding.identical_wrong_p_value,
                exhibits=tuple(used),
                limits="Some wrong answers tempt every model; a shared training set makes answers alike too.",
            )
        )
    return tuple(out)

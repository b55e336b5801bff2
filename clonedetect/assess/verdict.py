"""What all the evidence comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.assess.source import SIGNIFICANT
from clonedetect.domain import Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import ClonePair, Evidence, SideSummary
    from clonedetect.domain.history import HistoryFinding

MOSTLY = 0.9  # share of the pairs beyond chance that an ancestor must explain to be the relation
ORDER: tuple[Strength, ...] = ("none", "weak", "moderate", "strong", "decisive")


def verdict(
    evidence: Sequence[Evidence],
    pairs: Sequence[ClonePair],
    left: SideSummary,
    right: SideSummary,
    history: HistoryFinding | None = None,
) -> Verdict:
    """The strongest channel's strength and what it means for the two repositories; which way, from the history."""
    examined = (
        f"Examined: {left.files:,} files ({left.lines:,} lines) on the left, "
        f"{right.files:,} files ({right.lines:,} lines) on the right."
    )
    strong = [p for p in pairs if p.e_value is not None and p.e_value <= SIGNIFICANT]
    inherited = [p for p in strong if (p.explained_by or "").startswith("ancestor")]
    top = max(evidence, key=lambda e: ORDER.index(e.strength), default=None)
    strength: Strength = top.strength if top else "none"
    share = len(inherited) / max(1, len(strong))
    if len(inherited) >= 3 and (strength in ("none", "weak") or share >= MOSTLY):
        told = f"{share:.0%} of what both sides share beyond chance is explained by the ancestor given. {examined}"
        if strength not in ("none", "weak"):
            told = f"{told} The rest may be later changes that both made to it, or a copy between them: look at each."
            strength = "weak"
        return Verdict(strength, "common-ancestor", "unknown", told)
    if top is None or strength == "none":
        return Verdict("none", "unrelated", "unknown", f"No sign that one side derives from the other. {examined}")
    if strength == "weak":
        told = f"{top.claim} That is too little to call one side derived from the other. {examined}"
        return Verdict("weak", "unrelated", "unknown", told)
    if history is None:
        told = f"{top.claim} Which side has it from which is not known: no history was compared. {examined}"
        return Verdict(strength, "derived", "unknown", told)
    direction, best = history.direction, _best_revision(history)
    if direction == "unknown":
        told = f"{top.claim} Which side has it from which is not known: {history.reasons[0]}. {examined}"
    else:
        first, second = ("left", "right") if direction == "right-from-left" else ("right", "left")
        told = f"{top.claim} The {first} had the shared code before the {second}: {history.reasons[0]}. {examined}"
    return Verdict(strength, "derived", direction, told, best)


def _best_revision(history: HistoryFinding) -> str | None:
    """The revision of the earlier side that fits the other best; of the only side that has revisions to choose from
    where the direction is not known."""
    if history.direction == "unknown":
        return history.best[0].name if len(history.best) == 1 else None
    side = "left" if history.direction == "right-from-left" else "right"
    return next((each.name for each in history.best if each.side == side), None)

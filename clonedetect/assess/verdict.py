"""What all the evidence comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import Evidence, SideSummary

ORDER: tuple[Strength, ...] = ("none", "weak", "moderate", "strong", "decisive")


def verdict(evidence: Sequence[Evidence], left: SideSummary, right: SideSummary) -> Verdict:
    """The strongest channel's strength. Direction is unknown: no channel examined here can tell it."""
    examined = (
        f"Examined: {left.files:,} files ({left.lines:,} lines) on the left, "
        f"{right.files:,} files ({right.lines:,} lines) on the right."
    )
    top = max(evidence, key=lambda e: ORDER.index(e.strength), default=None)
    if top is None or top.strength == "none":
        return Verdict("none", "unrelated", "unknown", f"No sign that one side derives from the other. {examined}")
    relation = "derived" if ORDER.index(top.strength) >= ORDER.index("moderate") else "unrelated"
    return Verdict(top.strength, relation, "unknown", f"{top.claim} {examined}")

"""What the source code alone says, for now by shares of matched lines: not yet weighed by rarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clonedetect.domain import ClonePair, Identity, SideSummary

LEAST_LINES = 30  # matched lines below which a share says nothing


def source_evidence(
    left: SideSummary,
    right: SideSummary,
    pairs: Sequence[ClonePair],
    matched: tuple[Mapping[str, int], Mapping[str, int]],
    identity: Identity,
) -> tuple[Evidence, ...]:
    """Evidence of the channels `source` (matched lines) and `identity` (equal files)."""
    lines = sum(matched[0].values()), sum(matched[1].values())
    share = min(lines) / max(1, min(left.lines, right.lines))
    found: list[Evidence] = []
    if pairs:
        claim = (
            f"{lines[0]:,} of {left.lines:,} left lines and {lines[1]:,} of {right.lines:,} right lines lie in matched "
            f"fragments ({len(pairs):,} clone pairs)."
        )
        found.append(
            Evidence(
                channel="source",
                claim=claim,
                strength=_strength(share, min(lines)),
                statistic="matched lines over the lines of the smaller side",
                value=round(share, 4),
                null_hypothesis="the two repositories were written independently",
                exhibits=tuple(p.id for p in pairs[:10]),
                limits="A share of lines is not weighed by how rare the code is; no chance level is stated for it.",
            )
        )
    if identity.files:
        found.append(
            Evidence(
                channel="identity",
                claim=f"{len(identity.files)} files have identical content on both sides.",
                strength="weak",
                statistic="files with equal content id",
                value=float(len(identity.files)),
                null_hypothesis="equal files are common boilerplate (licences, empty files, configuration)",
                exhibits=tuple(f"{a} = {b}" for a, b, _ in identity.files[:10]),
                limits="Equal bytes do not say where both sides have them from.",
            )
        )
    return tuple(found)


def _strength(share: float, lines: int) -> Strength:
    if lines < LEAST_LINES or share < 0.02:
        return "none"
    return "weak" if share < 0.2 else "moderate"

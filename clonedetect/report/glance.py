"""The few figures that a reader wants first."""

from __future__ import annotations

from dataclasses import dataclass

from clonedetect.domain import Comparison
from clonedetect.report import wording
from clonedetect.report.plots import matched_lines


@dataclass(frozen=True, slots=True)
class Glance:
    """One figure with what it counts, and what belongs beside it."""

    label: str
    figure: str
    note: str


def glance(comparison: Comparison) -> tuple[Glance, ...]:
    """Lines, pairs and names that both sides share; nothing where no pair was found."""
    pairs = comparison.clone_pairs
    if not pairs:
        return ()
    free = [pair for pair in pairs if pair.explained_by is None]
    kinds = [f"{sum(p.type == kind for p in free):,} {word}" for kind, word in wording.TYPES.items()]
    names = [each for each in comparison.rename_map if each.kind != "stem"]
    certain = sum(each.conflicts == 0 for each in names)
    return (
        _lines("Left lines with a counterpart", matched_lines(pairs, "left"), comparison.left.lines),
        _lines("Right lines with a counterpart", matched_lines(pairs, "right"), comparison.right.lines),
        Glance("Pairs not explained", f"{len(free):,} of {len(pairs):,}", ", ".join(kinds)),
        Glance("Names changed", f"{len(names):,}", f"{certain:,} without a contradiction"),
    )


def _lines(label: str, matched: list[tuple[str, int, int]], lines: int) -> Glance:
    free, known = sum(row[1] for row in matched), sum(row[2] for row in matched)
    note = f"{free:,} of {lines:,}{f'; {known:,} more are explained' if known else ''}"
    return Glance(label, wording.percent(min(1.0, free / lines)) if lines else "–", note)

"""Which of several repositories fits another best, told by the fragments that set them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.assess.source import SIGNIFICANT, one_to_one
from clonedetect.domain.candidates import Candidate, Cell, Ranking, Telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import ClonePair, Comparison, SideSummary

SHOWN: Final = 100  # fragments that tell candidates apart
EQUAL: Final = 0.001  # difference of likeness below which two candidates fit a fragment alike
_Place = tuple[str, int | None, int, int]


def name_of(side: SideSummary) -> str:
    """Origin and revision."""
    return f"{side.origin}@{side.revision[:12]}" if side.revision else side.origin


def rank(comparisons: Sequence[Comparison]) -> tuple[Ranking, tuple[int, ...]]:
    """The right sides of comparisons with one left, best fit first; and the places of the comparisons in that order.

    Versions of one project share most fragments with the left alike: those say nothing about which version it is. Only
    fragments whose likeness differs move the fit, each by its bits, which are taken from the candidate that gives most,
    so that a common name in one candidate does not make a fragment count less there.
    """
    best = [_functions(c.clone_pairs) for c in comparisons]
    places = sorted({place for found in best for place in found}, key=lambda p: (p[0], p[1] or 0, p[2], p[3]))
    weight = {place: max(found[place].bits or 0.0 for found in best if place in found) for place in places}
    total = sum(weight.values()) or 1.0
    fits = [sum(weight[p] * pair.similarity for p, pair in found.items()) / total for found in best]
    order = tuple(sorted(range(len(comparisons)), key=lambda i: (-round(fits[i], 6), name_of(comparisons[i].right), i)))
    telling = []
    for place in places:
        row = tuple(round(best[i][place].similarity, 4) if place in best[i] else 0.0 for i in order)
        if max(row) - min(row) > EQUAL:
            fragment = next(found[place].left for found in best if place in found)
            telling.append(
                Telling(fragment.path, fragment.start_line, fragment.end_line, fragment.name, weight[place], row)
            )
    candidates = tuple(_candidate(comparisons[i], fits[i]) for i in order)
    ties = sum(candidates[0].fit - c.fit <= EQUAL / 10 for c in candidates[1:])
    second = min(ties + 1, len(candidates) - 1)  # the first that does not fit as well
    telling.sort(key=lambda t: (-t.bits * abs(t.similarities[0] - t.similarities[second]), t.path, t.start_line))
    ranking = Ranking(
        name_of(comparisons[0].left), candidates, tuple(telling[:SHOWN]), len(places) - len(telling), ties
    )
    return ranking, order


def _functions(pairs: Sequence[ClonePair]) -> dict[_Place, ClonePair]:
    """The best unexplained pair beyond chance of each function of the left."""
    found: dict[_Place, ClonePair] = {}
    for pair in pairs:
        if _counts(pair) and pair.left.kind in ("function", "method"):
            place = pair.left.path, pair.left.cell, pair.left.start_line, pair.left.end_line
            if place not in found or pair.similarity > found[place].similarity:
                found[place] = pair
    return found


def _counts(pair: ClonePair) -> bool:
    return pair.e_value is not None and pair.e_value <= SIGNIFICANT and pair.explained_by is None


def _candidate(comparison: Comparison, fit: float) -> Candidate:
    counted = one_to_one([p for p in comparison.clone_pairs if _counts(p)])
    return Candidate(
        right=name_of(comparison.right),
        strength=comparison.verdict.strength,
        relation=comparison.verdict.relation,
        pairs=len(counted),
        bits=round(sum(p.bits or 0.0 for p in counted), 1),
        fit=round(fit, 6),
    )


def cell(left: int, right: int, comparison: Comparison) -> Cell:
    """What a comparison comes to, for a matrix."""
    counted = one_to_one([p for p in comparison.clone_pairs if _counts(p)])
    lines: tuple[set, set] = set(), set()
    for pair in counted:
        for found, f in zip(lines, (pair.left, pair.right), strict=True):
            found.update((f.path, f.cell, n) for n in range(f.start_line, f.end_line + 1))
    shares = [
        round(min(1.0, len(found) / max(1, side.lines)), 4)
        for found, side in zip(lines, (comparison.left, comparison.right), strict=True)
    ]
    verdict = comparison.verdict
    return Cell(
        left=left,
        right=right,
        strength=verdict.strength,
        relation=verdict.relation,
        direction=verdict.direction,
        pairs=len(counted),
        bits=round(sum(p.bits or 0.0 for p in counted), 1),
        left_share=shares[0],
        right_share=shares[1],
    )

"""What the source code alone says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence, Strength

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import ClonePair, Side, SideSummary

LINES_A_FUNCTION = 30  # of a class or module that is equal as a whole
SMALL = 0.05  # share of a side's lines; what many projects borrow from one other is seldom more
SIGNIFICANT = 0.01  # E-value at or below which a pair counts
# (pairs of different fragments, bits together) that a strength takes at least. Source alone is never decisive.
_RULES: tuple[tuple[Strength, int, float], ...] = (("strong", 8, 800.0), ("moderate", 4, 400.0), ("weak", 1, 40.0))


def source_evidence(pairs: Sequence[ClonePair], left: SideSummary, right: SideSummary) -> tuple[Evidence, ...]:
    """Evidence of the channel `source`: the unexplained pairs that chance does not show, each fragment counted once.

    A small part of two large sides is never strong: both may have taken those functions from a third project.
    """
    chosen = one_to_one([p for p in pairs if p.e_value is not None and p.e_value <= SIGNIFICANT])
    free = [p for p in chosen if p.explained_by is None]
    gone = [p for p in chosen if p.explained_by is not None]
    if not chosen:
        return ()
    bits = sum(p.bits or 0.0 for p in free)
    best = min((p.e_value for p in free if p.e_value is not None), default=None)
    lines, others = _lines(free, "left"), _lines(free, "right")
    strength = _strength(sum(map(functions_held, free)), bits)
    small = small_part(pairs, left, right)
    limits = "Python source only. A common ancestor that was not given cannot be told from a copy."
    if small:
        limits += f" Less than {SMALL:.0%} of either side: both may have it from a third project."
    alike = "pair of fragments is" if len(free) == 1 else "pairs of fragments are"
    claim = f"{len(free):,} {alike} more alike than chance explains: "
    claim += f"{lines:,} left and {others:,} right lines, {bits:,.0f} bits"
    claim += f"; {len(gone):,} more are explained by something else." if gone else "."
    return (
        Evidence(
            channel="source",
            claim=claim,
            strength="moderate" if small and strength == "strong" else strength,
            statistic=f"unexplained clone pairs with E at most {SIGNIFICANT}",
            value=float(len(free)),
            null_hypothesis="two repositories of these sizes, written independently",
            e_value=best,
            exhibits=tuple(p.id for p in free[:10]),
            limits=limits,
        ),
    )


def small_part(pairs: Sequence[ClonePair], left: SideSummary, right: SideSummary) -> bool:
    """Whether the unexplained pairs that chance does not show are less than `SMALL` of the lines of both sides."""
    free = [p for p in pairs if p.explained_by is None and p.e_value is not None and p.e_value <= SIGNIFICANT]
    return _lines(free, "left") < SMALL * left.lines and _lines(free, "right") < SMALL * right.lines


def _lines(pairs: Sequence[ClonePair], side: Side) -> int:
    """How many different lines the pairs have on a side."""
    fragments = [p.left if side == "left" else p.right for p in pairs]
    total, place, reached = 0, None, 0
    for path, cell, start, end in sorted((f.path, f.cell or 0, f.start_line, f.end_line) for f in fragments):
        if (path, cell) != place:
            place, reached = (path, cell), 0
        total += max(0, end - max(start - 1, reached))
        reached = max(reached, end)
    return total


def one_to_one(pairs: Sequence[ClonePair]) -> list[ClonePair]:
    """The smallest pairs that hold everything once: no module beside its functions, no copy counted twice.

    Runs and functions before classes before modules, then as they come. A fragment whose lines are mostly counted
    already, on either side, is left out.
    """
    rank = {"run": 0, "function": 0, "method": 0, "block": 0, "class": 1, "module": 2}
    used: dict[tuple[str, str, int | None], set[int]] = {}
    out = []
    for pair in sorted(pairs, key=lambda p: rank.get(p.left.kind, 0)):
        spans = []
        for f in (pair.left, pair.right):
            taken = used.setdefault((f.side, f.path, f.cell), set())
            spans.append((taken, range(f.start_line, f.end_line + 1)))
        if all(len(taken.intersection(lines)) <= len(lines) // 2 for taken, lines in spans):
            for taken, lines in spans:
                taken.update(lines)
            out.append(pair)
    return out


def functions_held(pair: ClonePair) -> int:
    """A class or module that is equal as a whole holds many functions: it counts for as many as its lines suggest."""
    lines = pair.left.end_line - pair.left.start_line + 1
    return max(1, lines // LINES_A_FUNCTION) if pair.left.kind in ("class", "module") else 1


def _strength(pairs: int, bits: float) -> Strength:
    for strength, least, least_bits in _RULES:
        if pairs >= least and bits >= least_bits:
            return strength
    return "none"

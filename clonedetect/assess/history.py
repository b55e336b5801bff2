"""What the dates of both histories say about who had the shared code first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain.history import CommonCommits, HistoryFinding

_LIMITS = (
    "Dates are what the committers' machines said; who published a squashed or rewritten history may have had the code "
    "for longer. An origin that both sides took it from is not excluded."
)


def history_evidence(finding: HistoryFinding) -> tuple[Evidence, ...]:
    """Neither is ever more than weak by itself: priority in time says who had it first, not that one is from the other;
    common commits say that the repositories have one origin, not what today's code has of it."""
    return (*_common(finding.common), *_priority(finding))


def common_words(common: CommonCommits) -> str:
    """What common commits say, as sentences."""
    sides = [
        f"the {side} has {n:,} more" for side, n in (("left", common.left_only), ("right", common.right_only)) if n
    ]
    more = f"; {' and '.join(sides)}" if sides else ""
    return (
        f"Commits that stand in both histories: {common.count:,}, the last {common.last[:12]} of "
        f"{(common.date or 'no date')[:10]}{more}. One repository continues or forks the other, or both a third."
    )


def _common(common: CommonCommits | None) -> tuple[Evidence, ...]:
    if common is None:
        return ()
    return (
        Evidence(
            channel="history",
            claim=common_words(common),
            strength="weak",
            statistic="commits that stand in both histories",
            value=float(common.count),
            null_hypothesis="histories begun separately share no commit: its id is a hash of all that led to it",
            exhibits=(f"{common.last[:12]}: {common.subject}",),
            limits="Projects begun from one template, or that merged the history of a third, share commits too.",
        ),
    )


def _priority(finding: HistoryFinding) -> tuple[Evidence, ...]:
    if finding.direction == "unknown":
        return ()
    first, count = ("left", finding.left_first) if finding.direction == "right-from-left" else (
        "right", finding.right_first
    )  # fmt: skip
    exhibits = []
    for pair in finding.pairs:
        if pair.left is not None and pair.right is not None and pair.earlier == first:
            exhibits.append(f"{pair.pair}: left {pair.left.commit[:12]}, right {pair.right.commit[:12]}")
    return (
        Evidence(
            channel="history",
            claim=f"{count:,} of {count + finding.unclear + _other(finding, first):,} shared fragments stood "
            f"complete on the {first} before half of their code stood on the other side.",
            strength="weak",
            statistic=f"pairs that the {first} had first",
            value=float(count),
            null_hypothesis="which side a group of fragments that arrived together stands on first is a coin's throw",
            p_value=finding.p_value,
            exhibits=tuple(exhibits[:10]),
            limits=" ".join((_LIMITS, *(f"{w[:1].upper()}{w[1:]}." for w in finding.warnings[:3]))),
        ),
    )


def _other(finding: HistoryFinding, first: str) -> int:
    return finding.right_first if first == "left" else finding.left_first

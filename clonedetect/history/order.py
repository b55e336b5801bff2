"""Which side had the shared code first, pair by pair and in all, with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from clonedetect.domain import ClonePair
from clonedetect.domain.history import (
    Appearance,
    BestRevision,
    Earlier,
    HistoryFinding,
    HistoryWalk,
    PairDates,
    SideHistory,
)
from clonedetect.history.appear import Passage
from clonedetect.history.common import common_commits
from clonedetect.history.flags import Doubts, iso

LEAST_PAIRS: Final = 3  # dated pairs that a direction takes at least
AGREE: Final = 0.9  # share of the dated pairs that must agree
OVERLAP: Final = "the dates of both sides overlap, or the later side may be older than its clone shows"
ONE_COMMIT: Final = "both sides have it from one commit"
LISTED: Final = 2_000  # pairs of which the report gives the dates

Walked = tuple[HistoryWalk, Doubts, Sequence[Passage], int]  # one side: passages by pair, contents looked into


def history_finding(
    pairs: Sequence[ClonePair], left: Walked, right: Walked, best: tuple[BestRevision, ...]
) -> HistoryFinding:
    """Put the dates of both sides together. `pairs` are those that nothing explains, strongest first."""
    dated = [_dates(pair, n, left, right) for n, pair in enumerate(pairs)]
    count = Counter(each.earlier for each in dated)
    groups: dict[tuple[str, str], Earlier] = {}
    for each in dated:
        if each.left and each.right and each.earlier != "unclear":
            groups[each.left.commit, each.right.commit] = each.earlier
    votes = Counter(groups.values())
    p = _sign_test(votes["left"], votes["right"]) if groups else None
    direction, reasons, warnings = _direction(dated, count, left, right, best)
    return HistoryFinding(
        left=_side(left),
        right=_side(right),
        left_first=count["left"],
        right_first=count["right"],
        unclear=count["unclear"],
        groups=len(groups),
        p_value=p,
        direction=direction,
        reasons=tuple(reasons),
        warnings=tuple(warnings),
        pairs=tuple(dated[:LISTED]),
        best=best,
        common=common_commits(left[0], right[0]),
    )


def _side(walked: Walked) -> SideHistory:
    walk, doubt, _, contents = walked
    dates = [commit.committed for n, commit in enumerate(walk.commits) if n not in doubt.odd]
    first, last = (iso(min(dates)), iso(max(dates))) if dates else (None, None)
    return SideHistory(walk.revision, len(walk.commits), first, last, contents, doubt.flags)


def _dates(pair: ClonePair, n: int, left: Walked, right: Walked) -> PairDates:
    shown = _appearance(left, n), _appearance(right, n)
    why = _doubtful(left, n, "left") or _doubtful(right, n, "right")
    if not why and shown[0] and shown[1] and shown[0].bulk and shown[1].bulk:
        why = "on both sides it comes with most of the repository: when it was made is not recorded"
    if shown[0] and shown[1] and shown[0].commit == shown[1].commit:
        why = ONE_COMMIT
    earlier: Earlier = "unclear"
    if not why:
        before = _precedes(left, right, n), _precedes(right, left, n)
        if before[0]:
            earlier = "left"
        elif before[1]:
            earlier = "right"
        else:
            why = OVERLAP
    return PairDates(pair.id, *shown, earlier, why)


def _sign_test(left: int, right: int) -> float:
    """The two-sided p-value of so many votes against an even coin."""
    from scipy.special import bdtr  # its start-up is longer than a scan of a few files

    return min(1.0, 2 * float(bdtr(min(left, right), left + right, 0.5)))


def _appearance(walked: Walked, n: int) -> Appearance | None:
    walk, doubt, passages, _ = walked
    passage = passages[n]
    if passage.whole is None:
        return None
    commit = walk.commits[passage.whole]
    return Appearance(
        commit=commit.id,
        author=commit.author,
        authored=iso(commit.authored),
        committed=iso(commit.committed),
        subject=commit.subject,
        path=passage.path,
        blob=passage.blob,
        bulk=passage.whole in doubt.bulk,
        at_least=passage.whole in doubt.edge,
    )


def _doubtful(walked: Walked, n: int, side: str) -> str:
    _, doubt, passages, _ = walked
    whole = passages[n].whole
    if whole is None:
        return f"no commit of the {side} that was walked holds it"
    if whole in doubt.odd or passages[n].begun in doubt.odd:
        return f"the dates around its first commit on the {side} contradict each other"
    return ""


def _precedes(one: Walked, other: Walked, n: int) -> bool:
    """Whether one side had the whole fragment before the other had half of it, by every date there is."""
    whole, begun = one[2][n].whole, other[2][n].begun
    if whole is None or begun is None or begun in other[1].edge:
        return False
    mine, theirs = one[0].commits[whole], other[0].commits[begun]
    return max(mine.authored, mine.committed) < min(theirs.authored, theirs.committed)


def _direction(
    dated: Sequence[PairDates], count: Counter[Earlier], left: Walked, right: Walked, best: tuple[BestRevision, ...]
) -> tuple[Literal["left-from-right", "right-from-left", "unknown"], list[str], list[str]]:
    decided = count["left"] + count["right"]
    if not dated:
        return "unknown", ["there is no shared code to date"], []
    if decided < LEAST_PAIRS:
        why = Counter(each.why for each in dated if each.why).most_common(1)
        return "unknown", [f"{decided:,} of {len(dated):,} pairs can be dated", *(reason for reason, _ in why)], []
    first: Literal["left", "right"] = "left" if count["left"] >= count["right"] else "right"
    second: Literal["left", "right"] = "right" if first == "left" else "left"
    if count[first] < AGREE * decided:
        told = f"{count['left']:,} pairs stand on the left first and {count['right']:,} on the right first"
        return "unknown", [told, "code went both ways, or came from elsewhere at different times"], []
    undecided = Counter(each.why for each in dated if each.why in (OVERLAP, ONE_COMMIT))
    if undecided.total() > decided:
        told = f"{decided:,} of {len(dated):,} pairs stand on the {first} first"
        return "unknown", [told, *(f"of {count:,} more {why}" for why, count in sorted(undecided.items()))], []
    source, other = (left, right) if first == "left" else (right, left)
    reasons = [
        f"{count[first]:,} of {len(dated):,} pairs stood complete on the {first} before half of their code stood on "
        f"the {second}, and {count[second]:,} the other way round",
        _arrival(dated, first),
        _arrival(dated, second),
    ]
    warnings = []
    if count[second]:
        warnings.append(
            f"pairs that are younger on the {first}, which otherwise has the shared code first: {count[second]:,}; "
            f"look at each"
        )
    begun = [p.begun for p in other[2] if p.begun is not None]
    arrived = min((other[0].commits[n].committed for n in begun if n not in other[1].odd), default=None)
    examined = source[0].commits[-1].committed if source[0].commits else None
    if arrived is not None and examined is not None and examined > arrived:
        fit = next((each for each in best if each.side == first), None)
        more = f"; of its revisions {fit.name} fits best" if fit else ""
        warnings.append(
            f"the revision of the {first} that was examined ({_day(examined)}) is younger than the first shared code "
            f"on the {second} ({_day(arrived)}){more}"
        )
    for side, walked in ((first, source), (second, other)):
        warnings += [f"{side}: {flag.detail}" for flag in walked[1].flags if flag.kind in ("rewritten", "clock-skew")]
    return ("right-from-left" if first == "left" else "left-from-right"), reasons, warnings


def _arrival(dated: Sequence[PairDates], side: Literal["left", "right"]) -> str:
    """In how many commits the shared code came to a side, and whether one brought most of it."""
    found = [each for each in (pair.left if side == "left" else pair.right for pair in dated) if each]
    commits = Counter(each.commit for each in found)
    at = {each.commit: each for each in found}
    top, number = min(commits.items(), key=lambda item: (-item[1], item[0]))
    days = sorted(each.committed[:10] for each in found if each.committed)
    span = f"from {days[0]} to {days[-1]}" if days and days[0] != days[-1] else f"on {days[0]}" if days else "undated"
    told = f"on the {side} they came in {len(commits):,} commits {span}" if len(commits) > 1 else (
        f"on the {side} they came in one commit {span}"
    )  # fmt: skip
    if number >= 0.5 * len(found):
        bulk = ", which brings most of the repository" if at[top].bulk else ""
        told += f", {number:,} of {len(found):,} in {top[:12]} ({at[top].subject[:60]!r}{bulk})"
    return told


def _day(seconds: int) -> str:
    return (iso(seconds) or "undated")[:10]

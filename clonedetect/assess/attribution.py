"""What kept and missing notices say, and the words for a credited and an uncredited derivation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain import Evidence, Side
from clonedetect.domain.attribution import Stated

if TYPE_CHECKING:
    from clonedetect.domain import Direction, Strength
    from clonedetect.domain.attribution import AttributionFinding, Notice

_SIDES: Final[tuple[Side, ...]] = ("left", "right")
_NOWHERE: Final = Stated("", 0, "", 0, False)
_WORDS: Final = (
    ("on both sides", "kept"),
    ("changed", "changed"),
    ("on the left only", "left-only"),
    ("on the right only", "right-only"),
)
LEAST_FILES: Final = 2  # that share code and name the other side's holder: moderate; one may be a borrowed file


def attribution_evidence(finding: AttributionFinding) -> tuple[Evidence, ...]:
    """Equal licences say nothing and missing notices say nothing of how the code came about. A file that shares code
    with the other side and names a holder who is the other side's own, and not this one's, is evidence; so is, weakly,
    a line that names the other side as a source."""
    if not finding.notices and not finding.credits:
        return ()
    most = max((sum(k.side == side for k in finding.kept) for side in _SIDES), default=0)
    strength: Strength = "moderate" if most >= LEAST_FILES else "weak" if most or finding.credits else "none"
    exhibits = [f"{k.path}:{k.line} {k.holder} (code of {k.other})" for k in finding.kept[:6]]
    exhibits += [f"{c.path}:{c.line} {c.text}" for c in finding.credits[:6]]
    exhibits += [f"{c.path}:{c.line} {c.text}" for c in finding.claims[:2]]
    exhibits += [_exhibit(n) for n in finding.notices if n.relation != "kept" and (n.left or n.right)][:6]
    return (
        Evidence(
            channel="attribution",
            claim=_claim(finding),
            strength=strength,
            statistic="files that share code and name a holder who is the other side's own",
            value=float(len(finding.kept)),
            null_hypothesis=finding.null_hypothesis,
            exhibits=tuple(exhibits),
            limits=finding.limits,
        ),
    )


def attribution_words(finding: AttributionFinding | None, direction: Direction) -> str:
    """Whether the later side names the earlier one and keeps its notices; both ways where the direction is unknown."""
    if finding is None:
        return ""
    if direction != "unknown":
        return _credit(finding, "right" if direction == "right-from-left" else "left")
    same = [n for n in finding.notices if n.relation == "kept" and n.kind == "holder" and _own(n, "left")]
    same = [n for n in same if _own(n, "right")]
    told = [f"Both sides state one holder: {same[0].what}."] if same else []
    credited = [s for s in _SIDES if _names(finding, s) or any(k.side == s for k in finding.kept)]
    told += [_credit(finding, side) for side in credited]
    return " ".join(told) or "Neither side names the other as a source or keeps its notices."


def _claim(finding: AttributionFinding) -> str:
    if finding.kept:
        return (
            f"{len(finding.kept):,} files that share code name a holder who is the other side's own: "
            f"{finding.kept[0].holder} ({finding.kept[0].path})."
        )
    named = [side for side in _SIDES if _names(finding, side)]
    if named:
        return " ".join(_credit(finding, side) for side in named)
    counts = [(word, sum(n.relation == kind for n in finding.notices)) for word, kind in _WORDS]
    told = ", ".join(f"{count:,} {word}" for word, count in counts if count)
    return f"Neither side names the other as a source; notices: {told}."


def _credit(finding: AttributionFinding, later: Side) -> str:
    """What the later side says of the other, in a sentence. An equal licence alone is no notice kept: it is its own."""
    earlier: Side = "left" if later == "right" else "right"
    own = [n for n in finding.notices if n.kind in ("licence", "holder") and _own(n, earlier)]
    holders = [n for n in own if n.kind == "holder"] or own
    kept = [n for n in holders if n.relation == "kept"]
    named = _names(finding, later)
    says = f"The {later} names the {earlier} as a source ({named})" if named else ""
    if kept:
        place = _of(kept[0], later) or _NOWHERE
        keeps = f"keeps {len(kept):,} of {len(holders):,} notices of the {earlier} ({_where(place)})"
        return f"{says} and {keeps}." if says else f"The {later} {keeps} and names it nowhere as a source."
    says = says or f"The {later} does not name the {earlier} as a source"
    lost = [f"{_what(n, earlier)} ({_where(_of(n, earlier) or _NOWHERE)})" for n in own if n.relation != "kept"]
    if not lost:
        return f"{says}; the {earlier} states neither licence nor holder."
    return f"{says}; of the {earlier}'s notices it has none: {', '.join(lost[:3])}."


def _own(notice: Notice, side: Side) -> bool:
    stated = _of(notice, side)
    return stated is not None and stated.own


def _names(finding: AttributionFinding, side: Side) -> str:
    return next((f"{c.path}:{c.line}" for c in finding.credits if c.side == side), "")


def _of(notice: Notice, side: Side) -> Stated | None:
    return notice.left if side == "left" else notice.right


def _what(notice: Notice, side: Side) -> str:
    first, arrow, second = notice.what.partition(" → ")
    return (first if side == "left" else second) if arrow and notice.relation == "changed" else notice.what


def _where(stated: Stated) -> str:
    return f"{stated.path}:{stated.line}" if stated.line else stated.path


def _exhibit(notice: Notice) -> str:
    places = (f"{_where(stated)} {stated.text}".strip() for stated in (notice.left, notice.right) if stated)
    return f"{notice.relation}: {notice.what} ({', '.join(places)})"

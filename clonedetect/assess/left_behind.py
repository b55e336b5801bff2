"""What names, messages and references say that make sense on one side only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain import Strength
    from clonedetect.domain.left_behind import LeftBehindFinding, Mark, MarkCount, MarkKind, Place

_CLAIMS: Final[dict[MarkKind, tuple[str, str]]] = {
    "text": ("rare comments and messages that stand on both sides word for word", "unrelated pairs of public packages"),
    "name": ("mentions of composed names that only the other side defines", "unrelated pairs of public packages"),
    "project": ("names of the other side's packages", "a word occurs in a project as often as in public packages"),
    "token": ("special tokens that only code of the other side uses", "unused tokens hit the other side's by chance"),
    "misspelling": ("words that both sides misspell alike", "each project misspells as public packages do"),
    "unused-import": (
        "imports that nothing uses, equal in files that share code",
        "files forget to remove an import as often as public packages do",
    ),
    "dangling-import": (
        "imports that lead nowhere but into the other side",
        "an import that leads nowhere names a module of the other side by chance",
    ),
    "dangling-reference": (
        "references that lead nowhere but into the other side",
        "a reference that leads nowhere names a module of the other side by chance",
    ),
}
# (p-value at most, marks at least) of a strength. What one slip or one borrowed file shows stays weak.
_RULES: Final[tuple[tuple[Strength, float, int], ...]] = (
    ("strong", 1e-9, 6), ("moderate", 1e-5, 4), ("weak", 0.05, 1),
)  # fmt: skip
_LIMITS: Final = (
    "A third project that both took it from is not excluded; what public code says is known from a sample of packages."
)


def left_behind_evidence(finding: LeftBehindFinding) -> tuple[Evidence, ...]:
    """One piece of evidence for each kind of mark, by its own null hypothesis.

    What both sides have (a comment, a misspelling, an idle import) comes with shared code, wherever that is from: it
    follows the channel `source`. What makes sense on the other side only does not.
    """
    return tuple(_evidence(count, finding) for count in finding.counts)


def _evidence(count: MarkCount, finding: LeftBehindFinding) -> Evidence:
    claim, null = _CLAIMS[count.kind]
    where = "" if count.side == "both" else f" on the {count.side}"
    marks = [mark for mark in finding.marks if mark.kind == count.kind and mark.side == count.side]
    return Evidence(
        channel="left_behind",
        claim=f"{claim[:1].upper()}{claim[1:]}{where}: {count.count:,}.",
        strength=_strength(count),
        statistic=f"marks of the kind {count.kind}, {count.expected:.3g} expected",
        value=float(count.count),
        null_hypothesis=null,
        p_value=count.p_value,
        exhibits=tuple(_exhibit(mark) for mark in marks[:10]),
        limits=_LIMITS,
        follows="source" if count.side == "both" else None,
    )


def _strength(count: MarkCount) -> Strength:
    for strength, p, least in _RULES:
        if count.p_value <= p and count.count >= least:
            return strength
    return "none"


def _exhibit(mark: Mark) -> str:
    places = [f"{side} {_shown(place)}" for side, place in (("left", mark.left), ("right", mark.right)) if place]
    return f"{mark.term[:100]!r}: {', '.join(places)}"


def _shown(place: Place) -> str:
    gone = f" (gone, commit {(place.commit or '')[:12]})" if place.gone else ""
    return f"{place.path}:{place.line}{gone}"

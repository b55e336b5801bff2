"""Words and figures shared by the formats for people: numbers, places, and what a comparison looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from clonedetect.domain import ClonePair, Comparison, Fragment, SideSummary, Strength, Verdict
from clonedetect.report.escape import visible

TYPES: Final = {1: "identical", 2: "renamed", 3: "edited"}
"""What clone types 1, 2 and 3 mean, in one word."""

STRENGTHS: Final[Mapping[Strength, str]] = {
    "none": "Nothing goes beyond what independent work shows by chance. It says nothing about what was not examined.",
    "weak": "Something goes beyond chance, but too little of it to call one side derived from the other.",
    "moderate": "Several findings go beyond chance. Read each of them before relying on the whole.",
    "strong": "One kind of evidence goes far beyond chance: independent work is not a reasonable explanation. "
    "A common origin that was not given remains one.",
    "decisive": "Kinds of evidence that do not follow from each other agree. A common origin that was not given is "
    "still for people to exclude.",
}
"""What each strength claims, and what it leaves open, for a reader who does not know statistics."""

_RELATIONS: Final = {
    "unrelated": "no relation found",
    "common-ancestor": "common ancestor",
    "derived": "one is derived from the other",
}
_DIRECTIONS: Final = {
    "left-from-right": "left derived from right",
    "right-from-left": "right derived from left",
    "unknown": "direction not known",
}


def percent(share: float) -> str:
    """A share in 0..1 as a whole percentage; below 100 % it never rounds up to it."""
    return f"{min(99, round(share * 100)) if share < 1 else 100} %"


def bits(value: float | None) -> str:
    """Bits with one decimal, or a dash where they were not computed."""
    return "–" if value is None else f"{value:,.1f}"


def figure(value: float | None) -> str:
    """A statistic, p-value or E-value to three significant digits, or a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.3g}"


def counted(number: int, one: str, many: str = "") -> str:
    """`number` with its noun: `1 file`, `2,300 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def channel(name: str) -> str:
    """A channel's name for people: `weight_index` is the weight index."""
    return visible(name).replace("_", " ")


def first_of(items: Sequence[str], most: int) -> str:
    """The first `most` items and how many there are besides: `a, b and 7 more`."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def place(fragment: Fragment) -> str:
    """Path and lines of a fragment, `path:3-9`, with the cell of a notebook."""
    cell = "" if fragment.cell is None else f" cell {fragment.cell}"
    return f"{visible(fragment.path)}{cell}:{fragment.start_line}-{fragment.end_line}"


def name(fragment: Fragment) -> str:
    """What a reader calls the fragment: its own name, or its kind."""
    return visible(fragment.name) if fragment.name else f"({visible(fragment.kind)})"


def origin(side: SideSummary) -> str:
    """Origin and short revision of a side, `owner/name@1a2b3c4d5e6f`, with `+changes` for a dirty work tree."""
    revision = f"@{visible(side.revision[:12])}" if side.revision else ""
    return f"{visible(side.origin)}{revision}{'+changes' if side.dirty else ''}"


def examined(side: SideSummary) -> str:
    """How much of a side was examined: files, lines, languages."""
    languages = ", ".join(f"{visible(language)} {files:,}" for language, files in side.languages)
    return f"{counted(side.files, 'file')}, {counted(side.lines, 'line')}{f' ({languages})' if languages else ''}"


def told(verdict: Verdict) -> list[str]:
    """What the verdict rests on, a line for each reason, the strongest first."""
    return verdict.summary.split("\n")


def headline(verdict: Verdict) -> str:
    """The verdict in one line: how strong the evidence is, and for what."""
    return f"{'no' if verdict.strength == 'none' else verdict.strength} evidence: {relation(verdict)}"


def relation(verdict: Verdict) -> str:
    """Relation and direction of a verdict in words."""
    if verdict.relation == "unrelated":
        return _RELATIONS["unrelated"]
    if verdict.relation == "derived" and verdict.direction != "unknown":
        return _DIRECTIONS[verdict.direction]
    return f"{_RELATIONS[verdict.relation]}, {_DIRECTIONS[verdict.direction]}"


def nothing_shared(comparison: Comparison) -> str:
    """What to say where no pair was found: what was looked at, so that silence is not read as a finding."""
    return (
        f"No shared fragment was found between {examined(comparison.left)} on the left "
        f"and {examined(comparison.right)} on the right."
    )


def ranked(pairs: tuple[ClonePair, ...]) -> list[ClonePair]:
    """Pairs in reading order: not explained before explained, more bits first, longer first, then as given."""

    def key(pair: ClonePair) -> tuple[bool, float, int]:
        size = pair.left.end_line - pair.left.start_line + pair.right.end_line - pair.right.start_line
        return pair.explained_by is not None, -(pair.bits if pair.bits is not None else -1e300), -size

    return sorted(pairs, key=key)

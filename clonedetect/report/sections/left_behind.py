"""How left-behind names are shown: what counts of each kind, then each exhibit with path, line, commit and blob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.left_behind import LeftBehindFinding, MarkKind, Place

_TITLES: Final[dict[MarkKind, str]] = {
    "dangling-reference": "References that lead nowhere here but to a module of the other side",
    "dangling-import": "Imports that lead nowhere here but to a module of the other side",
    "project": "Names of the other side's packages",
    "name": "Names that only the other side defines",
    "token": "Special tokens that only the other side's code uses",
    "text": "Comments and messages that both sides have word for word",
    "misspelling": "Words misspelled alike",
    "unused-import": "Imports that neither side uses, in files that share code",
}


def section(finding: LeftBehindFinding) -> Section:
    """The section of the channel `left_behind`."""
    looked = f"Looked into {finding.looked[0]:,} texts of the left and {finding.looked[1]:,} of the right"
    paragraphs = [f"{looked}, old contents and commit messages included where there is a history."]
    paragraphs += [f"{explained[:1].upper()}{explained[1:]}." for explained in finding.explained]
    paragraphs += [f"Bound: {limit}." for limit in finding.limits]
    if not finding.marks:
        paragraphs.append("Nothing was found that makes sense on the other side only.")
    counts = Table(
        "What counts, and what chance would show",
        (
            Column("kind"),
            Column("on"),
            Column("marks", "number"),
            Column("expected", "number"),
            Column("p", "number"),
        ),
        tuple(
            (each.kind, each.side, f"{each.count:,}", f"{each.expected:.3g}", f"{each.p_value:.2g}")
            for each in finding.counts
        ),
    )
    columns = (
        Column("what", "code"),
        Column("on"),
        Column("left", "code"),
        Column("right", "code"),
        Column("public packages", "number"),
    )
    tables = [counts]
    for kind, title in _TITLES.items():
        rows = [
            (mark.term, mark.side, _shown(mark.left), _shown(mark.right), str(mark.packages))
            for mark in finding.marks
            if mark.kind == kind
        ]
        tables.append(Table(title, columns, tuple(rows)))
    return Section("Left-behind names", tuple(paragraphs), tuple(tables))


def _shown(place: Place | None) -> str:
    if place is None:
        return ""
    where = f"{place.path}:{place.line}" if place.line else place.path
    commit = f" commit {place.commit[:12]}" if place.commit else ""
    return f"{where} blob {place.blob[:12]}{commit}{' (gone)' if place.gone else ''}"

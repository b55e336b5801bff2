"""Attribution: what each side states of its makers and terms, what of it the other has, and who names whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.attribution import AttributionFinding, Notice, NoticeKind, Stated

_KINDS: Final[dict[NoticeKind, str]] = {
    "licence": "licence text",
    "licence-tag": "licence tag",
    "holder": "holder or author",
    "notice-file": "notice file",
    "citation": "citation",
}
_RELATIONS: Final = {
    "kept": "on both sides",
    "changed": "changed",
    "left-only": "on the left only",
    "right-only": "on the right only",
}


def section(finding: AttributionFinding) -> Section:
    """The statements of the projects as a whole first, of these what is not on both sides."""
    told = [f"Licence of the left: {_listed(finding.left_licences)}; of the right: {_listed(finding.right_licences)}."]
    told += [f"The {c.side} names the other side: {c.path}:{c.line}: {c.text}" for c in finding.credits[:10]]
    if not finding.credits:
        told.append("Neither side names the other as a source.")
    told += [f"The {c.side} says of itself: {c.path}:{c.line}: {c.text}" for c in finding.claims[:10]]
    if finding.explained:
        told.append(f"{finding.explained:,} statements of both sides are the ancestor's and left out.")
    told.append(finding.limits)
    columns = (Column("what became of it"), Column("kind"), Column("what"))
    columns += (Column("left", "code"), Column("files", "number"), Column("right", "code"), Column("files", "number"))
    rows = tuple(_row(notice) for notice in finding.notices)
    kept = (Column("on"), Column("holder"), Column("named in", "code"), Column("shares code with", "code"))
    tables = (
        Table("Licences, holders, notices and citations", columns, rows),
        Table(
            "Files that share code and name a holder who is the other side's own",
            kept,
            tuple((k.side, k.holder, f"{k.path}:{k.line}", k.other) for k in finding.kept),
        ),
    )
    return Section("Attribution", tuple(told), tables)


def _row(notice: Notice) -> tuple[str, ...]:
    cells = [_RELATIONS[notice.relation], _KINDS[notice.kind], notice.what]
    for stated in (notice.left, notice.right):
        cells += [_place(stated, notice.kind), f"{stated.files:,}" if stated else ""]
    return tuple(cells)


def _place(stated: Stated | None, kind: NoticeKind) -> str:
    if stated is None:
        return ""
    where = f"{stated.path}:{stated.line}" if stated.line else stated.path
    return f"{where} {stated.text}" if kind == "holder" else where


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none stated"

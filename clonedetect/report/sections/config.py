"""Configuration keys side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.config import ConfigFinding, ConfigPair, KeyPair

_TABLES = 6  # pairs of files whose keys are laid out; the others are in report.json
_NAMED = 24  # keys listed in a sentence
_ORDER = ("renamed", "changed", "equal", "dropped", "added")


def section(finding: ConfigFinding) -> Section:
    """The pairs of files, then each pair's keys: those under other names first, of these the rarest values first."""
    told = [f"Rarity is counted over {finding.published:,} published configurations.", finding.limits]
    told += _told(finding.pairs[0]) if finding.pairs else []
    told += [f"{each.path}: {each.reason}" for each in finding.skipped[:5]]
    tables = [_pairs(finding), *(_keys(pair) for pair in finding.pairs[:_TABLES])]
    return Section(f"Configuration: {len(finding.pairs):,} pairs of files", tuple(told), tuple(tables))


def _told(pair: ConfigPair) -> list[str]:
    """What a reader looks for first in a pair of files, in sentences."""
    parts = [
        ("Renamed", [f"{row.left} → {row.right}" for row in pair.keys if row.relation == "renamed"]),
        ("Changed", [f"{r.left}: {r.left_value} → {r.right_value}" for r in pair.keys if r.relation == "changed"]),
        ("On the left only", [row.left or "" for row in pair.keys if row.relation == "dropped"]),
        ("On the right only", [row.right or "" for row in pair.keys if row.relation == "added"]),
        ("Rare values of both", list(pair.rare_values)),
        ("Read by no code on either side", [row.left or "" for row in pair.keys if row.dead]),
        ("Spelt alike in an uncommon way", list(pair.spellings)),
    ]
    lines = [f"{title}: {_list(names)}." for title, names in parts if names]
    if pair.order is not None:
        lines.append(f"Order of the keys: tau = {pair.order:.2f}, p = {pair.order_p:.2g} against random order.")
    return [f"{pair.left} and {pair.right}:", *lines]


def _list(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _pairs(finding: ConfigFinding) -> Table:
    columns = (Column("left", "code"), Column("right", "code"), *(Column(name, "number") for name in (*_ORDER, "bits")))
    rows = []
    for pair in finding.pairs:
        counts = [sum(row.relation == relation for row in pair.keys) for relation in _ORDER]
        rows.append((pair.left, pair.right, *(str(n) for n in counts), f"{pair.bits:,.1f}"))
    return Table("Files that belong together", columns, tuple(rows))


def _keys(pair: ConfigPair) -> Table:
    columns = (Column("how"), Column("left", "left"), Column("value", "code"), Column("line", "number"))
    columns += (Column("right", "right"), Column("value", "code"), Column("line", "number"))
    columns += (Column("bits", "number"), Column("why"))
    rows = sorted(pair.keys, key=lambda row: (_ORDER.index(row.relation), -row.bits))
    return Table(f"{pair.left} and {pair.right}", columns, tuple(map(_cells, rows)))


def _cells(row: KeyPair) -> tuple[str, ...]:
    notes = [row.why, "rare" if row.rare else "", "read by no code" if row.dead else ""]
    return (
        row.relation,
        row.left or "",
        row.left_value,
        "" if row.left_line is None else str(row.left_line),
        row.right or "",
        row.right_value,
        "" if row.right_line is None else str(row.right_line),
        f"{row.bits:.1f}" if row.bits else "",
        ", ".join(note for note in notes if note),
    )

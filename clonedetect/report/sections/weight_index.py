"""Weight indexes side by side: what is equal, the map between names, then the names with layer numbers taken as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.weight_index import IndexPair, IndexRule, WeightIndexFinding

_TABLES = 3  # pairs of indexes whose names are laid out; the others are in report.json
_ROWS = 400  # rows of the map of one pair
_PATTERNS = 12  # names that show the map at work; all are in report.json
_NAMED = 80  # rules in a sentence


def section(finding: WeightIndexFinding) -> Section:
    """The pairs of indexes, then each pair's map and names."""
    told = [finding.limits]
    told += [line for pair in finding.pairs[:1] for line in _told(pair)]
    told += [f"{each.path}: {each.reason}" for each in finding.skipped[:5]]
    tables = [_pairs(finding)]
    for pair in finding.pairs[:_TABLES]:
        if pair.matched:
            tables += [_rules(pair), _names(pair)]
    return Section("Weight index", tuple(told), tuple(tables))


def _told(pair: IndexPair) -> list[str]:
    order = "equal" if pair.same_order else "different"
    order += " (by the alphabet on both sides)" if pair.left_sorted and pair.right_sorted else ""
    shards = {True: "equal", False: "different", None: "one file on both sides"}[pair.same_shards]
    sizes = (f"{size:,} bytes" if size is not None else "not stated" for size in (pair.left_size, pair.right_size))
    lines = [
        f"{pair.left} and {pair.right}: {pair.matched:,} pairs of {pair.left_tensors:,} and {pair.right_tensors:,} "
        f"tensors, {pair.equal_names:,} under one name. Order: {order}. Division into files: {shards}. "
        f"Total size: {' and '.join(sizes)}."
    ]
    if pair.shapes:
        lines.append(f"Shapes: {pair.equal_shapes:,} of {pair.shapes:,} equal.")
    lines += [
        f"{title}: {', '.join(map(_rule, rules[:_NAMED]))}."
        for title, rules in (("Beginnings of names", _changed(pair.prefixes)), ("Parts of names", pair.components))
        if rules
    ]
    if pair.rare:
        lines.append(
            f"Parts of names that both have and no public code of the background uses: {', '.join(pair.rare)}."
        )
    if pair.explained:
        lines.append("An ancestor has these names: they count for nothing.")
    return lines


def _rule(rule: IndexRule) -> str:
    return f"{rule.left or '(nothing)'} → {rule.right or '(nothing)'}"


def _changed(rules: tuple[IndexRule, ...]) -> list[IndexRule]:
    return [rule for rule in rules if rule.left != rule.right]


def _pairs(finding: WeightIndexFinding) -> Table:
    columns = (
        Column("left", "code"),
        Column("tensors", "number"),
        Column("right", "code"),
        Column("tensors", "number"),
    )
    columns += (Column("pairs", "number"), Column("of one name", "number"), Column("order"), Column("total size"))
    rows = [
        (
            pair.left,
            f"{pair.left_tensors:,}",
            pair.right,
            f"{pair.right_tensors:,}",
            f"{pair.matched:,}",
            f"{pair.equal_names:,}",
            "equal" if pair.same_order else "different",
            "not known" if None in (pair.left_size, pair.right_size) else _equal(pair.left_size == pair.right_size),
        )
        for pair in finding.pairs
    ]
    return Table("Indexes that belong together", columns, tuple(rows))


def _equal(true: bool) -> str:
    return "equal" if true else "different"


def _rules(pair: IndexPair) -> Table:
    columns = (Column("what"), Column("left", "left"), Column("right", "right"), Column("tensors", "number"))
    kinds = (("beginning", pair.prefixes), ("part", pair.components))
    rows = [(kind, rule.left, rule.right, f"{rule.tensors:,}") for kind, rules in kinds for rule in rules[:_ROWS]]
    return Table(f"Map between the names of {pair.left} and {pair.right}", columns, tuple(rows))


def _names(pair: IndexPair) -> Table:
    columns = (Column("left", "left"), Column("right", "right"), Column("tensors", "number"))
    rows = tuple((p.left or "", p.right or "", f"{p.tensors:,}") for p in pair.patterns[:_PATTERNS])
    return Table(f"Names of {pair.left} and {pair.right}, {{n}} a layer number", columns, rows)

"""Tokenizers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.tokenizer import AddedToken, TokenizerFinding, TokenizerPair

_NAMED = 40  # added tokens listed in a sentence
_YES = {True: "equal", False: "different", None: "not on both sides"}


def section(finding: TokenizerFinding) -> Section:
    """The pairs, and the added tokens of the pair that fits best."""
    best = finding.pairs[0]
    skipped = [f"{each.path}: {each.reason}" for each in finding.skipped]
    return Section(
        f"Tokenizer: {best.relation}",
        tuple(p for p in (_best(best), *_added(best), finding.limits, "; ".join(skipped)) if p),
        (_pairs(finding), _tokens(best)),
    )


def _best(pair: TokenizerPair) -> str:
    text = f"{pair.left} and {pair.right}: {pair.shared_tokens:,} tokens equal as bytes"
    text += f" ({pair.left_tokens:,} left, {pair.right_tokens:,} right)"
    text += ", each at the same id" if pair.same_ids else ""
    if pair.left_merges or pair.right_merges:
        text += f"; {pair.shared_merges:,} merges equal ({pair.left_merges:,} left, {pair.right_merges:,} right), "
        text += f"the first {pair.merges_prefix:,} in the same order"
    text += f"; splitting pattern {_YES[pair.same_pattern]}, normaliser {_YES[pair.same_normaliser]}"
    return text + ("; the files are equal byte for byte." if pair.same_bytes else ".")


def _added(pair: TokenizerPair) -> list[str]:
    out = []
    renamed = [f"{t.left} → {t.right}" for t in pair.added if t.relation == "renamed"]
    if renamed:
        out.append(f"Added tokens renamed: {_list(renamed)}.")
    moved = [f"{t.left} from id {t.left_id} to {t.right_id}" for t in pair.added if t.relation == "moved"]
    if moved:
        out.append(f"Added tokens at another id: {_list(moved)}.")
    kept = [f"{t.left} (id {t.left_id})" for t in pair.added if t.relation == "kept"]
    if kept:
        out.append(f"Added tokens kept: {_list(kept)}.")
    return out


def _list(items: list[str]) -> str:
    more = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _pairs(finding: TokenizerFinding) -> Table:
    columns = (Column("relation"), Column("left", "left"), Column("right", "right"), Column("shared", "number"))
    columns += (Column("neighbours", "number"), Column("in order", "number"), Column("lower limit", "number"))
    rows = tuple(
        (
            pair.relation,
            pair.left,
            pair.right,
            f"{pair.shared_tokens:,}",
            f"{pair.order_pairs:,}",
            "" if pair.order_share is None else f"{pair.order_share:.3f}",
            "" if pair.order_low is None else f"{pair.order_low:.3f}",
        )
        for pair in finding.pairs
    )
    return Table("Every left tokenizer with every right one", columns, rows)


def _tokens(pair: TokenizerPair) -> Table:
    columns = (Column("how"), Column("left", "left"), Column("id", "number"), Column("right", "right"))
    columns += (Column("id", "number"), Column("named in code"), Column("why"))
    shown = sorted((t for t in pair.added if t.relation != "kept"), key=lambda t: t.conventional)
    rows = tuple(
        (t.relation, t.left or "", _id(t.left_id), t.right or "", _id(t.right_id), _used(t), t.reason) for t in shown
    )
    return Table("Added tokens that are not the same on both sides", columns, rows)


def _id(number: int | None) -> str:
    return "" if number is None else str(number)


def _used(token: AddedToken) -> str:
    sides = [side for side, used in (("left", token.used_left), ("right", token.used_right)) if used]
    return " and ".join(sides) or "no"

"""What aligned weight indexes say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain import Strength
    from clonedetect.domain.weight_index import IndexPair, WeightIndexFinding

LEAST: Final = 40  # tensors in pairs; a small network is like another
ALL: Final = 0.95  # share of both sides' tensors in pairs that counts as all
MOST: Final = 0.8  # as most
RARE: Final = 3  # parts of names that both have and no public code uses


def weight_index_evidence(finding: WeightIndexFinding) -> tuple[Evidence, ...]:
    """One statement on the two indexes with most pairs.

    Independent models of one architecture have equal names, shapes and sizes: that is weak. Moderate is what the
    architecture does not give: all names under one map of new names, in the order and the files of the other side,
    where the alphabet does not explain the order; or the same with names that no public code uses. Never more: an
    index says nothing of the values.
    """
    for pair in finding.pairs[:1]:
        strength = _strength(pair)
        if strength != "none":
            return (_statement(finding, pair, strength),)
    return ()


def _strength(pair: IndexPair) -> Strength:
    share = pair.matched / max(pair.left_tensors, pair.right_tensors)
    if pair.explained or pair.matched < LEAST or share < MOST:
        return "none"
    sized = pair.left_size is not None and pair.left_size == pair.right_size
    shaped = pair.shapes >= pair.matched and pair.equal_shapes == pair.shapes
    if not (sized or shaped or pair.same_order):
        return "none"
    told_order = pair.same_order and not (pair.left_sorted and pair.right_sorted)
    same = share >= ALL and (sized or shaped) and told_order and pair.same_shards is not False
    renamed = pair.equal_names <= pair.matched / 2
    return "moderate" if same and (renamed or len(pair.rare) >= RARE) else "weak"


def _statement(finding: WeightIndexFinding, pair: IndexPair, strength: Strength) -> Evidence:
    renamed = pair.matched - pair.equal_names
    claim = (
        f"{pair.matched:,} of {pair.left_tensors:,} tensors of {pair.left} stand opposite one of "
        f"{pair.right_tensors:,} of {pair.right}, {renamed:,} of them under other names"
    )
    equal = [
        word
        for word, true in (
            ("order", pair.same_order),
            ("total size", pair.left_size is not None and pair.left_size == pair.right_size),
            ("shapes", pair.shapes > 0 and pair.equal_shapes == pair.shapes),
            ("division into files", pair.same_shards),
        )
        if true
    ]
    claim += f"; equal: {', '.join(equal)}." if equal else "."
    exhibits = [f"{rule.left} = {rule.right} ({rule.tensors:,} tensors)" for rule in pair.prefixes[:8]]
    exhibits += [f"{rule.left} = {rule.right} ({rule.tensors:,} tensors)" for rule in pair.components[:8]]
    exhibits += [f"both have {part}" for part in pair.rare[:4]]
    return Evidence(
        channel="weight_index",
        claim=claim,
        strength=strength,
        statistic="share of the larger index's tensors in pairs",
        value=round(pair.matched / max(pair.left_tensors, pair.right_tensors), 4),
        null_hypothesis=finding.null_hypothesis,
        exhibits=tuple(exhibits),
        limits=finding.limits,
    )

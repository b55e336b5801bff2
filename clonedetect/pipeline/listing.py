"""What a report lists of the pairs found, and the features that it shows with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from clonedetect.domain import ClonePair, Feature, Rename, Weights
from clonedetect.match import range_features, shared_features
from clonedetect.pipeline.found import TOKENS, Found, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

Placed = tuple[ClonePair, tuple[int, int]]

REPORTED_E = 1.0  # a pair is reported if unrelated repositories show at most so many as strong
REPORTED_TOKENS = 40  # an equal fragment of so many leaves is reported whatever its E-value
FEATURE_PAIRS = 3000  # pairs for which the report lists the features, strongest first


def reported(sides: list[Side], found: Found) -> list[Placed]:
    """What the report lists: no chance pairs, and no runs inside a pair of functions listed already.

    Such a run is sure of its renames: it gives them to the pair around it.
    """
    runs = found.runs().tolist()
    at = [(a, c) for a, c in found.places[:, (0, 2)].tolist()]
    big = (found.numbers[:, TOKENS] >= REPORTED_TOKENS).tolist()
    rows = list(zip(found.pairs, at, runs, big, strict=True))
    whole = {place for pair, place, run, _ in rows if not run and _beyond_chance(pair)}
    kept: list[Placed] = []
    inner: dict[tuple[int, int], list[Rename]] = {}
    for pair, (a, c), run, large in rows:
        if not _beyond_chance(pair) and not (large and pair.type < 3):
            continue
        if run:
            outer = sides[0].fragments.enclosing(a), sides[1].fragments.enclosing(c)
            if outer in whole:
                inner.setdefault(outer, []).extend(pair.renames)
                continue
        kept.append((pair, (a, c)))
    return [
        (_with_renames(pair, inner[place]) if pair.type == 3 and place in inner else pair, place)
        for pair, place in kept
    ]


def _beyond_chance(pair: ClonePair) -> bool:
    return pair.e_value is not None and pair.e_value <= REPORTED_E


def _with_renames(pair: ClonePair, sure: Sequence[Rename]) -> ClonePair:
    """The pair with renames that are sure in place of its own that contradict them."""
    lefts, rights = {r.left for r in sure}, {r.right for r in sure}
    counts = Counter(
        {(r.left, r.right): r.count for r in pair.renames if r.left not in lefts and r.right not in rights}
    )
    kinds = {(r.left, r.right): r.kind for r in (*sure, *pair.renames)}
    for rename in sure:
        counts[rename.left, rename.right] += rename.count
    renames = [Rename(*names, kinds[names], n) for names, n in counts.items()]
    return replace(pair, renames=tuple(sorted(renames, key=lambda r: (-r.count, r.left, r.right))))


def strongest_first(item: Placed) -> tuple[bool, float, float, str]:
    """Sort key: what nothing explains first, by E-value, then bits."""
    pair = item[0]
    return pair.explained_by is not None, pair.e_value or 0.0, -(pair.bits or 0.0), pair.id


def with_features(sides: list[Side], weights: Weights, pairs: Sequence[Placed]) -> list[ClonePair]:
    """The strongest pairs with the features that carry their bits."""
    forest, bags = sides[0].forest, sides[0].bags
    equal_ones = -2
    # By row and the partner's bag; to equal fragments, of which there may be many, it is the same.
    shown: dict[tuple[int, int], tuple[Feature, ...]] = {}

    def words(row: int) -> str:
        return " ".join(forest.source(row).decode("utf-8", "replace").split())[:80]

    def features(pair: ClonePair, a: int, c: int) -> tuple[Feature, ...]:
        i, j = int(sides[0].bag_of[a]), int(sides[1].bag_of[c])
        row = int(forest.statements.row[a])
        equal = pair.type < 3 and pair.left.kind != "run"
        key = (row, equal_ones) if equal else (row, j)
        if key not in shown:
            shared: list[tuple[int, float, int]] = []
            if equal:
                shared = range_features(bags, weights, row, int(forest.columns.after[row]))
            elif i >= 0 and j >= 0:
                shared = shared_features(bags, sides[1].bags, weights, i, j)
            shown[key] = tuple(Feature(words(r), round(b, 1), k) for r, b, k in shared)
        return shown[key]

    first = [replace(pair, features=features(pair, a, c)) for pair, (a, c) in pairs[:FEATURE_PAIRS]]
    return first + [pair for pair, _ in pairs[FEATURE_PAIRS:]]

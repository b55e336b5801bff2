"""What each pair is worth: what explains it, and its E-value alone and as a member of a consistent set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.assess import IDIOM_PACKAGES, e_values, linked_e_values
from clonedetect.domain import FUNCTION, ClonePair, Features, Weights
from clonedetect.match import explained, shared_entries
from clonedetect.pipeline.found import BITS, IDIOM, Found, Side, rows, scores
from clonedetect.pipeline.linked import linked
from clonedetect.pipeline.repeated import repetitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANCESTOR_SHARE = 0.6  # share of a pair's matched bits that one fragment of an ancestor must have to explain it
KNOWN_SHARE = 0.8  # share of what a run, class or module has in common whose features an ancestor has to explain it
VOUCHING_E = 1e-3  # pairs whose renames speak for those of others
SHORT_NAME = 3  # characters: shorter names agree by chance


def explanations(
    sides: list[Side], weights: Weights, found: Found, ancestors: Sequence[tuple[str, Features]]
) -> list[str | None]:
    """What explains each pair without a copy: an ancestor, being a table of data, an idiom, or repetition; None for
    most."""
    inherited = _inherited(sides, weights, found.places, ancestors)
    data = _only_data(sides[0], found.places)
    idioms = found.numbers[:, IDIOM].astype(np.int64).tolist()
    alone = e_values(scores(found.numbers), len(sides[0].bags.place), len(sides[1].bags.place))
    repeated = repetitions(sides, weights, found, alone)
    return [
        origin
        or ("data: literals and names only" if table else None)
        or (f"idiom: {packages} packages of the background have it" if packages >= IDIOM_PACKAGES else None)
        or again
        for origin, table, packages, again in zip(inherited, data.tolist(), idioms, repeated, strict=True)
    ]


def weighed(sides: list[Side], found: Found, why: list[str | None]) -> Found:
    """The pairs with bits, E-value and explanation."""
    if not found.pairs:
        return found
    free = np.array([e is None for e in why])
    consistent = linked(sides, found, free)
    together = alone = consistent.alone
    if len(consistent.anchored):
        agreement = _agreement(found.pairs, (alone <= VOUCHING_E) & free)
        share = consistent.shares(sides, found.places)
        together = linked_e_values(alone, consistent.anchored, share, agreement)
    columns = zip(found.pairs, found.numbers[:, BITS].round(1).tolist(), together.tolist(), why, strict=True)
    pairs = [replace(p, bits=b, e_value=float(f"{e:.3g}"), explained_by=reason) for p, b, e, reason in columns]
    return Found(pairs, found.places, found.numbers)


def _inherited(
    sides: list[Side], weights: Weights, places: NDArray[np.int64], ancestors: Sequence[tuple[str, Features]]
) -> list[str | None]:
    """Which ancestor has most of what each pair shares, if any."""
    out: list[str | None] = [None] * len(places)
    if not ancestors:
        return out
    i, j = sides[0].bag_of[places[:, 0]], sides[1].bag_of[places[:, 2]]
    function = (i >= 0) & (j >= 0) & (sides[0].fragments.units[places[:, 0]] == FUNCTION)
    known = np.flatnonzero(function)
    # Runs, classes and modules are no bags of their own: the ancestor must know what their rows are made of.
    others = np.flatnonzero(~function)
    spans = [rows(one.forest, *places[others, k : k + 2].T) for one, k in zip(sides, (0, 2), strict=False)]
    pair, feature, bits = shared_entries(sides[0].bags, sides[1].bags, weights, *spans)
    total = np.bincount(pair, weights=bits, minlength=len(others))
    for origin, bags in ancestors:
        share = np.zeros(len(places))
        share[known] = explained(sides[0].bags, sides[1].bags, weights, i[known], j[known], bags) / ANCESTOR_SHARE
        known_bits = bits * np.isin(weights.feature, bags.distinct)[feature]
        inside = np.bincount(pair, weights=known_bits, minlength=len(others))
        share[others] = inside / np.maximum(total, 1e-9) / KNOWN_SHARE
        for n in np.flatnonzero(share >= 1.0).tolist():
            out[n] = out[n] or f"ancestor {origin}"
    return out


def _only_data(one: Side, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs are tables of literals and names and nothing else."""
    c, data = one.forest.columns, one.forest.kinds.mask("data")
    other = np.concatenate(([0], np.cumsum(~data[np.minimum(c.kind, len(data) - 1)] | (c.kind >= len(data)))))
    lo, hi = rows(one.forest, places[:, 0], places[:, 1])
    return other[hi] == other[lo]


def _agreement(pairs: list[ClonePair], strong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Renames of each pair that strong other pairs confirm, less those that they contradict."""
    pair = np.repeat(np.arange(len(pairs)), [len(p.renames) for p in pairs])
    told = [r for p in pairs for r in p.renames]
    if not told:
        return np.zeros(len(pairs))
    left, right = _numbered([r.left for r in told]), _numbered([r.right for r in told])
    counts = strong[pair]
    both, at = np.unique(left * (int(right.max()) + 1) + right, return_inverse=True)
    votes = np.bincount(at[counts], minlength=len(both))
    one, other = np.zeros(len(both), np.int64), np.zeros(len(both), np.int64)
    one[at], other[at] = left, right
    confirmed = votes[at] - counts >= 2
    # A name that three say became another one, from either side.
    loud = votes >= 3
    against = np.zeros(len(both), bool)
    for name in (one, other):
        against |= np.bincount(name[loud], minlength=int(name.max()) + 1)[name] > loud
    value = np.where(confirmed, 1.0, np.where(against[at], -1.0, 0.0))
    value[[min(len(r.left), len(r.right)) < SHORT_NAME for r in told]] = 0.0
    return np.bincount(pair, weights=value, minlength=len(pairs)).astype(np.float64)


def _numbered(names: list[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)

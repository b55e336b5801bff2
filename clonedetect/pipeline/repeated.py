"""Code that repeats: when both sides write one template over and over, their many like pairs say one thing, not many.

Generated clients, handlers and records are made from a template. Each pair of them looks rare against public code, and
all of them together say no more than the first. So a pair whose shared features nearly all stand in a stronger pair
already, as those of several other fragments on both sides do, is explained by repetition; and so is the stronger pair,
unless it has much more than they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import FUNCTION, mix
from clonedetect.match import shared_entries
from clonedetect.pipeline.found import BITS, SIMILARITY, Found, Side, rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Weights

SAME = 0.85  # share of a pair's bits that stand in one stronger pair
MOST = 0.6  # share of the stronger pair's bits that the others must have to be what it is made of, too
FRAGMENTS = 4  # different ones on each side, that are like the stronger pair, to speak of a template
NOTABLE_E = 1.0  # pairs that chance shows more often need no explanation


def repetitions(sides: list[Side], weights: Weights, found: Found, alone: NDArray[np.float64]) -> list[str | None]:
    """What is said of pairs that repeat a stronger one; None for the others."""
    out: list[str | None] = [None] * len(found.pairs)
    spans = [rows(one.forest, *found.places[:, k : k + 2].T) for one, k in zip(sides, (0, 2), strict=False)]
    # Of what holds many functions of one shape, and other literals, chance alone makes some literals equal.
    differ = np.flatnonzero(found.numbers[:, SIMILARITY] < 1.0)
    alike = [_of_one_shape(one, lo[differ], hi[differ]) for one, (lo, hi) in zip(sides, spans, strict=False)]
    for n in differ[alike[0] & alike[1]].tolist():
        out[n] = "repetition: functions of the same few shapes on each side"
    if len(out) < FRAGMENTS:
        return out
    at = np.lexsort((-found.numbers[:, BITS], alone))  # strongest first
    places = found.places[at]
    spans = [(lo[at], hi[at]) for lo, hi in spans]
    pair, feature, _ = shared_entries(sides[0].bags, sides[1].bags, weights, *spans)
    bits = weights.added[feature]  # once, however often a pair has it: a module has it in each of its functions
    donor, held = _donors(pair, feature, bits, len(at))
    total = np.bincount(pair, weights=bits, minlength=len(at))
    like = np.flatnonzero((held > 0.0) & (held >= SAME * total))
    for first in np.unique(donor[like]).tolist():
        family = like[donor[like] == first]
        fragments = _fragments(places[family])
        if fragments < FRAGMENTS:
            continue
        if _fragments(places[family[held[family] >= MOST * total[first]]]) >= FRAGMENTS:
            family = np.append(family, first)
        for n in at[family][alone[at[family]] <= NOTABLE_E].tolist():
            out[n] = f"repetition: {fragments} fragments on each side have the same in common"
    return out


def _of_one_shape(one: Side, lo: NDArray[np.int64], hi: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ranges of rows are nearly all functions that have their shape in common with others in the same range."""
    c, functions = one.forest.columns, one.bags.place[one.bags.kind == FUNCTION]
    row = one.forest.statements.row[functions].astype(np.int64)
    after = c.after[row].astype(np.int64)
    kinds = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mix(c.kind.astype(np.uint64)), dtype=np.uint64)))
    shape = kinds[after] - kinds[row]  # of the kinds of nodes, however ordered
    out = np.zeros(len(lo), bool)
    for n, (a, b) in enumerate(zip(*(np.searchsorted(row, edge) for edge in (lo, hi)), strict=True)):
        if b - a >= FRAGMENTS:
            _, which, count = np.unique(shape[a:b], return_inverse=True, return_counts=True)
            inside = (after[a:b] - row[a:b])[count[which] >= FRAGMENTS].sum()
            out[n] = inside >= SAME * (hi[n] - lo[n])
    return out


def _fragments(places: NDArray[np.int64]) -> int:
    """How many different fragments pairs have, on the side where they are fewer."""
    return min(len(np.unique(places[:, side])) for side in (0, 2))


def _donors(
    pair: NDArray[np.int64], feature: NDArray[np.int64], bits: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of `count` pairs, numbered strongest first, the stronger pair that had most of its features first, and
    how many bits those are."""
    order = np.lexsort((pair, feature))
    new = np.concatenate(([True], feature[order][1:] != feature[order][:-1])) if len(order) else np.zeros(0, bool)
    owner = np.empty(len(order), np.int64)
    owner[order] = pair[order][new][np.cumsum(new) - 1]
    key, which = np.unique(pair * count + owner, return_inverse=True)
    held = np.bincount(which, weights=bits, minlength=len(key))
    held[key // count == key % count] = 0.0  # what a pair was the first to have
    donor, bits_held = np.zeros(count, np.int64), np.zeros(count)
    best = np.lexsort((-(key % count), held))  # the last entry of a pair wins: most bits, then the strongest donor
    donor[key[best] // count] = key[best] % count
    bits_held[key[best] // count] = held[best]
    return donor, bits_held

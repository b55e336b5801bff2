"""What the source channel knows while it runs: both sides, and the pairs found so far with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clonedetect.align import Fragments
from clonedetect.assess import IDIOM_PACKAGES, score
from clonedetect.domain import Background, ClonePair, Features, Forest, Rename, StandIns, Weights
from clonedetect.match import range_bits, shared_bits

# columns of a pair's numbers: bits, tokens, similarity, containment, exact, idiom packages, share of conflicts, bits of
# what the background does not know
COLUMNS = BITS, TOKENS, SIMILARITY, CONTAINMENT, EXACT, IDIOM, CONFLICTS, RARE = range(8)
FEW_PLACES = 4


@dataclass(frozen=True, slots=True)
class Side:
    """One side. `forest`: its plain form; `bag_of`: the bag of each place, -1 for a place that is none."""

    forest: Forest
    stand_ins: StandIns
    bags: Features
    fragments: Fragments
    bag_of: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """Clone pairs, their places (left first, left last, right first, right last), and their numbers."""

    pairs: list[ClonePair]
    places: NDArray[np.int64]
    numbers: NDArray[np.float64]

    def __add__(self, other: Found) -> Found:
        return Found(
            self.pairs + other.pairs,
            np.concatenate((self.places, other.places)),
            np.concatenate((self.numbers, other.numbers)),
        )

    def ordered(self) -> Found:
        """By id, which does not depend on which side is left: so does nothing that follows."""
        order = sorted(range(len(self.pairs)), key=lambda n: self.pairs[n].id)
        return Found([self.pairs[n] for n in order], self.places[order], self.numbers[order])

    def runs(self) -> NDArray[np.bool_]:
        """Which pairs are of statement runs."""
        return np.array([pair.left.kind == "run" for pair in self.pairs], bool)


def side(forest: Forest, stand_ins: StandIns, bags: Features, fragments: Fragments) -> Side:
    """A side by its plain form; `fragments` are those of the forest as it stands."""
    bag_of = np.full(len(forest.statements.row), -1, np.int64)
    bag_of[bags.place] = np.arange(len(bags.place))
    return Side(forest, stand_ins, bags, fragments, bag_of)


def idiom_packages(bags: Features, background: Background) -> NDArray[np.int64]:
    """How many packages of the background have each whole function, own names aside."""
    return background.packages(bags.whole) * (bags.whole != 0)


def rows(forest: Forest, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """The rows `lo:hi` from one statement to another."""
    row = forest.statements.row.astype(np.int64)
    return row[first], forest.columns.after[row[last]].astype(np.int64)


def exact_numbers(
    sides: list[Side],
    weights: Weights,
    pairs: list[ClonePair],
    places: NDArray[np.int64],
    background: Background,
) -> NDArray[np.float64]:
    """The numbers of equal pairs: the bits that both sides have, and the fewer tokens."""
    bits, tokens, idioms, ranges = [], [], [], []
    whole = (places[:, 0] == places[:, 1]).astype(np.int64)
    for one, (first, last) in zip(sides[:2], ((places[:, 0], places[:, 1]), (places[:, 2], places[:, 3])), strict=True):
        lo, hi = rows(one.forest, first, last)
        after = one.forest.columns.after
        leaves = np.concatenate(([0], np.cumsum(after == np.arange(1, len(after) + 1, dtype=np.uint32))))
        ranges.append((lo, hi))
        bits.append(range_bits(one.bags, weights, lo, hi))
        tokens.append(leaves[hi] - leaves[lo])
        known, bag = idiom_packages(one.bags, background), one.bag_of[first]
        idioms.append(np.where(bag >= 0, known[bag] if len(known) else 0, -1))
    # A whole function that both sides know, by the side that more packages know.
    idiom = np.where(np.minimum(*idioms) >= 0, np.maximum(*idioms), 0) * whole
    similarity = np.array([p.similarity for p in pairs])
    fewer = np.minimum(*bits)
    other = np.flatnonzero(similarity < 1.0)  # literals differ: what only one side has is not shared
    fewer[other] = shared_bits(sides[0].bags, sides[1].bags, weights, *((lo[other], hi[other]) for lo, hi in ranges))
    share = np.array([contradiction(p.conflicts, p.renames) for p in pairs])
    ones = np.ones(len(pairs))
    rare = rare_bits(sides, weights, places, background)
    return np.stack((fewer, np.minimum(*tokens), similarity, ones, ones, idiom, share, rare), axis=1)


def rare_bits(
    sides: list[Side], weights: Weights, places: NDArray[np.int64], background: Background
) -> NDArray[np.float64]:
    """Bits of what pairs share and fewer packages of the background have than make an idiom."""
    rare = replace(weights, added=weights.added * (background.packages(weights.feature) < IDIOM_PACKAGES))
    spans = [rows(one.forest, *places[:, k : k + 2].T) for one, k in zip(sides[:2], (0, 2), strict=True)]
    return shared_bits(sides[0].bags, sides[1].bags, rare, *spans).round(6)


def contradiction(conflicts: int, renames: Sequence[Rename]) -> float:
    """The share of changed places of names that contradict the pair's own renames; of few places it says little."""
    return conflicts / (conflicts + sum(r.count for r in renames) + FEW_PLACES)


def scores(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """`assess.score` of pairs by their numbers."""
    return score(
        numbers[:, BITS],
        numbers[:, SIMILARITY],
        numbers[:, CONTAINMENT],
        numbers[:, IDIOM],
        numbers[:, CONFLICTS],
        numbers[:, RARE],
    )

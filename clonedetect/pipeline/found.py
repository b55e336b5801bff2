"""What the source channel knows while it runs: both sides, and the pairs found so far with their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clonedetect.align import Fragments
from clonedetect.assess import score
from clonedetect.domain import Background, ClonePair, Features, Forest, Weights
from clonedetect.match import range_bits

# columns of a pair's numbers: bits, tokens, similarity, containment, exact, idiom packages, share of conflicts
BITS, TOKENS, SIMILARITY, CONTAINMENT, EXACT, IDIOM, CONFLICTS = range(7)


@dataclass(frozen=True, slots=True)
class Side:
    """One side. `bag_of`: the bag of each place, -1 for a place that is none."""

    forest: Forest
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


def side(forest: Forest, bags: Features) -> Side:
    """A side whose fragments have no names yet."""
    bag_of = np.full(len(forest.statements.row), -1, np.int64)
    bag_of[bags.place] = np.arange(len(bags.place))
    return Side(forest, bags, Fragments(forest), bag_of)


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
    """The numbers of equal pairs: each side's own bits and tokens, the fewer of both."""
    bits, tokens, idioms = [], [], []
    whole = (places[:, 0] == places[:, 1]).astype(np.int64)
    for one, (first, last) in zip(sides[:2], ((places[:, 0], places[:, 1]), (places[:, 2], places[:, 3])), strict=True):
        lo, hi = rows(one.forest, first, last)
        after = one.forest.columns.after
        leaves = np.concatenate(([0], np.cumsum(after == np.arange(1, len(after) + 1, dtype=np.uint32))))
        bits.append(range_bits(one.bags, weights, lo, hi))
        tokens.append(leaves[hi] - leaves[lo])
        known, bag = idiom_packages(one.bags, background), one.bag_of[first]
        idioms.append(np.where(bag >= 0, known[bag] if len(known) else 0, -1))
    # A whole function that both sides know, by the side that more packages know.
    idiom = np.where(np.minimum(*idioms) >= 0, np.maximum(*idioms), 0) * whole
    similarity = np.array([p.similarity for p in pairs])
    share = np.array([p.conflicts / (len(p.renames) + 1) for p in pairs])
    ones = np.ones(len(pairs))
    return np.stack((np.minimum(*bits), np.minimum(*tokens), similarity, ones, ones, idiom, share), axis=1)


def scores(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """`assess.score` of pairs by their numbers."""
    return score(
        numbers[:, BITS],
        numbers[:, TOKENS],
        numbers[:, SIMILARITY],
        numbers[:, CONTAINMENT],
        numbers[:, EXACT] > 0,
        numbers[:, IDIOM],
        numbers[:, CONFLICTS],
    )

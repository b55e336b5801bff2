"""What passes between fingerprints, matches and scores: arrays, one row a unit, a match or a feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODULE, CLASS, FUNCTION, RUN = 0, 1, 2, 3  # kinds of units


@dataclass(frozen=True, slots=True)
class Units:
    """Candidate fragments of a forest with their hashes: definitions, and the smallest large-enough statement runs.

    first, last  int64  places of the first and last statement (equal for a definition)
    lo, hi       int64  rows `lo:hi` of the columns
    kind         uint8  MODULE, CLASS, FUNCTION or RUN
    tokens       int64  leaves in the fragment
    raw, renamed, blind  uint64  hashes of the three normal forms; equal hashes are candidates, not matches
    content      uint64 hash with own names blind, external names and literals spelled
    key          uint64  what is joined: the blind hash, of small definitions the hash with external names spelled
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    lo: NDArray[np.int64]
    hi: NDArray[np.int64]
    kind: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    raw: NDArray[np.uint64]
    renamed: NDArray[np.uint64]
    blind: NDArray[np.uint64]
    content: NDArray[np.uint64]
    key: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """A forest's units, and per statement its blind hash and the place of the next sibling or -1."""

    units: Units
    statement: NDArray[np.uint64]
    sibling: NDArray[np.int64]
    ordinal: NDArray[np.int64]  # place among the statements of its block


@dataclass(frozen=True, slots=True)
class Matches:
    """Verified equal (up to names and literals) runs and definitions: places, both inclusive, and unit kind."""

    left_first: NDArray[np.int64]
    left_last: NDArray[np.int64]
    right_first: NDArray[np.int64]
    right_last: NDArray[np.int64]
    kind: NDArray[np.uint8]
    classes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()  # many-to-many: (left places, right places)


# ---------------------------------------------------------------- canonical statements and their alignment


@dataclass(frozen=True, slots=True)
class Features:
    """What each fragment of a forest is made of, as a bag of content features. One row a fragment ("bag").

    place  int64   the definition's (or module's) statement
    kind   uint8   FUNCTION, or CLASS and MODULE: what of these is in no function
    tokens int64   leaves; first, last: rows
    distinct uint64 the hashes of all features, sorted: what the numbers of features count in
    start  int64   bags + 1 offsets into `number` and `count`
    number int64   the features of the bags, sorted within a bag; count uint16 how often
    row    int64   for each entry the first row that shows the feature: what a report prints
    An even feature is a keyword or operator (its hash does not fix what is inside it), an odd one anything else.
    node_row, node_number  every occurrence: rows in order, and what feature is there (a row can have two)
    whole  uint64  hash of a function's whole content form, 0 for other bags: what the background knows as an idiom
    """

    place: NDArray[np.int64]
    kind: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    distinct: NDArray[np.uint64]
    start: NDArray[np.int64]
    number: NDArray[np.int64]
    count: NDArray[np.uint16]
    row: NDArray[np.int64]
    node_row: NDArray[np.int64]
    node_number: NDArray[np.int64]
    whole: NDArray[np.uint64]

    @property
    def feature(self) -> NDArray[np.uint64]:
        """The hash for each entry of `number`."""
        return self.distinct[self.number]


@dataclass(frozen=True, slots=True)
class Background:
    """How rare features are in public code.

    table uint64, sorted: upper 48 bits of the feature's hash, 8 bits rarity in steps of 1/16 bit, 8 bits how many
    packages have it (255 for more).
    Rarity is -log2 of the mean, over all packages, of the share of a package's fragments that
    have the feature: counted per package, so what one project and its vendored copies have does not become common.
    A feature that is not in the table has `unseen` bits.
    """

    table: NDArray[np.uint64]
    unseen: float = 12.0

    def _find(self, feature: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        key = feature >> np.uint64(16)
        at = np.minimum(np.searchsorted(self.table, key << np.uint64(16)), max(len(self.table) - 1, 0))
        if not len(self.table):
            return at, np.zeros(len(feature), bool)
        return at, self.table[at] >> np.uint64(16) == key

    def bits(self, feature: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Rarity of each feature in bits."""
        at, known = self._find(feature)
        out = np.full(len(feature), self.unseen)
        out[known] = (self.table[at[known]] >> np.uint64(8) & np.uint64(255)).astype(np.float64) / 16
        return np.minimum(out, self.unseen)

    def packages(self, feature: NDArray[np.uint64]) -> NDArray[np.int64]:
        """How many packages of the background have each feature; 0 for at most one."""
        at, known = self._find(feature)
        out = np.zeros(len(feature), np.int64)
        out[known] = (self.table[at[known]] & np.uint64(255)).astype(np.int64)
        return out


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs of bags that share rare features, best first for each bag.

    left, right int64 bag numbers; matched, left_only, right_only  bits; columns are parallel.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    matched: NDArray[np.float64]
    left_only: NDArray[np.float64]
    right_only: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """The vocabulary of a comparison: sorted feature hashes, and the bits of each.

    bits: by rarity alone; added: less what the pieces inside the feature already say: a sum counts nothing twice.
    """

    feature: NDArray[np.uint64]
    bits: NDArray[np.float64]
    added: NDArray[np.float64]

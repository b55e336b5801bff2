"""E-values of pairs that belong to a consistent set.

When many pairs are far beyond chance (anchors), what both repositories share is no accident, and a further pair needs
to beat only the pairs that compete with it: as in sum statistics, where segments that lie consistently with stronger
ones share their significance (Karlin and Altschul 1993). A pair of fragments that no anchor holds competes with pairs
of such fragments alone; one in a linked class, file, or gap between anchors, with the pairs in linked groups alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANCHOR = 1e-2  # E-value of a pair that may vouch for others
LEAST_ANCHORS = 3  # fewer pairs may be one borrowed function and say nothing about the rest
CONFIRMED = 1.5  # natural log of how much rarer each confirmed rename makes a chance pair


@dataclass(frozen=True, slots=True)
class Context:
    """Groups of fragments on both sides (gaps, classes, files, all), and which are linked by anchors.

    pairs: the group of each pair's left and right fragment, -1 for none. sizes: fragments in each left and right
    group; free: those of them that no anchor holds. linked: left and right groups that stand opposite each other.
    """

    pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
    sizes: tuple[NDArray[np.int64], NDArray[np.int64]]
    free: tuple[NDArray[np.int64], NDArray[np.int64]]
    linked: tuple[NDArray[np.int64], NDArray[np.int64]]

    def inside(self) -> NDArray[np.bool_]:
        """Which pairs lie in linked groups."""
        width = len(self.sizes[1]) + 1
        left, right = self.pairs
        return np.isin(
            np.where((left < 0) | (right < 0), -1, left * width + right), self.linked[0] * width + self.linked[1]
        )

    def space(self, sizes: tuple[NDArray[np.int64], NDArray[np.int64]]) -> float:
        """How many pairs of fragments the linked groups hold, at least one."""
        left, right = self.linked
        return max(1.0, float((sizes[0][left].astype(np.float64) * sizes[1][right]).sum()))


def anchors(
    alone: NDArray[np.float64], left: NDArray[np.int64], right: NDArray[np.int64], counts: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Pairs far beyond chance that count, strongest first, each fragment used once. None where they are too few."""
    seen_left: set[int] = set()
    seen_right: set[int] = set()
    out = []
    for i in np.argsort(alone, kind="stable").tolist():
        if alone[i] > ANCHOR:
            break
        a, b = int(left[i]), int(right[i])
        if counts[i] and a not in seen_left and b not in seen_right:
            seen_left.add(a)
            seen_right.add(b)
            out.append(i)
    return np.array(out if len(out) >= LEAST_ANCHORS else [], np.int64)


def shares(
    contexts: Sequence[Context], free: NDArray[np.bool_], anchored: int, fragments: tuple[int, int]
) -> NDArray[np.float64]:
    """Which share of all pairs of fragments each pair competes with.

    free: pairs of which no anchor holds a side; anchored: how many anchors; fragments: of both repositories.
    """
    total = max(1.0, float(fragments[0]) * float(fragments[1]))
    share = np.full(len(free), 1.0 / anchored)
    for context in contexts:
        here = np.where(free, context.space(context.free), context.space(context.sizes)) / total
        share = np.where(context.inside(), np.minimum(share, here), share)
    return share


def linked_e_values(
    alone: NDArray[np.float64], anchored: NDArray[np.int64], share: NDArray[np.float64], agreement: NDArray[np.float64]
) -> NDArray[np.float64]:
    """E-values of pairs as members of a consistent set; never more than alone, never less than the anchors bear out.

    Chance shows as many pairs as strong as the weakest of LEAST_ANCHORS as a Poisson variable does of that mean: with a
    probability of at most mean**n / n!.
    alone: each pair's own E-value; anchored: which pairs are anchors; share: what each competes with;
    agreement: renames that other pairs confirm, less those that they contradict.
    """
    # Every confirmed rename is one more thing that chance would have to hit.
    joined = alone * share * np.exp(-CONFIRMED * np.clip(agreement, -3.0, 5.0))
    mean = float(np.sort(alone[anchored])[LEAST_ANCHORS - 1])
    floor = mean**LEAST_ANCHORS / factorial(LEAST_ANCHORS)
    return np.minimum(alone, np.maximum(joined, floor))

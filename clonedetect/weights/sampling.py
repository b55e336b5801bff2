"""A seeded sub-matrix of each pair, for what sums cannot show: rounding grids, spectra, the permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clonedetect.weights.pairing import RUN, SEED, as_matrix, opposite, splits_columns
from clonedetect.weights.stream import Work
from clonedetect.weights.tensors import Tensor, to_float

ALIGN = 256  # columns: block quantisation groups of up to this many stay whole
GROUP = 16  # rows read together
TEST_ROWS, TEST_COLUMNS = 128, 256
VECTOR = 1 << 16


@dataclass(frozen=True, slots=True)
class Sample:
    """Opposite values of left and right as matrices, and the part of them that pairing did not see."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    test_left: NDArray[np.float64]
    test_right: NDArray[np.float64]


def _window(tensor: Tensor, rows: NDArray[np.int64], columns: int, begin: int, width: int) -> NDArray[np.float64]:
    """The values of `rows` in one window of columns; rows that follow each other are read at once."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    parts = []
    for run in np.split(rows, breaks if columns <= 4 * width else np.arange(1, len(rows))):
        first, last = int(run[0]) * columns, int(run[-1]) * columns
        if len(run) == 1:
            parts.append(tensor.read(first + begin, first + begin + width)[None])
        else:
            parts.append(tensor.read(first, last + columns).reshape(len(run), columns)[:, begin : begin + width])
    return to_float(np.concatenate(parts)).astype(np.float64)


def _rows(rng: np.random.Generator, rows: int, count: int) -> NDArray[np.int64]:
    """`count` rows in groups that follow each other, seeded, in order."""
    if count >= rows:
        return np.arange(rows, dtype=np.int64)
    groups = np.sort(rng.choice(rows // GROUP, count // GROUP, replace=False)).astype(np.int64)
    return (groups[:, None] * GROUP + np.arange(GROUP)).ravel()


def draw(work: Work, rows_at_most: int, columns_at_most: int) -> Sample:
    """The sample of a pair: some rows, one window of columns, non-finite values replaced by 0 on both sides."""
    rows, columns = as_matrix(work.left.shape)
    rng = np.random.default_rng([SEED, rows, columns])
    width = min(columns, columns_at_most if rows > 1 else VECTOR)
    begin = int(rng.integers(0, (columns - width) // ALIGN + 1)) * ALIGN
    picked = _rows(rng, rows, rows_at_most)
    left = _window(work.left, picked, columns, begin, width)
    if work.turned:
        positions = picked[:, None] * columns + begin + np.arange(width)
        right = work.right.at(opposite(positions, work.left.shape, work.right.shape, work.axes)).astype(np.float64)
    else:
        right = _window(work.right, picked, columns, begin, width)
    broken = ~(np.isfinite(left) & np.isfinite(right))
    if broken.any():
        left, right = np.where(broken, 0.0, left), np.where(broken, 0.0, right)
    if splits_columns(work.left.shape):
        odd = np.flatnonzero((begin + np.arange(width)) // RUN % 2)[:TEST_COLUMNS]
        test = np.ix_(np.arange(len(picked))[:TEST_ROWS], odd)
    else:
        test = np.ix_(np.flatnonzero(picked % 2)[:TEST_ROWS], np.arange(width)[:TEST_COLUMNS])
    return Sample(left, right, left[test], right[test])

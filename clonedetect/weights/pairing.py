"""Which tensor of the left stands opposite which of the right, without looking at names.

Tensors of equal sorted dimensions are compared by the centred correlation of the values at seeded positions;
mutual nearest neighbours are paired first, the rest by assignment. Positions come from even blocks of columns
(or even rows), so that the odd ones are left for a test that the selection has not touched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from clonedetect.weights.linear import Device, correlations
from clonedetect.weights.tensors import Tensor

SAMPLE = 1024
RUN = 16  # values: the column blocks whose even ones pair and whose odd ones test
TOGETHER = 4  # even blocks of a row that one read fetches
CONFIDENT = 0.25  # of SAMPLE values: eight standard deviations
MAX_ASSIGNED = 3000  # tensors of one class that the assignment is asked to place
BLOCK = 1024
SEED = 20_240_601

Axes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Left and right tensor by index. axes: right.transpose(axes) has the left's shape (dimensions of 1 dropped);
    an empty tuple says the values stand in equal flat order. score: correlation of the pairing sample."""

    left: int
    right: int
    axes: Axes
    score: float


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without dimensions of 1."""
    return tuple(extent for extent in shape if extent > 1)


def as_matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of a tensor seen as (leading axis, all others)."""
    tight = squeezed(shape)
    rows = tight[0] if len(tight) > 1 else 1
    return rows, math.prod(tight) // rows


def splits_columns(shape: tuple[int, ...]) -> bool:
    """Whether pairing and test share a tensor by blocks of columns (else by rows)."""
    return as_matrix(shape)[1] >= 4 * RUN


def pairing_positions(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Seeded flat positions, in runs, from the half that pairing may look at."""
    rows, columns = as_matrix(shape)
    rng = np.random.default_rng([SEED, *squeezed(shape)])
    if splits_columns(shape):
        blocks = (columns // RUN + 1) // 2  # even ones
        near = min(TOGETHER, blocks)
        count = -(-SAMPLE // (near * RUN))
        starts = rng.integers(0, blocks - near + 1, count) * 2 * RUN
        starts = np.minimum(starts, ((columns // RUN - 1) // 2 - near + 1) * 2 * RUN)
        places = (np.arange(near)[:, None] * 2 * RUN + np.arange(RUN)).ravel()
        picked = rng.integers(0, rows, count)
        return ((picked * columns + starts)[:, None] + places).ravel().astype(np.int64)
    picked = rng.integers(0, (rows + 1) // 2, -(-SAMPLE // columns)) * 2
    return (picked[:, None] * columns + np.arange(columns)).ravel()[:SAMPLE].astype(np.int64)


def opposite(
    positions: NDArray[np.int64], left: tuple[int, ...], right: tuple[int, ...], axes: Axes
) -> NDArray[np.int64]:
    """The right's flat positions that stand opposite the left's."""
    if not axes or axes == tuple(range(len(axes))):
        return positions
    tight, other = squeezed(left), squeezed(right)
    index = np.unravel_index(positions, tight)
    swapped: list[NDArray[np.int64]] = [index[0]] * len(axes)
    for axis, target in enumerate(axes):
        swapped[target] = index[axis]
    return np.ravel_multi_index(tuple(swapped), other).astype(np.int64)


def layouts(left: tuple[int, ...], right: tuple[int, ...]) -> list[Axes]:
    """All ways to turn the right's axes so that its shape is the left's; the plain one first."""
    tight, other = squeezed(left), squeezed(right)
    if len(tight) != len(other) or len(tight) > 4:
        return []
    return [axes for axes in permutations(range(len(tight))) if tuple(other[a] for a in axes) == tight]


def _samples(tensors: list[Tensor], positions: NDArray[np.int64]) -> NDArray[np.float32]:
    rows = np.stack([tensor.at(positions) for tensor in tensors]).astype(np.float32)
    return np.nan_to_num(rows, nan=0.0, posinf=0.0, neginf=0.0)


def _mutual(device: Device, left: NDArray, right: NDArray) -> list[tuple[int, int, float]]:
    """Pairs that are each other's nearest by absolute correlation, in blocks so that memory stays linear."""
    best_right = np.full(len(left), -1)
    left_score = np.zeros(len(left), np.float32)
    best_left = np.full(len(right), -1)
    right_score = np.zeros(len(right), np.float32)
    for start in range(0, len(left), BLOCK):
        block = np.abs(correlations(device, left[start : start + BLOCK], right))
        best_right[start : start + BLOCK] = block.argmax(axis=1)
        left_score[start : start + BLOCK] = block.max(axis=1)
        column = block.max(axis=0)
        better = column > right_score
        best_left[better] = block.argmax(axis=0)[better] + start
        right_score[better] = column[better]
    return [
        (int(i), int(j), float(left_score[i]))
        for i, j in enumerate(best_right)
        if best_left[j] == i and left_score[i] >= CONFIDENT
    ]


class _Class:
    """The unpaired tensors of one class on each side."""

    def __init__(self, device: Device, left: list[tuple[int, Tensor]], right: list[tuple[int, Tensor]]) -> None:
        self.device, self.left, self.right = device, left, right
        self.pairs: list[Pair] = []

    def take(self, found: list[tuple[int, int, float, Axes]]) -> None:
        """Note pairs (by place in the lists) and drop them from the lists."""
        for i, j, score, axes in found:
            self.pairs.append(Pair(self.left[i][0], self.right[j][0], axes, score))
        gone_left, gone_right = {f[0] for f in found}, {f[1] for f in found}
        self.left = [item for i, item in enumerate(self.left) if i not in gone_left]
        self.right = [item for j, item in enumerate(self.right) if j not in gone_right]

    def by_value(self, flat: bool) -> None:
        """Mutual nearest neighbours in equal layout, then in turned layouts."""
        for turned in (False, True) if not flat else (False,):
            shapes = sorted({squeezed(t.shape) for _, t in self.left})
            others = sorted({squeezed(t.shape) for _, t in self.right})
            for shape in shapes:
                for other in others:
                    options = [()] if flat else layouts(shape, other)
                    plain = tuple(range(len(shape)))
                    for axes in options:
                        if (axes != plain and axes != ()) == turned:
                            self._match(shape, other, axes)

    def _match(self, shape: tuple[int, ...], other: tuple[int, ...], axes: Axes) -> None:
        rows = [i for i, (_, t) in enumerate(self.left) if squeezed(t.shape) == shape]
        columns = [j for j, (_, t) in enumerate(self.right) if squeezed(t.shape) == other]
        if not rows or not columns:
            return
        positions = pairing_positions(shape)
        a = _samples([self.left[i][1] for i in rows], positions)
        b = _samples([self.right[j][1] for j in columns], opposite(positions, shape, other, axes))
        found: list[tuple[int, int, float, Axes]] = []
        while rows and columns:  # tied tensors (equal values under two names) need a round each
            nearest = _mutual(self.device, a, b)
            found += [(rows[i], columns[j], score, axes) for i, j, score in nearest]
            keep = [i for i in range(len(rows)) if i not in {n[0] for n in nearest}]
            stay = [j for j in range(len(columns)) if j not in {n[1] for n in nearest}]
            if not nearest:
                break
            rows, a = [rows[i] for i in keep], a[keep]
            columns, b = [columns[j] for j in stay], b[stay]
        self.take(found)

    def by_profile(self) -> None:
        """The rest: assignment by what a permutation or rotation leaves (sorted norms), then by order."""
        for shape in sorted({squeezed(t.shape) for _, t in self.left}):
            rows = [i for i, (_, t) in enumerate(self.left) if squeezed(t.shape) == shape]
            columns = [j for j, (_, t) in enumerate(self.right) if squeezed(t.shape) == shape]
            if not rows or not columns or max(len(rows), len(columns)) > MAX_ASSIGNED:
                continue
            first = [_profile(self.left[i][1]) for i in rows]
            second = [_profile(self.right[j][1]) for j in columns]
            cost = np.stack([_distance(p, second) for p in first])
            place = np.abs(np.arange(len(rows))[:, None] / len(rows) - np.arange(len(columns))[None] / len(columns))
            found = linear_sum_assignment(np.minimum(cost, 2.0) + 0.02 * place)
            plain = tuple(range(len(shape)))
            self.take([(rows[i], columns[j], 0.0, plain) for i, j in zip(*found, strict=True)])


def _profile(tensor: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sorted logarithms of row norms and of column norms of (up to) the first million values."""
    rows, columns = as_matrix(tensor.shape)
    count = max(1, min(rows, (1 << 20) // columns))
    width = min(columns, 1 << 20)
    values = np.nan_to_num(tensor.floats(0, count * width).astype(np.float64)).reshape(count, width)
    squares = np.square(values)
    by_row, by_column = (np.sort(np.log(squares.sum(axis=axis) + 1e-30)) for axis in (1, 0))
    return by_row, by_column


def _distance(
    profile: tuple[NDArray[np.float64], NDArray[np.float64]],
    others: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Mean difference of the sorted norms, by rows or by columns, whichever agrees better."""
    return np.array([min(float(np.abs(profile[k] - other[k]).mean()) for k in (0, 1)) for other in others])


def pair_matrices(device: Device, left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> list[Pair]:
    """Pairs of all tensors of two or more dimensions, by class, in the order of the left."""
    pairs: list[Pair] = []

    def remaining(side: tuple[Tensor, ...], taken: set[int]) -> list[tuple[int, Tensor]]:
        return [(i, t) for i, t in enumerate(side) if len(squeezed(t.shape)) >= 2 and i not in taken]

    def grouped(items: list[tuple[int, Tensor]], flat: bool) -> dict[tuple[int, ...], list[tuple[int, Tensor]]]:
        table: dict[tuple[int, ...], list[tuple[int, Tensor]]] = {}
        for index, tensor in items:
            key = (tensor.size,) if flat else tuple(sorted(squeezed(tensor.full_shape)))
            table.setdefault(key, []).append((index, tensor))
        return table

    for flat, final in ((False, False), (True, False), (False, True)):
        lefts = grouped(remaining(left, {p.left for p in pairs}), flat)
        rights = grouped(remaining(right, {p.right for p in pairs}), flat)
        for key in sorted(lefts.keys() & rights.keys()):
            group = _Class(device, lefts[key], rights[key])
            if final:
                group.by_profile()
            else:
                group.by_value(flat)
            pairs += group.pairs
    return sorted(pairs, key=lambda pair: pair.left)

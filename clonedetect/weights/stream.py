"""One pass over the values of all pairs: sums only, block by block, memory bound by the block.

Blocks fit the second-level cache, so that the arithmetic reads warm memory; products are summed in float32
within a block of 2^17 values (pairwise or by BLAS) and in float64 across blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clonedetect.weights.pairing import SEED, Axes, opposite, squeezed
from clonedetect.weights.tensors import Tensor, to_float
from clonedetect.weights.threads import in_threads

BLOCK = 1 << 17
JOB = 1 << 23  # values a thread works through between two reports of progress
QUICK_ALL = 1 << 26  # values: below this the quick mode reads everything
QUICK_VALUES = 1 << 18  # values of a tensor that the quick mode reads
QUICK_BLOCK = 1 << 14

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the finite values of a pair: a left, b right, r = b - a.

    equal and same_bytes count the values of those blocks that are equal throughout.
    """

    count: int = 0
    finite: int = 0
    equal: int = 0
    same_bytes: int = 0
    a: float = 0.0
    r: float = 0.0
    aa: float = 0.0
    ar: float = 0.0
    rr: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Moments)))

    @property
    def bb(self) -> float:
        """Sum of squares of the right."""
        return self.aa + 2 * self.ar + self.rr

    def correlation(self) -> float | None:
        """Centred correlation; None without variance."""
        n = self.finite
        if n < 2:
            return None
        left = self.aa - self.a**2 / n
        b = self.a + self.r
        right = self.bb - b**2 / n
        cross = self.aa + self.ar - self.a * b / n
        if left <= 1e-14 * self.aa or right <= 1e-14 * abs(self.bb):
            return None
        return float(np.clip(cross / np.sqrt(left * right), -1, 1))

    def residual_variance(self) -> float:
        """Variance of r."""
        return max(self.rr / self.finite - (self.r / self.finite) ** 2, 0.0) if self.finite else 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """A pair of tensors to stream."""

    left: Tensor
    right: Tensor
    axes: Axes

    @property
    def turned(self) -> bool:
        """Whether the right's axes must be turned."""
        return bool(self.axes) and self.axes != tuple(range(len(self.axes)))


def _same_bits(first: NDArray, second: NDArray) -> bool:
    if first.dtype != second.dtype:
        return False
    wide = np.uint64 if first.nbytes % 8 == 0 else np.uint8
    return bool((first.view(wide) == second.view(wide)).all())


def block_moments(first: NDArray, second: NDArray) -> Moments:
    """Sums of one block of stored values."""
    count = first.size
    alike = _same_bits(first, second)
    a = to_float(first)
    if alike:
        square, total = float(np.dot(a, a)), float(a.sum())
        if np.isfinite(square):
            return Moments(count, count, count, count, total, 0.0, square, 0.0, 0.0)
    b = to_float(second)
    if a.dtype != b.dtype:
        a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        r = b - a
        ar, rr, aa = float(np.dot(a, r)), float(np.dot(r, r)), float(np.dot(a, a))
    if not np.isfinite(aa + ar + rr):  # NaN, infinity, or an overflow of the squares
        return _careful(a.astype(np.float64), b.astype(np.float64), alike)
    equal = count if rr == 0 and not r.any() else 0
    return Moments(count, count, equal, count if alike else 0, float(a.sum()), float(r.sum()), aa, ar, rr)


def _careful(a: NDArray, b: NDArray, alike: bool) -> Moments:
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    equal = a.size if same.all() else 0
    count = a.size
    a, b = a[finite], b[finite]
    with np.errstate(all="ignore"):
        r = b - a
        sums = [float(x) for x in (a.sum(), r.sum(), np.dot(a, a), np.dot(a, r), np.dot(r, r))]
    if not all(np.isfinite(sums)):
        return Moments(count, 0, equal, count if alike else 0)
    return Moments(count, int(finite.sum()), equal, count if alike else 0, *sums)


def _ranges(work: Work, whole: bool) -> list[tuple[int, int]]:
    size = work.left.size
    if whole or size <= QUICK_VALUES:
        return [(start, min(size, start + JOB)) for start in range(0, size, JOB)]
    rng = np.random.default_rng([SEED, size])
    slots = size // QUICK_BLOCK
    picked = np.sort(rng.choice(slots, min(slots, QUICK_VALUES // QUICK_BLOCK), replace=False))
    return [(int(slot) * QUICK_BLOCK, (int(slot) + 1) * QUICK_BLOCK) for slot in picked]


def _span(work: Work, start: int, stop: int) -> Moments:
    total = Moments()
    step = BLOCK if not work.turned else BLOCK * 8
    shapes = squeezed(work.left.shape), squeezed(work.right.shape)
    for begin in range(start, stop, step):
        end = min(stop, begin + step)
        if work.turned:
            positions = opposite(np.arange(begin, end, dtype=np.int64), *shapes, work.axes)
            second = work.right.at(positions)
        else:
            second = work.right.read(begin, end)
        total = total + block_moments(work.left.read(begin, end), second)
    return total


def stream(works: Sequence[Work], full: bool, progress: Progress | None = None) -> list[Moments]:
    """Moments of each pair; with `full` of all values, else of seeded blocks unless the whole is small.

    progress(done, total) counts left values. The result does not depend on the number of threads.
    """
    whole = full or sum(work.left.size for work in works) <= QUICK_ALL
    jobs = [(i, start, stop) for i, work in enumerate(works) for start, stop in _ranges(work, whole)]
    total = sum(stop - start for _, start, stop in jobs)
    results = [Moments() for _ in works]
    done = 0
    spans = in_threads(lambda job: _span(works[job[0]], job[1], job[2]), jobs)
    with closing(spans):  # at Ctrl-C too: what has not begun must not run on
        for (index, start, stop), moments in zip(jobs, spans, strict=True):
            results[index] = results[index] + moments
            done += stop - start
            if progress is not None:
                progress(done, total)
    return results

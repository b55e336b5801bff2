"""One pass over the values of all pairs: sums only, block by block, memory bound by the block.

A block is read into the thread's own memory and stays in the processor's cache while it is summed; it is as large as
that allows, because each call of numpy waits for the interpreter's lock. Products are summed in float32 within a row
of 2^12 values (by BLAS, in partial sums) and in float64 across rows.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clonedetect.weights.pairing import SEED, Axes, opposite, squeezed
from clonedetect.weights.tensors import BFLOAT16, RawSource, Tensor, to_float
from clonedetect.weights.threads import in_threads

BLOCK = 1 << 18
_HALF = np.dtype(np.float16)
PAGE = 1 << 21  # bytes
TURNED = 1 << 20  # values of a block whose right side is gathered
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
        return Moments(  # written out: this runs once a block
            self.count + other.count,
            self.finite + other.finite,
            self.equal + other.equal,
            self.same_bytes + other.same_bytes,
            self.a + other.a,
            self.r + other.r,
            self.aa + other.aa,
            self.ar + other.ar,
            self.rr + other.rr,
        )

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


class _Scratch(threading.local):
    """Each thread's own blocks: a fresh array of this size costs more in page faults than its arithmetic.

    Parts of one array that begins on a large page, which numpy asks the system for from 4 MB on.
    """

    def __init__(self) -> None:
        memory = np.empty(24 * BLOCK + PAGE, np.uint8)
        whole = memory[-memory.ctypes.data % PAGE :][: 24 * BLOCK].view(np.float32).reshape(6, BLOCK)
        self.floats = whole[:2]
        self.raw = whole[2:].reshape(2, -1).view(np.uint8)


_SCRATCH = _Scratch()
_ONES = np.ones(1 << 10, np.float32)
ROW = 1 << 12  # values summed in float32: over a whole block the rounding would reach 1e-5 of the sum
FAR = 2.0**-12


def _stored(tensor: Tensor, start: int, stop: int, side: int) -> NDArray:
    """Stored values [start, stop), into this thread's block where they lie in a file as they are."""
    source = tensor.source
    if not isinstance(source, RawSource):
        return tensor.read(start, stop)
    raw = _SCRATCH.raw[side, : (stop - start) * source.dtype.itemsize]
    source.file.into(source.offset + start * source.dtype.itemsize, raw)
    return raw.view(source.dtype)


def _same_bits(first: NDArray, second: NDArray) -> bool:
    if first.dtype != second.dtype or first[:32].tobytes() != second[:32].tobytes():
        return False
    wide = np.uint64 if first.nbytes % 8 == 0 else np.uint8
    return bool((first.view(wide) == second.view(wide)).all())


def _halves(values: NDArray, out: NDArray[np.float32]) -> NDArray[np.float32]:
    """bfloat16 or float16 values as float32, those at even places first: passes over 32-bit words, no widening.

    float16 is moved to where float32 has its exponent and scaled by the difference of the biases (subnormals too);
    infinities and NaN become numbers from 65536 on.
    """
    words, target = values.view(np.uint32), out.view(np.uint32)
    middle = words.size
    np.left_shift(words, np.uint32(16), out=target[:middle])
    np.bitwise_and(words, np.uint32(0xFFFF0000), out=target[middle : 2 * middle])
    floats = out[: 2 * middle]
    if values.dtype == np.float16:
        signed = floats.view(np.int32)
        np.right_shift(signed, np.int32(3), out=signed)
        np.bitwise_and(signed, np.int32(~0x70000000), out=signed)
        np.multiply(floats, np.float32(2.0**112), out=floats)
    return floats


def _floats(blocks: Sequence[NDArray]) -> list[NDArray]:
    """Each block as floating point, opposite values in equal places (not always in the stored order)."""
    kinds, size = {block.dtype for block in blocks}, blocks[0].size
    if kinds in ({BFLOAT16}, {_HALF}) and sys.byteorder == "little" and size % 2 == 0 and size <= BLOCK:
        floats = [_halves(block, _SCRATCH.floats[side]) for side, block in enumerate(blocks)]
        if BFLOAT16 in kinds or all(_dot(block, block) < 2.0**32 for block in floats):
            return floats
    floats = [to_float(block) for block in blocks]
    return floats if len({block.dtype for block in floats}) == 1 else [block.astype(np.float64) for block in floats]


def _total(values: NDArray) -> float:
    """The sum; a product of the block, seen as a matrix, with ones is several times faster than numpy's sum."""
    if values.size % _ONES.size or values.dtype != np.float32:
        return float(values.sum())
    return float(np.dot(values.reshape(-1, _ONES.size), _ONES).sum(dtype=np.float64))


def _dot(a: NDArray, b: NDArray) -> float:
    """The inner product; one product of matrices sums all rows."""
    if a.dtype != np.float32:
        return float(np.dot(a, b))
    whole = a.size - a.size % ROW
    rows = np.matmul(a[:whole].reshape(-1, 1, ROW), b[:whole].reshape(-1, ROW, 1))
    return float(rows.sum(dtype=np.float64)) + float(np.dot(a[whole:], b[whole:]))


def _apart(a: NDArray, b: NDArray) -> Moments | None:
    """The sums by those of a, b and a b, which spares the pass that subtracts; None where that would lose digits.

    Sums in rows are off by about 3e-7 of a a, which is a thousandth of r r where that is FAR of a a + b b.
    """
    head = b[:ROW] - a[:ROW]  # a look first: most pairs are near throughout or nowhere
    if a.dtype != np.float32 or np.dot(head, head) < 2 * FAR * np.dot(a[:ROW], a[:ROW]):
        return None
    aa, ab, bb = _dot(a, a), _dot(a, b), _dot(b, b)
    rr = aa + bb - 2 * ab
    if not FAR * (aa + bb) <= rr < math.inf:
        return None
    total = _total(a)
    return Moments(a.size, a.size, 0, 0, total, _total(b) - total, aa, ab - aa, rr)


def block_moments(first: NDArray, second: NDArray) -> Moments:
    """Sums of one block of stored values."""
    count = first.size
    alike = _same_bits(first, second)
    if alike:
        [a] = _floats([first])
        square = _dot(a, a)
        if np.isfinite(square):
            return Moments(count, count, count, count, _total(a), 0.0, square, 0.0, 0.0)
    a, b = _floats([first, second])
    apart = _apart(a, b)
    if apart is not None:
        return apart
    small = a.dtype == np.float32 and count <= BLOCK
    r = np.subtract(b, a, out=_SCRATCH.floats[1, :count]) if small else b - a  # over b where b was decoded there
    ar, rr, aa = _dot(a, r), _dot(r, r), _dot(a, a)
    if not math.isfinite(aa + ar + rr):  # NaN, infinity, or an overflow of the squares
        return _careful(to_float(first).astype(np.float64), to_float(second).astype(np.float64), alike)
    equal = count if rr == 0 and not r.any() else 0
    return Moments(count, count, equal, count if alike else 0, _total(a), _total(r), aa, ar, rr)


def _careful(a: NDArray, b: NDArray, alike: bool) -> Moments:
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    equal = a.size if same.all() else 0
    count = a.size
    a, b = a[finite], b[finite]
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
    step = TURNED if work.turned else BLOCK
    shapes = squeezed(work.left.shape), squeezed(work.right.shape)
    for begin in range(start, stop, step):
        end = min(stop, begin + step)
        if work.turned:
            positions = opposite(np.arange(begin, end, dtype=np.int64), *shapes, work.axes)
            first, second = work.left.read(begin, end), work.right.at(positions)
        else:
            first, second = _stored(work.left, begin, end, 0), _stored(work.right, begin, end, 1)
        total = total + block_moments(first, second)
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

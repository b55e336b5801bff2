"""What was done to one tensor: the mechanism between opposite values of left and right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Mechanism
from clonedetect.weights.grids import Grid, cast_between, grid_of, quantised_scheme
from clonedetect.weights.linear import Device, RowTest, edge_ratio, largest_singular_value, singular_values
from clonedetect.weights.sampling import Sample
from clonedetect.weights.stream import Moments, Work

RELATED_Z = 4.5  # one tensor in 300,000 independent ones
ENOUGH = 8.0  # ceiling of z below which a tensor could not show a relation
EDGE = 1.08  # largest singular value over the Marchenko-Pastur edge: pure noise stays below
SPIKED = 1.12  # below this no low rank is hidden in the residual, and all singular values need not be known
NOISE_FOLLOWS = 0.03  # correlation of |R| with |W|: noise has none, casts +.7
MIN_SPECTRUM = 24  # rows and columns for the edge to mean something
ROUNDED = 1 << 15  # values that sigma below a coarse storage type is measured on
MIN_EQUAL = 16  # distinct equal values that chance cannot give
BLOCK_TYPES = ("q4_", "q5_", "q6_", "q8_")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One tensor's mechanism with what the overall judgement needs of it.

    sigma: of the residual, corrected for storage rounding; None where rounding hides it. edge: of the residual's
    spectrum. values: of the tensor. measured: on how many of them sigma stands.
    """

    mechanism: Mechanism
    detail: str = ""
    correlation: float | None = None
    sigma: float | None = None
    scale: float = 0.0  # standard deviation of the left
    edge: float | None = None
    values: int = 0
    measured: int = 0


def _relative(residual: NDArray, reference: NDArray) -> float:
    size = float(np.square(reference).sum())
    return math.sqrt(float(np.square(residual).sum()) / size) if size > 0 else math.inf


def _factors(a: NDArray, b: NDArray, axis: int | None) -> tuple[NDArray, float]:
    """The least-squares factors from a to b (of the whole, along an axis) and what they leave, relative to b."""
    weight = np.square(a).sum(axis=axis, keepdims=True)
    factors = (a * b).sum(axis=axis, keepdims=True) / np.where(weight > 0, weight, 1)
    return factors, _relative(b - factors * a, b)


def _scaled(a: NDArray, b: NDArray, tolerance: float) -> tuple[Mechanism, str] | None:
    """A factor for the whole tensor, per row or per column, and nothing else."""
    for axis, label in ((None, "all"), (1, "row"), (0, "column")):
        if axis is not None and min(a.shape) < 4:
            continue
        if _factors(a[:16, :64], b[:16, :64], axis)[1] > 4 * tolerance:  # a corner says no to most
            continue
        factors, rest = _factors(a, b, axis)
        if rest > tolerance:
            continue
        if axis is None:
            factor = float(factors.ravel()[0])
            return ("scaled", f"times {factor:.6g}") if abs(factor - 1) > 2 * tolerance else None
        if np.ptp(factors) > 4 * tolerance * np.abs(factors).max():
            span = f"{factors.min():.4g} to {factors.max():.4g}"
            return "folded", f"a factor per {label}, {span} (normalisation folded in)"
    return None


def _pruned(a: NDArray, b: NDArray, spacing: float) -> str | None:
    """One side is the other with values set to zero."""
    for full, thin, label in ((a, b, "right"), (b, a, "left")):
        zeros = float(np.mean((thin == 0) & (full != 0)))
        kept = thin != 0
        if zeros < 0.02 or kept.sum() < 16:
            continue
        near = np.abs(full - thin)[kept] <= 1e-6 * np.abs(full[kept]) + spacing * np.abs(full[kept])
        if near.mean() >= 0.99:
            return f"{100 * zeros:.0f} % of the {label} set to zero, the rest kept"
    return None


def residual_sigma(a: NDArray, b: NDArray, grid: Grid, moments: Moments) -> tuple[float, int] | None:
    """Standard deviation of right minus left without the storage rounding, and on how many values it stands.

    On a fine grid all streamed values count. On a coarse one (bfloat16, float16) only values whose spacing is below
    sigma do, and the variance of a uniform rounding error, spacing^2 / 12, is taken off. None where rounding hides it.
    """
    if grid.mantissa >= 23:
        return math.sqrt(moments.residual_variance()), moments.finite
    few = max(1, ROUNDED // a.shape[1])
    a, b = a[:few], b[:few]
    residual = b - a
    spacing = np.maximum(grid.spacing(a), grid.spacing(b))
    sigma, count = float(residual.std()), 0
    for _ in range(3):
        usable = spacing <= 0.7 * sigma
        count = int(usable.sum())
        if count < max(64, 0.02 * usable.size):
            return None
        variance = float(residual[usable].var()) - float(np.square(spacing[usable]).mean()) / 12
        if variance <= 0:
            return None
        sigma = math.sqrt(variance)
    return sigma, count


def _rank(values: NDArray, rounding: float, count: int) -> int | None:
    """Rank of a residual that is low-rank up to rounding; None where it is not."""
    energy = np.square(values)
    total = float(energy.sum())
    tail = total - np.cumsum(energy)
    allowed = max(1e-5 * total, 1.5 * rounding * count)
    below = np.flatnonzero(tail <= allowed)
    limit = len(values) // 4
    if below.size and below[0] + 1 <= limit and allowed < 0.5 * total:
        return int(below[0]) + 1
    few = max(1, len(values) // 16)
    return few if tail[few - 1] <= 0.02 * total else None


def judge(device: Device, work: Work, sample: Sample, moments: Moments, test: RowTest) -> Judgement:
    """Name the mechanism of one pair of matrices or vectors from its sums, its sample and its permutation test."""
    n = moments.count
    correlation = moments.correlation()
    scale = math.sqrt(max(moments.aa / moments.finite - (moments.a / moments.finite) ** 2, 0)) if moments.finite else 0

    def found(
        mechanism: Mechanism, detail: str = "", sigma: float | None = None, edge: float | None = None
    ) -> Judgement:
        return Judgement(mechanism, detail, correlation, sigma, scale, edge, math.prod(work.left.full_shape))

    a, b = sample.left, sample.right
    if moments.equal == n and n and np.unique(a[:64]).size >= min(MIN_EQUAL, a.size):
        same = moments.same_bytes == n and work.left.dtype == work.right.dtype
        if same and not work.turned and work.left.shape == work.right.shape:
            return found("identical", sigma=0.0)
        return found("re-encoded", _encoding(work), 0.0)
    if moments.finite < 0.5 * n or correlation is None:
        return found("insufficient", "no variance, or mostly not finite")
    matrix = min(a.shape) > 1
    related = abs(correlation) >= 0.9 if test.z is None else abs(test.z) >= RELATED_Z and abs(correlation) >= 0.02
    if not related:
        weak = test.z is None or test.ceiling < ENOUGH
        return found("insufficient" if weak else "unrelated")
    variance = math.sqrt(moments.residual_variance())
    few = max(1, (1 << 16) // a.shape[1])  # rows: rounding shows in a small part
    grids = grid_of(a[:few]), grid_of(b[:few])
    cast = cast_between(a[:few], b[:few], *grids)
    if cast is not None:
        return found("cast", cast, variance)
    coarser = min(grids, key=lambda grid: grid.mantissa)
    spacing = 2.0 ** -(coarser.mantissa + 1)
    if any(side.dtype.startswith((*BLOCK_TYPES, "int8", "uint8")) for side in (work.left, work.right)):
        return found("quantised", f"{work.left.dtype} against {work.right.dtype}", variance)
    pruned = _pruned(a, b, 2 * spacing)
    if pruned is not None:
        return found("pruned", pruned, variance)
    scaled = _scaled(a, b, max(1e-4, spacing))
    if scaled is not None:
        return found(scaled[0], scaled[1], variance)
    if matrix and abs(correlation) >= 0.7:
        scheme = _one_sided_scheme(a[:128], b[:128])
        if scheme is not None:
            return found("quantised", scheme, variance)
    return _residual(device, sample, moments, coarser, found)


def _one_sided_scheme(a: NDArray, b: NDArray) -> str | None:
    for side, other, label in ((b, a, "right"), (a, b, "left")):
        scheme = quantised_scheme(side)
        if scheme is not None and quantised_scheme(other) != scheme:
            return f"{label}: {scheme}"
    return None


def _residual(
    device: Device, sample: Sample, moments: Moments, grid: Grid, found: Callable[..., Judgement]
) -> Judgement:
    """Low-rank, noise or fine-tuned, by the spectrum of the residual and its correlation with the left."""
    a, b = sample.left, sample.right
    fitted = residual_sigma(a, b, grid, moments)
    sigma, measured = fitted if fitted is not None else (None, 0)
    plain = math.sqrt(moments.residual_variance())
    residual = b - a
    rows, columns = residual.shape
    if min(rows, columns) < MIN_SPECTRUM:
        return replace(found("fine-tuned", "", sigma if sigma is not None else plain), measured=measured)
    energy = float(np.square(residual).sum())
    edge = edge_ratio(largest_singular_value(device, residual), energy, rows, columns)
    if edge > SPIKED:
        rounding = float(np.square(grid.spacing(b[::8])).mean()) / 12
        rank = _rank(singular_values(device, residual), rounding, residual.size)
        if rank is not None:
            return found("low-rank", f"rank {rank}", plain)
    n = moments.finite
    # whichever side the noise was added to, it does not follow the other one
    sides = ((a, moments.aa, moments.ar), (b, moments.bb, moments.ar + moments.rr))
    quiet = any(
        abs(cross) <= max(NOISE_FOLLOWS, 5 / math.sqrt(n)) * math.sqrt(max(square * moments.rr, 1e-300))
        and (
            grid.mantissa < 23 or abs(_correlation(np.abs(residual), np.abs(side))) <= max(0.05, 5 / math.sqrt(a.size))
        )
        for side, square, cross in sides
    )
    if edge <= EDGE and quiet:
        return replace(found("noise", "", sigma, edge), measured=measured)
    return found("fine-tuned", f"residual spectrum {edge:.2f} of the noise edge", sigma or plain, edge)


def _correlation(a: NDArray, b: NDArray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(np.square(a).sum() * np.square(b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _encoding(work: Work) -> str:
    """What differs between two tensors of equal values."""
    parts = []
    if work.left.dtype != work.right.dtype:
        parts.append(f"{work.left.dtype} as {work.right.dtype}")
    if work.turned:
        parts.append(f"axes turned {work.axes}")
    elif work.left.shape != work.right.shape:
        parts.append(f"shape {list(work.left.shape)} as {list(work.right.shape)}")
    return ", ".join(parts) or "equal values, other bytes"

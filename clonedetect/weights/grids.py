"""Rounding grids of floating-point types and lattices of quantisers, told from the values alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """A floating-point type: stored mantissa bits and the exponent of its smallest normal number."""

    name: str
    mantissa: int
    smallest: int

    def spacing(self, values: Values) -> Values:
        """Distance of neighbouring representable numbers at each value."""
        exponent = np.maximum(np.frexp(values)[1] - 1, self.smallest)
        return np.ldexp(1.0, (exponent - self.mantissa).astype(np.int32))

    def holds(self, values: Values) -> bool:
        """Whether (nearly) all values are representable."""
        steps = values / self.spacing(values)
        return bool(np.mean(steps == np.rint(steps)) >= 0.9999)


GRIDS = (
    Grid("float8_e5m2", 2, -14),
    Grid("float8_e4m3fn", 3, -6),
    Grid("bfloat16", 7, -126),
    Grid("float16", 10, -14),
    Grid("float32", 23, -126),
    Grid("float64", 52, -1022),
)


def grid_of(values: Values) -> Grid:
    """The coarsest type that holds the values, whatever type they are stored in."""
    flat = values.ravel()[: 1 << 14]
    few = flat[:512]
    return next((grid for grid in GRIDS if grid.holds(few) and grid.holds(flat)), GRIDS[-1])


def cast_between(left: Values, right: Values, first: Grid, second: Grid) -> str | None:
    """`float32 to bfloat16` (or reversed) where one side is the other rounded or truncated to a coarser type.

    first, second: the sides' own grids.
    """
    if first == second or left.size < 16:
        return None
    to_right = second.mantissa < first.mantissa
    coarse, fine, grid = (right, left, second) if to_right else (left, right, first)
    step = np.maximum(grid.spacing(coarse), grid.spacing(fine))
    error = np.abs(coarse - fine) / step
    names = f"{first.name} to {second.name}" if to_right else f"{second.name} to {first.name} (the left is the coarser)"
    if np.mean(error <= 0.50001) >= 0.9995:
        return names
    if np.mean(error < 1.00001) >= 0.9995:
        return f"{names}, truncated"
    return None


def _near_integers(values: Values) -> Values:
    """Mean distance from the nearest integer over the last axis; .25 for arbitrary values."""
    return np.abs(values - np.rint(values)).mean(axis=-1)


# published block schemes: levels from zero to the largest magnitude (symmetric), or from lowest to highest (affine)
SYMMETRIC = {
    "4-bit (16 levels, symmetric as Q4_0)": 8,
    "4-bit (15 levels, symmetric)": 7,
    "5-bit (symmetric as Q5_0)": 16,
    "8-bit (symmetric as Q8_0)": 127,
}
AFFINE = {"4-bit (affine)": 15, "5-bit (affine)": 31, "8-bit (affine)": 255}
SCHEMES = tuple(SYMMETRIC) + tuple(AFFINE)
DIVISORS = np.array([*SYMMETRIC.values(), *AFFINE.values()], np.float64)[:, None, None]
IS_AFFINE = np.arange(len(SCHEMES))[:, None, None] >= len(SYMMETRIC)


def _levels(blocks: Values) -> Values:
    """For each published scheme the values in units of its step, which each block's own extremes give."""
    high, low = blocks.max(axis=-1, keepdims=True), blocks.min(axis=-1, keepdims=True)
    largest = np.maximum(np.abs(high), np.abs(low))
    step = np.where(IS_AFFINE, high - low, largest) / DIVISORS
    return (blocks - np.where(IS_AFFINE, low, 0.0)) / step


def _lattice_share(rows: Values) -> float:
    """Share of rows whose values lie on one arithmetic lattice of at most 256 levels, its step unknown."""
    passed = 0
    for row in rows:
        distinct = np.unique(row)
        if distinct.size < 3 or distinct.size > 256:
            continue
        small = distinct[np.abs(distinct) <= np.sort(np.abs(distinct))[distinct.size // 2]]
        gaps = np.diff(small)
        if gaps.size == 0:
            continue
        step = float(gaps.min())
        for _ in range(3):  # the first guess carries the storage rounding of two values only
            levels = np.rint((distinct - small[0]) / step)
            weight = float((levels * levels).sum())
            if weight > 0:
                step = float((levels * (distinct - small[0])).sum() / weight) or step
        levels = (distinct - small[0]) / step
        passed += bool(np.ptp(levels) <= 256 and np.abs(levels - np.rint(levels)).max() <= 0.12)
    return passed / max(1, len(rows))


def quantised_scheme(values: Values) -> str | None:
    """The quantisation scheme on whose lattice the values lie, or None. Values: rows of a sample."""
    if values.size < 2048 or values.shape[0] < 4:
        return None
    distinct = np.unique(values[:4])  # some hundred values of an arbitrary tensor are already too many
    if distinct.size <= 256 and (distinct := np.unique(values)).size <= 256 and values.size >= 16 * distinct.size:
        uniform = _lattice_share(distinct[None, :]) > 0
        return f"{distinct.size} levels per tensor" + ("" if uniform else ", not evenly spaced")
    for size in (32, 64, 128):
        if values.shape[1] >= size:
            blocks = values[:, : values.shape[1] // size * size].reshape(-1, size)
            chosen = blocks[np.linspace(0, len(blocks) - 1, min(len(blocks), 64)).astype(int)]
            scheme = _block_scheme(chosen)
            if scheme is not None:
                return f"{scheme}, blocks of {size}"
    for rows, label in ((values, "per row"), (values.T, "per column")):
        chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), 48)).astype(int)]
        if rows.shape[1] >= 64 and _lattice_share(chosen[::8]) >= 0.5 and _lattice_share(chosen) >= 0.9:
            return f"at most 256 evenly spaced levels {label}"
    return None


def _block_scheme(blocks: Values) -> str | None:
    blocks = blocks[np.ptp(blocks, axis=1) > 0]
    if len(blocks) < 32:
        return None
    for part in (blocks[:8], blocks):  # eight blocks already say no to most
        fits = (_near_integers(_levels(part)) <= 0.03).mean(axis=1)
        if fits.max() < 0.95 and (len(part) > 8 or fits.max() < 0.5):
            return None
    return SCHEMES[int(np.argmax(fits >= 0.95))]

"""Statistics of two models' errors on the same items.

Everything is counted in 2 x 2 tables of (left wrong, right wrong); confidence comes from a bootstrap over items, or
over groups of items where there are any.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES: Final = 1000
UNITS: Final = 20_000  # units that the bootstrap draws; more items are drawn in so many blocks, cut at random
SEED: Final = 20_240_604

Table = NDArray[np.float64]  # [..., 4]: both right, right only wrong, left only wrong, both wrong


def table(left: NDArray[np.bool_], right: NDArray[np.bool_]) -> Table:
    """The 2 x 2 table of two models' errors."""
    return np.bincount(2 * left.astype(np.uint8) + right, minlength=4).astype(np.float64)


def tables_by_unit(left: NDArray[np.bool_], right: NDArray[np.bool_], unit: NDArray[np.int64], units: int) -> Table:
    """The table of each unit, one row a unit."""
    code = 4 * unit + 2 * left + right
    return np.bincount(code, minlength=4 * units).reshape(units, 4).astype(np.float64)


def kappa(tables: Table) -> NDArray[np.float64]:
    """Error consistency (Geirhos et al., arXiv 2006.16736, section 2): agreement on what is right and wrong, above
    what two models of these accuracies have by chance. nan where chance explains everything."""
    n = tables.sum(-1)
    left, right = tables[..., 2] + tables[..., 3], tables[..., 1] + tables[..., 3]
    observed = (tables[..., 0] + tables[..., 3]) / n
    expected = ((n - left) * (n - right) + left * right) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def log_odds_ratio(tables: Table) -> NDArray[np.float64]:
    """Association of two models' errors; half a count in each cell keeps it finite (Haldane 1956, Anscombe 1956).

    For models that are independent given an item's difficulty it depends on how uneven the difficulty is and hardly on
    how good the models are: that is what lets a control say what two sides should share.
    """
    cells = tables + 0.5
    return np.log(cells[..., 0] * cells[..., 3] / (cells[..., 1] * cells[..., 2]))


def expected_at(log_ratio: float, left: int, right: int, n: int) -> float:
    """Shared errors of two models of these margins whose errors have this odds ratio (Plackett 1965)."""
    ratio = float(np.exp(log_ratio))
    if abs(ratio - 1) < 1e-9:
        return left * right / n
    s = n + (left + right) * (ratio - 1)
    return float((s - np.sqrt(s * s - 4 * ratio * (ratio - 1) * left * right)) / (2 * (ratio - 1)))


def stratified(left: NDArray[np.bool_], right: NDArray[np.bool_], stratum: NDArray[np.int64]) -> tuple[float, float]:
    """Expected shared errors, and p of the observed, where both are drawn at random within each stratum of items
    (Mantel and Haenszel 1959, with continuity correction)."""
    count = np.bincount(stratum).astype(np.float64)
    keep = count > 0
    n = count[keep]
    a, b = (np.bincount(stratum, side, len(count))[keep] for side in (left, right))
    expected = float((a * b / n).sum())
    spread = float((a * b * (n - a) * (n - b) / (n**2 * np.maximum(n - 1, 1))).sum())
    shared = float((left & right).sum())
    if spread <= 0:
        return expected, 1.0
    return expected, float(stats.norm.sf((shared - 0.5 - expected) / np.sqrt(spread)))


def flat_p(left: int, right: int, shared: int, n: int) -> float:
    """p of at least so many shared errors if all items were equally hard (hypergeometric)."""
    return float(stats.hypergeom.sf(shared - 1, n, left, right))


def mcnemar(left_only: int, right_only: int) -> float:
    """Exact two-sided p of the items that only one side gets wrong being equally likely on both (McNemar 1947)."""
    total = left_only + right_only
    return float(stats.binomtest(left_only, total, 0.5).pvalue) if total else 1.0


def resample(units: Table) -> Table:
    """Bootstrap: the sums over `RESAMPLES` draws of units with replacement. `units` is [units, tables, 4]."""
    random = np.random.Generator(np.random.PCG64(SEED))
    count = len(units)
    flat = units.reshape(count, -1)
    drawn = []
    for _ in range(RESAMPLES // 100):
        weight = random.multinomial(count, np.full(count, 1 / count), size=100).astype(np.float64)
        drawn.append(weight @ flat)  # whole numbers below 2**53: exact in any order of summation
    return np.concatenate(drawn).reshape(RESAMPLES, *units.shape[1:])


def capa(correct_left: float, correct_right: float, same: float, chance_wrong: float) -> float | None:
    """Chance-adjusted probabilistic agreement of Goel et al. (arXiv 2502.04313, section 2) for hard answers.

    correct_left, correct_right: accuracies; same: share of equal answers; chance_wrong: mean over items of
    1 / (options - 1), the chance that two wrong answers are equal.
    """
    expected = correct_left * correct_right + (1 - correct_left) * (1 - correct_right) * chance_wrong
    return None if expected >= 1 else (same - expected) / (1 - expected)


def more_alike(same: int, of: int, control_same: int, control_of: int) -> float:
    """p of `same` equal wrong answers of `of`, if they were no likelier than with a control (Fisher's exact test)."""
    cells = [[same, of - same], [control_same, control_of - control_same]]
    return float(stats.fisher_exact(cells, alternative="greater").pvalue)


def normal_p(difference: float, spread: float) -> float:
    """One-sided p of a difference of this standard error being above zero by chance."""
    if spread <= 0:
        return 0.0 if difference > 0 else 1.0
    return float(stats.norm.sf(difference / spread))


def permuted(
    left: NDArray[np.uint64], right: NDArray[np.uint64], gold: NDArray[np.uint64], same: int
) -> tuple[float, float]:
    """Equal wrong answers expected, and p of `same`, where each side's answers fall at random on the items with the
    same gold answer. Which wrong answer tempts on which item is not taken into account."""
    _, stratum = np.unique(gold, return_inverse=True)
    names, answers = np.unique(np.concatenate((left, right)), return_inverse=True)
    said = answers != np.searchsorted(names, 0) if len(names) and names[0] == 0 else np.ones(len(answers), bool)
    size = len(names)
    count = np.bincount(stratum).astype(np.float64)
    cells = []
    for answer, real in ((answers[: len(left)], said[: len(left)]), (answers[len(left) :], said[len(left) :])):
        key, times = np.unique(stratum[real] * size + answer[real], return_counts=True)
        cells.append((key, times.astype(np.float64)))
    common, one, other = np.intersect1d(cells[0][0], cells[1][0], return_indices=True)
    expected = float((cells[0][1][one] * cells[1][1][other] / count[common // size]).sum())
    return expected, float(stats.binom.sf(same - 1, len(left), min(1.0, expected / max(1, len(left)))))

"""From the tensors' judgements to one word, its localisation, sigma and strength."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr  # scipy.stats takes longer to load than a small scan

from clonedetect.domain import Strength
from clonedetect.domain.weights import Mechanism, Part
from clonedetect.weights.mechanism import Judgement
from clonedetect.weights.names import common_prefixes

NEUTRAL: tuple[Mechanism, ...] = ("identical", "re-encoded")
NOTHING: tuple[Mechanism, ...] = ("unrelated", "insufficient")
SPREAD = 0.06  # of sigma over tensors: noise .026, real fine-tunes .10 and more
MIN_SHARE = 0.05  # of the compared values: less may be a buffer that a formula gives and sift does not know
DERIVED_Z = 6.0
SMALLEST_P = 1e-300


@dataclass(frozen=True, slots=True)
class Overall:
    """The whole: see WeightsFinding."""

    mechanism: Mechanism
    strength: Strength
    statistic: float | None
    p_value: float | None
    sigma: float | None
    interval: tuple[float, float] | None
    correlation: float | None
    parts: tuple[Part, ...]


def stouffer(scores: Sequence[float | None]) -> float | None:
    """Sum of the tensors' z over the root of their number; None without any."""
    present = [z for z in scores if z is not None]
    return sum(present) / math.sqrt(len(present)) if present else None


def _spread(values: np.ndarray, weights: np.ndarray, counts: np.ndarray) -> float:
    """Coefficient of variation weighted by `weights`, without what a sample of `counts` values alone gives."""
    mean = float(np.average(values, weights=weights))
    variance = float(np.average(np.square(values / mean - 1), weights=weights))
    chance = float(np.average(1 / (2 * counts), weights=weights))
    return math.sqrt(max(variance - chance, 0.0))


def settle_noise(judgements: Sequence[Judgement]) -> tuple[list[Judgement], str]:
    """Noise is one sigma everywhere (or one share of each tensor's own spread); otherwise it was a fine-tune.

    Tensors too small for a spectrum join the noise where their sigma agrees with it. The second value says which
    of the two kinds it is, empty where it is none.
    """
    changed = list(judgements)
    noisy = [j for j in changed if j.mechanism == "noise"]
    measured = [j for j in noisy if j.sigma]
    moved = [j for j in changed if j.mechanism in ("noise", "fine-tuned", "low-rank")]
    kind = ""
    if measured and sum(j.values for j in noisy) >= 0.5 * sum(j.values for j in moved):
        sigmas = np.array([j.sigma for j in measured], float)
        weights = np.array([j.values for j in measured], float)
        scales = np.array([j.scale for j in measured], float)
        counts = np.array([max(j.measured, 1) for j in measured], float)
        if _spread(sigmas, weights, counts) <= SPREAD:
            kind = "one sigma for all tensors"
        elif len(measured) >= 3 and (scales > 0).all() and _spread(sigmas / scales, weights, counts) <= SPREAD:
            kind = "sigma in proportion to each tensor's spread"
    if not kind:
        return [replace(j, mechanism="fine-tuned") if j.mechanism == "noise" else j for j in changed], ""
    level = float(np.average(sigmas if kind.startswith("one") else sigmas / scales, weights=weights))
    for index, j in enumerate(changed):
        if j.mechanism == "fine-tuned" and j.edge is None and j.sigma:
            expected = level if kind.startswith("one") else level * j.scale
            if abs(j.sigma / expected - 1) <= 5 / math.sqrt(2 * max(j.measured, 2)) + 0.05:
                changed[index] = replace(j, mechanism="noise")
    return changed, kind


def noise_sigma(judgements: Sequence[Judgement]) -> tuple[float | None, tuple[float, float] | None]:
    """Sigma of the noise, weighted by values, with its 95 % interval (sampling and spread over tensors)."""
    noisy = [j for j in judgements if j.mechanism == "noise" and j.sigma and j.measured]
    if not noisy:
        return None, None
    sigmas = np.array([j.sigma for j in noisy], float)
    counts = np.array([j.measured for j in noisy], float)
    weights = np.array([j.values for j in noisy], float)
    weights = weights / weights.sum()
    mean = math.sqrt(float(weights @ np.square(sigmas)))
    sampling = math.sqrt(float(np.square(weights) @ (np.square(sigmas) / (2 * counts))))
    spread = math.sqrt(float(weights @ np.square(sigmas - mean)) * float(np.square(weights).sum()))
    error = 1.96 * max(sampling, spread)
    return mean, (mean - error, mean + error)


def _word(shares: dict[Mechanism, float]) -> Mechanism:
    """The word for the whole: the commonest change; where nothing changed, identical or re-encoded."""
    related = {word: share for word, share in shares.items() if word not in NOTHING}
    if sum(related.values()) < MIN_SHARE:
        return "unrelated" if shares.get("unrelated", 0.0) > 0 else "insufficient"
    changes = {word: share for word, share in related.items() if word not in NEUTRAL}
    if sum(changes.values()) >= 0.01 * sum(related.values()):
        return max(sorted(changes), key=lambda word: changes[word])
    return max(sorted(related), key=lambda word: related[word])


def _strength(word: Mechanism, z: float | None, related: float, equal: int) -> Strength:
    if word in NOTHING:
        return "none"
    if word == "shared-initialisation":
        return "weak"  # public training code run twice with its default seed gives that
    score = z or 0.0
    if (word in NEUTRAL and equal >= 1024) or (score >= 20 and related >= 0.5):
        return "decisive"
    if score >= 10 or equal >= 1024:
        return "strong"
    return "moderate" if score >= DERIVED_Z else "weak"


def conclude(judgements: Sequence[Judgement], names: Sequence[str], scores: Sequence[float | None]) -> Overall:
    """One word for all tensors. `judgements` must have passed `settle_noise`."""
    total = sum(j.values for j in judgements)
    shares: dict[Mechanism, float] = {}
    for j in judgements:
        shares[j.mechanism] = shares.get(j.mechanism, 0.0) + j.values / max(total, 1)
    z = stouffer([abs(s) if s is not None and abs(s) >= 12 else s for s in scores])
    word = _word(shares)
    equal = sum(j.values for j in judgements if j.mechanism in NEUTRAL)
    if word not in NOTHING and equal < 64 and (z is None or z < DERIVED_Z):
        word = "insufficient"
    if word == "unrelated" and z is not None and z >= DERIVED_Z:
        word = "insufficient"  # something is there, but no tensor shows what
    related = sum(share for mechanism, share in shares.items() if mechanism not in NOTHING)
    sigma, interval = noise_sigma(judgements) if word == "noise" else (None, None)
    weighted = [(j.correlation, j.values) for j in judgements if j.correlation is not None]
    weight = sum(v for _, v in weighted)
    correlation = sum(c * v for c, v in weighted) / weight if weight else None
    parts = []
    for mechanism, share in sorted(shares.items(), key=lambda item: -item[1]):
        members = [name for name, j in zip(names, judgements, strict=True) if j.mechanism == mechanism]
        parts.append(Part(mechanism, len(members), share, common_prefixes(members)))
    p_value = None if z is None else max(float(ndtr(-z)), SMALLEST_P)
    return Overall(word, _strength(word, z, related, equal), z, p_value, sigma, interval, correlation, tuple(parts))

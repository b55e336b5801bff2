"""How strong a fragment's likeness to one of a corpus is.

The score of a pair is a log-likelihood ratio in bits: what both share, less `UNSHARED` for each bit that only one has.
A corpus aligns nothing, so two functions that only speak of one subject share its vocabulary; half a bit for what they
do not share, as in a scan, leaves such pairs in a tail that is no exponential. With this share it is one: m fragments
here and n in a corpus show E = K * m * n * exp(-LAMBDA * z) pairs at or above z by chance (Karlin and Altschul 1990),
and the larger the corpus, the more a pair must share. benchmarks/corpus/calibrate.py counts what is observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import Shared, Strength

UNSHARED = 1.25
# Fitted on 18 packages (5,983 fragments) outside of corpora of 79,000, 157,000 and 611,000 fragments, true copies left
# out: exponents .069, .058, .063; ln K -16.4, -17.1, -18.0, so that the largest corpus lies below what is stated.
LAMBDA = 0.065  # a bit
LOG_K = -17.0  # natural log of K
LEAST_SIZE = 300  # fragments that a smaller repository counts as: whoever checks a handful has chosen them
LISTED = 0.05  # chance pairs a fragment up to which a pair is worth a look
# A first candidate far ahead of those of other origins: bits ahead, and score, from which on it is worth a look. Of the
# same packages' fragments 3 of 5,351, 5 of 5,182 and 9 of 5,076 have one in corpora of 79,000, 323,000 and 611,000
# fragments, and no candidate above the line; the tail of their leads has the exponent .022.
LEAD, LEAD_SCORE, LEAST_CANDIDATE = 60.0, -60.0, 12.0
LEAD_RATE, LEAD_LAMBDA = 0.0018, 0.022  # a fragment; a bit
# (E-value at most, matched bits at least) of each strength
_RULES: tuple[tuple[Strength, float, float], ...] = (("strong", 1e-6, 150.0), ("moderate", 1e-2, 60.0))


def shared_score(pair: Shared) -> float:
    """The log-likelihood ratio of a pair in bits."""
    return pair.matched - UNSHARED * (pair.left_only + pair.right_only)


def shared_e_values(pairs: Sequence[Shared], here: int, corpus: int) -> list[float]:
    """How many pairs as strong as each one chance shows between `here` fragments and a corpus of `corpus`."""
    z = np.array([shared_score(pair) for pair in pairs], np.float64)
    space = np.log(max(LEAST_SIZE, here)) + np.log(max(LEAST_SIZE, corpus))
    return np.exp(np.clip(LOG_K + space - LAMBDA * z, -690.0, 690.0)).tolist()


def worth_a_look(e_value: float, here: int) -> bool:
    """Whether chance shows so few pairs this strong for each fragment that a person should see it."""
    return e_value <= LISTED * max(LEAST_SIZE, here)


def lead_e_value(first: Shared, others: Sequence[Shared], here: int) -> float | None:
    """How many of `here` fragments chance shows whose first candidate is as far ahead; None for one that is not far.

    `others`: the candidates of other origins. With none, it is ahead of the least that would have been one.
    """
    size = first.matched + first.left_only
    least = LEAST_CANDIDATE - UNSHARED * max(0.0, size - LEAST_CANDIDATE)
    lead = shared_score(first) - max([least, *(shared_score(pair) for pair in others)])
    if lead < LEAD or shared_score(first) < LEAD_SCORE:
        return None
    return LEAD_RATE * max(LEAST_SIZE, here) * float(np.exp(-LEAD_LAMBDA * (lead - LEAD)))


def pair_strength(e_value: float, bits: float) -> Strength:
    """The strength of one pair as evidence of a copy: chance must not show it, and it must be more than a phrase."""
    return next((s for s, most, least in _RULES if e_value <= most and bits >= least), "weak")

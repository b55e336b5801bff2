"""How strong a fragment's likeness to one of a corpus is.

The score of a pair is a log-likelihood ratio in bits: what both share, less half of what only one has. Its tail over
fragments of unrelated repositories is exponential, so a repository of m fragments and a corpus of n show
E = K * m * n * exp(-LAMBDA * z) pairs at or above z by chance (Karlin and Altschul 1990): the larger the corpus, the
more a pair must share. `benchmarks/accuracy/corpus_chance.py` holds what is stated against what is observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import Shared, Strength

# From the pairs of unrelated packages between the scores 0 and 50, where about .4 billion pairs were looked at. The 26
# development packages show 1.8 and 1.5 times the pairs stated at E <= 1 and .1, and none at .01 where .26 are stated.
LAMBDA = 0.1  # a bit
LOG_K = -14.36  # natural log of K
LEAST_SIZE = 300  # fragments that a smaller repository counts as: whoever checks a handful has chosen them
LISTED = 0.02  # chance pairs a fragment up to which a pair is worth a look
# (E-value at most, matched bits at least) of each strength
_RULES: tuple[tuple[Strength, float, float], ...] = (("strong", 1e-6, 150.0), ("moderate", 1e-2, 60.0))


def shared_score(pair: Shared) -> float:
    """The log-likelihood ratio of a pair in bits."""
    return pair.matched - (pair.left_only + pair.right_only) / 2


def shared_e_values(pairs: Sequence[Shared], here: int, corpus: int) -> list[float]:
    """How many pairs as strong as each one chance shows between `here` fragments and a corpus of `corpus`."""
    z = np.array([shared_score(pair) for pair in pairs], np.float64)
    space = np.log(max(LEAST_SIZE, here)) + np.log(max(LEAST_SIZE, corpus))
    return np.exp(np.clip(LOG_K + space - LAMBDA * z, -690.0, 690.0)).tolist()


def worth_a_look(e_value: float, here: int) -> bool:
    """Whether chance shows so few pairs this strong for each fragment that a person should see it."""
    return e_value <= LISTED * max(LEAST_SIZE, here)


def pair_strength(e_value: float, bits: float) -> Strength:
    """The strength of one pair as evidence of a copy: chance must not show it, and it must be more than a phrase."""
    return next((s for s, most, least in _RULES if e_value <= most and bits >= least), "weak")

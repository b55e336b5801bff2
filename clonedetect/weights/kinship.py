"""What a loose likeness is: trained on from one state, trained apart from one initial state, or a mixture.

A trained matrix is a bulk (mostly its initial values) with learned directions above the Marchenko-Pastur edge. A
descendant keeps both. Two models that share only the initial values share the bulk, not the learned directions.
In a linear mixture all tensors of one parent keep one and the same share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Mechanism
from clonedetect.weights.linear import Device, singular_vectors
from clonedetect.weights.mechanism import EDGE, Judgement
from clonedetect.weights.pairing import as_matrix, squeezed
from clonedetect.weights.stream import Moments, Work

CLOSE = 0.98  # correlation from which on no question is open
TENSORS = 24
SIDE = 1024
DIRECTIONS = 16
LEARNED = 0.7  # learned directions kept, as a share of what the bulk keeps
MIXED = (0.08, 0.93)
EQUAL_SHARES = 0.05


def _directions(device: Device, a: NDArray[np.float64]) -> tuple[NDArray, NDArray, NDArray]:
    """The singular triplets above the edge of the rest, at most DIRECTIONS."""
    u, s, v = singular_vectors(device, a)
    rows, columns = a.shape
    energy, count = np.square(s), 0
    for _ in range(12):
        sigma = math.sqrt(float(energy[count:].sum()) / (rows * columns))
        above = int((s > EDGE * sigma * (math.sqrt(rows) + math.sqrt(columns))).sum())
        if above <= count:
            break
        count = min(above, len(s) // 4)
    return u[:, :count], s[:count], v[:count]


def _kept(device: Device, a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Share of a's learned directions found in b, over the share of a's bulk found in b; None without either."""
    u, s, v = _directions(device, a)
    bulk = a - (u * s) @ v
    size = float(np.square(bulk).sum())
    share = float((bulk * b).sum()) / size if size > 0 else 0.0
    if not len(s) or share < 0.05:
        return None
    few = slice(0, DIRECTIONS)
    learned = float((np.einsum("ik,ij,kj->k", u[:, few], b, v[few]) * s[few]).sum() / np.square(s[few]).sum())
    return learned / share


def shares_only_initialisation(device: Device, works: Sequence[Work], judgements: Sequence[Judgement]) -> bool:
    """Whether the loosely alike matrices share their bulk but not what was learned, seen from either side."""
    candidates = [
        i
        for i, (w, j) in enumerate(zip(works, judgements, strict=True))
        if j.mechanism == "fine-tuned"
        and len(squeezed(w.left.shape)) >= 2
        and not w.turned
        and min(as_matrix(w.left.shape)) >= 32
        and 0.05 <= (j.correlation or 0.0) < CLOSE
    ]
    candidates.sort(key=lambda i: -works[i].left.size)
    ratios = []
    for index in candidates[:TENSORS]:
        rows, columns = as_matrix(works[index].left.shape)
        count = min(rows, SIDE, max(32, (1 << 21) // columns))
        a, b = (
            np.nan_to_num(t.floats(0, count * columns).astype(np.float64)).reshape(count, columns)[:, : 2 * SIDE]
            for t in (works[index].left, works[index].right)
        )
        there, back = _kept(device, a, b), _kept(device, b, a)
        if there is not None and back is not None:
            ratios.append(max(there, back))
    return len(ratios) >= 3 and float(np.median(ratios)) < LEARNED


def mixing_share(works: Sequence[Work], judgements: Sequence[Judgement], moments: Sequence[Moments]) -> float | None:
    """The one share of the left in all right matrices (or the reverse), where there is one below 1."""
    rows = []
    for work, judgement, m in zip(works, judgements, moments, strict=True):
        if judgement.mechanism == "fine-tuned" and len(squeezed(work.left.shape)) >= 2 and m.finite > 256:
            n = m.finite
            aa, bb = m.aa - m.a**2 / n, m.bb - (m.a + m.r) ** 2 / n
            ab = m.aa + m.ar - m.a * (m.a + m.r) / n
            if aa > 0 and bb > 0:
                rows.append((ab / aa, ab / bb, float(work.left.size)))
    if len(rows) < 3:
        return None
    table = np.array(rows)
    for side in (0, 1):
        mean = float(np.average(table[:, side], weights=table[:, 2]))
        spread = math.sqrt(float(np.average(np.square(table[:, side] - mean), weights=table[:, 2])))
        if MIXED[0] <= mean <= MIXED[1] and spread <= EQUAL_SHARES * mean:
            return mean
    return None


def settle_kinship(
    device: Device, works: Sequence[Work], judgements: list[Judgement], moments: Sequence[Moments]
) -> tuple[list[Judgement], str]:
    """Tell shared initialisation and mixture from fine-tuning; the second value says what was seen."""
    loose = [j for j in judgements if j.mechanism == "fine-tuned" and j.correlation is not None]
    total = sum(j.values for j in loose)
    if not total or sum((j.correlation or 0) * j.values for j in loose) / total >= CLOSE:
        return judgements, ""
    if shares_only_initialisation(device, works, judgements):
        detail = "the bulk of the values is shared, the learned directions are not"
        return [_renamed(j, "shared-initialisation") for j in judgements], detail
    share = mixing_share(works, judgements, moments)
    if share is not None:
        return [_renamed(j, "merged") for j in judgements], f"one share of {share:.2f} in all matrices"
    return judgements, ""


def _renamed(judgement: Judgement, word: Mechanism) -> Judgement:
    if judgement.mechanism != "fine-tuned":
        return judgement
    return replace(judgement, mechanism=word)

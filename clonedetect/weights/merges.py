"""Whether a checkpoint is a linear mixture of up to three others, and with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clonedetect.errors import WeightsError
from clonedetect.weights.linear import open_device
from clonedetect.weights.pairing import pair_matrices
from clonedetect.weights.reading import open_weights
from clonedetect.weights.sampling import draw
from clonedetect.weights.sift import sift
from clonedetect.weights.stream import Work

MAX_PARENTS = 3


@dataclass(frozen=True, slots=True)
class Mixture:
    """weights: of each parent by least squares. spread: largest deviation of a tensor's own weights from them.
    unexplained: share of the target's energy (about its mean) that the mixture leaves. tensors: that were used."""

    weights: tuple[float, ...]
    spread: float
    unexplained: float
    tensors: int


def explain_merge(target: str | Path, parents: Sequence[str | Path], device: str = "cpu") -> Mixture:
    """Fit the target as a linear mixture of one to three parents over the tensors they all have.

    Raises WeightsError where a side cannot be read, there are no or too many parents, or nothing is common to all.
    """
    if not 1 <= len(parents) <= MAX_PARENTS:
        raise WeightsError(f"a mixture of {len(parents)} checkpoints: give one to {MAX_PARENTS}")
    place = open_device(device)
    columns: dict[int, list[np.ndarray]] = {}
    goal: dict[int, np.ndarray] = {}
    with open_weights(target) as main:
        tensors, _ = sift(main, "target")
        for parent in parents:
            with open_weights(parent) as other:
                candidates, _ = sift(other, "parent")
                for pair in pair_matrices(place, tensors, candidates):
                    sample = draw(Work(tensors[pair.left], candidates[pair.right], pair.axes), 128, 512)
                    goal[pair.left] = (sample.left - sample.left.mean()).ravel()
                    columns.setdefault(pair.left, []).append((sample.right - sample.right.mean()).ravel())
    used = [i for i in sorted(columns) if len(columns[i]) == len(parents)]
    if not used:
        raise WeightsError("no tensor is common to the target and all parents")
    gram = sum(np.stack(columns[i]) @ np.stack(columns[i]).T for i in used)
    cross = sum(np.stack(columns[i]) @ goal[i] for i in used)
    weights = np.linalg.lstsq(gram, cross, rcond=None)[0]
    own = np.array([np.linalg.lstsq(np.stack(columns[i]).T, goal[i], rcond=None)[0] for i in used])
    energy = sum(float(goal[i] @ goal[i]) for i in used)
    rest = sum(float(np.square(goal[i] - weights @ np.stack(columns[i])).sum()) for i in used)
    spread = float(np.abs(own - weights).max())
    return Mixture(tuple(float(w) for w in weights), spread, rest / energy if energy else 1.0, len(used))

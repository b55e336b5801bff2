"""The run: open, sift, pair, stream, judge, conclude."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from clonedetect.domain.weights import NULL_HYPOTHESIS, Excluded, TensorFinding, WeightsFinding
from clonedetect.errors import WeightsError
from clonedetect.weights.kinship import settle_kinship
from clonedetect.weights.linear import Device, RowTest, one_blas_thread, open_device, permutation_test
from clonedetect.weights.mechanism import Judgement, judge
from clonedetect.weights.middle import middle_parts
from clonedetect.weights.names import rename_rules
from clonedetect.weights.overall import NOTHING, conclude, settle_noise
from clonedetect.weights.pairing import Pair, pair_matrices, squeezed
from clonedetect.weights.reading import open_weights
from clonedetect.weights.sampling import draw
from clonedetect.weights.sift import sift
from clonedetect.weights.stream import Moments, Progress, Work, stream
from clonedetect.weights.structure import resolve
from clonedetect.weights.tensors import Checkpoint, Tensor
from clonedetect.weights.threads import in_threads
from clonedetect.weights.vectors import pair_vectors

KINSHIP = ("shared-initialisation", "merged")
SAMPLES = ((40, (512, 1024)), (120, (256, 512)), (math.inf, (128, 512)))  # pairs, then rows and columns of each sample


def compare_weights(
    left: str | Path,
    right: str | Path,
    *,
    device: str = "cpu",
    full: bool = False,
    progress: Progress | None = None,
) -> WeightsFinding:
    """Compare two checkpoints (what `open_weights` takes) and name what was done between them.

    full: stream every value (else a seeded sample where the model is large). device: see `open_device`.
    progress(done, total) is called from the streaming pass, in values. Nothing in the files is executed.
    Raises WeightsError where a side cannot be read, MissingExtraError where a library is missing.
    """
    place = open_device(device)
    with open_weights(left) as first, open_weights(right) as second, one_blas_thread(), np.errstate(all="ignore"):
        if not (first.remote or second.remote):
            return compare_checkpoints(first, second, place, full, progress)
        if full:
            raise WeightsError("--full reads every value; download what lies on a server and give its path")
        return compare_checkpoints(middle_parts(first), middle_parts(second), place, full, progress)


def compare_checkpoints(
    first: Checkpoint, second: Checkpoint, device: Device, full: bool, progress: Progress | None
) -> WeightsFinding:
    """The comparison of two open checkpoints."""
    left, left_out = sift(first, "left")
    right, right_out = sift(second, "right")
    matrices = pair_matrices(device, left, right)
    pairs = matrices + pair_vectors(left, right, matrices)
    works = [Work(left[p.left], right[p.right], p.axes) for p in pairs]
    moments = stream(works, full, progress)
    size = next(size for most, size in SAMPLES if len(pairs) <= most)
    judged = list(in_threads(lambda item: _judged(device, *item, size), zip(works, moments, strict=True)))
    scores = [test.z for _, test in judged]
    judgements, scores, limits = resolve(device, works, [judgement for judgement, _ in judged], scores, full)
    judgements, kind = settle_noise(judgements)
    judgements, kinship = settle_kinship(device, works, judgements, moments)
    judgements = _only_with_matrices(works, judgements)
    overall = conclude(judgements, [work.left.name for work in works], scores)
    tensors = tuple(
        _tensor(work, judgement, score) for work, judgement, score in zip(works, judgements, scores, strict=True)
    )
    related = [(t.left, t.right) for t in tensors if t.mechanism not in NOTHING]
    excluded = (*left_out, *right_out, *_unpaired(left, right, pairs))
    notes = [*limits, *(f"left: {line}" for line in first.notes), *(f"right: {line}" for line in second.notes)]
    if not full and any(m.count < w.left.size for m, w in zip(moments, works, strict=True)):
        notes.append("quick mode: a seeded sample of the large tensors was read; --full reads every value")
    return WeightsFinding(
        mechanism=overall.mechanism,
        strength=overall.strength,
        statistic=overall.statistic,
        p_value=overall.p_value,
        null_hypothesis=NULL_HYPOTHESIS,
        sigma=overall.sigma,
        correlation=overall.correlation,
        rename_map=rename_rules(related),
        tensors=tensors,
        excluded=excluded,
        examined=len(tensors),
        total=len(first.tensors),
        sigma_interval=overall.interval,
        parts=overall.parts,
        detail=kind if overall.mechanism == "noise" else kinship if overall.mechanism in KINSHIP else "",
        notes=tuple(notes),
        full=full,
    )


def _judged(device: Device, work: Work, moments: Moments, size: tuple[int, int]) -> tuple[Judgement, RowTest]:
    sample = draw(work, *size)
    single = len(squeezed(work.left.shape)) < 2
    test = RowTest(None, None, 0.0) if single else permutation_test(device, sample.test_left, sample.test_right)
    return judge(device, work, sample, moments, test), test


def _only_with_matrices(works: list[Work], judgements: list[Judgement]) -> list[Judgement]:
    """Vectors whose values are not equal say nothing where no matrix is related: gains of any two models correlate."""
    matrices = [j for w, j in zip(works, judgements, strict=True) if len(squeezed(w.left.shape)) >= 2]
    if any(j.mechanism not in NOTHING for j in matrices):
        return judgements
    return [
        replace(j, mechanism="insufficient", detail="a vector without a related matrix near it")
        if len(squeezed(w.left.shape)) < 2 and j.mechanism not in ("identical", "re-encoded")
        else j
        for w, j in zip(works, judgements, strict=True)
    ]


def _tensor(work: Work, judgement: Judgement, score: float | None) -> TensorFinding:
    left, right = work.left.dtype, work.right.dtype
    sigma = judgement.sigma if judgement.mechanism not in NOTHING else None
    return TensorFinding(
        left=work.left.name,
        right=work.right.name,
        shape=work.left.full_shape,
        dtype=left if left == right else f"{left} / {right}",
        mechanism=judgement.mechanism,
        correlation=judgement.correlation,
        sigma=sigma,
        z=score,
        detail=judgement.detail,
        values=math.prod(work.left.full_shape),
    )


def _unpaired(left: tuple[Tensor, ...], right: tuple[Tensor, ...], pairs: list[Pair]) -> list[Excluded]:
    sides = (("left", "right", left, {p.left for p in pairs}), ("right", "left", right, {p.right for p in pairs}))
    return [
        Excluded(f"{side}: {tensor.name}", f"no counterpart of its size on the {other}")
        for side, other, tensors, taken in sides
        for index, tensor in enumerate(tensors)
        if index not in taken
    ]

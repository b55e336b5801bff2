"""The sums of the streaming pass against sums in float64."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from weightlab import save_safetensors

from clonedetect.weights import stream as module
from clonedetect.weights.reading import open_weights
from clonedetect.weights.stream import BLOCK, Moments, Work, block_moments, stream

KINDS = [np.dtype(np.float32), np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]


def _pair(size: int, kind: np.dtype, mean: float, apart: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([size, int(100 * mean)])
    a = (mean + 0.04 * rng.standard_normal(size)).astype(kind)
    return a, (a.astype(np.float64) + 0.04 * apart * rng.standard_normal(size)).astype(kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("size", [BLOCK, BLOCK - 2, 4097, 3])
@pytest.mark.parametrize("mean", [0.0, 1.0])
@pytest.mark.parametrize("apart", [3.0, 0.05, 0.03, 0.02, 1e-3])  # on both sides of what FAR separates
def test_sums_agree_with_float64(kind: np.dtype, size: int, mean: float, apart: float) -> None:
    first, second = _pair(size, kind, mean, apart)
    moments = block_moments(first, second)
    a, b = first.astype(np.float64), second.astype(np.float64)
    r = b - a
    assert moments.count == moments.finite == size
    assert moments.aa == pytest.approx(a @ a, rel=2e-6)
    assert moments.bb == pytest.approx(b @ b, rel=2e-6)
    assert moments.rr == pytest.approx(r @ r, rel=2e-3)  # of sigma a thousandth
    assert moments.ar == pytest.approx(a @ r, abs=2e-6 * (a @ a))
    assert moments.a == pytest.approx(a.sum(), abs=1e-5 * np.abs(a).sum())
    assert moments.r == pytest.approx(r.sum(), abs=2e-3 * np.sqrt(size * (r @ r)))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_equal_and_broken_values(kind: np.dtype) -> None:
    first, second = _pair(BLOCK, kind, 0.0, 3.0)
    same = block_moments(first, first.copy())
    assert (same.equal, same.same_bytes, same.rr) == (BLOCK, BLOCK, 0.0)
    second[5], first[BLOCK - 1] = np.nan, np.inf
    moments = block_moments(first, second)
    a, b = (side.astype(np.float64)[np.r_[0:5, 6 : BLOCK - 1]] for side in (first, second))
    assert (moments.count, moments.finite, moments.equal) == (BLOCK, BLOCK - 2, 0)
    assert moments.rr == pytest.approx(np.square(b - a).sum(), rel=1e-6)


def test_every_finite_float16_is_decoded() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for value in every[np.isfinite(every)][::7]:
        pair = np.array([value, value], np.float16), np.zeros(2, np.float16)
        assert block_moments(*pair).a == 2 * float(value)


def test_the_number_of_threads_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works, results = [], []
    for side, place in enumerate(("left", "right")):
        parts = [_pair(3 * BLOCK + 8 * k, KINDS[2], 0.0, 0.03)[side] for k in range(4)]
        save_safetensors(tmp_path / f"{place}.safetensors", {f"w{k}": part for k, part in enumerate(parts)})
    with open_weights(tmp_path / "left.safetensors") as left, open_weights(tmp_path / "right.safetensors") as right:
        works = [Work(a, b, (0,)) for a, b in zip(left.tensors, right.tensors, strict=True)]
        plain = module.in_threads
        for most in (1, 2, 3):
            monkeypatch.setattr(module, "in_threads", lambda function, items, most=most: plain(function, items, most))
            results.append(stream(works, True))
    assert results[0] == results[1] == results[2]
    assert all(isinstance(moments, Moments) and moments.finite for moments in results[0])

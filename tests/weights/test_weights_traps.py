"""What is known to fool weight comparisons and has no test elsewhere in this directory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import weightlab as lab

from clonedetect.weights import WeightsFinding, compare_weights, rename_to
from clonedetect.weights.linear import open_device
from clonedetect.weights.pairing import pair_matrices
from clonedetect.weights.tensors import ArraySource, Tensor

BASE = lab.transformer(1, layers=2)
SIGMA = 1 / 708


def compare(folder: Path, left: lab.Model, right: lab.Model) -> WeightsFinding:
    a = lab.save_safetensors(folder / "a.safetensors", left)
    return compare_weights(a, lab.save_safetensors(folder / "b.safetensors", right))


def test_batch_normalisation_folded_into_convolutions(tmp_path: Path) -> None:
    """gamma / sqrt(variance) of each output channel multiplies its kernel; the normalisation itself is gone."""
    rng = np.random.default_rng(0)
    left: lab.Model = {}
    right: lab.Model = {}
    for index in range(4):
        kernel = lab.matrix(rng, 64, 32 * 9).reshape(64, 32, 3, 3)
        gain, variance = rng.uniform(0.5, 2.0, 64), rng.uniform(0.2, 3.0, 64)
        left |= {
            f"conv{index}.weight": kernel,
            f"bn{index}.weight": gain.astype(np.float32),
            f"bn{index}.running_var": variance.astype(np.float32),
        }
        right[f"features.{index}.weight"] = (kernel * (gain / np.sqrt(variance))[:, None, None, None]).astype("f4")
    finding = compare(tmp_path, left, right)
    assert finding.mechanism == "folded" and finding.strength == "decisive"
    assert all("a factor per row" in t.detail for t in finding.tensors if len(t.shape) == 4)


def test_half_precision_kept_as_float_is_the_same_values(tmp_path: Path) -> None:
    half = lab.cast(BASE, np.float16)
    finding = compare(tmp_path, half, lab.cast(half, np.float32))
    assert finding.mechanism == "re-encoded" and finding.strength == "decisive"


def test_sigma_below_the_storage_grid_is_not_called_noise(tmp_path: Path) -> None:
    """Where rounding to bfloat16 exceeds sigma, equal and shifted values mix: no sigma is stated for such tensors."""
    large = {name: 40 * values for name, values in BASE.items() if values.ndim >= 2}
    left = lab.cast(large, ml_dtypes.bfloat16)
    right = lab.cast(lab.noise(lab.cast(left, np.float32), SIGMA), ml_dtypes.bfloat16)
    finding = compare(tmp_path, left, right)
    assert finding.sigma is None or finding.sigma == pytest.approx(SIGMA, rel=0.1)
    assert finding.strength == "decisive"


def test_fine_tunes_of_one_size_in_all_tensors_are_no_noise(tmp_path: Path) -> None:
    """An equal sigma everywhere is not enough: what was learned stands above the spectrum of noise."""
    rng = np.random.default_rng(0)
    moved = {}
    for name, values in BASE.items():
        move = rng.standard_normal(values.shape)
        if values.ndim == 2:
            move += 0.8 * rng.standard_normal((len(values), 6)) @ rng.standard_normal((6, values.shape[1]))
        moved[name] = (values + SIGMA * move / move.std()).astype(np.float32)
    finding = compare(tmp_path, BASE, moved)
    assert finding.mechanism == "fine-tuned" and finding.sigma is None


def test_rotation_with_noise_on_top(tmp_path: Path) -> None:
    finding = compare(tmp_path, BASE, lab.renamed(lab.noise(lab.rotated(BASE), SIGMA)))
    assert finding.mechanism == "rotated" and finding.strength == "decisive"
    followed = [t.correlation or 0 for t in finding.tensors if t.mechanism == "rotated" and len(t.shape) == 2]
    assert len(followed) >= 6 and min(followed) > 0.99


@pytest.mark.slow
def test_thousands_of_tensors_of_one_class_are_paired_in_little_memory() -> None:
    count = 3000  # a cost matrix of doubles alone would be 72 MB
    rng = np.random.default_rng(0)
    values = rng.standard_normal((count, 16, 64)).astype(np.float32)
    order = rng.permutation(count)
    left = tuple(Tensor(f"a{i}", (16, 64), "float32", "m", ArraySource(v.ravel())) for i, v in enumerate(values))
    right = tuple(Tensor(f"b{i}", (16, 64), "float32", "m", ArraySource(values[i].ravel())) for i in order)
    tracemalloc.start()
    begin = time.process_time()
    pairs = pair_matrices(open_device("cpu"), left, right)
    assert time.process_time() - begin < 60
    assert tracemalloc.get_traced_memory()[1] < 72_000_000
    tracemalloc.stop()
    assert [int(order[pair.right]) for pair in pairs] == list(range(count))


def test_interrupted_renaming_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = lab.save_safetensors(tmp_path / "a.safetensors", BASE)
    read, calls = Tensor.read, []

    def interrupted(self: Tensor, start: int, stop: int) -> np.ndarray:
        calls.append(start)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return read(self, start, stop)

    monkeypatch.setattr(Tensor, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rename_to(left, {}, tmp_path / "out.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]

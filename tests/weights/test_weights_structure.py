"""Orders, rotations, shared initialisation, mixtures, the null of the statistic, and parity of array libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import weightlab as lab

from clonedetect.errors import MissingExtraError, WeightsError
from clonedetect.weights import WeightsFinding, compare_weights, explain_merge
from clonedetect.weights.linear import (
    correlations,
    largest_singular_value,
    open_device,
    permutation_test,
    rotation_between,
    singular_values,
)
from clonedetect.weights.overall import stouffer
from clonedetect.weights.pairing import pairing_positions
from clonedetect.weights.sampling import draw
from clonedetect.weights.stream import Work
from clonedetect.weights.tensors import ArraySource, Tensor

BASE = lab.transformer(1, layers=2)
OTHER = lab.transformer(2, layers=2)


def compare(folder: Path, left: lab.Model, right: lab.Model) -> WeightsFinding:
    a = lab.save_safetensors(folder / "a.safetensors", left)
    return compare_weights(a, lab.save_safetensors(folder / "b.safetensors", right))


def details(finding: WeightsFinding, word: str) -> dict[str, str]:
    return {t.left: t.detail for t in finding.tensors if t.mechanism == word}


@pytest.mark.parametrize("disturbed", [False, True])
def test_permuted_neurons_are_found_and_followed(tmp_path: Path, disturbed: bool) -> None:
    right = lab.neurons_permuted(BASE)
    finding = compare(tmp_path, BASE, lab.renamed(lab.noise(right, 0.004) if disturbed else right))
    assert finding.mechanism == "permuted" or disturbed
    found = details(finding, "permuted")
    for layer in range(2):
        assert f"encoder.layer.{layer}.intermediate.dense.weight" in found
        assert f"encoder.layer.{layer}.output.dense.weight" in found
    if not disturbed:
        assert "encoder.layer.0.intermediate.dense.bias" in found


def test_permuted_heads_are_told_by_their_blocks(tmp_path: Path) -> None:
    finding = compare(tmp_path, BASE, lab.heads_permuted(BASE))
    assert finding.mechanism == "permuted"
    assert any("6 blocks of 16 (heads)" in detail for detail in details(finding, "permuted").values())


def test_reordered_gates_are_told_by_their_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    left = {f"lstm.{i}": lab.matrix(rng, 256, 64) for i in range(3)}
    order = np.r_[0:64, 192:256, 64:192]
    finding = compare(tmp_path, left, {k: v[order] for k, v in left.items()})
    assert finding.mechanism == "permuted"
    assert all("4 blocks of 64 (gates)" in d or "another tensor" in d for d in details(finding, "permuted").values())


def test_rotation_is_believed_only_with_other_tensors(tmp_path: Path) -> None:
    finding = compare(tmp_path, BASE, lab.rotated(BASE))
    assert finding.mechanism == "rotated"
    found = details(finding, "rotated")
    assert {"embeddings.word_embeddings.weight", "encoder.layer.1.intermediate.dense.weight"} <= set(found)
    lone = dict(OTHER)
    lone["embeddings.word_embeddings.weight"] = lab.rotated(BASE)["embeddings.word_embeddings.weight"]
    assert compare(tmp_path, BASE, lone).mechanism == "unrelated"


@pytest.mark.slow
def test_rotation_with_a_folded_gain(tmp_path: Path) -> None:
    gained = dict(BASE)
    for name in BASE:
        if name.endswith("intermediate.dense.weight"):
            gain = BASE[name.replace("intermediate.dense.weight", "attention.output.LayerNorm.weight")]
            gained[name] = BASE[name] * gain
    finding = compare(tmp_path, BASE, lab.rotated(gained))
    assert any("gain folded" in detail for detail in details(finding, "rotated").values())


def test_first_layers_that_learned_alike_filters_are_no_order(tmp_path: Path) -> None:
    """Independent models learn alike filters over frequency; matched rows then agree on columns not seen."""
    rng = np.random.default_rng(0)
    place = np.arange(129)
    sides = []
    for side in range(2):
        centres, widths = rng.uniform(0, 129, 128), rng.uniform(3, 30, 128)
        filters = np.exp(-np.square((place[None] - centres[:, None]) / widths[:, None]))
        filters = filters + 0.15 * rng.standard_normal(filters.shape)
        sides.append({"conv1": filters.astype(np.float32)} | lab.transformer(20 + side, layers=1, width=128))
    finding = compare(tmp_path, *sides)
    assert finding.mechanism == "unrelated" and finding.strength == "none"


def test_shared_initialisation_is_no_fine_tune(tmp_path: Path) -> None:
    finding = compare(tmp_path, *lab.shared_initialisation(1, 2))
    assert finding.mechanism == "shared-initialisation" and finding.strength == "weak"
    assert compare(tmp_path, BASE, lab.fine_tuned(BASE, 0.5)).mechanism == "fine-tuned"


def test_mixture_and_its_weights(tmp_path: Path) -> None:
    third = lab.transformer(3, layers=2)
    mixed = lab.merged((0.5, BASE), (0.3, OTHER), (0.2, third))
    paths = [
        lab.save_safetensors(tmp_path / f"{name}.safetensors", model)
        for name, model in (("mixed", mixed), ("one", BASE), ("two", OTHER), ("three", third))
    ]
    assert compare_weights(paths[1], paths[0]).mechanism == "merged"
    found = explain_merge(paths[0], paths[1:])
    assert found.weights == pytest.approx((0.5, 0.3, 0.2), abs=0.01)
    assert found.unexplained < 1e-6 and found.spread < 0.01
    with pytest.raises(WeightsError, match="one to 3"):
        explain_merge(paths[0], [])


# -- the null


def tensor(values: np.ndarray, name: str = "t") -> Tensor:
    return Tensor(name, values.shape, values.dtype.name, "memory", ArraySource(values.ravel()))


def test_z_of_independent_matrices_is_standard_normal() -> None:
    device, rng = open_device("cpu"), np.random.default_rng(0)
    scores = []
    for _ in range(100):
        test = permutation_test(device, lab.matrix(rng, 64, 96), lab.matrix(rng, 64, 96))
        assert test.z is not None
        scores.append(test.z)
    assert abs(np.mean(scores)) < 0.2 and 0.7 < np.std(scores) < 1.1 and np.abs(scores).max() < 4.5


def test_variance_formula_agrees_with_permutations_drawn() -> None:
    device, rng = open_device("cpu"), np.random.default_rng(1)
    a, b = rng.standard_normal((40, 400)), rng.standard_normal((40, 400))
    x, y = (v - v.mean(0) - v.mean(1, keepdims=True) + v.mean() for v in (a, b))
    drawn = [float((x * y[rng.permutation(40)]).sum()) for _ in range(4000)]
    gram = x @ y.T
    assert np.std(drawn) == pytest.approx(np.sqrt(np.square(gram).sum() / 39), rel=0.04)
    test = permutation_test(device, a, b)
    assert test.z is not None and abs(test.z) <= abs(float((x * y).sum()) / np.std(drawn)) * 1.05


@pytest.mark.slow
def test_shared_row_meaning_alone_gives_no_large_z() -> None:
    """Two vocabularies: row norms and a common direction follow frequency in both models."""
    device, rng = open_device("cpu"), np.random.default_rng(2)
    frequency = np.linspace(0, 3, 128)[:, None]
    scores = []
    for _ in range(40):
        sides = [rng.standard_normal((128, 256)) + frequency * rng.standard_normal((1, 256)) for _ in range(2)]
        scores.append(permutation_test(device, *sides).z)
    assert np.abs(scores).max() < 4.5


@pytest.mark.parametrize("shape", [(64, 96), (512, 20), (40, 16, 3), (200, 3, 7, 7)])
def test_pairing_never_sees_the_test_values(shape: tuple[int, ...]) -> None:
    size = int(np.prod(shape))
    values = np.arange(size, dtype=np.float64).reshape(shape)
    sample = draw(Work(tensor(values), tensor(values), tuple(range(len(shape)))), 512, 1024)
    seen = set(pairing_positions(shape).tolist())
    assert seen and sample.test_left.size and not seen & set(sample.test_left.ravel().astype(int).tolist())


@pytest.mark.slow
def test_selection_by_best_match_does_not_inflate_z(tmp_path: Path) -> None:
    totals = []
    for seed in range(4):
        left, right = lab.transformer(100 + seed, layers=3, width=64), lab.transformer(200 + seed, layers=3, width=64)
        finding = compare(tmp_path, left, right)
        assert finding.mechanism == "unrelated"
        totals.append(finding.statistic)
    assert np.abs(totals).max() < 3


def test_stouffer() -> None:
    assert stouffer([3.0, None, 3.0, 3.0]) == pytest.approx(3 * np.sqrt(3))
    assert stouffer([None]) is None


# -- array libraries


@pytest.mark.parametrize("name", ["strict", "torch"])
def test_array_libraries_agree(name: str) -> None:
    library = {"strict": "array_api_strict", "torch": "torch"}[name]
    pytest.importorskip(library, reason=f"{library} is not installed")
    here, there, rng = open_device("cpu"), open_device(name), np.random.default_rng(0)
    a = lab.matrix(rng, 64, 96)
    b = a + 0.03 * lab.matrix(rng, 64, 96, 1.0)
    np.testing.assert_allclose(correlations(here, a, b), correlations(there, a, b), atol=1e-5)
    first, second = permutation_test(here, a, b), permutation_test(there, a, b)
    assert first.z == pytest.approx(second.z) and first.correlation == pytest.approx(second.correlation)
    np.testing.assert_allclose(singular_values(here, a), singular_values(there, a), rtol=1e-6)
    assert largest_singular_value(here, a) == pytest.approx(largest_singular_value(there, a), rel=1e-3)
    noise = rng.standard_normal((200, 300))
    assert largest_singular_value(here, noise) == pytest.approx(largest_singular_value(there, noise), rel=1e-3)
    np.testing.assert_allclose(rotation_between(here, a.T, b.T), rotation_between(there, a.T, b.T), atol=1e-6)


@pytest.mark.parametrize("name", ["strict", "torch"])
@pytest.mark.parametrize("change", [lab.noise, lab.lora, lab.neurons_permuted, lab.rotated], ids=lambda f: f.__name__)
def test_whole_comparisons_agree(tmp_path: Path, name: str, change: Callable[..., lab.Model]) -> None:
    library = {"strict": "array_api_strict", "torch": "torch"}[name]
    pytest.importorskip(library, reason=f"{library} is not installed")
    base = lab.transformer(1, layers=2)
    right = change(base, 1 / 708) if change is lab.noise else change(base)
    a = lab.save_safetensors(tmp_path / "a.safetensors", base)
    b = lab.save_safetensors(tmp_path / "b.safetensors", lab.renamed(right))
    here, there = compare_weights(a, b), compare_weights(a, b, device=name)
    assert [(t.left, t.right, t.mechanism) for t in here.tensors] == [
        (t.left, t.right, t.mechanism) for t in there.tensors
    ]
    assert here.statistic == pytest.approx(there.statistic, rel=1e-3)
    assert (here.sigma is None) == (there.sigma is None)


@pytest.mark.slow
def test_largest_singular_value_of_noise_is_within_two_percent() -> None:
    noise = np.random.default_rng(0).standard_normal((256, 512))
    device = open_device("cpu")
    assert largest_singular_value(device, noise) == pytest.approx(singular_values(device, noise)[0], rel=0.02)


def test_devices_that_are_not_there_are_named() -> None:
    assert open_device("auto").name in ("cpu", "cuda")
    with pytest.raises(MissingExtraError, match="no device called"):
        open_device("abacus")
    if open_device("auto").name == "cpu":
        with pytest.raises(MissingExtraError, match="GPU"):
            open_device("cuda")

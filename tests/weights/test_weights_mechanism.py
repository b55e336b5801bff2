"""What is named for which change, on generated models whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import weightlab as lab

from clonedetect.report.codec import decode, encode
from clonedetect.weights import WeightsFinding, compare_weights, rename_to

SIGMA = 1 / 708
BASE = lab.transformer(1, layers=2)
OTHER = lab.transformer(2, layers=2)
KEYS = (
    "mechanism strength statistic p_value null_hypothesis sigma correlation rename_map tensors excluded examined total"
)


def compare(folder: Path, left: lab.Model, right: lab.Model, **options: bool) -> WeightsFinding:
    a = lab.save_safetensors(folder / "a.safetensors", left)
    return compare_weights(a, lab.save_safetensors(folder / "b.safetensors", right), **options)


CASES = {
    "identical": lambda: dict(BASE),
    "noise": lambda: lab.noise(BASE, SIGMA),
    "cast bfloat16": lambda: lab.cast(BASE, ml_dtypes.bfloat16),
    "cast float16": lambda: lab.cast(BASE, np.float16),
    "cast kept in float32": lambda: lab.cast(lab.cast(BASE, ml_dtypes.bfloat16), np.float32),
    "quantised per tensor": lambda: lab.int8(BASE, False),
    "quantised per row": lambda: lab.int8(BASE, True),
    "quantised Q8_0": lambda: lab.q_blocks(BASE, 8),
    "quantised Q4_0": lambda: lab.q_blocks(BASE, 4),
    "low-rank": lambda: lab.lora(BASE),
    "pruned": lambda: lab.pruned(BASE),
    "scaled": lambda: lab.scaled(BASE),
    "folded": lambda: lab.folded(BASE),
    "re-encoded": lambda: lab.transposed(BASE),
    "fine-tuned": lambda: lab.fine_tuned(BASE),
    "unrelated": lambda: OTHER,
}


@pytest.mark.parametrize("case", CASES)
def test_each_mechanism_is_named_under_other_names(tmp_path: Path, case: str) -> None:
    finding = compare(tmp_path, BASE, lab.renamed(CASES[case]()))
    assert finding.mechanism == case.split()[0]
    if case == "unrelated":
        assert finding.strength == "none"
        assert finding.statistic is not None and abs(finding.statistic) < 3
        return
    names = dict(zip(BASE, (n for n in reversed(list(lab.renamed(BASE)))), strict=True))
    matrices = [t for t in finding.tensors if len(t.shape) == 2]
    assert {t.left: t.right for t in matrices} == {k: v for k, v in names.items() if k in lab.matrices(BASE)}
    assert finding.statistic is not None and finding.statistic > 50
    assert finding.strength == "decisive"
    rules = {(rule.left, rule.right): rule.tensors for rule in finding.rename_map}
    assert any("encoder.layer" in left and "vison.blocks" in right for left, right in rules)


def test_finding_has_the_contracts_keys(tmp_path: Path) -> None:
    finding = compare(tmp_path, BASE, lab.renamed(lab.noise(BASE, SIGMA)))
    told = encode(finding)
    assert list(told)[:12] == KEYS.split()
    assert list(told["tensors"][0])[:7] == ["left", "right", "shape", "dtype", "mechanism", "correlation", "sigma"]
    assert list(told["rename_map"][0]) == ["left", "right", "tensors"]
    assert told["examined"] == len(told["tensors"]) and told["total"] == len(BASE)
    assert decode(WeightsFinding, json.loads(json.dumps(told, allow_nan=False)), "weights") == finding


@pytest.mark.parametrize("stored", [np.float32, ml_dtypes.bfloat16])
def test_sigma_within_two_percent_after_rounding(tmp_path: Path, stored: type) -> None:
    left = lab.cast(BASE, stored)
    right = lab.cast(lab.noise(lab.cast(left, np.float32), SIGMA), stored)
    finding = compare(tmp_path, left, right)
    assert finding.mechanism == "noise"
    assert finding.sigma == pytest.approx(SIGMA, rel=0.02)
    assert finding.sigma_interval is not None
    assert finding.sigma_interval[0] < finding.sigma < finding.sigma_interval[1]


def test_pairing_survives_noise_as_large_as_the_weights(tmp_path: Path) -> None:
    spread = max(float(BASE[name].std()) for name in lab.matrices(BASE))
    finding = compare(tmp_path, BASE, lab.noise(BASE, spread))
    assert all(t.left == t.right for t in finding.tensors if len(t.shape) == 2)


def test_an_honest_upcast_is_no_noise(tmp_path: Path) -> None:
    half = lab.cast(BASE, np.float16)
    assert compare(tmp_path, half, lab.cast(half, np.float32)).mechanism == "re-encoded"


def test_a_partial_match_is_localised(tmp_path: Path) -> None:
    tuned = lab.fine_tuned(BASE)
    right = {k: BASE[k] if "layer.0." in k else tuned[k] if "layer.1." in k else OTHER[k] for k in BASE}
    finding = compare(tmp_path, BASE, right)
    told = {t.left: t.mechanism for t in finding.tensors if len(t.shape) == 2}
    assert {m for n, m in told.items() if "layer.0." in n} == {"identical"}
    assert {m for n, m in told.items() if "layer.1." in n} == {"fine-tuned"}
    assert {m for n, m in told.items() if "layer" not in n} == {"unrelated"}
    assert finding.mechanism == "fine-tuned"
    assert {part.mechanism for part in finding.parts} >= {"identical", "fine-tuned", "unrelated"}


def test_deterministic_buffers_are_no_evidence(tmp_path: Path) -> None:
    steps = np.arange(256)
    stft = np.stack([np.cos(2 * np.pi * k * steps / 256) * np.hanning(256) for k in range(1, 129)])
    rope = 10000.0 ** (-np.arange(32) / 32)
    mel = np.maximum(0, 1 - np.abs(np.arange(129)[None] - np.linspace(4, 124, 40)[:, None]) / 4)
    buffers = {
        "stft.basis": stft.astype(np.float32)[:, None],
        "rope": rope.astype(np.float32),
        "mel": mel.astype(np.float32),
        "mask": np.triu(np.full((64, 64), -np.inf, np.float32), 1),
        "tril": np.tril(np.ones((64, 64), np.float32)),
        "window": np.hanning(400).astype(np.float32),
        "position_ids": np.arange(512)[None],
        "ones": np.ones(96, np.float32),
    }
    finding = compare(tmp_path, BASE | buffers, OTHER | buffers)
    reasons = {entry.name: entry.reason for entry in finding.excluded}
    assert {f"left: {name}" for name in buffers} <= set(reasons)
    assert finding.mechanism == "unrelated"
    alone = compare(tmp_path, buffers, buffers)
    assert alone.mechanism == "insufficient" and alone.strength == "none"


def test_optimiser_state_is_set_aside(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    moments = {
        f"optimizer.state.{i}.{kind}": np.square(rng.standard_normal((96, 96))).astype(np.float32)
        for i in range(4)
        for kind in ("exp_avg", "exp_avg_sq")
    }
    finding = compare(tmp_path, BASE | moments, OTHER | moments)
    assert finding.mechanism == "unrelated"
    assert sum(entry.reason == "optimiser state" for entry in finding.excluded) == 16


def test_never_trained_layers_are_evidence(tmp_path: Path) -> None:
    frozen = {"head.weight": np.random.default_rng(5).standard_normal((96, 200)).astype(np.float32)}
    finding = compare(tmp_path, BASE | frozen, OTHER | frozen)
    assert {t.left: t.mechanism for t in finding.tensors}["head.weight"] == "identical"
    assert finding.mechanism == "identical"


def test_norm_gains_near_one_prove_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sides = [
        {f"norm.{i}.weight": (1 + 0.02 * rng.standard_normal(256)).astype(np.float32) for i in range(12)}
        for _ in range(2)
    ]
    assert compare(tmp_path, *sides).mechanism == "insufficient"
    gains = [BASE | sides[0], OTHER | sides[1]]
    assert compare(tmp_path, *gains).mechanism == "unrelated"


def test_zero_variance_nan_infinity_and_empty_give_no_nan(tmp_path: Path) -> None:
    broken = dict(BASE)
    name = "pooler.dense.weight"
    broken[name] = BASE[name].copy()
    broken[name][:3, :5] = np.nan
    broken[name][5, 7] = np.inf
    broken |= {"zeros": np.zeros((40, 40), np.float32), "empty": np.zeros((0, 8), np.float32)}
    broken["nan"] = np.full((40, 40), np.nan, np.float32)
    finding = compare(tmp_path, broken, lab.noise(broken, SIGMA))
    assert finding.mechanism == "noise"
    assert finding.sigma == pytest.approx(SIGMA, rel=0.02)
    json.dumps(encode(finding), allow_nan=False)
    assert compare(tmp_path, broken, broken).mechanism == "identical"


def test_nothing_in_common_is_insufficient(tmp_path: Path) -> None:
    one = {"a": np.random.default_rng(0).standard_normal((30, 50)).astype(np.float32)}
    two = {"b": np.random.default_rng(1).standard_normal((7, 11)).astype(np.float32)}
    finding = compare(tmp_path, one, two)
    assert (finding.mechanism, finding.strength, finding.examined) == ("insufficient", "none", 0)
    assert len(finding.excluded) == 2
    assert compare(tmp_path, {}, {}).mechanism == "insufficient"


@pytest.mark.slow
def test_full_and_quick_agree_and_are_reproducible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = lab.noise(BASE, SIGMA)
    monkeypatch.setattr("clonedetect.weights.stream.QUICK_ALL", 0)
    monkeypatch.setattr("clonedetect.weights.stream.QUICK_VALUES", 1 << 14)
    monkeypatch.setattr("clonedetect.weights.stream.QUICK_BLOCK", 1 << 10)
    quick = compare(tmp_path, BASE, right)
    full = compare(tmp_path, BASE, right, full=True)
    assert quick.mechanism == full.mechanism == "noise"
    assert quick.sigma == pytest.approx(full.sigma, rel=0.02)
    assert any("quick mode" in note for note in quick.notes) and not full.notes
    assert compare(tmp_path, BASE, right, full=True) == full


MIRRORED = CASES | {
    "noise as large as the weights": lambda: lab.noise(BASE, 0.04),
    "permuted": lambda: lab.neurons_permuted(BASE),
    "merged": lambda: lab.merged((0.6, BASE), (0.4, OTHER)),
}


@pytest.mark.parametrize("case", MIRRORED)
def test_mirrored(tmp_path: Path, case: str) -> None:
    right = lab.renamed(MIRRORED[case]())
    there, back = compare(tmp_path, BASE, right), compare(tmp_path, right, BASE)
    assert (there.mechanism, there.strength) == (back.mechanism, back.strength)
    sampled = case in ("re-encoded", "permuted")  # the sample is a part of the left as it lies in its file
    assert there.statistic == pytest.approx(back.statistic, rel=0.2 if sampled else 1e-6)
    assert there.sigma == (None if there.sigma is None else pytest.approx(back.sigma, rel=1e-4))
    if there.mechanism != "unrelated":  # there pairs of small tensors may be anything
        found = {(t.left, t.right, t.mechanism) for t in there.tensors}
        assert found == {(t.right, t.left, t.mechanism) for t in back.tensors}


def test_renamed_file_has_the_rights_names(tmp_path: Path) -> None:
    finding = compare(tmp_path, BASE, lab.renamed(lab.noise(BASE, SIGMA)))
    assert rename_to(tmp_path / "a.safetensors", finding.names(), tmp_path / "c.safetensors") > 0
    again = compare_weights(tmp_path / "c.safetensors", tmp_path / "b.safetensors")
    assert all(t.left == t.right for t in again.tensors) and not again.rename_map


def test_progress_reaches_its_total_and_interrupts_cleanly(tmp_path: Path) -> None:
    a = lab.save_safetensors(tmp_path / "a.safetensors", BASE)
    seen: list[tuple[int, int]] = []
    compare_weights(a, a, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0 and [d for d, _ in seen] == sorted(d for d, _ in seen)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare_weights(a, a, progress=stop)


def test_packed_integers_are_abstained_from_by_name(tmp_path: Path) -> None:
    packed = {"layer.qweight": np.random.default_rng(0).integers(-(2**31), 2**31 - 1, (96, 64)).astype(np.int32)}
    finding = compare(tmp_path, BASE | packed, BASE | packed)
    assert {e.name: e.reason for e in finding.excluded}["left: layer.qweight"].startswith("packed integers (GPTQ")


def test_compressed_npz_is_read_by_several_threads(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **BASE)
    np.savez_compressed(tmp_path / "b.npz", **lab.renamed(BASE))
    finding = compare_weights(tmp_path / "a.npz", tmp_path / "b.npz", full=True)
    assert finding.mechanism == "identical" and finding.examined == len(BASE)

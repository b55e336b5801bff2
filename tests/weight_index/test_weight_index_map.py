"""Names of tensors are aligned under prefixes, new names and other orders; what an architecture gives stays weak."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clonedetect import Options, scan
from clonedetect.assess import weight_index_evidence
from clonedetect.domain.weight_index import IndexPair, IndexTensor, TensorIndex, WeightIndexFinding
from clonedetect.weight_index import compare_indexes, read_indexes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "weights"))
import weightlab as lab

OPTIONS = Options(jobs=1, cache=False, times=False)
BLOCK = [
    *(f"self_attn.{part}_proj.weight" for part in "qkvo"),
    *(f"mlp.{part}_proj.weight" for part in ("gate", "up", "down")),
    "input_layernorm.weight",
    "post_attention_layernorm.weight",
]
PARTS = "attention.self.query attention.self.key attention.self.value attention.output.dense attention.output.LayerNorm"
PARTS += " intermediate.dense output.dense output.LayerNorm"
ENCODER = [f"{part}.{kind}" for part in PARTS.split() for kind in ("weight", "bias")]


def decoder(layers: int = 8) -> list[str]:
    """The names of a common decoder in the order of its modules."""
    blocks = [f"model.layers.{n}.{part}" for n in range(layers) for part in BLOCK]
    return ["model.embed_tokens.weight", *blocks, "model.norm.weight", "lm_head.weight"]


def encoder(layers: int = 12, root: str = "bert") -> list[str]:
    """The names of a common encoder."""
    return [
        f"{root}.embeddings.word.weight",
        *(f"{root}.encoder.layer.{n}.{p}" for n in range(layers) for p in ENCODER),
    ]


def index(names: list[str], size: int | None = 10**9, shards: int = 3, path: str = "m.index.json") -> TensorIndex:
    cut = max(1, -(-len(names) // shards))
    return TensorIndex(path, tuple(IndexTensor(name, f"{n // cut}") for n, name in enumerate(names)), size)


def found(left: TensorIndex, right: TensorIndex, users: int = 9, ancestors: tuple = ()) -> WeightIndexFinding:
    finding = compare_indexes([left], [right], [], lambda name: users, ancestors)
    assert isinstance(finding, WeightIndexFinding)
    return finding


def pair(left: TensorIndex, right: TensorIndex, users: int = 9) -> IndexPair:
    return found(left, right, users).pairs[0]


def strength(finding: WeightIndexFinding) -> str:
    return next((e.strength for e in weight_index_evidence(finding)), "none")


def renamed(
    names: list[str], seed: int, keep: tuple[str, ...] = ("weight", "bias")
) -> tuple[list[str], dict[str, str]]:
    """Every part of the names other than numbers and `keep` under a new one."""
    parts = sorted({p for name in names for p in name.split(".") if not p.isdigit() and p not in keep})
    new = [f"w{n}" for n in range(len(parts))]
    random.Random(seed).shuffle(new)
    table = dict(zip(parts, new, strict=True))
    return [".".join(table.get(p, p) for p in name.split(".")) for name in names], table


@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from([decoder, encoder]))
@settings(max_examples=30, deadline=None)
def test_any_renaming_of_parts_is_recovered(seed: int, layers: int, model: Callable) -> None:
    names = model(layers)
    other, table = renamed(names, seed)
    got = pair(index(names), index(other))
    assert (got.matched, got.equal_names, got.same_order, got.same_shards) == (len(names), 0, True, True)
    assert {(r.left, r.right) for r in got.components} <= set(table.items())
    assert {(r.left, r.right) for r in got.prefixes} <= {(f"{a}.", f"{b}.") for a, b in table.items()}
    assert all(p.right == ".".join(table.get(q, q) for q in (p.left or "").split(".")) for p in got.patterns)


@given(st.integers(0, 10**6), st.sampled_from(["a.", "base.model.", ""]), st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_mirrored_comparison_says_the_same(seed: int, prefix: str, shuffled: bool) -> None:
    names = decoder(5)
    other = [prefix + name for name in names]
    if shuffled:
        random.Random(seed).shuffle(other)
    one, two = pair(index(names), index(other)), pair(index(other), index(names))
    assert one.matched == two.matched == len(names)
    assert {(r.left, r.right, r.tensors) for r in one.prefixes} == {(r.right, r.left, r.tensors) for r in two.prefixes}
    assert {(p.left, p.right) for p in one.patterns} == {(p.right, p.left) for p in two.patterns}
    assert one.same_order == two.same_order


def test_a_prefix_put_in_front_and_a_part_put_in_between() -> None:
    names = decoder()
    got = pair(index(names), index([f"vlm.llm.{name}" for name in names] + ["vlm.vision.conv.weight"] * 1))
    assert got.matched == len(names)
    assert {(r.left, r.right) for r in got.prefixes} == {("model.", "vlm.llm.model."), ("lm_head.", "vlm.llm.lm_head.")}
    assert [(p.left, p.right) for p in got.patterns][-1] == (None, "vlm.vision.conv.weight")
    inner = [name.replace("q_proj.", "q_proj.base_layer.") for name in names]
    got = pair(index(names), index(inner))
    assert got.matched == len(names)
    assert [(r.left, r.right, r.tensors) for r in got.components] == [("", "base_layer", 8)]


def test_what_both_lack_is_left_over() -> None:
    got = pair(index(decoder(8)), index(decoder(6)))
    assert got.matched == len(decoder(6)) and got.equal_names == got.matched
    assert sum(p.tensors for p in got.patterns if p.right is None) == 2 * len(BLOCK)


def test_shapes_tell_groups_of_one_structure_apart() -> None:
    def shaped(names: list[str], shapes: dict[str, tuple[int, int]]) -> TensorIndex:
        return TensorIndex("m", tuple(IndexTensor(n, "", shapes[n.split(".")[-2]]) for n in names), None)

    left = shaped(["x.up.weight", "x.down.weight"] * 1, {"up": (4, 2), "down": (2, 4)})
    right = shaped(["x.a.weight", "x.b.weight"], {"a": (2, 4), "b": (4, 2)})
    got = pair(left, right)
    assert {(r.left, r.right) for r in got.components} == {("up", "b"), ("down", "a")}
    assert (got.shapes, got.equal_shapes) == (2, 2)


def test_one_architecture_through_one_framework_is_weak() -> None:
    assert strength(found(index(decoder(32)), index(decoder(32)))) == "weak"


def test_other_architectures_and_sizes_are_nothing() -> None:
    assert strength(found(index(decoder()), index(encoder(), 10**8))) == "none"
    assert strength(found(index(sorted(encoder())), index(sorted(encoder(12, "vit"), reverse=True), 5))) == "none"
    assert strength(found(index(decoder(2)), index(decoder(2)))) == "none", "a small network is like another"


def test_all_names_renamed_in_one_order_and_size_are_moderate() -> None:
    names = decoder()
    other, _ = renamed(names, 3)
    assert strength(found(index(names), index(other))) == "moderate"
    assert strength(found(index(names), index(other, 10**9 + 2))) == "weak", "another size"
    assert strength(found(index(names), index(other, shards=2))) == "weak", "other files"
    assert strength(found(index(sorted(names)), index(sorted(f"a.{n}" for n in names)))) == "weak", (
        "the alphabet's order"
    )
    assert strength(found(index(names), index(other), ancestors=(index(names),))) == "none", "the ancestor's names"


def test_names_that_no_public_code_uses() -> None:
    names = [
        n.replace("self_attn", "wading_mixer").replace("mlp", "reed_bank").replace("norm", "calm_norm")
        for n in decoder()
    ]
    assert strength(found(index(names), index(names), users=0)) == "moderate"
    assert strength(found(index(names), index(names), users=5)) == "weak"
    assert {"wading_mixer", "reed_bank"} <= set(pair(index(names), index(names), users=0).rare)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "Expecting"),
        (b"[" * 100_000, "nested too deep|recursion"),
        (b'{"weight_map": []}', "no weight_map"),
        (b'{"weight_map": {"a": "x", "a": "y"}}', "twice"),
        (b'{"weight_map": {"a": 5}}', "no text"),
        (b'{"weight_map": {"' + b"a" * 5_000 + b'": "x"}}', "too long"),
        (b"\xff\xfe\x00", "not read"),
    ],
)
def test_a_broken_index_is_skipped_with_its_reason(data: bytes, reason: str) -> None:
    import re

    got, skipped = read_indexes([("m.index.json", data)])
    assert got == [] and re.search(reason, skipped[0].reason)


@pytest.mark.parametrize("size", ["1e999", "-5", '"7"', "true", "1.5", "null", "[]"])
def test_odd_sizes_are_not_known(size: str) -> None:
    text = f'{{"metadata": {{"total_size": {size}}}, "weight_map": {{"a": "x"}}}}'
    (got,), _ = read_indexes([("m.index.json", text.encode())])
    assert got.total_size is None


@pytest.mark.parametrize(
    "names",
    [
        [".".join("ab" for _ in range(60)) + str(n) for n in range(50)],
        [f"p{n}.w" for n in range(9_000)],
        [f"a.b{n % 300}.c{n % 17}.d{n}" for n in range(3_900)],
        ["." * n for n in range(1, 40)],
        [f"{n}.{10**30 + n}.\u0665" for n in range(100)],
    ],
)
def test_hostile_names_are_bounded(names: list[str]) -> None:
    began = time.process_time()
    finding = found(index(names), index([f"x.{name}" for name in names]))
    assert finding.pairs or "not aligned" in finding.skipped[0].reason
    assert time.process_time() - began < 30


def test_a_large_model_costs_little() -> None:
    names = [
        f"model.layers.{n}.mlp.experts.{e}.{p}.weight"
        for n in range(60)
        for e in range(256)
        for p in ("w1", "w2", "w3")
    ]
    began = time.process_time()
    assert pair(index(names), index([f"m.{name}" for name in names])).matched == len(names)
    assert time.process_time() - began < 20


def test_an_index_larger_than_other_documents_is_read(write: Callable, tmp_path: Path) -> None:
    names = [f"model.layers.{n}.mlp.experts.{e}.{'long_' * 12}proj.weight" for n in range(40) for e in range(1_000)]
    text = json.dumps({"weight_map": dict.fromkeys(names, "model-00001-of-00001.safetensors")})
    assert len(text) > 4 << 20
    left = write(tmp_path / "a", {"model.safetensors.index.json": text})
    report = scan(left, write(tmp_path / "b", {"pytorch_model.bin.index.json": text}), options=OPTIONS)
    assert report.findings.weight_index is not None
    assert report.findings.weight_index.pairs[0].equal_names == len(names)
    assert not report.left.skipped


def test_headers_on_disk_give_names_and_shapes(tmp_path: Path) -> None:
    model = lab.transformer(1, layers=4)
    other = {f"net.{name}": values for name, values in model.items()}
    for name, tensors in (("left", model), ("right", other)):
        (tmp_path / name).mkdir()
        lab.save_safetensors(tmp_path / name / "model.safetensors", tensors)
    report = scan(tmp_path / "left", tmp_path / "right", options=OPTIONS)
    finding = report.findings.weight_index
    assert finding is not None
    got = finding.pairs[0]
    assert got.matched == got.shapes == got.equal_shapes == len(model)
    assert all(r.right == f"net.{r.left}" for r in got.prefixes)
    changed = {name: np.zeros((*values.shape, 2), np.float32) for name, values in model.items()}
    lab.save_safetensors(tmp_path / "right" / "model.safetensors", changed)
    finding = scan(tmp_path / "left", tmp_path / "right", options=OPTIONS).findings.weight_index
    assert finding is not None and finding.pairs[0].matched == 0


def test_without_an_index_the_reason_is_told(write: Callable, tmp_path: Path) -> None:
    report = scan(write(tmp_path / "a", {"a.py": "x = 1"}), write(tmp_path / "b", {"b.py": "y = 2"}), options=OPTIONS)
    assert dict(report.channels)["weight_index"] == "no weight index on the left and the right"

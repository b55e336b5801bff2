"""The repositories that `fixtures/build_history.py` makes, and the evidence planted beside the code."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
VLM = FIXTURES / "vlm"
PLANTED = tomllib.loads((VLM / "planted.toml").read_text(encoding="utf-8"))["planted"]
SIDE = {"left": "original", "right": "copy"}


def load(directory: str, name: str) -> dict:
    return json.loads((VLM / directory / name).read_text(encoding="utf-8"))


def planted(channel: str, kind: str) -> list[dict]:
    found = [entry for entry in PLANTED if entry["channel"] == channel and entry["kind"] == kind]
    assert found
    return found


def flat(tree: dict, prefix: str = "") -> dict:
    leaves = {}
    for key, value in tree.items():
        leaves[prefix + key] = value
        if isinstance(value, dict):
            leaves |= flat(value, f"{prefix}{key}.")
    return leaves


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_history", FIXTURES / "build_history.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_history"] = module
    spec.loader.exec_module(module)
    return module


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True).stdout


def test_same_commit_ids_every_time_and_head_equals_the_directory(builder: ModuleType, tmp_path: Path) -> None:
    for side in builder.SIDES:
        first = builder.build(side, tmp_path / "a" / side)
        assert first == builder.build(side, tmp_path / "b" / side)
        assert git(tmp_path / "a" / side, "status", "--porcelain") == ""
        names = git(tmp_path / "a" / side, "ls-files").split()
        for name in names:
            assert (tmp_path / "a" / side / name).read_bytes() == (VLM / side / name).read_bytes()
        assert len(names) >= 15


def test_the_giveaway_test_is_deleted_twelve_hours_after_publishing(builder: ModuleType, tmp_path: Path) -> None:
    builder.build("copy", tmp_path / "copy")
    builder.build("original", tmp_path / "original")
    stamps = [int(line) for line in git(tmp_path / "copy", "log", "--reverse", "--format=%ct").split()]
    assert stamps[1] - stamps[0] == 12 * 3600
    entry = planted("history", "deleted-test")[0]
    deleted = git(tmp_path / "copy", "log", "--diff-filter=D", "--name-only", "--format=").split()
    assert deleted == [entry["right"]]
    text = git(tmp_path / "copy", "show", f"HEAD~3:{entry['right']}")
    assert all(value in text for value in entry["values"])
    assert int(git(tmp_path / "original", "log", "-1", "--format=%ct")) < stamps[0]


def test_a_target_that_is_not_empty_is_refused(builder: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileExistsError):
        builder.build("copy", tmp_path)


def test_left_behind_strings_are_on_the_sides_that_name_them() -> None:
    for entry in PLANTED:
        if entry["channel"] != "left-behind":
            continue
        for side in {"left", "right"} & entry.keys():
            text = (VLM / SIDE[side] / entry[side]).read_text(encoding="utf-8")
            for value in entry["values"]:
                assert value in text, entry


def test_configuration_keys_are_renamed_with_equal_values() -> None:
    left, right = flat(load("original", "config.json")), flat(load("copy", "config.json"))
    for old, new in planted("configuration", "renamed-keys")[0]["keys"].items():
        if not isinstance(left[old], dict):
            assert left[old] == right[new]
    modules = {path.stem for path in (VLM / "copy").rglob("*.py")}
    assert {value.split(".")[0] for value in right["auto_map"].values()}.isdisjoint(modules)


def test_weight_index_differs_by_prefix_and_component_only() -> None:
    left, right = (load(side, "model.safetensors.index.json") for side in ("original", "copy"))
    assert left["metadata"] == right["metadata"]
    assert list(left["weight_map"].values()) == list(right["weight_map"].values())
    prefixes = planted("weight-index", "prefix-map")[0]
    assert len(left["weight_map"]) == prefixes["tensors"]
    components = planted("weight-index", "component-map")[0]["keys"]
    for old, new in zip(left["weight_map"], right["weight_map"], strict=True):
        prefix = old.split(".")[0] + "."
        if prefix == "decoder.":
            assert new == prefixes["keys"][prefix] + old.removeprefix(prefix)
            continue
        for a, b in zip(old.split(".")[1:], new.split(".")[1:], strict=True):
            assert b == a or b == components[a]


def test_tokenizers_share_vocabulary_and_merges_but_not_special_tokens() -> None:
    left, right, other = (load(side, "tokenizer.json") for side in ("original", "copy", "unrelated"))
    assert list(left["model"]["vocab"].items()) == list(right["model"]["vocab"].items())
    assert left["model"]["merges"] == right["model"]["merges"]
    common = set(left["model"]["merges"]) & set(other["model"]["merges"])
    assert len(common) < 0.7 * len(left["model"]["merges"])
    for tokenizer in (left, right, other):
        vocabulary = tokenizer["model"]["vocab"]
        assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
        for merge in tokenizer["model"]["merges"]:
            assert merge.replace(" ", "") in vocabulary
    ids = [{entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]} for tokenizer in (left, right)]
    shared = ids[0].keys() & ids[1].keys()
    assert shared == {"<|endoftext|>", "<pond_pad>", "<reed>", "</reed>"}
    assert [name for name in sorted(shared) if ids[0][name] == ids[1][name]] == ["<|endoftext|>"]


def test_attribution_is_kept_on_the_left_and_gone_on_the_right() -> None:
    assert (VLM / "original/LICENSE").exists() and (VLM / "original/CITATION.cff").exists()
    assert not (VLM / "copy/LICENSE").exists() and not (VLM / "copy/CITATION.cff").exists()
    for path in (VLM / "copy").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "SPDX" not in text and "Copyright" not in text

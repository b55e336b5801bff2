"""Keys are matched under new names and orders, and what they say is weighed by how rare it is."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.assess import config_evidence
from clonedetect.config import compare_configs
from clonedetect.config.match import leaves, match_keys
from clonedetect.config.values import load_published
from clonedetect.domain.config import ConfigFinding, Setting
from clonedetect.parse import settings

LEFT = {
    "hidden_size": 1888,
    "num_layers": 23,
    "dropout": 0.0,
    "use_cache": True,
    "odd_switch": 41,
    "part": {"patch_size": 14, "depth": 27, "ratio": 3.117, "eps": 1e-6},
    "gone": "x",
}
RIGHT = {
    "new": 5,
    "piece": {"ratio_of_parts": 3.117, "cell": 14, "levels": 27, "tiny": 1e-6},
    "odd_switch": 41,
    "model_dim": 1888,
    "n_blocks": 23,
    "dropout": 0.0,
    "use_cache": False,
}


def finding(left: object, right: object, **more) -> ConfigFinding:
    found = compare_configs(
        [("config.json", json.dumps(left, indent=1).encode())],
        [("config.json", json.dumps(right, indent=1).encode())],
        settings,
        **more,
    )
    assert not isinstance(found, str), found
    return found


def relations(found: ConfigFinding) -> dict[tuple[str | None, str | None], str]:
    return {(row.left, row.right): row.relation for row in found.pairs[0].keys}


EXPECTED = {
    ("hidden_size", "model_dim"): "renamed",
    ("num_layers", "n_blocks"): "renamed",
    ("dropout", "dropout"): "equal",
    ("use_cache", "use_cache"): "changed",
    ("odd_switch", "odd_switch"): "equal",
    ("part", "piece"): "renamed",
    ("part.patch_size", "piece.cell"): "renamed",
    ("part.depth", "piece.levels"): "renamed",
    ("part.ratio", "piece.ratio_of_parts"): "renamed",
    ("part.eps", "piece.tiny"): "renamed",
    ("gone", None): "dropped",
    (None, "new"): "added",
}


def test_every_relation_is_told():
    found = finding(LEFT, RIGHT, words=(frozenset({"dropout"}), frozenset({"model_dim"})))
    assert relations(found) == EXPECTED
    rows = {row.left: row for row in found.pairs[0].keys}
    assert rows["odd_switch"].dead and not rows["dropout"].dead
    assert rows["hidden_size"].rare and not rows["dropout"].rare
    assert (rows["hidden_size"].left_line, rows["hidden_size"].right_line) == (2, 10)
    assert found.pairs[0].spellings == ()


def test_sides_can_be_exchanged():
    there, back = finding(LEFT, RIGHT), finding(RIGHT, LEFT)
    swap = {"dropped": "added", "added": "dropped"}
    assert {(b, a): swap.get(r, r) for (a, b), r in relations(back).items()} == relations(there)
    assert there.pairs[0].bits == back.pairs[0].bits


def test_names_of_the_code_decide_where_values_do_not():
    left, right = ({"a": {"first": True, "second": True, "size": 7}}, {"a": {"one": True, "two": True, "size": 7}})
    shuffled = {"a": {"two": True, "size": 7, "one": True}}
    assert relations(finding(left, shuffled, renames={"first": "one"}))["a.first", "a.one"] == "renamed"
    assert relations(finding(left, right))["a.first", "a.one"] == "renamed"  # by place


def test_what_an_ancestor_has_says_nothing():
    old = [("config.json", json.dumps(LEFT).encode())]
    assert finding(LEFT, RIGHT, inherited=old).pairs[0].bits == 0


def test_common_values_are_no_evidence_and_rare_ones_are():
    common = {"hidden_size": 768, "num_layers": 12, "heads": 12, "eps": 1e-5, "use_cache": True, "act": "gelu"}
    assert config_evidence(finding(common, common)) == ()
    rare = {f"k{i}": 10_007.5 + 13 * i for i in range(8)}
    (evidence,) = config_evidence(finding(rare, {f"q{i}": v for i, v in enumerate(rare.values())}))
    assert evidence.strength == "moderate" and evidence.value is not None and evidence.value > 60
    assert "published base" in evidence.limits


def test_nothing_to_compare_is_said():
    assert (
        compare_configs([], [("a.json", b'{"a": 1, "b": 2, "c": 3}')], settings) == "no configuration file on the left"
    )


def test_renames_of_one_pair_of_files_help_another():
    python = "class AConfig:\n    first: bool = True\n    second: bool = True\n    odd: int = 1889\n"
    files = [
        ("a.py", python.encode()),
        ("a.json", b'{"first": true, "m": 3.3, "zz": 1.117, "n": 4.4, "second": true}'),
    ]
    other = [
        ("b.py", python.replace("first", "one").replace("second", "two").encode()),
        ("b.json", b'{"two": true, "zz": 1.117, "n": 4.4, "m": 3.3, "one": true}'),
    ]
    found = compare_configs(files, other, settings)
    assert not isinstance(found, str)
    pair = next(pair for pair in found.pairs if pair.left == "a.json")
    assert ("first", "one") in {(row.left, row.right) for row in pair.keys}


NAMES = st.lists(st.from_regex(r"[a-z]{3,8}_[a-z]{3,8}", fullmatch=True), min_size=4, max_size=20, unique=True)


@given(NAMES, st.randoms(use_true_random=False))
def test_reordering_changes_no_match(names: list[str], draw: random.Random):
    read = [Setting((name,), str(1_009 * (i + 3) + 0.5), "number", i, i) for i, name in enumerate(names)]
    other = list(read)
    draw.shuffle(other)
    matches, _ = match_keys(leaves(read), leaves(other), {}, load_published())
    assert {read[m.left].path: other[m.right].path for m in matches} == {s.path: s.path for s in read}


@given(NAMES, st.randoms(use_true_random=False))
def test_rare_values_find_keys_under_any_name_in_any_order(names: list[str], draw: random.Random):
    read = [Setting((f"q{i}zx",), str(1_009 * (i + 3) + 0.5), "number", i, i) for i in range(len(names))]
    other = [replace(s, path=(name,)) for s, name in zip(read, names, strict=True)]
    draw.shuffle(other)
    matches, _ = match_keys(leaves(read), leaves(other), {}, load_published())
    assert len(matches) == len(read)
    assert all(read[m.left].text == other[m.right].text for m in matches)


@pytest.mark.parametrize("seed", range(5))
def test_unlike_configurations_are_not_matched(seed: int):
    draw = random.Random(seed)
    sides = [
        [Setting((f"{draw.getrandbits(60):x}",), str(draw.getrandbits(30)), "number", i, i) for i in range(30)]
        for _ in range(2)
    ]
    assert match_keys(leaves(sides[0]), leaves(sides[1]), {}, load_published())[0] == []

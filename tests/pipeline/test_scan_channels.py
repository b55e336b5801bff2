"""The planted evidence beside the code of `fixtures/vlm` is found by general rules and shown in every format."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from clonedetect import Comparison, Options, scan
from clonedetect.report.json_format import to_json
from clonedetect.report.markdown import to_markdown
from clonedetect.report.text import to_text

VLM = Path(__file__).parents[2] / "fixtures" / "vlm"
PLANTED = tomllib.loads((VLM / "planted.toml").read_text("utf-8"))["planted"]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies outside any git work tree, so that paths are the repositories' own."""
    root = tmp_path_factory.mktemp("vlm")
    for side in ("original", "copy", "unrelated"):
        shutil.copytree(VLM / side, root / side)
    return root


@pytest.fixture(scope="module")
def pair(sides: Path) -> Comparison:
    return scan(sides / "original", sides / "copy", options=Options(jobs=1, cache=False))


@pytest.fixture(scope="module")
def unrelated(sides: Path) -> Comparison:
    return scan(sides / "original", sides / "unrelated", options=Options(jobs=1, cache=False))


def planted(channel: str, kind: str) -> dict:
    (found,) = [p for p in PLANTED if p["channel"] == channel and p["kind"] == kind]
    return found


def shown(comparison: Comparison) -> list[str]:
    """The comparison as text, Markdown and JSON, each on one line without its markup."""
    plain = to_markdown(comparison)
    for code, sign in (
        ("&#95;", "_"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#124;", "|"),
        ("\\", ""),
    ):
        plain = plain.replace(code, sign)
    text = " ".join(to_text(comparison, width=4_000).split())
    return [text, plain, json.dumps(json.loads(to_json(comparison)), ensure_ascii=False)]


def test_special_tokens_are_found_renamed_and_moved(pair: Comparison):
    assert pair.findings.tokenizer is not None
    best = pair.findings.tokenizer.pairs[0]
    same = planted("tokenizer", "same-vocabulary-and-merges")
    assert (best.left_tokens, best.shared_tokens, best.merges_prefix) == (
        same["tokens"],
        same["tokens"],
        same["merges"],
    )
    renamed = {row.left: row.right for row in best.added if row.relation == "renamed"}
    assert renamed == planted("tokenizer", "moved-special-tokens")["keys"]
    moved = {(row.left, row.left_id, row.right_id) for row in best.added if row.relation == "moved"}
    assert moved == {("<pond_pad>", 355, 371), ("<reed>", 356, 372), ("</reed>", 357, 373)}
    left_behind = set(planted("left-behind", "special-tokens")["values"])
    assert left_behind == {
        row.left for row in best.added if row.left == row.right and row.used_left and not row.used_right
    }
    for text in shown(pair):
        for left, right in renamed.items():
            assert f"{left} → {right}" in text or f'"left": "{left}"' in text, left


def test_tokenizer_of_the_unrelated_is_no_evidence(unrelated: Comparison):
    assert unrelated.findings.tokenizer is not None
    assert not [e for e in unrelated.evidence if e.channel == "tokenizer"]


def test_nothing_of_the_unrelated_is_more_than_weak(unrelated: Comparison):
    assert {e.strength for e in unrelated.evidence} <= {"none", "weak"}
    assert unrelated.verdict.strength in ("none", "weak")


def test_configuration_keys_are_found_under_their_new_names(pair: Comparison):
    assert pair.findings.config is not None
    files = next(p for p in pair.findings.config.pairs if (p.left, p.right) == ("config.json", "config.json"))
    found = {row.left: row for row in files.keys if row.left}
    renamed = {row.left: row.right for row in files.keys if row.relation == "renamed"}
    assert renamed == planted("configuration", "renamed-keys")["keys"]
    assert set(planted("configuration", "rare-values")["values"]) <= set(files.rare_values)
    assert {key for key, row in found.items() if row.dead} == set(planted("configuration", "dead-key")["keys"])
    assert list(files.spellings) == planted("configuration", "number-spelling")["values"]
    assert found["use_cache"].relation == "changed"
    assert found["auto_map.AutoProcessor"].relation == "dropped"
    assert {row.right for row in files.keys if row.relation == "added"} == {"released"}
    (evidence,) = [e for e in pair.evidence if e.channel == "config"]
    assert evidence.strength == "moderate"
    for text in shown(pair):
        for left, right in renamed.items():
            assert f"{left} → {right}" in text or f'"left": "{left}"' in text, left
        for word in ("legacy_mirror_pad", "1e-6", "122701", "auto_map.AutoProcessor", "released"):
            assert word in text, word


def test_configuration_of_the_unrelated_says_nothing(unrelated: Comparison):
    assert not [e for e in unrelated.evidence if e.channel == "config"]


def test_exact_only_says_which_channels_it_leaves_out(sides: Path, pair: Comparison) -> None:
    quick = scan(sides / "original", sides / "copy", options=Options(jobs=1, cache=False, rewritten=False))
    assert {name for name, reason in quick.channels if reason == "left out by --exact-only"} == {
        "config",
        "left_behind",
    }
    assert quick.findings.attribution == pair.findings.attribution and quick.findings.config is None
    assert {p.id for p in quick.clone_pairs if p.type < 3} >= {p.id for p in pair.clone_pairs if p.type < 3}

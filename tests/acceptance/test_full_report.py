"""The whole tool on the fixtures: every channel, every format, the verdict, and a bundle that verifies."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from clonedetect.domain import Findings
from clonedetect.report.json_format import from_json, schema
from clonedetect.report.markdown import to_markdown
from clonedetect.report.text import to_text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "weights"))
import weightlab as lab  # noqa: E402 - models made at test time

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The fixture repositories with a history, weights and answers of their models, and two controls."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, ROOT / "fixtures" / "build_history.py", folder], check=True, capture_output=True)
    base = lab.transformer(1, layers=2)
    lab.save_safetensors(folder / "original.safetensors", base)
    lab.save_safetensors(folder / "copy.safetensors", lab.renamed(lab.noise(base, 1 / 708)))
    lab.save_safetensors(folder / "unrelated.safetensors", lab.transformer(2, layers=2))
    random = np.random.default_rng(0)
    gold, hard, tempting = random.integers(0, 4, 1000), random.normal(0, 1.5, 1000), random.integers(1, 4, 1000)

    def model() -> np.ndarray:
        wrong = random.random(1000) < 1 / (1 + np.exp(1.2 - hard))
        return (gold + wrong * np.where(random.random(1000) < 0.6, tempting, random.integers(1, 4, 1000))) % 4

    answers = {"original": model(), "unrelated": model(), "one": model(), "two": model()}
    answers["copy"] = np.where(random.random(1000) < 0.08, model(), answers["original"])
    for name, each in answers.items():
        rows = ({"id": n, "gold": int(g), "pred": int(p)} for n, (g, p) in enumerate(zip(gold, each, strict=True)))
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return folder


def scan(clonedetect, made: Path, right: str, out: Path, *more: str) -> dict:
    words = ["scan", made / "original", made / right, "--out", out, "--quiet"]
    for side, name in (("left", "original"), ("right", right)):
        words += [f"--{side}-weights", made / f"{name}.safetensors", f"--{side}-predictions", made / f"{name}.jsonl"]
    done = clonedetect(*words, "--control", made / "one.jsonl", "--control", made / "two.jsonl", *more, timeout=300)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(report)
    return report


def test_the_pair_reads_decisive_and_its_bundle_verifies(clonedetect, made, tmp_path):
    formats = [word for name in ("text", "json", "md", "html", "sarif") for word in ("--format", name)]
    report = scan(clonedetect, made, "copy", tmp_path / "out", *formats, "--bundle", tmp_path / "b.zip")
    verdict = report["verdict"]
    assert (verdict["strength"], verdict["relation"]) == ("decisive", "derived")
    assert (verdict["direction"], verdict["best_revision"]) == ("right-from-left", "v0.4.0")
    strengths = {each["channel"]: each["strength"] for each in report["evidence"]}
    assert {"source", *(field.name for field in fields(Findings))} <= set(strengths), "every channel has evidence"
    assert (strengths["weight_index"], strengths["attribution"]) == ("moderate", "none")
    assert "The right does not name the left as a source; of the left's notices it has none" in verdict["summary"]
    assert report["weights"]["mechanism"] == "noise"
    assert report["predictions"]["strength"] == "strong" and report["predictions"]["adjusted_for_difficulty"]
    for name in ("report.txt", "report.md", "report.html"):
        text = " ".join((tmp_path / "out" / name).read_text("utf-8").split())
        for word in ("decisive", "v0.4.0", "Predictions", "Weights", "Tokenizer", "Configuration"):
            assert word in text, (name, word)
    assert "Errors of both sides" in (tmp_path / "out" / "report.html").read_text("utf-8")
    done = clonedetect("verify", tmp_path / "b.zip", timeout=300)
    assert done.returncode == 0 and "the same, all" in done.stdout, done.stderr


def test_the_unrelated_repository_reads_none(clonedetect, made, tmp_path):
    report = scan(clonedetect, made, "unrelated", tmp_path / "out")
    assert (report["verdict"]["strength"], report["verdict"]["relation"]) == ("none", "unrelated")
    # What is listed is what chance shows in one comparison out of a few, or it is explained.
    assert all(p["explained_by"] or p["e_value"] > 0.1 for p in report["clone_pairs"])


def test_two_derivations_of_one_base_read_common_ancestor(clonedetect, made, tmp_path):
    """The copy, and the base's own earlier revision: both come from the base."""
    log = ["git", "-C", str(made / "original"), "rev-list", "v0.4.0", "--max-count=3"]
    older = subprocess.run(log, check=True, capture_output=True, text=True).stdout.split()[-1]
    words = ["scan", f"{made / 'original'}@{older}", made / "copy", "--ancestor", made / "original", "--out", tmp_path]
    done = clonedetect(*words, "--quiet", "--format", "json", timeout=300)
    assert done.returncode == 0, done.stderr
    verdict = json.loads((tmp_path / "report.json").read_text("utf-8"))["verdict"]
    assert (verdict["strength"], verdict["relation"]) == ("weak", "common-ancestor")
    assert "is explained by" in verdict["summary"]


def unmarked(text: str) -> str:
    """Markdown, JSON or plain text on one line, its escapes undone and what stands between braces left out."""
    return re.sub(r"\{\w*\}", "{}", " ".join(html.unescape(text).replace("\\", "").split()))


def test_everything_planted_is_shown_in_text_markdown_and_json(clonedetect, made, tmp_path):
    """Each plant with its exhibit: the files it stands in, the values, and for keys the name on either side."""
    scan(clonedetect, made, "copy", tmp_path, "--format", "json")
    told = (tmp_path / "report.json").read_text("utf-8")
    comparison = from_json(told)
    shown = {
        "text": unmarked(to_text(comparison, width=4_000)),
        "markdown": unmarked(to_markdown(comparison)),
        "json": unmarked(json.dumps(json.loads(told), ensure_ascii=False)),
    }
    planted = tomllib.loads((ROOT / "fixtures" / "vlm" / "planted.toml").read_text("utf-8"))["planted"]
    assert {plant["channel"] for plant in planted} >= {"attribution", "weight-index", "history", "left-behind"}
    for plant in planted:
        keys = {a: b for a, b in plant.get("keys", {}).items() if a and b and a != b}
        exhibits = [plant[side] for side in ("left", "right") if plant.get(side)]
        exhibits += [
            *plant.get("values", ()),
            *(word for pair in plant.get("keys", {}).items() for word in pair if word),
        ]
        exhibits += [str(plant["tensors"])] if "tensors" in plant else []
        for name, text in shown.items():
            missing = [word for word in exhibits if unmarked(word).removeprefix("# ") not in text]
            missing += [f"{a} → {b}" for a, b in keys.items() if not opposite(a, b, text)]
            assert not missing, (name, plant["channel"], plant["kind"], missing)


def opposite(left: str, right: str, text: str) -> bool:
    """Whether two names are shown as one under two names: in a sentence or in one object of JSON."""
    objects = rf'"left": "{re.escape(left)}"[^{{}}]*"right": "{re.escape(right)}"'
    return f"{left} → {right}" in text or re.search(objects, text) is not None

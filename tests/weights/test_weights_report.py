"""The weights in a scan: found on disk or named, told in every format, strong only by values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import weightlab as lab
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

import clonedetect
from clonedetect.assess import weights_evidence
from clonedetect.cli import app
from clonedetect.cli.weights import _rate
from clonedetect.errors import CloneDetectError
from clonedetect.report import FORMATS
from clonedetect.report.json_format import from_json, schema
from clonedetect.report.sections.weights import section
from clonedetect.weights import WeightsFinding, compare_weights
from clonedetect.weights.reading import READERS

BASE = lab.transformer(1, layers=2)
OPTIONS = {"jobs": 1, "cache": False, "history": False, "times": False}


def repositories(folder: Path, right: lab.Model) -> tuple[Path, Path]:
    """Two directories with a line of code and weights each."""
    for name, model in (("left", BASE), ("right", right)):
        (folder / name / "model").mkdir(parents=True)
        (folder / name / "use.py").write_text(f"print({name!r})\n")
        lab.save_safetensors(folder / name / "model" / "model.safetensors", model)
    return folder / "left", folder / "right"


def finding(folder: Path, right: lab.Model) -> WeightsFinding:
    left = lab.save_safetensors(folder / "l.safetensors", BASE)
    return compare_weights(left, lab.save_safetensors(folder / "r.safetensors", right))


def test_suffixes_of_the_domain_are_those_that_can_be_read() -> None:
    from clonedetect.domain.weights import WEIGHT_SUFFIXES

    assert tuple(READERS) == WEIGHT_SUFFIXES


def test_scan_compares_weights_that_lie_on_both_sides(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, lab.renamed(lab.noise(BASE, 1 / 708)))
    comparison = clonedetect.scan(left, right, options=clonedetect.Options(**OPTIONS))
    found = comparison.findings.weights
    assert found is not None and found.mechanism == "noise"
    (evidence,) = [e for e in comparison.evidence if e.channel == "weights"]
    assert evidence.strength == "decisive" and evidence.p_value == found.p_value and evidence.limits
    assert comparison.verdict.strength in ("strong", "decisive") and comparison.verdict.relation == "derived"
    told = json.loads(FORMATS["json"](comparison))
    Draft202012Validator(json.loads(schema())).validate(told)
    assert told["weights"]["mechanism"] == "noise" and told["weights"]["tensors"]
    assert from_json(FORMATS["json"](comparison)).findings.weights == found
    for name in ("text", "md", "html"):
        text = FORMATS[name](comparison)
        assert "noise (decisive)" in text.replace("\\", "") and "vison.blocks" in text, name
    assert "Tensors by layer" in FORMATS["html"](comparison)
    mirrored = clonedetect.scan(right, left, options=clonedetect.Options(**OPTIONS)).findings.weights
    assert mirrored is not None and mirrored.mechanism == "noise"
    assert mirrored.sigma == pytest.approx(found.sigma)


def test_independent_weights_of_one_architecture_are_no_evidence(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, lab.transformer(2, layers=2))
    comparison = clonedetect.scan(left, right, options=clonedetect.Options(**OPTIONS))
    assert comparison.findings.weights is not None and comparison.findings.weights.mechanism == "unrelated"
    assert [e for e in comparison.evidence if e.channel == "weights"] == []


def test_pointers_links_and_absent_weights_are_a_reason(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, BASE)
    weights = right / "model" / "model.safetensors"
    outside = tmp_path / "outside.safetensors"
    weights.rename(outside)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4000000000\n"
    for make in (lambda: weights.write_text(pointer), lambda: weights.symlink_to(outside)):
        make()
        comparison = clonedetect.scan(left, right, options=clonedetect.Options(**OPTIONS))
        assert comparison.findings.weights is None
        assert "no weight files on disk on the right" in dict(comparison.channels)["weights"]
        weights.unlink()


def test_broken_weights_are_a_reason_when_found_and_an_error_when_named(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, BASE)
    broken = right / "model" / "model.safetensors"
    broken.write_bytes(b"\xff" * 5000)
    comparison = clonedetect.scan(left, right, options=clonedetect.Options(**OPTIONS))
    assert "not compared" in dict(comparison.channels)["weights"]
    options = clonedetect.Options(**OPTIONS, right_weights=str(broken))
    with pytest.raises(CloneDetectError, match="over the limit"):
        clonedetect.scan(left, right, options=options)


def test_scan_takes_weights_by_name(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, BASE)
    other = lab.save_safetensors(tmp_path / "x.safetensors", lab.cast(BASE, lab.BFLOAT16))
    arguments = ["scan", str(left), str(right), "--left-weights", str(other), "--format", "json", "--no-cache"]
    done = CliRunner().invoke(app, [*arguments, "--no-history", "--jobs", "1"])
    assert json.loads(done.stdout)["weights"]["mechanism"] == "cast"


def test_command_prints_its_object_and_its_section(tmp_path: Path) -> None:
    left, right = repositories(tmp_path, lab.renamed(lab.noise(BASE, 1 / 708)))
    run = lambda *more: CliRunner().invoke(app, ["weights", str(left / "model"), str(right / "model"), *more])  # noqa: E731
    told = json.loads(run("--format", "json").stdout)
    assert list(told) == ["weights"] and told["weights"]["mechanism"] == "noise"
    assert "noise (decisive)" in run().stdout
    markdown = run("--format", "md").stdout
    assert "| mechanism |" in markdown and "<code>vison.blocks" in markdown
    assert run("--format", "html").exit_code == 2
    out = tmp_path / "out.safetensors"
    assert run("--rename-to", str(out)).exit_code == 0
    assert compare_weights(out, right / "model").rename_map == ()


def test_progress_has_a_rate_and_the_time_left() -> None:
    said: list[tuple[str, float | None]] = []
    told = _rate(lambda stage, share: said.append((stage, share)))
    told(1_000_000, 4_000_000)
    told(4_000_000, 4_000_000)
    assert "million values a second" in said[0][0] and said[0][1] == 0.25
    assert said[1][0].endswith(", 0 s left") and said[1][1] == 1.0


def test_names_from_a_file_are_text_on_a_page_and_on_a_terminal(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m|`\u202e"
    names = {name: f"{hostile}.{index}" for index, name in enumerate(BASE)}
    left, right = repositories(tmp_path, {names[k]: v for k, v in BASE.items()})
    comparison = clonedetect.scan(left, right, options=clonedetect.Options(**OPTIONS))
    for name in ("text", "md", "html"):
        text = FORMATS[name](comparison)
        assert "\x1b" not in text and "\u202e" not in text, name
        assert name == "text" or "<script>alert" not in text, name


@pytest.mark.parametrize("right", [lab.transformer(2, layers=2), {"nothing": BASE["pooler.dense.weight"][:9, :7]}])
def test_what_is_not_related_is_shown_and_is_no_evidence(tmp_path: Path, right: lab.Model) -> None:
    found = finding(tmp_path, right)
    assert weights_evidence(found) == ()
    shown = section(found)
    assert shown.paragraphs[0].startswith(("unrelated (none)", "insufficient (none)"))


def test_equal_models_draw_without_sigma_and_many_tensors_are_thinned(tmp_path: Path) -> None:
    (figure,) = section(finding(tmp_path, dict(BASE))).figures
    assert "identical" in figure.words and figure.svg.count("<circle") == 2 * len(BASE)
    many = {f"layer.{i}.weight": lab.matrix(lab.np.random.default_rng(i), 16, 16) for i in range(900)}
    left = lab.save_safetensors(tmp_path / "many.safetensors", many)
    (figure,) = section(compare_weights(left, left)).figures
    assert figure.svg.count("<circle") < 2 * 450 and "900 drawn" in figure.caption

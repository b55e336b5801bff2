"""Several repositories: the revision that was copied is found among its neighbours, families are joined by lineage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from clonedetect.cli import app
from clonedetect.domain.candidates import Cell
from clonedetect.group import lineage
from clonedetect.pipeline import Options, scan_candidates, scan_matrix
from clonedetect.report import FORMATS
from clonedetect.report.json_format import from_json, schema, to_json

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = Options(jobs=1, cache=False, history=False, times=False)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repositories")
    subprocess.run([sys.executable, ROOT / "fixtures" / "build_history.py", folder], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_revision_that_was_copied_comes_first(repositories):
    log = ["git", "-C", str(repositories / "original"), "rev-list", "v0.4.0", "--max-count=4"]
    copied, *older = subprocess.run(log, check=True, capture_output=True, text=True).stdout.split()
    original = repositories / "original"
    rights = [f"{original}@{older[-1]}", repositories / "unrelated", f"{original}@{copied}", f"{original}@{older[1]}"]
    found, sides = scan_candidates(repositories / "copy", rights, (), OPTIONS)
    ranking = found.ranking
    assert ranking.candidates[0].right.endswith(copied[:12]) and ranking.ties == 0
    assert found.right.revision == copied == sides[1].revision
    assert [c.strength for c in ranking.candidates][-1] == "none"
    fits = [c.fit for c in ranking.candidates]
    assert fits == sorted(fits, reverse=True) and fits[-1] == 0
    first, second = ranking.telling[0].similarities[:2]
    assert first > second
    written = json.loads(to_json(found))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(written)
    assert from_json(to_json(found)) == found
    for name in ("text", "md", "html"):
        assert "Candidates" in FORMATS[name](found)


@pytest.mark.slow
def test_matrix_joins_the_family_and_leaves_the_unrelated_out(repositories):
    origins = [repositories / name for name in ("unrelated", "copy", "original")]
    found = scan_matrix(origins, Options(jobs=1, cache=False, times=False))
    assert [(c.left, c.right) for c in found.cells] == [(0, 1), (0, 2), (1, 2)]
    assert [c.strength for c in found.cells[:2]] == ["none", "none"]
    assert found.families == ((1, 2),)
    (link,) = found.lineage
    assert (link.source, link.target, link.known) == (2, 1, True)  # the original had it first
    assert found.cells[2].left_share > 0.5 < found.cells[2].right_share
    assert found.cells[2].direction == "left-from-right"


@pytest.mark.parametrize("format", ["text", "md", "json"])
def test_matrix_on_the_command_line(write, tmp_path, format):
    places = [str(write(tmp_path / name, {"m.py": f"x = {n}\n"})) for n, name in enumerate("abc")]
    done = CliRunner().invoke(app, ["matrix", *places, "--format", format, "--no-cache", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    if format == "json":
        assert len(json.loads(done.stdout)["matrix"]["cells"]) == 3
    else:
        assert "3 pairs of 3 repositories" in done.stdout.replace("\\", "")
    assert CliRunner().invoke(app, ["matrix", places[0]]).exit_code == 2


def test_weights_and_predictions_belong_to_one_right(write, tmp_path):
    places = [str(write(tmp_path / name, {"m.py": "x = 1\n"})) for name in "abc"]
    done = CliRunner().invoke(app, ["scan", *places, "--left-weights", places[0]])
    assert done.exit_code == 2


def cell(left: int, right: int, bits: float, strength: str = "strong", direction: str = "unknown") -> Cell:
    return Cell(left, right, strength, "derived", direction, 10, bits, 0.5, 0.5)


def test_of_three_that_are_all_alike_the_weakest_link_is_left_out():
    links, families = lineage(5, [cell(0, 1, 900), cell(1, 2, 800), cell(0, 2, 100), cell(0, 3, 50, "weak")])
    assert [(link.source, link.target) for link in links] == [(0, 1), (1, 2)]
    assert families == ((0, 1, 2),)


def test_a_link_points_from_the_earlier_side():
    links, _ = lineage(3, [cell(0, 1, 9, direction="left-from-right"), cell(1, 2, 8, direction="right-from-left")])
    assert [(link.source, link.target, link.known) for link in links] == [(1, 0, True), (1, 2, True)]

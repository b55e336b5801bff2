"""What other programs read of ours, held to schemas that are not ours: actions, GitLab jobs, hooks, SARIF."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

yaml = pytest.importorskip("yaml", reason="the extra `test` is not installed")

ROOT = Path(__file__).parents[2]
PACKAGE = "check-jsonschema==0.39.0"  # brings SchemaStore's and GitLab's schemas as data
SHA256 = "14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b"


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """`validator(name)` validates by a published schema; the package that holds them is not installed or run."""
    folder = tmp_path_factory.mktemp("schemas")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run([*command, "--dest", str(folder), PACKAGE], capture_output=True, text=True, timeout=300)
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the package registry for the published schemas: {done.stderr[-300:]}")
        pytest.skip("no package registry here")
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == SHA256

    def read(name: str) -> Any:
        with zipfile.ZipFile(wheel) as archive:
            schema = json.loads(archive.read(f"check_jsonschema/builtin_schemas/vendor/{name}.json"))
        return jsonschema.validators.validator_for(schema)(schema)

    return read


def messages(validator: Any, value: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(value)]


@pytest.mark.registry
@pytest.mark.slow
def test_the_action_is_valid_by_the_published_schema(validator: Callable[[str], Any]) -> None:
    action, schema = yaml.safe_load((ROOT / "action.yml").read_text("utf-8")), validator("github-actions")
    assert messages(schema, action) == []
    for spoil in (
        lambda a: a["runs"].update(using="composit"),
        lambda a: a["runs"]["steps"][0].pop("shell"),
        lambda a: a["outputs"]["status"].pop("value"),
        lambda a: a.pop("description"),
    ):
        broken = copy.deepcopy(action)
        spoil(broken)
        assert not schema.is_valid(broken)


@pytest.mark.registry
@pytest.mark.slow
def test_the_gitlab_example_is_valid_by_the_published_schema(validator: Callable[[str], Any]) -> None:
    jobs, schema = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text("utf-8")), validator("gitlab-ci")
    assert messages(schema, jobs) == []
    broken = copy.deepcopy(jobs)
    broken["clonedetect"]["script"] = 7
    assert not schema.is_valid(broken)


def test_the_hook_is_valid_by_what_pre_commit_reads() -> None:
    pytest.importorskip("pre_commit", reason="the extra `test` is not installed")
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.registry
@pytest.mark.slow
def test_a_check_as_sarif_is_valid_by_the_official_schema(
    sarif_schema: dict[str, Any], clonedetect: Callable[..., Any], tmp_path: Path
) -> None:
    """With findings that are new, allowed and hostile in name, and with none."""
    mine = tmp_path / "mine"
    (mine / "odd name").mkdir(parents=True)
    copied = ROOT / "fixtures" / "vlm" / "copy" / "osprey"
    shutil.copy(copied / "imaging" / "tiling.py", mine / "odd name" / "[a](b) {0} é%41.py")
    shutil.copy(copied / "common.py", mine / "common.py")
    allowed = '[[tool.clonedetect.allow]]\npath = "common.py"\nreason = "known {0} [x](y)"\n'
    schema = jsonschema.validators.validator_for(sarif_schema)(sarif_schema)
    for against, some in (("original", True), ("unrelated", False)):
        origin = ROOT / "fixtures" / "vlm" / against
        (mine / "pyproject.toml").write_text(f'[tool.clonedetect]\nagainst = ["{origin}"]\n{allowed}')
        done = clonedetect("check", mine, "--format", "sarif", timeout=120)
        log = json.loads(done.stdout)
        assert messages(schema, log) == []
        results = log["runs"][0]["results"]
        assert bool(results) is some or not some
        assert not some or {"suppressions" in result for result in results} == {True, False}
        log["runs"][0]["invocations"][0]["executionSuccessful"] = "yes"
        assert not schema.is_valid(log)

"""The pre-commit hook and the GitHub Action, run as far as they run here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="the extra `test` is not installed")

ROOT = Path(__file__).parents[2]
ORIGIN, COPY = ROOT / "fixtures" / "vlm" / "original", ROOT / "fixtures" / "vlm" / "copy"
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgSign=false")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A repository with one file of the renamed copy staged, and the original as what to check against."""
    repo = tmp_path / "mine"
    repo.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / "pyproject.toml").write_text(f'[tool.clonedetect]\nagainst = ["{ORIGIN}"]\n')
    shutil.copy(COPY / "osprey" / "imaging" / "tiling.py", repo / "tiling.py")
    subprocess.run(["git", *AUTHOR, "add", "-A"], cwd=repo, check=True)
    return repo


def steps() -> list[dict]:
    return yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]


def test_the_action_is_of_the_form_that_github_reads() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert {"name", "description", "inputs", "outputs", "runs"} <= action.keys()
    assert action["runs"]["using"] == "composite"
    for step in steps():
        assert ("run" in step) != ("uses" in step)
        assert "run" not in step or step["shell"] == "bash", "a composite step must name its shell"
        # What somebody writes in an input must reach the shell as a variable, never as text of the script.
        assert "${{" not in step.get("run", "")
    assert all("description" in given for given in action["inputs"].values())


@pytest.mark.parametrize(("fail_on", "status"), [("", 3), ("decisive", 0)])
def test_the_action_s_check_runs_as_a_script(fail_on: str, status: int, mine: Path, tmp_path: Path) -> None:
    scripts = {step["name"]: step for step in steps()}
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "clonedetect").write_text(f'#!/bin/sh\nexec {sys.executable} -m clonedetect "$@"\n')
    (tools / "clonedetect").chmod(0o755)
    inputs = {"CHECK_PATH": str(mine), "CHECK_AGAINST": "", "CHECK_CORPUS": "", "CHECK_SINCE": ""}
    env = os.environ | inputs | {"CHECK_FAIL_ON": fail_on, "CHECK_OUT": str(tmp_path / "out")}
    env |= {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    env |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    run = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]
    done = subprocess.run([*run, scripts["Check"]["run"]], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_text() == f"status={status}\n"
    assert "::error file=tiling.py" in done.stdout
    assert "choose" in (tmp_path / "summary").read_text()
    assert json.loads((tmp_path / "out" / "check.sarif").read_text())["runs"][0]["results"]
    last = subprocess.run([*run, scripts["Fail on findings"]["run"]], env=env | {"STATUS": str(status)}, timeout=30)
    assert last.returncode == status


def test_the_gitlab_example_is_a_job() -> None:
    job = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text("utf-8"))["clonedetect"]
    assert any("clonedetect check" in line for line in job["script"])


@pytest.mark.slow
@pytest.mark.registry
def test_the_hook_works_in_pre_commit(mine: Path, tmp_path: Path) -> None:
    """`pre-commit try-repo` clones this repository, installs it in an environment of its own and runs the hook."""
    pytest.importorskip("pre_commit", reason="the extra `test` is not installed")
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "clonedetect", "--verbose"]
    done = subprocess.run(command, cwd=mine, env=env, capture_output=True, text=True, timeout=900)
    said = done.stdout + done.stderr
    if "No matching distribution" in said or "Could not find a version" in said:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the package registry: {said[-600:]}")
        pytest.skip("no package registry here")
    assert done.returncode == 1 and "exit code: 3" in said, said
    assert "tiling.py" in said and "MIT" in said

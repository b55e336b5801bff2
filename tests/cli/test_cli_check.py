"""`clonedetect check` as a repository's owner meets it: settings, states, statuses, formats, changed files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORIGIN = ROOT / "fixtures" / "vlm" / "original"
COPY = ROOT / "fixtures" / "vlm" / "copy"
FILES = ("osprey/imaging/tiling.py", "osprey/common.py", "cli.py")
OWN = {"own.py": "def first(a):\n    return [x for x in a if x][:1]\n"}


def git(path: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgSign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=path, check=True, capture_output=True)


@pytest.fixture
def mine(tmp_path: Path, write) -> Path:
    """A repository with three files of the renamed copy and one of its own."""
    repo = write(tmp_path / "mine", OWN | {name: (COPY / name).read_bytes() for name in FILES})
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        git(repo, *arguments)
    return repo


@pytest.fixture
def check(clonedetect, mine: Path):
    """`check(*arguments)` checks `mine` against the origin; (status, findings of the JSON, stderr)."""

    def run(*arguments: str | Path, **env: str) -> tuple[int, list[dict], str]:
        done = clonedetect("check", mine, "--format", "json", *arguments, timeout=120, **env)
        assert "Traceback" not in done.stderr, done.stderr
        found = json.loads(done.stdout)["findings"] if done.stdout.startswith("{") else []
        return done.returncode, found, done.stderr

    return run


def new(findings: list[dict]) -> list[dict]:
    return [f for f in findings if f["state"] == "new"]


def test_uncredited_copies_are_found_with_origin_licence_and_remedy(check) -> None:
    status, found, _ = check("--against", ORIGIN)
    assert status == 3
    assert {f["here"]["path"] for f in found} == set(FILES)
    strong = [f for f in found if f["strength"] == "strong"]
    assert len(strong) >= 5 and all(f["licence"] == "MIT" and f["credit"] is None for f in strong)
    tiling = next(f for f in found if f["here"]["name"] == "choose_layout")
    assert tiling["there"]["name"] == "plan_grid" and tiling["there"]["path"].endswith("heron/slicing.py")
    assert "name" in tiling["remedy"] and "keep its copyright notice" in tiling["remedy"]
    assert check("--against", ROOT / "fixtures" / "vlm" / "unrelated")[0] == 0


def test_the_threshold_decides_the_status(check) -> None:
    assert check("--against", ORIGIN, "--fail-on", "strong")[0] == 3
    assert check("--against", ORIGIN, "--fail-on", "decisive")[0] == 0


@pytest.mark.slow
def test_a_corpus_does_as_an_origin(check, clonedetect, tmp_path: Path) -> None:
    pytest.importorskip("ibis", reason="the extra `corpus` is not installed")
    assert clonedetect("corpus", "add", tmp_path / "corpus", ORIGIN).returncode == 0
    status, found, _ = check("--corpus", tmp_path / "corpus")
    assert status == 3 and {f["here"]["path"] for f in new(found)} == set(FILES)
    assert all(f["origin"] == str(ORIGIN) for f in found)
    status, found, _ = check("--corpus", tmp_path / "corpus", "--ancestor", ORIGIN)
    assert status == 0 and {f["state"] for f in found} == {"explained"}


def test_a_credited_copy_is_no_finding(check, mine: Path) -> None:
    holder = "Copyright (c) 2023 Ottoline Brackwater and the Heron authors"
    (mine / "NOTICE").write_text(f"osprey/ is adapted from heron.\n{holder}\n\nPermission is hereby granted ...\n")
    status, found, _ = check("--against", ORIGIN)
    assert status == 0 and {f["state"] for f in found} == {"credited"}
    assert all(f["credit"] == "NOTICE" and f["notice_kept"] for f in found)
    (mine / "NOTICE").write_text("osprey/ is adapted from heron.\n")  # named, and its notice left out
    status, found, _ = check("--against", ORIGIN)
    assert status == 3 and all("keep its copyright notice" in f["remedy"] for f in found)
    (mine / "NOTICE").write_text("A heron is a bird.\n".replace("heron", "stork"))
    assert check("--against", ORIGIN)[0] == 3


@pytest.mark.slow
def test_the_baseline_accepts_what_is_there_and_survives_moved_lines(check, mine: Path, clonedetect) -> None:
    assert clonedetect("check", mine, "--against", ORIGIN, "--accept", timeout=120).returncode == 0
    baseline = json.loads((mine / "clonedetect-baseline.json").read_text())
    assert {"clone", "path", "name", "origin", "licence"} <= baseline["accepted"][0].keys()
    status, found, _ = check("--against", ORIGIN)
    assert status == 0 and {f["state"] for f in found if f["strength"] != "weak"} == {"accepted"}
    tiling = mine / "osprey" / "imaging" / "tiling.py"
    tiling.write_text("# a new first line\n\nLIMIT = 3\n\n\n" + tiling.read_text())
    assert check("--against", ORIGIN)[0] == 0
    (mine / "osprey" / "fit.py").write_bytes((COPY / "osprey" / "fit.py").read_bytes())
    status, found, _ = check("--against", ORIGIN)
    fresh = {f["here"]["path"] for f in new(found) if f["strength"] != "weak"}
    assert status == 3 and fresh == {"osprey/fit.py"}
    text = (mine / "clonedetect-baseline.json").read_bytes()
    (mine / "osprey" / "fit.py").unlink()
    clonedetect("check", mine, "--against", ORIGIN, "--accept", timeout=120)
    assert (mine / "clonedetect-baseline.json").read_bytes() == text, "equal findings, equal bytes"


@pytest.mark.slow
def test_only_changed_files_are_looked_at(check, mine: Path) -> None:
    status, found, _ = check("--against", ORIGIN, "--staged")
    assert (status, found) == (0, [])
    (mine / "osprey" / "fit.py").write_bytes((COPY / "osprey" / "fit.py").read_bytes())
    assert check("--against", ORIGIN, "--staged")[0] == 0, "not staged yet"
    git(mine, "add", "osprey/fit.py")
    status, found, _ = check("--against", ORIGIN, "--staged")
    assert status == 3 and {f["here"]["path"] for f in found} == {"osprey/fit.py"}
    git(mine, "commit", "-q", "-m", "two")
    assert check("--against", ORIGIN, "--staged")[0] == 0
    status, found, _ = check("--against", ORIGIN, "--since", "HEAD~1")
    assert status == 3 and {f["here"]["path"] for f in found} == {"osprey/fit.py"}
    status, _, errors = check("--against", ORIGIN, "--since", "nowhere")
    assert status == 1 and "no revision nowhere" in errors


# ---------------------------------------------------------------- settings


def settings(mine: Path, text: str) -> None:
    (mine / "pyproject.toml").write_text("[project]\nname = 'mine'\n\n[tool.clonedetect]\n" + text)


def test_settings_name_what_to_check_against(check, mine: Path) -> None:
    settings(mine, f'against = ["{ORIGIN}"]\nfail-on = "strong"\n')
    assert check()[0] == 3
    settings(mine, f'against = ["{ORIGIN}"]\nfail-on = "decisive"\n')
    assert check()[0] == 0
    (mine / "pyproject.toml").unlink()
    (mine / "clonedetect.toml").write_text(f'against = ["{ORIGIN}"]\nancestors = ["{ORIGIN}"]\n')
    status, found, _ = check()
    assert status == 0 and {f["state"] for f in found} == {"explained"}


def test_what_is_allowed_does_not_fail_until_it_expires(check, mine: Path) -> None:
    every = "".join(
        f'\n[[tool.clonedetect.allow]]\npath = "{path}"\nreason = "ours as well"\nexpires = 2027-01-31\n'
        for path in ("osprey/", "cli.py")
    )
    settings(mine, f'against = ["{ORIGIN}"]\n{every}')
    status, found, _ = check(SOURCE_DATE_EPOCH="1800000000")  # 2027-01-15
    assert status == 0 and {(f["state"], f["why"]) for f in found} == {("allowed", "ours as well")}
    status, found, _ = check(SOURCE_DATE_EPOCH="1801500000")  # 2027-02-02
    assert status == 3 and {f["state"] for f in found} == {"new"}


def test_one_clone_can_be_allowed(check, mine: Path) -> None:
    _, found, _ = check("--against", ORIGIN)
    one = next(f for f in found if f["here"]["name"] == "choose_layout")["clone"]
    settings(mine, f'[[tool.clonedetect.allow]]\nclone = "{one}"\nreason = "asked the author"\n')
    _, found, _ = check("--against", ORIGIN)
    assert {f["clone"] for f in found if f["state"] == "allowed"} == {one}


def test_an_expired_allowance_is_said(clonedetect, mine: Path) -> None:
    settings(
        mine,
        f'against = ["{ORIGIN}"]\n[[tool.clonedetect.allow]]\npath = "cli.py"\nreason = "r"\nexpires = 2020-01-01\n',
    )
    done = clonedetect("check", mine, timeout=120)
    assert done.returncode == 3 and "the allowance for cli.py (r) expired on 2020-01-01" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agianst = []", "unknown key 'agianst'; did you mean against?"),
        ("fail_on = 'weak'", "did you mean fail-on?"),
        ("allowed = []", "did you mean allow?"),
        ("fail-on = 'certain'", "none of weak, moderate, strong, decisive"),
        ("against = 'x'", "against is a list"),
        ("corpus = 3", "corpus is a directory"),
        ("[[tool.clonedetect.allow]]\npath = 'x'", "reason"),
        ("[[tool.clonedetect.allow]]\nreason = 'x'", "name a path or a clone"),
        ("[[tool.clonedetect.allow]]\npath = 'x'\nreson = 'y'", "did you mean reason?"),
        ("[[tool.clonedetect.allow]]\npath = 'x'\nreason = 'y'\nexpires = 'soon'", "no date"),
        ("allow = 3", "allow is a list"),
        ("x = [", "cannot be read"),
    ],
)
def test_settings_that_cannot_be_right_are_one_clear_line(text: str, said: str, clonedetect, mine: Path) -> None:
    settings(mine, text + "\n")
    done = clonedetect("check", mine)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_nothing_to_check_against_is_an_error(clonedetect, mine: Path) -> None:
    done = clonedetect("check", mine)
    assert done.returncode == 1 and "nothing to check against" in done.stderr
    (mine / "clonedetect-baseline.json").write_text("{")
    done = clonedetect("check", mine, "--against", ORIGIN)
    assert done.returncode == 1 and "no baseline" in done.stderr


# ---------------------------------------------------------------- formats


def test_every_format_says_the_same(clonedetect, mine: Path, tmp_path: Path) -> None:
    hostile = mine / "osprey" / "::error title=x::`a|b`.py"
    (mine / "osprey" / "imaging" / "tiling.py").rename(hostile)
    done = clonedetect("check", mine, "--against", ORIGIN, "--out", tmp_path / "out", timeout=120)
    assert done.returncode == 3, done.stderr
    read = {p.suffix: p.read_text() for p in (tmp_path / "out").iterdir()}
    assert set(read) == {".txt", ".json", ".sarif", ".md", ".log"}
    count = len(json.loads(read[".json"])["findings"])
    assert len(json.loads(read[".sarif"])["runs"][0]["results"]) == count
    assert read[".txt"].count("also in ") == count and read[".md"].count("\n| `") == count
    lines = read[".log"].splitlines()
    assert len(lines) > count and all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert any("%3A%3Aerror title=x" in line for line in lines), "a path cannot end a command's properties"
    assert done.stdout == read[".txt"] or done.stdout == ""


def test_sarif_is_valid_and_settled_findings_are_suppressed(clonedetect, mine: Path) -> None:
    settings(mine, f'against = ["{ORIGIN}"]\n[[tool.clonedetect.allow]]\npath = "cli.py"\nreason = "because"\n')
    log = json.loads(clonedetect("check", mine, "--format", "sarif", timeout=120).stdout)
    results = log["runs"][0]["results"]
    settled = [r for r in results if "suppressions" in r]
    assert settled and all(r["suppressions"][0]["justification"] == "allowed: because" for r in settled)
    assert len({r["partialFingerprints"]["clonedetectClone/v1"] for r in results}) == len(results)
    for result in results:
        region = result["locations"][0]["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]


def test_equal_runs_give_equal_bytes(clonedetect, mine: Path) -> None:
    runs = [
        clonedetect("check", mine, "--against", ORIGIN, "--format", "json", "--jobs", jobs, PYTHONHASHSEED=seed).stdout
        for jobs, seed in (("1", "1"), ("2", "2"))
    ]
    assert runs[0] == runs[1] != ""


def test_a_commit_in_the_making_is_seen_through_its_own_index(mine: Path, tmp_path: Path) -> None:
    """`git commit -a` shows its hooks another index than the repository's."""
    hook = mine / ".git" / "hooks" / "pre-commit"
    command = f"{sys.executable} -m clonedetect check --staged --against {ORIGIN} --format json"
    hook.write_text(f"#!/bin/sh\n{command} > {tmp_path}/said\n")
    hook.chmod(0o755)
    with (mine / "cli.py").open("a") as stream:
        stream.write("\n# changed\n")
    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    settings_ = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    done = subprocess.run(["git", *settings_, "commit", "-qam", "x"], cwd=mine, env=env, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    found = json.loads((tmp_path / "said").read_text())["findings"]
    assert {f["here"]["path"] for f in found} == {"cli.py"}


@pytest.mark.slow
def test_the_five_lines_of_the_readme_work_as_printed(tmp_path: Path) -> None:
    """In a repository that nobody here wrote: an installed package, with one file of another one put in."""
    pytest.importorskip("ibis", reason="the extra `corpus` is not installed")
    import _pytest
    import pluggy

    section = (ROOT / "README.md").read_text("utf-8").split("## Check before you publish")[1].split("```")[1]
    install, *lines = [line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ ")]
    assert install == "pip install 'clonedetect[corpus]'" and len(lines) == 4
    repo = tmp_path / "repo"
    for path in Path(pluggy.__file__).parent.glob("*.py"):
        (repo / "pluggy").mkdir(parents=True, exist_ok=True)
        (repo / "pluggy" / path.name).write_bytes(path.read_bytes())
    (repo / "pluggy" / "shown.py").write_bytes((Path(_pytest.__file__).parent / "terminal.py").read_bytes())
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"]):
        git(repo, *arguments)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "clonedetect").write_text(f'#!/bin/sh\nexec {sys.executable} -m clonedetect "$@"\n')
    (tools / "clonedetect").chmod(0o755)
    env = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    done = [subprocess.run(line, shell=True, cwd=repo, env=env, capture_output=True, text=True) for line in lines]
    assert [run.returncode for run in done] == [0, 3, 0, 0], [run.stderr for run in done]
    assert "pypi:pytest" in done[1].stdout and "pluggy/shown.py" in done[1].stdout and "MIT" in done[1].stdout
    assert "pluggy/_hooks.py" not in done[1].stdout, "its own code is not held against it"

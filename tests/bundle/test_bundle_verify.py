"""A bundle on its own: the repositories are gone, and the scan comes out the same, or it is said why not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from clonedetect.bundle import open_archive, write_archive

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures" / "vlm"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repositories")
    subprocess.run([sys.executable, ROOT / "fixtures" / "build_history.py", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def sides(repositories, tmp_path) -> tuple[Path, Path]:
    """Original and copy, to be deleted by the test."""
    for side in ("original", "copy"):
        shutil.copytree(repositories / side, tmp_path / side)
    return tmp_path / "original", tmp_path / "copy"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def gone(*sides: Path) -> None:
    for side in sides:
        shutil.rmtree(side)


@pytest.mark.slow
def test_verify_needs_nothing_but_the_bundle(clonedetect, sides, tmp_path):
    done = clonedetect("scan", *sides, "--bundle", tmp_path / "b.zip", "--out", tmp_path / "out", "--reproducible")
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "out" / "report.json").read_bytes()
    again = clonedetect("bundle", *sides, "--out", tmp_path / "c.zip", "--jobs", "1")
    assert again.returncode == 0, again.stderr
    gone(*sides)
    kept = members(tmp_path / "b.zip")
    assert kept["reports/report.json"] == report == members(tmp_path / "c.zip")["reports/report.json"]
    assert set(kept) == {
        "quotes.json", "run.json", *(f"reports/report.{s}" for s in ("html", "json", "md", "sarif", "txt")),
        *(f"{side}/{name}" for side in ("left", "right") for name in ("repository.bundle", "snapshot.json")),
    }  # fmt: skip
    run = json.loads(kept["run.json"])
    assert run["command_line"][:1] == ["scan"] and run["tool"]["name"] == "clonedetect"
    assert {"python", "platform", "packages"} <= set(run["environment"])
    quotes = json.loads(kept["quotes.json"])
    assert quotes and all(len(quote["blob"]) == 40 and len(quote["sha256"]) == 64 for quote in quotes)

    shutil.rmtree(tmp_path / ".cache", ignore_errors=True)
    home = tmp_path / "elsewhere"
    home.mkdir()
    done = clonedetect("verify", tmp_path / "b.zip", TMPDIR=str(home))
    assert done.returncode == 0, done.stderr
    assert f"the same, all {len(report):,} bytes" in done.stdout
    assert "files of commit" in done.stdout
    assert open_archive(tmp_path / "b.zip").sha256 in done.stdout
    assert list(home.iterdir()) == []  # nothing is left behind


@pytest.mark.slow
def test_the_files_alone(clonedetect, sides, tmp_path):
    assert clonedetect("bundle", *sides, "--files-only", "--out", tmp_path / "b.zip").returncode == 0
    gone(*sides)
    kept = members(tmp_path / "b.zip")
    assert not any(name.endswith(".bundle") for name in kept)
    assert json.loads(kept["reports/report.json"])["history"] is None
    done = clonedetect("verify", tmp_path / "b.zip")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_directories_outside_git_a_dirty_work_tree_a_subdirectory_and_an_ancestor(clonedetect, sides, tmp_path):
    plain = tmp_path / "plain"
    shutil.copytree(FIXTURES / "copy", plain)
    (sides[0] / "heron" / "added.py").write_text("def added(one, two):\n    return one + two * 3\n", "utf-8")
    (sides[0] / "heron" / "train.py").write_text("x = 1\n", "utf-8")
    words = ["scan", sides[0], plain, "--ancestor", f"{sides[1]}@HEAD", "--right-subdir", "osprey", "--quiet"]
    done = clonedetect(*words, "--bundle", tmp_path / "b.zip")
    assert done.returncode == 0, done.stderr
    gone(*sides, plain)
    done = clonedetect("verify", tmp_path / "b.zip")
    assert done.returncode == 0, done.stderr
    assert "ancestor-1: " in done.stdout and "of no commit" in done.stdout


@pytest.mark.slow
def test_a_directory_inside_a_repository_and_a_shallow_clone(clonedetect, sides, tmp_path):
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "--quiet", "--depth", "2", f"file://{sides[0]}", shallow]
    subprocess.run(command, check=True, capture_output=True)
    done = clonedetect("scan", shallow, sides[1] / "osprey", "--quiet", "--bundle", tmp_path / "b.zip")
    assert done.returncode == 0, done.stderr
    gone(*sides, shallow)
    done = clonedetect("verify", tmp_path / "b.zip")
    assert done.returncode == 0, done.stderr
    report = json.loads(members(tmp_path / "b.zip")["reports/report.json"])
    assert any("shallow" in note for note in report["left"]["notes"])


@pytest.mark.slow
def test_predictions_are_kept(clonedetect, tmp_path, write):
    for side in ("a", "b"):
        rows = [{"id": n, "gold": "a", "pred": "b" if n % 4 == 0 else "a"} for n in range(100)]
        text = "\n".join(map(json.dumps, rows))
        write(tmp_path / side, {"m.py": "x = 1\n", f"samples/samples_{side}.jsonl": text, "control.jsonl": text})
    done = clonedetect(
        "scan", tmp_path / "a", tmp_path / "b", "--left-predictions", tmp_path / "a" / "samples",
        "--right-predictions", tmp_path / "b" / "samples" / "samples_b.jsonl", "--control", "a/control.jsonl",
        "--control", "b/control.jsonl", "--bundle", tmp_path / "p.zip", "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    gone(tmp_path / "a", tmp_path / "b")
    done = clonedetect("verify", tmp_path / "p.zip")
    assert done.returncode == 0, done.stderr
    assert json.loads(members(tmp_path / "p.zip")["reports/report.json"])["predictions"]["errors"]["shared"] == 25


# ---------------------------------------------------------------- what does not verify


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A bundle of two small repositories, one with git."""
    folder = tmp_path_factory.mktemp("small")
    for side in ("left", "right"):
        shutil.copytree(FIXTURES / "copy" / "osprey" / "imaging", folder / side)
    git = ["git", "-C", folder / "left", "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    command = [sys.executable, "-m", "clonedetect", "bundle", "left", "right", "--out", "b.zip", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=None)
    return folder / "b.zip"


def refused(clonedetect, path: Path) -> str:
    done = clonedetect("verify", path)
    assert done.returncode == 1 and done.stdout.count("the same, all") == 0
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("place", [30, 0.5, -5])
def test_a_changed_byte(clonedetect, small, tmp_path, place):
    data = bytearray(small.read_bytes())
    data[place if isinstance(place, int) else int(place * len(data))] ^= 0x10
    (tmp_path / "b.zip").write_bytes(data)
    refused(clonedetect, tmp_path / "b.zip")


def test_a_report_that_the_scan_does_not_give(clonedetect, small, tmp_path):
    kept = members(small)
    kept["reports/report.json"] = kept["reports/report.json"].replace(b'"derived"', b'"unrelated"', 1)
    write_archive(tmp_path / "b.zip", kept)
    assert "comes out otherwise" in refused(clonedetect, tmp_path / "b.zip")


def test_files_that_are_not_those_of_the_commit(clonedetect, small, tmp_path):
    kept = members(small)
    record = json.loads(kept["left/snapshot.json"])
    record["entries"][0][1] = "0" * 40
    kept["left/snapshot.json"] = json.dumps(record).encode()
    write_archive(tmp_path / "b.zip", kept)
    assert "are not those of" in refused(clonedetect, tmp_path / "b.zip")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", b"{}"),
        ("run.json", b"[" * 100_000),
        ("left/snapshot.json", b"{}"),
        ("right/snapshot.json", b"nothing"),
        ("left/repository.bundle", b"# v2 git bundle\n"),
        ("left/repository.bundle", b""),
        ("reports/report.json", b"{}"),
        ("reports/report.json", None),
        ("left/repository.bundle", None),
        ("quotes.json", b"[]"),
    ],
)
def test_records_that_are_damaged_missing_or_empty(clonedetect, small, tmp_path, name, content):
    kept = members(small)
    if content is None:
        del kept[name]
    else:
        kept[name] = content
    write_archive(tmp_path / "b.zip", kept)
    refused(clonedetect, tmp_path / "b.zip")


@pytest.mark.slow
@pytest.mark.parametrize("inner", ["../../out", "/etc", ".git", "a/../../b"])
def test_a_directory_that_leads_out_of_the_bundle(clonedetect, small, tmp_path, inner):
    kept = members(small)
    run = json.loads(kept["run.json"])
    run["sides"][0]["inner"] = inner
    kept["run.json"] = json.dumps(run).encode()
    write_archive(tmp_path / "b.zip", kept)
    before = sorted(tmp_path.rglob("*"))
    clonedetect("verify", tmp_path / "b.zip")
    assert not (tmp_path.parent / "out").exists()
    assert [p for p in sorted(tmp_path.rglob("*")) if p not in before and ".cache" not in p.parts] == []


@pytest.mark.slow
def test_a_partial_clone_is_refused_with_a_way_out(clonedetect, sides, tmp_path):
    partial = tmp_path / "partial"
    subprocess.run(["git", "-C", sides[0], "config", "uploadpack.allowFilter", "true"], check=True)
    command = ["git", "clone", "--quiet", "--bare", "--filter=blob:none", f"file://{sides[0]}", partial]
    subprocess.run(command, check=True, capture_output=True)
    done = clonedetect("bundle", partial, sides[1], "--out", tmp_path / "b.zip", "--quiet")
    assert done.returncode == 1 and "files alone" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "b.zip").exists()

"""What is installed works: the wheel holds the data beside the code, and an editable checkout finds the same data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = {
    "clonedetect/grammars/python/grammar.toml",
    "clonedetect/corpus/background.npy",
    "clonedetect/report/schema.json",
    *(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "clonedetect" / "report" / "templates").rglob("*")
        if path.suffix in {".j2", ".css", ".js"}
    ),
}


def build(hook: str, directory: Path) -> Path:
    """The wheel that hatchling's `hook` builds from this checkout."""
    pytest.importorskip("hatchling", reason="the extra `test` is not installed")
    code = f"import sys, hatchling.build as b; print(b.{hook}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return directory / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel's files as pip would lay them out."""
    directory = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build("build_wheel", directory)) as archive:
        archive.extractall(directory / "site")
    return directory / "site"


@pytest.fixture(scope="module")
def editable(tmp_path_factory) -> Path:
    """The same of an editable install: a path file, and whatever hatchling forces in beside it."""
    directory = tmp_path_factory.mktemp("editable")
    with zipfile.ZipFile(build("build_editable", directory)) as archive:
        archive.extractall(directory / "site")
    return directory / "site"


def python(site: Path, code: str, *arguments: str, cwd: Path) -> str:
    """Run code with `site` before everything else on the path, its path files read."""
    start = f"import site, sys; sys.path.insert(0, {str(site)!r}); site.addsitedir({str(site)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", start + code, *arguments],
        cwd=cwd,
        env=os.environ | {"XDG_CACHE_HOME": str(cwd / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_its_data_and_nothing_else(installed):
    files = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert len(DATA) > 10
    assert files >= DATA
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "clonedetect").rglob("*.py")}
    assert {name for name in files if name.endswith(".py")} == sources
    assert {name.split("/")[0] for name in files} == {"clonedetect", "clonedetect-0.1.0.dist-info"}
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert "clonedetect = clonedetect.__main__:main" in entry.read_text("utf-8")
    (licence,) = installed.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_grammar_ships(installed):
    there = {p.relative_to(ROOT / "grammars"): p.read_bytes() for p in (ROOT / "grammars").rglob("*") if p.is_file()}
    shipped = installed / "clonedetect" / "grammars"
    assert {p.relative_to(shipped): p.read_bytes() for p in shipped.rglob("*") if p.is_file()} == there


WHERE = "import clonedetect, clonedetect.grammar as g; print(clonedetect.__file__); print(g.grammars_dir())"


def test_the_installed_package_uses_its_own_grammars(installed, tmp_path):
    package, grammars = python(installed, WHERE, cwd=tmp_path).splitlines()
    assert Path(package).is_relative_to(installed)
    assert Path(grammars) == installed / "clonedetect" / "grammars"


def test_an_editable_checkout_uses_the_grammars_at_its_root(editable, tmp_path):
    package, grammars = python(editable, WHERE, cwd=tmp_path).splitlines()
    assert Path(package) == ROOT / "clonedetect" / "__init__.py"
    assert Path(grammars) == ROOT / "grammars"


def test_the_installed_package_scans_and_writes_every_format(installed, tmp_path):
    case = ROOT / "fixtures" / "clones" / "type2"
    code = "from clonedetect.cli import app; sys.argv[0] = 'clonedetect'; app()"
    arguments = ("scan", str(case / "left"), str(case / "right"), "--out", str(tmp_path / "out"), "--jobs", "1", "-q")
    python(installed, code, *arguments, cwd=tmp_path)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"report.html", "report.json", "report.md", "report.sarif"}
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["clone_pairs"]

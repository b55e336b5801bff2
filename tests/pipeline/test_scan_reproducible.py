"""Equal inputs give equal bytes, whatever the workers, the hash seed and the cache."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import clonedetect as package
from clonedetect import Options, scan
from clonedetect.errors import OriginError

ROOT = Path(__file__).parents[2]
VLM = ROOT / "fixtures" / "vlm"


def test_equal_bytes_with_any_workers_seeds_and_cache(clonedetect) -> None:
    first, second = (
        clonedetect("scan", VLM / "original", VLM / "copy", "--reproducible", "--format", "json", *more, **env)
        for more, env in (
            (["--jobs", "1", "--no-cache"], {"PYTHONHASHSEED": "0"}),
            (["--jobs", "2"], {"PYTHONHASHSEED": "4242"}),
        )
    )
    warm = clonedetect("scan", VLM / "original", VLM / "copy", "--reproducible", "--format", "json")
    assert first.returncode == second.returncode == warm.returncode == 0, first.stderr
    assert first.stdout == second.stdout == warm.stdout
    assert len(json.loads(first.stdout)["clone_pairs"]) > 50


@pytest.mark.slow
def test_equal_bytes_where_workers_are_really_used(clonedetect, write, tmp_path: Path) -> None:
    sources = {p.relative_to(ROOT).as_posix(): p.read_text("utf-8") for p in (ROOT / "clonedetect").rglob("*.py")}
    renamed = {path: re.sub(r"\b(forest|pair|rows|left)\b", r"the_\1", text) for path, text in sources.items()}
    left, right = write(tmp_path / "left", sources), write(tmp_path / "right", renamed)
    common = ("scan", left, right, "--reproducible", "--no-cache", "--format", "json", "--jobs")
    runs = [clonedetect(*common, n, timeout=240, PYTHONHASHSEED=n) for n in ("1", "2")]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout


def test_times_are_left_out_on_request(write, tmp_path: Path) -> None:
    left = write(tmp_path / "left", {"a.py": "x = 1\n"})
    assert scan(left, left, options=Options(cache=False, times=False)).seconds == ()
    assert scan(left, left, options=Options(cache=False)).seconds


def test_the_public_names() -> None:
    assert set(package.__all__) == {"CloneDetectError", "Comparison", "Options", "__version__", "scan"}
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError):
        _ = package.nothing


def test_an_unreadable_origin_raises_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(OriginError) as caught:
        scan(tmp_path / "missing", tmp_path)
    assert isinstance(caught.value, package.CloneDetectError) and "missing" in str(caught.value)


def test_include_exclude_and_subdirectories(write, tmp_path: Path) -> None:
    left = write(tmp_path / "left", {"a/one.py": "x = 1\n", "b/two.py": "y = 2\n", "b/three.py": "z = 3\n"})
    options = Options(cache=False, include=("**/*.py",), exclude=("**/three.py",))
    assert scan(left, left, options=options).left.files == 2
    assert scan(left, left, options=Options(cache=False, left_subdir="b")).left.files == 2
    assert scan(left, left, options=Options(cache=False, right_subdir="a")).right.files == 1


def test_progress_is_told(write, tmp_path: Path) -> None:
    left = write(tmp_path / "left", {"a.py": "x = 1\n"})
    seen: list[tuple[str, float | None]] = []
    scan(left, left, options=Options(cache=False), progress=lambda stage, share: seen.append((stage, share)))
    assert {"reading", "parsing", "aligning"} <= {stage for stage, _ in seen}
    assert all(share is None or 0 <= share <= 1 for _, share in seen)

"""Archives are hostile: what unpacking refuses, and that the lists are pinned and disjoint."""

from __future__ import annotations

import zipfile
from pathlib import Path

import fetch
import pytest

ROOT = Path(__file__).resolve().parents[2] / "benchmarks"


def test_unpack_takes_python_files_and_leaves_odd_paths_and_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (
            "pkg/a.py",
            "../up.py",
            "/abs.py",
            "pkg/../../b.py",
            "C:/c.py",
            "pkg/data.txt",
            "x-1.dist-info/d.py",
        ):
            archive.writestr(name, "x = 1\n")
        link = zipfile.ZipInfo("pkg/link.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("pkg/large.py", "#" * 2000)
    monkeypatch.setattr(fetch, "FILE_LIMIT", 1000)
    assert fetch.unpack(wheel, tmp_path / "out") == 1
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")) == [
        "pkg",
        "pkg/a.py",
    ]
    monkeypatch.setattr(fetch, "COUNT_LIMIT", 0)
    with pytest.raises(fetch.Unavailable, match="more Python code"):
        fetch.unpack(wheel, tmp_path / "two")


def test_a_damaged_archive_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "bad.whl").write_bytes(b"no zip")
    with pytest.raises(fetch.Unavailable, match=r"bad\.whl"):
        fetch.unpack(tmp_path / "bad.whl", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_lists_are_pinned_long_enough_and_keep_test_packages_apart() -> None:
    lists = {
        name: fetch.load(ROOT / "packages" / f"{name}.toml")
        for name in ("background", "development", "test", "unrelated")
    }
    assert len(lists["background"]) >= 160 and len(lists["unrelated"]) >= 45
    for pins in lists.values():
        assert all(len(pin.sha256) == 64 and pin.version and pin.file.endswith(".whl") for pin in pins)
    names = [pin.name.lower() for pins in lists.values() for pin in pins]
    assert len(names) == len(set(names))
    assert {pin.half for pin in lists["unrelated"]} == {"development", "test"}


def test_every_derivation_names_pinned_packages() -> None:
    import tomllib

    rows = tomllib.loads((ROOT / "packages" / "derivations.toml").read_text())["derivation"]
    pinned = {pin.name for pin in fetch.load(ROOT / "packages" / "derivation-packages.toml")}
    assert len(rows) >= 14
    assert {row[side] for row in rows for side in ("left", "right")} <= pinned

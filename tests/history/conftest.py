"""Repositories with a planted history, made by git from what a test says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three fixture repositories with their histories: original, copy, unrelated."""
    spec = importlib.util.spec_from_file_location("build_history_here", ROOT / "fixtures" / "build_history.py")
    assert spec is not None and spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    sys.modules["build_history_here"] = builder
    spec.loader.exec_module(builder)
    out = tmp_path_factory.mktemp("vlm")
    for side in builder.SIDES:
        builder.build(side, out / side)
    return out


@pytest.fixture
def grow(tmp_path: Path) -> Callable[[str, Sequence[tuple[str, dict[str, str | None]]]], Path]:
    """`grow(name, [(date, {path: text or None to delete}), ...])`: a repository with a commit for each entry."""

    def run(name: str, commits: Sequence[tuple[str, dict[str, str | None]]]) -> Path:
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        out, seen = bytearray(), False
        for number, (date, files) in enumerate(commits, 1):
            authored, _, committed = date.partition("|")
            out += f"commit refs/heads/main\nmark :{number}\nauthor A <a@x> {authored}\n".encode()
            out += f"committer C <c@x> {committed or authored}\ndata 1\nc\n".encode()
            for file, text in sorted(files.items()):
                if text is None:
                    out += f"D {file}\n".encode()
                else:
                    data = text.encode()
                    out += f"M 100644 inline {file}\ndata {len(data)}\n".encode() + data + b"\n"
            out += b"\n"
            seen = True
        assert seen
        for command, data in (
            (["init", "-q", "--template=", "-b", "main"], None),
            (["fast-import", "--quiet", "--force", "--date-format=raw-permissive"], bytes(out)),
            (["reset", "-q", "--hard"], None),
        ):
            subprocess.run(["git", "-C", str(path), *command], input=data, env=env, check=True, capture_output=True)
        return path

    return run

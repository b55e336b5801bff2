"""Fetches pinned public packages and unpacks their Python files; nothing is installed or run.

    python benchmarks/packages/fetch.py LIST.toml [NAME]...     prints where each package lies

Wheels only: to download a source distribution, pip would run its build. pip checks the pinned SHA-256, and it is
checked again here before anything is unpacked. Each file is fetched once into CLONEDETECT_BENCH_CACHE, or into the
user's cache directory.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FILE_LIMIT = 4_000_000  # bytes of one Python file
TOTAL_LIMIT = 150_000_000  # bytes of all Python files of a package
COUNT_LIMIT = 20_000  # files of a package
BATCH = 25  # packages of one pip call
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Pin:
    """One package by name, version, file name and content."""

    name: str
    version: str
    file: str
    sha256: str
    purpose: str = ""
    half: str = ""  # development or test, in lists that have both

    @property
    def key(self) -> str:
        """The directory name of the unpacked package."""
        return f"{self.name}-{self.version}"


class Unavailable(RuntimeError):
    """A package that could not be fetched, with the reason."""


def cache() -> Path:
    """Where downloads and unpacked files are kept."""
    if given := os.environ.get("CLONEDETECT_BENCH_CACHE"):
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_cache_dir("clonedetect-bench"))


def load(path: Path) -> list[Pin]:
    """The pins of a list, in its order."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    fields = Pin.__dataclass_fields__
    return [Pin(**{k: v for k, v in row.items() if k in fields}) for row in data["package"]]


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(pins: list[Pin]) -> None:
    """Downloads the wheels that the cache does not hold. Raises Unavailable with pip's last line."""
    wheels = cache() / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    missing = [pin for pin in pins if not (wheels / pin.file).is_file()]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder) / "requirements.txt"
            lines = (f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in batch)
            wanted.write_text("".join(lines), encoding="utf-8")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            command += ["--require-hashes", "--disable-pip-version-check", "-d", str(wheels), "-r", str(wanted)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise Unavailable(f"{len(batch)} packages from {batch[0].name} on: {reason}")


def unpack(wheel: Path, out: Path) -> int:
    """Writes the Python files of a wheel under `out` and returns how many; odd paths, links and large files are left
    out. Raises Unavailable for a damaged archive."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=out.parent, prefix=".unpack-"))
    try:
        count = total = 0
        with zipfile.ZipFile(wheel) as archive:
            for item in archive.infolist():
                path = PurePosixPath(item.filename)
                odd = path.is_absolute() or ".." in path.parts or "\\" in item.filename or ":" in item.filename
                link = stat.S_ISLNK(item.external_attr >> 16)
                if odd or link or item.is_dir() or path.suffix != ".py" or ".dist-info" in path.parts[0]:
                    continue
                if item.file_size > FILE_LIMIT:
                    continue
                count, total = count + 1, total + item.file_size
                if total > TOTAL_LIMIT or count > COUNT_LIMIT:
                    raise Unavailable(f"{wheel.name}: more Python code than the limit")
                target = partial.joinpath(*path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(item) as source:
                    target.write_bytes(source.read(FILE_LIMIT + 1)[:FILE_LIMIT])
        partial.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
        return count
    except (zipfile.BadZipFile, OSError) as error:
        raise Unavailable(f"{wheel.name}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def fetch(pins: list[Pin]) -> dict[str, Path]:
    """The directories of the unpacked packages by name. Raises Unavailable."""
    download(pins)
    trees = cache() / "trees"
    trees.mkdir(parents=True, exist_ok=True)
    found: dict[str, Path] = {}
    for pin in pins:
        tree = trees / pin.key
        if not tree.is_dir():
            wheel = cache() / "wheels" / pin.file
            if not wheel.is_file():
                raise Unavailable(f"{pin.key}: pip delivered another file than {pin.file}")
            if sha256(wheel) != pin.sha256:
                raise Unavailable(f"{pin.key}: {pin.file} is not the pinned file")
            unpack(wheel, tree)
        found[pin.name] = tree
    return found


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    pins = [pin for pin in load(given.list) if not given.names or pin.name in given.names]
    try:
        for name, path in fetch(pins).items():
            print(f"{name}\t{path}")
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

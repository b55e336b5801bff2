# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Version attribution: which version of each package does pip carry? Its vendor.txt is the truth.

    python benchmarks/history/versions.py [NAME]...

The candidates of every package are ten published versions around the true one (vendored.toml, pinned). pip's copies
have their imports rewritten and files left out, so equal files alone do not answer. `off` is the distance from the
true version in the order of publication, `equal files` what comparing bytes alone would name.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "packages")]

from fetch import Pin, cache, download, load

from clonedetect.corpus import load_background
from clonedetect.domain import SourceFile
from clonedetect.pipeline.history import rank_versions

PIP = HERE.parent / "packages" / "derivation-packages.toml"
DIRECTORY = {
    "pyproject-hooks": "pyproject_hooks",
    "typing_extensions": "typing_extensions.py",
    "setuptools": "pkg_resources",
}


def sources(wheel: Path, below: str = "") -> list[SourceFile]:
    """The Python files of a wheel, below a path."""
    out = []
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py") and (name == below or name.startswith(f"{below}/" if below else "")):
                data = archive.read(name)
                blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
                out.append(SourceFile(name, blob, data, "python"))
    return out


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, for sorting; the list holds no pre-releases."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def candidates(pins: list[Pin]) -> dict[str, list[Pin]]:
    """Pins by package, oldest version first, all downloaded (one version of each package a call of pip)."""
    by_name: dict[str, list[Pin]] = defaultdict(list)
    for pin in pins:
        by_name[pin.name].append(pin)
    for found in by_name.values():
        found.sort(key=lambda pin: numbers(pin.version))
    for turn in range(max(map(len, by_name.values()))):
        download([found[turn] for found in by_name.values() if turn < len(found)])
    return by_name


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    pip = next(pin for pin in load(PIP) if pin.name == "pip")
    download([pip])
    wheels = cache() / "wheels"
    with zipfile.ZipFile(wheels / pip.file) as archive:
        listed = archive.read("pip/_vendor/vendor.txt").decode()
    truth = dict(re.findall(r"^\s*([\w.-]+)==(\S+)", listed, re.MULTILINE))
    offs, bytes_right = [], 0
    for name, pins in candidates(load(HERE / "vendored.toml")).items():
        if given.names and name not in given.names:
            continue
        started = time.perf_counter()
        directory = DIRECTORY.get(name, name.lower())
        target = sources(wheels / pip.file, f"pip/_vendor/{directory}")
        versions = [(pin.version, sources(wheels / pin.file, directory)) for pin in pins]
        best = rank_versions(target, versions, load_background(), jobs=1)
        order = [pin.version for pin in pins]
        off = abs(order.index(best.name) - order.index(truth[name])) if best else len(order)
        blobs = {file.blob for file in target}
        equal = max(reversed(versions), key=lambda version: len(blobs & {file.blob for file in version[1]}))[0]
        bytes_right += equal == truth[name]
        offs.append(off)
        shown = " ".join(f"{fit.name}:{fit.similarity:.4f}" for fit in (best.fits[:3] if best else ()))
        ties = f" ties {','.join(best.ties)}" if best and best.ties else ""
        seconds = time.perf_counter() - started
        print(
            f"{name:18} truth {truth[name]:10} named {best.name if best else '-':10} off {off} of {len(order)} "
            f"candidates, equal files {equal}, {seconds:.1f} s, {shown}{ties}",
            flush=True,
        )
    exact, adjacent = sum(off == 0 for off in offs), sum(off == 1 for off in offs)
    print(f"{exact} of {len(offs)} exact ({exact / len(offs):.0%}), {adjacent} adjacent; bytes alone {bytes_right}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

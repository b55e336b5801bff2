"""Writes a pinned list from a plain one: one package a line, `name[==version] | half | purpose`.

    python benchmarks/packages/pin.py NAMES.txt LIST.toml [--limit-mb 15]

Each wheel is downloaded once into the cache of fetch.py; the list records its version, file name and SHA-256. What
has no wheel, no Python file or is too large is left out, and said.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fetch import BATCH, Pin, cache, sha256


def canonical(name: str) -> str:
    """A project name as wheels' file names spell it."""
    return name.lower().replace("-", "_").replace(".", "_")


def download(requirements: list[str], folder: Path) -> None:
    """Downloads wheels; a batch that fails is tried one by one."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "-d",
        str(folder),
    ]
    done = subprocess.run([*command, *requirements], capture_output=True, text=True, timeout=1800)
    if done.returncode and len(requirements) > 1:
        for one in requirements:
            download([one], folder)
    elif done.returncode:
        print(f"left out: {requirements[0]}: no wheel that fits", file=sys.stderr)


def pin(rows: list[tuple[str, str, str]], limit: int) -> list[Pin]:
    """Pins for (requirement, half, purpose) rows, in their order."""
    wheels = cache() / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache()) as name:
        folder = Path(name)
        for start in range(0, len(rows), BATCH):
            download([row[0] for row in rows[start : start + BATCH]], folder)
        files: dict[tuple[str, str], Path] = {}
        for path in sorted(folder.glob("*.whl")):
            project, version = path.name.split("-")[:2]
            files[canonical(project), version] = path
        pins: list[Pin] = []
        for requirement, half, purpose in rows:
            project, _, version = requirement.partition("==")
            found = [(key[1], path) for key, path in files.items() if key[0] == canonical(project)]
            found = [item for item in found if not version or item[0] == version]
            if len(found) != 1:
                continue
            version, path = found[0]
            if path.stat().st_size > limit:
                print(f"left out: {project}: {path.stat().st_size / 1e6:.0f} MB", file=sys.stderr)
                continue
            pins.append(Pin(project, version, path.name, sha256(path), purpose, half))
        for item in pins:
            if (folder / item.file).is_file():
                (folder / item.file).replace(wheels / item.file)
    return pins


def write(pins: list[Pin], path: Path, head: str) -> None:
    """Writes the list."""
    rows = [head.rstrip() + "\n"]
    for item in pins:
        fields = {name: getattr(item, name) for name in Pin.__dataclass_fields__}
        text = "\n".join(f'{name} = "{value}"' for name, value in fields.items() if value)
        rows.append(f"[[package]]\n{text}\n")
    path.write_text("\n".join(rows), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--limit-mb", type=int, default=15)
    given = parser.parse_args(arguments)
    lines = given.names.read_text(encoding="utf-8").splitlines()
    head = "\n".join(line for line in lines if line.startswith("#"))
    rows = [[part.strip() for part in line.split("|")] for line in lines if line.strip() and not line.startswith("#")]
    pins = pin([(row[0], *[*row[1:], "", ""][:2]) for row in rows], given.limit_mb * 1_000_000)
    write(pins, given.list, head)
    print(f"{given.list}: {len(pins)} of {len(rows)} packages")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

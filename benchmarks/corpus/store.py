"""The corpus that is measured: which packages are in it, where it lies, how the command line is run and timed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packages"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fetch import Pin, cache, download, load
from fetch import fetch as unpacked

from clonedetect.pipeline.library import corpus_form

HERE = Path(__file__).resolve().parent
LISTS = ("background", "derivation-packages", "development", "unrelated")
HOST = ("tornado", "dnspython", "lark", "marshmallow", "loguru")  # together about 100,000 lines


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command line: wall and CPU seconds, the largest resident size of a process in MB."""

    wall: float
    cpu: float
    peak: float
    status: int
    out: str


def corpus_pins() -> list[Pin]:
    """The packages of the corpus, each name and version once, in a fixed order that mixes the lists."""
    pins = [p for name in LISTS for p in load(HERE.parent / "packages" / f"{name}.toml")]
    pins += [p for p in load(HERE / "packages.toml") if not p.half]
    return sorted({p.file: p for p in pins}.values(), key=lambda p: p.sha256)


def kept_out(half: str) -> list[Pin]:
    """Packages that are not in the corpus: `development`, or `test`, on which nothing may be tuned."""
    return [p for p in load(HERE / "packages.toml") if p.half == half]


def checked(package: str) -> Callable[[str, str], bool]:
    """`checked(package)(path, name)`: whether checked.toml lists that definition, one around it, or its file."""
    rows = [r for r in tomllib.loads((HERE / "checked.toml").read_text("utf-8"))["copy"] if r["package"] == package]
    return lambda path, name: any(r["path"] == path and f"{name}.".startswith(f"{r.get('name', name)}.") for r in rows)


def home() -> Path:
    """Where corpora and the command line's own cache are kept; fingerprints of another form lie elsewhere."""
    return cache() / "corpus" / corpus_form().replace("/", "-")


def clonedetect(*arguments: str | Path, cwd: Path | None = None) -> Run:
    """Run the command line in a process of its own."""
    env = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "XDG_CACHE_HOME": str(home() / "cache"), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "clonedetect", *map(str, arguments)]
    with TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, process.returncode, text)


def add(root: Path, pins: list[Pin]) -> Run:
    """Add packages to a corpus; their wheels are fetched before, so that no network is measured."""
    download(pins)
    wheels = cache() / "wheels"
    for pin in pins:
        kept = home() / "cache" / "clonedetect" / "packages" / f"{canonical(pin.name)}-{pin.version}" / pin.file
        kept.parent.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            kept.hardlink_to(wheels / pin.file)
    done = clonedetect("corpus", "add", root, *(f"pypi:{p.name}=={p.version}" for p in pins), "--quiet")
    if done.status:
        raise SystemExit(f"corpus add ended with {done.status}")
    return done


def canonical(name: str) -> str:
    """A project's name as the command line's cache spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def full() -> Path:
    """The whole corpus, made on first use; takes minutes."""
    root = home() / "full"
    pins = corpus_pins()
    print(f"the corpus of {len(pins)} packages is in {root}", file=sys.stderr)
    add(root, pins)
    return root


def host(target: Path) -> Path:
    """A repository of about 100,000 lines under git, of five packages."""
    trees = unpacked([p for name in ("test", "unrelated") for p in load(HERE.parent / "packages" / f"{name}.toml")])
    if not target.is_dir():
        for name in HOST:
            for path in sorted(trees[name].rglob("*.py")):
                copy = target / path.relative_to(trees[name])
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        git(target, "init", "-q", "-b", "main")
        git(target, "add", "-A")
        git(target, "commit", "-q", "-m", "one")
    return target


def git(repository: Path, *arguments: str) -> None:
    """Run git in a repository."""
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgSign=false"]
    subprocess.run(["git", *who, *arguments], cwd=repository, check=True)

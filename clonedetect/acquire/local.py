"""Finding a repository on disk and opening it without obeying its configuration.

git obeys a repository's own configuration (fsmonitor, filters, ssh command, promisor remotes: all of them commands).
So objects are read through a git directory of our own, made for the moment, whose object directory is the
repository's; of the repository's files git itself reads only refs, index, shallow boundary and ignore rules.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clonedetect.acquire.gitcmd import environment, run
from clonedetect.acquire.objects import ObjectStore
from clonedetect.errors import OriginError

MAX_SMALL_FILE = 64_000_000
"""Bound on the repository's own bookkeeping files that are copied."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a repository's parts are. `work_tree` is None for a bare one."""

    git_dir: Path
    common_dir: Path
    work_tree: Path | None


@dataclass(frozen=True, slots=True)
class OpenRepository:
    """A repository opened through our own git directory. `head` is the commit id at HEAD, None before the first."""

    store: ObjectStore
    head: str | None


def find_repository(directory: Path) -> Repository | None:
    """The repository `directory` is, or lies in; None outside git. Raises `OriginError` where `.git` is damaged."""
    directory = directory.resolve()
    if _is_git_dir(directory):
        return Repository(directory, _common_dir(directory), None)
    for parent in (directory, *directory.parents):
        dot_git = parent / ".git"
        if dot_git.is_dir() and _is_git_dir(dot_git):
            return Repository(dot_git, _common_dir(dot_git), parent)
        if dot_git.is_file():
            target = _read_small(dot_git).strip()
            if target.startswith("gitdir:"):
                git_dir = (parent / target.removeprefix("gitdir:").strip()).resolve()
                if _is_git_dir(git_dir):
                    return Repository(git_dir, _common_dir(git_dir), parent)
        if dot_git.exists() or dot_git.is_symlink():
            raise OriginError(f"{parent.name}/.git is not a usable git directory: clone the repository again")
    return None


def _is_git_dir(path: Path) -> bool:
    if not (path / "HEAD").is_file():
        return False
    common = _common_dir(path)
    return (common / "objects").is_dir() and (common / "refs").is_dir()


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"  # a linked work tree keeps only its HEAD and index to itself
    return (git_dir / _read_small(pointer).strip()).resolve() if pointer.is_file() else git_dir


def _read_small(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(4096).decode("utf-8", "surrogateescape")


def is_partial_clone(git_dir: Path) -> bool:
    """Whether serving this repository could make git fetch what it lacks, by commands of its own configuration."""
    names = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter)|include.*)$"
    said = run(
        ["config", "--file", str(git_dir / "config"), "--no-includes", "--name-only", "--get-regexp", names],
        environment(git_dir),
        git_dir,
    )
    return bool(said.stdout.strip()) or said.timed_out


@contextmanager
def open_repository(repository: Repository) -> Generator[OpenRepository]:
    """Open a repository's objects for reading. Raises `OriginError` where git cannot make sense of it."""
    real = environment(repository.git_dir, common_dir=repository.common_dir)
    listing = run(["for-each-ref", "--format=%(objectname) %(refname)"], real, repository.git_dir)
    if listing.status != 0:
        raise OriginError(f"the repository cannot be read ({listing.complaint}): clone it again")
    head = run(["rev-parse", "--verify", "--quiet", "HEAD"], real, repository.git_dir).stdout.decode().strip()
    config = ["config", "--file", str(repository.common_dir / "config"), "--no-includes", "extensions.objectformat"]
    algorithm = run(config, real, repository.git_dir).stdout.decode("ascii", "replace").strip().lower()
    with tempfile.TemporaryDirectory(prefix="clonedetect-") as name:
        own = Path(name)
        sha256 = algorithm == "sha256"
        extensions = "[extensions]\n\tobjectformat = sha256\n" if sha256 else ""
        (own / "config").write_text(f"[core]\n\trepositoryformatversion = {int(sha256)}\n{extensions}")
        (own / "HEAD").write_text(f"{head}\n" if head else "ref: refs/heads/main\n")
        (own / "refs").mkdir()
        (own / "objects").mkdir()
        (own / "info").mkdir()
        (own / "packed-refs").write_bytes(listing.stdout)
        _copy(repository.common_dir / "info" / "exclude", own / "info" / "exclude")
        _copy(repository.common_dir / "shallow", own / "shallow")
        _copy(repository.git_dir / "index", own / "index")
        for shared in sorted(repository.git_dir.glob("sharedindex.*"))[:8]:
            _copy(shared, own / shared.name)
        store = ObjectStore(own, repository.common_dir / "objects", "sha256" if sha256 else "sha1")
        yield OpenRepository(store, head or None)


def _copy(source: Path, target: Path) -> None:
    """Copy a bookkeeping file if it is one: a regular file (no fifo to hang on) of a bounded size.

    Its times go along: git compares the index's own time with those it recorded for the files.
    """
    if source.is_file() and source.stat().st_size <= MAX_SMALL_FILE:
        shutil.copy2(source, target)

"""A repository's history at one revision, packed into a git bundle, and made readable again from it alone."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clonedetect.acquire.gitcmd import environment, run
from clonedetect.acquire.history import opened_store
from clonedetect.acquire.local import MAX_SMALL_FILE
from clonedetect.acquire.objects import ObjectStore
from clonedetect.acquire.select import printable
from clonedetect.acquire.store import Progress
from clonedetect.acquire.tree import read_tree
from clonedetect.errors import OriginError

EXAMINED: Final = "refs/clonedetect/examined"
PACK_SECONDS: Final = 3600.0
_OID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Packed:
    """What a git bundle does not say of its repository: where its history was cut off, and which directory of it the
    origin names ("" for the whole). blobs: path to blob id of the files at the revision."""

    shallow: tuple[str, ...]
    inner: str
    blobs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """A repository made from a git bundle: `origin` names it to `acquire` and `open_history`."""

    origin: Path
    blobs: dict[str, str]  # path -> blob id at the revision
    read: Callable[[Sequence[str], int], Iterator[tuple[str, bytes | None]]]


def pack_repository(
    origin: str, revision: str, target: Path, *, cache_dir: Path | None = None, progress: Progress | None = None
) -> Packed:
    """Write everything that leads to `revision`, with the tags on it, to the git bundle `target`.

    Raises OriginError outside git, and where objects are missing from the clone.
    """
    with opened_store(origin, revision, cache_dir, progress) as (store, inner), tempfile.TemporaryDirectory() as name:
        own = Path(name)
        refs = _refs(store, revision)
        _write_git_dir(own, revision, refs)
        shallow = ()
        if store.shallow:
            shutil.copyfile(store.git_dir / "shallow", own / "shallow")
            shallow = tuple(sorted((own / "shallow").read_text("ascii", "replace").split()))
        command = ["-c", "pack.threads=1", "bundle", "create", "--quiet", str(target.resolve()), "--stdin"]
        feed = "".join(f"{ref}\n" for ref in refs).encode("utf-8", "surrogateescape")
        env = environment(own, object_dir=store.object_dir)
        said = run(command, env, own, stdin=feed, seconds=PACK_SECONDS)
        if said.status != 0:
            raise OriginError(f"{origin} cannot be packed ({said.complaint}): bundle its files alone")
        blobs = {printable(file.path): file.oid for file in read_tree(store, revision).files}
    return Packed(shallow, inner, blobs)


def restore_repository(bundle: Path, revision: str, shallow: Sequence[str], inner: str, target: Path) -> Restored:
    """Make a repository below `target` from a git bundle alone; nothing is checked out. Raises OriginError."""
    if not _OID.fullmatch(revision) or not all(_OID.fullmatch(oid) for oid in shallow):
        raise OriginError("the bundle names a commit in a way that git does not")
    git_dir = target / ".git"
    git_dir.mkdir(parents=True)
    _write_git_dir(git_dir, revision, {})
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")  # the commit is not there yet, and git would look for it
    env = environment(git_dir)
    heads = run(["bundle", "list-heads", str(bundle.resolve())], env, git_dir)
    unpacked = run(["bundle", "unbundle", str(bundle.resolve())], env, git_dir, seconds=PACK_SECONDS)
    if heads.status != 0 or unpacked.status != 0:
        raise OriginError(f"the git bundle is damaged: {(heads if heads.status else unpacked).complaint}")
    refs = {}
    for line in heads.stdout.decode("utf-8", "surrogateescape").splitlines():
        oid, _, name = line.partition(" ")
        if name.startswith("refs/") and name != EXAMINED:
            refs[name] = oid
    _write_git_dir(git_dir, revision, refs)
    if shallow:
        (git_dir / "shallow").write_text("".join(f"{oid}\n" for oid in shallow), "ascii")
    origin = target.joinpath(*(part for part in inner.split("/") if part not in ("", ".", "..", ".git")))
    origin.mkdir(parents=True, exist_ok=True)
    store = ObjectStore(git_dir, git_dir / "objects", "sha256" if len(revision) == 64 else "sha1")
    files = read_tree(store, revision).files
    return Restored(origin, {printable(file.path): file.oid for file in files}, store.read)


def _refs(store: ObjectStore, revision: str) -> dict[str, str]:
    """What the history channel looks at beside the commits: tags on them, and the refs that a rewriting tool leaves."""
    merged = store.git("for-each-ref", "--format=%(refname)", f"--merged={revision}", "refs/tags")
    wanted = set(merged.stdout.decode("utf-8", "surrogateescape").splitlines())
    refs = {
        name: oid
        for name, oid in store.refs()
        if name in wanted or name.startswith(("refs/replace/", "refs/original/"))
    }
    return {**refs, EXAMINED: revision}


def _write_git_dir(own: Path, revision: str, refs: dict[str, str]) -> None:
    """An empty git directory of our own making, at a commit, with these refs."""
    sha256 = len(revision) == 64
    extensions = "[extensions]\n\tobjectformat = sha256\n" if sha256 else ""
    (own / "config").write_text(f"[core]\n\trepositoryformatversion = {int(sha256)}\n{extensions}")
    (own / "HEAD").write_text(f"{revision}\n")
    (own / "refs").mkdir(exist_ok=True)
    (own / "objects").mkdir(exist_ok=True)
    lines = "".join(f"{oid} {name}\n" for name, oid in sorted(refs.items()))
    assert len(lines) < MAX_SMALL_FILE
    (own / "packed-refs").write_bytes(lines.encode("utf-8", "surrogateescape"))

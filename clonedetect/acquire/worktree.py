"""Reading files from disk: a git work tree as it stands, or a directory outside git."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clonedetect.acquire.gitcmd import environment, run
from clonedetect.acquire.local import OpenRepository, Repository
from clonedetect.acquire.select import HASH_BYTES, POINTER_BYTES, Harvest, lfs_pointer
from clonedetect.acquire.tree import (
    LFS,
    MAX_ENTRIES,
    SUBMODULE,
    SYMLINK,
    Tree,
    TreeFile,
    gather,
    read_pointers,
    read_tree,
)
from clonedetect.errors import OriginError

NOT_REGULAR = "not a regular file"
NESTED = "nested git repository (scan it on its own)"


class UnreadableIndexError(Exception):
    """git could not list the work tree."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What git says of a work tree below a prefix. `modified`: differs from the index, or is gone."""

    tracked: tuple[TreeFile, ...]
    untracked: tuple[bytes, ...]
    modified: frozenset[bytes]
    sparse: frozenset[bytes]  # left out of a sparse checkout


@dataclass(frozen=True, slots=True)
class WorkTree:
    """How a work tree differs from its commit, and what to say about it."""

    dirty: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """A file read from disk: its size, its blob id (None if too large to hash) and, if asked for, its bytes."""

    size: int
    blob: str | None
    sha256: str | None
    data: bytes | None


def list_work_tree(repository: Repository, opened: OpenRepository, prefix: bytes) -> Listing:
    """Tracked files, untracked ones that no ignore rule names, and modified ones, by git's own stat comparison.

    git runs with neither the repository's configuration nor the user's, so that no filter or fsmonitor runs; only the
    user's own ignore rules are carried over. Raises `UnreadableIndexError`.
    """
    top = repository.work_tree
    if top is None:
        raise ValueError("a bare repository has no work tree")
    env = environment(opened.store.git_dir, object_dir=opened.store.object_dir) | {"GIT_WORK_TREE": str(top)}
    users = environment(opened.store.git_dir, user_config=True)
    asked = run(["config", "--global", "--type=path", "--get", "core.excludesFile"], users, top)
    ignore = os.fsdecode(asked.stdout.rstrip(b"\n"))
    rules = ["-c", f"core.excludesFile={ignore}"] if asked.status == 0 and ignore else []
    command = ["ls-files", "-z", "-t", "--stage", "--cached", "--others", "--modified", "--exclude-standard"]
    said = run([*rules, *command, "--", *([os.fsdecode(prefix)] if prefix else [])], env, top)
    if said.status != 0:
        raise UnreadableIndexError(said.complaint)
    tracked: dict[bytes, TreeFile] = {}
    untracked: list[bytes] = []
    modified: set[bytes] = set()
    sparse: set[bytes] = set()
    for record in said.stdout.split(b"\0")[:-1]:
        tag, rest = record[:1], record[2:]
        if tag == b"?":
            untracked.append(rest)
            continue
        meta, _, path = rest.partition(b"\t")
        mode, oid, stage = meta.decode("ascii").split()
        tracked.setdefault(path, TreeFile(path, oid, mode))
        if tag == b"C" or stage != "0":
            modified.add(path)
        elif tag in b"Ss":
            sparse.add(path)
    return Listing(tuple(tracked.values()), tuple(untracked), frozenset(modified), frozenset(sparse))


def gather_work_tree(
    repository: Repository,
    opened: OpenRepository,
    listing: Listing,
    prefix: bytes,
    harvest: Harvest,
    tell: Callable[[float], None],
) -> WorkTree:
    """Put the work tree's files into the harvest and say whether they differ from the commit at HEAD."""
    top = repository.work_tree or repository.git_dir
    pointers = read_pointers(opened.store, opened.store.sizes([file.oid for file in listing.tracked]))
    reader = DiskReader(top, opened.store.algorithm)
    dirty = bool(listing.untracked) or _staged(opened, listing, prefix)
    absent: list[TreeFile] = []
    files = [*listing.tracked, *(TreeFile(path, "", "") for path in listing.untracked)]
    for done, file in enumerate(files, 1):
        if file.mode == "160000":
            harvest.skip(file.path, SUBMODULE)
            dirty = dirty or file.path in listing.modified
            continue
        if file.path.endswith(b"/"):
            harvest.skip(file.path, NESTED)
            continue
        if file.path in listing.sparse and reader.size(file.path) is None:
            absent.append(file)
            continue
        pointer = pointers.get(file.oid)
        changed = file.path in listing.modified
        dirty = _take(reader, file, pointer, changed, harvest) or dirty
        if done % 500 == 0:
            tell(done / len(files))
    notes = ["files differ from the commit"] if dirty else []
    if absent:
        gather(opened.store, Tree(tuple(absent), ()), harvest, lambda share: None)
        notes.append(f"sparse checkout: {len(absent)} files read from the commit instead")
    return WorkTree(dirty, tuple(notes))


def _staged(opened: OpenRepository, listing: Listing, prefix: bytes) -> bool:
    """Whether the index differs from the commit at HEAD."""
    if opened.head is None:
        return bool(listing.tracked)
    try:
        tree = read_tree(opened.store, opened.head, prefix)
    except OriginError:
        return False  # a clone without its commit: nothing to compare with, and the history note says so
    committed = {(file.path, file.oid, file.mode) for file in tree.files}
    indexed = {(file.path, file.oid, file.mode) for file in listing.tracked}
    if tree.missing:
        return not committed <= indexed
    return committed != indexed


def _take(reader: DiskReader, file: TreeFile, pointer: tuple[str, int] | None, changed: bool, harvest: Harvest) -> bool:
    """Read one file into the harvest; true if it differs from what git has of it."""
    size, why = reader.look(file.path)
    if size is None:
        if why is not None:
            harvest.skip(file.path, why)
        return changed
    small = size in POINTER_BYTES
    unchanged = bool(file.oid) and not changed
    got: Blob | None = None
    if unchanged:  # git knows the id of its content: read it only to parse it
        on_disk = pointer if small else None
    else:
        keep = small or harvest.may_want(file.path, size)
        got = reader.read(file.path, size, keep, also_sha256=pointer is not None and size == pointer[1])
        on_disk = lfs_pointer(got.data) if small and got.data is not None else None
    wanted = on_disk is None and (got is None or got.blob is not None) and harvest.wants(file.path, size)
    if wanted and got is None:
        got = reader.read(file.path, size, True)
    if got is not None and got.blob is None:
        if file.oid:
            harvest.entry(file.path, file.oid, size)
        too_large = f"larger than {HASH_BYTES:,} bytes ({size:,}): no content id computed"
        harvest.skip(file.path, too_large if size > HASH_BYTES else "cannot be read")
        return changed
    smudged = pointer is not None and got is not None and got.sha256 == pointer[0]  # content in place of its pointer
    blob = file.oid if got is None or unchanged or smudged else str(got.blob)
    lfs = pointer if unchanged or smudged else on_disk
    harvest.entry(file.path, blob, lfs[1] if lfs else size, lfs[0] if lfs else None)
    if on_disk is not None:
        harvest.skip(file.path, LFS)
    elif wanted and got is not None and got.blob is not None and got.data is not None:
        # The id of the bytes at hand: line endings may have been converted on checkout, and parses are cached by id.
        harvest.content(file.path, got.blob, got.data)
    return changed and blob != file.oid


def gather_directory(top: Path, subdir: str, harvest: Harvest, tell: Callable[[float], None]) -> None:
    """Put the files of a directory outside git, below `subdir` of it or all, into the harvest.

    Raises `OriginError` for an absurdly large one.
    """
    reader = DiskReader(top, "sha1")
    paths = _walk(top, subdir) if (top / subdir).is_dir() else iter([os.fsencode(subdir)])
    for done, path in enumerate(paths, 1):
        if done > MAX_ENTRIES:
            raise OriginError(f"{top.name} holds more than {MAX_ENTRIES:,} files: narrow it to a subdirectory")
        if path.endswith(b"/"):
            harvest.skip(path, "directory cannot be read")
        else:
            _take(reader, TreeFile(path, "", ""), None, True, harvest)
        if done % 2000 == 0:
            tell(0.0)


def _walk(root: Path, subdir: str) -> Iterator[bytes]:
    """Every non-directory below a subdirectory, relative to `root`, sorted; no link is followed, `.git` left out."""
    waiting = [subdir]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(root / directory) as found:
                entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        except OSError:
            yield os.fsencode(directory) + b"/"
            continue
        inner: list[str] = []
        for entry in entries:
            path = f"{directory}/{entry.name}" if directory else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield os.fsencode(path)
            elif entry.name != ".git":
                inner.append(path)
        waiting += reversed(inner)


class DiskReader:
    """Reads files below a directory: never through a symbolic link, never from a fifo, socket or device."""

    def __init__(self, top: Path, algorithm: str) -> None:
        self._top = top
        self._algorithm = algorithm
        self._linked: dict[bytes, bool] = {b"": False}

    def _at(self, path: bytes) -> str:
        return f"{self._top}/{os.fsdecode(path)}"  # not a Path: making one costs more than the call it is for

    def size(self, path: bytes) -> int | None:
        """Size in bytes of a regular file, None for anything else."""
        return self.look(path)[0]

    def look(self, path: bytes) -> tuple[int | None, str | None]:
        """(size, None) of a regular file; else (None, why it is not read), or (None, None) where nothing is there."""
        if self._through_link(path.rpartition(b"/")[0]):
            return None, SYMLINK
        try:
            info = os.lstat(self._at(path))
        except (FileNotFoundError, NotADirectoryError):
            return None, None
        except (OSError, ValueError) as error:
            return None, _why(error)
        if stat.S_ISLNK(info.st_mode):
            return None, SYMLINK
        return (info.st_size, None) if stat.S_ISREG(info.st_mode) else (None, NOT_REGULAR)

    def _through_link(self, directory: bytes) -> bool:
        """Whether a directory is, or lies below, a symbolic link: it may lead out of the tree."""
        known = self._linked.get(directory)
        if known is None:
            known = self._through_link(directory.rpartition(b"/")[0]) or Path(self._at(directory)).is_symlink()
            self._linked[directory] = known
        return known

    def read(self, path: bytes, size: int, keep: bool, also_sha256: bool = False) -> Blob:
        """Hash a file as git would, and keep its bytes if asked to; `blob` is None where that cannot be done."""
        nothing = Blob(size, None, None, None)
        if size > HASH_BYTES:
            return nothing
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._at(path), flags)
            with os.fdopen(descriptor, "rb", buffering=0) as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return nothing
                return self._hash(stream.read, size, keep, also_sha256)
        except OSError:
            return nothing

    def _hash(self, read: Callable[[int], bytes], size: int, keep: bool, also_sha256: bool) -> Blob:
        blob = hashlib.new(self._algorithm, b"blob %d\0" % size, usedforsecurity=False)
        sha256 = hashlib.sha256() if also_sha256 else None
        kept: list[bytes] = []
        left = size
        while left > 0 and (chunk := read(min(left, 1 << 22))):
            blob.update(chunk)
            if sha256 is not None:
                sha256.update(chunk)
            if keep:
                kept.append(chunk)
            left -= len(chunk)
        if left:  # it shrank while it was read
            return Blob(size, None, None, None)
        data = b"".join(kept) if keep else None
        return Blob(size, blob.hexdigest(), sha256.hexdigest() if sha256 is not None else None, data)


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return "cannot be read: permission denied"
    return "cannot be read"

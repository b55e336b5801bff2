"""Reading one commit's files from the object store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clonedetect.acquire.objects import MAX_META_BYTES, ObjectStore
from clonedetect.acquire.select import POINTER_BYTES, TOTAL_BYTES, Harvest, lfs_pointer
from clonedetect.errors import OriginError

MAX_ENTRIES = 1_000_000
"""Files and directories of one tree; a few nested trees that repeat themselves can stand for billions."""
MAX_PATH_BYTES = 4096
MISSING = "object missing from the clone"
LFS = "Git LFS pointer (its content is not fetched)"
SYMLINK = "symbolic link (never followed)"
SUBMODULE = "submodule (scan it on its own)"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a commit: path, object id, and mode (100644, 100755, 120000 symbolic link, 160000 submodule)."""

    path: bytes
    oid: str
    mode: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit's files below a prefix, and the directories whose own objects are missing."""

    files: tuple[TreeFile, ...]
    missing: tuple[bytes, ...]


def read_tree(store: ObjectStore, commit: str, prefix: bytes = b"") -> Tree:
    """List a commit's files below `prefix`, level by level, so that one missing directory costs only itself.

    Raises `OriginError` where the root is missing or the tree is absurdly large.
    """
    root = store.tree_of(commit)
    if root is None:
        raise OriginError(f"the clone is damaged: commit {commit[:12]} cannot be read; clone it again")
    files: list[TreeFile] = []
    missing: list[bytes] = []
    level, seen = [(b"", root)], 1
    while level:
        below: list[tuple[bytes, str]] = []
        ids = list(dict.fromkeys(oid for _, oid in level))
        parsed = {oid: _parse(data, len(oid) // 2) for oid, data in store.read(ids, MAX_META_BYTES)}
        for directory, oid in level:
            listed = parsed[oid]
            if listed is None:
                missing.append(directory)
                continue
            seen += len(listed)
            if seen > MAX_ENTRIES:
                raise OriginError(f"the tree holds more than {MAX_ENTRIES:,} files: narrow it to a subdirectory")
            for mode, name, child in listed:
                path = directory + b"/" + name if directory else name
                if len(path) > MAX_PATH_BYTES:
                    missing.append(directory)
                elif mode != "40000":
                    if _below(path, prefix):
                        files.append(TreeFile(path, child, mode))
                elif _below(path, prefix) or prefix.startswith(path + b"/"):
                    below.append((path, child))
        level = below
    if missing and missing[0] == b"":
        raise OriginError(f"the clone is damaged: the root directory of {commit[:12]} is missing; clone it again")
    return Tree(tuple(files), tuple(sorted(set(missing))))


def _below(path: bytes, prefix: bytes) -> bool:
    return not prefix or path == prefix or path.startswith(prefix + b"/")


def _parse(data: bytes | None, id_bytes: int) -> list[tuple[str, bytes, str]] | None:
    """(mode, name, object id) of each entry of a tree object; None where it is missing or damaged."""
    if data is None:
        return None
    entries: list[tuple[str, bytes, str]] = []
    at = 0
    while at < len(data):
        space = data.find(b" ", at)
        nul = data.find(b"\0", space)
        end = nul + 1 + id_bytes
        if space < 0 or nul < 0 or end > len(data):
            return None
        mode = data[at:space].decode("ascii", "replace").lstrip("0")
        entries.append((mode, data[space + 1 : nul], data[nul + 1 : end].hex()))
        at = end
    return entries


def gather(store: ObjectStore, tree: Tree, harvest: Harvest, tell: Callable[[float], None]) -> int:
    """Put a commit's files into the harvest; returns how many objects the clone lacks."""
    regular: list[TreeFile] = []
    for file in tree.files:
        if file.mode == "120000":
            harvest.skip(file.path, SYMLINK)
        elif file.mode == "160000":
            harvest.skip(file.path, SUBMODULE)
        else:
            regular.append(file)
    for directory in tree.missing:
        harvest.skip(directory + b"/", "directory " + MISSING)
    sizes = store.sizes([file.oid for file in regular])
    pointers = read_pointers(store, sizes)
    wanted: list[TreeFile] = []
    lacking = len(tree.missing)
    for file in regular:
        size, pointer = sizes[file.oid], pointers.get(file.oid)
        if size is None:
            harvest.entry(file.path, file.oid, -1)
            harvest.skip(file.path, MISSING)
            lacking += 1
        elif pointer is not None:
            harvest.entry(file.path, file.oid, pointer[1], pointer[0])
            harvest.skip(file.path, LFS)
        else:
            harvest.entry(file.path, file.oid, size)
            if harvest.wants(file.path, size):
                wanted.append(file)
    return lacking + _read_sources(store, wanted, harvest, tell)


def _read_sources(store: ObjectStore, wanted: list[TreeFile], harvest: Harvest, tell: Callable[[float], None]) -> int:
    places: dict[str, list[bytes]] = {}
    for file in wanted:
        places.setdefault(file.oid, []).append(file.path)
    lacking = 0
    for done, (oid, data) in enumerate(store.read(list(places), TOTAL_BYTES), 1):
        for path in places[oid]:
            if data is None:
                harvest.skip(path, "object damaged in the clone")
                lacking += 1
            else:
                harvest.content(path, oid, data)
        if done % 500 == 0:
            tell(done / len(places))
    return lacking


def read_pointers(store: ObjectStore, sizes: dict[str, int | None]) -> dict[str, tuple[str, int]]:
    """Blob id to (sha256, real size) for those blobs that are Git LFS pointers; only blobs of their size are read."""
    small = [oid for oid, size in sizes.items() if size is not None and size in POINTER_BYTES]
    found: dict[str, tuple[str, int]] = {}
    for oid, data in store.read(small, POINTER_BYTES.stop) if small else ():
        if data is not None and (pointer := lfs_pointer(data)) is not None:
            found[oid] = pointer
    return found

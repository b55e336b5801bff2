"""Acquire: from what a person calls a repository to its files, with nothing checked out and nothing run.

`acquire` reads a directory, a git URL, `owner/name` or `hf:owner/name` into a `Snapshot`: the files to parse, the
content id of every file, and in words what was not examined. Remote repositories are mirrored in a cache and fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from clonedetect.acquire.changed import changed_paths
from clonedetect.acquire.history import OpenHistory, open_history
from clonedetect.acquire.local import OpenRepository, Repository, find_repository, open_repository
from clonedetect.acquire.objects import ObjectStore
from clonedetect.acquire.origin import Origin, parse_origin
from clonedetect.acquire.packages import PREFIX, installed, package
from clonedetect.acquire.packing import Packed, Restored, pack_repository, restore_repository
from clonedetect.acquire.revision import resolve
from clonedetect.acquire.select import Harvest, Selection, printable
from clonedetect.acquire.select import matches as path_matches
from clonedetect.acquire.store import Progress, default_cache_dir, open_mirror
from clonedetect.acquire.tree import gather, read_tree
from clonedetect.acquire.worktree import UnreadableIndexError, gather_directory, gather_work_tree, list_work_tree
from clonedetect.domain import Snapshot
from clonedetect.errors import OriginError

__all__ = [
    "DEFAULT_EXTENSIONS",
    "OpenHistory",
    "Packed",
    "Restored",
    "acquire",
    "acquire_installed",
    "changed_paths",
    "default_cache_dir",
    "open_history",
    "pack_repository",
    "path_matches",
    "restore_repository",
]

DEFAULT_EXTENSIONS: Mapping[str, str] = MappingProxyType({".py": "python", ".ipynb": "python"})
"""Extension to grammar; `.ipynb` files are marked as notebooks."""


def acquire(
    origin: str,
    *,
    subdir: str | None = None,
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    cache_dir: Path | None = None,
    max_bytes: int = 2_000_000,
    extensions: Mapping[str, str] = DEFAULT_EXTENSIONS,
    vendored: bool = False,
    generated: bool = False,
    progress: Progress | None = None,
) -> Snapshot:
    """Read a repository at a revision, or a directory as it stands.

    origin      directory, git URL, `owner/name` (GitHub), `hf:owner/name`, each with an optional `@revision`: branch,
                tag, commit, or `@{2024-05-01}` for the newest commit of the default branch (HEAD) at that date.
                A directory without revision means its work tree: tracked files and untracked, not ignored ones.
                `pypi:name==version` is a published package, read from its wheel.
    subdir      restrict it to a directory or file below the root (posix)
    include, exclude  globs as in .gitignore; exclude wins
    cache_dir   where mirrors are kept; `default_cache_dir()` if None
    max_bytes   a larger source file is skipped
    vendored, generated  also examine such files; they are skipped (with the reason) otherwise
    progress    called with (what is being done, share done in 0..1 or None)

    Paths in the result are relative to the repository's root, also when only a subdirectory was asked for. An
    `Entry.size` of -1 means that the object is missing from the clone. Raises `OriginError`, one line with a way out.
    """
    tell = progress or (lambda stage, share: None)
    selection = Selection(dict(extensions), include, exclude, max_bytes, vendored, generated)
    if origin.startswith(PREFIX):
        tell("fetching", None)
        return package(origin, cache_dir or default_cache_dir(), selection)
    where = parse_origin(origin)
    if where.path is not None:
        return _local(where, where.path, _clean(subdir), selection, tell)
    with open_mirror(where, cache_dir or default_cache_dir(), progress) as mirror:
        snapshot = _commit(mirror.store, where, _clean(subdir), selection, tell)
        return replace(snapshot, notes=mirror.notes + snapshot.notes)


def acquire_installed(
    extensions: Mapping[str, str] = DEFAULT_EXTENSIONS, max_bytes: int = 2_000_000
) -> Iterator[Snapshot]:
    """The packages of the running Python's own environment, one after the other, by name."""
    return installed(Selection(dict(extensions), max_bytes=max_bytes))


def _clean(subdir: str | None) -> str:
    parts = [part for part in (subdir or "").replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise OriginError(f"the subdirectory {subdir} leads out of the repository")
    return "/".join(parts)


def _local(origin: Origin, directory: Path, subdir: str, selection: Selection, tell: Progress) -> Snapshot:
    at_revision = origin.revision is not None or origin.date is not None
    try:
        repository = find_repository(directory)
    except OriginError as error:
        if at_revision:
            raise
        return _plain(origin, directory, subdir, selection, tell, (f"{error}; files were read as they are on disk",))
    if repository is None:
        if at_revision:
            raise OriginError(f"{origin.display} is not in a git repository, so it has no revisions: leave out the @")
        return _plain(origin, directory, subdir, selection, tell, ())
    if repository.work_tree is None:
        with open_repository(repository) as opened:
            return _commit(opened.store, origin, subdir, selection, tell)
    inner = directory.resolve().relative_to(repository.work_tree).as_posix()
    prefix = "/".join(part for part in (inner, subdir) if part not in ("", "."))
    if at_revision:
        with open_repository(repository) as opened:
            return _commit(opened.store, origin, prefix, selection, tell)
    if subdir and not os.path.lexists(directory / subdir):
        raise OriginError(_no_subdir(origin, subdir, [path.name for path in directory.iterdir()]))
    try:
        with open_repository(repository) as opened:
            found = _work_tree(origin, repository, opened, prefix, selection, tell)
    except (OriginError, UnreadableIndexError) as error:
        note = f"git could not read this repository ({error}); files were read as they are on disk"
        return _plain(origin, directory, subdir, selection, tell, (note,))
    if found is None:
        note = "ignored by the repository around it; read as a plain directory"
        return _plain(origin, directory, subdir, selection, tell, (note,))
    return found


def _work_tree(
    origin: Origin, repository: Repository, opened: OpenRepository, prefix: str, selection: Selection, tell: Progress
) -> Snapshot | None:
    """The work tree below a prefix; None where git leaves out the whole of it."""
    key = os.fsencode(prefix)
    listing = list_work_tree(repository, opened, key)
    if prefix and not listing.tracked and not listing.untracked:
        return None
    harvest = Harvest(replace(selection, root=printable(key)))
    state = gather_work_tree(repository, opened, listing, key, harvest, lambda share: tell("reading files", share))
    snapshot = _snapshot(origin, opened.store, opened.head, harvest, state.dirty, state.notes)
    return replace(snapshot, disk=str(repository.work_tree))


def _plain(
    origin: Origin, directory: Path, subdir: str, selection: Selection, tell: Progress, notes: tuple[str, ...]
) -> Snapshot:
    top = directory / subdir
    if not top.exists() or not top.resolve().is_relative_to(directory.resolve()):
        raise OriginError(_no_subdir(origin, subdir, [path.name for path in directory.iterdir()]))
    harvest = Harvest(replace(selection, root=printable(os.fsencode(subdir))))
    gather_directory(directory, subdir, harvest, lambda share: tell("reading files", None))
    return replace(_snapshot(origin, None, None, harvest, False, notes), disk=str(directory))


def _commit(store: ObjectStore, origin: Origin, subdir: str, selection: Selection, tell: Progress) -> Snapshot:
    resolved = resolve(store, origin)
    prefix = _clean(f"{resolved.subdir or ''}/{subdir}")
    key = os.fsencode(prefix)
    tree = read_tree(store, resolved.commit, key)
    if prefix and not tree.files and not tree.missing:
        everything = read_tree(store, resolved.commit).files
        names = {printable(file.path).rpartition("/")[0] for file in everything} - {""}
        raise OriginError(_no_subdir(origin, prefix, sorted(names)))
    harvest = Harvest(replace(selection, root=printable(key)))
    lacking = gather(store, tree, harvest, lambda share: tell("reading files", share))
    notes = resolved.notes
    if lacking:
        notes += (f"partial or damaged clone: {lacking} objects are missing; their ids still count as identity",)
    return _snapshot(origin, store, resolved.commit, harvest, False, notes)


def _snapshot(
    origin: Origin, store: ObjectStore | None, commit: str | None, harvest: Harvest, dirty: bool, notes: tuple[str, ...]
) -> Snapshot:
    gathered = harvest.finish()
    first = last = None
    if store is not None and commit is None:
        notes += ("the repository has no commits yet",)
    elif store is not None and commit is not None:
        history = store.history(commit)
        first, last = history.first, history.last
        if store.shallow:
            notes += ("shallow history: the first commit is the oldest one present",)
        elif not history.complete:
            notes += ("commits are missing from the clone: the first commit is the oldest one readable",)
    if not gathered.files:
        notes += ("no file to examine was found",)
    return Snapshot(
        origin=origin.display,
        revision=commit,
        dirty=dirty,
        files=gathered.files,
        entries=gathered.entries,
        skipped=gathered.skipped,
        first_commit=first,
        last_commit=last,
        notes=notes,
        documents=gathered.documents,
    )


def _no_subdir(origin: Origin, subdir: str, names: list[str]) -> str:
    near = get_close_matches(subdir, names, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "name a directory of it, with / between the parts"
    return f"{origin.display} has no {subdir} in it; {hint}"

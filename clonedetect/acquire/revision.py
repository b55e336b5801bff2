"""Which commit an origin means."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from clonedetect.acquire.objects import ObjectStore
from clonedetect.acquire.origin import Origin
from clonedetect.errors import OriginError


@dataclass(frozen=True, slots=True)
class Resolved:
    """The commit to read, the subdirectory a pasted web address named, and what to say about the choice."""

    commit: str
    subdir: str | None = None
    notes: tuple[str, ...] = ()


def resolve(store: ObjectStore, origin: Origin) -> Resolved:
    """Find the commit. Raises `OriginError` for an empty repository and an unknown revision (naming near ones)."""
    refs = store.refs()
    if origin.tree is not None:
        return _split_tree(store, origin, origin.tree)
    notes: tuple[str, ...] = ()
    if origin.revision is not None:
        commit = _named(store, origin.revision)
        if commit is None:
            raise OriginError(_unknown(store, origin.display, origin.revision))
    else:
        commit = store.commit_of("HEAD")
        if commit is None:
            branches = [name for name, _ in refs if name.startswith(("refs/heads/", "refs/remotes/"))]
            if not branches:
                raise OriginError(f"{origin.display} has no commits: there is nothing to compare yet")
            likely = [name for name in ("refs/heads/main", "refs/heads/master") if name in branches]
            branch = (likely or branches)[0]
            commit = store.commit_of(branch)
            if commit is None:
                raise OriginError(f"{origin.display} is damaged: the commit of {branch} is missing; clone it again")
            notes = (f"the default branch does not exist; read {branch.split('/', 2)[2]}",)
    if origin.date is not None:
        tip, commit = commit, store.commit_at(origin.date, commit)
        if commit is None:
            day = f"{origin.date:%Y-%m-%dT%H:%M:%S%z}"
            first = store.history(tip).first
            raise OriginError(f"{origin.display} has no commit at or before {day}; its first one here is of {first}")
    return Resolved(commit, None, notes)


def _named(store: ObjectStore, revision: str) -> str | None:
    for name in (revision, f"refs/remotes/origin/{revision}"):
        if (commit := store.commit_of(name)) is not None:
            return commit
    return None


def _split_tree(store: ObjectStore, origin: Origin, tree: str) -> Resolved:
    """`feature/x/src` of a web address: the shortest leading part that is a revision, the rest a directory."""
    parts = tree.strip("/").split("/")
    for count in range(1, len(parts) + 1):
        if (commit := _named(store, "/".join(parts[:count]))) is not None:
            return Resolved(commit, "/".join(parts[count:]) or None)
    raise OriginError(_unknown(store, origin.display, tree))


def _unknown(store: ObjectStore, display: str, revision: str) -> str:
    full = {f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/remotes/origin/{revision}", revision}
    names = sorted(
        {name.split("/", 2)[2] for name, _ in store.refs() if name.startswith(("refs/heads/", "refs/tags/"))}
    )
    if any(name in full for name, _ in store.refs()):
        return f"{display} is damaged: the commit of {revision} is missing; clone it again"
    near = get_close_matches(revision, names, n=3, cutoff=0.5)
    if near:
        return f"{display} has no revision {revision}; did you mean {', '.join(near)}?"
    some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    cut = "; its history is shallow (git fetch --unshallow brings the rest)" if store.shallow else ""
    return f"{display} has no revision {revision}; it has {some or 'no branches or tags'}{cut}"

"""Which files of a work tree a commit would change: what is staged, or what differs from a revision."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from clonedetect.acquire.gitcmd import environment, run
from clonedetect.acquire.local import Repository, find_repository, open_repository
from clonedetect.acquire.select import printable
from clonedetect.errors import OriginError

if TYPE_CHECKING:
    from pathlib import Path

_LISTED = ("--name-only", "--no-renames", "--diff-filter=ACMRT", "-z", "--no-ext-diff", "--no-textconv")


def changed_paths(directory: Path, since: str | None = None) -> frozenset[str]:
    """Paths from the repository's root that are added or changed: in the index, or since a revision with all after it.

    Raises OriginError outside git and for a revision that is not there.
    """
    repository = find_repository(directory)
    if repository is None or repository.work_tree is None:
        raise OriginError(f"{directory} is no git work tree, so nothing is staged or changed in it")
    with open_repository(repository) as opened:
        env = environment(opened.store.git_dir, object_dir=opened.store.object_dir)
        env |= {"GIT_WORK_TREE": str(repository.work_tree)} | _index_of_the_commit(repository)
        base = _commit(since, env, repository) if since is not None else opened.head
        if base is None:  # before the first commit everything in the index is new
            listed = run(["ls-files", "-z", "--cached"], env, repository.work_tree)
        elif since is None:
            listed = run(["diff-index", "--cached", *_LISTED, base, "--"], env, repository.work_tree)
        else:
            listed = run(["diff-index", *_LISTED, base, "--"], env, repository.work_tree)
        if listed.status != 0:
            raise OriginError(f"git cannot say what changed in {directory}: {listed.complaint}")
        found = set(listed.stdout.split(b"\0")) - {b""}
        if since is not None:
            more = run(["ls-files", "-z", "--others", "--exclude-standard"], env, repository.work_tree)
            found |= set(more.stdout.split(b"\0")) - {b""}
    return frozenset(printable(path) for path in found)


def _index_of_the_commit(repository: Repository) -> dict[str, str]:
    """The index of the commit that is being made: `git commit -a` gives its hooks another one than the repository's."""
    named = os.environ.get("GIT_INDEX_FILE")
    if not named:
        return {}
    path = (repository.work_tree or repository.git_dir) / named
    return {"GIT_INDEX_FILE": str(path)} if path.resolve().parent == repository.git_dir.resolve() else {}


def _commit(revision: str, env: dict[str, str], repository: Repository) -> str:
    if revision.startswith("-"):
        raise OriginError(f"{revision!r} is not a revision")
    real = environment(repository.git_dir, common_dir=repository.common_dir)
    said = run(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], real, repository.git_dir)
    if said.status != 0:
        raise OriginError(f"there is no revision {revision} here; name a branch, tag or commit")
    return said.stdout.decode("ascii", "replace").strip()

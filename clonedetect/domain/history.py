"""A repository's history as it was walked, and what it says about who had the shared code first.

Dates are ISO 8601 in UTC, or None where git holds a number that is no date. Order is by seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.findings import Direction
from clonedetect.domain.trees import Side

# ---------------------------------------------------------------- what acquire reads


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. Times are seconds since 1970 as git holds them, however odd."""

    id: str
    parents: tuple[str, ...]
    author: str
    authored: int
    committer: str
    committed: int
    subject: str
    message: str  # the whole of it, bounded


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A content at a path: `added` is the place in `HistoryWalk.commits` of the first commit that has it there,
    `removed` that of the commit that changed or deleted it later, -1 where the walk's end still has it."""

    path: str
    blob: str
    added: int
    removed: int
    deleted: bool  # whether `removed` deleted the path instead of changing it


@dataclass(frozen=True, slots=True)
class HistoryWalk:
    """A bounded history, oldest commit first: parents come before their children.

    shallow: commits without their parents in this clone, whose files may be older than they seem.
    limits: which bounds were hit and what is missing, in words; empty for a whole history.
    """

    revision: str
    commits: tuple[Commit, ...]
    versions: tuple[FileVersion, ...]  # by (path, added)
    tags: tuple[tuple[str, str], ...]  # (name, commit id), sorted
    shallow: tuple[str, ...] = ()
    replaced: bool = False  # refs of a rewriting tool are left in the repository
    limits: tuple[str, ...] = ()

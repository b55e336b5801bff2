"""A repository's history as it was walked, and what it says about who had the shared code first.

Dates are ISO 8601 in UTC, or None where git holds a number that is no date. Order is by seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


# ---------------------------------------------------------------- what the history says

Earlier = Literal["left", "right", "unclear"]
FlagKind = Literal["squashed", "imported", "rewritten", "clock-skew", "shallow", "unrelated-roots", "bounded"]


@dataclass(frozen=True, slots=True)
class Flag:
    """A property of a history that weakens what its dates say, in words, with the commit that shows it or ""."""

    kind: FlagKind
    detail: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Appearance:
    """The first commit whose content holds a fragment: at this path, as this blob.

    bulk: that commit brings most of its repository, so what came before it is not known. at_least: the commit is the
    end of what this clone or this walk has, so the fragment may be older.
    """

    commit: str
    author: str
    authored: str | None
    committed: str | None
    subject: str
    path: str
    blob: str
    bulk: bool
    at_least: bool


@dataclass(frozen=True, slots=True)
class PairDates:
    """When each side first had its fragment of a clone pair; None where no commit holds it.

    earlier: the side whose every date of it lies before every date of the other, "unclear" where they overlap or
    `why` says that the dates cannot tell.
    """

    pair: str
    left: Appearance | None
    right: Appearance | None
    earlier: Earlier
    why: str


@dataclass(frozen=True, slots=True)
class SideHistory:
    """What was walked of one side. `contents` are distinct texts that were looked into."""

    revision: str
    commits: int
    first: str | None
    last: str | None
    contents: int
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class RevisionFit:
    """How well one revision fits the other side: `similarity` is the mean, over the fragments that tell revisions
    apart, of the best likeness (0..1) to a fragment of that revision; `present` of them are equal in content."""

    name: str  # a tag, or the commit's short id
    commit: str
    date: str | None
    similarity: float
    present: int


@dataclass(frozen=True, slots=True)
class BestRevision:
    """Which revision of `side` fits the other side best, and the fragments that decide it.

    Only fragments whose likeness differs between revisions count: the others fit all revisions alike.
    """

    side: Side
    name: str
    commit: str
    ties: tuple[str, ...]  # revisions that fit equally well, later ones
    deciding: tuple[str, ...]  # fragments of the other side, those that tell it from the next one first
    fits: tuple[RevisionFit, ...]  # best first, bounded


@dataclass(frozen=True, slots=True)
class CommonCommits:
    """How many commits stand in both histories, the last of them, and how many more each side has."""

    count: int
    last: str
    date: str | None
    subject: str
    left_only: int
    right_only: int


@dataclass(frozen=True, slots=True)
class HistoryFinding:
    """Who had the shared code first.

    Counts are of clone pairs that nothing explains. p_value: two-sided sign test over groups of pairs that arrived in
    the same commits; None where no group is dated.
    """

    left: SideHistory
    right: SideHistory
    left_first: int
    right_first: int
    unclear: int
    groups: int
    p_value: float | None
    direction: Literal["left-from-right", "right-from-left", "unknown"]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    pairs: tuple[PairDates, ...]
    best: tuple[BestRevision, ...]  # at most one a side
    common: CommonCommits | None = None

"""What weakens a history's dates: files that came all at once, rewriting, wrong clocks, missing parts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from clonedetect.domain.history import Commit, Flag, HistoryWalk

BULK: Final = 0.5  # share of a repository's present files that one commit brings
DAY: Final = 86_400
EARLIEST: Final = 315_532_800  # 1980: before any version control of today
LATEST: Final = 4_070_908_800  # 2099
FEW: Final = 5  # commits below which a pattern of dates says nothing
_REVERT = re.compile(r"This reverts commit ([0-9a-f]{40})\b")


@dataclass(frozen=True, slots=True)
class Doubts:
    """Flags of one history, and the places of the commits that they touch.

    bulk: commits that bring most of the repository. odd: commits whose dates contradict their neighbours or cannot be.
    edge: commits whose parents this clone has not.
    """

    flags: tuple[Flag, ...]
    bulk: frozenset[int]
    odd: frozenset[int]
    edge: frozenset[int]


def iso(seconds: int) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None where no calendar has such a day."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None


def doubts(walk: HistoryWalk) -> Doubts:
    """All that speaks against taking a history's dates at their word."""
    place = {commit.id: n for n, commit in enumerate(walk.commits)}
    bulk, bulk_flags = _bulk(walk)
    odd, odd_flags = _clocks(walk.commits, place)
    edge = {n for n, commit in enumerate(walk.commits) if any(parent not in place for parent in commit.parents)}
    edge |= {place[commit] for commit in walk.shallow if commit in place}
    flags = [*bulk_flags, *_rewritten(walk, place, not edge), *odd_flags]
    if edge:
        kind = "shallow" if walk.shallow else "bounded"
        words = "the clone is shallow" if walk.shallow else "earlier commits are missing"
        flags.append(Flag(kind, f"{words}: what its oldest commits hold may be older", walk.commits[min(edge)].id))
    roots = [commit.id for n, commit in enumerate(walk.commits) if not commit.parents and n not in edge]
    if len(roots) > 1:
        detail = f"{len(roots)} commits have no parent: histories without a common ancestor were joined"
        flags.append(Flag("unrelated-roots", detail, roots[1]))
    flags += [Flag("bounded", limit) for limit in walk.limits]
    return Doubts(tuple(flags), frozenset(bulk), frozenset(odd), frozenset(edge))


def _bulk(walk: HistoryWalk) -> tuple[set[int], list[Flag]]:
    """Commits that bring at least half of the files that are there today, whatever their later changes."""
    by_path: dict[str, int] = {}
    by_blob: dict[str, int] = {}
    for version in walk.versions:
        by_path[version.path] = min(version.added, by_path.get(version.path, version.added))
        by_blob[version.blob] = min(version.added, by_blob.get(version.blob, version.added))
    present = {version.path: version.blob for version in walk.versions if version.removed < 0}
    brought = Counter(min(by_path[path], by_blob[blob]) for path, blob in present.items())
    found: set[int] = set()
    flags: list[Flag] = []
    for place, count in sorted(brought.items()):
        share = count / len(present)
        if share < BULK:
            continue
        commit = walk.commits[place]
        found.add(place)
        words = f"brings {share:.0%} of the {len(present):,} files of today at once"
        if commit.parents:
            flags.append(Flag("imported", f"a later commit {words}", commit.id))
        else:
            flags.append(Flag("squashed", f"the first commit {words}: how they came to be is not recorded", commit.id))
    return found, flags


def _clocks(commits: tuple[Commit, ...], place: dict[str, int]) -> tuple[set[int], list[Flag]]:
    """Commits dated more than a day before a parent, and those dated where no commit can be."""
    odd: set[int] = set()
    backwards: list[int] = []
    impossible: list[int] = []
    for n, commit in enumerate(commits):
        if not all(EARLIEST <= when < LATEST for when in (commit.authored, commit.committed)):
            impossible.append(n)
            odd.add(n)
        for parent in commit.parents:
            if parent in place and commits[place[parent]].committed > commit.committed + DAY:
                backwards.append(n)
                odd |= {n, place[parent]}
    flags: list[Flag] = []
    if backwards:
        detail = f"{len(backwards):,} commits are dated more than a day before their own parent"
        flags.append(Flag("clock-skew", detail, commits[backwards[0]].id))
    if impossible:
        when = commits[impossible[0]]
        years = iso(when.authored), iso(when.committed)
        detail = f"{len(impossible):,} commits bear impossible dates, the first {years[0]} and {years[1]}"
        flags.append(Flag("clock-skew", detail, when.id))
    return odd, flags


def _rewritten(walk: HistoryWalk, place: dict[str, int], complete: bool) -> list[Flag]:
    """Signs that commits were made anew: rebased onto one moment, left references, reverts of what is not there."""
    flags: list[Flag] = []
    commits = walk.commits
    if walk.replaced:
        flags.append(Flag("rewritten", "references of a rewriting tool are left in the repository"))
    later = [c for c in commits if c.committed > c.authored + DAY]
    if len(commits) >= FEW and len(later) >= 0.8 * len(commits):
        authored = max(c.authored for c in commits) - min(c.authored for c in commits)
        committed = max(c.committed for c in commits) - min(c.committed for c in commits)
        if committed < 0.1 * authored:
            detail = f"{len(later):,} of {len(commits):,} commits were committed long after they were authored, at once"
            flags.append(Flag("rewritten", detail, later[0].id))
    if complete and not walk.limits:
        gone = [c for c in commits for reverted in _REVERT.findall(c.message) if reverted not in place]
        if gone:
            flags.append(Flag("rewritten", f"{len(gone):,} commits revert commits that are not there", gone[0].id))
    return flags

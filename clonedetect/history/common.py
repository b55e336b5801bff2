"""Commits that stand in both histories: a fork, or one that took a third history in."""

from __future__ import annotations

from clonedetect.domain.history import CommonCommits, HistoryWalk
from clonedetect.history.flags import iso


def common_commits(left: HistoryWalk, right: HistoryWalk) -> CommonCommits | None:
    """The commits of the same id in both walks; None where there is none.

    An id is the hash of what a commit holds and of all commits before it: histories begun separately share none.
    """
    theirs = {commit.id for commit in right.commits}
    shared = [commit for commit in left.commits if commit.id in theirs]
    if not shared:
        return None
    before = {parent for commit in shared for parent in commit.parents}
    last = max((commit for commit in shared if commit.id not in before), key=lambda c: (c.committed, c.id))
    return CommonCommits(
        count=len(shared),
        last=last.id,
        date=iso(last.committed),
        subject=last.subject,
        left_only=len(left.commits) - len(shared),
        right_only=len(right.commits) - len(shared),
    )

"""A bounded walk over a repository's history: commits, and when each file's content came and went.

Two streams of git, oldest commit first: what the commits say (`git log`), then what each changed against its first
parent (`git diff-tree --stdin`), so that one damaged commit costs only itself. Nothing is checked out, no rename
detection, no configuration but ours.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clonedetect.acquire.gitcmd import environment, start, stop
from clonedetect.acquire.local import find_repository, open_repository
from clonedetect.acquire.objects import MAX_DEATHS, ObjectStore
from clonedetect.acquire.origin import parse_origin
from clonedetect.acquire.select import printable
from clonedetect.acquire.store import Progress, default_cache_dir, open_mirror
from clonedetect.domain.history import Commit, FileVersion, HistoryWalk
from clonedetect.errors import OriginError

MAX_COMMITS = 20_000
MAX_SECONDS = 60.0
MAX_CHANGES = 600_000  # files that commits changed, in all
MAX_MESSAGE = 2_000  # characters of a commit message
_FORMAT = "%H%x00%P%x00%an%x00%at%x00%cn%x00%ct%x00%B%x00%x00"


@dataclass(frozen=True, slots=True)
class OpenHistory:
    """A walked history and a way to read its contents: `read(ids, max_bytes)` yields (id, bytes or None)."""

    walk: HistoryWalk
    read: Callable[[Sequence[str], int], Iterator[tuple[str, bytes | None]]]


@contextmanager
def open_history(
    origin: str,
    revision: str | None,
    *,
    subdir: str | None = None,
    cache_dir: Path | None = None,
    max_commits: int = MAX_COMMITS,
    max_seconds: float = MAX_SECONDS,
    progress: Progress | None = None,
) -> Generator[OpenHistory]:
    """Walk what leads to `revision` (a commit id that `acquire` found), or raise `OriginError` with the reason why not.

    `subdir` restricts the files as it does for `acquire`; a directory inside a work tree is restricted to itself.
    Of more than `max_commits` commits the newest are left out: who had it first is what is asked. Where time or
    changes run out, the walk ends early; `HistoryWalk.limits` says so.
    """
    with opened_store(origin, revision, cache_dir, progress) as (store, inner):
        walk = _walk(store, str(revision), _joined(inner, subdir), max_commits, max_seconds, progress)
        yield OpenHistory(walk, store.read)


@contextmanager
def opened_store(
    origin: str, revision: str | None, cache_dir: Path | None, progress: Progress | None
) -> Generator[tuple[ObjectStore, str]]:
    """The objects that hold `revision`, a commit that `acquire` found, and the directory that the origin names in it.

    Raises OriginError with the reason why there is none.
    """
    if revision is None:
        raise OriginError("not in a git repository, or without commits")
    where = parse_origin(origin)
    if where.path is not None:
        repository = find_repository(where.path)
        if repository is None:
            raise OriginError("not in a git repository")
        tree = repository.work_tree
        inner = where.path.resolve().relative_to(tree).as_posix() if tree is not None else ""
        with open_repository(repository) as opened:
            yield opened.store, inner
        return
    # The commit was fetched by `acquire` a moment ago: naming it needs no network.
    known = replace(where, revision=revision, date=None, tree=None)
    with open_mirror(known, cache_dir or default_cache_dir(), progress) as mirror:
        yield mirror.store, where.subdir or ""


def _joined(*parts: str | None) -> bytes:
    """A directory in the repository as git has it, b"" for all of it."""
    path = "/".join(part.replace("\\", "/").strip("/") for part in parts if part)
    return os.fsencode("/".join(part for part in path.split("/") if part not in ("", ".")))


def _walk(
    store: ObjectStore, revision: str, prefix: bytes, max_commits: int, max_seconds: float, progress: Progress | None
) -> HistoryWalk:
    until = time.monotonic() + max_seconds
    limits: list[str] = []
    commits = _commits(store, revision, max_seconds, limits)
    if len(commits) > max_commits:
        limits.append(f"only the oldest {max_commits:,} of {len(commits):,} commits were walked")
        commits = commits[:max_commits]
    versions = _versions(store, commits, prefix, until, limits, progress)
    refs = store.refs()
    wanted = {commit.id for commit in commits}
    tags = []
    for name, oid in refs:
        if name.startswith("refs/tags/"):
            commit = oid if oid in wanted else store.commit_of(oid)
            if commit in wanted:
                tags.append((name.removeprefix("refs/tags/"), str(commit)))
    replaced = any(name.startswith(("refs/replace/", "refs/original/")) for name, _ in refs)
    return HistoryWalk(
        revision, tuple(commits), versions, tuple(sorted(tags)), _cut_off(store, wanted), replaced, tuple(limits)
    )


def _cut_off(store: ObjectStore, commits: set[str]) -> tuple[str, ...]:
    """Commits whose parents were left out of a shallow clone."""
    if not store.shallow:
        return ()
    listed = (store.git_dir / "shallow").read_text("ascii", "replace").split()
    return tuple(sorted(commits.intersection(listed)))


def _commits(store: ObjectStore, revision: str, max_seconds: float, limits: list[str]) -> list[Commit]:
    """All commits that lead to a revision, oldest first and parents before children; as many as can be read."""
    # Not `--reverse`: where a parent is missing git stops, and what it printed up to there is the newer part.
    command = ["log", "--date-order", "--no-show-signature", "--encoding=UTF-8", f"--format={_FORMAT}", revision]
    out: list[Commit] = []
    stream = _Stream(store, command, b"", max_seconds)
    for record in stream.records(b"\0\0\n"):
        fields = record.decode("utf-8", "replace").split("\0", 6)
        if len(fields) != 7:
            continue
        commit, parents, author, authored, committer, committed, message = fields
        message = message[:MAX_MESSAGE].strip("\n")
        subject = message.split("\n", 1)[0][:200]
        out.append(
            Commit(
                commit.strip(),
                tuple(parents.split()),
                author,
                _seconds(authored),
                committer,
                _seconds(committed),
                subject,
                message,
            )
        )
    if stream.timed_out:
        limits.append(f"listing commits took longer than {max_seconds:g} seconds: the oldest are missing")
    elif stream.status != 0:
        limits.append("commits are missing from the clone: what came before them is not known")
    out.reverse()
    return out


def _seconds(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _versions(
    store: ObjectStore, commits: list[Commit], prefix: bytes, until: float, limits: list[str], progress: Progress | None
) -> tuple[FileVersion, ...]:
    """Every content at every path with the commits that brought and ended it."""
    place = {commit.id: n for n, commit in enumerate(commits)}
    first: dict[tuple[str, str], list[int]] = {}  # (path, blob) -> [added, removed, deleted]
    todo, changes, deaths, damaged = list(commits), 0, 0, 0
    while todo:
        # Against the first parent alone: what a merge brings from its other parents those commits have brought.
        feed = "".join(f"{c.id} {c.parents[0]}\n" if _has(c, place) else f"{c.id}\n" for c in todo)
        command = ["diff-tree", "--stdin", "--root", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--always"]
        stream = _Stream(store, command, feed.encode(), max(0.1, until - time.monotonic()))
        at = -1
        done = 0
        meta: bytes | None = None
        for token in stream.records(b"\0"):
            if meta is not None:
                if not prefix or token == prefix or token.startswith(prefix + b"/"):
                    _change(first, at, meta, token)
                meta, changes = None, changes + 1
                if changes >= MAX_CHANGES:
                    break
            elif token.startswith(b":"):
                meta = token
            else:
                at = place.get(token.decode("ascii", "replace").strip().split(" ")[0], at)
                done += 1
                if progress and done % 500 == 0:
                    progress("walking history", at / len(commits))
        stream.close()
        if stream.timed_out or changes >= MAX_CHANGES:
            bound = f"{MAX_CHANGES:,} changed files" if changes >= MAX_CHANGES else "the time allowed"
            limits.append(f"the walk ended at commit {at + 1:,} of {len(commits):,}: {bound} were reached")
            break
        todo = todo[max(done, 1) :] if stream.status != 0 else []
        if stream.status != 0:
            deaths, damaged = deaths + 1, damaged + 1
            if deaths > MAX_DEATHS:
                limits.append("too many objects are missing from the clone: the walk ended early")
                break
    if damaged:
        limits.append(f"{damaged} commits could not be compared with their parents: objects are missing from the clone")
    return tuple(
        FileVersion(path, blob, added, removed, bool(deleted))
        for (path, blob), (added, removed, deleted) in sorted(first.items(), key=lambda item: (item[0][0], item[1]))
    )


def _has(commit: Commit, place: dict[str, int]) -> bool:
    return bool(commit.parents) and commit.parents[0] in place


def _change(first: dict[tuple[str, str], list[int]], at: int, meta: bytes, path: bytes) -> None:
    fields = meta.split(b" ")
    if len(fields) != 5 or at < 0:
        return
    old_mode, new_mode, old, new, _ = (field.decode("ascii", "replace") for field in fields)
    name = printable(path)
    if old_mode.startswith((":100", "100")) and old.strip("0"):
        seen = first.get((name, old))
        if seen is not None:
            seen[1], seen[2] = at, int(not new.strip("0"))
    if new_mode.startswith("100") and new.strip("0"):
        seen = first.get((name, new))
        if seen is None:
            first[name, new] = [at, -1, 0]
        elif old != new:
            seen[1], seen[2] = -1, 0  # it came back


class _Stream:
    """The records of one git call, read as they come and bounded in time."""

    def __init__(self, store: ObjectStore, command: Sequence[str], stdin: bytes, seconds: float) -> None:
        self._process = start(command, environment(store.git_dir, object_dir=store.object_dir), store.git_dir)
        self.timed_out, self.status = False, 0
        self._watchdog = threading.Timer(seconds, self._expire)
        self._helpers = [
            threading.Thread(target=self._feed, args=(stdin,), daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for thread in (*self._helpers, self._watchdog):
            thread.daemon = True
            thread.start()

    def _expire(self) -> None:
        self.timed_out = True
        self._process.kill()

    def _feed(self, data: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            stdin.write(data)
            stdin.close()
        except (OSError, ValueError):  # git died; the reader sees the end of its output
            return

    def _drain(self) -> None:
        stderr = self._process.stderr
        try:
            while stderr is not None and stderr.read(65536):
                continue
        except (OSError, ValueError):
            return

    def records(self, separator: bytes) -> Iterator[bytes]:
        """What stands before each separator; a last record that was cut off is left out."""
        stdout = self._process.stdout
        rest = b""
        while stdout is not None and (chunk := stdout.read(1 << 18)):
            *whole, rest = (rest + chunk).split(separator)
            yield from whole
            if len(rest) > 64_000_000:  # no message or path is so long
                break
        self.close()

    def close(self) -> None:
        """End git and keep its status."""
        self._watchdog.cancel()
        if self._process.poll() is None:
            try:
                self._process.wait(timeout=2)
            except Exception:
                self._process.terminate()
        self.status = self._process.poll() or 0
        for thread in self._helpers:
            thread.join(timeout=3)
        stop(self._process)

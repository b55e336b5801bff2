"""Reading git's object store: commits, trees and blobs as they are, nothing checked out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clonedetect.acquire.gitcmd import Result, environment, run, start, stop

READ_SECONDS = 900.0
"""Limit of one stream of objects."""
MAX_META_BYTES = 64_000_000
"""A commit or tree object larger than this is taken as damaged."""
MAX_DEATHS = 64
"""git dies on some corrupt objects; it is started again behind them this often."""


@dataclass(frozen=True, slots=True)
class History:
    """Committer dates in ISO 8601 UTC; `complete` is false where commits are missing from the clone."""

    first: str | None
    last: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A git directory whose configuration is our own, over an object directory that may be anyone's."""

    git_dir: Path
    object_dir: Path
    algorithm: str = "sha1"  # or "sha256", the hash that names objects

    @property
    def shallow(self) -> bool:
        """Whether history was cut off when it was cloned."""
        return (self.git_dir / "shallow").is_file()

    def git(self, *args: str, stdin: bytes = b"") -> Result:
        """Run git on this store, with no configuration but ours and no way to the network."""
        return run(args, environment(self.git_dir, object_dir=self.object_dir), self.git_dir, stdin=stdin)

    def commit_of(self, revision: str) -> str | None:
        """The commit a revision names, None where there is none (or its object is missing)."""
        if revision.startswith("-"):
            return None
        said = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
        lines = said.stdout.decode("ascii", "replace").split()
        return lines[-1] if said.status == 0 and lines else None

    def refs(self) -> tuple[tuple[str, str], ...]:
        """(full name, object id) of every ref, sorted by name."""
        said = self.git("for-each-ref", "--format=%(objectname) %(refname)")
        pairs = (line.partition(" ") for line in said.stdout.decode("utf-8", "replace").splitlines())
        return tuple(sorted((name, oid) for oid, _, name in pairs))

    def commit_at(self, moment: datetime, tip: str) -> str | None:
        """The newest commit of `tip`'s first-parent line whose committer date is not after `moment`.

        First parents are what the branch itself pointed at: a commit made earlier but merged later was not there yet.
        """
        said = self.git("rev-list", "--first-parent", "--timestamp", tip)
        best: tuple[int, str] | None = None
        for line in said.stdout.decode("ascii", "replace").splitlines():
            stamp, _, commit = line.partition(" ")
            if int(stamp) <= moment.timestamp() and (best is None or int(stamp) > best[0]):
                best = int(stamp), commit
        return best[1] if best else None

    def history(self, commit: str) -> History:
        """Oldest reachable committer date and the commit's own."""
        said = self.git("rev-list", "--timestamp", commit)
        stamps = [int(line.split(b" ", 1)[0]) for line in said.stdout.splitlines()]
        if not stamps:
            return History(None, None, False)
        return History(_iso(min(stamps)), _iso(stamps[0]), said.status == 0 and not self.shallow)

    def tree_of(self, commit: str) -> str | None:
        """The id of a commit's root tree, None where the commit is missing or damaged."""
        data = next(iter(self.read([commit], MAX_META_BYTES)))[1]
        line = (data or b"").split(b"\n", 1)[0]
        return line[5:].decode("ascii", "replace") if line.startswith(b"tree ") else None

    def sizes(self, ids: Sequence[str]) -> dict[str, int | None]:
        """Size in bytes of each object's content, None where it is missing or damaged."""
        sizes: dict[str, int | None] = {}
        todo, deaths = list(dict.fromkeys(ids)), 0
        while todo and deaths <= MAX_DEATHS:
            lines = self.git(
                "cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", stdin="\n".join(todo).encode()
            ).stdout.splitlines()
            for oid, line in zip(todo, lines, strict=False):
                last = line.rpartition(b" ")[2]
                sizes[oid] = int(last) if last.isdigit() else None
            todo, deaths = todo[len(lines) + 1 :], deaths + 1
        return sizes | dict.fromkeys((oid for oid in ids if oid not in sizes), None)

    def read(self, ids: Sequence[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        """(id, content) of each id in order; None where an object is missing, damaged or larger than `max_bytes`."""
        todo, deaths = list(ids), 0
        while todo:
            answered = 0
            if deaths <= MAX_DEATHS:
                for oid, data in self._stream(todo, max_bytes):
                    answered += 1
                    yield oid, data
            if answered < len(todo):  # git died on this one
                yield todo[answered], None
                answered, deaths = answered + 1, deaths + 1
            todo = todo[answered:]

    def _stream(self, ids: Sequence[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        env = environment(self.git_dir, object_dir=self.object_dir)
        process = start(["cat-file", "--batch", "--buffer"], env, self.git_dir)
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("git was started without pipes")

        def feed() -> None:
            try:
                stdin.write("\n".join(ids).encode() + b"\n")
                stdin.close()
            except OSError:  # git died; the reader sees the end of its output
                return

        def drain() -> None:
            while stderr.read(65536):
                continue

        helpers = [threading.Thread(target=target, daemon=True) for target in (feed, drain)]
        watchdog = threading.Timer(READ_SECONDS, process.kill)
        watchdog.daemon = True
        for thread in (*helpers, watchdog):
            thread.start()
        try:
            for oid in ids:
                fields = stdout.readline().split()
                if len(fields) < 2:
                    return
                if len(fields) != 3 or not fields[2].isdigit():
                    yield oid, None
                    continue
                size = int(fields[2])
                if size > max_bytes:
                    if not _discard(stdout, size + 1):
                        return
                    yield oid, None
                    continue
                data = stdout.read(size)
                if len(data) < size or stdout.read(1) != b"\n":
                    return
                yield oid, data
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.terminate()
            for thread in helpers:
                thread.join(timeout=3)
            stop(process)


def _discard(stream, size: int) -> bool:
    while size > 0:
        chunk = stream.read(min(size, 1 << 20))
        if not chunk:
            return False
        size -= len(chunk)
    return True


def _iso(stamp: int) -> str | None:
    try:
        return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None

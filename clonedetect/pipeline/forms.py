"""Canonical statements of fragments: each source text once, in worker processes where that pays, and cached.

What a fragment's canonical form depends on beside its text is which of its names are the repositories' own. Those that
were asked for are kept with the form: it holds wherever the answers are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import TYPE_CHECKING

from clonedetect.domain import Statement
from clonedetect.normalise.canonical import canonicals
from clonedetect.parse.cache import Cache
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from clonedetect.domain import Forest, StandIns

VERSION = f"5:{sys.version_info[0]}.{sys.version_info[1]}"  # of the forms, and of the syntax they are read by
_CHUNK = 64  # fragments a task
_LOCAL = 200  # fragments below which starting workers costs more than it saves
_MOST = 2_000  # unpacked forms that are held

Place = tuple[int, int]  # side, place in its forest
_forms: Forms | None = None  # what forked workers read; set for the time of one call


class _Asked:
    """The own names, and what was asked of them."""

    def __init__(self, own: frozenset[str]) -> None:
        self.own = own
        self.yes: set[str] = set()
        self.no: set[str] = set()

    def __contains__(self, name: object) -> bool:
        found = name in self.own
        (self.yes if found else self.no).add(str(name))
        return found


class Forms:
    """Canonical forms of two forests' definitions. `own` are the names that the repositories define."""

    def __init__(
        self,
        forests: tuple[Forest, Forest],
        stand_ins: tuple[StandIns, StandIns],
        own: frozenset[str],
        jobs: int | None,
        cache: Path | None,
    ) -> None:
        self._forests, self._stand_ins, self._own = forests, stand_ins, own
        self._jobs, self._cache = jobs or os.cpu_count() or 1, Cache(cache)
        self._keys: dict[Place, str] = {}
        self._packed: dict[str, bytes] = {}
        self._read: dict[str, tuple[Statement, ...] | None] = {}

    def prepare(self, places: Iterable[Place], progress: Callable[[int, int], None] | None = None) -> None:
        """Make the forms of these places, for `of` to read."""
        first: dict[str, Place] = {}
        for place in sorted(set(places) - self._keys.keys()):
            key = self._keys[place] = hashlib.blake2b(self._source(*place), digest_size=16).hexdigest()
            if key not in self._packed:
                first.setdefault(key, place)
        for key, packed in self._cache.get(first, VERSION).items():
            if self._holds(packed):
                self._packed[key] = packed
        missing = {place: key for key, place in first.items() if key not in self._packed}
        made: dict[str, bytes] = {}
        for part in self._made(self._tasks(missing)):
            made |= {missing[place]: packed for place, packed in part}
            if progress:
                progress(len(made), len(missing))
        self._packed |= made
        if made:
            self._cache.put(made.items(), VERSION)

    def key(self, side: int, place: int) -> str:
        """Equal for places of equal source, which have equal forms."""
        return self._keys[side, place]

    def of(self, key: str) -> tuple[Statement, ...] | None:
        """The canonical statements of a source, lines counted from 1; None: it is no syntax of the running Python."""
        if key not in self._read:
            if len(self._read) >= _MOST:
                del self._read[next(iter(self._read))]  # the oldest
            self._read[key] = _unpacked(self._packed[key])
        return self._read[key]

    def _tasks(self, places: Iterable[Place]) -> list[list[list[Place]]]:
        """Tasks of about `_CHUNK` places, in order: lists of places, each one alone or a class with what is in it."""
        tasks: list[list[list[Place]]] = []
        side, end, count = -1, 0, _CHUNK
        for place in places:
            forest = self._forests[place[0]]
            row = int(forest.statements.row[place[1]])
            if place[0] == side and row < end:
                tasks[-1][-1].append(place)
            else:
                if count >= _CHUNK:
                    tasks.append([])
                    count = 0
                tasks[-1].append([place])
                side, end = place[0], int(forest.columns.after[row])
            count += 1
        return tasks

    def _made(self, tasks: Sequence[list[list[Place]]]) -> Iterator[list[tuple[Place, bytes]]]:
        global _forms
        _forms = self
        try:
            if self._jobs == 1 or len(tasks) * _CHUNK < _LOCAL or sys.platform != "linux":
                yield from map(_make, tasks)
                return
            with worker_pool(min(self._jobs, len(tasks))) as pool:
                try:
                    yield from pool.map(_make, tasks)
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        finally:
            _forms = None

    def make(self, places: Sequence[Place]) -> Iterator[tuple[Place, bytes]]:
        """The forms of a place and of what lies in it, packed; what is no member of a class is made by itself."""
        outer, *inner = places
        lines = self._source(*outer).split(b"\n")
        first, parts = self._forests[outer[0]].statements.first, [(0, 1, _Asked(self._own))]
        for place in inner:
            own, at = self._source(*place).split(b"\n"), int(first[place[1]] - first[outer[1]])
            # By itself it would have these very lines.
            there = lines[at : at + len(own)]
            same = there[:-1] == own[:-1] and there[-1][: len(own[-1])] == own[-1]
            parts.append((at if same else -1, 1, _Asked(self._own)))
        made = canonicals(b"\n".join(lines).decode("utf-8", "replace"), parts)
        for place, (_, _, asked), statements in zip(places, parts, made, strict=True):
            if statements is None and place != outer:
                yield from self.make([place])
            else:
                yield place, _packed(asked, statements)

    def _holds(self, packed: bytes) -> bool:
        yes, no, _ = packed.split(b"\n")
        return self._own.issuperset(json.loads(yes)) and self._own.isdisjoint(json.loads(no))

    def _source(self, side: int, place: int) -> bytes:
        forest = self._forests[side]
        row = int(forest.statements.row[place])
        file = forest.file_of(row)
        data = forest.files[file].data
        start, end = int(forest.columns.start[row]), int(forest.columns.end[row])
        indent = data[data.rfind(b"\n", 0, start) + 1 : start]
        # The first line is given its indentation back, so that all lines of the fragment have theirs.
        return (indent if not indent.strip() else b"") + self._stand_ins[side].read(file, start, end, data)


def _make(task: list[list[Place]]) -> list[tuple[Place, bytes]]:
    assert _forms is not None
    return [one for places in task for one in _forms.make(places)]


def _packed(asked: _Asked, statements: tuple[Statement, ...] | None) -> bytes:
    """The own names that were asked for, the other names that were, the statements."""
    rows = statements and [(s.start_line, s.end_line, s.depth, s.tokens, s.rewrites) for s in statements]
    return b"\n".join(json.dumps(part).encode() for part in (sorted(asked.yes), sorted(asked.no), rows))


def _unpacked(packed: bytes) -> tuple[Statement, ...] | None:
    rows = json.loads(packed[packed.rindex(b"\n") + 1 :])
    if rows is None:
        return None
    return tuple(
        Statement(start, end, depth, tuple(map(sys.intern, tokens)), tuple(map(sys.intern, rewrites)))
        for start, end, depth, tokens, rewrites in rows
    )

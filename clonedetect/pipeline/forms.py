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
from clonedetect.normalise.canonical import canonical
from clonedetect.parse.cache import Cache
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from clonedetect.domain import Forest, StandIns

VERSION = f"5:{sys.version_info[0]}.{sys.version_info[1]}"  # of the forms, and of the syntax they are read by
_CHUNK = 64  # fragments a task
_LOCAL = 200  # fragments below which starting workers costs more than it saves
_MOST = 4_000  # unpacked forms that are held

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
        self._read: dict[Place, tuple[Statement, ...] | None] = {}

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
        missing = [(key, place) for key, place in first.items() if key not in self._packed]
        chunks = [[place for _, place in missing[at : at + _CHUNK]] for at in range(0, len(missing), _CHUNK)]
        made = {}
        for packed in self._made(chunks):
            made[missing[len(made)][0]] = packed
            if progress and len(made) % _CHUNK == 0:
                progress(len(made), len(missing))
        self._packed |= made
        if made:
            self._cache.put(made.items(), VERSION)

    def of(self, side: int, place: int) -> tuple[Statement, ...] | None:
        """The canonical statements of a place, at their lines; None where it is no syntax of the running Python."""
        if (side, place) not in self._read:
            if len(self._read) >= _MOST:
                self._read.clear()
            packed = self._packed[self._keys[side, place]]
            shift = int(self._forests[side].statements.first[place]) - 1
            self._read[side, place] = _unpacked(packed, shift)
        return self._read[side, place]

    def _made(self, chunks: Sequence[list[Place]]) -> Iterator[bytes]:
        global _forms
        _forms = self
        try:
            if self._jobs == 1 or sum(map(len, chunks)) < _LOCAL or sys.platform != "linux":
                for chunk in chunks:
                    yield from _make(chunk)
                return
            workers = min(self._jobs, len(chunks))
            with worker_pool(workers) as pool:
                try:
                    for part in pool.map(_make, chunks):
                        yield from part
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            _forms = None

    def make(self, side: int, place: int) -> bytes:
        """The form of a place, packed: the own names that were asked for, the other names that were, the statements."""
        asked = _Asked(self._own)
        statements = canonical(self._source(side, place).decode("utf-8", "replace"), 1, asked)
        rows = statements and [(s.start_line, s.end_line, s.depth, s.tokens, s.rewrites) for s in statements]
        return b"\n".join(json.dumps(part).encode() for part in (sorted(asked.yes), sorted(asked.no), rows))

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


def _make(places: list[Place]) -> list[bytes]:
    assert _forms is not None
    return [_forms.make(side, place) for side, place in places]


def _unpacked(packed: bytes, shift: int) -> tuple[Statement, ...] | None:
    rows = json.loads(packed[packed.rindex(b"\n") + 1 :])
    if rows is None:
        return None
    return tuple(
        Statement(start + shift, end + shift, depth, tuple(tokens), tuple(rewrites))
        for start, end, depth, tokens, rewrites in rows
    )

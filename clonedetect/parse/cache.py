"""What is known of a content by itself, by its git blob id: SQLite in write-ahead mode, usable after a killed run."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from clonedetect.domain import Columns, Statements

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Parsed = tuple[Columns, Statements, int]
_LAYOUT = (  # column dtypes in the order in which they lie in a blob
    ("kind", np.uint16), ("start", np.uint32), ("end", np.uint32), ("after", np.uint32), ("text", np.uint64),
    ("role", np.uint8),
)  # fmt: skip
_STATEMENTS = (("row", np.uint32), ("parent", np.int32), ("first", np.uint32), ("last", np.uint32))
_SIZES = struct.Struct("<3I")  # rows, statements, lines


def pack(parsed: Parsed) -> bytes:
    """Sizes, then all columns end to end."""
    columns, statements, lines = parsed
    arrays = [getattr(columns, n) for n, _ in _LAYOUT] + [getattr(statements, n) for n, _ in _STATEMENTS]
    return _SIZES.pack(len(columns.kind), len(statements.row), lines) + b"".join(a.tobytes() for a in arrays)


def unpack(raw: bytes) -> Parsed:
    """The inverse of `pack`, without a copy. Raises ValueError where the lengths do not fit."""
    if len(raw) < _SIZES.size:
        raise ValueError("damaged cache entry")
    rows, places, lines = _SIZES.unpack_from(raw)
    arrays, at = [], _SIZES.size
    for n, layout in ((rows, _LAYOUT), (places, _STATEMENTS)):
        for _, dtype in layout:
            arrays.append(np.frombuffer(raw, dtype, n, at))
            at += n * np.dtype(dtype).itemsize
    if at != len(raw):
        raise ValueError("damaged cache entry")
    return Columns(*arrays[: len(_LAYOUT)]), Statements(*arrays[len(_LAYOUT) :]), lines


_OLDEST = """
DELETE FROM known WHERE rowid IN (SELECT row FROM (
    SELECT rowid AS row, sum(length(raw)) OVER (ORDER BY rowid DESC) AS total FROM known
) WHERE total > ?)
"""


class Cache:
    """Bytes by (key, version). Any defect of the file reads as "not there": a cache never fails a run."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def get(self, keys: Iterable[str], version: str) -> dict[str, bytes]:
        """Those of the keys that are cached, what is damaged left out."""
        found: dict[str, bytes] = {}
        wanted = sorted(set(keys))
        try:
            with closing(self._open()) as db:
                for at in range(0, len(wanted), 500):
                    part = wanted[at : at + 500]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, sum, raw FROM known WHERE version = ? AND key IN ({marks})"
                    for key, checksum, raw in db.execute(query, (version, *part)):
                        if isinstance(raw, bytes) and crc32(raw) == checksum:
                            found[key] = raw
        except (sqlite3.Error, OSError):
            return found
        return found

    def put(self, known: Iterable[tuple[str, bytes]], version: str, most: int | None = None) -> None:
        """Store some in one transaction. Where all together are more than `most` bytes, the oldest are thrown away."""
        try:
            with closing(self._open()) as db:
                db.execute("BEGIN IMMEDIATE")
                rows = ((key, version, crc32(raw), raw) for key, raw in known)
                db.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", rows)
                if most is not None:
                    db.execute(_OLDEST, (most,))
                db.execute("COMMIT")
        except (sqlite3.Error, OSError):
            return

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            raise OSError("no cache")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.execute("PRAGMA page_size=32768")  # contents are long: a third of the time of small pages
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")  # a lost page costs one parse
        db.execute(
            "CREATE TABLE IF NOT EXISTS known (key TEXT, version TEXT, sum INT, raw BLOB, PRIMARY KEY (key, version))"
        )
        return db

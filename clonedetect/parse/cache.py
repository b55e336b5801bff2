"""Parsed columns by git blob id: one SQLite file in write-ahead mode, usable after a killed run."""

from __future__ import annotations

import sqlite3
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


def pack(parsed: Parsed) -> tuple[int, int, int, bytes]:
    """(rows, statements, lines, all columns end to end with their checksum)."""
    columns, statements, lines = parsed
    arrays = [getattr(columns, n) for n, _ in _LAYOUT] + [getattr(statements, n) for n, _ in _STATEMENTS]
    raw = b"".join(a.tobytes() for a in arrays)
    return len(columns.kind), len(statements.row), lines, raw + _checksum(raw)


def _checksum(raw: bytes | memoryview) -> bytes:
    return crc32(raw).to_bytes(4, "little")


def unpack(rows: int, places: int, lines: int, raw: bytes) -> Parsed:
    """The inverse of `pack`, without a copy. Raises ValueError where lengths or checksum do not fit."""
    arrays, at = [], 0
    for n, layout in ((rows, _LAYOUT), (places, _STATEMENTS)):
        for _, dtype in layout:
            arrays.append(np.frombuffer(raw, dtype, n, at))
            at += n * np.dtype(dtype).itemsize
    if at + 4 != len(raw) or _checksum(memoryview(raw)[:at]) != raw[at:]:
        raise ValueError("damaged cache entry")
    return Columns(*arrays[: len(_LAYOUT)]), Statements(*arrays[len(_LAYOUT) :]), lines


class Cache:
    """Columns by (blob id, parser version). Any defect of the file reads as "not there": a cache never fails a run."""

    def __init__(self, path: Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=OFF")  # a lost page costs one parse
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS parsed (blob TEXT, version TEXT, rows INT, places INT, lines INT, raw BLOB,"
                " PRIMARY KEY (blob, version)) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError):
            self._db = None

    def get(self, blobs: Iterable[str], version: str) -> dict[str, Parsed]:
        """Those of the blobs that are cached."""
        found: dict[str, Parsed] = {}
        if self._db is None:
            return found
        wanted = sorted(set(blobs))
        try:
            for at in range(0, len(wanted), 500):
                part = wanted[at : at + 500]
                marks = ",".join("?" * len(part))
                query = f"SELECT blob, rows, places, lines, raw FROM parsed WHERE version = ? AND blob IN ({marks})"
                for blob, *packed in self._db.execute(query, (version, *part)):
                    try:
                        found[blob] = unpack(*packed)
                    except (ValueError, TypeError):
                        continue
        except sqlite3.Error:
            return found
        return found

    def put(self, parsed: Iterable[tuple[str, Parsed]], version: str) -> None:
        """Store columns in one transaction."""
        if self._db is None:
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR REPLACE INTO parsed VALUES (?, ?, ?, ?, ?, ?)",
                ((blob, version, *pack(one)) for blob, one in parsed),
            )
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()

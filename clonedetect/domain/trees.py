"""What is read and parsed: repositories as snapshots, syntax trees as columns.

Lines are 1-based and inclusive, bytes are 0-based and half-open, rows are those of a forest's columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not examined, and why, in words a reader understands."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to parse: its path in the repository (posix), git blob id (hex) and bytes.

    `language` is a key of the grammars (`python`); notebooks are `python` with `notebook=True`: `parse` puts the joined
    code of their cells in `data`, and in `cells` each code cell's number and its first line there.
    """

    path: str
    blob: str
    data: bytes
    language: str
    notebook: bool = False
    cells: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Any file of the tree, examined or not: enough for identity by content id.

    `lfs_oid` is the sha256 of the real content where the blob is a Git LFS pointer, `size` then the real size.
    """

    path: str
    blob: str
    size: int
    lfs_oid: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A text file that is no source: configuration, tokenizer, licence, prose. Path (posix), blob id (hex), bytes."""

    path: str
    blob: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one revision (or a work tree), as read: nothing was checked out or run."""

    origin: str
    revision: str | None  # commit id in hex; None outside git
    dirty: bool  # a work tree that differs from its commit
    files: tuple[SourceFile, ...]  # sorted by path
    entries: tuple[Entry, ...]  # sorted by path
    skipped: tuple[Skipped, ...]  # sorted by path
    first_commit: str | None = None  # ISO 8601 committer date of the oldest reachable commit
    last_commit: str | None = None  # ISO 8601 committer date of the examined commit
    notes: tuple[str, ...] = ()  # shallow history, missing objects, ...
    documents: tuple[Document, ...] = ()  # sorted by path
    disk: str | None = None  # the directory that the entries' paths start from, where they were read from disk


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all 64 (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    z = values >> np.uint64(30)
    z ^= values
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def among(values: NDArray[np.uint64], table: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which values a sorted table of spread hashes has. Their first bits settle most of it without a search."""
    out = np.zeros(len(values), bool)
    if len(table):
        seen = np.zeros(1 << 20, bool)
        seen[table >> np.uint64(44)] = True
        maybe = np.flatnonzero(seen[values >> np.uint64(44)])
        at = np.minimum(np.searchsorted(table, values[maybe]), len(table) - 1)
        out[maybe] = table[at] == values[maybe]
    return out


TEXT_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2**64


def content_hash(data: bytes) -> int:
    """The 64-bit hash that `Columns.text` holds for these bytes: equal in every run, never 0."""
    mask = (1 << 64) - 1
    z = len(data)
    for i, byte in enumerate(data):
        z = (z + (byte + 1) * pow(TEXT_BASE, i, 1 << 64)) & mask
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & mask
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & mask
    return (z ^ z >> 31) | 1


@dataclass(frozen=True, slots=True)
class Columns:
    """Syntax trees as columns, one row a node in pre-order, noise nodes left out. One file's, or a whole forest's.

    kind   uint16  the parser's symbol id
    start  uint32  first byte in the file; `end` uint32 one past the last byte
    after  uint32  row after the last row of this subtree (row + 1 for a leaf)
    text   uint64  content hash of a leaf's bytes, 0 where the kind alone says it
    role   uint8   what an identifier names: index into `Kinds.roles`; 0 elsewhere
    """

    kind: NDArray[np.uint16]
    start: NDArray[np.uint32]
    end: NDArray[np.uint32]
    after: NDArray[np.uint32]
    text: NDArray[np.uint64]
    role: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements (children of a block) and the modules of a file or forest, in row order.

    row     uint32  their row in the columns; `parent` int32 the enclosing statement's place in this table, -1 for none
    first   uint32  first line; `last` uint32 last line
    """

    row: NDArray[np.uint32]
    parent: NDArray[np.int32]
    first: NDArray[np.uint32]
    last: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the parser's symbol ids mean: `names[id]`, and a boolean mask over ids for each meaning of the grammar."""

    language: str
    names: tuple[str, ...]
    roles: tuple[str, ...]  # roles[0] is "" (no identifier), roles[1] "name" (any other identifier)
    masks: dict[str, NDArray[np.bool_]]

    def mask(self, meaning: str) -> NDArray[np.bool_]:
        """Which symbol ids have this meaning."""
        return self.masks[meaning]


@dataclass(frozen=True, slots=True)
class Forest:
    """All parsed files of one side, their columns end to end: file `f` owns rows `rows[f]:rows[f + 1]`."""

    side: Side
    kinds: Kinds
    files: tuple[SourceFile, ...]
    columns: Columns
    rows: NDArray[np.int64]  # files + 1 offsets into the columns
    statements: Statements
    places: NDArray[np.int64]  # files + 1 offsets into the statements
    lines: NDArray[np.int64]  # lines of each file
    skipped: tuple[Skipped, ...] = ()

    def file_of(self, row: int) -> int:
        """The file that owns a row."""
        return int(self.rows.searchsorted(row, "right")) - 1

    def source(self, row: int) -> bytes:
        """The bytes of a row's node."""
        data = self.files[self.file_of(row)].data
        return data[int(self.columns.start[row]) : int(self.columns.end[row])]


@dataclass(frozen=True, slots=True)
class StandIns:
    """Names of a forest that stand for a constant, a builtin or an import, and the source text they stand for.

    at     int64  file number << 32 | first byte, sorted; `length` int64 bytes of the name
    text   what to read in the name's place, on one line
    """

    at: NDArray[np.int64]
    length: NDArray[np.int64]
    text: tuple[str, ...]

    def read(self, file: int, start: int, end: int, data: bytes) -> bytes:
        """The bytes `start:end` of a file with what the names in it stand for."""
        first, last = np.searchsorted(self.at, (file << 32 | start, file << 32 | end)).tolist()
        parts, done = [], start
        for n in range(first, last):
            here = int(self.at[n]) & 0xFFFFFFFF
            parts += (data[done:here], self.text[n].encode("utf-8", "surrogatepass"))
            done = here + int(self.length[n])
        return b"".join((*parts, data[done:end]))

"""The values that pass between the rooms. All frozen; a changed value is a new value (`dataclasses.replace`).

Lines are 1-based and inclusive, bytes are 0-based and half-open, node rows index a `Forest`'s columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]
Strength = Literal["none", "weak", "moderate", "strong", "decisive"]
Relation = Literal["unrelated", "common-ancestor", "derived"]
Direction = Literal["left-from-right", "right-from-left", "unknown"]

# ---------------------------------------------------------------- acquire


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


# ---------------------------------------------------------------- parse


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
        return int(np.searchsorted(self.rows, row, side="right")) - 1

    def source(self, row: int) -> bytes:
        """The bytes of a row's node."""
        data = self.files[self.file_of(row)].data
        return data[int(self.columns.start[row]) : int(self.columns.end[row])]


# ---------------------------------------------------------------- results


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named piece of source: module, class, function, method, block or statement run."""

    side: Side
    path: str
    start_line: int
    end_line: int
    name: str  # dotted within the file, "" for a module or a run outside any definition
    kind: str  # module | class | function | method | block | run
    cell: int | None = None  # 1-based notebook cell; lines then count within the cell


@dataclass(frozen=True, slots=True)
class Region:
    """Lines of the left that stand opposite lines of the right, both inclusive."""

    left: tuple[int, int]
    right: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rename:
    """`left` stands where `right` stands; `count` places of the pair say so."""

    left: str
    right: str
    kind: str  # function | class | parameter | variable | attribute | module | keyword | name
    count: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A named difference between the two sides and how often it occurs (`inserted`, `literal-changed`, ...)."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Feature:
    """A shared feature that carries bits: what it is in words, its weight, and how many places share it."""

    text: str
    bits: float
    count: int


@dataclass(frozen=True, slots=True)
class ClonePair:
    """Two fragments that match. `similarity` and `containment` are in 0..1.

    type 1: equal up to layout and comments; 2: also up to names and literals; 3: with edits.
    bits: log-odds (base 2) of the matched features against the background, None where not computed.
    e_value: how many pairs this strong two unrelated repositories of these sizes would show.
    """

    id: str
    type: int
    similarity: float
    containment: float
    bits: float | None
    e_value: float | None
    explained_by: str | None
    left: Fragment
    right: Fragment
    regions: tuple[Region, ...] = ()
    renames: tuple[Rename, ...] = ()
    edits: tuple[Edit, ...] = ()
    conflicts: int = 0  # renames that contradict the pair's own majority
    features: tuple[Feature, ...] = ()  # rarest first


@dataclass(frozen=True, slots=True)
class CloneClass:
    """Fragments that are all copies of each other, on both sides."""

    id: str
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class FilePair:
    """Two files that share code. relation: identical (same bytes) | renamed (Type-1/2 throughout) | similar."""

    left: str
    right: str
    relation: str
    similarity: float  # share of the smaller file's lines that are matched in the other


@dataclass(frozen=True, slots=True)
class RenameEntry:
    """One line of the repository-wide rename map: `support` pairs agree, `conflicts` pairs say another name."""

    left: str
    right: str
    kind: str
    support: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim of one channel, with the statistic behind it, its null hypothesis and its limits."""

    channel: str
    claim: str
    strength: Strength
    statistic: str
    value: float | None
    null_hypothesis: str
    p_value: float | None = None
    e_value: float | None = None
    exhibits: tuple[str, ...] = ()  # ids of clone pairs, paths, names
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence comes to, in neutral words."""

    strength: Strength
    relation: Relation
    direction: Direction
    summary: str
    best_revision: str | None = None


@dataclass(frozen=True, slots=True)
class SideSummary:
    """What was examined of one side."""

    origin: str
    revision: str | None
    dirty: bool
    files: int
    lines: int
    languages: tuple[tuple[str, int], ...]  # (language, files), sorted
    skipped: tuple[Skipped, ...]
    first_commit: str | None
    last_commit: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Files whose content is byte-identical on both sides (git blob id or LFS object id)."""

    files: tuple[tuple[str, str, str], ...]  # (left path, right path, content id)


@dataclass(frozen=True, slots=True)
class Quote:
    """The text of a file that a report shows: whole lines, numbered from `start_line`."""

    side: Side
    path: str
    blob: str
    start_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a report says. Reporters decide nothing: they only show this."""

    version: str  # of the tool
    options: tuple[tuple[str, str | int | float | bool | None], ...]  # sorted by name
    left: SideSummary
    right: SideSummary
    ancestors: tuple[SideSummary, ...]
    clone_pairs: tuple[ClonePair, ...]
    clone_classes: tuple[CloneClass, ...]
    file_pairs: tuple[FilePair, ...]
    rename_map: tuple[RenameEntry, ...]
    identity: Identity
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    channels: tuple[tuple[str, str], ...] = ()  # channel not examined -> reason
    quotes: tuple[Quote, ...] = field(default=(), repr=False)
    seconds: tuple[tuple[str, float], ...] = ()  # the run's own times by stage; left out by --reproducible


# ---------------------------------------------------------------- matching (arrays, one row a unit or a match)

MODULE, CLASS, FUNCTION, RUN = 0, 1, 2, 3  # kinds of units


@dataclass(frozen=True, slots=True)
class Units:
    """Candidate fragments of a forest with their hashes: definitions, and the smallest large-enough statement runs.

    first, last  int64  places of the first and last statement (equal for a definition)
    lo, hi       int64  rows `lo:hi` of the columns
    kind         uint8  MODULE, CLASS, FUNCTION or RUN
    tokens       int64  leaves in the fragment
    raw, renamed, blind  uint64  hashes of the three normal forms; equal hashes are candidates, not matches
    key          uint64  what is joined: the blind hash, of small definitions the hash with external names spelled
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    lo: NDArray[np.int64]
    hi: NDArray[np.int64]
    kind: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    raw: NDArray[np.uint64]
    renamed: NDArray[np.uint64]
    blind: NDArray[np.uint64]
    key: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """A forest's units, and per statement what extending a run needs: blind hash, place of the next sibling or -1."""

    units: Units
    statement: NDArray[np.uint64]
    sibling: NDArray[np.int64]
    ordinal: NDArray[np.int64]  # place among the statements of its block


@dataclass(frozen=True, slots=True)
class Matches:
    """Verified equal (up to names and literals) statement runs and definitions: places, both inclusive, and unit kind."""

    left_first: NDArray[np.int64]
    left_last: NDArray[np.int64]
    right_first: NDArray[np.int64]
    right_last: NDArray[np.int64]
    kind: NDArray[np.uint8]
    classes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()  # many-to-many: (left places, right places)


# ---------------------------------------------------------------- canonical statements and their alignment


@dataclass(frozen=True, slots=True)
class Statement:
    """A canonical statement, from `start_line` to `end_line` of the original file (1-based, inclusive).

    tokens: names a copier may change are marked `name:x` (attribute chains of own objects are one such token,
    `name:self.config.x`); external names, attributes, keywords, operators and constants stand as they are.
    rewrites: the canonical rewrites that made it, each as often as it applied.
    """

    start_line: int
    end_line: int
    depth: int
    tokens: tuple[str, ...]
    rewrites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Statements of the left that stand opposite statements of the right.

    pairs: (left index, right index, score in 0..1), by left index; a statement that was joined or split has several.
    similarity: matched token mass over the mass of both sides together; containment: over the smaller side's mass.
    """

    pairs: tuple[tuple[int, int, float], ...]
    regions: tuple[Region, ...]
    edits: tuple[Edit, ...]
    renames: tuple[Rename, ...]
    conflicts: int
    similarity: float
    containment: float


@dataclass(frozen=True, slots=True)
class Features:
    """What each fragment of a forest is made of, as a bag of content features. One row a fragment ("bag").

    place  int64   the definition's (or module's) statement; kind uint8 CLASS and MODULE bags hold what is in no function
    tokens int64   leaves; first, last: rows
    start  int64   bags + 1 offsets into `feature` and `count`
    feature uint64 feature hashes, sorted within a bag; count uint16 how often
    row    int64   for each entry the first row that shows the feature: what a report prints
    node_row, node_feature  every occurrence: rows in order, and what feature is there (a row can have two)
    whole  uint64  hash of a function's whole content form, 0 for other bags: what the background knows as an idiom
    """

    place: NDArray[np.int64]
    kind: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    start: NDArray[np.int64]
    feature: NDArray[np.uint64]
    count: NDArray[np.uint16]
    row: NDArray[np.int64]
    node_row: NDArray[np.int64]
    node_feature: NDArray[np.uint64]
    whole: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Background:
    """How rare features are in public code.

    table uint64, sorted: upper 48 bits of the feature's hash, 8 bits rarity in steps of 1/16 bit, 8 bits how many packages
    have it (255 for more). Rarity is -log2 of the mean, over all packages, of the share of a package's fragments that
    have the feature: counted per package, so what one project and its vendored copies have does not become common.
    A feature that is not in the table has `unseen` bits.
    """

    table: NDArray[np.uint64]
    unseen: float = 12.0

    def _find(self, feature: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        key = feature >> np.uint64(16)
        at = np.minimum(np.searchsorted(self.table, key << np.uint64(16)), max(len(self.table) - 1, 0))
        if not len(self.table):
            return at, np.zeros(len(feature), bool)
        return at, self.table[at] >> np.uint64(16) == key

    def bits(self, feature: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Rarity of each feature in bits."""
        at, known = self._find(feature)
        out = np.full(len(feature), self.unseen)
        out[known] = (self.table[at[known]] >> np.uint64(8) & np.uint64(255)).astype(np.float64) / 16
        return np.minimum(out, self.unseen)

    def packages(self, feature: NDArray[np.uint64]) -> NDArray[np.int64]:
        """How many packages of the background have each feature; 0 for at most one."""
        at, known = self._find(feature)
        out = np.zeros(len(feature), np.int64)
        out[known] = (self.table[at[known]] & np.uint64(255)).astype(np.int64)
        return out


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs of bags that share rare features, best first for each bag.

    left, right int64 bag numbers; matched, left_only, right_only  bits; columns are parallel.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    matched: NDArray[np.float64]
    left_only: NDArray[np.float64]
    right_only: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """The vocabulary of a comparison: sorted feature hashes, and the bits of each.

    bits: by rarity alone; added: less what the pieces inside the feature already say, so that a sum counts nothing twice.
    """

    feature: NDArray[np.uint64]
    bits: NDArray[np.float64]
    added: NDArray[np.float64]

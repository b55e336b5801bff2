"""What one side still says of the other, and how rare each saying is in public code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.trees import Side

TermKind = Literal["word", "name", "text", "root", "unused"]
MarkKind = Literal[
    "text", "name", "project", "token", "misspelling", "unused-import", "dangling-import", "dangling-reference"
]


def term_key(kind: TermKind, term: str) -> int:
    """The 48 bits under which a term is counted; equal in every run."""
    digest = hashlib.blake2b(f"{kind}:{term}".encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class TermCounts:
    """In how many packages of public code each term occurs.

    table uint64, sorted: 48 bits `term_key`, 16 bits packages. A term that is not in it is in at most one package
    (an import root: in none). packages: how many were counted. common: words that many of them use.
    """

    table: NDArray[np.uint64]
    packages: int
    common: frozenset[str]

    def count(self, kind: TermKind, term: str) -> int:
        """Packages that have the term; 0 where it is not listed."""
        key = term_key(kind, term)
        at = int(np.searchsorted(self.table, np.uint64(key << 16)))
        if at < len(self.table) and int(self.table[at]) >> 16 == key:
            return int(self.table[at]) & 0xFFFF
        return 0

    def counts(self, kind: TermKind, terms: Sequence[str]) -> list[int]:
        """`count` of many terms."""
        if not terms or not len(self.table):
            return [0] * len(terms)
        keys = np.array([term_key(kind, term) for term in terms], np.uint64)
        at = np.minimum(np.searchsorted(self.table, keys << np.uint64(16)), len(self.table) - 1)
        found = self.table[at]
        return np.where(found >> np.uint64(16) == keys, found & np.uint64(0xFFFF), np.uint64(0)).astype(int).tolist()

    def chance(self, kind: TermKind, term: str) -> float:
        """Probability that another project has the term too, by its share of the packages counted."""
        return (self.count(kind, term) + 1) / (self.packages + 2)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one side: a file of the examined revision, or a content of its history that is gone from it.

    commit: the first commit that has it, where the history was walked.
    """

    path: str
    blob: str
    data: bytes
    python: bool
    commit: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mark stands: line 1-based, `gone` where the examined revision no longer has that content."""

    path: str
    line: int
    blob: str
    commit: str | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that both sides say and that only one of them, or neither, has a reason to say.

    side: the side on which it makes no sense by itself; "both" where it is merely odd and equal on both.
    packages: how many packages of the background say it too. Marks that are openly explained are not listed.
    """

    kind: MarkKind
    term: str
    side: Literal["left", "right", "both"]
    left: Place | None
    right: Place | None
    packages: int


@dataclass(frozen=True, slots=True)
class MarkCount:
    """The marks of one kind: how many count, how many chance would show, and the probability of at least so many."""

    kind: MarkKind
    side: Literal["left", "right", "both"]
    count: int
    expected: float
    p_value: float


@dataclass(frozen=True, slots=True)
class LeftBehindFinding:
    """All marks, most telling kinds first. explained: open uses of the other side (a declared dependency, many
    imports), whose names are therefore left out. looked: texts of (left, right) looked into, old ones included."""

    marks: tuple[Mark, ...]
    counts: tuple[MarkCount, ...]
    explained: tuple[str, ...]
    looked: tuple[int, int]
    limits: tuple[str, ...]


def other(side: Side) -> Side:
    """The opposite side."""
    return "right" if side == "left" else "left"

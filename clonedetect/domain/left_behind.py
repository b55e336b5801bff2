"""What one side still says of the other, and how rare each saying is in public code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TermKind = Literal["word", "name", "text", "root", "unused"]


def term_key(kind: TermKind, term: str) -> int:
    """The upper 48 bits under which a term is counted; equal in every run."""
    digest = hashlib.blake2b(f"{kind}:{term}".encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class TermCounts:
    """In how many packages of the background each term occurs.

    table uint64, sorted: 48 bits `term_key`, 16 bits packages. A term that is not in it is in at most one package
    (import roots: in none).
    packages: how many were counted. sizes: mean number of distinct (names, texts, words) of a package.
    singles: how many of the (names, texts) of one package one other package has and no third, on average over pairs.
    """

    table: NDArray[np.uint64]
    packages: int

    def count(self, kind: TermKind, term: str) -> int:
        """Packages that have the term; 0 where it is not listed."""
        key = np.uint64(term_key(kind, term) << 16)
        at = int(np.searchsorted(self.table, key))
        if at < len(self.table) and int(self.table[at]) >> 16 == int(key) >> 16:
            return int(self.table[at]) & 0xFFFF
        return 0

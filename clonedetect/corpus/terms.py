"""How common each name, word, message and import is in public Python code, as one sorted array and a list of words."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from clonedetect.domain.left_behind import TermCounts, TermKind, term_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHIPPED = Path(__file__).with_name("terms.npy")
WORDS = Path(__file__).with_name("words.txt")
COMMON_PACKAGES: Final = 30  # a word that so many packages use is a word of the language
_LEAST: Final[dict[TermKind, int]] = {"word": 2, "name": 2, "text": 2, "unused": 2, "root": 1}


class TermTally:
    """Adds up packages: each has one vote for a term, however often it says it."""

    def __init__(self) -> None:
        self.packages = 0
        self._votes: dict[TermKind, Counter[str]] = {kind: Counter() for kind in _LEAST}

    def add(self, terms: Mapping[TermKind, Iterable[str]]) -> None:
        """Count one package."""
        self.packages += 1
        for kind, found in terms.items():
            self._votes[kind].update(set(found))

    def save(self, table: Path = SHIPPED, words: Path = WORDS) -> int:
        """Write what several packages say and the common words; returns the number of terms.

        The first entry of the table holds the number of packages.
        """
        rows = [
            term_key(kind, term) << 16 | min(votes, 0xFFFF)
            for kind, found in self._votes.items()
            for term, votes in found.items()
            if votes >= _LEAST[kind]
        ]
        np.save(table, np.array([self.packages, *sorted(set(rows))], np.uint64), allow_pickle=False)
        common = sorted(word for word, votes in self._votes["word"].items() if votes >= COMMON_PACKAGES)
        words.write_text("".join(f"{word}\n" for word in common if word.isascii()), "utf-8")
        return len(rows)


@cache
def load_terms(table: Path = SHIPPED, words: Path = WORDS) -> TermCounts:
    """The shipped counts; where the files are absent, nothing is known to be common."""
    if not table.is_file() or not words.is_file():
        return TermCounts(np.zeros(0, np.uint64), 0, frozenset())
    counted = np.load(table, mmap_mode="r", allow_pickle=False)
    return TermCounts(counted[1:], int(counted[0]), frozenset(words.read_text("utf-8").split()))

"""Words spelled in a way that the language does not have.

Two sources: a list of common English misspellings written for this tool, and a rule for all others: a word of six
letters or more that hardly any public package uses, and that a slip of the hand away is a word that many use. Slips
are two letters swapped, a double letter made single or a single one double, a letter left out of a long word, and one
vowel for another. First letters are never changed, nor are what tells British from American spelling and endings.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from clonedetect.domain.left_behind import TermCounts

SHORTEST: Final = 6  # letters; shorter rare words are too often words of their own
LONG: Final = 8  # letters from which on a missing letter is a slip
RARE: Final = 4  # packages of the background that may spell it so
_VOWELS: Final = "aeiou"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@cache
def known_misspellings() -> dict[str, str]:
    """The shipped list: misspelling to the word that was meant."""
    lines = Path(__file__).with_name("misspellings.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ") for line in lines)


def meant(word: str, counts: TermCounts) -> str | None:
    """The word that a misspelling stands for; None for a word that is right, or whose meaning is not plain."""
    return _meant(word, counts.count("word", word), counts.common)


def misspelled(words: Set[str], counts: TermCounts) -> frozenset[str]:
    """Those of some words that stand for another one."""
    odd = [word for word in words if word not in counts.common]
    packages = counts.counts("word", odd)
    return frozenset(word for word, n in zip(odd, packages, strict=True) if _meant(word, n, counts.common))


def _meant(word: str, packages: int, common: frozenset[str]) -> str | None:
    if word in common or not word.isascii():
        return None
    if word in known_misspellings():
        return known_misspellings()[word]
    if len(word) < SHORTEST or packages > RARE:
        return None
    return next((near for near in _slips(word) if near in common), None)


def _slips(word: str) -> Iterator[str]:
    n = len(word)
    for i in range(1, n - 1):
        if word[i] != word[i + 1]:
            yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in range(1, n - 1):
        if word[i] == word[i - 1] and word[i] != "l":
            yield word[:i] + word[i + 1 :]
        elif word[i] != word[i - 1] and word[i] not in "ls":
            yield word[:i] + word[i] + word[i:]
        if word[i] in _VOWELS:
            for vowel in _VOWELS:
                if vowel != word[i] and i >= 2:
                    yield word[:i] + vowel + word[i + 1 :]
    if n + 1 >= LONG:
        for i in range(2, n):
            for letter in _LETTERS:
                if not (letter == "u" and word[i - 1] == "o"):
                    yield word[:i] + letter + word[i:]

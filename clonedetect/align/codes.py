"""Statements as strings of one character a token, so that rapidfuzz compares them in C."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from clonedetect.domain import Statement

END, BLIND, UNMAPPED = "\0", "\x01", "\x02"  # of a statement; any changeable name; a name that the other side lacks
NAME_MASS, SOFT_MASS, HARD_MASS, MARK_MASS = 0.5, 0.25, 1.0, 0.05
ASSERT_SHARE = 0.25  # of the mass of an assert: copies often lose them

_MARKS = frozenset(["(", ")", "[", "]", "{", "}", ":", "=", ",", "."])
_OPERATORS = "+ - * / // % ** < <= > >= == != | & ^ ~ << >> @ neg pos and or not in is"
_COMMON = 'if else for def class return while with as import lambda try except finally raise yield await f" "'
_VALUES = "self None True False 0 1 2 -1"
COMPARABLE = frozenset({*_OPERATORS.split(), "is not", "not in"})
_WORDS = frozenset({*COMPARABLE, *_COMMON.split(), *_VALUES.split()})


def mass_of(token: str) -> float:
    """What a matched token is worth: what no rename can change most, punctuation next to nothing."""
    if token.startswith("name:"):
        return NAME_MASS
    if token in _MARKS:
        return MARK_MASS
    return SOFT_MASS if token in _WORDS else HARD_MASS


def last(token: str) -> str:
    """`name:self.config.width` as `width`."""
    return token[5:].rpartition(".")[2]


class Codes:
    """One character for every token ever seen by this process; which one has no influence on any result."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.token: dict[str, str] = {}
        self.mass: dict[str, float] = {BLIND: NAME_MASS}
        self.last: dict[str, str] = {}  # the last name of every token that is a changeable name
        self.blind: dict[int, str] = {}  # for str.translate

    def code(self, token: str) -> str:
        """The token's character."""
        known = self.of.get(token)
        if known is None:
            known = chr(len(self.of) + 16)
            self.of[token] = known
            self.token[known] = token
            self.mass[known] = mass_of(token)
            if token.startswith("name:"):
                self.blind[ord(known)] = BLIND
                self.last[known] = last(token)
        return known


_MOST_CODES = 600_000  # of the 1,114,112 characters there are
_shared = Codes()


@dataclass(frozen=True, slots=True)
class Side:
    """One side's statements as strings: `named` with every token, `blind` with all changeable names as one."""

    statements: Sequence[Statement]
    codes: Codes
    named: list[str]
    text: str  # the same, joined by END
    blind: list[str]
    mass: list[float]
    weight: NDArray[np.float32]  # the masses as an array
    held: dict[str, float]  # the whole mass of each character of `blind`
    names: dict[str, str]  # the changeable names in order of appearance, each with its last name
    unmapped: dict[int, str]  # for str.translate: every changeable name as UNMAPPED


def sides(left: Sequence[Statement], right: Sequence[Statement]) -> tuple[Side, Side]:
    """Both fragments in one code; recent fragments are remembered, as one is compared with many."""
    global _shared
    if len(_shared.of) > _MOST_CODES:
        _shared = Codes()
        _recent.clear()
    a, b = _side(left), _side(right)
    if a.codes is not b.codes or len(_shared.of) > 1_000_000:
        codes = Codes()
        return _encode(left, codes), _encode(right, codes)
    return a, b


# By identity, as hashing a fragment costs more than comparing it; a side keeps its statements alive, so an identity
# never means another fragment.
_recent: dict[int, Side] = {}
_MOST_RECENT = 2_000


def _side(statements: Sequence[Statement]) -> Side:
    known = _recent.get(id(statements))
    if known is None:
        known = _encode(statements, _shared)
        if isinstance(statements, tuple):  # a list might change later
            if len(_recent) >= _MOST_RECENT:
                del _recent[next(iter(_recent))]  # the oldest
            _recent[id(statements)] = known
    return known


def _encode(statements: Sequence[Statement], codes: Codes) -> Side:
    named, mass, of, masses = [], [], codes.of, codes.mass
    for token in dict.fromkeys(token for statement in statements for token in statement.tokens if token not in of):
        codes.code(token)
    for statement in statements:
        text = "".join([of[token] for token in statement.tokens])
        total = sum([masses[character] for character in text])
        named.append(text)
        mass.append(total * ASSERT_SHARE if "assert" in statement.rewrites else total)
    last_names, joined = codes.last, END.join(named)
    names = {character: last_names[character] for character in dict.fromkeys(joined) if character in last_names}
    weight = np.array(mass, np.float32)
    unmapped = {ord(character): UNMAPPED for character in names}
    blind = joined.translate(codes.blind).split(END)
    held = {character: count * masses[character] for character, count in Counter("".join(blind)).items()}
    return Side(statements, codes, named, joined, blind, mass, weight, held, names, unmapped)


@lru_cache(maxsize=16_384)
def opcodes(a: str, b: str) -> tuple[tuple[str, int, int, int, int], ...]:
    """Levenshtein opcodes of two statements: tag, start and end in the first, start and end in the second."""
    return tuple(Levenshtein.opcodes(a, b).as_list())  # ty: ignore - these are tuples

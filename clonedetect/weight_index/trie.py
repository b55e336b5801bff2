"""Names as a tree of their parts, layer numbers taken as one, and the assignment of one model's tree to another's.

What is matched is structure: a group of layers stands opposite one with the same numbers of layers and tensors in it,
whatever it is called; names that both have, names that other matches already put opposite each other, and the order of
the file decide between groups of one structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from clonedetect.domain.weight_index import IndexTensor

NUMBER: Final = "{n}"
MOST_PATTERNS: Final = 4_000  # names that differ in more than numbers, on one side
MOST_PARTS: Final = 40  # of one name
MOST_STEPS: Final = 400_000  # pairs of groups that are weighed
REROOT: Final = 2  # parts that one side may have in front of all that matches
_SEPARATOR = re.compile(r"[./:]")

# What a pair of tensors is worth besides the structure: a leaf of the same name, of a name known to stand opposite, a
# group likewise, the same place in the order; what the best pair gets less where last parts differ ("weight", "bias").
SAME, KNOWN, GROUP, ORDER, OTHER_LEAF = 0.5, 0.4, 0.1, 0.2, 0.3

Votes = Mapping[tuple[str, str], float]


@dataclass(slots=True, eq=False)
class Node:
    """A group of names with a common beginning. places: at a leaf, its layer numbers to its place in the file."""

    label: str
    number: int  # of the node, in the order of making
    parent: Node | None = None
    children: dict[str, Node] = field(default_factory=dict)
    places: dict[tuple[int, ...], int] = field(default_factory=dict)
    size: int = 0  # tensors below
    first: float = 0.0  # place of the first tensor below, as a share of all

    def path(self) -> list[str]:
        """Its parts from the root."""
        parts: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            parts.append(node.label)
            node = node.parent
        return parts[::-1]


def parts_of(name: str) -> tuple[list[str], tuple[int, ...]]:
    """The parts of a name with `{n}` for each number, and the numbers."""
    parts, numbers = [], []
    for part in _SEPARATOR.split(name):
        if part.isascii() and part.isdigit() and len(part) < 10:
            numbers.append(int(part))
            part = NUMBER
        parts.append(part)
    return parts, tuple(numbers)


def tree_of(tensors: Sequence[IndexTensor]) -> Node:
    """The tree of all names. Raises ValueError where names have too many parts or too little in common."""
    root, made, leaves = Node("", 0), 1, 0
    for place, tensor in enumerate(tensors):
        parts, numbers = parts_of(tensor.name)
        if len(parts) > MOST_PARTS:
            raise ValueError(f"a name has more than {MOST_PARTS} parts")
        node, first = root, place / len(tensors)
        for part in parts:
            if node.size == 0:
                node.first = first
            node.size += 1
            below = node.children.get(part)
            if below is None:
                below = node.children[part] = Node(part, made, node)
                made += 1
            node = below
        if node.size == 0:
            node.first = first
            leaves += 1
        node.size += 1
        node.places[numbers] = place
        if leaves > MOST_PATTERNS:
            raise ValueError(f"more than {MOST_PATTERNS:,} names differ in more than layer numbers")
    return root


class Matcher:
    """Weighs groups of two trees against each other, each pair once."""

    def __init__(
        self, left: Sequence[IndexTensor], right: Sequence[IndexTensor], votes: Votes, shapes_known: bool
    ) -> None:
        self._tensors, self._votes, self._shapes_known = (left, right), votes, shapes_known
        self._scores: dict[tuple[int, int], float] = {}

    def score(self, a: Node, b: Node) -> float:
        """What the best assignment of the tensors below is worth. Raises ValueError after MOST_STEPS pairs."""
        key = (a.number, b.number)
        if key in self._scores:
            return self._scores[key]
        if len(self._scores) > MOST_STEPS:
            raise ValueError("the names have too many groups to be assigned")
        self._scores[key] = 0.0
        if a.places and b.places:
            value = self._leaf(a, b)
        elif a.places or b.places:
            value = 0.0
        else:
            value = max((total for total, _ in self._ways(a, b)), default=0.0)
        self._scores[key] = value
        return value

    def pairs(self, a: Node, b: Node) -> list[tuple[Node, Node]]:
        """The pairs of leaves of the best assignment."""
        if a.places and b.places:
            return [(a, b)] if self.score(a, b) > 0 else []
        if a.places or b.places:
            return []
        _, chosen = max(self._ways(a, b), key=lambda way: way[0], default=(0.0, []))
        return [pair for one, two in chosen for pair in self.pairs(one, two)]

    def _ways(self, a: Node, b: Node) -> list[tuple[float, list[tuple[Node, Node]]]]:
        """Child against child; or all of one side below a single child of the other (a part put in or left out)."""
        ways = [self._assigned([*a.children.values()], [*b.children.values()])]
        if len(a.children) == 1 and NUMBER not in a.children:
            (only,) = a.children.values()
            ways.append((self.score(only, b), [(only, b)]))
        if len(b.children) == 1 and NUMBER not in b.children:
            (only,) = b.children.values()
            ways.append((self.score(a, only), [(a, only)]))
        return ways

    def _assigned(self, ours: list[Node], theirs: list[Node]) -> tuple[float, list[tuple[Node, Node]]]:
        from scipy.optimize import linear_sum_assignment  # its start-up is longer than a scan of a few files

        worth = np.zeros((len(ours), len(theirs)))
        for i, one in enumerate(ours):
            for j, two in enumerate(theirs):
                if (one.label == NUMBER) == (two.label == NUMBER) and (below := self.score(one, two)) > 0:
                    smaller = min(one.size, two.size)
                    worth[i, j] = below + smaller * (GROUP * self._alike(one, two) + ORDER * _near(one, two))
        rows, columns = linear_sum_assignment(worth, maximize=True)
        chosen = [(i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if worth[i, j] > 0]
        return float(sum(worth[i, j] for i, j in chosen)), [(ours[i], theirs[j]) for i, j in chosen]

    def _alike(self, one: Node, two: Node) -> float:
        return 1.0 if one.label == two.label else self._votes.get((one.label, two.label), 0.0) * KNOWN / SAME

    def _leaf(self, a: Node, b: Node) -> float:
        common = a.places.keys() & b.places.keys()
        count = len(common) if common else (min(len(a.places), len(b.places)) if self._same_count(a, b) else 0)
        if self._shapes_known and count:
            ours, theirs = (
                [tensors[place].shape for _, place in sorted(node.places.items())]
                for tensors, node in zip(self._tensors, (a, b), strict=True)
            )
            count = sum(x == y for x, y in zip(ours, theirs, strict=False))
        if not count:
            return 0.0
        alike = SAME if a.label == b.label else KNOWN * self._votes.get((a.label, b.label), 0.0)
        factor = 1.0 if a.label == b.label or alike else OTHER_LEAF
        return count * (factor + alike)

    @staticmethod
    def _same_count(a: Node, b: Node) -> bool:
        """Layers counted from another number on, or by another number of numbers."""
        return len(a.places) == len(b.places)


def _near(one: Node, two: Node) -> float:
    return max(0.0, 1.0 - abs(one.first - two.first))


def starts(root: Node) -> list[Node]:
    """The root and the groups near it that hold most of the names: what another model may have as its whole."""
    found, level = [root], [root]
    for _ in range(REROOT):
        level = [c for node in level for c in node.children.values() if c.label != NUMBER and not c.places]
        level = [node for node in level if node.size * 5 >= root.size]
        found += level
    return found


def leaf_pairs(pairs: Iterable[tuple[Node, Node]]) -> list[tuple[int, int, tuple[Node, Node]]]:
    """(left place, right place, leaves) of each pair of tensors: by layer numbers, else in their order."""
    out = []
    for a, b in pairs:
        common = a.places.keys() & b.places.keys()
        ours, theirs = (sorted(common), sorted(common)) if common else (sorted(a.places), sorted(b.places))
        out += [(a.places[x], b.places[y], (a, b)) for x, y in zip(ours, theirs, strict=False)]
    return sorted(out, key=lambda row: row[:2])

"""Clone classes: the connected components of "is a copy of"."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from clonedetect.domain import CloneClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clonedetect.domain import ClonePair, Fragment


_Lines = tuple[str, str, int, int, int]  # side, path, cell, first and last line


def clone_classes(pairs: Sequence[ClonePair], groups: Iterable[Sequence[Fragment]]) -> tuple[CloneClass, ...]:
    """Classes of more than two fragments, largest first.

    Edges are the Type-1 and Type-2 pairs; `groups` are many-to-many copies known to be equal already. Type-3 pairs do
    not join: being similar is not transitive.
    """
    numbers: dict[_Lines, int] = {}
    named: list[Fragment] = []

    def node(fragment: Fragment) -> int:
        # A file that is one function is that function: the same lines are one fragment, the longer name says more.
        lines = fragment.side, fragment.path, fragment.cell or 0, fragment.start_line, fragment.end_line
        number = numbers.setdefault(lines, len(named))
        if number == len(named):
            named.append(fragment)
        elif len(fragment.name) > len(named[number].name):
            named[number] = fragment
        return number

    edges = [(node(p.left), node(p.right)) for p in pairs if p.type < 3]
    for group in groups:
        edges += pairwise([node(f) for f in group])
    members: dict[int, list[Fragment]] = defaultdict(list)
    for number, component in enumerate(_components(edges, len(named))):
        members[component].append(named[number])
    found = []
    for component in members.values():
        if len(component) < 3:
            continue
        fragments = tuple(sorted(component, key=_key))
        spelled = "\n".join(map(repr, sorted(_key(f)[1:] for f in fragments)))
        found.append(CloneClass("c" + hashlib.blake2b(spelled.encode(), digest_size=6).hexdigest(), fragments))
    return tuple(sorted(found, key=lambda c: (-len(c.fragments), c.id)))


def _components(edges: Iterable[tuple[int, int]], nodes: int) -> list[int]:
    """The connected component of each node, by union and find: a graph library loads longer than a scan of a few files.

    Components are named by one of their nodes.
    """
    above = list(range(nodes))

    def root(node: int) -> int:
        while above[node] != node:
            above[node] = node = above[above[node]]
        return node

    for one, other in edges:
        above[root(one)] = root(other)
    return [root(node) for node in range(nodes)]


def _key(f: Fragment) -> tuple[str, str, int, int, int, str]:
    return f.side, f.path, f.cell or 0, f.start_line, f.end_line, f.name

"""Clone classes: the connected components of "is a copy of"."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import networkx as nx

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
    graph: nx.Graph = nx.Graph()
    named: dict[_Lines, Fragment] = {}

    def node(fragment: Fragment) -> _Lines:
        # A file that is one function is that function: the same lines are one fragment, the longer name says more.
        lines = fragment.side, fragment.path, fragment.cell or 0, fragment.start_line, fragment.end_line
        if len(fragment.name) >= len(named.setdefault(lines, fragment).name):
            named[lines] = fragment
        return lines

    graph.add_edges_from((node(p.left), node(p.right)) for p in pairs if p.type < 3)
    for group in groups:
        nx.add_path(graph, [node(f) for f in group])
    found = []
    for component in nx.connected_components(graph):
        if len(component) < 3:
            continue
        fragments = tuple(sorted((named[lines] for lines in component), key=_key))
        spelled = "\n".join(map(repr, sorted(_key(f)[1:] for f in fragments)))
        found.append(CloneClass("c" + hashlib.blake2b(spelled.encode(), digest_size=6).hexdigest(), fragments))
    return tuple(sorted(found, key=lambda c: (-len(c.fragments), c.id)))


def _key(f: Fragment) -> tuple[str, str, int, int, int, str]:
    return f.side, f.path, f.cell or 0, f.start_line, f.end_line, f.name

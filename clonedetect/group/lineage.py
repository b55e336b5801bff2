"""How repositories hang together: the strongest links between them, as a forest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain.candidates import Cell, Link

if TYPE_CHECKING:
    from collections.abc import Sequence

RELATED: Final = ("moderate", "strong", "decisive")


def lineage(count: int, cells: Sequence[Cell]) -> tuple[tuple[Link, ...], tuple[tuple[int, ...], ...]]:
    """The maximum spanning forest of the related pairs by shared bits, and the families it joins.

    Where three repositories are all alike, the weakest of the three links is the one that the other two explain. A link
    points from the side that had the shared code first, where its history tells.
    """
    import networkx as nx  # only a matrix needs it

    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(range(count))
    for each in cells:
        if each.strength in RELATED:
            graph.add_edge(each.left, each.right, weight=each.bits, cell=each)
    links = []
    for _, _, data in nx.maximum_spanning_edges(graph, data=True):
        found: Cell = data["cell"]
        ends = (found.right, found.left) if found.direction == "left-from-right" else (found.left, found.right)
        links.append(Link(*ends, found.direction != "unknown", found.strength, found.bits))
    families = [tuple(sorted(members)) for members in nx.connected_components(graph) if len(members) > 1]
    return (
        tuple(sorted(links, key=lambda link: (-link.bits, link.source, link.target))),
        tuple(sorted(families, key=lambda family: (-len(family), family))),
    )

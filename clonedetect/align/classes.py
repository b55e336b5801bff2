"""Classes whose methods were copied, reordered or mixed with new ones, from the pairs of their methods."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from clonedetect.align.pairs import pair_id
from clonedetect.domain import CLASS, ClonePair, Edit, Region, Rename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.align.fragments import Fragments

COUNTED_E = 0.01  # a method pair counts if chance shows at most so many
LEAST_SHARE = 0.5  # of the lines of both classes that paired methods must hold

Placed = tuple[ClonePair, tuple[int, int]]


def class_pairs(left: Fragments, right: Fragments, pairs: Sequence[Placed]) -> list[Placed]:
    """Type-3 pairs of classes that are not paired as wholes yet, with the places of both.

    bits, renames and edits are those of the methods together, the E-value is that of the strongest method.
    """
    paired = {at for pair, at in pairs if pair.left.kind == pair.right.kind == "class"}
    members: dict[tuple[int, int], list[Placed]] = defaultdict(list)
    for pair, (a, c) in pairs:
        if pair.e_value is None or pair.e_value > COUNTED_E:
            continue
        outer = left.enclosing(a), right.enclosing(c)
        if outer not in paired and left.unit(outer[0]) == CLASS and right.unit(outer[1]) == CLASS:
            members[outer].append((pair, (a, c)))
    out = []
    for (a, c), found in sorted(members.items()):
        lf, rf = left.fragment(a, a), right.fragment(c, c)
        spans = (
            {n for p, _ in found for n in range(p.left.start_line, p.left.end_line + 1)},
            {n for p, _ in found for n in range(p.right.start_line, p.right.end_line + 1)},
        )
        shares = (
            len(spans[0]) / max(1, lf.end_line - lf.start_line + 1),
            len(spans[1]) / max(1, rf.end_line - rf.start_line + 1),
        )
        if min(shares) < LEAST_SHARE:
            continue
        regions = {
            Region((p.left.start_line, p.left.end_line), (p.right.start_line, p.right.end_line)) for p, _ in found
        }
        ordered = sorted(regions, key=lambda r: (r.left, r.right))
        moved = any(x.right > y.right for x, y in pairwise(ordered))
        free = [p for p, _ in found if p.explained_by is None]
        counted = free or [p for p, _ in found]
        pair = ClonePair(
            id=pair_id(lf, rf),
            type=3,
            similarity=round(min(1.0, min(shares)), 4),
            containment=round(min(1.0, max(shares)), 4),
            bits=round(sum(p.bits or 0.0 for p in counted), 1),
            e_value=min(p.e_value for p in counted if p.e_value is not None),
            explained_by=None if free else found[0][0].explained_by,
            left=lf,
            right=rf,
            regions=tuple(ordered),
            renames=_renames([p for p, _ in found]),
            edits=_edits([p for p, _ in found], moved),
        )
        out.append((pair, (a, c)))
    return out


def _renames(members: Sequence[ClonePair]) -> tuple[Rename, ...]:
    """The members' renames, each once with all its places, most places first."""
    places: Counter[tuple[str, str, str]] = Counter()
    for pair in members:
        for r in pair.renames:
            places[r.left, r.right, r.kind] += r.count
    return tuple(Rename(*key, n) for key, n in sorted(places.items(), key=lambda item: (-item[1], item[0])))


def _edits(members: Sequence[ClonePair], moved: bool) -> tuple[Edit, ...]:
    """The members' edits by kind, with the change of their order."""
    kinds = Counter({"moved": 1} if moved else {})
    for pair in members:
        for edit in pair.edits:
            kinds[edit.kind] += edit.count
    return tuple(Edit(kind, n) for kind, n in sorted(kinds.items()))

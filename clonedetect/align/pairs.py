"""Verified matches to clone pairs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import MODULE, ClonePair, Edit, Fragment, Region, Rename

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.align.exact import Differences
    from clonedetect.align.fragments import Fragments
    from clonedetect.domain import Alignment, Forest, Matches

LEAST_SIMILARITY = 0.6  # below this, shape is all two fragments share: names contradict each other, literals differ
_ROLE_KINDS = {"name": "variable"}


def pair_id(left: Fragment, right: Fragment) -> str:
    """Short and the same in `scan A B` and `scan B A`."""
    spelled = sorted(f"{f.path}:{f.cell or 0}:{f.start_line}-{f.end_line}:{f.name}" for f in (left, right))
    return "p" + hashlib.blake2b("\n".join(spelled).encode("utf-8", "replace"), digest_size=6).hexdigest()


def exact_pairs(
    left: Fragments, right: Fragments, matches: Matches, found: Differences
) -> tuple[list[ClonePair], NDArray[np.int64]]:
    """Clone pairs of type 1 and 2, and the places of each: (left first, left last, right first, right last)."""
    similarity = np.maximum(0.0, 1 - (found.conflicts + found.literals) / np.maximum(1, found.tokens))
    places = np.stack((matches.left_first, matches.left_last, matches.right_first, matches.right_last), axis=1)
    module = (left.units[places[:, 0]] == MODULE) & (right.units[places[:, 2]] == MODULE)
    kept = np.flatnonzero((similarity >= LEAST_SIMILARITY) & ((matches.kind != MODULE) | module))
    names = _Names(left.forest, right.forest, found)
    columns = (places, found.literals, found.conflicts, similarity.round(4))
    rows = zip(kept.tolist(), *(column[kept].tolist() for column in columns), strict=True)
    pairs = [
        _exact_pair(left.fragment(a, b), right.fragment(c, d), names.of(i), literals, conflicts, alike)
        for i, (a, b, c, d), literals, conflicts, alike in rows
    ]
    return pairs, places[kept]


class _Names:
    """The renames of each match; a name is decoded once, however often it stands in the forest."""

    def __init__(self, left: Forest, right: Forest, found: Differences) -> None:
        self.begin = found.begin.tolist()
        self.spelled = (_spelled(left, found.left_row), _spelled(right, found.right_row))
        kinds = [_ROLE_KINDS.get(role, role) for role in left.kinds.roles]
        self.kinds = [kinds[role] for role in found.role.tolist()]
        self.places = found.places.tolist()

    def of(self, match: int) -> tuple[Rename, ...]:
        a, b = self.begin[match], self.begin[match + 1]
        if a == b:
            return ()
        rows = zip(self.spelled[0][a:b], self.spelled[1][a:b], self.kinds[a:b], self.places[a:b], strict=True)
        return tuple(sorted((Rename(*row) for row in rows), key=lambda r: (-r.count, r.left, r.right)))


def _spelled(forest: Forest, rows: NDArray[np.int64]) -> list[str]:
    """The source of some leaves."""
    _, first, which = np.unique(forest.columns.text[rows], return_index=True, return_inverse=True)
    words = [forest.source(row).decode("utf-8", "replace") for row in rows[first].tolist()]
    return [words[n] for n in which.tolist()]


def _exact_pair(
    left: Fragment, right: Fragment, renames: tuple[Rename, ...], literals: int, conflicts: int, similarity: float
) -> ClonePair:
    edits = [Edit(k, n) for k, n in (("literal-changed", literals), ("renamed", len(renames))) if n]
    return ClonePair(
        id=pair_id(left, right),
        type=2 if edits else 1,
        similarity=similarity,
        containment=1.0,
        bits=None,
        e_value=None,
        explained_by=None,
        left=left,
        right=right,
        regions=(Region((left.start_line, left.end_line), (right.start_line, right.end_line)),),
        renames=renames,
        edits=tuple(edits),
        conflicts=conflicts,
    )


def aligned_pair(left: Fragments, right: Fragments, a: int, c: int, alignment: Alignment) -> ClonePair:
    """The Type-3 pair of two definitions, by their places and the alignment of their canonical statements.

    The alignment's lines are counted from 1 in each definition.
    """
    lf, rf = left.fragment(a, a), right.fragment(c, c)
    up, down = lf.start_line - 1, rf.start_line - 1
    regions = tuple(
        Region((r.left[0] + up, r.left[1] + up), (r.right[0] + down, r.right[1] + down)) for r in alignment.regions
    )
    renames = tuple(
        Rename(r.left, r.right, "variable" if r.kind == "name" else r.kind, r.count) for r in alignment.renames
    )
    return ClonePair(
        id=pair_id(lf, rf),
        type=3,
        similarity=round(alignment.similarity, 4),
        containment=round(alignment.containment, 4),
        bits=None,
        e_value=None,
        explained_by=None,
        left=lf,
        right=rf,
        regions=regions,
        renames=renames,
        edits=alignment.edits,
        conflicts=alignment.conflicts,
    )

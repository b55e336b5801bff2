"""Verified matches to clone pairs."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from clonedetect.align.fragments import Fragments
from clonedetect.domain import MODULE, ClonePair, Edit, Fragment, Region, Rename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.align.exact import ExactPair
    from clonedetect.domain import Alignment, Forest, Matches

LEAST_SIMILARITY = 0.6  # below this, shape is all two fragments share: names contradict each other, literals differ
_ROLE_KINDS = {"name": "variable"}


def pair_id(left: Fragment, right: Fragment) -> str:
    """Short and the same in `scan A B` and `scan B A`."""
    spelled = sorted(f"{f.path}:{f.cell or 0}:{f.start_line}-{f.end_line}:{f.name}" for f in (left, right))
    return "p" + hashlib.blake2b("\n".join(spelled).encode("utf-8", "replace"), digest_size=6).hexdigest()


def exact_pairs(
    left: Fragments, right: Fragments, matches: Matches, details: Sequence[ExactPair]
) -> tuple[list[ClonePair], list[tuple[int, int, int, int]]]:
    """Clone pairs of type 1 and 2, and the places of each: (left first, left last, right first, right last)."""
    pairs: list[ClonePair] = []
    places: list[tuple[int, int, int, int]] = []
    columns = (matches.left_first, matches.left_last, matches.right_first, matches.right_last, matches.kind)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    for i, (a, b, c, d, kind) in enumerate(rows):
        if kind != MODULE or _solid(left, right, a, c):
            pair = _pair(left, right, (a, b, c, d), details[i])
            if pair:
                pairs.append(pair)
                places.append((a, b, c, d))
    return pairs, places


def _solid(left: Fragments, right: Fragments, a: int, c: int) -> bool:
    return left.unit(a) == MODULE and right.unit(c) == MODULE


def _renames(left: Forest, right: Forest, details: Sequence[ExactPair]) -> tuple[Rename, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    roles: dict[tuple[str, str], int] = {}
    for detail in details:
        for x, y, role, count in detail.names:
            key = (left.source(x).decode("utf-8", "replace"), right.source(y).decode("utf-8", "replace"))
            counts[key] += count
            roles[key] = max(roles.get(key, 0), role)
    named = [
        Rename(a, b, _ROLE_KINDS.get(left.kinds.roles[roles[a, b]], left.kinds.roles[roles[a, b]]), n)
        for (a, b), n in counts.items()
    ]
    return tuple(sorted(named, key=lambda r: (-r.count, r.left, r.right)))


def _similarity(details: Sequence[ExactPair]) -> float:
    tokens = sum(d.tokens for d in details)
    wrong = sum(d.conflicts + d.literals for d in details)
    return max(0.0, 1 - wrong / max(1, tokens))


def _pair(left: Fragments, right: Fragments, at: tuple[int, int, int, int], detail: ExactPair) -> ClonePair | None:
    similarity = _similarity([detail])
    if similarity < LEAST_SIMILARITY:
        return None
    a, b, c, d = at
    lf, rf = left.fragment(a, b), right.fragment(c, d)
    edits = [Edit(k, n) for k, n in (("literal-changed", detail.literals), ("renamed", len(detail.names))) if n]
    return ClonePair(
        id=pair_id(lf, rf),
        type=2 if detail.names or detail.literals else 1,
        similarity=round(similarity, 4),
        containment=1.0,
        bits=None,
        e_value=None,
        explained_by=None,
        left=lf,
        right=rf,
        regions=(Region((lf.start_line, lf.end_line), (rf.start_line, rf.end_line)),),
        renames=_renames(left.forest, right.forest, [detail]),
        edits=tuple(edits),
        conflicts=detail.conflicts,
    )


def aligned_pair(left: Fragments, right: Fragments, a: int, c: int, alignment: Alignment) -> ClonePair:
    """The Type-3 pair of two definitions, by their places and the alignment of their canonical statements."""
    lf, rf = left.fragment(a, a), right.fragment(c, c)
    shifts = [_cell_shift(side, place) for side, place in ((left, a), (right, c))]
    regions = tuple(
        Region(
            (r.left[0] - shifts[0], r.left[1] - shifts[0]),
            (r.right[0] - shifts[1], r.right[1] - shifts[1]),
        )
        for r in alignment.regions
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


def _cell_shift(side: Fragments, place: int) -> int:
    """How far a notebook cell's lines lie behind those of the joined code."""
    return side.lines(place, place)[0] - side.fragment(place, place).start_line if side.cells(place) else 0

"""Verified matches to clone pairs."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from clonedetect.align.fragments import Fragments
from clonedetect.domain import FUNCTION, MODULE, RUN, ClonePair, Edit, Fragment, Region, Rename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.align.exact import ExactPair
    from clonedetect.domain import Forest, Matches

LEAST_SIMILARITY = 0.6  # below this, shape is all two fragments share: names contradict each other, literals differ
_ROLE_KINDS = {"name": "variable"}


def pair_id(left: Fragment, right: Fragment) -> str:
    """Short and the same in `scan A B` and `scan B A`."""
    spelled = sorted(f"{f.path}:{f.cell or 0}:{f.start_line}-{f.end_line}:{f.name}" for f in (left, right))
    return "p" + hashlib.blake2b("\n".join(spelled).encode("utf-8", "replace"), digest_size=6).hexdigest()


def exact_pairs(
    left: Fragments, right: Fragments, matches: Matches, details: Sequence[ExactPair]
) -> tuple[list[ClonePair], list[tuple[int, int]]]:
    """Clone pairs of type 1 and 2, with the statement runs of one pair of functions gathered; and each pair's places.

    The places are those of its first statements, (left, right).
    """
    pairs: list[ClonePair] = []
    places: list[tuple[int, int]] = []
    runs: dict[tuple[int, int], list[int]] = defaultdict(list)
    columns = (matches.left_first, matches.left_last, matches.right_first, matches.right_last, matches.kind)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    for i, (a, b, c, d, kind) in enumerate(rows):
        if kind == RUN:
            runs[left.enclosing(a), right.enclosing(c)].append(i)
        elif kind != MODULE or _solid(left, right, a, c):
            pair = _pair(left, right, (a, b, c, d), details[i])
            if pair:
                pairs.append(pair)
                places.append((a, c))
    for (a, c), found in sorted(runs.items()):
        for one in _function_or_runs(left, right, a, c, [(rows[i][:4], details[i]) for i in found]):
            pairs.append(one[0])
            places.append(one[1])
    return pairs, places


def _solid(left: Fragments, right: Fragments, a: int, c: int) -> bool:
    return left.unit(a) == MODULE and right.unit(c) == MODULE


def _renames(left: Forest, right: Forest, details: Sequence[ExactPair]) -> tuple[Rename, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    roles: dict[tuple[str, str], int] = {}
    for detail in details:
        for l, r, role, count in detail.names:
            key = (left.source(l).decode("utf-8", "replace"), right.source(r).decode("utf-8", "replace"))
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


def _function_or_runs(
    left: Fragments, right: Fragments, a: int, c: int, runs: list[tuple[tuple[int, int, int, int], ExactPair]]
) -> list[tuple[ClonePair, tuple[int, int]]]:
    """Runs that hold half of both functions make one Type-3 pair of these; otherwise each run is a pair of its own."""
    whole = left.unit(a) == FUNCTION and right.unit(c) == FUNCTION
    if whole:
        lf, rf = left.fragment(a, a), right.fragment(c, c)
        shares = []
        for f, side in ((lf, 0), (rf, 2)):
            fragments = left if side == 0 else right
            lines = {
                line
                for at, _ in runs
                for line in range(fragments.lines(at[side], at[side])[0], fragments.lines(at[side], at[side + 1])[1] + 1)
            }
            shares.append(len(lines) / max(1, f.end_line - f.start_line + 1))
        details = [d for _, d in runs]
        if min(shares) >= 0.5 and _similarity(details) >= LEAST_SIMILARITY:
            regions = []
            for at, _ in runs:
                l, r = left.fragment(at[0], at[1]), right.fragment(at[2], at[3])
                regions.append(Region((l.start_line, l.end_line), (r.start_line, r.end_line)))
            renames = _renames(left.forest, right.forest, details)
            pair = ClonePair(
                id=pair_id(lf, rf),
                type=3,
                similarity=round(min(shares) * _similarity(details), 4),
                containment=round(max(shares), 4),
                bits=None,
                e_value=None,
                explained_by=None,
                left=lf,
                right=rf,
                regions=tuple(sorted(set(regions), key=lambda x: (x.left, x.right))),
                renames=renames,
                edits=(Edit("renamed", len(renames)),) if renames else (),
                conflicts=sum(d.conflicts for d in details),
            )
            return [(pair, (a, c))]
    made = ((_pair(left, right, at, detail), (at[0], at[2])) for at, detail in runs)
    return [(pair, place) for pair, place in made if pair]

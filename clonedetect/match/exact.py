"""Type-1 and Type-2 matches: equal blind hashes joined, made maximal, verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import RUN, Fingerprints, Matches, Units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest

Pairs = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
_BATCH = 3_000_000  # row pairs compared at a time: bounds memory
ALL_PAIRS = 32  # a group with more left-times-right pairs than this is listed as a class and paired one to one


def match_exact(left: Forest, right: Forest, left_prints: Fingerprints, right_prints: Fingerprints) -> Matches:
    """All maximal equal definitions and statement runs of two forests.

    A match inside an equal larger one at the same place is part of that one and not listed again.
    """
    lu, ru = left_prints.units, right_prints.units
    l_def, r_def = np.flatnonzero(lu.kind != RUN), np.flatnonzero(ru.kind != RUN)
    (li, ri), classes = _join(left_prints, right_prints, l_def, r_def)
    keep = ~_covered(left, right, left_prints, right_prints, lu.first[li], ru.first[ri])
    li, ri = li[keep], ri[keep]

    (lw, rw), _ = _join(left_prints, right_prints, np.flatnonzero(lu.kind == RUN), np.flatnonzero(ru.kind == RUN))
    keep = ~_covered(left, right, left_prints, right_prints, lu.first[lw], ru.first[rw])
    lw, rw = lw[keep], rw[keep]
    runs = _merge(left, right, left_prints, right_prints, lu.first[lw], lu.last[lw], ru.first[rw])

    parts = [
        (lu.first[li], lu.last[li], ru.first[ri], ru.last[ri], lu.kind[li]),
        (*runs, np.full(len(runs[0]), RUN, np.uint8)),
    ]
    columns = [np.concatenate(c) for c in zip(*parts, strict=True)]
    good = _verified(left, right, columns)
    columns = [c[good] for c in columns]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    places = tuple(
        (tuple(sorted({int(lu.first[i]) for i in ls})), tuple(sorted({int(ru.first[i]) for i in rs})))
        for ls, rs in classes
    )
    return Matches(*(c[order] for c in columns), classes=places)


def _join(
    left: Fingerprints, right: Fingerprints, li: NDArray[np.int64], ri: NDArray[np.int64]
) -> tuple[Pairs, list[Pairs]]:
    """Pairs of units with equal keys, and the groups too large to pair all with all."""
    lu, ru = left.units, right.units
    li = li[np.isin(lu.key[li], ru.key[ri])]
    ri = ri[np.isin(ru.key[ri], lu.key[li])]
    li = li[np.lexsort((li, lu.renamed[li], lu.raw[li], lu.key[li]))]
    ri = ri[np.lexsort((ri, ru.renamed[ri], ru.raw[ri], ru.key[ri]))]
    _, l_begin, l_count = np.unique(lu.key[li], return_index=True, return_counts=True)
    _, r_begin, r_count = np.unique(ru.key[ri], return_index=True, return_counts=True)
    small = l_count * r_count <= ALL_PAIRS
    lp, rp = _products(l_begin[small], l_count[small], r_begin[small], r_count[small])
    out_l, out_r, classes = [li[lp]], [ri[rp]], []
    for lb, lc, rb, rc in zip(l_begin[~small], l_count[~small], r_begin[~small], r_count[~small], strict=True):
        ls, rs = li[lb : lb + lc], ri[rb : rb + rc]
        classes.append((ls, rs))
        a, b = _one_to_one(lu, ru, ls, rs)
        out_l.append(a)
        out_r.append(b)
    return (np.concatenate(out_l), np.concatenate(out_r)), classes


def _products(
    l_begin: NDArray[np.int64], l_count: NDArray[np.int64], r_begin: NDArray[np.int64], r_count: NDArray[np.int64]
) -> Pairs:
    """All left-right combinations of each group, without a loop."""
    size = l_count * r_count
    group = np.repeat(np.arange(len(size)), size)
    item = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    return l_begin[group] + item // r_count[group], r_begin[group] + item % r_count[group]


def _one_to_one(lu: Units, ru: Units, ls: NDArray[np.int64], rs: NDArray[np.int64]) -> Pairs:
    """Partners inside one large group: equal text first, then equal up to own names, up to all names, then in order."""
    out_l, out_r = [], []
    left, right = list(map(int, ls)), list(map(int, rs))
    for form in ("raw", "content", "renamed", "key"):
        a, b = getattr(lu, form), getattr(ru, form)
        waiting: dict[int, list[int]] = {}
        for j in right:
            waiting.setdefault(int(b[j]), []).append(j)
        rest = []
        for i in left:
            partners = waiting.get(int(a[i]))
            if partners:
                out_l.append(i)
                out_r.append(partners.pop(0))
            else:
                rest.append(i)
        left, right = rest, sorted(j for js in waiting.values() for j in js)
    # Whoever is left over is a copy too: it is paired with the group's first.
    out_l += left + [out_l[0]] * len(right)
    out_r += [out_r[0]] * len(left) + right
    return np.array(out_l, np.int64), np.array(out_r, np.int64)


def _covered(
    left: Forest, right: Forest, lp: Fingerprints, rp: Fingerprints, x: NDArray[np.int64], y: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the enclosing statements are equal too and hold both at the same place."""
    a, b = left.statements.parent[x].astype(np.int64), right.statements.parent[y].astype(np.int64)
    inside = (a >= 0) & (b >= 0)
    equal = inside & (lp.statement[a] == rp.statement[b])
    l_offset = left.statements.row[x].astype(np.int64) - left.statements.row[a]
    r_offset = right.statements.row[y].astype(np.int64) - right.statements.row[b]
    return equal & (l_offset == r_offset)


def _merge(
    left: Forest,
    right: Forest,
    lp: Fingerprints,
    rp: Fingerprints,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    other: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Windows that follow each other on both sides become one run, extended while the next statements are equal."""
    if not len(first):
        return first, last, other, other
    lb, rb = left.statements.parent[first], right.statements.parent[other]
    diagonal = lp.ordinal[first] - rp.ordinal[other]
    order = np.lexsort((lp.ordinal[first], diagonal, rb, lb))
    first, last, other = first[order], last[order], other[order]
    lb, rb, diagonal = lb[order], rb[order], diagonal[order]
    begin = np.ones(len(first), bool)
    begin[1:] = (
        (lb[1:] != lb[:-1])
        | (rb[1:] != rb[:-1])
        | (diagonal[1:] != diagonal[:-1])
        | (lp.ordinal[first][1:] != lp.ordinal[first][:-1] + 1)
    )
    ends = np.concatenate((np.flatnonzero(begin)[1:], [len(first)])) - 1
    starts = np.flatnonzero(begin)
    length = lp.ordinal[last[ends]] - lp.ordinal[first[starts]]
    l_first, r_first, l_last = first[starts], other[starts], last[ends]
    r_last = _advance(rp.sibling, r_first, length)
    stops = [_marked(prints.units.first[prints.units.kind != RUN], len(prints.sibling)) for prints in (lp, rp)]
    while True:
        a, b = lp.sibling[l_last], rp.sibling[r_last]
        on = (a >= 0) & (b >= 0) & (lp.statement[a] == rp.statement[b])
        on &= ~stops[0][a] & ~stops[1][b]
        if not on.any():
            return l_first, l_last, r_first, r_last
        l_last, r_last = np.where(on, a, l_last), np.where(on, b, r_last)


def _marked(places: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    out = np.zeros(n, bool)
    out[places] = True
    return out


def _advance(sibling: NDArray[np.int64], place: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    place, steps = place.copy(), steps.copy()
    while (steps > 0).any():
        on = steps > 0
        place[on] = sibling[place[on]]
        steps[on] -= 1
    return place


def _verified(left: Forest, right: Forest, columns: list[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Compare the rows themselves: kinds, shapes and the spelled leaves that are no names or literals."""
    lc, rc = left.columns, right.columns
    ids = np.minimum(np.arange(65536), len(left.kinds.names) - 1)
    free = (left.kinds.mask("identifier") | left.kinds.mask("literal"))[ids]
    first, last, other, end = columns[:4]
    lo, at = left.statements.row[first].astype(np.int64), right.statements.row[other].astype(np.int64)
    size = lc.after[left.statements.row[last]].astype(np.int64) - lo
    ok = size == rc.after[right.statements.row[end]].astype(np.int64) - at
    total = np.cumsum(np.where(ok, size, 0))
    begin = 0
    while begin < len(size):
        base = int(total[begin - 1]) if begin else 0
        stop = max(begin + 1, int(np.searchsorted(total, base + _BATCH, side="right")))
        part = np.flatnonzero(ok[begin:stop]) + begin
        length = size[part]
        edge = np.cumsum(length) - length
        x = np.arange(int(length.sum())) + np.repeat(lo[part] - edge, length)
        shift = np.repeat(at[part] - lo[part], length)
        y = x + shift
        differ = lc.kind[x] != rc.kind[y]
        differ |= lc.after[x] + shift != rc.after[y]
        differ |= (lc.text[x] != rc.text[y]) & ~free[lc.kind[x]]
        if len(part):
            ok[part] = ~np.logical_or.reduceat(differ, edge)
        begin = stop
    return ok

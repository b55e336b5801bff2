"""What differs inside verified matches: the leaves of all of them side by side in arrays, counted per match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest, Matches

_BATCH = 3_000_000  # leaf pairs at a time: bounds memory


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs in each match, one entry a match: its tokens, how many name places contradict the match's own
    majority, how many literals differ, and where its names begin in the other columns (matches + 1 offsets).

    Names are pairs of different names that stand opposite each other: rows of an occurrence, role index, places.
    """

    tokens: NDArray[np.int64]
    conflicts: NDArray[np.int64]
    literals: NDArray[np.int64]
    begin: NDArray[np.int64]
    left_row: NDArray[np.int64]
    right_row: NDArray[np.int64]
    role: NDArray[np.uint8]
    places: NDArray[np.int64]


def compare_exact(left: Forest, right: Forest, matches: Matches) -> Differences:
    """What differs in every match, in order."""
    lrow, rrow = left.statements.row.astype(np.int64), right.statements.row.astype(np.int64)
    lo, at = lrow[matches.left_first], rrow[matches.right_first]
    size = left.columns.after[lrow[matches.left_last]].astype(np.int64) - lo
    scope = _scopes(left)
    total = np.cumsum(size)
    parts, begin = [], 0
    while begin < len(size):
        base = int(total[begin - 1]) if begin else 0
        stop = max(begin + 1, int(np.searchsorted(total, base + _BATCH, side="right")))
        parts.append(_batch(left, right, scope, lo[begin:stop], at[begin:stop], size[begin:stop]))
        begin = stop
    if not parts:
        none = np.zeros(0, np.int64)
        return Differences(none, none, none, np.zeros(1, np.int64), none, none, none.astype(np.uint8), none)
    tokens, conflicts, literals, named, x, y, role, places = (np.concatenate(c) for c in zip(*parts, strict=True))
    return Differences(tokens, conflicts, literals, np.concatenate(([0], np.cumsum(named))), x, y, role, places)


def _batch(
    left: Forest,
    right: Forest,
    scope: NDArray[np.int64],
    lo: NDArray[np.int64],
    at: NDArray[np.int64],
    size: NDArray[np.int64],
) -> tuple[NDArray, ...]:
    """The columns of `Differences` for some matches, with how many names each has."""
    n = len(lo)
    pair = np.repeat(np.arange(n), size)
    x = np.arange(len(pair)) + np.repeat(lo - (np.cumsum(size) - size), size)
    y = x + np.repeat(at - lo, size)
    lc, rc = left.columns, right.columns
    leaves = np.concatenate(([0], np.cumsum(lc.after == np.arange(1, len(lc.after) + 1, dtype=np.uint32))))
    tokens = leaves[lo + size] - leaves[lo]
    role, lt, rt = lc.role[x], lc.text[x], rc.text[y]
    literals = np.bincount(pair[(role == 0) & (lt != rt)], minlength=n)

    named = np.flatnonzero(role)
    pair, x, y, role, lt, rt = pair[named], x[named], y[named], role[named], lt[named], rt[named]
    # A function's own names hold in it alone: the same name may become another one in the next function.
    free = np.isin(role, [left.kinds.roles.index(r) for r in ("name", "parameter")])
    within = np.where(free, scope[x], 0)
    keys, (x, y, role, count) = _counted((pair, within, lt, rt), x, y, role, np.ones(len(pair), np.int64))
    pair, within, lt, rt = keys
    conflicts = np.zeros(n, np.int64)
    for side in (lt, rt):  # places that are not the majority of their name, from either side
        conflicts = np.maximum(conflicts, _minority(pair, within, side, count, n))
    (pair, lt, rt), (x, y, role, count) = _counted((pair, lt, rt), x, y, role, count)
    changed = lt != rt
    pair, x, y, role, count = pair[changed], x[changed], y[changed], role[changed], count[changed]
    return tokens, conflicts, literals, np.bincount(pair, minlength=n), x, y, role, count


def _counted(
    keys: tuple[NDArray, ...], x: NDArray[np.int64], y: NDArray[np.int64], role: NDArray[np.uint8], count: NDArray
) -> tuple[tuple[NDArray, ...], tuple[NDArray, ...]]:
    """Places with equal keys as one: the first of their rows, their rarest role, how many they are.

    The rarest role says most: a class or function name also stands as a plain name where it is used.
    """
    if not len(x):
        return keys, (x, y, role, count)
    order = np.lexsort((x, *keys[::-1]))
    keys = tuple(k[order] for k in keys)
    new = np.ones(len(order), bool)
    new[1:] = np.any([k[1:] != k[:-1] for k in keys], axis=0)
    begin = np.flatnonzero(new)
    first = order[begin]
    merged = x[first], y[first], np.maximum.reduceat(role[order], begin), np.add.reduceat(count[order], begin)
    return tuple(k[begin] for k in keys), merged


def _scopes(forest: Forest) -> NDArray[np.int64]:
    """For every row the outermost function that holds it, counted from 1; 0 outside functions."""
    kind = np.minimum(forest.columns.kind, len(forest.kinds.names) - 1)
    function = np.flatnonzero(forest.kinds.mask("function")[kind])
    after = forest.columns.after[function].astype(np.int64)
    if not len(function):
        return np.zeros(len(kind), np.int64)
    outermost = np.concatenate(([True], function[1:] >= np.maximum.accumulate(after)[:-1]))
    function, after = function[outermost], after[outermost]
    scope = np.searchsorted(function, np.arange(len(kind)), side="right")
    inside = np.arange(len(kind)) < after[np.maximum(scope - 1, 0)]
    return np.where((scope > 0) & inside, scope, 0)


def _minority(
    pair: NDArray[np.int64], scope: NDArray[np.int64], name: NDArray[np.uint64], count: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Per match the places where a name stands opposite another partner than its most frequent one."""
    order = np.lexsort((name, scope, pair))
    p, q, m, c = pair[order], scope[order], name[order], count[order]
    if not len(p):
        return np.zeros(n, np.int64)
    new = np.ones(len(p), bool)
    new[1:] = (p[1:] != p[:-1]) | (q[1:] != q[:-1]) | (m[1:] != m[:-1])
    begin = np.flatnonzero(new)
    excess = np.add.reduceat(c, begin) - np.maximum.reduceat(c, begin)
    return np.bincount(p[begin], weights=excess, minlength=n).astype(np.int64)

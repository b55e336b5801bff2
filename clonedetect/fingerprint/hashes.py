"""Hashes of subtrees and statement runs.

With labels x and an odd base B, S[k] = sum of x[i] * B**i for i < k (modulo 2**64) gives the hash of any rows lo:hi as
(S[hi] - S[lo]) * B**-lo: one subtraction and one multiplication (Karp and Rabin 1987, as prefix sums).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import CLASS, FUNCTION, MODULE, RUN, Fingerprints, Units, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest

_BASE = 0xD6E8FEB86659FD93
_INVERSE = pow(_BASE, -1, 1 << 64)
_POWERS: dict[int, NDArray[np.uint64]] = {}  # of both, as many as a forest has needed: each form of each side asks
RUN_TOKENS = 40  # the smallest statement run: fewer leaves than this recur in unrelated code all the time
DEFINITION_TOKENS = 6  # the smallest definition
SMALL_TOKENS = 24  # definitions smaller than this are equal only if the external names and literals in them are
MAX_WINDOW = 64  # statements in the smallest run: longer ones are data, not code


def _powers(base: int, n: int) -> NDArray[np.uint64]:
    """base**0 .. base**(n-1) modulo 2**64, and some more."""
    known = _POWERS.get(base)
    if known is None or len(known) < n:
        run = np.full(max(n, 1), np.uint64(base))
        run[0] = 1
        known = _POWERS[base] = np.multiply.accumulate(run, dtype=np.uint64)
    return known


class Ranges:
    """Range hashes over one labelling of rows."""

    def __init__(self, labels: NDArray[np.uint64]) -> None:
        self.sums = np.zeros(len(labels) + 1, np.uint64)
        np.cumsum(labels * _powers(_BASE, len(labels))[: len(labels)], out=self.sums[1:])
        self.inverse = _powers(_INVERSE, len(labels) + 1)

    def of(self, lo: NDArray[np.int64], hi: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The hash of the rows `lo:hi` of each pair of these."""
        return (self.sums[hi] - self.sums[lo]) * self.inverse[lo]


def fingerprint(
    forest: Forest,
    blind: NDArray[np.uint64],
    raw: NDArray[np.uint64],
    content: NDArray[np.uint64],
    run_tokens: int = RUN_TOKENS,
) -> Fingerprints:
    """All units of a forest. `blind`, `raw` and `content` are its rows' labels in these forms."""
    c, s = forest.columns, forest.statements
    n = len(c.kind)
    blinds, raws = Ranges(blind), Ranges(raw)
    row = s.row.astype(np.int64)
    after = c.after[row].astype(np.int64)
    leaves = np.concatenate(([0], np.cumsum(c.after == np.arange(1, n + 1, dtype=np.uint32))))
    statement = blinds.of(row, after)
    ordinal, sibling = _siblings(s.parent)

    kind = definition_kinds(forest, row)
    whole = np.flatnonzero((kind != RUN) & (leaves[after] - leaves[row] >= DEFINITION_TOKENS))
    first, last = _windows(forest, row, leaves[after] - leaves[row], kind, sibling, run_tokens)
    firsts, lasts = np.concatenate((whole, first)), np.concatenate((whole, last))
    lo, hi = row[firsts], after[lasts]
    tokens = leaves[hi] - leaves[lo]
    blind_hash = blinds.of(lo, hi)
    spelled = Ranges(content).of(lo, hi)
    units = Units(
        first=firsts,
        last=lasts,
        lo=lo,
        hi=hi,
        kind=np.concatenate((kind[whole], np.full(len(first), RUN, np.uint8))),
        tokens=tokens,
        raw=raws.of(lo, hi),
        renamed=blind_hash + _rename_hashes(forest, lo, hi, len(whole)),
        blind=blind_hash,
        content=spelled,
        key=np.where(tokens < SMALL_TOKENS, spelled, blind_hash),
    )
    return Fingerprints(units, statement, sibling, ordinal)


def _siblings(parent: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each statement's ordinal in its block, and the place of the next statement there, -1 for the last."""
    n = len(parent)
    order = np.lexsort((np.arange(n), parent))
    same = parent[order][1:] == parent[order][:-1]
    same &= parent[order][1:] >= 0  # modules are nobody's siblings
    sibling = np.full(n, -1, np.int64)
    sibling[order[:-1][same]] = order[1:][same]
    begin = np.concatenate(([True], ~same)) if n else np.zeros(0, bool)
    position = np.arange(n)
    ordinal = np.zeros(n, np.int64)
    ordinal[order] = position - np.maximum.accumulate(np.where(begin, position, 0))
    return ordinal, sibling


def definition_kinds(forest: Forest, row: NDArray[np.int64]) -> NDArray[np.uint8]:
    """What kind of unit each statement is alone: a decorated definition is what it decorates."""
    c, k = forest.columns, forest.kinds
    top = len(k.names) - 1
    out = np.full(len(row), RUN, np.uint8)
    at = row.copy()
    wrapped = k.mask("wrapper")[np.minimum(c.kind[at], top)]
    while wrapped.any():  # the definition is the wrapper's last child: follow the decorators
        inner = at[wrapped] + 1
        while True:
            decorator = c.after[inner] < c.after[at[wrapped]]
            if not decorator.any():
                break
            inner = np.where(decorator, c.after[inner].astype(np.int64), inner)
        at[wrapped] = np.minimum(inner, len(c.kind) - 1)
        wrapped = np.zeros(len(row), bool)
    kind = np.minimum(c.kind[at], top)
    out[k.mask("module")[kind]] = MODULE
    out[k.mask("class")[kind]] = CLASS
    out[k.mask("function")[kind]] = FUNCTION
    return out


def _windows(
    forest: Forest,
    row: NDArray[np.int64],
    tokens: NDArray[np.int64],
    kind: NDArray[np.uint8],
    sibling: NDArray[np.int64],
    least: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every statement the shortest run from it that has `least` leaves; definitions and imports end a run."""
    table = forest.kinds
    stops = (kind != RUN) | table.mask("import")[np.minimum(forest.columns.kind[row], len(table.names) - 1)]
    first = np.flatnonzero(~stops)
    last, total = first.copy(), tokens[first]
    done_first, done_last = [], []
    for _ in range(MAX_WINDOW):
        full = total >= least
        done_first.append(first[full])
        done_last.append(last[full])
        after = sibling[last]
        on = ~full & (after >= 0)
        on &= ~stops[np.maximum(after, 0)]
        first, last, total = first[on], after[on], total[on]
        if not len(first):
            break
        total = total + tokens[last]
    firsts, lasts = np.concatenate(done_first), np.concatenate(done_last)
    order = np.argsort(firsts, kind="stable")
    return firsts[order], lasts[order]


def _rename_hashes(
    forest: Forest, lo: NDArray[np.int64], hi: NDArray[np.int64], definitions: int
) -> NDArray[np.uint64]:
    """What consistent renaming keeps: for each name in a definition, how many names ago it stood there last.

    The previous-occurrence encoding of Baker (1993): a name's first occurrence in the fragment counts 0. Runs get 0.
    Distances are hashed as if every definition were its whole file; then those that reach out of it are made 0.
    """
    c = forest.columns
    names = np.flatnonzero(c.role > 0)
    out = np.zeros(len(lo), np.uint64)
    if not len(names) or not definitions:
        return out
    key = c.text[names] + mix(np.searchsorted(forest.rows, names, side="right").astype(np.uint64))  # name and file
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    previous = np.full(len(names), -1, np.int64)
    previous[order[1:][same]] = order[:-1][same]
    distance = np.where(previous >= 0, np.arange(len(names)) - previous, 0)
    label = mix(distance.astype(np.uint64) + np.uint64(1))
    begin, end = np.searchsorted(names, lo[:definitions]), np.searchsorted(names, hi[:definitions])
    ranges = Ranges(label)
    out[:definitions] = ranges.of(begin, end)
    excess = (label - mix(np.ones(1, np.uint64))) * _powers(_BASE, len(names))[: len(names)]
    inner = np.flatnonzero(~np.isin(lo[:definitions], forest.rows))  # nothing reaches out of a module
    for at in _batches((end - begin)[inner], 4_000_000):
        which = inner[at]
        count = end[which] - begin[which]
        base = np.repeat(begin[which], count)
        item = np.arange(len(base)) + np.repeat(begin[which] - (np.cumsum(count) - count), count)
        back = previous[item]
        outside = np.flatnonzero((back >= 0) & (back < base))
        sums = np.zeros(len(outside) + 1, np.uint64)
        np.cumsum(excess[item[outside]], out=sums[1:])
        stop = np.searchsorted(outside, np.cumsum(count))
        start = np.concatenate(([0], stop[:-1]))
        out[which] -= (sums[stop] - sums[start]) * ranges.inverse[begin[which]]
    return out


def _batches(sizes: NDArray[np.int64], most: int) -> list[slice]:
    """Slices of at most about `most` items together: bounds the memory of expanded ranges."""
    total = np.cumsum(sizes)
    cuts = np.searchsorted(total, np.arange(most, int(total[-1]) if len(total) else 0, most)) + 1
    edges = np.unique(np.concatenate(([0], cuts, [len(sizes)])))
    return [slice(a, b) for a, b in pairwise(edges.tolist())]

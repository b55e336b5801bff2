"""Content features: what is left of a fragment when own names are one symbol, as a bag of small pieces.

Names that nobody can rename, strings, numbers, operators, keywords, and every small expression as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import CLASS, FUNCTION, MODULE, Features, mix
from clonedetect.fingerprint.hashes import Ranges, definition_kinds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest

SHAPE_ROWS = 12  # an expression of more rows is not "small": a copier's edits would hit it
LEAST_TOKENS = 12  # a bag with fewer leaves says nothing


def features(forest: Forest, kept: NDArray[np.bool_], labels: NDArray[np.uint64], in_order: bool = True) -> Features:
    """The bags of a forest.

    `labels` are its rows' labels with own names blind and all else spelled; `kept` are the identifiers that count.
    A function with all that is nested in it is a bag; so is what remains of each class, and of each module. Unless
    `in_order`, an expression is what stands in it, in any order: `a < b` and `b < a` are one.
    """
    c, s, k = forest.columns, forest.statements, forest.kinds
    n = len(c.kind)
    kind = np.minimum(c.kind, len(k.names) - 1)
    row = s.row.astype(np.int64)
    place, bag_kind, owner = _bags(forest, row)

    size = c.after.astype(np.int64) - np.arange(n)
    ranges = Ranges(labels) if in_order else _Sums(labels)
    shape = np.flatnonzero(k.mask("shape")[kind] & (size > 1) & (size <= SHAPE_ROWS))
    leaf = np.flatnonzero(kept | (k.mask("literal")[kind] & (c.text != 0)))
    word = np.flatnonzero(k.mask("keyword")[kind] | k.mask("operators")[kind])
    hidden = _within(c.after, np.flatnonzero(k.mask("annotation")[kind]), n)
    rows = np.concatenate((shape, leaf, word))
    value = np.concatenate(
        (
            ranges.of(shape, c.after[shape].astype(np.int64)) | np.uint64(1),
            c.text[leaf] + np.uint64(2) * (c.role[leaf] == 0).astype(np.uint64),
            kind[word].astype(np.uint64) * np.uint64(0x2545F4914F6CDD1D) & ~np.uint64(1),
        )
    )
    seen = ~hidden[rows]
    rows, value = rows[seen], value[seen]
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    by_value = np.argsort(value[order], kind="stable")
    value = value[order][by_value]
    new = np.concatenate((np.ones(min(len(value), 1), bool), value[1:] != value[:-1]))
    distinct = value[new]
    number = np.empty(len(rows), np.int64)
    number[by_value] = np.cumsum(new) - 1
    begins = np.zeros(n, np.uint8)
    begins[row] = 1
    statement = np.cumsum(begins, dtype=np.int64) - 1  # of each row, by its place
    bag = owner[statement[rows]]

    # By bag, then value, then row: of the last two they are in order already, and small numbers are sorted fast.
    small = np.uint16 if len(place) < 65536 else np.uint32
    order = by_value[np.argsort(bag[by_value].astype(small), kind="stable")]
    new = np.ones(len(rows), bool)
    new[1:] = (bag[order][1:] != bag[order][:-1]) | (number[order][1:] != number[order][:-1])
    begin = np.flatnonzero(new)
    first = order[begin]
    count = np.diff(np.concatenate((begin, [len(rows)])))
    tokens = np.bincount(owner[statement[(size == 1) & ~hidden]], minlength=len(place))
    return Features(
        place=place,
        kind=bag_kind,
        tokens=tokens,
        distinct=distinct,
        start=np.searchsorted(bag[first], np.arange(len(place) + 1)),
        number=number[first],
        count=np.minimum(count, 65535).astype(np.uint16),
        row=rows[first],
        node_row=rows,
        node_number=number,
        whole=np.where(bag_kind == FUNCTION, ranges.of(row[place], c.after[row[place]].astype(np.int64)), np.uint64(0)),
    )


class _Sums:
    """Hashes of what is in ranges of rows, in any order, over one labelling."""

    def __init__(self, labels: NDArray[np.uint64]) -> None:
        self.sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(labels, dtype=np.uint64)))

    def of(self, lo: NDArray[np.int64], hi: NDArray[np.int64]) -> NDArray[np.uint64]:
        return mix(self.sums[hi] - self.sums[lo])


def _within(after: NDArray[np.uint32], rows: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Which rows lie in the subtrees of some rows."""
    edge = np.bincount(rows, minlength=n + 1) - np.bincount(after[rows], minlength=n + 1)
    return np.cumsum(edge)[:n] > 0


def _bags(forest: Forest, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """The place and kind of each bag, and the bag that owns each statement."""
    parent = forest.statements.parent.astype(np.int64)
    kind = definition_kinds(forest, row)
    heads = np.isin(kind, (MODULE, CLASS, FUNCTION))
    # Outermost function, else innermost class, else module: settled level by level, parents before children.
    home = np.where(heads, np.arange(len(row)), -1)
    depth = np.zeros(len(row), np.int64)
    at = parent.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, parent[np.maximum(at, 0)], -1)
    for level in range(1, int(depth.max()) + 1 if len(depth) else 0):
        here = np.flatnonzero(depth == level)
        above = home[parent[here]]
        in_function = kind[above] == FUNCTION
        home[here] = np.where(in_function | ~heads[here], above, here)
    place = np.unique(home) if len(home) else np.zeros(0, np.int64)
    return place, kind[place], np.searchsorted(place, home)

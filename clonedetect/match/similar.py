"""Candidates for Type-3 clones: fragments that share rare content features, by a sparse inverted index.

The score of a pair is a log-likelihood ratio: the bits of what both have, less a share of the bits that only one has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import Scores, Weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy import sparse

    from clonedetect.domain import Background, Features, Forest

MOST_BITS = 12.0  # a feature's bits at most: rarer than that cannot be told from a sample of public code
INDEX_BITS = 3.0  # features with fewer bits find no candidates
PRODUCTS = 6_000_000  # left-times-right occurrences in the index at most: the commonest features are left out first
BEST = 6  # candidates kept for each bag
LEAST_MATCHED = 12.0  # bits that a candidate must share
LEVELS = 12
Rows = tuple["NDArray[np.int64]", "NDArray[np.int64]"]  # ranges of rows: lo, hi
RANGE_ROWS = 2_000_000  # rows of ranges whose bags are made at a time: bounds memory


def weigh(
    left: Features,
    right: Features,
    left_forest: Forest,
    right_forest: Forest,
    background: Background,
    blind: NDArray[np.bool_] | None = None,
) -> Weights:
    """Bits of every feature: from the commonest of the background, the left and the right.

    A repository's own count leaves one occurrence out, so that a copy does not make its features common. What a small
    expression's pieces already say is taken off its bits: the sum over a fragment counts nothing twice. Rows of a side
    compared with itself that are `blind` in the expressions around them say nothing of these.
    """
    vocabulary = np.unique(np.concatenate((left.distinct, right.distinct)))
    bits = background.bits(vocabulary)
    for side in (left, right):
        df = np.zeros(len(vocabulary), np.int64)
        df[np.searchsorted(vocabulary, side.distinct)] = np.bincount(side.number, minlength=len(side.distinct))
        share = np.maximum(df - 1, 0) / max(1, len(side.place))
        with np.errstate(divide="ignore"):
            bits = np.minimum(bits, -np.log2(share))
    bits = np.clip(bits, 0.0, MOST_BITS)
    added = np.full(len(vocabulary), -1.0)
    _take_off_pieces(vocabulary, bits, added, left, left_forest, blind)
    if right is not left:  # a corpus weighs a repository by itself
        _take_off_pieces(vocabulary, bits, added, right, right_forest)
    return Weights(vocabulary, bits, np.maximum(added, 0.0))


def _take_off_pieces(
    vocabulary: NDArray[np.uint64],
    bits: NDArray[np.float64],
    added: NDArray[np.float64],
    features: Features,
    forest: Forest,
    blind: NDArray[np.bool_] | None = None,
) -> None:
    """Fill `added` for the features of one side, smallest expressions first."""
    after = forest.columns.after.astype(np.int64)
    row = features.node_row
    index = np.searchsorted(vocabulary, features.distinct)[features.node_number]
    size = np.where(_is_word(features.distinct)[features.node_number], LEVELS + 1, after[row] - row)
    value = np.zeros(len(row))
    held = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=len(after)))))  # pieces before each row
    for level in range(1, LEVELS + 1):
        here = np.flatnonzero(size == level)
        if not len(here):
            continue
        sums = np.concatenate(([0.0], np.cumsum(value)))
        begin, end = held[row[here] + 1], held[after[row[here]]]
        rest = np.maximum(0.0, bits[index[here]] - (sums[end] - sums[begin]))
        fresh = added[index[here]] < 0
        added[index[here][fresh]] = rest[fresh]
        value[here] = added[index[here]] if blind is None else np.where(blind[row[here]], 0.0, added[index[here]])
    words = np.flatnonzero(size > LEVELS)  # keywords and operators: what stands inside them is not part of them
    added[index[words]] = bits[index[words]]


def _is_word(feature: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Keywords and operators are the even features."""
    return feature & np.uint64(1) == 0


def _matrix(features: Features, weights: Weights) -> sparse.csr_matrix:
    """Bags by features; a feature's n-th occurrence says less than the first: 1 + log2 n in all."""
    from scipy import sparse  # its start-up is longer than a check of a few files

    counts = 1.0 + np.log2(features.count.astype(np.float64))
    index = np.searchsorted(weights.feature, features.distinct)[features.number]
    return sparse.csr_matrix((counts, index, features.start), shape=(len(features.place), len(weights.feature)))


def candidates(
    left: Features, right: Features, weights: Weights, also: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
) -> Scores:
    """For each bag its best partners on the other side, each scored on all features. No loop over all pairs.

    `also` are further pairs of bags to score, found by other means.
    """
    a, b = _matrix(left, weights), _matrix(right, weights)
    i, j = _index(a, b, weights)
    if also is not None and len(also[0]):
        key = np.unique(np.concatenate((i * len(right.place) + j, also[0] * len(right.place) + also[1])))
        i, j = key // len(right.place), key % len(right.place)
    found = scored(left, right, weights, i, j)
    keep = found.matched >= LEAST_MATCHED
    return Scores(i[keep], j[keep], found.matched[keep], found.left_only[keep], found.right_only[keep])


def scored(left: Features, right: Features, weights: Weights, i: NDArray[np.int64], j: NDArray[np.int64]) -> Scores:
    """Pairs of bags scored on all features."""
    a, b = _matrix(left, weights), _matrix(right, weights)
    matched = np.zeros(len(i))
    for at in range(0, len(i), 20_000):
        both = a[i[at : at + 20_000]].minimum(b[j[at : at + 20_000]])
        matched[at : at + 20_000] = both @ weights.added
    total_a, total_b = a @ weights.added, b @ weights.added
    return Scores(i, j, matched, total_a[i] - matched, total_b[j] - matched)


def _index(a: sparse.csr_matrix, b: sparse.csr_matrix, weights: Weights) -> tuple[NDArray, NDArray]:
    """Pairs that share enough rare features, the best few of each row and of each column."""
    from scipy import sparse  # its start-up is longer than a check of a few files

    df_a = np.bincount(a.indices, minlength=a.shape[1]).astype(np.int64)
    df_b = np.bincount(b.indices, minlength=a.shape[1]).astype(np.int64)
    product = df_a * df_b
    usable = np.flatnonzero((product > 0) & (weights.bits >= INDEX_BITS) & (weights.added > 0.5))
    usable = usable[np.argsort(product[usable], kind="stable")]
    usable = np.sort(usable[: int(np.searchsorted(np.cumsum(product[usable]), PRODUCTS))])
    if not len(usable):
        none = np.zeros(0, np.int64)
        return none, none
    x, y = a[:, usable].copy(), b[:, usable].copy()
    x.data[:] = 1.0
    y.data[:] = 1.0
    shared = (x @ sparse.diags(weights.added[usable]) @ y.T).tocsr()
    row, column = np.repeat(np.arange(shared.shape[0], dtype=np.int32), np.diff(shared.indptr)), shared.indices
    # A small fragment's few bits must not lose against what large fragments share by their size.
    size_a, size_b = np.asarray(a @ weights.added), np.asarray(b @ weights.added)
    score = shared.data * shared.data
    score /= size_a[row] + size_b[column] + 20.0
    keep = np.zeros(len(score), bool)
    keep[_best(shared.indptr, column, score)] = True
    shared.data = np.arange(len(score))
    turned = shared.tocsc()
    keep[turned.data[_best(turned.indptr, turned.indices, score[turned.data])]] = True
    at = np.flatnonzero(keep)
    at = at[np.lexsort((column[at], row[at]))]
    return row[at].astype(np.int64), column[at].astype(np.int64)


def _best(start: NDArray, other: NDArray, score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Entries among the `BEST` of their line; line n has the entries `start[n]:start[n + 1]`."""
    size = np.diff(start).astype(np.int64)
    # Sorting is dear: of a long line only what is no worse than the best of each of `BEST` parts can be among its best.
    long = np.flatnonzero(size > BEST)
    floor = np.full(len(size), -np.inf)
    if len(long):
        edges = start[long, None] + size[long, None] * np.arange(BEST + 1) // BEST  # the last: up to the next line
        parts = np.maximum.reduceat(np.append(score, -np.inf), edges.ravel()).reshape(-1, BEST + 1)
        floor[long] = parts[:, :BEST].min(axis=1)
    at = np.flatnonzero(score >= np.repeat(floor, size))
    line = np.repeat(np.arange(len(size)), size)[at]
    at = at[np.lexsort((other[at], -score[at], line))]
    line.sort()
    begin = np.flatnonzero(np.concatenate(([True], line[1:] != line[:-1]))) if len(line) else line
    rank = np.arange(len(at)) - np.repeat(begin, np.diff(np.append(begin, len(at))))
    return at[rank < BEST]


def range_bits(
    features: Features, weights: Weights, lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Bits of the rows `lo:hi` of a forest, for each such range: as of a bag, repetition says little."""
    ranges, at = np.unique(lo * (int(hi.max(initial=0)) + 1) + hi, return_index=True, return_inverse=True)[1:]
    lo, hi, out = lo[ranges], hi[ranges], np.zeros(len(ranges))
    for which, feature, count in range_entries(features, weights, lo, hi):
        bits = weights.added[feature] * (1.0 + np.log2(count))
        out += np.bincount(which, weights=bits, minlength=len(lo))
    return out[at]


def range_entries(
    features: Features, weights: Weights, lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """The bags of ranges `lo:hi` of rows: (range, number of the feature in the vocabulary, count), some at a time."""
    numbers = _numbers(features, weights)
    begin, end = np.searchsorted(features.node_row, lo), np.searchsorted(features.node_row, hi)
    total, width = np.cumsum(end - begin), len(weights.feature)
    at = 0
    while at < len(lo):
        base = int(total[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(total, base + RANGE_ROWS, side="right")))
        key, count = _range_bag(numbers, begin[at:stop], end[at:stop], width)
        yield key // width + at, key % width, count
        at = stop


def _numbers(features: Features, weights: Weights) -> NDArray[np.int64]:
    """The feature of every occurrence, by its number in the vocabulary."""
    return np.searchsorted(weights.feature, features.distinct)[features.node_number]


def _range_bag(
    numbers: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The features of ranges of occurrences, each once with its count, as range * width + feature, sorted."""
    size = end - begin
    item = np.arange(int(size.sum())) + np.repeat(begin - (np.cumsum(size) - size), size)
    key = np.repeat(np.arange(len(size)), size) * width + numbers[item]
    key.sort()
    edge = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else key
    return key[edge], np.diff(np.concatenate((edge, [len(key)])))


def shared_entries(
    left: Features, right: Features, weights: Weights, lefts: Rows, rights: Rows
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """What the rows `lo:hi` of one forest and of the other have in common, for each such pair of ranges: (pair, number
    of the feature in the vocabulary, its bits)."""
    sides = [
        (_numbers(f, weights), *(np.searchsorted(f.node_row, edge) for edge in rows))
        for f, rows in ((left, lefts), (right, rights))
    ]
    total = np.cumsum(sum(end - begin for _, begin, end in sides))
    pairs, features, bits, at, width = [], [], [], 0, len(weights.feature)
    while at < len(total):
        base = int(total[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(total, base + RANGE_ROWS, side="right")))
        (one, x), (two, y) = (_range_bag(n, begin[at:stop], end[at:stop], width) for n, begin, end in sides)
        both, i, j = np.intersect1d(one, two, assume_unique=True, return_indices=True)
        bits.append(weights.added[both % width] * (1.0 + np.log2(np.minimum(x[i], y[j]))))
        pairs.append(both // width + at)
        features.append(both % width)
        at = stop
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(pairs), np.concatenate(features), np.concatenate(bits)


def shared_bits(left: Features, right: Features, weights: Weights, lefts: Rows, rights: Rows) -> NDArray[np.float64]:
    """Bits of what the rows `lo:hi` of one forest and of the other have in common, for each such pair of ranges."""
    pair, _, bits = shared_entries(left, right, weights, lefts, rights)
    return np.bincount(pair, weights=bits, minlength=len(lefts[0])).astype(np.float64)


def range_features(
    features: Features, weights: Weights, lo: int, hi: int, most: int = 12
) -> list[tuple[int, float, int]]:
    """The features of the rows `lo:hi` that carry most bits: (first row, bits, count), rarest first."""
    a, b = np.searchsorted(features.node_row, (lo, hi))
    index = np.searchsorted(weights.feature, features.distinct[features.node_number[a:b]])
    found, first, count = np.unique(index, return_index=True, return_counts=True)
    bits = weights.added[found]
    row = features.node_row[a:b][first]
    order = np.lexsort((row, -bits))[:most]
    return [(int(row[k]), float(bits[k]), int(count[k])) for k in order if bits[k] > 0.5]


def shared_features(
    left: Features, right: Features, weights: Weights, i: int, j: int, most: int = 12
) -> list[tuple[int, float, int]]:
    """What two bags share that carries most bits: (row in the left forest, bits, count), rarest first."""
    a, b = slice(left.start[i], left.start[i + 1]), slice(right.start[j], right.start[j + 1])
    one, other = left.distinct[left.number[a]], right.distinct[right.number[b]]
    common, x, y = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    bits = weights.added[np.searchsorted(weights.feature, common)]
    count = np.minimum(left.count[a][x], right.count[b][y])
    row = left.row[a][x]
    order = np.lexsort((row, -bits))[:most]
    return [(int(row[k]), float(bits[k]), int(count[k])) for k in order if bits[k] > 0.5]


def explained(
    left: Features, right: Features, weights: Weights, i: NDArray[np.int64], j: NDArray[np.int64], ancestor: Features
) -> NDArray[np.float64]:
    """For each pair of bags the largest share of its shared bits that one fragment of an ancestor has too."""
    from scipy import sparse  # its start-up is longer than a check of a few files

    a, b, c = _matrix(left, weights), _matrix(right, weights), _matrix_known(ancestor, weights)
    share, size = np.zeros(len(i)), c @ weights.added
    df = np.bincount(c.indices, minlength=c.shape[1])
    use = sparse.diags(np.where((df > 0) & (df <= 60), weights.added, 0.0))
    for at in range(0, len(i), 4_000):
        both = a[i[at : at + 4_000]].minimum(b[j[at : at + 4_000]]).tocsr()
        total = both @ weights.added
        reach = (_ones(both) @ use @ _ones(c).T).tocsr()
        if not reach.nnz:
            continue
        # Of fragments that have as much of it, the one that is most like it.
        reach.data = np.maximum(reach.data - 0.1 * size[reach.indices], 1e-9 * reach.data)
        best = np.asarray(reach.argmax(axis=1)).ravel()
        inside = both.minimum(c[best]) @ weights.added
        # A long function has a bit of everything: it must be like what it explains.
        alike = inside >= 0.25 * size[best]
        share[at : at + 4_000] = alike * inside / np.maximum(total, 1e-9)
    return share


def _ones(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    out = matrix.copy()
    out.data = np.ones_like(out.data)
    return out


def _matrix_known(features: Features, weights: Weights) -> sparse.csr_matrix:
    """As `_matrix`, of features that may not all be in the vocabulary."""
    from scipy import sparse  # its start-up is longer than a check of a few files

    index = np.minimum(np.searchsorted(weights.feature, features.distinct), len(weights.feature) - 1)
    known = (weights.feature[index] == features.distinct)[features.number]
    bag = np.repeat(np.arange(len(features.place)), np.diff(features.start))[known]
    counts = 1.0 + np.log2(features.count[known].astype(np.float64))
    entries = bag, index[features.number[known]]
    return sparse.csr_matrix((counts, entries), shape=(len(features.place), len(weights.feature)))

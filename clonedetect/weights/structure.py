"""Relations that keep the function but move the values: neurons, heads or gates in another order, a rotated basis.

An order is found on one half of a matrix and believed only if it holds on the other half, which the matching has
not seen; a rotation is found on one matrix and believed only if other matrices follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from clonedetect.domain.weights import Mechanism
from clonedetect.weights.linear import Device, correlations, permutation_test, rotation_between
from clonedetect.weights.mechanism import Judgement
from clonedetect.weights.pairing import as_matrix, squeezed
from clonedetect.weights.stream import Work

MAX_SIDE = 8192  # rows or columns an order is looked for in
MAX_VALUES = 1 << 25
QUICK_PAIRS = 48
COLUMNS = 512  # columns that an order is looked for with
HELD_OUT = 0.3  # correlation on the half that the matching has not seen
HELD_OUT_Z = 12.0
SURE = 0.8  # below this another tensor must follow an order: first layers of independent models learn like filters
ROTATED = 0.9  # independent embeddings of one vocabulary align to .3 to .5, a rotated one to 1
FOLLOWS = 0.5
MAX_BASIS = 1536
BLOCK = 16

Matrix = NDArray[np.float32]
Order = NDArray[np.int64]


@dataclass(slots=True)
class Found:
    """Orders and rotations believed so far, for the other tensors to try."""

    orders: dict[int, list[Order]] = field(default_factory=dict)
    rotations: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        """Keep an order unless it is known."""
        known = self.orders.setdefault(len(order), [])
        if len(known) < 64 and not any(np.array_equal(order, other) for other in known):
            known.append(order)


def _load(work: Work) -> tuple[Matrix, Matrix]:
    rows, columns = as_matrix(work.left.shape)
    size = work.left.size
    sides = [
        np.nan_to_num(t.floats(0, size).astype(np.float32)).reshape(rows, columns) for t in (work.left, work.right)
    ]
    return sides[0], sides[1]


def _halves(columns: int) -> tuple[Order, Order]:
    place = np.arange(columns)
    odd = (place // BLOCK if columns >= 4 * BLOCK else place) % 2 == 1
    return place[~odd][:COLUMNS], place[odd][: 2 * COLUMNS]


def _matched(device: Device, a: Matrix, b: Matrix, accept: float) -> tuple[Order, float, float] | None:
    """The order of b's rows that fits a's, with its correlation and z on unseen columns; None where none holds."""
    seen, unseen = _halves(a.shape[1])
    if len(unseen) < 8 or len(a) < 8:
        return None
    likeness = correlations(device, a[:, seen], b[:, seen])
    forth, back = likeness.argmax(axis=1), likeness.argmax(axis=0)
    mutual = np.flatnonzero(back[forth] == np.arange(len(a)))
    first, second = a[mutual][:, unseen], b[forth[mutual]][:, unseen]
    if len(mutual) < 8 or _correlation(first, second) < accept / 2:
        return None
    order = np.full(len(a), -1, np.int64)
    order[mutual] = forth[mutual]
    rest, free = np.flatnonzero(order < 0), np.setdiff1d(np.arange(len(b)), order[mutual])
    if len(rest):
        lines, places = linear_sum_assignment(-likeness[np.ix_(rest, free)])
        order[rest[lines]] = free[places]
    return _checked(device, a[:, unseen], b[order][:, unseen], order, accept)


def _checked(device: Device, a: Matrix, b: Matrix, order: Order, accept: float) -> tuple[Order, float, float] | None:
    test = permutation_test(device, a[:512, :512], b[:512, :512])
    if test.z is None or test.correlation is None or test.z < HELD_OUT_Z or test.correlation < accept:
        return None
    return order, test.correlation, test.z


def _correlation(a: NDArray, b: NDArray) -> float:
    x, y = a - a.mean(), b - b.mean()
    size = float(np.sqrt(np.square(x, dtype=np.float64).sum() * np.square(y, dtype=np.float64).sum()))
    return float((x * y).sum(dtype=np.float64)) / size if size > 0 else 0.0


def _blocks(order: Order) -> str:
    """`blocks of 64` where the order moves whole blocks (heads, gates), else empty."""
    breaks = np.flatnonzero(np.diff(order) != 1) + 1
    size = int(np.gcd.reduce(np.append(breaks, len(order)))) if breaks.size else len(order)
    if size < 2 or size == len(order):
        return "one by one (neurons)"
    count = len(order) // size
    return f"in {count} blocks of {size} ({'gates' if count in (3, 4) else 'heads'})"


@dataclass(frozen=True, slots=True)
class Hit:
    """A relation that held on unseen values. order: found here by matching, None where it was known before."""

    detail: str
    correlation: float
    z: float
    order: Order | None = None


def _permuted(device: Device, a: Matrix, b: Matrix, known: Found, accept: float) -> Hit | None:
    """Try rows, columns, then known orders of one side with the other side as it is or matched."""
    for axis, label, x, y in ((0, "rows", a, b), (1, "columns", a.T, b.T)):
        hit = _matched(device, x, y, accept)
        if hit is not None and not np.array_equal(hit[0], np.arange(len(x))):
            return Hit(f"{label} in another order, {_blocks(hit[0])}", hit[1], hit[2], hit[0])
        for order in known.orders.get(a.shape[1 - axis], []):
            turned = y[:, order]
            hit = _checked(device, x, turned, order, accept)
            if hit is not None:
                return Hit(f"{('columns', 'rows')[axis]} in the order of another tensor's", hit[1], hit[2])
            hit = _matched(device, x, turned, accept)
            if hit is not None:
                detail = f"rows and columns in another order, {label} {_blocks(hit[0])}"
                return Hit(detail, hit[1], hit[2], hit[0])
    return None


def _confirmed(device: Device, works: Sequence[Work], others: Sequence[int], order: Order) -> bool:
    """Whether another tensor follows the order as it stands, without any matching of its own."""
    for index in others:
        shape = as_matrix(works[index].left.shape)
        if len(order) not in shape:
            continue
        a, b = _load(works[index])
        sides = [(a, b[order])] if shape[0] == len(order) else []
        sides += [(a, b[:, order])] if shape[1] == len(order) else []
        if any(_checked(device, x, y, order, HELD_OUT) is not None for x, y in sides):
            return True
    return False


def _fit_rotation(device: Device, works: Sequence[Work], pending: list[int], known: Found) -> tuple[int | None, float]:
    """Find a rotation of the columns of the tallest matrix; its index and how unseen rows follow it, where they do."""
    tall = [i for i in pending if len(squeezed(works[i].left.shape)) == 2]
    tall = [i for i in tall if as_matrix(works[i].left.shape)[1] <= MAX_BASIS and not works[i].turned]
    tall.sort(key=lambda i: -as_matrix(works[i].left.shape)[0] / as_matrix(works[i].left.shape)[1])
    for index in tall[:2]:
        rows, columns = as_matrix(works[index].left.shape)
        if rows < 2.5 * columns or columns < BLOCK:
            continue
        count = min(rows, 8 * columns)
        a, b = (
            np.nan_to_num(t.floats(0, count * columns).astype(np.float64)).reshape(count, columns)
            for t in (works[index].left, works[index].right)
        )
        basis = rotation_between(device, a[0::2], b[0::2])
        held_out = _correlation(a[1::2] @ basis, b[1::2])
        if held_out >= ROTATED:
            known.rotations[columns] = basis
            return index, held_out
    return None, 0.0


def _rotated(device: Device, a: Matrix, b: Matrix, known: Found, gains: list[Matrix]) -> Hit | None:
    """Whether the known rotation, perhaps after a folded norm gain, brings a to b: on columns, then on rows."""
    for label, x, y in (("columns", a, b), ("rows", a.T, b.T)):
        basis = known.rotations.get(x.shape[1])
        if basis is None:
            continue
        sample = slice(0, min(len(x), 64), 2)  # the gain is chosen on even rows
        options = [np.ones(x.shape[1], np.float32), *(g for g in gains if len(g) == x.shape[1])]
        scores = [_correlation((x[sample] * gain) @ basis, y[sample]) for gain in options]
        gain = options[int(np.argmax(scores))]
        first = ((x[1::2] * gain) @ basis)[:512]
        test = permutation_test(device, first[:, :512], y[1::2][:512, :512].astype(np.float64))
        if test.z is None or test.correlation is None or test.z < HELD_OUT_Z or test.correlation < FOLLOWS:
            continue
        folded = ", a norm gain folded in" if np.argmax(scores) else ""
        return Hit(f"{label} in a rotated basis{folded}", test.correlation, test.z)
    return None


def resolve(
    device: Device, works: list[Work], judgements: list[Judgement], scores: list[float | None], full: bool
) -> tuple[list[Judgement], list[float | None], tuple[str, ...]]:
    """Look for orders and rotations in all pairs that do not yet stand opposite each other.

    Returns judgements and scores with those pairs replaced, and notes on what was not looked into. `works` is
    changed where two tensors exchange partners.
    """
    judgements, scores = list(judgements), list(scores)
    matrices = [i for i, w in enumerate(works) if len(squeezed(w.left.shape)) >= 2]
    pending = [i for i in matrices if _open(judgements[i]) and _searchable(works[i])]
    pending.sort(key=lambda i: works[i].left.size)
    notes: tuple[str, ...] = ()
    if not full and len(pending) > QUICK_PAIRS:
        notes = (f"orders and rotations were looked for in {QUICK_PAIRS} of {len(pending)} pairs; --full tries all",)
        pending = [pending[i] for i in np.linspace(0, len(pending) - 1, QUICK_PAIRS).astype(int)]
    known, progress = Found(), True
    base, held_out = _fit_rotation(device, works, [i for i in matrices if _open(judgements[i])], known)
    gains = (
        [w.left.floats(0, w.left.size) for w in works if len(squeezed(w.left.shape)) == 1][:64]
        if base is not None
        else []
    )
    followers = 0
    word: Mechanism
    while progress and pending:
        progress = False
        doubtful: dict[int, Hit] = {}
        for index in list(pending):
            a, b = _load(works[index])
            accept = max(HELD_OUT, (judgements[index].correlation or 0.0) + 0.05)
            hit, word = _permuted(device, a, b, known, accept), "permuted"
            if hit is None and known.rotations and index != base:
                hit, word = _rotated(device, a, b, known, gains), "rotated"
                followers += hit is not None
            if hit is not None and hit.order is not None and hit.correlation < SURE:
                doubtful[index] = hit
            elif hit is not None:
                _settle(index, hit, word, judgements, scores, known)
                pending.remove(index)
                progress = True
        for index, hit in doubtful.items():
            others = [i for i in pending if i != index and i not in doubtful]
            if hit.order is not None and _confirmed(device, works, others, hit.order):
                _settle(index, hit, "permuted", judgements, scores, known)
                pending.remove(index)
                progress = True
        if not progress and known.orders:
            progress = _exchange(device, works, pending, judgements, scores, known)
        progress = progress and bool(known.orders)
    if base is not None and followers:
        judgements[base] = replace(
            judgements[base], mechanism="rotated", detail="columns in a rotated basis", correlation=held_out
        )
    elif base is not None:
        known.rotations.clear()
    return _vectors(works, judgements, known), scores, notes


def _exchange(
    device: Device,
    works: list[Work],
    pending: list[int],
    judgements: list[Judgement],
    scores: list[float | None],
    known: Found,
) -> bool:
    """Give a tensor another partner of its shape where a known order then fits: sorted norms may have misled."""
    for i in pending:
        for j in pending:
            same = works[i].left.shape == works[j].left.shape and works[i].right.shape == works[j].right.shape
            orders = [o for side in as_matrix(works[i].left.shape) for o in known.orders.get(side, [])]
            if i == j or not same or not orders:
                continue
            trial = replace(works[i], right=works[j].right)
            a, b = _load(trial)
            for order in orders:
                for x, y in ((a.T, b.T), (a, b)):
                    hit = _checked(device, x, y[:, order], order, HELD_OUT) if x.shape[1] == len(order) else None
                    if hit is not None:
                        works[i], works[j] = trial, replace(works[j], right=works[i].right)
                        found = Hit("in the order of another tensor's", hit[1], hit[2])
                        _settle(i, found, "permuted", judgements, scores, known)
                        pending.remove(i)
                        return True
    return False


def _settle(
    index: int,
    hit: Hit,
    word: Mechanism,
    judgements: list[Judgement],
    scores: list[float | None],
    known: Found,
) -> None:
    judgements[index] = replace(
        judgements[index], mechanism=word, detail=hit.detail, correlation=hit.correlation, sigma=None, edge=None
    )
    scores[index] = hit.z
    if hit.order is not None:
        known.add(hit.order)


def _open(judgement: Judgement) -> bool:
    if judgement.mechanism in ("unrelated", "insufficient"):
        return True
    return judgement.mechanism == "fine-tuned" and (judgement.correlation or 0.0) < 0.9


def _searchable(work: Work) -> bool:
    rows, columns = as_matrix(work.left.shape)
    return (
        not work.turned and max(rows, columns) <= MAX_SIDE and work.left.size <= MAX_VALUES and min(rows, columns) >= 8
    )


def _vectors(works: Sequence[Work], judgements: list[Judgement], known: Found) -> list[Judgement]:
    """Vectors that follow an order or rotation already believed from matrices."""
    for index, work in enumerate(works):
        size = work.left.size
        if len(squeezed(work.left.shape)) > 1 or judgements[index].mechanism not in ("unrelated", "insufficient"):
            continue
        if size not in known.orders and size not in known.rotations:
            continue
        a, b = (np.nan_to_num(t.floats(0, size).astype(np.float64)) for t in (work.left, work.right))
        for order in known.orders.get(size, []):
            if _correlation(a, b[order]) >= 0.95:
                judgements[index] = replace(
                    judgements[index], mechanism="permuted", correlation=_correlation(a, b[order])
                )
        basis = known.rotations.get(size)
        if basis is not None and _correlation(a @ basis, b) >= ROTATED:
            judgements[index] = replace(judgements[index], mechanism="rotated", correlation=_correlation(a @ basis, b))
    return judgements

"""Pairs of one-dimensional tensors, found through their neighbours.

The gains of different layers correlate to .96 with each other, so values alone mislead. A vector is placed by
which paired matrices are near it: in the tree of its own side's names and in its own side's order. The two
sides' names are never compared with each other.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from clonedetect.weights.pairing import CONFIDENT, MAX_ASSIGNED, Pair, squeezed
from clonedetect.weights.tensors import Tensor

NUMBER = re.compile(r"(\d+)")
ANCHORS = 4000


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key in which `layer.2` comes before `layer.10`."""
    return tuple((0, int(part[:18])) if part.isdigit() else (1, part) for part in NUMBER.split(name) if part)


def _ancestors(name: str) -> list[str]:
    parts = re.split(r"[./:]", name)
    return [".".join(parts[: i + 1]) for i in range(len(parts) - 1)]


def _nearness(tensors: tuple[Tensor, ...], vectors: list[int], anchors: list[int]) -> NDArray[np.float32]:
    """For each vector and each anchor: depth of the common path, and nearness in the side's order."""
    table: dict[str, int] = {}
    for index in anchors:
        for ancestor in _ancestors(tensors[index].name):
            table.setdefault(ancestor, len(table))
    first = np.zeros((len(vectors), len(table) + 1), np.float32)
    second = np.zeros((len(anchors), len(table) + 1), np.float32)
    for rows, indices in ((first, vectors), (second, anchors)):
        for row, index in enumerate(indices):
            found = [table[a] for a in _ancestors(tensors[index].name) if a in table]
            rows[row, found] = 2.0 ** np.arange(len(found)) if found else 0
    tree = np.sqrt(first @ second.T)
    order = sorted(range(len(tensors)), key=lambda i: natural(tensors[i].name))
    place = {index: rank for rank, index in enumerate(order)}
    gap = np.array([[place[v] - place[a] for a in anchors] for v in vectors], np.float32)
    near = np.exp(-np.abs(gap) / 2) * np.where(gap > 0, 1.0, 0.7)
    joined = np.concatenate([tree, near], axis=1)
    joined = joined - joined.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(joined, axis=1, keepdims=True)
    return joined / np.where(norm > 0, norm, 1)


def _agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Centred correlation, a little of it for equal mean: breaks ties between neighbours."""
    a, b = first - first.mean(), second - second.mean()
    scale = np.sqrt(np.square(a).sum() * np.square(b).sum())
    level = abs(first.mean() - second.mean()) / (abs(first.mean()) + abs(second.mean()) + 1e-12)
    return (float((a * b).sum() / scale) if scale > 0 else 0.0) - 0.2 * level


def _values(tensor: Tensor) -> NDArray[np.float64]:
    return np.nan_to_num(tensor.floats(0, min(tensor.size, 4096)).astype(np.float64))


def pair_vectors(left: tuple[Tensor, ...], right: tuple[Tensor, ...], matrices: list[Pair]) -> list[Pair]:
    """Pairs of one-dimensional tensors of equal length, given the pairs of matrices. None without such pairs."""
    strong = [pair for pair in matrices if pair.score >= CONFIDENT]
    strong = (strong if 2 * len(strong) >= len(matrices) else matrices)[:ANCHORS]
    if not strong:
        return []
    lengths: dict[int, tuple[list[int], list[int]]] = {}
    for side, tensors in enumerate((left, right)):
        for index, tensor in enumerate(tensors):
            if len(squeezed(tensor.shape)) <= 1:
                lengths.setdefault(tensor.size, ([], []))[side].append(index)
    pairs: list[Pair] = []
    for size in sorted(lengths):
        firsts, seconds = lengths[size]
        if not firsts or not seconds or max(len(firsts), len(seconds)) > MAX_ASSIGNED:
            continue
        near_left = _nearness(left, firsts, [pair.left for pair in strong])
        near_right = _nearness(right, seconds, [pair.right for pair in strong])
        score = (near_left @ near_right.T).astype(np.float64)
        a, b = [_values(left[i]) for i in firsts], [_values(right[j]) for j in seconds]
        agreement = np.array([[_agreement(x, y) for y in b] for x in a]) if len(a) * len(b) <= 250_000 else 0.0
        found = linear_sum_assignment(-(score + 0.5 * agreement))
        for i, j in zip(*found, strict=True):
            pairs.append(Pair(firsts[i], seconds[j], (0,), float(score[i, j])))
    return sorted(pairs, key=lambda pair: pair.left)

"""Candidates to alignments, in worker processes where that pays."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clonedetect.align.statements import align, ceiling
from clonedetect.domain import Alignment, Edit, Region, Rename
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from clonedetect.pipeline.forms import Forms

    Promising = Callable[[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]

_CHUNK = 64  # pairs a task
_LOCAL = 150  # pairs below which starting workers costs more than it saves
Group = tuple[tuple[str, str], list[int]]  # keys of two sources, and the numbers of the pairs that have them
# What a worker answers, in plain values: those of `domain` take several times as long to send as to make. Left out are
# the pairs of statements, which nobody asks for.
Sent = tuple[list[tuple], list[tuple], list[tuple], int, float, float]
_UNALIGNED: Sent = ([], [], [], 0, 0.0, 0.0)
_task: _Task | None = None  # what forked workers read; set for the time of one call


class _Task(NamedTuple):
    forms: Forms
    promising: Promising
    lifted: Mapping[str, str]
    back: Mapping[str, str]


def align_pairs(
    forms: Forms,
    places: Sequence[tuple[int, int]],
    promising: Promising,
    lifted: Mapping[str, str],
    jobs: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Alignment | None]:
    """Align the definitions at each pair of places (left, right); lines are counted from 1 in each, pairs of statements
    left out. None where one is no syntax of the running Python; as if nothing stood opposite each other where the pair
    is not promising. Pairs of equal sources are aligned once.

    `promising(numbers, similarity, containment)`: which pairs, by their numbers in `places`, are worth it if they come
    to these figures at best. `lifted`: the rename map so far.
    """
    global _task
    both = {(side, pair[side]) for pair in places for side in (0, 1)}
    forms.prepare(both, progress)
    _task = _Task(forms, promising, lifted, {right: left for left, right in lifted.items()})
    jobs = jobs or os.cpu_count() or 1
    equal: dict[tuple[str, str], list[int]] = {}  # the numbers of pairs with equal sources
    for n in sorted(range(len(places)), key=lambda n: places[n]):
        equal.setdefault((forms.key(0, places[n][0]), forms.key(1, places[n][1])), []).append(n)
    groups = list(equal.items())
    chunks = [groups[at : at + _CHUNK] for at in range(0, len(groups), _CHUNK)]
    out: list[Alignment | None] = [None] * len(places)
    try:
        if jobs == 1 or len(groups) < _LOCAL or sys.platform != "linux":
            _collect(map(_align_chunk, chunks), groups, out, progress)
        else:
            with worker_pool(min(jobs, len(chunks))) as pool:
                try:
                    _collect(pool.map(_align_chunk, chunks), groups, out, progress)
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
    finally:
        _task = None
    return out


def _collect(
    results: Iterable[list[Sent | None]],
    groups: list[Group],
    out: list[Alignment | None],
    progress: Callable[[int, int], None] | None,
) -> None:
    at = 0
    for part in results:
        for sent in part:
            alignment = sent and _received(sent)
            for n in groups[at][1]:
                out[n] = alignment
            at += 1
        if progress:
            progress(at, len(groups))


def _align_chunk(groups: list[Group]) -> list[Sent | None]:
    assert _task is not None
    forms, promising, lifted, back = _task
    both = [(forms.of(a) or (), forms.of(b) or ()) for (a, b), _ in groups]
    sizes = [len(numbers) for _, numbers in groups]
    figures = np.repeat([ceiling(left, right) for left, right in both], sizes, axis=0)
    every = promising(np.concatenate([numbers for _, numbers in groups]), figures[:, 0], figures[:, 1])
    wanted = np.logical_or.reduceat(every, np.cumsum([0, *sizes[:-1]])).tolist()
    return [
        None if not left or not right else _sent(align(left, right, lifted=lifted, back=back)) if good else _UNALIGNED
        for good, (left, right) in zip(wanted, both, strict=True)
    ]


def _sent(one: Alignment) -> Sent:
    regions, edits = [(r.left, r.right) for r in one.regions], [(e.kind, e.count) for e in one.edits]
    renames = [(r.left, r.right, r.kind, r.count) for r in one.renames]
    return regions, edits, renames, one.conflicts, one.similarity, one.containment


def _received(sent: Sent) -> Alignment:
    regions, edits, renames, conflicts, similarity, containment = sent
    made = tuple([Region(*r) for r in regions]), tuple([Edit(*e) for e in edits]), tuple([Rename(*r) for r in renames])
    return Alignment((), *made, conflicts, similarity, containment)

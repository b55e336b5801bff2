"""Candidates to alignments, in worker processes where that pays."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clonedetect.align.statements import align, ceiling
from clonedetect.domain import Alignment
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from clonedetect.pipeline.forms import Forms

    Promising = Callable[[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]

_CHUNK = 64  # pairs a task
_LOCAL = 150  # pairs below which starting workers costs more than it saves
_UNALIGNED = Alignment((), (), (), (), 0, 0.0, 0.0)
_task: _Task | None = None  # what forked workers read; set for the time of one call


class _Task(NamedTuple):
    forms: Forms
    places: Sequence[tuple[int, int]]
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
    """Align the definitions at each pair of places (left, right), pairs of statements left out. None where one is
    no syntax of the running Python; as if nothing stood opposite each other where the pair is not promising.

    `promising(numbers, similarity, containment)`: which pairs, by their numbers in `places`, are worth it if they come
    to these figures at best. `lifted`: the rename map so far.
    """
    global _task
    both = {(side, pair[side]) for pair in places for side in (0, 1)}
    forms.prepare(both, progress)
    _task = _Task(forms, places, promising, lifted, {right: left for left, right in lifted.items()})
    jobs = jobs or os.cpu_count() or 1
    order = sorted(range(len(places)), key=lambda i: places[i])
    chunks = [order[at : at + _CHUNK] for at in range(0, len(order), _CHUNK)]
    out: list[Alignment | None] = [None] * len(places)
    try:
        if jobs == 1 or len(places) < _LOCAL or sys.platform != "linux":
            results = map(_align_chunk, chunks)
            _collect(results, order, out, progress)
        else:
            with worker_pool(min(jobs, len(chunks))) as pool:
                try:
                    _collect(pool.map(_align_chunk, chunks), order, out, progress)
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    finally:
        _task = None
    return out


def _collect(
    results: Iterable[list[Alignment | None]],
    order: list[int],
    out: list[Alignment | None],
    progress: Callable[[int, int], None] | None,
) -> None:
    at = 0
    for part in results:
        for alignment in part:
            out[order[at]] = alignment
            at += 1
        if progress:
            progress(at, len(order))


def _align_chunk(numbers: list[int]) -> list[Alignment | None]:
    assert _task is not None
    forms, places, promising, lifted, back = _task
    both = [(forms.of(0, a) or (), forms.of(1, b) or ()) for a, b in (places[n] for n in numbers)]
    similarity, containment = np.array([ceiling(left, right) for left, right in both]).T
    wanted = promising(np.array(numbers), similarity, containment).tolist()
    return [
        None
        if not left or not right
        # Nobody asks for the pairs of statements, and what a worker answers has to be sent.
        else replace(align(left, right, lifted=lifted, back=back), pairs=())
        if good
        else _UNALIGNED
        for good, (left, right) in zip(wanted, both, strict=True)
    ]

"""Candidates to alignments, in worker processes where that pays."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from clonedetect.align.statements import align
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from clonedetect.domain import Alignment
    from clonedetect.pipeline.forms import Forms

_CHUNK = 64  # pairs a task
_LOCAL = 150  # pairs below which starting workers costs more than it saves
_forms: Forms | None = None  # what forked workers read; set for the time of one call
_lifted: Mapping[str, str] = {}
_back: Mapping[str, str] = {}


def align_pairs(
    forms: Forms,
    places: Sequence[tuple[int, int]],
    lifted: Mapping[str, str],
    jobs: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Alignment | None]:
    """Align the definitions at each pair of places (left, right). None where one is no syntax of the running Python.

    `lifted`: the rename map so far.
    """
    global _forms, _lifted, _back
    both = {(side, pair[side]) for pair in places for side in (0, 1)}
    forms.prepare(both, progress)
    _forms, _lifted, _back = forms, lifted, {right: left for left, right in lifted.items()}
    jobs = jobs or os.cpu_count() or 1
    order = sorted(range(len(places)), key=lambda i: places[i])
    chunks = [[places[i] for i in order[at : at + _CHUNK]] for at in range(0, len(order), _CHUNK)]
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
        _forms = None
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


def _align_chunk(places: list[tuple[int, int]]) -> list[Alignment | None]:
    assert _forms is not None
    out: list[Alignment | None] = []
    for a, b in places:
        left, right = _forms.of(0, a), _forms.of(1, b)
        out.append(align(left, right, lifted=_lifted, back=_back) if left and right else None)
    return out

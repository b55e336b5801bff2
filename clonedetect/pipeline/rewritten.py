"""Candidates to alignments: canonical statements of both fragments, aligned, in worker processes where that pays."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from clonedetect.align.statements import align
from clonedetect.normalise.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from clonedetect.domain import Alignment, Forest, StandIns, Statement

_CHUNK = 64  # pairs a task
_LOCAL = 150  # pairs below which starting workers costs more than it saves
_forests: tuple[Forest, Forest] | None = None  # what forked workers read; set for the time of one call
_stand_ins: tuple[StandIns, StandIns] | None = None
_own: frozenset[str] = frozenset()
_lifted: Mapping[str, str] = {}
_memory: dict[tuple[int, int], tuple[Statement, ...] | None] = {}


def align_pairs(
    forests: tuple[Forest, Forest],
    stand_ins: tuple[StandIns, StandIns],
    places: Sequence[tuple[int, int]],
    own: frozenset[str],
    lifted: Mapping[str, str],
    jobs: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Alignment | None]:
    """Align the definitions at each pair of places (left, right). None where one is no syntax of the running Python.

    `stand_ins`: what hoisted names are read as; `own`: the names that the repositories define; `lifted`: the rename map
    so far.
    """
    global _forests, _stand_ins, _own, _lifted
    _forests, _stand_ins, _own, _lifted = forests, stand_ins, own, lifted
    _memory.clear()
    jobs = jobs or os.cpu_count() or 1
    order = sorted(range(len(places)), key=lambda i: places[i])
    chunks = [[places[i] for i in order[at : at + _CHUNK]] for at in range(0, len(order), _CHUNK)]
    out: list[Alignment | None] = [None] * len(places)
    try:
        if jobs == 1 or len(places) < _LOCAL or sys.platform != "linux":
            results = map(_align_chunk, chunks)
            _collect(results, order, out, progress)
        else:
            with ProcessPoolExecutor(min(jobs, len(chunks)), mp_context=multiprocessing.get_context("fork")) as pool:
                try:
                    _collect(pool.map(_align_chunk, chunks), order, out, progress)
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    finally:
        _forests = _stand_ins = None
        _memory.clear()
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
    out: list[Alignment | None] = []
    for a, b in places:
        left, right = _canonical(0, a), _canonical(1, b)
        out.append(align(left, right, lifted=_lifted) if left and right else None)
    return out


def _canonical(side: int, place: int) -> tuple[Statement, ...] | None:
    key = side, place
    if key not in _memory:
        if len(_memory) > 4000:
            _memory.clear()
        assert _forests is not None
        assert _stand_ins is not None
        forest = _forests[side]
        row = int(forest.statements.row[place])
        file = forest.file_of(row)
        data = forest.files[file].data
        start, end = int(forest.columns.start[row]), int(forest.columns.end[row])
        indent = data[data.rfind(b"\n", 0, start) + 1 : start]
        # The first line is given its indentation back, so that all lines of the fragment have theirs.
        source = (indent if not indent.strip() else b"") + _stand_ins[side].read(file, start, end, data)
        _memory[key] = canonical(source.decode("utf-8", "replace"), int(forest.statements.first[place]), _own)
    return _memory[key]

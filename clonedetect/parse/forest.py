"""All files of one or more sides to forests: cached columns first, the rest by worker processes, each blob once."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import Columns, Forest, Side, Skipped, SourceFile, Statements
from clonedetect.parse import notebook
from clonedetect.parse.cache import Cache, Parsed, pack, unpack
from clonedetect.parse.columns import many_columns
from clonedetect.parse.language import kinds, parser_version
from clonedetect.parse.recover import TOO_SLOW
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_CHUNK = 400_000  # bytes of source a task: large enough to pay for its way to a worker, small enough to share out
_STORE = 16_000_000  # bytes of columns that go to the cache at once
_LOCAL = 600_000  # bytes below which starting workers costs more than it saves


def parse(
    sides: Sequence[tuple[Side, Sequence[SourceFile]]],
    *,
    language: str = "python",
    jobs: int | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Forest]:
    """Parse the files of every side into one `Forest` a side, in the order given.

    A file that cannot be read as its language is a `skipped` entry. The result does not depend on `jobs` or the cache.
    """
    readable, skipped = zip(*(readable_files(files) for _, files in sides), strict=True) if sides else ((), ())
    todo = {(f.blob, f.notebook): f.data for files in readable for f in files if f.language == language}
    version = parser_version(language)
    store = Cache(cache)
    done: dict[tuple[str, bool], Parsed] = {}
    cached = store.get((_cache_id(*key) for key in todo), version)
    for key in todo:
        with suppress(KeyError, ValueError):  # not there, or damaged
            done[key] = unpack(cached[_cache_id(*key)])
    missing = sorted((key for key in todo if key not in done), key=lambda key: (-len(todo[key]), key))
    before, at, fresh, size = len(done), 0, [], 0
    for part in _parse_all([todo[key] for key in missing], language, jobs):
        for key, packed in zip(missing[at : at + len(part)], part, strict=True):
            if packed is not None:
                done[key] = unpack(packed)
                fresh.append((_cache_id(*key), packed))
                size += len(packed)
        at += len(part)
        if progress:
            progress(before + at, before + len(missing))
        if size > _STORE or at == len(missing):  # while workers go on, and a killed run has done something
            store.put(fresh, version)
            fresh, size = [], 0
    forests = []
    for (side, _), files, gone in zip(sides, readable, skipped, strict=True):
        kept = [f for f in files if (f.blob, f.notebook) in done]
        slow = [Skipped(f.path, TOO_SLOW) for f in files if (f.blob, f.notebook) not in done]
        forests.append(_join(side, kept, gone + slow, [done[f.blob, f.notebook] for f in kept], language))
    return forests


def _cache_id(blob: str, is_notebook: bool) -> str:
    return blob + ":nb" if is_notebook else blob


def readable_files(files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Skipped]]:
    """The files as `parse` reads them: notebooks become their code, what is no notebook is skipped."""
    kept: list[SourceFile] = []
    skipped: list[Skipped] = []
    for file in files:
        if not file.notebook:
            kept.append(file)
            continue
        try:
            source, cells = notebook.code(file.data)
            kept.append(replace(file, data=source, cells=cells))
        except ValueError as error:
            skipped.append(Skipped(file.path, str(error)))
    return kept, skipped


def _parse_all(sources: list[bytes], language: str, jobs: int | None) -> Iterator[list[bytes | None]]:
    """Parse in order, largest first, in worker processes where that pays: packed columns, some files at a time."""
    if not sources:
        return
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or sum(map(len, sources)) < _LOCAL:
        yield _packed(sources, language)
        return
    chunks: list[list[bytes]] = [[]]
    size = 0
    for source in sources:
        if size > _CHUNK:
            chunks.append([])
            size = 0
        chunks[-1].append(source)
        size += len(source)
    with worker_pool(min(jobs, len(chunks))) as pool:
        try:
            yield from pool.map(_packed, chunks, [language] * len(chunks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _packed(sources: list[bytes], language: str) -> list[bytes | None]:
    return [one and pack(one) for one in many_columns(sources, language)]


def _join(side: Side, files: list[SourceFile], gone: list[Skipped], parsed: list[Parsed], language: str) -> Forest:
    """One side's files end to end: rows and places become the forest's."""
    rows = np.concatenate(([0], np.cumsum([len(c.kind) for c, _, _ in parsed], dtype=np.int64))).astype(np.int64)
    places = np.concatenate(([0], np.cumsum([len(s.row) for _, s, _ in parsed], dtype=np.int64))).astype(np.int64)

    def joined(arrays: list[np.ndarray], dtype: type, shift: np.ndarray | None = None) -> np.ndarray:
        out = np.concatenate(arrays) if arrays else np.zeros(0, dtype)
        if shift is not None and len(out):
            out = out + np.repeat(shift[:-1], [len(a) for a in arrays]).astype(dtype)
        return out

    columns_ = Columns(
        kind=joined([c.kind for c, _, _ in parsed], np.uint16),
        start=joined([c.start for c, _, _ in parsed], np.uint32),
        end=joined([c.end for c, _, _ in parsed], np.uint32),
        after=joined([c.after for c, _, _ in parsed], np.uint32, rows),
        text=joined([c.text for c, _, _ in parsed], np.uint64),
        role=joined([c.role for c, _, _ in parsed], np.uint8),
    )
    parent = joined([s.parent for _, s, _ in parsed], np.int32)
    shift = np.repeat(places[:-1], [len(s.row) for _, s, _ in parsed]).astype(np.int32) if parsed else 0
    statements = Statements(
        row=joined([s.row for _, s, _ in parsed], np.uint32, rows),
        parent=np.where(parent >= 0, parent + shift, -1).astype(np.int32),
        first=joined([s.first for _, s, _ in parsed], np.uint32),
        last=joined([s.last for _, s, _ in parsed], np.uint32),
    )
    lines = np.array([n for _, _, n in parsed], np.int64)
    return Forest(side, kinds(language), tuple(files), columns_, rows, statements, places, lines, tuple(gone))

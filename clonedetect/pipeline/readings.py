"""What channels read of each source file by itself: beside the comparison of the source, in a process, and cached."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clonedetect.config import python_settings
from clonedetect.domain.config import Setting
from clonedetect.left_behind import Import, Terms, python_terms
from clonedetect.parse.cache import Cache
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from clonedetect.domain import SourceFile

VERSION = "1"  # of what is read; another one is read again
_CHUNK = 400_000  # bytes of source a task
_LOCAL = 2_000_000  # bytes below which starting a process costs more than it saves

Settings = tuple[Setting, ...]


class Readings:
    """Terms and settings of Python source, by its bytes."""

    def __init__(self, packed: dict[bytes, bytes], tasks: list[tuple[list[bytes], Future[list[bytes]]]]) -> None:
        self._packed, self._tasks = packed, tasks
        self._read: dict[bytes, tuple[Terms, Settings | str]] = {}

    def terms(self, data: bytes) -> Terms:
        """`left_behind.python_terms` of the source."""
        return self._of(data)[0]

    def settings(self, data: bytes) -> Settings:
        """`config.python_settings` of the source. Raises ValueError as it does."""
        found = self._of(data)[1]
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _of(self, data: bytes) -> tuple[Terms, Settings | str]:
        known = self._read.get(data)
        if known is None:
            packed = self.packed()
            if data not in packed:
                packed[data] = _read(data)
            known = self._read[data] = _unpacked(packed[data])
        return known

    def packed(self) -> dict[bytes, bytes]:
        """All that was read, by source; waits for what is still being read."""
        while self._tasks:
            sources, task = self._tasks.pop()
            self._packed.update(zip(sources, task.result(), strict=True))
        return self._packed


@contextmanager
def reading(files: Iterable[SourceFile], jobs: int | None, cache: Path | None) -> Generator[Readings]:
    """Begin to read source files; what was new is remembered at the end. Nothing found depends on `jobs` or `cache`."""
    keys = {file.data: f"{file.blob}:nb" if file.notebook else file.blob for file in files}
    store = Cache(cache)
    cached = store.get(keys.values(), VERSION)
    packed = {data: cached[key] for data, key in keys.items() if key in cached}
    missing = [data for data in keys if data not in packed]
    alone = (jobs or os.cpu_count() or 1) == 1 or sum(map(len, missing)) < _LOCAL or sys.platform != "linux"
    if alone:
        found = Readings(packed, [])
        yield found
    else:
        with worker_pool(1) as pool:
            try:
                found = Readings(packed, [(part, pool.submit(_read_all, part)) for part in _parts(missing)])
                yield found
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    fresh = found.packed()
    store.put(((keys[data], fresh[data]) for data in missing if data in fresh), VERSION)


def _parts(sources: Sequence[bytes]) -> list[list[bytes]]:
    parts: list[list[bytes]] = []
    size = _CHUNK
    for source in sources:
        if size >= _CHUNK:
            parts.append([])
            size = 0
        parts[-1].append(source)
        size += len(source)
    return parts


def _read_all(sources: list[bytes]) -> list[bytes]:
    return [_read(source) for source in sources]


def _read(data: bytes) -> bytes:
    """Terms and settings of one source, packed."""
    terms = python_terms(data)
    try:
        settings: object = [(s.path, s.text, s.kind, s.line, s.end_line) for s in python_settings(data)]
    except ValueError as error:
        settings = str(error)
    names = [" ".join(sorted(some)) for some in (terms.code, terms.loose, terms.defined)]
    imports = [[(each.module, each.name, each.bound) for each in some] for some in (terms.imports, terms.unused)]
    return json.dumps([names, "\n".join(sorted(terms.texts)), imports, settings]).encode()


def _unpacked(packed: bytes) -> tuple[Terms, Settings | str]:
    names, texts, imports, settings = json.loads(packed)
    code, loose, defined = (frozenset(some.split(" ")) - {""} for some in names)
    every, unused = (tuple(Import(*each) for each in some) for some in imports)
    terms = Terms(code, loose, frozenset(texts.split("\n")) - {""}, every, unused, defined)
    if isinstance(settings, str):
        return terms, settings
    return terms, tuple(Setting(tuple(path), *rest) for path, *rest in settings)

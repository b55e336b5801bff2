"""npy and npz without pickle: the header read as a literal, the values where they lie."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import (
    BFLOAT16,
    ByteFile,
    Checkpoint,
    LastLoaded,
    LoadedSource,
    RawSource,
    Source,
    StridedSource,
    Tensor,
    checked_shape,
)
from clonedetect.weights.zips import MAX_INFLATED, Entry, read_directory

MAGIC = b"\x93NUMPY"
MAX_HEADER = 65536


def _header(head: bytes, where: str) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """dtype, Fortran order, shape and length of the header."""
    if head[:6] != MAGIC or len(head) < 12:
        raise WeightsError(f"{where}: not an npy array")
    wide = head[6] >= 2
    length = int.from_bytes(head[8:12] if wide else head[8:10], "little")
    begin = 12 if wide else 10
    if length > MAX_HEADER or begin + length > len(head):
        raise WeightsError(f"{where}: truncated, or an npy header over {MAX_HEADER} bytes")
    try:
        table = ast.literal_eval(head[begin : begin + length].decode("latin-1").strip())
        descr, fortran, shape = table["descr"], bool(table["fortran_order"]), table["shape"]
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise WeightsError(f"{where}: the npy header cannot be read") from error
    if dtype is not None and dtype.kind == "V" and dtype.itemsize == 2:
        dtype = BFLOAT16  # numpy has no name for bfloat16 and stores two opaque bytes
    if dtype is None or (dtype.kind not in "fiub" and dtype != BFLOAT16):
        raise WeightsError(f"{where}: element type {str(descr)[:40]} is not read (objects would need pickle)")
    return dtype, fortran, checked_shape(shape, where), begin + length


def _tensor(name: str, file: ByteFile, head: bytes, size: int, begin: int, load: Callable[[], bytes] | None) -> Tensor:
    where = f"{file.path}: {name}"
    dtype, fortran, shape, skip = _header(head, where)
    if skip + math.prod(shape) * dtype.itemsize > size:
        raise WeightsError(f"{where}: truncated (shape {list(shape)} of {dtype.name} in {size} bytes)")
    source: Source
    if load is None:
        source = RawSource(file, begin + skip, dtype)
    else:
        data = load

        def values() -> NDArray:
            return np.frombuffer(data(), dtype, math.prod(shape), skip)

        source = LoadedSource(values)
    if fortran and len(shape) > 1:
        strides = tuple(math.prod(shape[:axis]) for axis in range(len(shape)))
        source = StridedSource(source, 0, shape, strides)
    return Tensor(name, shape, dtype.newbyteorder("=").name, file.path.name, source)


def _inflated(file: ByteFile, cache: LastLoaded, entry: Entry) -> bytes:
    return cache.get(entry.name, lambda: entry.content(file, MAX_INFLATED))


def read_numpy(path: Path) -> Checkpoint:
    """An npy or npz file. WeightsError where it is broken; object arrays are set aside, never unpickled."""
    file = ByteFile(path)
    try:
        if file.size >= 6 and file.read(0, 6) == MAGIC:
            head = file.read(0, min(file.size, MAX_HEADER + 12))
            return Checkpoint(str(path), "npy", (_tensor(path.stem, file, head, file.size, 0, None),), files=(file,))
        tensors, skipped, cache = [], [], LastLoaded()
        for entry in read_directory(file):
            name = entry.name.removesuffix(".npy")
            try:
                if entry.deflated:
                    head = _inflated(file, cache, entry)[: MAX_HEADER + 12]
                    tensors.append(_tensor(name, file, head, entry.size, 0, partial(_inflated, file, cache, entry)))
                else:
                    begin = entry.begin(file)
                    head = file.read(begin, min(entry.size, MAX_HEADER + 12))
                    tensors.append(_tensor(name, file, head, entry.size, begin, None))
            except WeightsError as error:
                skipped.append(Excluded(name, str(error)))
        return Checkpoint(str(path), "npz", tuple(tensors), tuple(skipped), files=(file,))
    except BaseException:
        file.close()
        raise

"""A checkpoint as lazy tensors: bytes are read by position when asked for, never all at once.

Positional reads instead of a memory map: the pages of a map count as this process's memory, and a file that is
truncated while it is read would kill the process instead of raising an error.
"""

from __future__ import annotations

import math
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any, Protocol

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError

MAX_VALUES = 1 << 46  # a single tensor larger than this is a forged header
MAX_DIMENSIONS = 16
GATHER_GAP = 512  # values: two positions nearer than this are fetched by one read

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


class ByteFile:
    """A regular file opened for positional reads; safe from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise WeightsError(f"{path}: not a regular file")
            self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise WeightsError(f"{path}: cannot be opened ({error.strerror})") from error
        self.size = os.fstat(self._fd).st_size
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def into(self, offset: int, out: NDArray[np.uint8]) -> None:
        """Fill `out` from byte `offset` on; WeightsError where the file ends earlier."""
        if offset < 0 or offset + out.nbytes > self.size:
            raise WeightsError(f"{self.path}: truncated (bytes {offset} to {offset + out.nbytes} of {self.size})")
        view = out.data.cast("B")
        done = 0
        while done < len(view):
            if hasattr(os, "preadv"):
                got = os.preadv(self._fd, [view[done:]], offset + done)
            else:  # Windows has no positional read
                with self._lock:
                    os.lseek(self._fd, offset + done, os.SEEK_SET)
                    data = os.read(self._fd, len(view) - done)
                got = len(data)
                view[done : done + got] = data
            if got <= 0:
                raise WeightsError(f"{self.path}: truncated while it was read")
            done += got

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on."""
        if length < 0 or offset < 0 or offset + length > self.size:
            raise WeightsError(f"{self.path}: truncated (bytes {offset} to {offset + length} of {self.size})")
        out = np.empty(length, np.uint8)
        self.into(offset, out)
        return out.tobytes()


class Bytes(Protocol):
    """A file that is read by position, here or on a server."""

    size: int

    @property
    def path(self) -> PurePath: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def into(self, offset: int, out: NDArray[np.uint8]) -> None: ...

    def close(self) -> None: ...


class Source(Protocol):
    """Where a tensor's values come from: a flat range, in C order, in the stored type."""

    def read(self, start: int, stop: int) -> NDArray: ...


@dataclass(frozen=True, slots=True)
class RawSource:
    """Values that lie in a file as they are."""

    file: Bytes
    offset: int
    dtype: np.dtype

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop) in the stored type."""
        out = np.empty((stop - start) * self.dtype.itemsize, np.uint8)
        self.file.into(self.offset + start * self.dtype.itemsize, out)
        return out.view(self.dtype)


@dataclass(frozen=True, slots=True)
class ArraySource:
    """Values that are already in memory (small literals of a graph)."""

    values: NDArray

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop)."""
        return self.values[start:stop]


@dataclass(frozen=True, slots=True)
class PartSource:
    """A part of another source from value `begin` on."""

    base: Source
    begin: int

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop) of the part."""
        return self.base.read(self.begin + start, self.begin + stop)


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """Values that need the whole tensor decoded (deflate, HDF5 chunks); `load` keeps at most one of them."""

    load: Callable[[], NDArray]

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop)."""
        return self.load()[start:stop]


class LastLoaded:
    """The most recently decoded part of a file, so that a streamed pass decodes each part once; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: str | None = None
        self._value: Any = None

    def get(self, key: str, load: Callable[[], Any]) -> Any:
        """The part called `key`, by `load` unless it was the last one asked for."""
        with self._lock:
            if self._key != key:
                self._key, self._value = None, None  # let go of the last one before the next is made
                self._value, self._key = load(), key
            return self._value


@dataclass(frozen=True, slots=True)
class StridedSource:
    """A view with strides (in values) into another source, as torch stores transposed or sliced tensors."""

    base: Source
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop) of the view in C order."""
        index = np.arange(start, stop, dtype=np.int64)
        position = np.full(stop - start, self.offset, np.int64)
        for extent, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            position += (index % extent) * stride
            index //= extent
        return gather(self.base, position)


def gather(source: Source, positions: NDArray[np.int64]) -> NDArray:
    """Values at `positions` (any order), neighbouring positions fetched by one read."""
    if positions.size == 0:
        return source.read(0, 0)
    flat = positions.ravel()
    order = np.argsort(flat, kind="stable")
    sorted_positions = flat[order]
    breaks = np.flatnonzero(np.diff(sorted_positions) > GATHER_GAP) + 1
    edges = [0, *breaks.tolist(), flat.size]
    pieces = []
    for begin, end in pairwise(edges):
        first, last = int(sorted_positions[begin]), int(sorted_positions[end - 1])
        pieces.append(source.read(first, last + 1)[sorted_positions[begin:end] - first])
    joined = np.concatenate(pieces)
    out = np.empty_like(joined)
    out[order] = joined
    return out.reshape(positions.shape)


@cache
def _table(dtype: np.dtype) -> NDArray[np.float32]:
    """Every value of a type of one or two bytes, by its bits: a look-up is several times faster than a conversion."""
    bits = np.arange(1 << (8 * dtype.itemsize), dtype=np.uint8 if dtype.itemsize == 1 else np.uint16)
    with np.errstate(all="ignore"):
        return bits.view(dtype).astype(np.float32)


def to_float(values: NDArray) -> NDArray:
    """Stored values as float32, or float64 where float32 would lose some."""
    dtype = values.dtype
    if dtype == np.float32 or dtype == np.float64:
        return values if dtype.isnative else values.astype(dtype.newbyteorder("="))
    if not dtype.isnative:
        return to_float(values.astype(dtype.newbyteorder("=")))
    if dtype == BFLOAT16:
        return (values.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype.itemsize == 1 and dtype.kind != "b":
        return _table(dtype)[values.view(np.uint8)]
    if dtype.itemsize == 2 and values.size > 4096:
        return np.take(_table(dtype), values.view(np.uint16), mode="clip")  # every index is within: twice as fast
    if dtype.kind in "iu" and dtype.itemsize >= 4:
        return values.astype(np.float64)
    return values.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor whose values are read when asked for.

    dtype is the stored type's name: numpy's or ml_dtypes' (`float32`, `bfloat16`, `float8_e4m3fn`), or a GGUF
    block type (`q4_0`), whose values come dequantised. whole: the shape of the tensor that this one is a part of.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    file: str
    source: Source
    whole: tuple[int, ...] | None = None

    @property
    def full_shape(self) -> tuple[int, ...]:
        """The shape that the checkpoint states."""
        return self.shape if self.whole is None else self.whole

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def read(self, start: int, stop: int) -> NDArray:
        """Values [start, stop) in C order, in the stored type."""
        values = self.source.read(start, stop)
        if values.size != stop - start:
            raise WeightsError(f"{self.file}: {self.name} holds fewer values than its shape says")
        return values

    def floats(self, start: int, stop: int) -> NDArray:
        """Values [start, stop) in C order as float32 or float64."""
        return to_float(self.read(start, stop))

    def at(self, positions: NDArray[np.int64]) -> NDArray:
        """Values at flat positions as float32 or float64, in the positions' own shape."""
        return to_float(gather(self.source, positions))


def checked_shape(shape: object, where: str) -> tuple[int, ...]:
    """A shape of few, non-negative, believable dimensions, else WeightsError."""
    if not isinstance(shape, list | tuple) or len(shape) > MAX_DIMENSIONS:
        raise WeightsError(f"{where}: the shape is not a list of at most {MAX_DIMENSIONS} numbers")
    for extent in shape:
        if isinstance(extent, bool) or not isinstance(extent, int) or extent < 0 or extent > MAX_VALUES:
            raise WeightsError(f"{where}: the shape has a dimension that is no believable size")
    result = tuple(int(extent) for extent in shape)
    if math.prod(result) > MAX_VALUES:
        raise WeightsError(f"{where}: the shape has more values than any file can hold")
    return result


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything one side holds. `skipped` are tensors that cannot be read, `notes` lines worth telling."""

    path: str
    format: str
    tensors: tuple[Tensor, ...]
    skipped: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[Bytes, ...] = ()
    remote: bool = False

    def close(self) -> None:
        """Close the files; the tensors cannot be read afterwards."""
        for file in self.files:
            file.close()

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

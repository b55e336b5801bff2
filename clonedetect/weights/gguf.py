"""GGUF: the header read by hand, block types dequantised by their published layouts."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import ByteFile, Checkpoint, RawSource, Tensor, checked_shape

MAX_TENSORS = 200_000
MAX_KEYS = 100_000
MAX_ITEMS = 20_000_000  # of one metadata array (vocabularies have some hundred thousand)
WINDOW = 1 << 22

PLAIN = {
    0: np.dtype("<f4"),
    1: np.dtype("<f2"),
    24: np.dtype("i1"),
    25: np.dtype("<i2"),
    26: np.dtype("<i4"),
    27: np.dtype("<i8"),
    28: np.dtype("<f8"),
    30: np.dtype(ml_dtypes.bfloat16),
}
SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # metadata type to bytes
UNREAD = {10: "q2_k", 11: "q3_k", 15: "q8_k", 16: "iq2_xxs", 17: "iq2_xs", 18: "iq3_xxs", 19: "iq1_s", 20: "iq4_nl"}


def _half(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(raw).view("<f2").astype(np.float32)


def _nibbles(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Low halves of the bytes first, then the high halves, per block."""
    return np.concatenate([raw & 15, raw >> 4], axis=1).astype(np.float32)


def _fifth_bits(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.unpackbits(raw, axis=1, bitorder="little").astype(np.float32) * 16


def _q4_0(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _half(raw[:, :2]) * (_nibbles(raw[:, 2:]) - 8)


def _q4_1(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _half(raw[:, :2]) * _nibbles(raw[:, 4:]) + _half(raw[:, 2:4])


def _q5_0(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _half(raw[:, :2]) * (_nibbles(raw[:, 6:]) + _fifth_bits(raw[:, 2:6]) - 16)


def _q5_1(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _half(raw[:, :2]) * (_nibbles(raw[:, 8:]) + _fifth_bits(raw[:, 4:8])) + _half(raw[:, 2:4])


def _q8_0(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _half(raw[:, :2]) * np.ascontiguousarray(raw[:, 2:]).view(np.int8).astype(np.float32)


def _k_scales(raw: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The eight 6-bit scales and minima that q4_k and q5_k pack into 12 bytes."""
    low, middle, high = raw[:, 0:4], raw[:, 4:8], raw[:, 8:12]
    scales = np.concatenate([low & 63, (high & 15) | ((low >> 6) << 4)], axis=1)
    minima = np.concatenate([middle & 63, (high >> 4) | ((middle >> 6) << 4)], axis=1)
    return scales.astype(np.float32), minima.astype(np.float32)


def _q4_k(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    scales, minima = _k_scales(raw[:, 4:16])
    packed = raw[:, 16:144].reshape(-1, 4, 32)
    levels = np.stack([packed & 15, packed >> 4], axis=2).reshape(-1, 8, 32).astype(np.float32)
    wide = _half(raw[:, :2]) * scales
    low = _half(raw[:, 2:4]) * minima
    return (wide[:, :, None] * levels - low[:, :, None]).reshape(len(raw), 256)


def _q5_k(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    scales, minima = _k_scales(raw[:, 4:16])
    high, packed = raw[:, 16:48], raw[:, 48:176].reshape(-1, 4, 32)
    levels = np.stack([packed & 15, packed >> 4], axis=2).reshape(-1, 8, 32)
    bits = (high[:, None, :] >> np.arange(8, dtype=np.uint8)[None, :, None]) & 1
    values = (levels + 16 * bits).astype(np.float32)
    wide = _half(raw[:, :2]) * scales
    low = _half(raw[:, 2:4]) * minima
    return (wide[:, :, None] * values - low[:, :, None]).reshape(len(raw), 256)


def _q6_k(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    low = raw[:, :128].reshape(-1, 2, 1, 64)
    low = np.concatenate([low & 15, low >> 4], axis=2).reshape(-1, 2, 4, 32)
    high = raw[:, 128:192].reshape(-1, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
    levels = (low | ((high & 3) << 4)).astype(np.float32).reshape(-1, 16, 16) - 32
    scales = np.ascontiguousarray(raw[:, 192:208]).view(np.int8).astype(np.float32)
    return (_half(raw[:, 208:210])[:, :, None] * scales[:, :, None] * levels).reshape(len(raw), 256)


Dequantise = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
BLOCKS: dict[int, tuple[str, int, int, Dequantise]] = {  # type to name, values and bytes of a block
    2: ("q4_0", 32, 18, _q4_0),
    3: ("q4_1", 32, 20, _q4_1),
    6: ("q5_0", 32, 22, _q5_0),
    7: ("q5_1", 32, 24, _q5_1),
    8: ("q8_0", 32, 34, _q8_0),
    12: ("q4_k", 256, 144, _q4_k),
    13: ("q5_k", 256, 176, _q5_k),
    14: ("q6_k", 256, 210, _q6_k),
}


@dataclass(frozen=True, slots=True)
class BlockSource:
    """Values stored in quantised blocks; read comes dequantised to float32."""

    file: ByteFile
    offset: int
    values: int
    width: int
    dequantise: Dequantise

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Values [start, stop)."""
        first, last = start // self.values, -(-stop // self.values)
        raw = np.empty((last - first) * self.width, np.uint8)
        self.file.into(self.offset + first * self.width, raw)
        flat = self.dequantise(raw.reshape(-1, self.width)).ravel()
        return flat[start - first * self.values : stop - first * self.values]


class Cursor:
    """Reads the header front to back through a window, so that a header of any length costs bounded memory."""

    def __init__(self, file: ByteFile) -> None:
        self.file, self.position = file, 0
        self._begin, self._window = 0, b""

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        if self.position + length > self.file.size:
            raise WeightsError(f"{self.file.path}: truncated GGUF header")
        begin = self.position - self._begin
        if begin + length > len(self._window):
            self._begin, begin = self.position, 0
            self._window = self.file.read(self.position, min(max(length, WINDOW), self.file.size - self.position))
        self.position += length
        return self._window[begin : begin + length]

    def u32(self) -> int:
        """An unsigned 32-bit number."""
        return struct.unpack("<I", self.take(4))[0]

    def u64(self) -> int:
        """An unsigned 64-bit number."""
        return struct.unpack("<Q", self.take(8))[0]

    def text(self) -> str:
        """A counted string."""
        length = self.u64()
        if length > 1 << 26:
            raise WeightsError(f"{self.file.path}: a GGUF string of {length} bytes")
        return self.take(length).decode("utf-8", "replace")

    def skip_value(self, kind: int, depth: int = 0) -> int | None:
        """Pass over a metadata value; its number where it is a 32-bit unsigned one."""
        if kind in SCALARS:
            raw = self.take(SCALARS[kind])
            return struct.unpack("<I", raw)[0] if kind == 4 else None
        if kind == 8:
            self.text()
        elif kind == 9 and depth < 4:
            inner, count = self.u32(), self.u64()
            if count > MAX_ITEMS:
                raise WeightsError(f"{self.file.path}: a GGUF array of {count} items")
            if inner in SCALARS:
                self.position += SCALARS[inner] * count
                if self.position > self.file.size:
                    raise WeightsError(f"{self.file.path}: truncated GGUF header")
            else:
                for _ in range(count):
                    self.skip_value(inner, depth + 1)
        else:
            raise WeightsError(f"{self.file.path}: GGUF metadata of unknown type {kind}")
        return None


def read_gguf(path: Path) -> Checkpoint:
    """A GGUF file, version 2 or 3. WeightsError where it is broken; unknown block types are set aside by name."""
    file = ByteFile(path)
    try:
        return _read(file)
    except BaseException:
        file.close()
        raise


def _read(file: ByteFile) -> Checkpoint:
    cursor = Cursor(file)
    if cursor.take(4) != b"GGUF":
        raise WeightsError(f"{file.path}: not a GGUF file")
    version = cursor.u32()
    if version not in (2, 3):
        raise WeightsError(f"{file.path}: GGUF version {version} is not supported")
    tensor_count, key_count = cursor.u64(), cursor.u64()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise WeightsError(f"{file.path}: GGUF header declares {tensor_count} tensors and {key_count} keys")
    alignment = 32
    for _ in range(key_count):
        key = cursor.text()
        number = cursor.skip_value(cursor.u32())
        if key == "general.alignment" and number:
            alignment = number
    infos = []
    for _ in range(tensor_count):
        name, dimensions = cursor.text(), cursor.u32()
        if dimensions > 8:
            raise WeightsError(f"{file.path}: {name[:80]} has {dimensions} dimensions")
        shape = checked_shape([cursor.u64() for _ in range(dimensions)][::-1], f"{file.path}: {name[:80]}")
        infos.append((name, shape, cursor.u32(), cursor.u64()))
    data = -(-cursor.position // alignment) * alignment
    tensors: dict[str, Tensor] = {}
    skipped: list[Excluded] = []
    for name, shape, kind, offset in infos:
        size = math.prod(shape)
        if kind in PLAIN:
            dtype = PLAIN[kind]
            length, label, source = size * dtype.itemsize, dtype.name, RawSource(file, data + offset, dtype)
        elif kind in BLOCKS:
            label, values, width, dequantise = BLOCKS[kind]
            if size % values:
                raise WeightsError(f"{file.path}: {name[:80]} does not fill whole {label} blocks")
            length, source = size // values * width, BlockSource(file, data + offset, values, width, dequantise)
        else:
            skipped.append(Excluded(name, f"block type {UNREAD.get(kind, kind)} is not supported"))
            continue
        if data + offset + length > file.size:
            raise WeightsError(f"{file.path}: truncated in {name[:80]}")
        if name in tensors:
            raise WeightsError(f"{file.path}: the name {name[:80]} occurs twice")
        tensors[name] = Tensor(name, shape, label, file.path.name, source)
    return Checkpoint(str(file.path), "gguf", tuple(tensors.values()), tuple(skipped), files=(file,))

"""safetensors: the header read by hand (fp8 included), and a checkpoint written under other names."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import ml_dtypes
import numpy as np

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import ByteFile, Bytes, Checkpoint, RawSource, Tensor, checked_shape

MAX_HEADER = 100_000_000  # the format's own limit
WRITE_BYTES = 1 << 24

DTYPES: dict[str, np.dtype] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "F8_E8M0": np.dtype(ml_dtypes.float8_e8m0fnu),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
CODES: dict[str, str] = {dtype.name: code for code, dtype in DTYPES.items()}


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name occurs twice")
    return table


def _header(file: Bytes) -> tuple[dict[str, object], int]:
    """The header object and the byte where the data begin."""
    if file.size < 8:
        raise WeightsError(f"{file.path}: truncated safetensors file ({file.size} bytes)")
    length = int.from_bytes(file.read(0, 8), "little")
    if length > MAX_HEADER:
        raise WeightsError(f"{file.path}: safetensors header of {length} bytes is over the limit of {MAX_HEADER}")
    if length > file.size - 8:
        raise WeightsError(f"{file.path}: truncated safetensors file (header of {length} bytes, file of {file.size})")
    try:
        header = json.loads(file.read(8, length).decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{file.path}: the safetensors header is not valid JSON ({error})") from error
    if not isinstance(header, dict):
        raise WeightsError(f"{file.path}: the safetensors header is not an object")
    return header, 8 + length


def read_safetensors(path: Path) -> Checkpoint:
    """One safetensors file. WeightsError on a wrong header, offsets that overlap, lie outside or miss the shape."""
    return read_open_safetensors(ByteFile(path))


def read_open_safetensors(file: Bytes) -> Checkpoint:
    """The same of a file that is open already; it is closed on an error."""
    try:
        return _read(file)
    except BaseException:
        file.close()
        raise


def _read(file: Bytes) -> Checkpoint:
    header, data = _header(file)
    tensors: list[tuple[int, Tensor]] = []
    skipped: list[Excluded] = []
    ranges: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        where = f"{file.path}: {name}"
        if not isinstance(entry, dict):
            raise WeightsError(f"{where}: the header entry is not an object")
        shape = checked_shape(entry.get("shape"), where)
        offsets = entry.get("data_offsets")
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(o) is int for o in offsets):
            raise WeightsError(f"{where}: data_offsets are not two numbers")
        begin, end = offsets
        if not 0 <= begin <= end <= file.size - data:
            raise WeightsError(f"{where}: truncated (data to byte {end} of {file.size - data})")
        ranges.append((begin, end, name))
        dtype = DTYPES.get(entry.get("dtype")) if isinstance(entry.get("dtype"), str) else None
        if dtype is None:
            skipped.append(Excluded(name, f"element type {entry.get('dtype')!r} is not supported"))
            continue
        if math.prod(shape) * dtype.itemsize != end - begin:
            raise WeightsError(f"{where}: {end - begin} bytes do not hold shape {list(shape)} of {entry['dtype']}")
        source = RawSource(file, data + begin, dtype)
        tensors.append((begin, Tensor(name, shape, dtype.name, file.path.name, source)))
    ranges.sort()
    for (_, end, first), (begin, after, second) in pairwise(ranges):
        if begin < end and begin < after:
            raise WeightsError(f"{file.path}: the data of {first} and {second} overlap")
    ordered = tuple(tensor for _, tensor in sorted(tensors, key=lambda item: (item[0], item[1].name)))
    return Checkpoint(str(file.path), "safetensors", ordered, tuple(skipped), files=(file,))


def write_safetensors(tensors: Sequence[tuple[str, Tensor]], out: Path) -> None:
    """Write (name, tensor) pairs as one safetensors file, values streamed; the file appears when it is complete."""
    header: dict[str, object] = {}
    offset = 0
    for name, tensor in tensors:
        code = CODES.get(tensor.dtype)
        if code is None:
            raise WeightsError(f"{tensor.file}: {tensor.name} of type {tensor.dtype} has no safetensors form")
        if name in header:
            raise WeightsError(f"two tensors would get the name {name}")
        size = tensor.size * DTYPES[code].itemsize
        header[name] = {"dtype": code, "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    handle, temporary = tempfile.mkstemp(dir=out.parent, prefix=out.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(len(text).to_bytes(8, "little") + text)
            for _, tensor in tensors:
                dtype = DTYPES[CODES[tensor.dtype]]
                step = max(1, WRITE_BYTES // dtype.itemsize)
                for start in range(0, tensor.size, step):
                    values = tensor.read(start, min(tensor.size, start + step))
                    stream.write(np.ascontiguousarray(values).astype(dtype, copy=False).tobytes())
        Path(temporary).replace(out)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def rename_tensors(checkpoint: Checkpoint, names: Mapping[str, str], out: Path) -> int:
    """Write `checkpoint` as safetensors with each name replaced as `names` says (others kept); the number replaced.

    WeightsError where two tensors would get one name, or `out` is one of the files that are read.
    """
    for file in checkpoint.files:
        if not isinstance(file, ByteFile):
            raise WeightsError(f"{file.path}: is on a server; download it to write it under other names")
        if out.exists() and out.samefile(file.path):
            raise WeightsError(f"{out}: is one of the files being read; choose another name")
    write_safetensors([(names.get(t.name, t.name), t) for t in checkpoint.tensors], out)
    return sum(1 for t in checkpoint.tensors if names.get(t.name, t.name) != t.name)

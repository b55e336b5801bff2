"""PyTorch files: the zip form (also TorchScript) and the legacy form. Nothing in them is run."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import ml_dtypes
import numpy as np

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.pickles import MAX_PICKLE, Storage, TensorSpec, odd_globals, read_pickle, walk
from clonedetect.weights.tensors import ByteFile, Checkpoint, RawSource, StridedSource, Tensor, checked_shape
from clonedetect.weights.zips import Entry, read_directory

STORAGES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype(ml_dtypes.bfloat16),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
    "QInt8Storage": np.dtype("i1"),
    "QUInt8Storage": np.dtype("u1"),
    "QInt32Storage": np.dtype("<i4"),
    "Float8_e4m3fnStorage": np.dtype(ml_dtypes.float8_e4m3fn),
    "Float8_e5m2Storage": np.dtype(ml_dtypes.float8_e5m2),
}
TORCH_NAMES = {
    "float8_e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "float8_e5m2": np.dtype(ml_dtypes.float8_e5m2),
    "uint16": np.dtype("<u2"),
    "uint32": np.dtype("<u4"),
    "uint64": np.dtype("<u8"),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "float64": np.dtype("<f8"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
}
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
WRAPPERS = ("state_dict", "model_state_dict", "model", "module")
MAX_TENSORS = 200_000


def _where(storage: Storage, offsets: dict[str, tuple[int, int]]) -> tuple[int, int]:
    if storage.key not in offsets:
        raise WeightsError(f"storage {storage.key} is not in the file")
    return offsets[storage.key]


def _tensor(name: str, spec: TensorSpec, file: ByteFile, offsets: dict[str, tuple[int, int]], swap: bool) -> Tensor:
    """A lazy tensor; WeightsError where it would reach outside its storage."""
    dtype = TORCH_NAMES.get(spec.dtype) if spec.dtype else STORAGES.get(spec.storage.kind)
    if dtype is None:
        raise WeightsError(f"element type {spec.dtype or spec.storage.kind} is not supported")
    shape = checked_shape(spec.shape, name)
    strides = checked_shape(spec.strides, name)
    if len(strides) != len(shape) or type(spec.offset) is not int or spec.offset < 0:
        raise WeightsError("the strides do not fit the shape")
    begin, size = _where(spec.storage, offsets)
    offset = spec.offset + spec.storage.offset
    last = offset + sum((extent - 1) * stride for extent, stride in zip(shape, strides, strict=True))
    if math.prod(shape) and (last + 1) * dtype.itemsize > size:
        raise WeightsError(f"reaches beyond its storage of {size} bytes")
    stored = dtype.newbyteorder(">") if swap and dtype.itemsize > 1 else dtype
    contiguous, expected = True, 1
    for extent, stride in zip(reversed(shape), reversed(strides), strict=True):
        contiguous &= extent <= 1 or stride == expected
        expected *= extent
    raw = RawSource(file, begin + (offset * dtype.itemsize if contiguous else 0), stored)
    source = raw if contiguous else StridedSource(raw, offset, shape, strides)
    return Tensor(name, shape, dtype.name, file.path.name, source)


class _Collector:
    """Gathers the tensors of one pickle; a tensor that cannot be read becomes a reason."""

    def __init__(self, file: ByteFile, offsets: dict[str, tuple[int, int]], swap: bool) -> None:
        self.file, self.offsets, self.swap = file, offsets, swap
        self.tensors: dict[str, Tensor] = {}
        self.skipped: list[Excluded] = []

    def __call__(self, name: str, spec: TensorSpec) -> None:
        label = name or "tensor"
        if label in self.tensors or len(self.tensors) >= MAX_TENSORS:
            return
        try:
            self.tensors[label] = _tensor(label, spec, self.file, self.offsets, self.swap)
        except WeightsError as error:
            self.skipped.append(Excluded(label, str(error)))

    def unwrapped(self) -> tuple[Tensor, ...]:
        """The tensors, a wrapper that holds all of them (`state_dict.`) taken off their names."""
        tensors = list(self.tensors.values())
        for wrapper in WRAPPERS[:2]:
            if tensors and all(t.name.startswith(wrapper + ".") for t in tensors):
                cut = len(wrapper) + 1
                tensors = [Tensor(t.name[cut:], t.shape, t.dtype, t.file, t.source) for t in tensors]
        return tuple(tensors)


def _notes(path: Path, globals_: tuple[str, ...]) -> tuple[tuple[Excluded, ...], tuple[str, ...]]:
    odd = odd_globals(globals_)
    reason = "global named by the pickle; not looked up and not run"
    excluded = tuple(Excluded(f"{path.name}: {name}", reason) for name in odd)
    notes = (f"{path.name}: its pickle names {', '.join(odd[:8])}; nothing of it was run",) if odd else ()
    return excluded, notes


def read_torch(path: Path) -> Checkpoint:
    """A `.pt`, `.pth`, `.bin` or TorchScript file, zip or legacy. WeightsError where it is broken."""
    file = ByteFile(path)
    try:
        if file.size >= 4 and file.read(0, 4) == b"PK\x03\x04":
            return _read_zip(file)
        return _read_legacy(file)
    except BaseException:
        file.close()
        raise


def _read_zip(file: ByteFile) -> Checkpoint:
    entries = read_directory(file)
    by_name = {entry.name: entry for entry in entries}
    pickles = [entry for entry in entries if entry.name.endswith(("data.pkl", "constants.pkl"))]
    if not any(entry.name.endswith("data.pkl") for entry in pickles):
        raise WeightsError(f"{file.path}: a zip file without data.pkl is no PyTorch file")
    tensors: dict[str, Tensor] = {}
    skipped: list[Excluded] = []
    notes: list[str] = []
    for entry in pickles:
        root, _, stem = entry.name.rpartition("/")
        folder = f"{root}/" if root else ""
        data_folder = f"{folder}{stem.removesuffix('.pkl')}/"
        offsets = {
            name[len(data_folder) :]: _stored(member, file)
            for name, member in by_name.items()
            if name.startswith(data_folder) and not member.deflated
        }
        order = by_name.get(f"{folder}byteorder")
        swap = order is not None and order.content(file, 16).strip() == b"big"
        result = read_pickle(entry.content(file, MAX_PICKLE), f"{file.path}: {entry.name}")
        collector = _Collector(file, offsets, swap)
        walk(result.value, collector)
        prefix = "constants." if stem == "constants.pkl" else ""
        for tensor in collector.unwrapped():
            name = prefix + tensor.name
            tensors.setdefault(name, Tensor(name, tensor.shape, tensor.dtype, tensor.file, tensor.source))
        odd, lines = _notes(file.path, result.globals)
        skipped += [*collector.skipped, *odd]
        notes += lines
    return Checkpoint(str(file.path), "torch", tuple(tensors.values()), tuple(skipped), tuple(notes), (file,))


def _stored(entry: Entry, file: ByteFile) -> tuple[int, int]:
    return entry.begin(file), entry.size


def _read_legacy(file: ByteFile) -> Checkpoint:
    """Magic, protocol, system, object, storage keys as five pickles, then each storage: count and values."""
    head = file.read(0, min(file.size, MAX_PICKLE))
    if head[:2] not in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise WeightsError(f"{file.path}: neither a zip nor a pickle; not a PyTorch file")
    first = read_pickle(head, f"{file.path}")
    names = list(first.globals)
    if first.value != LEGACY_MAGIC:
        excluded, notes = _notes(file.path, first.globals)
        reason = Excluded(file.path.name, "a pickle that is not in PyTorch's format; no tensors were read")
        return Checkpoint(str(file.path), "pickle", (), (*excluded, reason), notes, (file,))
    position = first.end
    parts = []
    for _ in range(4):
        part = read_pickle(head, f"{file.path}", position)
        parts.append(part)
        names += part.globals
        position = part.end
    keys = parts[3].value
    if not isinstance(keys, list):
        raise WeightsError(f"{file.path}: the legacy file has no list of storages")
    kinds: dict[str, str] = {}

    def note_kind(_: str, spec: TensorSpec) -> None:
        kinds.setdefault(spec.storage.key, spec.storage.kind)

    walk(parts[2].value, note_kind)
    offsets: dict[str, tuple[int, int]] = {}
    for key in keys:
        count = struct.unpack("<q", file.read(position, 8))[0]
        itemsize = STORAGES.get(kinds.get(str(key), ""), np.dtype("u1")).itemsize
        if count < 0 or position + 8 + count * itemsize > file.size:
            raise WeightsError(f"{file.path}: truncated in storage {str(key)[:60]}")
        offsets[str(key)] = (position + 8, count * itemsize)
        position += 8 + count * itemsize
    collector = _Collector(file, offsets, False)
    walk(parts[2].value, collector)
    excluded, notes = _notes(file.path, tuple(dict.fromkeys(names)))
    skipped = (*collector.skipped, *excluded)
    return Checkpoint(str(file.path), "torch-legacy", collector.unwrapped(), skipped, notes, (file,))
